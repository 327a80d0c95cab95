"""Dates of the Hijri calendar in a text: «1 رمضان 1445 هـ», "Ramadan 1, 1445 AH", alone or beside the Gregorian day."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from mt.quantities.cardinals import Read, read_cardinal, read_ordinal
from mt.quantities.dates import month_at
from mt.quantities.hijri import HIJRI, gregorian
from mt.quantities.text import Text
from mt.quantities.units import Quantity, Reading

_NEAR = 8  # tokens between a Hijri date and its Gregorian day

_OF_THE_HIJRA = {"ه", "هجري", "هجرية", "للهجرة", "ah", "hijri"}


def read_hijri_date(text: Text, i: int) -> tuple[list[Quantity], int] | None:
    """A Hijri month with its day and year, as far as they are given, from token `i` on."""
    day, j = None, i
    if text.tokens[i].kind == "digits" or text.tokens[i].role in ("ordinal", "unit", "ten", "tens"):
        day = read_ordinal(text, i) or read_cardinal(text, i)
        j = day.end if day else i
        while text.at(j).text in ("من", "شهر", "of", "the", "month") and j < i + 5:
            j += 1
        if not day or day.value.denominator > 1 or not 1 <= day.value <= 30:
            return None
    match = HIJRI[text.lang].match(text.string, text.at(j).start) if j < len(text.tokens) else None
    if not match or match.lastindex is None:
        return None
    month, after = match.lastindex, text.after(match.end(), j)
    if month == 2 and text.arabic and not day and text.at(after).kind != "digits":  # «صفر», zero
        return None
    return _parts(text, i, j, after, month, day)


def read_hijri_year(text: Text, i: int) -> tuple[list[Quantity], int] | None:
    """A year that is said to be one of the Hijra: 1445 هـ, 1445 AH."""
    word = text.tokens[i].text
    if len(word) != 4 or not word.isdecimal() or text.at(i + 1).text not in _OF_THE_HIJRA:
        return None
    known = gregorian(int(word), None, None)
    readings: set[Reading] = {("n", Fraction(word)), ("hijri", Fraction(word))} | (known.years if known else set())
    return [text.part(int(word), "hijri", i, i + 1, readings, label=known.label if known else "")], i + 2


def _parts(text: Text, i: int, j: int, after: int, month: int, day: Read | None) -> tuple[list[Quantity], int]:
    """The quantities of a Hijri month at tokens `j` to `after`, its day at `i`, and what follows."""
    found, end = [], after
    if not day and not text.arabic and text.at(end).kind == "digits" and len(text.at(end).text) <= 2:  # Ramadan 1
        days = read_cardinal(text, end)
        spot = (end, end + 1)
        day, end = days, end + 1
    else:
        spot = (i, day.end if day else i)
    comma = text.at(end).text in (",", "،", "من", "عام", "سنة")
    year = read_cardinal(text, end + comma)
    if year and not (year.digits and 1300 <= year.value <= 1500 and year.value.denominator == 1):
        year = None
    known = gregorian(int(year.value) if year else None, month, int(day.value) if day else None)
    label = known.label if known else ""
    sure = bool(day or year) or text.at(j - 1).text in ("شهر", "لشهر", "month")
    name: set[Reading] = {("hijri month", Fraction(month))} | (known.months if known else set())
    found.append(text.part(month, "hijri month", j, after, name, "strong" if sure else "answer", label))
    if day:
        days_read: set[Reading] = {("n", day.value), ("hijri", day.value)} | (known.days if known else set())
        found.append(text.part(int(day.value), "hijri", *spot, days_read, label=label))
    if year:
        years: set[Reading] = {("n", year.value), ("hijri", year.value)} | (known.years if known else set())
        found.append(text.part(int(year.value), "hijri", end + comma, year.end, years, label=label))
        end = year.end
    return _beside_its_twin(text, sorted(found, key=lambda part: part.span), i, end), end


def _beside_its_twin(text: Text, parts: list[Quantity], first: int, end: int) -> list[Quantity]:
    """The parts of a Hijri date; beside its Gregorian day either of the two is enough."""
    months = {value for part in parts for family, value in part.readings if family == "month"}
    for j in (*range(end, end + _NEAR), *range(max(first - _NEAR, 0), first)):
        if (found := month_at(text, j)) and found[0] in months:
            if j >= end:
                text.twins, text.twins_end = tuple(parts), end + _NEAR
            return [replace(part, weight="soft", readings=_hijri_only(part)) for part in parts]
    return parts


def as_twin(text: Text, quantity: Quantity, i: int) -> Quantity:
    """A part of the Gregorian date beside a Hijri one, at token `i`, may be translated by either."""
    for part in text.twins if i < text.twins_end else ():
        if quantity.readings & part.readings:
            return replace(quantity, readings=quantity.readings | {r for r in _hijri_only(part) if r[0] != "n"})
    return quantity


def _hijri_only(part: Quantity) -> frozenset[Reading]:
    family = "hijri month" if part.kind == "hijri month" else "hijri"
    return frozenset({(family, part.value)} | ({("n", part.value)} if part.kind == "hijri" else set()))
