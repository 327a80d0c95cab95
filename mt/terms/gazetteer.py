"""What the world's names are called in English: `mt/data/terms/gazetteer.tsv.gz`, which `recipes/terms/build.py` makes.

A line is an entry: its folded Arabic keys, its kind, how it is used (`p` prompted, `c` checked, `g` guessed), its
English forms, the usual one first, and related forms; keys and forms are separated by `|`.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, cast

from mt.errors import ConfigError
from mt.terms.match import Entry, Kind, Matcher

FILE = Path(__file__).resolve().parents[1] / "data" / "terms" / "gazetteer.tsv.gz"


class Gazetteer(NamedTuple):
    """The names, ready to be found, and a short hash of the file they are from."""

    matcher: Matcher[str]
    signature: str


@lru_cache(maxsize=1)
def load_gazetteer(path: Path = FILE) -> Gazetteer:
    """The gazetteer that khulasa ships; read once."""
    try:
        packed = path.read_bytes()
        lines = gzip.decompress(packed).decode("utf-8").splitlines()
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise ConfigError(f"{path} cannot be read: {error}. Install khulasa again.") from error
    return Gazetteer(Matcher(keys_of(lines), entry), hashlib.sha256(packed).hexdigest()[:8])


def keys_of(lines: list[str]) -> dict[str, str]:
    """Each key with the line that it is from; entries are made when they are found."""
    return {key: line for line in lines for key in line[: line.index("\t")].split("|")}


def entry(key: str, line: str) -> Entry:
    """The entry of a line, found by one of its keys."""
    _, kind, use, targets, related = line.split("\t")
    return Entry(
        key, tuple(targets.split("|")), cast(Kind, kind), related=tuple(related.split("|")) if related else (),
        prompted="p" in use, checked="c" in use, guessed="g" in use,
    )  # fmt: skip
