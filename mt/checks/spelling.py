"""Can an English word be the spelling of an Arabic name whose consonants it has?

The vowels of foreign names are written out in Arabic, so ميركل may be Merkel and Mirkel, but no Markle. A word is only
called wrong where it contradicts the known spellings too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mt.terms.skeleton import english_skeletons, unaccented

_ENGLISH = re.compile("([aeiouywh'’]*)(shch|sch|tch|sh|ch|kh|gh|th|ph|dh|ck|zh|dj|tz|ts|[bcdfgjklmnpqrstvxz]|$)")
_ARABIC = re.compile("([اويىهعحءئؤ]*)(تش|كس|[بتثجخدذرزسشصضطظغفقكلمن]|$)")
_TWICE = re.compile(r"(.)\1")
_VOWELS = str.maketrans("yw", "iu", "h'’")
_IMPOSSIBLE = {"ي": set("aou"), "و": set("aei"), "ا": set("i")}  # what a long vowel, alone, is never spelled with
_LIPS = {"b", "p"}  # ب is both, but of one name only one


class _Slot(NamedTuple):
    """A consonant, and the vowels before it."""

    vowels: str
    consonant: str


def misspelled(name: str, word: str, known: Iterable[str]) -> bool:
    """Whether the word contradicts the Arabic name and every known spelling of its consonants; False if in doubt."""
    arabic, english = _slots(_ARABIC, name), _slots(_ENGLISH, _plain(word))
    alike = (spelling for spelling in known if english_skeletons(spelling) & english_skeletons(word))
    spellings = [slots for spelling in alike if len(slots := _slots(_ENGLISH, _plain(spelling))) == len(english)]
    if len(arabic) != len(english) or not spellings:
        return False
    return any(
        _contradicts(arabic[i], slot, [spelling[i] for spelling in spellings], first=i == 0)
        for i, slot in enumerate(english)
    )


def _contradicts(arabic: _Slot, english: _Slot, known: Sequence[_Slot], *, first: bool) -> bool:
    if english.consonant in _LIPS and all(slot.consonant in _LIPS - {english.consonant} for slot in known):
        return True
    vowels = set(english.vowels)
    if first or not vowels:  # a name may begin with a vowel that is not written
        return False
    impossible = vowels <= _IMPOSSIBLE.get(arabic.vowels, set())
    return impossible and all(vowels.isdisjoint(slot.vowels) for slot in known)


def _plain(word: str) -> str:
    return _TWICE.sub(r"\1", unaccented(word).lower().replace("-", ""))


def _slots(pattern: re.Pattern[str], word: str) -> list[_Slot]:
    return [_Slot(found[1].translate(_VOWELS), found[2]) for found in pattern.finditer(word) if found[2]]
