"""Do the names and terms of the source stand in the target, and one name in one spelling?

Severity follows from what is known: an error for the names that were written by hand (countries, organisations,
places) and for what a glossary requires, a warning for those that were collected or are spelled by ear.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from mt.checks.name_forms import POSSESSIVE, SPELLED, WORD, Target, Word, plain, sounds, words_of
from mt.checks.spelling import misspelled
from mt.document import Flag, Severity, Span
from mt.terms.match import PEOPLE, Entry, Match, fold, stems
from mt.terms.skeleton import arabic_skeletons, distance

_NAMED = "The source names {}; the translation does not."
_SAID = "The source says {}; the translation does not."
_NEAR = "The source names {}; the translation has “{}”. Go by the source."
_REQUIRED = "The glossary requires “{}” here; the translation does not have it."
_PREFERRED = "The glossary prefers “{}” here; the translation does not have it."
_FORBIDDEN = "The glossary forbids “{}”; the translation has it."
_LEDGER = "The ledger writes {}; the translation writes “{}”."
_TWO_SPELLINGS = "{} and {}, in this article, are two spellings of one name."

_MOST_MONEY = 20  # characters of what a currency is called
_SURE = {"country", "nationality", "capital", "place", "organisation", "people"}
_IN_INITIALS = {"country", "nationality", "capital", "place", "city", "people"}
# What else may stand for a name: in compounds, within a word; and what an Arabic name may also mean
_ALSO = {
    "France": ("Franco",), "French": ("Franco",), "Britain": ("Anglo", "Brexit"), "British": ("Anglo",),
    "England": ("Anglo",), "China": ("Sino",), "Russia": ("Russo", "Prussia", "Prussian"), "Russian": ("Russo",),
    "Greek": ("Greco",),
    "Italian": ("Italo",), "Turkish": ("Turco",), "Spanish": ("Hispano", "Hispanic"), "Japanese": ("Nippo",),
    "India": ("Indo", "Indies"), "Indian": ("Indo",), "African": ("Afro",), "European": ("Euro",),
    "the European Union": ("Brexit",), "Bahrain": ("seas",), "Algeria": ("islands",),
    "Qatar": ("diameter", "radius", "radii"),
    "Romanian": ("Roman", "Rome"), "Sudanese": ("peanut", "groundnut"), "Qatari": ("country", "diagonal"),
    "the Atlantic": ("transatlantic",), "the Labour Party": ("Labour", "Labor"),
    "Cairo": ("force majeure", "overwhelming", "compelling", "irresistible", "compulsion"),
    "Morocco": ("Maghreb", "Maghrib", "sunset"), "Benin": ("boys", "sons"),
}  # fmt: skip
_TELLING = 3  # consonants from which on a near miss or another spelling is believed
# What a country's adjective looks like, or may; and words of a name's initials
_NATIONAL = re.compile(r"[A-Z]\w*(?:ish|ese|[ie]?an|[nt]ch|[a-z]i|ss|ek|ine|US|UK)")
_ACRONYM = re.compile(r"\b(?!(?:US|USA|UK|UN|EU|UAE|TV|DVD|AM|PM|GMT|UTC|NATO)\b)[A-Z]\w*[A-Z]\w*")
_THE_COUNTRY = re.compile(r"The (?:country|nation|kingdom)\b")  # as a subject, it stands for its name
_TAKEN_FOR_GRANTED = re.compile("[\u064b-\u0652]*\\s+به(?:ا|م|ما)?(?!\\w)")  # «مسلماً به»
_MONEY = re.compile(
    "(?:دولار|سنت|جنيه|لير|ريال|دينار|درهم|فرنك|روبي|بيزو|كرون|يوان|روبل|شيكل|باوند)[\\w\u064b-\u0652]*\\s+(?:ال)?$"
)


def check(source: str, target: str, matches: Sequence[Match]) -> Iterator[Flag]:
    """Flags where a name of the source has vanished or is another one, and where the user's terms are not kept."""
    if not re.search("[A-Za-z]", target):
        return
    english = Target(target)
    for match in matches:
        yield from _terms(match, english)
    seen = set[tuple[str, ...]]()
    found = groups(source, [match for match in matches if _is_name(match.entry)])
    for group, after in pairwise([*found, []]):
        key = tuple(form for match in group for form in match.entry.targets)
        if key not in seen and any(match.entry.checked for match in group):
            seen.add(key)
            if not _spared(source, group[0], after, matches, english):
                yield from _names(group, matches, english)


def _is_name(entry: Entry) -> bool:
    """Whether an entry is looked for as a name; a required term was, and to the letter."""
    return bool(entry.targets) and entry.kind != "term" and not (entry.required and entry.origin == "glossary")


