"""Do the names and terms of the source stand in the target, and one name in one spelling?

Severity follows from what is known: an error for the names that were written by hand (countries, organisations,
places) and for what a glossary requires, a warning for those that were collected or are spelled by ear.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

from mt.document import Flag, Severity, Span
from mt.terms.match import PEOPLE, Entry, Match, fold, stems
from mt.terms.skeleton import arabic_skeletons, distance, english_skeletons, unaccented

_NAMED = "The source names {}; the translation does not."
_SAID = "The source says {}; the translation does not."
_NEAR = "The source names {}; the translation has “{}”. Go by the source."
_REQUIRED = "The glossary requires “{}” here; the translation does not have it."
_PREFERRED = "The glossary prefers “{}” here; the translation does not have it."
_FORBIDDEN = "The glossary forbids “{}”; the translation has it."
_LEDGER = "The ledger writes {}; the translation writes “{}”."
_TWO_SPELLINGS = "{} and {}, in this article, are two spellings of one name."

_SPELLED = {"city", "place", "capital", "people", *PEOPLE}  # their English is the Arabic in other letters, or may be
_SURE = {"country", "nationality", "capital", "place", "organisation", "people"}
_TELLING = 3  # consonants from which on a near miss or another spelling is believed
_WORD = re.compile(r"[^\W\d_]+(?:['’ʿʾ`´][^\W\d_]+)*")
_POSSESSIVE = re.compile(r"['’]s$|s['’]$")
_ENDING = r"(?:['’]?s|es|['’]|n|an|ns|ans|ian|ians)?"
_APOSTROPHES = str.maketrans("‘’ʿʾ`´-‑–", "''''''   ")


class _Word(NamedTuple):
    text: str
    span: Span
    skeletons: frozenset[str]


class _Target:
    """An English text as names are looked for in it."""

    def __init__(self, text: str) -> None:
        self.text, self.plain = text, _plain(text)

    @cached_property
    def capitalized(self) -> list[_Word]:
        return [
            _Word(found.group(), found.span(), english_skeletons(_POSSESSIVE.sub("", found.group())))
            for found in _WORD.finditer(self.text)
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


def check(source: str, target: str, matches: Sequence[Match]) -> Iterator[Flag]:
    """Flags where a name of the source has vanished or is another one, and where the user's terms are not kept."""
    if not target.strip():
        return
    english = _Target(target)
    for match in matches:
        yield from _terms(match, english)
    seen = set[tuple[str, ...]]()
    for group in _groups(source, [match for match in matches if _is_name(match.entry)]):
        key = tuple(form for match in group for form in match.entry.targets)
        if key not in seen and any(match.entry.checked for match in group):
            seen.add(key)
            yield from _names(group, matches, english)


def _is_name(entry: Entry) -> bool:
    """Whether an entry is looked for as a name; a required term was, and to the letter."""
    return bool(entry.targets) and entry.kind != "term" and not (entry.required and entry.origin == "glossary")


def stands(entry: Entry, text: str) -> bool:
    """Whether an English text has the entry: one of its forms, a related one, or for a name its consonants."""
    target = _Target(text)
    return bool(target.count((*entry.targets, *entry.related))) or _sounds(entry, target)


def check_spellings(
    sources: Sequence[str], targets: Sequence[str], matches: Sequence[Sequence[Match]]
) -> list[tuple[Flag, ...]]:
    """Per segment, flags where a name is not written as most of the article writes it (a tie: as it was first)."""
    written: dict[str, list[_Spelling]] = {}
    for i, (source, target, found) in enumerate(zip(sources, targets, matches, strict=True)):
        for name, spelling in _spellings(i, source, _Target(target), found):
            written.setdefault(name, []).append(spelling)
    flags: list[list[Flag]] = [[] for _ in targets]
    for spellings in written.values():
        counts = Counter(spelling.plain for spelling in spellings)
        usual = max(spellings, key=lambda spelling: counts[spelling.plain])
        for spelling in spellings:
            if not spelling.plain.startswith(usual.plain) and not usual.plain.startswith(spelling.plain):
                message = _TWO_SPELLINGS.format(usual.text, spelling.text)
                flag = Flag("name", "warning", message, spelling.source_span, spelling.target_span)
                flags[spelling.segment].append(flag)
    return [tuple(dict.fromkeys(found)) for found in flags]


class _Spelling(NamedTuple):
    segment: int
    text: str
    plain: str
    source_span: Span
    target_span: Span


def _spellings(segment: int, source: str, target: _Target, matches: Sequence[Match]) -> Iterator[tuple[str, _Spelling]]:
    """The words of Arabic names, each with how the target spells it, where no other word sounds like it."""
    words = [{stem.removeprefix("ال") for stem, _ in stems(word)} for word in fold(source).split()]
    for match in matches:
        for name in _words(match.entry) if match.entry.kind in _SPELLED - {"people"} else ():
            skeletons = {skeleton for skeleton in arabic_skeletons(name) if len(skeleton) >= _TELLING}
            others = (word for word in words if name not in word)
            if any(not skeletons.isdisjoint(arabic_skeletons(stem)) for other in others for stem in other):
                continue
            for word in target.capitalized:
                if not skeletons.isdisjoint(word.skeletons):
                    text = _POSSESSIVE.sub("", word.text)
                    plain = _plain(text).lower().replace("'", "")
                    yield name, _Spelling(segment, text, plain, match.span, word.span)


