"""Numbers inside fixed words: semi-finals, midnight, around the clock, Covid-19, and streets and markets named by one.

A place named by a number or a day («بئر السبع», «سوق الخميس») keeps its Arabic name in English, so that its number is
an answer. Rounds of a cup are soft: a text may call them otherwise, but not by the name of another round.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from mt.quantities.cardinals import HYPHENS, read_cardinal
from mt.quantities.dates import weekday_at
from mt.quantities.text import Text
from mt.quantities.units import Quantity

Found = tuple[list[Quantity], int] | None

_ROUNDS = {2: "semi-final", 4: "quarter-final", 8: "round of 16", 16: "round of 32"}
_ARABIC_ROUNDS = {"نصف": 2, "ربع": 4, "ثمن": 8}
_ENGLISH_ROUNDS = {"semi": 2, "semifinal": 2, "semifinals": 2, "quarter": 4, "quarterfinal": 4, "quarterfinals": 4}
_FINALS = {"final", "finals", "finalist", "finalists", "نهائي", "النهائي", "نهائيات", "النهائيات"}
_CLAUSE = {"at", "after", "with", "for", "and", "in", "by", "as", "when", "on", "stage", "but", "where", "against"}

_NAMED_BY_NUMBERS = {"بئر", "بير", "سوق", "ساحة", "ميدان", "شارع", "حي", "وادي", "عين", "بيت", "كفر", "اولاد", "جبل",
                     "زيارة", "مسيرة"}  # fmt: skip
_PREFIXES = ("", "ال", "و", "ب", "ل", "ف", "لل", "بال", "وال")
_PANDEMIC = {"covid", "كوفيد"}


def read_idiom(text: Text, i: int) -> Found:
    """The quantities of the fixed words at token `i`, and the first token after them."""
    if text.at(i).kind != "word":
        return None
    if text.arabic:
        return _arabic_round(text, i) or _arabic_time(text, i) or _place(text, i) or _pandemic(text, i)
    return _english_round(text, i) or _english_time(text, i) or _pandemic(text, i)


def _round(text: Text, value: int, first: int, end: int) -> Found:
    reading = {("final", Fraction(value))}
    return [text.part(value, "final", first, end, reading, "soft", _ROUNDS[value])], end


def _counted_round(text: Text, first: int, i: int) -> Found:
    """«دور الـ16», "the last eight": a number, and the round it names."""
    number = read_cardinal(text, i) if i < len(text.tokens) else None
    if not number or number.value not in (4, 8, 16, 32):
        return None
    if not text.arabic and text.at(number.end).kind == "word" and text.at(number.end).text not in _CLAUSE:
        return None  # the last eight years
    found = text.counted(number.value, i, number.end)
    return [replace(found, readings=found.readings | {("final", number.value / 2)})], number.end


def _arabic_round(text: Text, i: int) -> Found:
    word, following = text.at(i).text.removeprefix("ال"), text.at(i + 1).text
    if following in _FINALS and word.removeprefix("ب").removeprefix("ل") in _ARABIC_ROUNDS:
        return _round(text, _ARABIC_ROUNDS[word.removeprefix("ب").removeprefix("ل")], i, i + 2)
    return _counted_round(text, i, i + 1 + (following == "ال")) if word == "دور" else None


def _english_round(text: Text, i: int) -> Found:
    word, value = text.at(i).text, _ENGLISH_ROUNDS.get(text.at(i).text)
    if value and "final" in word:
        return _round(text, value, i, i + 1)
    j = i + 1 + (text.at(i + 1).text in HYPHENS)
    if value and text.at(j).text in _FINALS:
        return _round(text, value, i, j + 1)
    if word == "round" and text.at(i + 1).text == "of":
        return _counted_round(text, i, i + 2)
    return _counted_round(text, i, j) if word == "last" else None


def _hour(text: Text, hour: int, first: int, end: int) -> Found:
    readings = {("hour", Fraction(hour)), ("n", Fraction(12))}
    return [text.part(hour, "hour", first, end, readings, "answer")], end


def _always(text: Text, first: int, end: int) -> Found:
    """Around the clock, which may be said as 24 hours a day, seven days a week."""
    hours, days = text.counted(Fraction(24), first, end), text.counted(Fraction(7), first, end)
    units = ((hours, "hours"), (days, "days"))
    return [replace(found, units=frozenset({unit}), weight="answer") for found, unit in units], end


def _arabic_time(text: Text, i: int) -> Found:
    word, following = text.at(i).text, text.at(i + 1).text
    if word.endswith("منتصف") and following == "الليل":
        return _hour(text, 0, i, i + 2)
    if word in ("عند", "منتصف") and following in ("الظهر", "الظهيرة", "النهار"):
        return _hour(text, 12, i, i + 2)
    return _always(text, i, i + 2) if word == "مدار" and following in ("الساعة", "اليوم") else None


def _english_time(text: Text, i: int) -> Found:
    word = text.at(i).text
    if word in ("noon", "midday", "midnight"):
        return _hour(text, 0 if word == "midnight" else 12, i, i + 1)
    if word in ("around", "round") and (text.at(i + 1).text, text.at(i + 2).text) == ("the", "clock"):
        return _always(text, i, i + 3)
    return None


def _place(text: Text, i: int) -> Found:
    """A place and the number or day in its name; a number that goes on or counts something is no name."""
    word, name = text.at(i).text, text.at(i + 1)
    if not any(word.startswith(p) and word[len(p) :] in _NAMED_BY_NUMBERS for p in _PREFIXES):
        return None
    if day := weekday_at(text, i + 1):
        return [text.part(day, "weekday", i + 1, i + 2, {("weekday", Fraction(day))}, "answer")], i + 2
    number = read_cardinal(text, i + 1) if name.role in ("unit", "ten", "tens") and name.definite else None
    if not number or number.end > i + 2:
        return None
    return [text.counted(number.value, i + 1, i + 2, weight="answer")], i + 2


def _pandemic(text: Text, i: int) -> Found:
    """Covid-19: English may name the virus alone."""
    j = i + 1 + (text.at(i + 1).text in HYPHENS)
    if text.at(i).text not in _PANDEMIC or text.at(j).text != "19":
        return None
    return [text.counted(Fraction(19), j, j + 1, weight="answer")], j + 1
