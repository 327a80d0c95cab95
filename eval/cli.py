"""The command line of the laboratory: `khulasa-eval score | compare | run | bench`. Shows, never decides."""

from __future__ import annotations

import io
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eval.score_cli import compare, run, score
from mt import __version__
from mt.commands import CommandGroup, speak_utf8, whole_file
from mt.errors import EvalError

if TYPE_CHECKING:
    from rich.table import Table

    from eval.bench import Report
    from mt.registry import Task


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="khulasa-eval")
@click.option("--models", "models_file", type=click.Path(path_type=Path), help="Another models.yaml.")
@click.pass_context
def main(ctx: click.Context, models_file: Path | None) -> None:
    """Score translations and summaries, gate on the scores, measure models."""
    speak_utf8()
    ctx.obj = models_file


main.add_command(score)
main.add_command(compare)
main.add_command(run)


@main.command()
@click.argument("names", nargs=-1)
@click.option("--shape", "shapes", multiple=True, metavar="SHAPE", help="A size of model; may be given again.")
@click.option("--task", type=click.Choice(["translate", "summarize"]), default="translate", help="What NAMES do.")
@click.option("--text", "texts", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
              help="An article, as UTF-8 text, in place of samples/; may be given again.")  # fmt: skip
@click.option("--rounds", type=click.IntRange(1, 1000), default=5, show_default=True)
@click.option("--beam-size", type=click.IntRange(1, 32), help="Default: what each model says; 4 for a shape.")
@click.option("--threads", type=click.IntRange(0), default=0, help="0: all cores.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto")
@click.option("--compute-type", default="default", help="Default: what each model says; int8 for a shape.")
@click.option("--scratch", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Where shapes are built, stay, and are found again.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of stdout.")
@click.pass_obj
def bench(
    models_file: Path | None, names: tuple[str, ...], shapes: tuple[str, ...], task: Task, texts: tuple[Path, ...],
    rounds: int, beam_size: int | None, threads: int, device: str, compute_type: str, scratch: Path | None, form: str,
    output: Path | None,
) -> None:  # fmt: skip
    """Compare the speed and memory of models, side by side, with plain decoding.

    NAMES are models of models.yaml, or directories; without any, and without a shape, it is auto. Each is loaded in
    a process of its own; they take turns, article by article, and only one works at a time.

    A SHAPE is a model of the full size of opus-mt-ar-en, opus-mt-tc-big, nllb-200-600M, distilbart-12-6 or
    bart-large, with random weights and forced output lengths. Our two engines are compared on it, each with a bare
    loop on its library, CTranslate2 and transformers (float32). The big ones need 8 GB of memory.
    """
    from eval.bench import bench_models, bench_shape, describe_machine, report_json
    from eval.shapes import shape_named
    from mt.document import DecodingOptions
    from mt.engine import Placement

    if output is not None and not output.parent.is_dir():
        raise click.BadParameter(f"the folder {output.parent} does not exist", param_hint="--output")
    for shape in shapes:
        shape_named(shape)
    options = DecodingOptions(beam_size=beam_size, plain=True)
    placement = Placement(device, compute_type, threads)
    machine, comparisons = describe_machine(), []  # before the bench: the load is that of others
    if names or not shapes:
        with _progress("models") as report:
            comparisons.append(
                bench_models(names or ("auto",), task, texts, rounds, options, placement, models_file, report)
            )
    for shape in shapes:
        with _progress(shape) as report, _directory(scratch) as directory:
            comparisons.append(bench_shape(shape, texts, rounds, options, placement, directory, report))
    settings = {"rounds": rounds, "beam_size": beam_size, "threads": placement.cores, "device": device,
                "compute_type": compute_type, "texts": [str(path) for path in texts]}  # fmt: skip
    _show(report_json(machine, settings, comparisons), form, output)


@contextmanager
def _directory(scratch: Path | None) -> Iterator[Path]:
    if scratch is not None:
        yield scratch
        return
    with tempfile.TemporaryDirectory(prefix="khulasa-bench-") as name:
        yield Path(name)


@contextmanager
def _progress(what: str) -> Iterator[Report]:
    """A bar on standard error, for people only."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done, total: None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _show(told: dict[str, Any], form: str, output: Path | None) -> None:
    """The report where it is wanted; a file is complete or not there."""
    text = json.dumps(told, ensure_ascii=False, indent=1) + "\n" if form == "json" else _tables(told)
    if output is None:
        click.echo(text, nl=False)
        return
    with whole_file(output, EvalError) as part:
        part.write_bytes(text.encode("utf-8"))


def _tables(told: dict[str, Any]) -> str:
    """A table for each comparison, below what it was measured on."""
    from rich.console import Console

    text = io.StringIO()
    console = Console(file=text, width=120, highlight=False, markup=False, emoji=False)
    machine, settings = told["machine"], told["settings"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    console.print(f"{machine['processor']}, {', '.join(machine['instruction_sets'])}; threads: {settings['threads']}; "
                  f"load: {machine['load']}")  # fmt: skip
    console.print(f"khulasa {told['khulasa']}, {versions}")
    for comparison in told["comparisons"]:
        console.print()
        console.print(_table(comparison, settings))
        for row in comparison["rows"]:
            console.print(f"{row['row']}: {row['system']}", soft_wrap=True)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _table(comparison: dict[str, Any], settings: dict[str, Any]) -> Table:
    from rich.table import Table

    given = comparison["input"]
    forced = f", {given['forced_tokens']} target tokens forced" if given["forced_tokens"] else ""
    title = (f"{comparison['name']}: {given['articles']} articles, {given['units']} units, {given['words']} source "
             f"words{forced}; {comparison['decoding']}; median of {settings['rounds']} rounds (min-max)")  # fmt: skip
    table = Table(title=title, title_justify="left", title_style="", box=None, pad_edge=False)
    table.add_column("", overflow="fold")
    for header in ("s/article", "time, first = 1", "tokens/s", "words/s", "CPU s", "load s", "peak MiB"):
        table.add_column(header, justify="right", no_wrap=True)
    for row in comparison["rows"]:
        table.add_row(
            row["row"], *(_spread(row[name]) for name in ("seconds_per_article", "relative_time")),
            *(_median(row[name], digits) for name, digits in (
                ("target_tokens_per_second", 0), ("source_words_per_second", 0), ("cpu_seconds_per_article", 2))),
            f"{row['load_seconds']:.1f}", f"{row['peak_memory'] / 2**20:.0f}",
        )  # fmt: skip
    return table


def _spread(value: dict[str, float]) -> str:
    return "{median:.2f} ({min:.2f}-{max:.2f})".format(**value)


def _median(value: dict[str, float] | None, digits: int) -> str:
    return "–" if value is None else f"{value['median']:.{digits}f}"


if __name__ == "__main__":
    sys.exit(main())
