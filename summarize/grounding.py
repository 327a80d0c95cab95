"""What in the article each sentence of a summary rests on; what rests on nothing is replaced by an extract.

A sentence rests on the article's sentence that is most like it, and on further ones for the numbers and names that
this one lacks. It is not supported if nothing is like it, or if it has a number or a name that the cited sentences
have not, or have in a place where the most similar one says something else ("four wounded" for "seven wounded").
Nor if it denies what the article asserts, or is surer than the article (`summarize.assertions`). What is turned
otherwise is not seen: two names that changed places, most wrong names that the article has too. docs/grounding.md says
how often.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mt.quantities import Quantity, read
from mt.vectors import encode
from summarize.assertions import read_assertion, turned
from summarize.base import Summary, SummarySentence
from summarize.names import Name, Place, lowercase_words, names, offered

Floats = NDArray[np.float32]

# Cosines with the summary's sentence, chosen on CNN stories 1 to 125: see docs/grounding.md.
LIKENESS = 0.33  # of the sentence it rests on most
NUMBER_LIKENESS = 0.3  # of one that is cited for its number
NAME_LIKENESS = 0.25  # of one that is cited for its name: "Obama said" may stand far from what "he" said
_MOST_CITED = 4
_MOST_COMPARED = 8  # sentences that may deny what it says
_MOST_QUOTED = 3

# From here up a number may be rounded; below, years, ages and counts are near each other.
_ROUNDED_FROM = 10_000
_ROUNDED_BY = Fraction(1, 20)

_CALENDAR = ("month", "weekday", "hijri month")
_CONTENT_WORD = re.compile(r"\b[^\W\d_]{4,}")
_WORD_BEFORE = re.compile(r"([^\W\d_]*)[\s$£€-]*\Z")
_WORD_AFTER = re.compile(r"[\s-]*([^\W\d_]*)")
_LOOK_BACK = 30
_AROUND = 50  # characters, some eight words
_STEM = 5


class _Number(NamedTuple):
    """A number, month or weekday; an answer ("one", "both", "second") supports one but asks for no support itself."""

    quantity: Quantity
    place: Place
    around: frozenset[str]  # the stems of the words near it

    @property
    def asks(self) -> bool:
        return self.quantity.weight == "strong"

    def agrees(self, other: _Number) -> bool:
        """Whether `other` says the same, or this is a round number for it."""
        mine, its = self.quantity, other.quantity
        if not mine.readings.isdisjoint(its.readings):
            return True
        return mine.kind == its.kind and mine.kind not in _CALENDAR and _agree(mine.value, its.value)

    def rivals(self, other: _Number) -> bool:
        """Whether `other` stands where this one should: near the same word, or as the day or month it happened."""
        if self.quantity.kind in _CALENDAR:
            return self.quantity.kind == other.quantity.kind
        return other.quantity.kind not in _CALENDAR and self.place.resembles(other.place)

    def counts_like(self, other: _Number, strictly: bool) -> bool:
        """Whether both seem to count the same thing: in the same place, or, if not `strictly`, near a same word."""
        return self.place.resembles(other.place) or not (strictly or self.around.isdisjoint(other.around))


class _Fact(NamedTuple):
    """A number or a name in a summary's sentence, who has it, and what the most similar sentence has in its place."""

    kind: str
    surface: str
    holders: frozenset[int]
    rivals: tuple[str, ...]
    elsewhere: bool  # whether the article has it at all


@dataclass(frozen=True, slots=True)
class Verdict:
    """The article's sentences that a sentence rests on, most like it first; none, and the reason, if unsupported."""

    segments: tuple[int, ...]
    likeness: float  # cosine with the most similar sentence
    reason: str | None = None


