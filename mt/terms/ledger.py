"""Names as this newsroom writes them: a CSV or TSV file with the columns `source` and `target`, one name a line."""

from __future__ import annotations

from pathlib import Path

from mt.errors import ConfigError
from mt.terms.glossary import read_table
from mt.terms.match import Entry, fold, spellings


def load_ledger(path: Path) -> dict[str, Entry]:
    """The names of a ledger by their folded keys.

    Raises ConfigError, naming the file and the line, also where a name is written in two ways.
    """
    found: dict[str, Entry] = {}
    for row in read_table(path, required=("source", "target"), optional=("note",)):
        entry = Entry(row.source, (row.target,), "name", "ledger", required=True)
        for key in spellings(fold(row.source)):
            known = found.setdefault(key, entry)
            if known.targets != entry.targets:
                raise ConfigError(f"{row.where}: {row.source!r} is {row.target!r} here and {known.targets[0]!r} above; "
                                  "keep one of the two")  # fmt: skip
    return found
