"""Where a command's output goes: results to standard output or a file, everything else to standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mt.commands import whole_file
from mt.errors import SourceUnreadable

if TYPE_CHECKING:
    from rich.console import Console

    from mt.decode import Progress


def check_folder(ctx: click.Context, parameter: click.Parameter, output: Path | None) -> Path | None:
    """The path, if a file can be made there; wrong usage before any work is done for it."""
    if output is not None and not output.parent.is_dir():
        raise click.BadParameter(f"the folder {output.parent} does not exist", ctx, parameter)
    return output


@contextmanager
def console(output: Path | None) -> Iterator[Console]:
    """Where text goes: standard output, or a file that is complete or not there."""
    from rich.console import Console

    if output is None:
        yield Console(highlight=False, markup=False, emoji=False)
        return
    with whole_file(output, SourceUnreadable) as part, part.open("w", encoding="utf-8") as file:
        yield Console(file=file, highlight=False, markup=False, emoji=False)


def write_file(output: Path | None, content: bytes) -> None:
    """The content of a file where it is wanted, byte for byte."""
    if output is None:
        click.echo(content, nl=False)
        return
    with whole_file(output, SourceUnreadable) as part:
        part.write_bytes(content)


@contextmanager
def progress() -> Iterator[Progress]:
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


def building(what: str, share: float) -> None:
    """Tell on standard error how far the built-in model is: a running line for a person, else a line for each step."""
    from mt.embedded import TERMS

    if not _told:
        click.echo(f"Building the built-in model, once (it is under the Gemma terms, {TERMS}):", err=True)
    if sys.stderr.isatty():
        click.echo(f"\r  {what:<30} {share:4.0%}", err=True, nl=share >= 1)
    elif what not in _told:
        click.echo(f"  {what}", err=True)
    _told.add(what)
