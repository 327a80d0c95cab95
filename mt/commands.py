"""What the two command lines share: errors as exit codes, UTF-8 streams, files that are whole or not there."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from mt.errors import MTError


class CommandGroup(click.Group):
    """A group of commands whose errors of ours are a line on standard error and their own exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MTError as error:
            raise _Failure(error) from error


class _Failure(click.ClickException):
    def __init__(self, error: MTError) -> None:
        super().__init__(str(error))
        self.exit_code: int = error.exit_code  # type: ignore[misc]  # click reads it from the instance


def speak_utf8() -> None:
    """Make standard output and error UTF-8 whatever the locale: results are Arabic and English text."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


@contextmanager
def whole_file(output: Path, failure: type[MTError]) -> Iterator[Path]:
    """A path to write to; what was written becomes `output` at the end, if nothing went wrong.

    Raises `failure`, naming the file, if it cannot be written.
    """
    part = output.with_name(f"{output.name}.part")
    try:
        yield part
        part.replace(output)
    except OSError as error:
        raise failure(f"{output} cannot be written: {error.strerror or error}; choose another --output") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
