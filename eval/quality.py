"""Without a reference: what the checks flag in a corpus, how alike source and hypothesis are, and how long.

Nothing is detected here: flags are those of mt.checks, likeness is that of mt.vectors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, get_args

from mt.document import Flag, FlagKind, Severity
from mt.errors import EmptyInput, LengthMismatch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KINDS: tuple[FlagKind, ...] = get_args(FlagKind)


@dataclass(frozen=True, slots=True)
class FlagCount:
    """How often a kind of flag came at one severity: `flags` in all, in so many `segments`."""

    kind: FlagKind
    severity: Severity
    flags: int
    segments: int


@dataclass(frozen=True, slots=True)
class Quality:
    """What can be said of hypotheses by their sources alone, a row a segment."""

    flags: tuple[tuple[Flag, ...], ...]
    similarities: tuple[float, ...]  # cosine of source and hypothesis; 0 where one of them is empty
    length_ratio: float  # characters of the hypotheses for one of the sources

    @property
    def similarity(self) -> float:
        """The mean over segments."""
        return sum(self.similarities) / len(self.similarities)

    @property
    def counts(self) -> tuple[FlagCount, ...]:
        """What was flagged, by kind and severity, in the order of their definition."""
        flags = Counter((flag.kind, flag.severity) for row in self.flags for flag in row)
        segments = Counter(pair for row in self.flags for pair in {(flag.kind, flag.severity) for flag in row})
        return tuple(
            FlagCount(kind, severity, flags[kind, severity], segments[kind, severity])
            for kind in KINDS
            for severity in get_args(Severity)
            if flags[kind, severity]
        )

    def flagged(self, kind: FlagKind, severities: Sequence[Severity] = ("error", "warning")) -> int:
        """The number of segments that have a flag of this kind."""
        return sum(any(flag.kind == kind and flag.severity in severities for flag in row) for row in self.flags)


def assess(sources: Sequence[str], hypotheses: Sequence[str], documents: Sequence[object] = ()) -> Quality:
    """What the checks and the vectors say of hypotheses.

    Neighbours with the same label in `documents` are one text, in which a name should have one spelling; without
    labels each segment stands for itself.

    Raises EmptyInput, LengthMismatch.
    """
    from mt.vectors import encode

    labels = documents or range(len(sources))
    for name, side in {"hypotheses": hypotheses, "documents": labels}.items():
        if len(side) != len(sources):
            raise LengthMismatch(f"the source has {len(sources)} segments, the {name} are {len(side)}; expected one "
                                 "for each segment")  # fmt: skip
    if not sources:
        raise EmptyInput("there is nothing to check; expected a source and a hypothesis, or more")
    similarities = (_source_vectors(tuple(sources)) * encode(hypotheses)).sum(axis=1)
    ratio = sum(map(len, hypotheses)) / max(sum(map(len, sources)), 1)
    return Quality(tuple(_flags(sources, hypotheses, labels)), tuple(similarities.tolist()), ratio)


def _flags(sources: Sequence[str], hypotheses: Sequence[str], labels: Sequence[object]) -> Iterator[tuple[Flag, ...]]:
    """The flags of each segment, document by document."""
    from mt.checks import check

    for _, rows in groupby(zip(labels, sources, hypotheses, strict=True), key=itemgetter(0)):
        _, ours, theirs = zip(*rows, strict=True)
        yield from check(ours, theirs)


@lru_cache(maxsize=1)
def _source_vectors(sources: tuple[str, ...]) -> NDArray[np.float32]:
    """The vectors of the sources; several systems are assessed on the same ones."""
    from mt.vectors import encode

    return encode(sources)
