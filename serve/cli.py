"""The command line: `khulasa article | translate | models | doctor`. Shows, never decides."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from mt import __version__
from mt.document import DecodingOptions
from mt.errors import MTError

if TYPE_CHECKING:
    from rich.console import Console

    from mt.registry import Registry
    from mt.translate import Progress
    from serve.dossier import FileFormat
    from serve.service import Service


class _Failure(click.ClickException):
    """One of our errors as click shows it: a line on stderr and its own exit code."""

    def __init__(self, error: MTError) -> None:
        super().__init__(str(error))
        self.exit_code: int = error.exit_code  # type: ignore[misc]  # click reads it from the instance


class _Group(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MTError as error:
            raise _Failure(error) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="khulasa")
@click.option("--models", "models_file", type=click.Path(path_type=Path), help="Another models.yaml.")
@click.pass_context
def main(ctx: click.Context, models_file: Path | None) -> None:
    """Arabic news articles in, English translations and summaries out."""
    ctx.obj = models_file


def decoding_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every command that decodes; the command gets `service`, `model`, `decoding`."""

    @click.option("--model", default="auto", help="Name, alias, directory, or auto: the best one on disk.")
    @click.option("--beam-size", type=click.IntRange(1, 32), help="Hypotheses kept while decoding.")
    @click.option("--plain", is_flag=True, help="No second decoding of loops, no re-ranking, no terms.")
    @click.option("--compute-type", default="default", help="int8, int8_float32, float32, float16, …")
    @click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto")
    @click.option("--threads", type=click.IntRange(0), default=0, help="0: all cores.")
    @click.pass_obj
    def wrapped(models_file: Path | None, /, **given: Any) -> None:
        from mt.engine import Placement
        from serve.service import Service

        placement = Placement(*(given.pop(name) for name in ("device", "compute_type", "threads")))
        decoding = DecodingOptions(**{name: given.pop(name) for name in ("beam_size", "plain")})
        command(service=Service(_registry(models_file), placement, _building), decoding=decoding, **given)

    return functools.update_wrapper(wrapped, command)


@main.command()
@click.argument("source", default="-")
@click.option("--format", "form", type=click.Choice(["text", "json", "md", "html", "docx"]), default="text")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of stdout.")
@click.option("--summarizer", default="auto", help="lead, lexrank, or auto: the better one.")
@click.option("--sentences", type=click.IntRange(1, 20), default=3, help="Sentences of summary.")
@decoding_options
def article(
    service: Service, source: str, model: str, decoding: DecodingOptions, form: Literal["text", "json"] | FileFormat,
    output: Path | None, summarizer: str, sentences: int,
) -> None:  # fmt: skip
    """Translate and summarize the article in SOURCE, a .txt or .md file, or - for standard input."""
    from serve.dossier import digest_json, print_digest, render
    from serve.reader import read_article

    if form == "docx" and output is None:
        raise click.UsageError("docx is no text for a terminal: name a file, as in `-o article.docx`")
    found = read_article(source)
    with _progress() as progress:
        digest = service.digest(found, model, decoding, summarizer, sentences, progress)
    if form == "text":
        with _console(output) as console:
            print_digest(digest, console)
    elif form == "json":
        with _console(output) as console:
            _print_json(digest_json(digest), console)
    else:
        _write_file(output, render(digest, form))


