"""Two equal pairs of numbers that changed places: from 5 to 7 for «من 7 إلى 5», a winner with the loser's goals.

The order of numbers is free in both languages. It is compared only where both texts say by a preposition which is
which, and where English, which writes the winner's goals first, says of a winner that he had fewer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from mt.quantities.text import Text
from mt.quantities.units import Quantity

_ROLES = {"from": "from", "من": "from", "to": "to", "الي": "to", "against": "against", "versus": "against",
          "vs": "against", "مقابل": "against"}  # fmt: skip
_BETWEEN = {"about", "around", "some", "nearly", "just", "only", "a", "the", "$", "€", "£", "نحو", "حوالي", "قرابة",
            "ال"}  # fmt: skip
_WON = re.compile(r"\b(?:beat|beats|beating|won|wins?|winning|victory)\b", re.IGNORECASE)
_LOST = re.compile(r"\b(?:lost|loses?|losing|loss|by|trail\w*|down|behind)\b", re.IGNORECASE)
_DASHES = {"-", "–", "‐", "‑"}
_NEAR = 80  # characters between a winner and the score


def role(text: Text, i: int) -> str:
    """What the preposition before the number at token `i` says of it: "from", "to", "against" or nothing."""
    j = i - 1
    while j > i - 4 and text.at(j).text in _BETWEEN:
        j -= 1
    return _ROLES.get(text.at(j).text, "")


def exchanged(source: Sequence[Quantity], target: Sequence[Quantity]) -> Iterator[tuple[Quantity, Quantity]]:
    """The quantities that stand on both sides but in each other's place."""
    ours, theirs = _once(source), _once(target)
    for one, two in (("from", "to"), ("against", "")):
        mine, its = _only(ours, one), _only(theirs, one)
        if mine is None or its is None or mine.value == its.value:
            continue
        second, first = ours.get(its.value), theirs.get(mine.value)
        if second and first and second.role == first.role == two:
            yield mine, first
            yield second, its


def _only(quantities: dict[Fraction, Quantity], role: str) -> Quantity | None:
    found = [q for q in quantities.values() if q.role == role]
    return found[0] if len(found) == 1 else None


def _once(quantities: Sequence[Quantity]) -> dict[Fraction, Quantity]:
    """The numbers whose value no other one has, by value."""
    counts = Counter(q.value for q in quantities)
    return {q.value: q for q in quantities if q.weight == "strong" and counts[q.value] == 1}


def turned(
    source: Sequence[Quantity], target: Sequence[Quantity], string: str, other: str
) -> Iterator[tuple[Quantity, Quantity]]:
    """The parts of a score of the English `other` that has a winner with fewer goals, and of the Arabic one."""
    won = {(a.value, b.value): (a, b) for a, b in _scores(source, string) if a.value > b.value}
    for a, b in _scores(target, other):
        before = other[max(0, a.span[0] - _NEAR) : a.span[0]]
        if (b.value, a.value) in won and _WON.search(before) and not _LOST.search(before):
            more, fewer = won[b.value, a.value]
            yield from ((more, b), (fewer, a))


def _scores(quantities: Sequence[Quantity], string: str) -> Iterator[tuple[Quantity, Quantity]]:
    for a, b in pairwise(quantities):
        if string[a.span[1] : b.span[0]].strip() in _DASHES and not (a.units or b.units) and a.kind == "number":
            yield a, b
