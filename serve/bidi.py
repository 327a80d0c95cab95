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
_DIRECTIONS = {"R": "R", "AL": "R", "L": "L", "EN": "N", "AN": "N"}


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
    pieces: list[str] = []
    i = len(drawn)
    while i:
        start = _run_start(drawn, kinds, i)
        if start < i:
            pieces += drawn[start:i]
            i = start
        else:
            i -= 1
            pieces.append(drawn[i].translate(MIRRORED) if kinds[i] == "O" else drawn[i])
    return "".join(pieces)


def _run_start(drawn: Sequence[str], kinds: Sequence[str], end: int) -> int:
    """Where the left-to-right run starts whose last piece is `end - 1`; `end` itself if there is none."""
    if kinds[end - 1] not in "LN":
        return end
    start, i = end, end - 1
    latin = False
    while i >= 0 and kinds[i] != "R":
        if kinds[i] == "L":
            start, latin = i, True
        elif kinds[i] == "N" and not latin and start - i <= 2:
            if start == i + 2 and drawn[i + 1] not in _SEPARATORS:
                break
            start = i
        i -= 1
    return start if latin or start < end else end


def _direction(piece: str) -> str:
    """R, L, N (a number), or O: no direction of its own."""
    kinds = {_DIRECTIONS.get(unicodedata.bidirectional(character), "O") for character in piece}
    return next((kind for kind in "RLN" if kind in kinds), "O")


def mend_brackets(text: str) -> str:
    """The text with the brackets of a kind turned where each one closes before it opens.

    A font draws the mirrored bracket, and some say of it what was written, others what it looks like.
    """
    for opening, closing in _PAIRS:
        found = re.findall(f"[{re.escape(opening + closing)}]", text)
        if found and "".join(found) == (closing + opening) * (len(found) // 2):
            text = text.translate(str.maketrans(opening + closing, closing + opening))
    return text
