"""The command `khulasa keys`: who may ask a server."""

from __future__ import annotations

from pathlib import Path

import click

_FILE = click.option("--file", "path", type=click.Path(dir_okay=False, path_type=Path), required=True,
                     help="The file of keys, as `khulasa serve --keys` reads it.")  # fmt: skip


@click.group()
def keys() -> None:
    """Make, list and remove API keys for `khulasa serve`."""


@keys.command()
@click.argument("name")
@_FILE
@click.option("--rate", default="", metavar="RATE", help="How often it may ask, as 60/minute; else the server's.")
def create(name: str, path: Path, rate: str) -> None:
    """Make a key and print it, this once.

    The file keeps its hash. A running server knows it from its next request on.
    """
    from serve.keys import create_key

    click.echo(create_key(path, name, rate))


@keys.command("list")
@_FILE
def list_keys(path: Path) -> None:
    """List the keys of a file, without what they are."""
    from serve.keys import load_keys

    for key in load_keys(path):
        click.echo("\t".join((key.name, key.created, key.rate)).rstrip())


@keys.command()
@click.argument("name")
@_FILE
def remove(name: str, path: Path) -> None:
    """Remove a key; a running server refuses it from its next request on."""
    from serve.keys import remove_key

    remove_key(path, name)
    click.echo(f"{name} removed", err=True)
