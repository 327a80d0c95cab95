"""The numbers and names of an article: what the Arabic says, what it was read as, what stands in the English.

Whether they agree is not decided here: a row is to be checked where a flag of the translation says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from mt.checks.name_forms import Target, plain, words_of
from mt.checks.numbers import shown
from mt.document import Flag, Span, Translation
from mt.quantities import Quantity, read
from mt.quantities.numerals import Lang
from mt.terms import Terms, load_terms
from mt.terms.match import PEOPLE, Match, fold
from mt.terms.skeleton import arabic_skeletons

MOST_ROWS = 60  # of each kind, so that the table of a book stays a table
_MOST_READ = 200  # segments, 3 ms each
_MOST_PLACES = 4  # where one name stands
_TELLING = 2  # consonants from which on a word is believed to be a name
_OTHERWISE = "in another form"
_BETWEEN = re.compile(r"[\s,،:./–-]*")  # what may stand between the parts of a date or a time
_CALENDAR = ("month", "weekday", "hijri month")


@dataclass(frozen=True, slots=True)
class Fact:
    """A number or a name in both languages, and the numbers of segments it stands in; empty where it is lacking."""

    source: str
    reading: str
    target: str
    agrees: bool
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The facts of an article, those to check first; `whole` says whether these are all."""

    numbers: tuple[Fact, ...] = ()
    names: tuple[Fact, ...] = ()
    whole: bool = True


def build_table(translation: Translation, terms: Terms | None = None) -> Table:
    """The table of a translation, at most MOST_ROWS of each kind; names are those of `terms`, else the gazetteer's."""
    known = terms or load_terms()
    flagged = [i for i, flags in enumerate(translation.flags) if any(_of(flags, "number", "name", "term"))]
    order = list(dict.fromkeys([*flagged, *range(len(translation.segments))]))[:_MOST_READ]
    numbers: list[Fact] = []
    names: list[Fact] = []
    for i in order:
        source, target, flags = translation.segments[i].text, translation.targets[i], translation.flags[i]
        numbers += _numbers(i + 1, source, target, flags)
        names += _names(i + 1, source, target, flags, known.find(source))
    tables = [_merged(facts) for facts in (numbers, names)]
    whole = len(order) == len(translation.segments) and all(len(facts) <= MOST_ROWS for facts in tables)
    return Table(tuple(tables[0][:MOST_ROWS]), tuple(tables[1][:MOST_ROWS]), whole)


def _of(flags: Sequence[Flag], *kinds: str) -> Iterator[Flag]:
    return (flag for flag in flags if flag.kind in kinds)


def _overlaps(span: Span, other: Span | None) -> bool:
    return other is not None and span[0] < other[1] and other[0] < span[1]


def _merged(facts: Iterable[Fact]) -> list[Fact]:
    """Facts that say the same, as one; those to check first, then in the order of the article."""
    found: dict[tuple[str, str, str, bool], Fact] = {}
    for fact in facts:
        key = (fact.reading, fact.source if not fact.reading else "", fact.target.lower(), fact.agrees)
        first = found.setdefault(key, fact)
        if len(first.numbers) < _MOST_PLACES:
            found[key] = replace(first, numbers=tuple(sorted({*first.numbers, *fact.numbers})))
    return sorted(found.values(), key=lambda fact: (fact.agrees, fact.numbers))


def _numbers(number: int, source: str, target: str, flags: Sequence[Flag]) -> Iterator[Fact]:
    """What is counted, measured or dated in a segment; then what only the translation has."""
    theirs = _amounts(target, "en")
    free = [part for amount in theirs for part in amount] + [q for q in read(target, "en") if q.weight == "answer"]
    doubts = list(_of(flags, "number"))
    for amount in _amounts(source, "ar"):
        span = _span(amount)
        doubted = [flag for flag in doubts if _overlaps(span, flag.source_span)]
        partners = [partner for part in amount if (partner := _partner(part, free))]
        spans = [partner.span for partner in partners]
        spans += [flag.target_span for flag in doubted if flag.target_span]
        english = _quoted(target, spans, theirs)
        if english or doubted:
            yield Fact(_text(source, span), _reading(amount), english, not doubted, (number,))
        elif any(part.weight == "strong" for part in amount):
            yield Fact(_text(source, span), _reading(amount), _OTHERWISE, True, (number,))
    for flag in doubts:
        if flag.target_span and not flag.source_span:
            yield Fact("", "", _text(target, flag.target_span), False, (number,))