@main.command()
@click.argument("source", default="-")
@click.option("--lines", is_flag=True, help="Each line by itself: n lines in, n lines out.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("--num-hypotheses", type=click.IntRange(1, 32), default=1, help="Alternatives for each segment (json).")
@decoding_options
def translate(
    service: Service, source: str, model: str, decoding: DecodingOptions, lines: bool, form: str, num_hypotheses: int
) -> None:
    """Translate the text in SOURCE, a .txt or .md file, or - for standard input."""
    from dataclasses import replace

    from mt.translate import translate_lines
    from serve.dossier import print_translation, translation_json
    from serve.reader import read_article, read_lines

    decoding = replace(decoding, num_hypotheses=num_hypotheses)
    texts, found = (read_lines(source), None) if lines else ([], read_article(source))
    with _progress() as progress:
        if found is None:
            targets, translation = translate_lines(texts, service.engine(model), decoding, progress)
        else:
            (translation,) = service.translate([found], model, decoding, progress)
    notice = service.notice(model)
    with _console(None) as console:
        if form == "json":
            _print_json(translation_json(translation, notice), console)
        elif lines:
            click.echo("".join(f"{target}\n" for target in targets), nl=False)
            if notice:  # the lines on stdout answer those that came in, nothing else
                click.echo(notice, err=True)
        else:
            print_translation(translation, console, notice)


@main.group()
def models() -> None:
    """What models there are, and which are on this disk."""


@models.command("list")
@click.pass_obj
def list_models(models_file: Path | None) -> None:
    """Every model of models.yaml: task, quality, licence, and its size if it is on disk."""
    from rich.table import Table

    from mt import store

    table = Table(box=None, pad_edge=False)
    for header in ("model", "tasks", "quality", "licence", "on disk"):
        table.add_column(header, overflow="fold")
    for spec in _registry(models_file):
        stored = store.find(spec)
        size = f"{stored.size / 1e6:.0f} MB" if stored else "built on first use" if spec.source is None else "–"
        licence = spec.licence if spec.commercial else f"{spec.licence} (not for commercial use)"
        table.add_row(spec.name, ", ".join(spec.tasks), spec.quality, licence, size)
    with _console(None) as console:
        console.print(table)


@models.command("path")
@click.argument("name")
@click.pass_obj
def model_path(models_file: Path | None, name: str) -> None:
    """Print the directory of the model NAME; the built-in one is built if need be."""
    from mt import store

    click.echo(store.ensure(_registry(models_file).spec(name), _building).path)


@models.command()
@click.argument("name", required=False)
@click.pass_obj
def verify(models_file: Path | None, name: str | None) -> None:
    """Compare the files of the model NAME, or of all on disk, with their checksums."""
    from mt import store
    from mt.errors import ModelNotFound

    registry = _registry(models_file)
    specs = [registry.spec(name)] if name else list(registry)
    stored = [model for spec in specs if (model := store.find(spec))]
    if name and not stored:
        raise ModelNotFound(f"{name} is not on disk; `khulasa models list` shows what is")
    for model in stored:
        store.verify(model)
        click.echo(f"{model.spec.name}@{model.version}: every file as it was written")


@main.command()
@click.pass_obj
def doctor(models_file: Path | None) -> None:
    """Versions, processor, models, free space, and what is missing for which extra."""
    from serve.doctor import examine

    with _console(None) as console:
        for line in examine(_registry(models_file)):
            console.print(line, soft_wrap=True)


def _registry(models_file: Path | None) -> Registry:
    from mt.registry import load_registry

    return load_registry(models_file)


def _print_json(value: dict[str, Any], console: Console) -> None:
    console.file.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


@contextmanager
def _console(output: Path | None) -> Iterator[Console]:
    """Where text goes: standard output, or a file that is complete or not there."""
    from rich.console import Console

    if output is None:
        yield Console(highlight=False, markup=False, emoji=False)
        return
    with _complete(output) as part, part.open("w", encoding="utf-8") as file:
        yield Console(file=file, highlight=False, markup=False, emoji=False)


def _write_file(output: Path | None, content: bytes) -> None:
    """The content of a file where it is wanted, byte for byte."""
    if output is None:
        click.echo(content, nl=False)
        return
    with _complete(output) as part:
        part.write_bytes(content)


@contextmanager
def _complete(output: Path) -> Iterator[Path]:
    """A path to write to; what was written becomes `output` at the end, if nothing went wrong."""
    from mt.errors import SourceUnreadable

    part = output.with_name(f"{output.name}.part")
    try:
        yield part
        part.replace(output)
    except OSError as error:
        raise SourceUnreadable(f"{output} cannot be written: {error.strerror or error}") from error


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on standard error, for people only."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done, total: None
        return
    columns = (TextColumn("translating"), BarColumn(), MofNCompleteColumn(), TextColumn("segments"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("translating", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


_told: set[str] = set()


def _building(what: str, share: float) -> None:
    """Tell on standard error, once for each step, how far the built-in model is."""
    from mt.embedded import TERMS

    if not _told:
        click.echo(f"Building the built-in model, once (it is under the Gemma terms, {TERMS}):", err=True)
    if what not in _told:
        _told.add(what)
        click.echo(f"  {what} … {share:.0%}", err=True)


if __name__ == "__main__":
    sys.exit(main())
