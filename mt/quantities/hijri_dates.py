"""Dates of the Hijri calendar in a text: «1 رمضان 1445 هـ», "Ramadan 1, 1445 AH", alone or beside the Gregorian day."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from mt.quantities.cardinals import Read
from mt.quantities.dates import DateReader
from mt.quantities.hijri import HIJRI, gregorian
from mt.quantities.numerals import Lang
from mt.quantities.units import Quantity, Reading

_NEAR = 8  # tokens between a Hijri date and its Gregorian day

_OF_THE_HIJRA = {"ه", "هجري", "هجرية", "للهجرة", "ah", "hijri"}


class HijriReader(DateReader):
    """Reads dates of both calendars; a Hijri date agrees with its Gregorian day, a day earlier or later too."""

    def __init__(self, text: str, lang: Lang) -> None:
        super().__init__(text, lang)
        self.has_hijri = bool(HIJRI[lang].search(text))
        self.twins: tuple[Quantity, ...] = ()  # a Hijri date, for the tokens after it up to `twins_end`
        self.twins_end = 0

    def date(self, i: int) -> tuple[list[Quantity], int] | None:
        """As `DateReader.date`, Hijri dates among them."""
        return self.hijri_date(i) or self._hijri_year(i) or super().date(i)

    def hijri_date(self, i: int) -> tuple[list[Quantity], int] | None:
        """A Hijri month with its day and year, as far as they are given, from token `i` on."""
        if not self.has_hijri:
            return None
        day = None
        j = i
        if self.tokens[i].kind == "digits" or self.tokens[i].role in ("ordinal", "unit", "ten", "tens"):
            day = self.ordinal(i) or self.cardinal(i)
            j = day.end if day else i
            while self.at(j).text in ("من", "شهر", "of", "the", "month") and j < i + 5:
                j += 1
            if not day or day.value.denominator > 1 or not 1 <= day.value <= 30:
                return None
        match = HIJRI[self.lang].match(self.text, self.at(j).start) if j < len(self.tokens) else None
        if not match or match.lastindex is None:
            return None
        month, after = match.lastindex, self.after(match.end(), j)
        if month == 2 and self.arabic and not day and self.at(after).kind != "digits":  # «صفر», zero
            return None
        return self._hijri_parts(i, j, after, month, day)

    def _hijri_year(self, i: int) -> tuple[list[Quantity], int] | None:
        """A year that is said to be one of the Hijra: 1445 هـ, 1445 AH."""
        text = self.tokens[i].text
        if len(text) != 4 or not text.isdecimal() or self.at(i + 1).text not in _OF_THE_HIJRA:
            return None
        known = gregorian(int(text), None, None)
        readings: set[Reading] = {("n", Fraction(text)), ("hijri", Fraction(text))} | (known.years if known else set())
        return [self.part(int(text), "hijri", i, i + 1, readings, label=known.label if known else "")], i + 2

    def _hijri_parts(self, i: int, j: int, after: int, month: int, day: Read | None) -> tuple[list[Quantity], int]:
        """The quantities of a Hijri month at tokens `j` to `after`, its day at `i`, and what follows."""
        found, end = [], after
        if not day and not self.arabic and self.at(end).kind == "digits" and len(self.at(end).text) <= 2:  # Ramadan 1
            days = self.cardinal(end)
            spot = (end, end + 1)
            day, end = days, end + 1
        else:
            spot = (i, day.end if day else i)
        comma = self.at(end).text in (",", "،", "من", "عام", "سنة")
        year = self.cardinal(end + comma)
        if year and not (year.digits and 1300 <= year.value <= 1500 and year.value.denominator == 1):
            year = None
        known = gregorian(int(year.value) if year else None, month, int(day.value) if day else None)
        label = known.label if known else ""
        sure = bool(day or year) or self.at(j - 1).text in ("شهر", "لشهر", "month")
        name: set[Reading] = {("hijri month", Fraction(month))} | (known.months if known else set())
        found.append(self.part(month, "hijri month", j, after, name, "strong" if sure else "answer", label))
        if day:
            days_read: set[Reading] = {("n", day.value), ("hijri", day.value)} | (known.days if known else set())
            found.append(self.part(int(day.value), "hijri", *spot, days_read, label=label))
        if year:
            years: set[Reading] = {("n", year.value), ("hijri", year.value)} | (known.years if known else set())
            found.append(self.part(int(year.value), "hijri", end + comma, year.end, years, label=label))
            end = year.end
        return self._twin(sorted(found, key=lambda part: part.span), i, end), end

    def _twin(self, parts: list[Quantity], first: int, end: int) -> list[Quantity]:
        """The parts of a Hijri date; beside its Gregorian day either of the two is enough."""
        months = {value for part in parts for family, value in part.readings if family == "month"}
        for j in (*range(end, end + _NEAR), *range(max(first - _NEAR, 0), first)):
            if (found := self.month_at(j)) and found[0] in months:
                if j >= end:
                    self.twins, self.twins_end = tuple(parts), end + _NEAR
                return [replace(part, weight="soft", readings=_hijri_only(part)) for part in parts]
        return parts

    def as_twin(self, quantity: Quantity, i: int) -> Quantity:
        """A part of the Gregorian date beside a Hijri one, at token `i`, may be translated by either."""
        for part in self.twins if i < self.twins_end else ():
            if quantity.readings & part.readings:
                return replace(quantity, readings=quantity.readings | {r for r in _hijri_only(part) if r[0] != "n"})
        return quantity


def _hijri_only(part: Quantity) -> frozenset[Reading]:
    family = "hijri month" if part.kind == "hijri month" else "hijri"
    return frozenset({(family, part.value)} | ({("n", part.value)} if part.kind == "hijri" else set()))
