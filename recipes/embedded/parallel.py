"""The files of the parallel data: NAME.tsv.xz, Arabic and English on a line."""

from __future__ import annotations

import lzma
import sys
from collections.abc import Iterator
from pathlib import Path

Pair = tuple[str, str]  # Arabic, English


def read_parallel(directory: Path, name: str) -> Iterator[Pair]:
    """The pairs of a file, without the lines that do not have two columns; ends the program where it is not there."""
    path = directory / f"{name}.tsv.xz"
    if not path.exists():
        sys.exit(f"{path} is not there; --parallel names the folder of the parallel data")
    with lzma.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            columns = line.rstrip("\n").split("\t")
            if len(columns) == 2:
                yield columns[0], columns[1]