def _groups(source: str, matches: Sequence[Match]) -> list[list[Match]]:
    """The matches, with the parts of one person's name together: a translation may give the surname alone."""
    groups: list[list[Match]] = []
    for match in matches:
        before = groups[-1][-1] if groups else match
        apart = source[before.span[1] : match.span[0]].strip() or before is match
        if apart or not {before.entry.kind, match.entry.kind} <= PEOPLE:
            groups.append([match])
        else:
            groups[-1].append(match)
    return groups


def _names(group: Sequence[Match], matches: Sequence[Match], target: _Target) -> Iterator[Flag]:
    lost = [match for match in group if not _found(match, matches, target)]
    near = [(match, word) for match in lost if (word := _near(match.entry, matches, target))]
    for match, word in near:
        message = _NEAR.format(_shown(match.entry), word.text)
        yield Flag("name", "warning", message, match.span, word.span)
    if not near and len(lost) == len(group):
        kind = group[0].entry.kind
        name = " ".join(_shown(match.entry) for match in group)
        message = (_SAID if kind in ("nationality", "people", "language") else _NAMED).format(name)
        severity: Severity = "error" if kind in _SURE else "warning"
        yield Flag("name", severity, message, (group[0].span[0], group[-1].span[1]))


def _shown(entry: Entry) -> str:
    """What a reader is told the name is: Amman or Oman, where the Arabic may be both."""
    doubtful = not entry.prompted and entry.kind not in PEOPLE
    return " or ".join(entry.targets[:2]) if doubtful else entry.targets[0]


def _found(match: Match, matches: Sequence[Match], target: _Target) -> bool:
    """Whether the target has the name, or something related that no other name of the source answers for."""
    entry = match.entry
    if target.count(entry.targets) or _sounds(entry, target):
        return True
    related = set(entry.related)
    claims = sum(not related.isdisjoint(other.entry.targets) for other in matches if other is not match)
    return target.count(entry.related) > claims


def _sounds(entry: Entry, target: _Target) -> bool:
    """Whether the target has the name's consonants: of a person one word of it, of a place all words."""
    if entry.kind not in _SPELLED:
        return False
    heard = [arabic_skeletons(word) for word in fold(entry.source).split() if len(word) > 2]
    wanted = [stem | _joined(heard[i : i + 2]) for i, stem in enumerate(heard)]
    found = [any(skeleton and skeleton in target.skeletons for skeleton in stem) for stem in wanted]
    return any(found) if entry.kind in PEOPLE else bool(found) and all(found)


def _words(entry: Entry) -> list[str]:
    return [word.removeprefix("ال") for word in fold(entry.source).split() if len(word) > 2]


def _joined(heard: Sequence[frozenset[str]]) -> set[str]:
    return {a + b for a in heard[0] for b in heard[1]} if len(heard) == 2 else set()


def _near(entry: Entry, matches: Sequence[Match], target: _Target) -> _Word | None:
    """A capitalized word that is nearly the name, and no other name of the source."""
    if entry.kind not in _SPELLED:
        return None
    wanted = [skeleton for word in _words(entry) for skeleton in arabic_skeletons(word)]
    for word in target.capitalized:
        if any(_alike(a, b) for a in wanted for b in word.skeletons):
            alone = _Target(word.text)
            if not any(alone.count(match.entry.targets) or _sounds(match.entry, alone) for match in matches):
                return word
    return None


def _alike(left: str, right: str) -> bool:
    """Whether two skeletons differ by one consonant of four or more, not the first."""
    lengths = sorted((len(left), len(right)))
    return lengths >= [_TELLING, _TELLING + 1] and left[0] == right[0] and distance(left, right) == 1


def _terms(match: Match, target: _Target) -> Iterator[Flag]:
    """What the user's own files say of a match."""
    entry = match.entry
    for form in entry.forbidden:
        if target.count((form,)):
            yield Flag("term", "error", _FORBIDDEN.format(form), match.span)
    if not entry.targets or entry.origin == "gazetteer" or target.count(entry.targets):
        return
    if entry.origin == "ledger":
        if word := next((word for word in target.capitalized if _sounds(entry, _Target(word.text))), None):
            yield Flag("name", "warning", _LEDGER.format(entry.targets[0], word.text), match.span, word.span)
    elif entry.required:
        yield Flag("term", "error", _REQUIRED.format(entry.targets[0]), match.span)
    elif not entry.forbidden:
        yield Flag("term", "info", _PREFERRED.format(entry.targets[0]), match.span)


@lru_cache(maxsize=1 << 11)
def _pattern(forms: tuple[str, ...]) -> re.Pattern[str] | None:
    """Finds any of the forms as whole words, possessive or plural too; US and IT only in capitals."""
    alternatives = []
    for form in sorted({_plain(form.removeprefix("the ")) for form in forms}, key=len, reverse=True):
        shouted = form.isupper() and len(form.replace(".", "")) <= 5
        alternatives.append(re.escape(form) if shouted else f"(?i:{re.escape(form)})")
    return re.compile(rf"(?<!\w)(?:{'|'.join(alternatives)}){_ENDING}(?!\w)") if alternatives else None


@lru_cache(maxsize=256)
def _plain(text: str) -> str:
    return " ".join(unaccented(text).translate(_APOSTROPHES).split())
