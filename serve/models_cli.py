"""`khulasa models`: which models there are, and those of the hub brought here, checked, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from serve.terminal import building, console

if TYPE_CHECKING:
    from mt.registry import Backend, ModelSpec, Registry
    from mt.store import Report, StoredModel


@click.group()
def models() -> None:
    """What models there are, and which are on this disk."""


@models.command("list")
@click.pass_obj
def list_models(models_file: Path | None) -> None:
    """Every model: task, quality, licence, what is on disk.

    Of what is on disk: size, backend, arithmetic.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for header in ("model", "tasks", "quality", "licence", "on disk"):
        table.add_column(header, overflow="fold", no_wrap=header == "model")  # names are there to be copied
    for spec in _registry(models_file):
        licence = spec.licence if spec.commercial else f"{spec.licence}, non-commercial"
        table.add_row(spec.name, ", ".join(spec.tasks), spec.quality, licence, _on_disk(spec))
    with console(None) as out:
        if not out.is_terminal:
            out.width = 200  # a line for each model, to be searched
        out.print(table)


@models.command()
@click.argument("name")
@click.option("--compute-type", help="How CTranslate2 stores its weights: int8, float16, float32, …  [default: int8, "
              "with a GPU int8_float16]")  # fmt: skip
@click.option("--backend", type=click.Choice(["ct2", "hf"]), help="CTranslate2, or transformers on torch.")
@click.pass_obj
def pull(models_file: Path | None, name: str, compute_type: str | None, backend: Backend | None) -> None:
    """Get the model NAME, once, to use it offline.

    It is downloaded, checked and converted. What was interrupted goes on where it stopped. HF_TOKEN, HF_ENDPOINT and
    HTTPS_PROXY are honoured.
    """
    from mt import store

    spec = _registry(models_file).spec(name)
    if spec.source is None:
        model = store.pull(spec, compute_type, backend, building)
    else:
        terms = "" if spec.commercial else " (not for commercial use)"
        click.echo(f"{spec.name}, from {spec.source.repo}: licence {spec.licence}{terms}", err=True)
        try:
            with _progress() as report:
                model = store.pull(spec, compute_type, backend, report)
        except KeyboardInterrupt:
            click.echo("Stopped. What has come is kept: the same command goes on with it.", err=True)
            raise
    if store.fact(model, "weights") == "pickle":
        click.echo("Its weights came as a pickle; they were read as tensors only.", err=True)
    click.echo(f"{model.spec.name}@{model.version}: {described(model)}, {model.path}")


@models.command()
@click.argument("name")
@click.pass_obj
def remove(models_file: Path | None, name: str) -> None:
    """Delete the model NAME from this disk.

    Also what an interrupted download left of it.
    """
    from mt import store

    spec = _registry(models_file).spec(name)
    click.echo(f"{spec.name}: {megabytes(store.remove(spec))} freed")


@models.command("path")
@click.argument("name")
@click.pass_obj
def model_path(models_file: Path | None, name: str) -> None:
    """Print the directory of the model NAME.

    The built-in one is built if need be.
    """
    from mt import store

    click.echo(store.ensure(_registry(models_file).spec(name), building).path)


@models.command()
@click.argument("name", required=False)
@click.pass_obj
def verify(models_file: Path | None, name: str | None) -> None:
    """Compare files with their checksums.

    Those of the model NAME, or of all on disk.
    """
    from mt import store
    from mt.errors import ModelCorrupt, ModelNotFound

    registry = _registry(models_file)
    specs = [registry.spec(name)] if name else list(registry)
    stored = [model for spec in specs for model in store.stored(spec)]
    if name and not stored:
        raise ModelNotFound(f"{name} is not on disk; `khulasa models list` shows what is")
    damaged: list[str] = []
    for model in stored:
        try:
            store.verify(model)
        except ModelCorrupt as error:
            damaged.append(str(error))
        else:
            click.echo(f"{model.spec.name}@{model.version}: every file as it was written")
    if damaged:
        raise ModelCorrupt("\n".join(damaged))


def _registry(models_file: Path | None) -> Registry:
    from mt.registry import load_registry

    return load_registry(models_file)


def _on_disk(spec: ModelSpec) -> str:
    from mt import store

    if stored := store.find(spec):
        return described(stored)
    if waiting := store.waiting(spec):
        return f"downloaded so far: {megabytes(waiting)}"
    return "built on first use" if spec.source is None else "–"


def described(model: StoredModel) -> str:
    """How large a model on disk is, which backend it is for, and in which arithmetic."""
    from mt import store

    return ", ".join(filter(None, (megabytes(model.size), model.spec.backend, store.fact(model, "compute_type"))))


def megabytes(size: int) -> str:
    """Bytes as a person reads them."""
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size / 1e6:.2f} MB"


@contextmanager
def _progress() -> Iterator[Report]:
    """A bar with sizes on standard error for a person; else a line for each step, and for each tenth of it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(20), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("asking the hub", total=1.0)
            yield lambda what, share: bar.update(task, description=what, completed=share)
        return
    told: set[tuple[str, int]] = set()

    def tell(what: str, share: float) -> None:
        step = what.partition(",")[0].partition(" ")[0], int(share * 10)
        if step not in told:
            told.add(step)
            click.echo(f"  {what}", err=True)

    yield tell
