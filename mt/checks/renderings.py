"""How a translation writes the names of its source: what a ledger of names is proposed from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from mt.checks.name_forms import POSSESSIVE, SPELLED, Target, Word, words_of
from mt.checks.names import groups
from mt.terms.match import PEOPLE, Entry, Match
from mt.terms.skeleton import arabic_skeletons

_NAMES = SPELLED - {"people"}
_BETWEEN = re.compile(r"[ \-‐‑]|,? (?:al|el|bin|ibn|bint|abu|de|del|van|von|der|da|dos)[ \-]", re.IGNORECASE)


class Rendering(NamedTuple):
    """An Arabic name, without clitics, and what the translation calls it."""

    source: str
    target: str


def renderings(source: str, target: str, matches: Sequence[Match]) -> Iterator[Rendering]:
    """Each name of a segment that the translation writes out in full; those of the user's own lists are left out."""
    english = Target(target)
    names = [match for match in matches if match.entry.kind in _NAMES and match.entry.targets]
    for group in groups(source, names):
        if all(match.entry.origin == "gazetteer" for match in group):
            written = _known(group[0].entry, english) if len(group) == 1 else None
            if found := written or _heard(group, english):
                yield Rendering(" ".join(match.surface for match in group), found)


def _known(entry: Entry, target: Target) -> str | None:
    """The longest of the forms of an entry that stands in the target; of a person none that is the surname alone."""
    words = len(words_of(entry)) if entry.kind in PEOPLE else 1
    forms = (form for form in sorted(entry.targets, key=len, reverse=True) if len(form.split()) >= words)
    return next((form for form in forms if target.count((form,))), None)


def _heard(group: Sequence[Match], target: Target) -> str | None:
    """The words of the target that sound like those of a person's name, if it has as many, side by side."""
    if any(match.entry.kind not in PEOPLE for match in group):
        return None
    wanted = [arabic_skeletons(word) for match in group for word in words_of(match.entry)]
    if not wanted:
        return None
    for run in _runs(target):
        own = [i for i, word in enumerate(run) if any(not word.skeletons.isdisjoint(heard) for heard in wanted)]
        if len(own) >= len(wanted):
            start, end = run[own[0]].span[0], run[own[-1]].span[1]
            return POSSESSIVE.sub("", target.text[start:end])
    return None


def _runs(target: Target) -> Iterator[list[Word]]:
    """The capitalized words of a target, those together between which nothing but a particle of names stands."""
    run = target.capitalized[:1]
    for left, right in pairwise(target.capitalized):
        if _BETWEEN.fullmatch(target.text, left.span[1], right.span[0]):
            run.append(right)
        else:
            yield run
            run = [right]
    if run:
        yield run