def _amounts(text: str, lang: Lang) -> list[list[Quantity]]:
    """The quantities of a text, the parts of one date or time together, each with its unit."""
    amounts: list[list[Quantity]] = []
    for quantity in read(text, lang):
        last = amounts[-1] if amounts else []
        near = bool(last) and bool(_BETWEEN.fullmatch(text, last[-1].span[1], quantity.span[0]))
        if quantity.weight != "answer":
            if near and _belong(last[-1], quantity):
                last.append(quantity)
            else:
                amounts.append([quantity])
        elif near and not quantity.value and quantity.units and quantity.units == last[-1].units:
            last[-1] = replace(last[-1], span=(last[-1].span[0], quantity.span[1]))
    return amounts


def _belong(one: Quantity, other: Quantity) -> bool:
    """Whether two neighbours are parts of one time, or of one date: a month or a weekday and the number beside it."""
    return one.kind in _CALENDAR or other.kind in _CALENDAR or bool(one.label and one.label == other.label)


def _span(amount: Sequence[Quantity]) -> Span:
    return amount[0].span[0], amount[-1].span[1]


def _text(text: str, span: Span) -> str:
    return " ".join(text[slice(*span)].split())


def _reading(amount: Sequence[Quantity]) -> str:
    return " ".join(dict.fromkeys(shown(part) for part in amount))


def _partner(quantity: Quantity, free: list[Quantity]) -> Quantity | None:
    """The quantity of the other side that says the same, taken out of `free`; the most alike first."""
    alike = [other for other in free if not quantity.readings.isdisjoint(other.readings)]
    if not alike:
        return None
    best = max(alike, key=lambda other: (other.value == quantity.value, other.units == quantity.units))
    free.remove(best)
    return best


def _quoted(text: str, spans: Sequence[Span], amounts: Sequence[Sequence[Quantity]]) -> str:
    """What stands at the spans in a text; of a date or a number with its unit, the whole."""
    wholes = {next((_span(a) for a in amounts if _overlaps(span, _span(a))), span) for span in spans}
    return ", ".join(dict.fromkeys(_text(text, span) for span in sorted(wholes)))


def _names(number: int, source: str, target: str, flags: Sequence[Flag], matches: Sequence[Match]) -> Iterator[Fact]:
    """The names and the user's terms in a segment, as far as a translation should have them."""
    english = Target(target)
    for match in matches:
        entry = match.entry
        if not entry.targets or not (entry.checked or entry.origin != "gazetteer"):
            continue
        doubted = [flag for flag in _of(flags, "name", "term") if _overlaps(match.span, flag.source_span)]
        told = [_text(target, flag.target_span) for flag in doubted if flag.target_span]
        stands = told[0] if told else _standing(match, english)
        if stands or doubted:
            yield Fact(match.surface, entry.targets[0], stands, not doubted, (number,))


def _standing(match: Match, target: Target) -> str:
    """How the translation has the name: one of its forms, else capitalized words that sound like it."""
    for form in (*match.entry.targets, *match.entry.related):
        bare = plain(form.removeprefix("the "))
        if found := re.search(rf"(?<!\w)({re.escape(bare)})(?:['’]?s|n|an)?(?!\w)", target.plain, re.IGNORECASE):
            return found[1]
    spoken = map(arabic_skeletons, words_of(match.entry) or [fold(match.surface)])
    heard = {skeleton for skeletons in spoken for skeleton in skeletons if len(skeleton) >= _TELLING}
    alike = (word.text for word in target.capitalized if not heard.isdisjoint(word.skeletons))
    return " ".join(islice(alike, 3 if match.entry.kind in PEOPLE else 2))