def ground(summary: Summary, sentences: Sequence[str], *, keep_unsupported: bool = False) -> Summary:
    """The summary with every sentence citing the article's `sentences` it rests on.

    An unsupported one gives way to the sentence of the article that is most like it and not in the summary yet, and
    stands in that one's `replaced`. With `keep_unsupported`, or when the article has no sentence left, it stays,
    without citation and with `supported` False. An extract is returned as it is: it cites itself.
    """
    if summary.kind == "extract":
        return summary
    evidence = Evidence(sentences)
    vectors = encode([sentence.text for sentence in summary.sentences])
    verdicts = [evidence.judge(s.text, vector) for s, vector in zip(summary.sentences, vectors, strict=True)]
    taken = {_plain(s.text) for s, verdict in zip(summary.sentences, verdicts, strict=True) if not verdict.reason}
    grounded = []
    for sentence, vector, verdict in zip(summary.sentences, vectors, verdicts, strict=True):
        nearest = evidence.nearest(vector, taken) if verdict.reason and not keep_unsupported else None
        if nearest is None:
            supported = verdict.reason is None
            cited = replace(sentence, segments=verdict.segments, supported=supported, reason=verdict.reason)
        else:
            extract = _plain(sentences[nearest])
            taken.add(extract)
            cited = SummarySentence(extract, (nearest,), replaced=sentence.text, reason=verdict.reason)
        grounded.append(cited)
    return replace(summary, sentences=tuple(grounded), system=f"{summary.system}|{_signature(keep_unsupported)}")


def _signature(keep_unsupported: bool) -> str:
    return f"grounding:{LIKENESS:g},{NUMBER_LIKENESS:g},{NAME_LIKENESS:g}" + (",kept" if keep_unsupported else "")


