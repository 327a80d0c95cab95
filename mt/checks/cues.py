"""Words that tell something, found in an Arabic or an English text with their places."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mt.document import Span

# Not spoken, or not there to the eye: vowel signs, superscript alef, tatweel, direction marks.
_UNSPOKEN = frozenset("\u0640\u0670\u200c\u200d\u200e\u200f\u061c") | {chr(code) for code in range(0x064B, 0x0653)}
_MOST_PAIRS = 10_000
_NEAR = 60

NOUN = r"[وف]?[بكل]?(?:ال|لل?)?"  # what may stand before a noun
_FOLDED = str.maketrans("أإآٱىیک", "ااااييك")
_APOSTROPHES = str.maketrans("’ʼ‘", "'''")
_PIECE = re.compile(r"&(?:#\w{1,7}|[a-zA-Z]{2,8});|.", re.DOTALL)  # an HTML entity, or a character


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as patterns read it; `places[i]` is where its i-th character stands in the text as written."""

    text: str
    places: Sequence[int]
    written: str

    def find(self, pattern: re.Pattern[str]) -> list[Span]:
        """Where the pattern matches, in the text as written."""
        return [self.span(found) for found in pattern.finditer(self.text)]

    def quote(self, span: Span) -> str:
        return self.written[slice(*span)]

    def span(self, found: re.Match[str]) -> Span:
        """With the vowel signs of its last letter."""
        end = found.end()
        return self.places[found.start()], self.places[end] if end < len(self.places) else len(self.written)


def fold_arabic(text: str) -> Folded:
    """The text in plain letters without vowel signs, with one alef for all (إلا and ألا are one) and ي for ى."""
    letters = [(letter, i) for i, character in enumerate(text) for letter in _letters(character)]
    return Folded("".join(letter for letter, _ in letters).translate(_FOLDED), [i for _, i in letters], text)


def _letters(character: str) -> str:
    if character in _UNSPOKEN:
        return ""
    return unicodedata.normalize("NFKC", character) if "\ufb50" <= character <= "\ufefc" else character  # ﻻ is لا


def fold_english(text: str) -> Folded:
    """The text with one kind of apostrophe, HTML entities as what they stand for; patterns are to ignore case.

    Some systems answer in HTML (`won&#39;t`), and their translations are stored so.
    """
    if "&" not in text:
        return Folded(text.translate(_APOSTROPHES), range(len(text)), text)
    letters = [(letter, place) for found in _PIECE.finditer(text) for letter, place in _unescaped(found)]
    return Folded("".join(letter for letter, _ in letters).translate(_APOSTROPHES), [i for _, i in letters], text)


def _unescaped(piece: re.Match[str]) -> Iterator[tuple[str, int]]:
    written, read = piece.group(), html.unescape(piece.group())
    return ((letter, piece.start() + (i if read == written else 0)) for i, letter in enumerate(read))


def arabic(words: str, *phrases: str, clitics: str = r"[وف]?") -> re.Pattern[str]:
    """Any of the words (folded, between spaces) or phrases (patterns), alone or behind clitics.

    `*` is any ending; `~` before a verb is what begins a present tense: ~رفض* for رفض، يرفض، ترفضها.
    """
    patterns = [word.replace("*", r"\w*").replace("~", "[اينت]?") for word in words.split()]
    return re.compile(rf"\b{clitics}(?:{'|'.join([*phrases, *patterns])})\b")


def english(words: str, *phrases: str) -> re.Pattern[str]:
    """Any of the words (between spaces; `*` is any ending) or phrases (patterns), whatever their case."""
    patterns = [word.replace("*", r"\w*") for word in words.split()]
    return re.compile(rf"\b(?:{'|'.join([*phrases, *patterns])})\b", re.IGNORECASE)


def outside(spans: list[Span], others: list[Span]) -> list[Span]:
    """The spans that share nothing with the others; linear time."""
    taken = bytearray(max((end for _, end in (*spans, *others)), default=0))
    for start, end in others:
        taken[start:end] = b"\x01" * (end - start)
    return [(start, end) for start, end in spans if not any(taken[start:end])]


def unpaired(text: Folded, cues: list[Span], other: Folded, others: list[Span], reach: float) -> Span | None:
    """The first cue for which the other text has none left within reach; each takes the nearest.

    `reach` is a share of the text; in short ones words move further, so that 40 characters are always within reach.
    """
    if len(cues) * len(others) > _MOST_PAIRS:  # no segment has as many
        return None
    reach = max(reach, _NEAR / max(len(text.written), len(other.written)))
    left = [_middle(span, other) for span in others]
    for cue in cues:
        here = _middle(cue, text)
        nearest = min(left, key=lambda place: abs(place - here), default=None)
        if nearest is None or abs(nearest - here) > reach:
            return cue
        left.remove(nearest)
    return None


def _middle(span: Span, text: Folded) -> float:
    return (span[0] + span[1]) / 2 / len(text.written)
