"""What a run called the names it met, as a ledger that a person may accept for the next run."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from mt.checks.renderings import renderings
from mt.errors import SourceUnreadable
from mt.terms import Terms
from mt.terms.match import fold
from serve.batch.parts import parts_folder
from serve.batch.storage import base_name, written

COLUMNS = ("source", "target", "note")  # as `mt.terms.ledger.load_ledger` reads them
CONFLICT = "CONFLICT"
_SAVED = "names.json"  # beside the parts of a shard


def proposed_ledger(output: str) -> Path:
    """Where the names go that a batch has met: beside its parts."""
    return parts_folder(output).with_name(f"{base_name(output)}.ledger.proposed.csv")


@dataclass(slots=True)
class _Name:
    sources: Counter[str] = field(default_factory=Counter)
    targets: Counter[str] = field(default_factory=Counter)


class Proposals:
    """Names with what they were called, counted; the same for the same records, whatever their order and division."""

    def __init__(self) -> None:
        self._names: dict[str, _Name] = {}

    def add(self, record: Mapping[str, Any], terms: Terms) -> None:
        """Count the names of an output record that `terms` does not settle; a record that failed has none."""
        for segment in record.get("segments", ()):
            text = segment["reading"] or segment["source"]
            for source, target in renderings(text, segment["target"], terms.find(text)):
                name = self._names.setdefault(fold(source), _Name())
                name.sources[source] += 1
                name.targets[target] += 1

    def save(self, folder: Path) -> None:
        """Keep the counts in the folder of a shard, for `load`."""
        counts = [[name.sources, name.targets] for name in self._names.values()]
        with written(folder / _SAVED) as file:
            file.write(json.dumps(counts).encode())

    @classmethod
    def load(cls, *folders: Path) -> Self:
        """What shards have counted, together. Raises SourceUnreadable."""
        loaded = cls()
        for folder in folders:
            path = folder / _SAVED
            try:
                for sources, targets in json.loads(path.read_bytes()):
                    name = loaded._names.setdefault(fold(min(sources)), _Name())
                    name.sources.update(sources)
                    name.targets.update(targets)
            except (OSError, ValueError, TypeError) as error:
                raise SourceUnreadable(f"{path}, the names of a shard, cannot be read ({error}): run its batch again, "
                                       f"which makes it anew") from error  # fmt: skip
        return loaded

    def write(self, path: Path) -> None:
        """Write the ledger."""
        with written(path) as file:
            file.write(self.csv().encode("utf-8", "backslashreplace"))

    def csv(self) -> str:
        """The ledger: each name once, the most frequent first, with its usual form; others stand in the note."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(self._rows())
        return out.getvalue()

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        for name in sorted(self._names.values(), key=lambda name: (-name.targets.total(), min(name.sources))):
            source = _ranked(name.sources)[0][0]
            (usual, count), *others = _ranked(name.targets)
            also = ", ".join(f"{target} ({times})" for target, times in others)
            note = "once" if count == 1 else f"{count} times"
            yield source, usual, f"{CONFLICT}: {usual} ({count}), {also}" if also else note


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    """By frequency, then by spelling: an order that does not depend on which record came first."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
