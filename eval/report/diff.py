"""Where two texts differ, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
_MOST_PAIRS = 1_000_000  # of words; matching takes time in their number, and longer texts no reader compares


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, and whether the other text lacks it."""

    text: str
    differs: bool = False


def differing(text: str, other: str) -> tuple[Piece, ...]:
    """The text in pieces, which joined give it back; those differ whose words `other` does not have there."""
    tokens = _TOKEN.findall(text)
    places = [place for place, token in enumerate(tokens) if not token.isspace()]
    words = [tokens[place] for place in places]
    kept = set(_kept(words, [token for token in _TOKEN.findall(other) if not token.isspace()]))
    marked = {place for number, place in enumerate(places) if number not in kept}
    # the space between two marked words is marked too, so that a phrase is one stretch
    marked |= {i for i, token in enumerate(tokens) if token.isspace() and {i - 1, i + 1} <= marked}
    runs = groupby(range(len(tokens)), key=marked.__contains__)
    return tuple(Piece("".join(tokens[i] for i in run), differs) for differs, run in runs)


def _kept(words: Sequence[str], others: Sequence[str]) -> Iterator[int]:
    """Indices of the words that both texts have in the same order; in very long ones, that both have at all."""
    if len(words) * len(others) > _MOST_PAIRS:
        known = set(others)
        yield from (number for number, word in enumerate(words) if word in known)
        return
    for block in SequenceMatcher(None, words, others, autojunk=False).get_matching_blocks():
        yield from range(block.a, block.a + block.size)
