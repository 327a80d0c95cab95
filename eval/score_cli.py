"""`khulasa-eval score | compare | run`: outputs and models on a test set, and where their report goes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eval.score_options import FILE, Destinations, file_options, measure_options, testset_options
from mt.commands import whole_file
from mt.errors import EvalError

if TYPE_CHECKING:
    from eval.assemble import Asked
    from eval.evaluation import Measures, Output, Trial
    from eval.origin import Origin
    from eval.report import Report
    from eval.run import Wanted
    from eval.testsets import Dataset, Task

BELOW_GATE = 5


@click.command()
@click.argument("hypotheses", required=False, type=FILE)
@file_options
@testset_options
@measure_options
def score(
    hypotheses: Path | None, rescore: Path | None, origin: Origin | None, task: Task, asked: Asked, out: Destinations
) -> None:
    """Score a file of HYPOTHESES, a segment a line, against references.

    What is wrong with the file itself is said too, with the score that a repair would bring. With a gate that fails,
    the exit code is 5.
    """
    if (hypotheses is None) == (rescore is None):
        raise click.UsageError("expected HYPOTHESES, or --rescore REPORT.json in their place")
    if rescore is not None:
        _rescore(rescore, origin, asked, out)
    elif hypotheses is not None:
        name = hypotheses.name.removesuffix(hypotheses.suffix) or hypotheses.name
        _score({name: hypotheses}, origin, task, asked, out)


@click.command()
@click.argument("systems", nargs=-1, metavar="SYSTEM=FILE...")
@file_options
@testset_options
@measure_options
def compare(
    systems: tuple[str, ...], rescore: Path | None, origin: Origin | None, task: Task, asked: Asked, out: Destinations
) -> None:
    """Score several systems side by side, as in google=google.en ours=ours.en.

    By each metric the best is marked, and those that the paired bootstrap finds no worse.
    """
    if bool(systems) == (rescore is not None):
        raise click.UsageError("expected SYSTEM=FILE for each system, or --rescore REPORT.json in their place")
    if rescore is not None:
        _rescore(rescore, origin, asked, out)
        return
    files = dict[str, Path]()
    for given in systems:
        name, _, path = given.partition("=")
        if not name or not path or name in files:
            problem = "is there twice" if name in files else "expected SYSTEM=FILE"
            raise click.BadParameter(f"{given}: {problem}", param_hint="SYSTEM=FILE")
        files[name] = Path(path)
    _score(files, origin, task, asked, out)


def _score(files: dict[str, Path], origin: Origin | None, task: Task, asked: Asked, out: Destinations) -> None:
    from eval.evaluation import Trial

    if origin is None:
        raise click.UsageError("expected what to score against: --reference FILE, or --testset NAME")
    dataset = origin.load(task)
    outputs = tuple(_read(name, path, dataset) for name, path in files.items())
    trial = Trial(task, origin, dataset, outputs)
    _show([(trial, asked.measures(trial))], asked, out)


def _read(name: str, path: Path, dataset: Dataset) -> Output:
    from eval.evaluation import Output
    from eval.lines import read_lines
    from eval.lint import lint_file

    lines = read_lines(path)
    dataset.check(lines, str(path))
    return Output(name, lines, findings=lint_file(path, dataset.references))


def _rescore(path: Path, origin: Origin | None, asked: Asked, out: Destinations) -> None:
    from eval.assemble import rescored

    _show(rescored(path, asked, origin), asked, out)


@click.command()
@click.option("--model", default="auto", help="Name, alias, directory, or auto: the best one on disk.")
@click.option("--task", "wanted", type=click.Choice(["translate", "summarize", "both"]), default="translate",
              help="both: the summaries are made of the translations.")  # fmt: skip
@click.option("--summarizer", default="auto", help="lead, lexrank, a model, or auto: a model on disk, or lexrank.")
@click.option("--sentences", type=click.IntRange(1, 20), default=3, help="Sentences of a summary.")
@click.option("--beam-size", type=click.IntRange(1, 32), help="Hypotheses kept while decoding.")
@click.option("--plain", is_flag=True, help="No terms, no re-ranking, no second decoding, no grounding of summaries.")
@click.option("--glossary", type=FILE, help="Your terms: CSV, TSV or TMX.")
@click.option("--ledger", type=FILE, help="Names as you write them: CSV or TSV.")
@click.option("--compute-type", default="default", help="int8, int8_float32, float32, float16, …")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto")
@click.option("--threads", type=click.IntRange(0), default=0, help="0: all cores.")
@testset_options
@measure_options
@click.pass_obj
def run(
    models_file: Path | None, /, wanted: Wanted, origin: Origin | None, asked: Asked, out: Destinations, **given: Any
) -> None:
    """Run a model on a test set (default: samples) and score what it makes, with its speed.

    Summaries always stand beside the first sentences of their article, and the best that extraction could do.
    """
    from eval.origin import Origin
    from eval.run import Models
    from eval.run import run as run_models
    from mt.document import DecodingOptions
    from mt.engine import Placement
    from mt.registry import load_registry
    from mt.terms import load_terms

    options = DecodingOptions(beam_size=given["beam_size"], plain=given["plain"])
    placement = Placement(given["device"], given["compute_type"], given["threads"])
    terms = load_terms(given["glossary"], given["ledger"])
    models = Models(load_registry(models_file), given["model"], options, placement, terms, given["summarizer"],
                    given["sentences"])  # fmt: skip
    with _progress() as progress:
        trials = run_models(wanted, origin or Origin("samples"), models, progress)
    _show([(trial, asked.measures(trial)) for trial in trials], asked, out)


# --- what comes out


def _show(trials: list[tuple[Trial, Measures]], asked: Asked, out: Destinations) -> None:
    from eval.assemble import assemble

    with _progress() as progress:
        report = assemble(trials, asked, progress)
    _write(report, out)
    if not report.passed:
        for outcome in report.outcomes:
            if not outcome.passed:
                click.echo(f"Gate failed: {outcome.system}: {outcome.message}", err=True)
        sys.exit(BELOW_GATE)


def _write(report: Report, out: Destinations) -> None:
    from eval.report import render

    for form, path in out:
        text = render(report, form)
        if path is None:
            click.echo(text, nl=False)
        else:
            with whole_file(path, EvalError) as part:
                part.write_bytes(text.encode("utf-8"))


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """A line on standard error, for people only."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda doing: None
        return
    with console.status("") as status:
        yield lambda doing: status.update(doing)
