"""Standard input, kept on the disk so that a batch that was interrupted can read it again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import IO

from mt.errors import EmptyInput
from serve.batch.storage import Place, place, reading, unwritable, written

NAME = "standard input"
STDIN = "stdin-"  # how the files begin
_BLOCK = 1 << 20


def spooled(stream: IO[bytes], folder: Path) -> Place:
    """A file in the folder with all that the stream gives; where that is nothing, the last that was written there.

    Its name has its checksum: another input never takes the place of the one that a batch in the folder is made of.

    Raises:
        EmptyInput: the stream is empty, or a terminal, and there is nothing from before.
        ConfigError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        earlier = sorted(folder.glob(f"{STDIN}*"), key=lambda path: path.stat().st_mtime)
    except OSError as error:
        raise unwritable(folder, error) from error
    file = None if stream.isatty() else _copied(stream, folder)
    if file is None and not earlier:
        raise EmptyInput("standard input is empty; expected JSON Lines, as in `cat articles.jsonl | khulasa batch - "
                         "out.jsonl`")  # fmt: skip
    found = place(str(file or earlier[-1]))
    return Place(found.system, found.path, NAME)


def _copied(stream: IO[bytes], folder: Path) -> Path | None:
    """The file with the stream's bytes; None if it has none."""
    digest, incoming = hashlib.sha256(), folder / "incoming"
    with written(incoming) as file:
        while block := _block(stream):
            digest.update(block)
            file.write(block)
        size = file.tell()
    try:
        if not size:
            incoming.unlink()
            return None
        return incoming.replace(folder / f"{STDIN}{digest.hexdigest()[:16]}")
    except OSError as error:
        raise unwritable(folder, error) from error


def _block(stream: IO[bytes]) -> bytes:
    with reading(NAME):
        return stream.read(_BLOCK)
