"""Numbers with what stands around them: a sign, units, "percent", and what a range gives its first number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from mt.quantities.cardinals import HYPHENS, Read
from mt.quantities.hijri_dates import HijriReader
from mt.quantities.numerals import FIFTH_TO_TENTH, HUNDRED
from mt.quantities.units import (
    MONEY,
    MONEY_SIGNS,
    NO_UNITS,
    PERCENT,
    Quantity,
    Reading,
    Units,
    Weight,
    named,
    units_after,
)

PERCENT_SIGNS = {"%", "٪", "﹪", "％"}
_LENGTHS = {"km", "m", "cm", "mm", "كم", "م", "سم", "مم"}  # km2 and m3 are no numbers
_DEGREES = {"degrees", "celsius", "fahrenheit"}
_MINUS = {"-", "\u2010", "\u2011", "–", "−"}
_MINUS_WORDS = {"minus", "negative", "ناقص", "سالب"}
_BELOW = re.compile(r"[^.؛;،,\d]{0,30}?(?:below (?:zero|freezing)|(?:تحت|دون) الصفر)")
_ONE_IN = {(one, out) for one in ("1", "one", "واحد", "من", "out") for out in ("in", "of", "every", "كل", "بين")}
_TO = {"to", "and", "or", "-", "–", "—", "−", "الي", "او", "حتي", "و"}
_PLURALS = {"الثواني", "الدقائق", "الساعات", "الايام", "الاسابيع", "الاشهر", "الشهور", "السنوات", "الاعوام", "العقود",
            "القرون", "الكيلومترات", "الامتار", "الدولارات"}  # fmt: skip
_WROTE = {"كتاب", "كتابا", "كتب", "كتبا", "رواية", "روايات", "قصيدة", "قصائد", "موسيقي", "اغنية", "اغاني", "مسرحية",
          "مقطوعة", "اعمالا", "العديد", "رائعتين", "مع", "عددا"}  # fmt: skip
_WHO_WROTE = {"الذي", "التي", "قد", "كما", "وقد", "من"}


class MeasureReader(HijriReader):
    """Reads a number at any token together with its surroundings."""

    def counted(self, value: Fraction, first: int, end: int, *others: Fraction, weight: Weight = "strong") -> Quantity:
        """A plain number over the tokens from `first` to `end`, and what else it may be."""
        span = self.tokens[first].start, self.tokens[end - 1].end
        readings: frozenset[Reading] = frozenset(("n", one) for one in (value, *others))
        return Quantity(value, "number", span, self.text[slice(*span)], readings=readings, weight=weight)

    def number(self, i: int, number: Read) -> tuple[list[Quantity], int]:
        """The quantity of a cardinal at token `i`, and where it ends."""
        end = number.end
        percent = self._percent(i, end)
        units = self._units(i, end) if not percent else frozenset({PERCENT})
        number = self._and_part(number, units)
        others = self._others(i, number) if not percent else [number.value / 100]
        quantity = self.counted(number.value, i, percent or number.end, *others)
        if not percent:
            scale, range_units = self._range(i, number)
            units = units or range_units
            if scale:
                quantity = replace(quantity, readings=quantity.readings | {("n", number.value * scale)})
        weight: Weight = "strong" if percent or not self._is_weak_number(i, number) else "answer"
        quantity = replace(quantity, units=units, weight=weight, kind="percent" if percent else "number")
        return [self._signed(i, end, quantity)], percent or number.end

    def _and_part(self, number: Read, units: Units) -> Read:
        """The number with what stands behind its unit: «ثلاث ساعات ونصف», "5 dollars and 30 cents"."""
        j = self._and(number.end + 1) if units and units == named(self.at(number.end), self.lang) else None
        if j is None or (not self.arabic and j == number.end + 1):
            return number
        k = j + (self.at(j).text == "a")
        part = self.at(k)
        if part.role == "part" and not part.definite:
            return number._replace(value=number.value + part.value, end=k + 1)
        cents = self.cardinal(j) if units <= MONEY and j < len(self.tokens) else None
        if cents and cents.value < 100 and "cents" in named(self.at(cents.end), self.lang) and "cents" not in units:
            return number._replace(value=number.value + cents.value / 100, end=cents.end + 1)
        return number

    def _others(self, i: int, number: Read) -> Iterator[Fraction]:
        """What else a number may be: «خمس» a fifth, "in five" too, the 16 of 2015-16, «ألف ليلة وليلة» 1001."""
        token, value = self.tokens[i], number.value
        single = number.end == i + 1
        if self.arabic and single and token.text in FIFTH_TO_TENTH:
            yield Fraction(1, FIFTH_TO_TENTH[token.text])
        if value > 1 and (self.at(i - 2).text, self.at(i - 1).text) in _ONE_IN:
            yield 1 / value
        before, between = self.at(i - 2), self.at(i - 1).text
        joined = between in ("-", "–", "/") and before.text.isdecimal()
        if joined and len(token.text) == 2 and len(before.text) == 4 and value.denominator == 1:  # 2015-16
            yield int(before.text) // 100 * 100 + value
        if not self.arabic and self.touches(number.end) and self.at(number.end).text in ("m", "b"):  # 5m people
            yield value * (10**6 if self.at(number.end).text == "m" else 10**9)
        if single and token.text == "الف" and self.at(i + 1).text == "ليلة":
            yield value + 1

    def _units(self, i: int, end: int) -> Units:
        before = self.at(i - 1)
        if before.text in MONEY_SIGNS or before.text in ("usd", "eur", "gbp"):
            return named(before, "en")
        after = self.at(end)
        if after.text in MONEY_SIGNS:
            return named(after, "en")
        found = units_after(self.tokens, end, self.lang)
        if found or not self.arabic:
            return found
        noun = self.at(i - 2) if before.text == "ال" else before  # «الساعات الـ48», «الأشهر الثلاثة»
        definite = noun is not before or self.tokens[i].definite
        return named(noun, "ar") if definite and noun.text in _PLURALS else NO_UNITS

    def _range(self, i: int, number: Read) -> tuple[Fraction | None, Units]:
        """The scale and the units that "2" gets from what follows in "2 to 3 million dollars"."""
        j = number.end
        following = self.at(j)
        if following.text in _TO:
            j += 1
        elif not (self.arabic and following.joined):
            return None, NO_UNITS
        second = self.cardinal(j) if j < len(self.tokens) else None
        if not second:
            return None, NO_UNITS
        percent = self._percent(j, second.end)
        units = frozenset({PERCENT}) if percent else self._units(j, second.end)
        if self.at(j).text in MONEY_SIGNS:
            units = named(self.at(j), "en")
        scale = second.scale if number.scale == 1 and second.scale > 1 and number.value < 1000 else None
        return scale, units

    def _signed(self, i: int, end: int, quantity: Quantity) -> Quantity:
        before, value = self.at(i - 1), quantity.value
        negative = frozenset({("n", -value)})
        k = i - 1
        if before.text in MONEY_SIGNS:
            k, before = i - 2, self.at(i - 2)
        sign = before.text in _MINUS and self.at(k).end == self.at(k + 1).start and self._opens(k)
        if before.text in _MINUS_WORDS or (sign and before.text == "−") or (quantity.units and self._is_below(end)):
            return replace(quantity, value=-value, readings=negative)
        after = self.at(end)
        trailing = after.text in _MINUS and self.touches(end) and self.at(end + 1).start > after.end
        if (sign or (trailing and self.arabic)) and self.tokens[i].kind == "digits":
            degrees = _DEGREES & (quantity.units or units_after(self.tokens, end + 1, self.lang))
            if degrees or (sign and (quantity.kind == "percent" or quantity.units & MONEY)):
                return replace(quantity, value=-value, readings=negative)
            return replace(quantity, readings=quantity.readings | negative)
        return quantity

    def _opens(self, i: int) -> bool:
        """Does the hyphen at token `i` stand apart from what is before it?"""
        before = self.at(i - 1)
        return before.kind == "end" or before.text == "(" or before.end < self.at(i).start

    def _is_below(self, end: int) -> bool:
        return _BELOW.match(self.text, self.tokens[end - 1].end) is not None

    def _is_weak_number(self, i: int, number: Read) -> bool:
        """Is this a mere "one" or "two", the 00 of 11:00, the 2 of km2, «ألف» as a verb?"""
        token, before, following = self.tokens[i], self.at(i - 1), self.at(number.end)
        if token.kind == "word":
            if token.text == "الف" and number.end == i + 1 and not token.clitics:
                return before.text in _WHO_WROTE or following.text in _WROTE
            return number.value == 1 or (self.arabic and number.value == 2 and token.text.endswith("ا"))
        if token.text == "1" and following.text in ("in", "out"):
            return True
        return (token.text == "00" and before.text == ":") or (before.text in _LENGTHS and self.touches(i))

    def _percent(self, first: int, end: int) -> int | None:
        """The end of a number with the percent sign or words after it, None where there is none."""
        if self.at(end).text in PERCENT_SIGNS:
            return end + 1
        before = self.at(first - 1).text in PERCENT_SIGNS and self.touches(first)
        if before and self.tokens[first].kind == "digits":
            return end
        return self.percent_words(end + 1 if self.at(end).text in HYPHENS else end)

    def percent_words(self, i: int) -> int | None:
        text, following = self.at(i).text, self.at(i + 1)
        if self.arabic:
            if text == "بالمية" or (text == "في" and following.text == "المية"):
                return i + 1 + (text == "في")
            if text == "في":
                return i + 2 if following.text in HUNDRED and following.clitics == "ال" else None
            return i + 1 if text in HUNDRED and self.at(i).clitics == "بال" else None
        if text in ("percent", "pct"):
            return None if following.text.startswith("point") else i + 1
        return i + 2 if text == "per" and following.text == "cent" else None
