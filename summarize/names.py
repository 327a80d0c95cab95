"""The names in an English sentence: its capitalized words, and what else they may be called.

A capital letter marks a name, except where a sentence, a quotation or a clause after a colon begins: there a word
that is common in lower case is no name. No list of names is needed, so a new one is never missed.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Set
from pathlib import Path
from typing import NamedTuple

_WORD = re.compile(r"\b(?:[^\W\d_]\.)+[^\W\d_]\b\.?|[^\W_]+(?:['’][^\W\d_]+)*")  # U.S., Obama, isn't, G20
_OPENS = re.compile(r"(?:^|[.:;?!…•–—]|\s[-*]|[\"“'‘])[\s\"“'‘(\[*-]*\Z")
_JOINS = re.compile(r"[\s&-]*(?:(?:of|the|for|and|de|al) *){0,2}\Z")
_LOOK_BACK = 20

_ENDINGS = ("s", "es", "n", "an", "ian", "ean", "ish", "ese", "i", "a", "e", "o", "y", "ia", "ern", "ity", "ic")
_INFLECTIONS = ("s", "es", "ed", "d", "ing", "ly", "er", "ers")
_SHORTEST_STEM = 4
_LONGEST_ACRONYM = 6

# Where the adjective and the country share too little, or an acronym is not made of the other's initials.
_ALIASES = {
    "US": "america", "USA": "america", "UK": "britain", "british": "britain", "briton": "britain",
    "french": "france", "spanish": "spain", "danish": "denmark", "dane": "denmark", "dutch": "netherlands",
    "greek": "greece", "swiss": "switzerland", "turkish": "turkey", "turk": "turkey", "polish": "poland",
    "irish": "ireland", "scottish": "scotland", "scot": "scotland", "welsh": "wales", "swedish": "sweden",
    "finnish": "finland", "norwegian": "norway", "lebanese": "lebanon", "afghan": "afghanistan",
    "thai": "thailand", "filipino": "philippine", "UAE": "emirat", "IS": "ISIS", "ISIL": "ISIS",
}  # fmt: skip

_SAYING = frozenset(
    [
        "said", "says", "say", "told", "tells", "added", "adds", "asked", "asks", "argued", "argues", "wrote", "writes",
        "claimed", "claims", "alleged", "alleges", "insisted", "insists", "noted", "notes", "explained", "explains",
        "warned", "warns", "announced", "announces", "believes", "denied", "denies", "testified",
    ]
)  # fmt: skip


class Place(NamedTuple):
    """The words before and after a name or a number, in lower case; "" where there is none."""

    before: str
    after: str

    def resembles(self, other: Place) -> bool:
        """Whether the same word stands before both, or after both."""
        return self.before == other.before != "" or self.after == other.after != ""

    @property
    def speaks(self) -> bool:
        """Whether a verb of saying stands before or after: "said Powell", "Powell warned"."""
        return not _SAYING.isdisjoint(self)


class Name(NamedTuple):
    """A capitalized word as it stands, and the keys of which a text must offer one to have it."""

    surface: str
    keys: frozenset[str]
    place: Place  # of the whole name


class _Word(NamedTuple):
    number: int
    text: str  # without possessive ending and dots
    lower: str
    capital: bool
    acronym: bool
    opens: bool  # at the start of a sentence, a quotation, a clause
    joins: bool  # nothing but "of the" and the like between it and the word before


def names(text: str, lowercase: Set[str] = frozenset()) -> list[Name]:
    """The names in `text`; a word that opens a sentence is none if it is common or stands in `lowercase`."""
    words = list(_words(text.strip()))
    headline = _is_headline(words)
    found = []
    for run in _runs(words):
        first, last = run[0].number, run[-1].number
        place = Place(
            words[first - 1].lower if first else "",
            words[last + 1].lower if last + 1 < len(words) else "",
        )
        for at, word in enumerate(run):
            common = (word.opens or headline) and _is_common(word, lowercase)
            if len(word.text) > 1 and not common:
                found.append(Name(word.text, frozenset(_wanted(run, at)), place))
    return found


def _wanted(run: list[_Word], at: int) -> set[str]:
    """The keys of word number `at` of a name; beside other capitals it may be a title, in lower case elsewhere."""
    word = run[at]
    keys = _keys(word) | _initials(run, "short:", at)
    if word.acronym:
        keys.add("long:" + word.text)
    if len(run) > 1:
        keys.add("lower:" + word.lower)
    return keys


def offered(text: str) -> frozenset[str]:
    """The keys that `text` offers to the names of another: its words, acronyms, and the initials of its names."""
    words = list(_words(text))
    keys = {key for word in words if word.capital for key in _keys(word)}
    keys |= {"lower:" + word.lower for word in words}
    keys |= {"short:" + word.text for word in words if word.acronym}
    for run in _runs(words):
        keys |= _initials(run, "long:")
    aliases = {alias for acronym, alias in _ALIASES.items() if "long:" + acronym in keys}
    return frozenset(keys | aliases)


def lowercase_words(text: str) -> frozenset[str]:
    """The words that `text` writes without a capital, and what is left of them without an ending."""
    return frozenset(s for word in _words(text) if not word.capital for s in _stems(word.lower, _INFLECTIONS))


def _words(text: str) -> Iterator[_Word]:
    end = 0
    for number, match in enumerate(_WORD.finditer(text)):
        before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
        opens = bool(_OPENS.search(before))
        joins = end > 0 and bool(_JOINS.match(text, end, match.start()))
        bare = re.sub(r"['’]s?\Z", "", match.group().replace(".", ""))
        acronym = bare.isupper() and len(bare) > 1
        yield _Word(number, bare, _folded(bare), bare[:1].isupper(), acronym, opens, joins)
        if bare[:1].isupper():
            end = match.end()


def _runs(words: list[_Word]) -> list[list[_Word]]:
    """The capitalized words, those that make one name together."""
    runs: list[list[_Word]] = []
    for word in words:
        if word.capital and word.joins and runs:
            runs[-1].append(word)
        elif word.capital:
            runs.append([word])
    return runs


def _keys(word: _Word) -> set[str]:
    """Short acronyms stay in capitals: the US is not us."""
    if word.acronym and len(word.text) < _SHORTEST_STEM:
        stems = {word.text}
    else:
        stems = _stems(word.lower, _ENDINGS) | ({word.text} if word.acronym else set())
    return stems | {_ALIASES[stem] for stem in stems if stem in _ALIASES}


def _initials(run: list[_Word], prefix: str, at: int | None = None) -> set[str]:
    """The acronyms that stretches of a name, those with its word number `at`, may be shortened to."""
    if at is not None:  # no acronym reaches further
        start = max(0, at - _LONGEST_ACRONYM + 1)
        run, at = run[start : at + _LONGEST_ACRONYM], at - start
    letters = "".join(word.text[:1] for word in run)
    return {
        prefix + letters[start:end]
        for start in range(len(run))
        for end in range(start + 2, min(len(run), start + _LONGEST_ACRONYM) + 1)
        if at is None or start <= at < end
    }


def _is_headline(words: list[_Word]) -> bool:
    """Whether capitals mean nothing, because most words have one."""
    long = [word.capital for word in words if len(word.text) >= _SHORTEST_STEM]
    return len(long) >= 5 and sum(long) > 0.8 * len(long)


def _is_common(word: _Word, lowercase: Set[str]) -> bool:
    """Whether it is written in lower case elsewhere; US is not us, but NEW may be new."""
    if word.acronym and len(word.text) == 2:
        return False
    stems = _stems(re.split("['’]", word.lower)[0], _INFLECTIONS)
    return not (stems.isdisjoint(lowercase) and stems.isdisjoint(_common_words()))


def _stems(word: str, endings: tuple[str, ...]) -> set[str]:
    """The word, and what is left of it without each ending it has."""
    return {word} | {
        word.removesuffix(ending)
        for ending in endings
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM
    }


def _folded(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


@functools.cache
def _common_words() -> frozenset[str]:
    """Words that news writes in lower case, without those that are one of them with an ending.

    Counted on CNN stories by `benchmarks/grounding.py --words`.
    """
    return frozenset(Path(__file__).with_name("words.txt").read_text(encoding="utf-8").split())
