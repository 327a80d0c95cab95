"""The terms that stand in a training prompt: what khulasa would offer, and what else the translation bears out.

A model that always sees them right would follow them blindly, one that always sees them could do nothing without. So
some are left out, and some stand there although the translation says it in another way.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random

from parallel import read_parallel

from mt.document import Span
from mt.normalize import normalize
from mt.terms import MOST_TERMS, load_terms
from mt.terms.match import Entry, fold, stems
from mt.terms.skeleton import arabic_skeletons, english_skeletons

Hint = tuple[str, str]  # what stands in the Arabic, and its English

# The share that is given of what the translation has: names that are known, names found by their consonants, words
KNOWN, HEARD, WORDS = 0.7, 0.5, 0.12
# ... and of known names that it has in another way or not at all: of states and bodies, of people and towns
UNSUPPORTED, UNSUPPORTED_COLLECTED = 0.5, 0.25
COLLECTED = {"city", "person", "name", "language", "currency"}

SHORTEST = 4  # letters of a word whose consonants are compared, or that is looked up
TELLING = 3  # consonants that must be the same
_WORD = re.compile("[\u0621-\u064a]+")
# Not those that begin a sentence, and without the possessive
_CAPITALIZED = re.compile(r"(?<=[\w,] )([A-Z][A-Za-z'’-]*?[A-Za-z])(?:['’]s?)?(?![A-Za-z'’-])")


class Hints:
    """Finds terms; the dictionary is of the parallel data, the names are those of the gazetteer."""

    def __init__(self, parallel: Path) -> None:
        self._terms = load_terms()
        self._dictionary: dict[str, list[str]] = defaultdict(list)
        for arabic, english in read_parallel(parallel, "dict_freedict"):
            if " " not in arabic and len(english) >= SHORTEST:
                self._dictionary[fold(arabic)].append(english.lower())

    def pick(self, arabic: str, english: str, rng: Random) -> list[Hint]:
        """Some terms of a pair, in any order, as many as a prompt may have at most; `arabic` is normalized."""
        shares = dict(self._found(arabic, english))  # each term once, as in a prompt of khulasa
        found = [hint for hint, share in shares.items() if rng.random() < share]
        rng.shuffle(found)
        return found[:MOST_TERMS]

    def _found(self, arabic: str, english: str) -> Iterator[tuple[Hint, float]]:
        """Every term with the share of such terms that is to be given."""
        matches = self._terms.find(arabic)
        said = set[str]()
        for match in matches:
            target, share = _known(match.entry, english)
            if target:
                said.update(target.split())
                yield (normalize(match.surface), target), share
        names = {name for name in _CAPITALIZED.findall(english) if len(name) >= SHORTEST and name not in said}
        for word in _others(arabic, [match.span for match in matches]):
            if heard := _heard(word, names):
                yield heard, HEARD
            elif target := self._translated(word, english):
                yield (word, target), WORDS

    def _translated(self, word: str, english: str) -> str:
        """What the dictionary says of a word, as it stands in the translation."""
        for stem in dict.fromkeys([fold(word), *(stem.removeprefix("ال") for stem, _ in stems(fold(word)))]):
            for target in self._dictionary.get(stem, ()):
                if stands := re.search(rf"\b{re.escape(target)}\b", english, re.IGNORECASE):
                    return stands.group()
        return ""


def _known(entry: Entry, english: str) -> tuple[str, float]:
    """What to say of an entry: the form that the translation has, or else its usual one; and how often."""
    forms = [form.removeprefix("the ") for form in entry.targets]
    if standing := [form for form in forms if re.search(rf"(?<![A-Za-z]){re.escape(form)}(?![A-Za-z])", english)]:
        return max(standing, key=len), KNOWN
    share = UNSUPPORTED_COLLECTED if entry.kind in COLLECTED else UNSUPPORTED
    return (forms[0], share) if entry.prompted else ("", 0)


def _others(arabic: str, taken: list[Span]) -> Iterator[str]:
    """The words that are long enough and in none of the spans."""
    for word in _WORD.finditer(arabic):
        if len(word.group()) >= SHORTEST and not any(word.start() < end and start < word.end() for start, end in taken):
            yield word.group()


def _heard(word: str, names: set[str]) -> Hint | None:
    """The word without its clitics, and the name that has the same consonants."""
    for stem, cut in stems(fold(word)):
        sounds = {sound for sound in arabic_skeletons(stem) if len(sound) >= TELLING}
        for name in sorted(names):
            if not sounds.isdisjoint(english_skeletons(name)):
                restored = "ا" if len(stem) + cut > len(word) else ""
                return restored + word[cut:], name
    return None
