"""Output records → the file that was asked for, whole or not at all."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mt.errors import ConfigError, SourceUnreadable
from serve.batch.storage import base_name, is_url, place, unwritable, written

_FORMS = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")


def check_output(output: str, source: str = "", dossiers: Path | None = None) -> None:
    """Return if the name says a form that can be written, where files are; nothing may be written into the input.

    Raises ConfigError, BackendUnavailable, SourceUnreadable.
    """
    if not base_name(output).lower().endswith(_FORMS):
        raise ConfigError(f"{output!r} names no form of output: expected {', '.join(_FORMS)}")
    if is_url(output):
        place(output)
    elif not Path(output).parent.is_dir() or Path(output).is_dir():
        raise ConfigError(f"{output} cannot be written: expected a file in a folder that exists")
    if source in ("", "-") or is_url(source):
        return
    for name, written_to in (("OUTPUT", None if is_url(output) else Path(output)), ("--dossiers", dossiers)):
        if written_to and written_to.resolve().is_relative_to(_resolved(source)):
            raise ConfigError(f"{written_to} is INPUT itself, or lies in it: give another place for {name}")


def write_output(lines: Iterable[bytes], output: str, folder: Path) -> None:
    """Write the records, a JSON line each, to a path or URL, in the form of its name; before a URL, to `folder`.

    Equal lines give equal bytes. Raises ConfigError where it cannot be written, and what `lines` raises.
    """
    check_output(output)
    local = folder / f"joined.{base_name(output)}" if is_url(output) else Path(output)
    with written(local) as file:
        _write(lines, file, base_name(output).lower())
    if is_url(output):
        _upload(local, output)


def _write(lines: Iterable[bytes], file: IO[bytes], name: str) -> None:
    if name.endswith(".parquet"):
        from serve.batch.parquet import write_parquet

        write_parquet((json.loads(line) for line in lines), file)
        return
    with _packed(file, name) as out:
        for line in lines:
            out.write(line)


def _resolved(source: str) -> Path:
    try:
        return Path(source).resolve()
    except (OSError, ValueError) as error:  # a circle of links; a NUL in the name
        raise SourceUnreadable(f"{source!r} cannot be read: {error}") from error


@contextmanager
def _packed(file: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """Where to write the lines so that they come out packed as the name says, without names and times."""
    if name.endswith(".gz"):
        with gzip.GzipFile("", "wb", 6, file, mtime=0) as out:
            yield out  # type: ignore[misc]
    elif name.endswith(".zst"):
        from zstandard import ZstdCompressor

        with ZstdCompressor().stream_writer(file, closefd=False) as out:
            yield out
    else:
        yield file


def _upload(local: Path, output: str) -> None:
    """Put the file where the URL says: object stores show it when it is whole."""
    target = place(output)
    try:
        target.system.put_file(str(local), target.path)
    except Exception as error:  # each plug-in has errors of its own
        why = OSError(None, f"{error}; what was to be written is in {local}")
        raise unwritable(target.name, why) from error
    local.unlink(missing_ok=True)