class Evidence:
    """The sentences of an article and what each has to offer: a vector, numbers, names."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self.sentences = sentences
        self.vectors: Floats = encode(sentences)  # (n, 512)
        self._numbers = [_numbers(sentence) for sentence in sentences]
        self._names = [names(sentence) for sentence in sentences]
        self._offered = [offered(sentence) for sentence in sentences]
        self._assertions = [read_assertion(sentence) for sentence in sentences]
        self._lowercase = frozenset[str]().union(*map(lowercase_words, sentences))

    def judge(self, text: str, vector: Floats) -> Verdict:
        """What `text`, whose vector has shape (512,), rests on, or why on nothing."""
        likeness: Floats = self.vectors @ vector
        best = int(likeness.argmax()) if len(likeness) else -1
        if best < 0 or likeness[best] < LIKENESS:
            return Verdict((), float(likeness.max(initial=0)), "nothing in the article is like it")
        facts = [*self._number_facts(text, best, likeness), *self._name_facts(text, best, likeness)]
        cited = _cover(facts, best, likeness)
        lacking = [fact for fact in facts if fact.holders.isdisjoint(cited)]
        if reason := _reason(lacking) if lacking else self._turned(text, likeness):
            return Verdict((), float(likeness[best]), reason)
        return Verdict(tuple(cited), float(likeness[best]))

    def _turned(self, text: str, likeness: Floats) -> str | None:
        order = np.argsort(-likeness, kind="stable")[:_MOST_COMPARED]
        return turned(read_assertion(text), [self._assertions[i] for i in order if likeness[i] >= NAME_LIKENESS])

    def nearest(self, vector: Floats, taken: Container[str]) -> int | None:
        """The sentence most like `vector` that is neither blank nor `taken`, None if there is none."""
        order = np.argsort(-(self.vectors @ vector), kind="stable")
        plain = ((int(i), _plain(self.sentences[i])) for i in order)
        return next((i for i, text in plain if text and text not in taken), None)

    def _number_facts(self, text: str, best: int, likeness: Floats) -> Iterator[_Fact]:
        stated = _numbers(text)
        values = {number.quantity.value for number in stated}
        others = [number for number in self._numbers[best] if number.asks and number.quantity.value not in values]
        for number in (number for number in stated if number.asks):
            agreeing = [(i, n) for i, found in enumerate(self._numbers) for n in found if number.agrees(n)]
            dated = number.quantity.kind in _CALENDAR  # a day stands far from what happened then, like a name
            holders = {i for i, _ in agreeing if likeness[i] >= (NAME_LIKENESS if dated else NUMBER_LIKENESS)}
            rivals = [other for other in others if number.rivals(other)]
            if best not in holders and (rivals or not dated):
                holders &= {i for i, other in agreeing if number.counts_like(other, strictly=bool(rivals))}
            surfaces = tuple(rival.quantity.surface for rival in rivals)
            yield _Fact("number", number.quantity.surface, frozenset(holders), surfaces, bool(agreeing))

    def _name_facts(self, text: str, best: int, likeness: Floats) -> Iterator[_Fact]:
        mine = offered(text)
        dates = {n.quantity.surface for n in _numbers(text) if n.asks and n.quantity.kind in _CALENDAR}
        for name in (name for name in names(text, self._lowercase) if name.surface not in dates):
            having = [i for i, keys in enumerate(self._offered) if not name.keys.isdisjoint(keys)]
            holders = {i for i in having if likeness[i] >= NAME_LIKENESS}
            rivals = [rival for rival in self._alike(best, name) if rival.keys.isdisjoint(mine)]
            if rivals and best not in holders:
                holders = {i for i in holders if any(its.keys & name.keys for its in self._alike(i, name))}
            surfaces = tuple(rival.surface for rival in rivals)
            yield _Fact("name", name.surface, frozenset(holders), surfaces, bool(having))

    def _alike(self, index: int, name: Name) -> list[Name]:
        """The names that stand in a sentence where `name` stands in its own: by the same word, or as who speaks."""
        speaks = name.place.speaks
        return [o for o in self._names[index] if o.place.resembles(name.place) or (speaks and o.place.speaks)]


def _cover(facts: Sequence[_Fact], best: int, likeness: Floats) -> list[int]:
    """The best sentence, and those that have most of the facts it lacks."""
    cited = [best]
    while len(cited) < _MOST_CITED:
        lacking = [fact for fact in facts if fact.holders.isdisjoint(cited)]
        useful = sorted({i for fact in lacking for i in fact.holders})
        if not useful:
            break
        cited.append(max(useful, key=lambda i: (sum(i in fact.holders for fact in lacking), likeness[i])))
    return cited


def _reason(lacking: Sequence[_Fact]) -> str:
    """What the summary has and the article has not, in words: "says 5,000; the article says 500"."""
    groups: dict[tuple[str, str], list[str]] = {}
    for fact in lacking:
        verb = "says" if fact.kind == "number" else "names"
        if fact.rivals:
            article = f"the article {verb} {_listed(fact.rivals)}"
        else:
            article = "the article does so elsewhere" if fact.elsewhere else "the article does not"
        groups.setdefault((verb, article), []).append(fact.surface)
    return ", and ".join(f"{verb} {_listed(surfaces)}; {article}" for (verb, article), surfaces in groups.items())


def _listed(surfaces: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(surfaces))
    return ", ".join(distinct[:_MOST_QUOTED]) + (", …" if len(distinct) > _MOST_QUOTED else "")


def _numbers(text: str) -> list[_Number]:
    """The numbers, months and weekdays of `text` in order, those that only answer among them."""
    found = (quantity for quantity in read(text, "en") if quantity.readings)
    return [_Number(one, _place(text, *one.span), _around(text, *one.span)) for one in found]


def _around(text: str, start: int, end: int) -> frozenset[str]:
    near = text[max(0, start - _AROUND) : start] + " " + text[end : end + _AROUND]
    return frozenset(word[:_STEM].lower() for word in _CONTENT_WORD.findall(near))


def _place(text: str, start: int, end: int) -> Place:
    before, after = _WORD_BEFORE.search(text, max(0, start - _LOOK_BACK), start), _WORD_AFTER.match(text, end)
    words = (match[1].lower() if match else "" for match in (before, after))
    return Place(next(words), next(words).removesuffix("s"))  # one person, two persons


def _agree(stated: Fraction, value: Fraction) -> bool:
    """Whether they are equal, or the stated one is the other rounded: 34 million for 34.2 million."""
    if stated == value or stated < _ROUNDED_FROM or stated.denominator > 1:
        return stated == value
    place = 10
    while stated % (10 * place) == 0:
        place *= 10
    near = abs(stated - value) < min(Fraction(place), _ROUNDED_BY * stated)
    return near and stated % place == 0 and value % place != 0


def _plain(text: str) -> str:
    return " ".join(text.split())
