"""An English text as names are looked for in it: by their forms, and by their consonants."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

from mt.document import Span
from mt.terms.match import PEOPLE, Entry, fold
from mt.terms.skeleton import arabic_skeletons, english_skeletons, unaccented

SPELLED = {"city", "place", "capital", "people", *PEOPLE}  # their English is the Arabic in other letters, or may be
WORD = re.compile(r"[^\W\d_]+(?:['’ʿʾ`´][^\W\d_]+)*")
POSSESSIVE = re.compile(r"['’]s$|s['’]$")
_ENDING = r"(?:['’]?s|es|['’]|n|an|ns|ans|ian|ians)?"
_APOSTROPHES = str.maketrans("‘’ʿʾ`´-‑–", "''''''   ")


class Word(NamedTuple):
    """A capitalized word, where it stands, and its consonants."""

    text: str
    span: Span
    skeletons: frozenset[str]


class Target:
    """An English text as names are looked for in it."""

    def __init__(self, text: str) -> None:
        self.text, self.plain = text, plain(text)

    @cached_property
    def capitalized(self) -> list[Word]:
        return [
            Word(found.group(), found.span(), english_skeletons(POSSESSIVE.sub("", found.group())))
            for found in WORD.finditer(self.text)
            if found.group()[0].isupper()
        ]

    @cached_property
    def skeletons(self) -> set[str]:
        """Of each capitalized word, and of each two in a row (Abdul Rahman)."""
        single = {skeleton for word in self.capitalized for skeleton in word.skeletons}
        pairs = pairwise(self.capitalized)
        return single | {a + b for left, right in pairs for a in left.skeletons for b in right.skeletons}

    def count(self, forms: Sequence[str]) -> int:
        """How often any of the forms stands in the text."""
        pattern = _pattern(tuple(forms))
        return len(pattern.findall(self.plain)) if pattern else 0


def sounds(entry: Entry, target: Target) -> bool:
    """Whether the target has the name's consonants: of a person one word of it, of a place all words."""
    if entry.kind not in SPELLED:
        return False
    heard = [arabic_skeletons(word) for word in fold(entry.source).split() if len(word) > 2]
    wanted = [stem | _joined(heard[i : i + 2]) for i, stem in enumerate(heard)]
    found = [any(skeleton and skeleton in target.skeletons for skeleton in stem) for stem in wanted]
    return any(found) if entry.kind in PEOPLE else bool(found) and all(found)


def words_of(entry: Entry) -> list[str]:
    """The words of a name, folded, without the article and what is too short to tell anything."""
    return [word.removeprefix("ال") for word in fold(entry.source).split() if len(word) > 2]


def _joined(heard: Sequence[frozenset[str]]) -> set[str]:
    return {a + b for a in heard[0] for b in heard[1]} if len(heard) == 2 else set()


@lru_cache(maxsize=1 << 11)
def _pattern(forms: tuple[str, ...]) -> re.Pattern[str] | None:
    """Finds any of the forms as whole words, possessive or plural too; US and IT only in capitals."""
    alternatives = []
    for form in sorted({plain(form.removeprefix("the ")) for form in forms}, key=len, reverse=True):
        shouted = form.isupper() and len(form.replace(".", "")) <= 5
        people = rf"|{re.escape(form[:-1])}i?ans?" if form[-1:] in ("a", "o", "e", "y") else ""  # Floridians
        alternatives.append(re.escape(form) if shouted else f"(?i:{re.escape(form)}{people})")
    return re.compile(rf"(?<!\w)(?:{'|'.join(alternatives)}){_ENDING}(?!\w)") if alternatives else None


@lru_cache(maxsize=256)
def plain(text: str) -> str:
    """The text without accents, hyphens and HTML entities, with one kind of apostrophe."""
    return " ".join(unaccented(html.unescape(text)).translate(_APOSTROPHES).split())
