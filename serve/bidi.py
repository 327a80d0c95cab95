"""From the order in which a right-to-left line is drawn to the order in which it is read.

The inverse of the Unicode bidirectional algorithm (UAX #9) for what stands in news text: letters, numbers, Latin
names and punctuation. It is an inverse by rule, since what was drawn does not say which embedding drew it: digits
left of a Latin word may have been written before or after it; here they belong to it ("A320", "COVID 19").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby

_SEPARATORS = frozenset(".,:/٫٬،\u00a0")  # one of them between two digits makes one number (UAX #9, W4)
_PAIRS = ("()", "[]", "{}", "«»", "‹›")
MIRRORED = str.maketrans("".join(_PAIRS), "".join(pair[::-1] for pair in _PAIRS))
_DIRECTIONS = {"R": "R", "AL": "R", "L": "L", "EN": "N", "AN": "A"}


def is_mark(text: str) -> bool:
    """Whether the text consists of vowel signs and the like, which stand on a letter."""
    return bool(text) and all(unicodedata.combining(character) for character in text)


def is_right_to_left(texts: Iterable[str]) -> bool:
    """Whether Arabic letters are at least a third of all letters: a Latin name does not turn the page."""
    kinds = [_direction(character) for text in texts for character in text]
    return 3 * kinds.count("R") > kinds.count("R") + kinds.count("L")


def logical(drawn: Sequence[str], rtl: bool = True) -> str:
    """The pieces of a line, drawn from left to right, as a text; the letters inside a piece are in order already."""
    if not rtl:
        runs = groupby(drawn, key=_direction)
        return "".join("".join(reversed(list(run)) if kind == "R" else run) for kind, run in runs)
    kinds = [_direction(piece) for piece in drawn]
    latin = _first_latin(kinds)
    pieces: list[str] = []
    end = len(drawn)
    while end:
        start = end - 1
        if kinds[start] in "LNA":
            start = _number_start(drawn, kinds, start) if latin[start] is None else latin[start] or 0
        turned = kinds[start] == "O"
        pieces += (piece.translate(MIRRORED) if turned else piece for piece in drawn[start:end])
        end = start
    return "".join(pieces)


def _first_latin(kinds: Sequence[str]) -> list[int | None]:
    """For each piece, the first Latin one from which nothing right-to-left separates it."""
    found: list[int | None] = []
    first: int | None = None
    for i, kind in enumerate(kinds):
        if kind in "RA":  # Arabic digits keep apart from Latin words, European ones do not (UAX #9, W7 and N1)
            first = None
        elif kind == "L" and first is None:
            first = i
        found.append(first)
    return found


def _number_start(drawn: Sequence[str], kinds: Sequence[str], last: int) -> int:
    """Where the number starts that ends at `last`."""
    start = last
    while start:
        if kinds[start - 1] in "NA":
            start -= 1
        elif start > 1 and kinds[start - 2] in "NA" and drawn[start - 1] in _SEPARATORS:
            start -= 2
        else:
            break
    return start


def _direction(piece: str) -> str:
    """R, L, N and A (European and Arabic digits), or O: no direction of its own."""
    kinds = {_DIRECTIONS.get(unicodedata.bidirectional(character), "O") for character in piece}
    return next((kind for kind in "RLAN" if kind in kinds), "O")


def mend_brackets(text: str) -> str:
    """The text with the brackets of a kind turned where each one closes before it opens.

    A font draws the mirrored bracket, and some say of it what was written, others what it looks like.
    """
    for pair in _PAIRS:
        opening, closing = pair[0], pair[1]
        found = re.findall(f"[{re.escape(opening + closing)}]", text)
        if found and "".join(found) == (closing + opening) * (len(found) // 2):
            text = text.translate(str.maketrans(opening + closing, closing + opening))
    return text
