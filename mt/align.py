"""Which sentences of two texts belong together, when one is a translation of the other.

The frame is Gale and Church's (1993): sentences correspond in order, one to one, one to two, two to one, or to nothing
on the other side, and the cheapest way through all of them is the alignment. What a pair costs is not a matter of
lengths alone, but of how little the vectors of the two resemble each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mt.errors import InputTooLong
from mt.vectors import encode

Values = NDArray[np.float32]

# A pair costs 1 - cosine for each of its sentences: about 0.2 for a translation, 0.9 for two that share nothing.
_ALONE = 0.36  # of a sentence without counterpart
_MERGED = 0.2  # of a pair of two and one, on top: the simple reading wins where both would do
_LENGTH = 0.2  # for each factor e by which the lengths differ from what is usual
_USUAL = 1.17  # characters of English for one of Arabic

_MOST = 250_000  # pairs of sentences that are compared, 500 with 500: a second


@dataclass(frozen=True, slots=True)
class Bead:
    """Sentences that belong together, by their places in the two texts; one side may be empty."""

    source: range
    target: range


def align(source: Sequence[str], target: Sequence[str]) -> list[Bead]:
    """The beads in order, each 1–1, 1–0, 0–1, 1–2 or 2–1; every sentence is in exactly one.

    Raises:
        InputTooLong: there are more sentences than can be compared.
    """
    n, m = len(source), len(target)
    if n * m > _MOST:
        raise InputTooLong(
            f"a paragraph of {n} sentences cannot be aligned with one of {m}: at most {_MOST:,} pairs are compared. "
            "Put blank lines between paragraphs, or compare line by line."
        )
    costs = _costs(source, target)
    best = np.full((n + 1, m + 1), np.inf)
    best[0, 0] = 0.0
    steps: dict[tuple[int, int], tuple[int, int]] = {}
    for i in range(n + 1):
        for j in range(m + 1):
            for (a, b), cost in costs.items():
                if a <= i and b <= j and (total := best[i - a, j - b] + cost[i - a, j - b]) < best[i, j]:
                    best[i, j], steps[i, j] = total, (a, b)
    return list(_path(steps, n, m))[::-1]


def _costs(source: Sequence[str], target: Sequence[str]) -> dict[tuple[int, int], Values]:
    """For each kind of bead, what it costs to begin one at sentence i of the source and j of the target."""
    n, m = len(source), len(target)
    ours, theirs = encode(source), encode(target)
    sizes = np.array([len(text) for text in source], np.float32), np.array([len(text) for text in target], np.float32)
    our_pairs, their_pairs = _pairs(ours, sizes[0]), _pairs(theirs, sizes[1])
    alone = np.full((n + 1, m + 1), _ALONE, dtype=np.float32)
    return {
        (1, 1): 2 * _strangeness((ours, sizes[0]), (theirs, sizes[1])),
        (1, 0): alone,
        (0, 1): alone,
        (1, 2): 3 * _strangeness((ours, sizes[0]), their_pairs) + _MERGED,
        (2, 1): 3 * _strangeness(our_pairs, (theirs, sizes[1])) + _MERGED,
    }


def _pairs(vectors: Values, sizes: Values) -> tuple[Values, Values]:
    """Vectors and sizes of each two neighbors taken as one text."""
    joined: Values = vectors[:-1] * sizes[:-1, None] + vectors[1:] * sizes[1:, None]
    norms = np.linalg.norm(joined, axis=1, keepdims=True)
    np.divide(joined, norms, out=joined, where=norms > 0)
    return joined, np.add(sizes[:-1], sizes[1:])


def _strangeness(ours: tuple[Values, Values], theirs: tuple[Values, Values]) -> Values:
    """How little each text of ours is like each of theirs, shape (ours, theirs): 1 - cosine, and more for lengths."""
    ratio = np.log((theirs[1][None, :] + 1) / (ours[1][:, None] + 1) / _USUAL)
    strangeness: Values = (1 - ours[0] @ theirs[0].T + _LENGTH * np.abs(ratio)) / 2
    return strangeness


def _path(steps: dict[tuple[int, int], tuple[int, int]], i: int, j: int) -> Iterator[Bead]:
    """The beads from the end to the beginning."""
    while i or j:
        a, b = steps[i, j]
        yield Bead(range(i - a, i), range(j - b, j))
        i, j = i - a, j - b
