"""Where the entries of a list of names stand in an Arabic text, through clitics and spelling variants.

A text is looked at word by word: each beginning of a word, with or without its clitics, is looked up in a dictionary
together with the words after it, longest first. An automaton does the same in one pass, but takes 1.4 s to build for
120,000 keys (`ahocorasick-rs`, on the machine where this takes 0.1 s); articles are short, so loading is what counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Generic, Literal, NamedTuple, TypeVar

from mt.document import Span
from mt.normalize import normalize

Kind = Literal[
    "country", "nationality", "capital", "place", "organisation", "city", "person", "name", "language", "currency",
    "people", "term",
]  # fmt: skip
Origin = Literal["glossary", "ledger", "gazetteer"]

MOST_WORDS = 8  # of a key; longer ones are sentences of a translation memory
_SHORTEST_STEM = 3  # letters of a key after a clitic
_SHORTEST_GUESS = 4  # the same, of a kind that was collected by machine
PEOPLE = {"person", "name"}
_COLLECTED = {"city", "person", "name", "language", "currency"}

_MARKS = "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\xad"
_WORD = re.compile(rf"[^\W_{_MARKS}][\w{_MARKS}]*")
_WITHIN = re.compile(r"[\s\"'«»“”‘’‹›\-‐‑–ـ]*")  # what may stand between two words of one name
_LETTERS = str.maketrans("أإآٱةکیگڤپچ", "ااااهكيكفبج")
_CLITICS = ("", "و", "ف", "ب", "ك", "ل", "وب", "وك", "ول", "فب", "فك", "فل")
_LAM_LAM = re.compile("[وف]?لل")  # ل + ال, written without the alef


@dataclass(frozen=True, slots=True)
class Entry:
    """What something is called in English: the usual form first; `related` says what else may stand for it.

    Egypt is related to Cairo and to Egyptian: a translation may say one for the other.
    """

    source: str
    targets: tuple[str, ...]
    kind: Kind
    origin: Origin = "gazetteer"
    related: tuple[str, ...] = ()
    prompted: bool = True  # is the first form clearly the usual one?
    checked: bool = True  # does a translation nearly always have one of the forms?
    guessed: bool = False  # a name only beside another: on its own it may be a word that no list has
    required: bool = False  # of a glossary: no other form will do
    forbidden: tuple[str, ...] = ()  # of a glossary: forms that must not be used


@dataclass(frozen=True, slots=True)
class Match:
    """An entry and where it stands: `text[span[0]:span[1]]`, without clitics; `surface` has the alef of لل again."""

    span: Span
    surface: str
    entry: Entry


class Word(NamedTuple):
    """A word of a text as it is looked up, and where it stands."""

    key: str
    start: int
    end: int


Value = TypeVar("Value")


class Matcher(Generic[Value]):
    """Finds the keys of a dictionary in a text; `entry` makes the entry of a key and its value once it is found."""

    def __init__(self, values: dict[str, Value], entry: Callable[[str, Value], Entry]) -> None:
        self.values, self.entry = values, lru_cache(maxsize=4096)(entry)
        self.longest: dict[str, int] = {}  # how many words the longest key has that begins with this one
        for key in values:
            first, words = key.partition(" ")[0], key.count(" ") + 1
            if words > self.longest.get(first, 0):
                self.longest[first] = words

    def get(self, key: str) -> Entry | None:
        """The entry of a folded key."""
        return self.entry(key, self.values[key]) if key in self.values else None

    def candidates(self, text: str) -> Iterator[Match]:
        """Every match, overlapping ones too."""
        words = [Word(fold(found.group()), *found.span()) for found in _WORD.finditer(text)]
        for i, word in enumerate(words):
            for stem, cut in stems(word.key):
                for last in range(i + self.longest.get(stem, 0) - 1, i - 1, -1):
                    if last < len(words) and (found := self._match(text, words[i : last + 1], stem, cut)):
                        yield found

    def _match(self, text: str, words: Sequence[Word], stem: str, cut: int) -> Match | None:
        key = " ".join([stem, *(word.key for word in words[1:])])
        entry = self.get(key)
        if entry is None or not _hangs_together(text, words):
            return None
        if cut and len(key) < (_SHORTEST_GUESS if entry.kind in _COLLECTED else _SHORTEST_STEM):
            return None
        if cut and entry.guessed and words[0].key[:cut] != "و":
            return None
        start, end = _offset(text, words[0], cut), words[-1].end
        restored = "ا" if len(stem) + cut > len(words[0].key) else ""
        return Match((start, end), restored + text[start:end], entry)


def longest(candidates: Iterable[Match]) -> list[Match]:
    """The matches that do not overlap, in order: a glossary before a ledger before the gazetteer, then by length."""
    order = ("glossary", "ledger", "gazetteer")
    ranked = sorted(candidates, key=lambda match: (order.index(match.entry.origin), match.span[0] - match.span[1]))
    covered = bytearray(max((match.span[1] for match in ranked), default=0))
    taken: list[Match] = []
    for match in ranked:
        start, end = match.span
        if not any(covered[start:end]):
            covered[start:end] = b"1" * (end - start)
            taken.append(match)
    taken.sort(key=lambda match: match.span)
    return [match for i, match in enumerate(taken) if not match.entry.guessed or _has_company(i, taken)]


def _has_company(i: int, matches: Sequence[Match]) -> bool:
    """Whether the name stands beside another name."""
    (start, end), around = matches[i].span, (*matches[max(0, i - 1) : i], *matches[i + 1 : i + 2])
    return any(
        near.entry.kind in PEOPLE and (0 <= start - near.span[1] <= 1 or 0 <= near.span[0] - end <= 1)
        for near in around
    )


@lru_cache(maxsize=1 << 16)
def fold(text: str) -> str:
    """A key as it is looked up: no diacritics and tatweel, one alef, ه for ة; ى and ي stay apart (على is not علي)."""
    return " ".join(_WORD.findall(normalize(text))).translate(_LETTERS).lower()


def spellings(key: str) -> tuple[str, ...]:
    """A folded key, and the key with the other of ى and ي at its end; not of short ones (علي, على)."""
    if len(key) < _SHORTEST_GUESS or key[-1] not in "ىي":
        return (key,)
    return key, key[:-1] + ("ي" if key[-1] == "ى" else "ى")


@lru_cache(maxsize=1 << 14)
def stems(word: str) -> tuple[tuple[str, int], ...]:
    """What a folded word may be without its clitics, and how many letters they are."""
    found = [(word[len(c) :], len(c)) for c in _CLITICS if word.startswith(c) and (not c or len(word) - len(c) >= 2)]
    if lam := _LAM_LAM.match(word):
        found.append(("ال" + word[lam.end() :], lam.end() - 1))
    return tuple(found)


def _hangs_together(text: str, words: Sequence[Word]) -> bool:
    return all(_WITHIN.fullmatch(text, left.end, right.start) for left, right in pairwise(words))


def _offset(text: str, word: Word, cut: int) -> int:
    """Where a word begins without its first `cut` letters; diacritics on these go with them."""
    offset = word.start
    while cut and offset < word.end and len(fold(text[word.start : offset])) < cut:
        offset += 1
    while cut and offset < word.end and not fold(text[offset]):
        offset += 1
    return offset