def _spared(source: str, match: Match, after: Sequence[Match], matches: Sequence[Match], target: Target) -> bool:
    """Whether English may do without the name: for a sign ($), an office (the Chancellor), or initials."""
    entry = match.entry
    if entry.kind in ("country", "nationality") and _THE_COUNTRY.search(target.text):
        return True
    if entry.kind not in _SURE and "-" in source[max(0, match.span[0] - 1) : match.span[1] + 1]:
        return True  # half of a word: «الواي-فاي»
    if entry.targets[0] == "Muslim" and _TAKEN_FOR_GRANTED.match(source, match.span[1]):
        return True
    if target.count(entry.targets):
        return False
    if entry.kind == "nationality":
        if _MONEY.search(source, max(0, match.span[0] - _MOST_MONEY), match.span[0]):
            return True
        if not match.surface.startswith("ال") and _is_family_name(entry, target):
            return True
        if after and after[0].entry.kind in PEOPLE and not source[match.span[1] : after[0].span[0]].strip():
            others = (word for word in target.capitalized if _NATIONAL.fullmatch(word.text))
            named = any(_found(near, matches, target) for near in after)
            return named and all(_belongs(word.text, matches) for word in others)
    if entry.kind in PEOPLE or target.text.isupper():
        return False
    acronyms = [word for word in _ACRONYM.findall(target.text) if word not in source and not _belongs(word, matches)]
    return any(_in_initials(entry, word) for word in acronyms)


def _in_initials(entry: Entry, acronym: str) -> bool:
    """Whether an acronym may hold the name: AfCFTA is African, TFEU a treaty of the European Union."""
    forms = [form.removeprefix("the ") for form in entry.targets[: 1 if entry.prompted else 2]]
    initials = ("".join(filter(str.isupper, form)) for form in forms)
    first = entry.kind in _IN_INITIALS and any(acronym[0] == form[:1] for form in forms)
    return first or any(len(letters) > 1 and letters in acronym for letters in initials)


def _is_family_name(entry: Entry, target: Target) -> bool:
    """Whether what looks like a nationality is the name behind a first name: Valentino Rossi, «روسي»."""
    heard = frozenset[str]().union(*map(arabic_skeletons, words_of(entry)))
    return any(
        first.span[1] + 1 == second.span[0] and not heard.isdisjoint(second.skeletons)
        for first, second in pairwise(target.capitalized)
    )


def _belongs(word: str, matches: Sequence[Match]) -> bool:
    """Whether an English word stands for any of the names."""
    alone = Target(word)
    return any(alone.count((*near.entry.targets, *near.entry.related)) or sounds(near.entry, alone) for near in matches)


def stands(entry: Entry, text: str) -> bool:
    """Whether an English text has the entry: one of its forms, a related one, or for a name its consonants."""
    target = Target(text)
    return bool(target.count((*entry.targets, *entry.related))) or sounds(entry, target)


def check_spellings(
    sources: Sequence[str], targets: Sequence[str], matches: Sequence[Sequence[Match]]
) -> list[tuple[Flag, ...]]:
    """Per segment, flags where a name is not written as most of the article writes it (a tie: as it was first)."""
    written: dict[str, list[_Spelling]] = {}
    for i, (source, target, found) in enumerate(zip(sources, targets, matches, strict=True)):
        for name, spelling in _spellings(i, source, Target(target), found):
            written.setdefault(name, []).append(spelling)
    flags: list[list[Flag]] = [[] for _ in targets]
    for spellings in written.values():
        counts = Counter(spelling.letters for spelling in spellings)
        usual = max(spellings, key=lambda spelling: counts[spelling.letters])
        for spelling in spellings:
            if not spelling.letters.startswith(usual.letters) and not usual.letters.startswith(spelling.letters):
                message = _TWO_SPELLINGS.format(usual.text, spelling.text)
                flag = Flag("name", "warning", message, spelling.source_span, spelling.target_span)
                flags[spelling.segment].append(flag)
    return [tuple(dict.fromkeys(found)) for found in flags]


class _Spelling(NamedTuple):
    segment: int
    text: str
    letters: str
    source_span: Span
    target_span: Span


