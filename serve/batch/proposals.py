"""What a run called the names it met, as a ledger that a person may accept for the next run."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mt.checks.renderings import renderings
from mt.terms import Terms
from mt.terms.match import fold

COLUMNS = ("source", "target", "note")  # as `mt.terms.ledger.load_ledger` reads them
CONFLICT = "CONFLICT"


@dataclass(slots=True)
class _Name:
    sources: Counter[str] = field(default_factory=Counter)
    targets: Counter[str] = field(default_factory=Counter)


class Proposals:
    """Names with what they were called, counted over the records of a run; the same for the same records."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._names: dict[str, _Name] = {}

    def add(self, record: Mapping[str, Any]) -> None:
        """Count the names of an output record; one that failed has none."""
        for segment in record.get("segments", ()):
            text = segment["reading"] or segment["source"]
            for source, target in renderings(text, segment["target"], self._terms.find(text)):
                name = self._names.setdefault(fold(source), _Name())
                name.sources[source] += 1
                name.targets[target] += 1

    def csv(self) -> str:
        """The ledger: each name once, the most frequent first, with its usual form; others stand in the note."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_rows(self._names.values()))
        return out.getvalue()


def _rows(names: Iterable[_Name]) -> Iterator[tuple[str, str, str]]:
    for name in sorted(names, key=lambda name: (-name.targets.total(), min(name.sources))):
        source = _ranked(name.sources)[0][0]
        (usual, count), *others = _ranked(name.targets)
        also = ", ".join(f"{target} ({times})" for target, times in others)
        yield (
            source,
            usual,
            f"{CONFLICT}: {usual} ({count}), {also}" if also else "once" if count == 1 else f"{count} times",
        )


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    """By frequency, then by spelling: an order that does not depend on which record came first."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