def _spellings(segment: int, source: str, target: Target, matches: Sequence[Match]) -> Iterator[tuple[str, _Spelling]]:
    """The words of Arabic names, each with how the target spells it, where no other word sounds like it."""
    words = [{stem.removeprefix("ال") for stem, _ in stems(word)} for word in fold(source).split()]
    for match in matches:
        for name in words_of(match.entry) if match.entry.kind in SPELLED - {"people"} else ():
            skeletons = {skeleton for skeleton in arabic_skeletons(name) if len(skeleton) >= _TELLING}
            others = (word for word in words if name not in word)
            if any(not skeletons.isdisjoint(arabic_skeletons(stem)) for other in others for stem in other):
                continue
            alike = [word for word in target.capitalized if not skeletons.isdisjoint(word.skeletons)]
            alike = [word for word in alike if not _another(word.text, match, matches)]
            if len({plain(word.text) for word in alike}) > sum(name in word for word in words):
                alike = [word for word in alike if Target(word.text).count(match.entry.targets)]
            for word in alike:
                text = POSSESSIVE.sub("", word.text)
                yield name, _Spelling(segment, text, plain(text).lower().replace("'", ""), match.span, word.span)


def _another(word: str, match: Match, matches: Sequence[Match]) -> bool:
    """Whether an English word is a form of another name of the source."""
    alone = Target(word)
    return any(
        alone.count((*near.entry.targets, *near.entry.related)) for near in matches if near.entry != match.entry
    ) and not alone.count(match.entry.targets)


def groups(source: str, matches: Sequence[Match]) -> list[list[Match]]:
    """The matches, with the parts of one person's name together: a translation may give the surname alone."""
    together: list[list[Match]] = []
    for match in matches:
        before = together[-1][-1] if together else match
        apart = source[before.span[1] : match.span[0]].strip() or before is match
        if apart or not {before.entry.kind, match.entry.kind} <= PEOPLE:
            together.append([match])
        else:
            together[-1].append(match)
    return together


def _names(group: Sequence[Match], matches: Sequence[Match], target: Target) -> Iterator[Flag]:
    lost = [match for match in group if not _found(match, matches, target)]
    near = [(match, word) for match in lost if (word := _near(match.entry, matches, target))]
    near += [(match, word) for match in group if match not in lost and (word := _misspelled(match.entry, target))]
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


def _found(match: Match, matches: Sequence[Match], target: Target) -> bool:
    """Whether the target has the name, or something related that no other name of the source answers for."""
    entry = match.entry
    if target.count(entry.targets) or sounds(entry, target) or target.count(_ALSO.get(entry.targets[0], ())):
        return True
    related = set(entry.related)
    claims = sum(not related.isdisjoint(other.entry.targets) for other in matches if other is not match)
    return target.count(entry.related) > claims


def _near(entry: Entry, matches: Sequence[Match], target: Target) -> Word | None:
    """A capitalized word that is nearly the name, and no other name of the source."""
    if entry.kind not in SPELLED:
        return None
    wanted = [skeleton for word in words_of(entry) for skeleton in arabic_skeletons(word)]
    for word in target.capitalized:
        if any(_alike(a, b) for a in wanted for b in word.skeletons):
            alone = Target(word.text)
            if not any(alone.count(match.entry.targets) or sounds(match.entry, alone) for match in matches):
                return word
    return None


def _misspelled(entry: Entry, target: Target) -> Word | None:
    """A word that has a person's consonants but cannot be the name, where the target has no known form of it."""
    if entry.kind != "person" or " " not in entry.source or target.count(entry.targets):
        return None
    known = {word for form in entry.targets for word in WORD.findall(form)}
    for name in words_of(entry):
        heard = arabic_skeletons(name)
        alike = [word for word in target.capitalized if not heard.isdisjoint(word.skeletons)]
        if alike and all(misspelled(name, word.text, known) for word in alike):
            return alike[0]
    return None


def _alike(left: str, right: str) -> bool:
    """Whether two skeletons differ by one consonant of four or more, not the first."""
    lengths = sorted((len(left), len(right)))
    return lengths >= [_TELLING, _TELLING + 1] and left[0] == right[0] and distance(left, right) == 1


def _terms(match: Match, target: Target) -> Iterator[Flag]:
    """What the user's own files say of a match."""
    entry = match.entry
    for form in entry.forbidden:
        if target.count((form,)):
            yield Flag("term", "error", _FORBIDDEN.format(form), match.span)
    if not entry.targets or entry.origin == "gazetteer" or target.count(entry.targets):
        return
    if entry.origin == "ledger":
        if word := next((word for word in target.capitalized if sounds(entry, Target(word.text))), None):
            yield Flag("name", "warning", _LEDGER.format(entry.targets[0], word.text), match.span, word.span)
    elif entry.required:
        yield Flag("term", "error", _REQUIRED.format(entry.targets[0]), match.span)
    elif not entry.forbidden:
        yield Flag("term", "info", _PREFERRED.format(entry.targets[0]), match.span)
