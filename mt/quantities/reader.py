"""Reads the quantities of a text from left to right, each by the reader that knows its kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from mt.quantities.agreement import Mismatch, lacking
from mt.quantities.cardinals import HYPHENS, Read
from mt.quantities.numerals import MAX_DIGITS, Lang
from mt.quantities.units import Quantity, Weight
from mt.quantities.vague import VagueReader

_AMOUNTS = ("number", "percent", "ordinal", "hour", "hijri")
_PHONE = re.compile(r"\+?[0-9]+(?:(?: ?[(). \-\u00a0] ?)[0-9]+){1,12}")


def quantities(text: str, lang: Lang) -> list[Quantity]:
    """The amounts of `text` in order, without overlaps; see the package for what counts as one."""
    return [q for q in read(text, lang) if q.weight == "strong" and q.kind in _AMOUNTS]


def calendar(text: str, lang: Lang) -> list[Quantity]:
    """The months and weekdays of `text` in order; the days and years are among its `quantities`."""
    return [q for q in read(text, lang) if q.weight == "strong" and q.kind not in _AMOUNTS]


def unmatched(source: str, target: str) -> Mismatch:
    """What an Arabic source and its English target do not share; both empty: they agree."""
    return lacking(read(source, "ar"), read(target, "en"))


def read(text: str, lang: Lang) -> list[Quantity]:
    """All quantities, answers among them, in order."""
    return list(_Parser(text, lang).parse())


class _Parser(VagueReader):
    """Reads a text from left to right: dates, percentages, decades, fractions, ordinals, cardinals, and the rest."""

    def parse(self) -> Iterator[Quantity]:
        i = 0
        while i < len(self.tokens):
            found, end = self._at(i)
            for quantity in found:
                yield self.as_twin(quantity, i)
            i = end

    def _at(self, i: int) -> tuple[list[Quantity], int]:
        if end := self.percent_words(i):  # a percentage without a number is no hundred
            return [], end
        for reader in (self._decade, self._phone, self.date, self.magnitude, self.fraction):
            if found := reader(i):
                return found
        if ordinal := self.ordinal(i):
            return [self._ordinal_quantity(i, ordinal)], ordinal.end
        if number := self.cardinal(i):
            return self.number(i, number)
        return self._leftover(i), i + 1

    def _ordinal_quantity(self, i: int, ordinal: Read) -> Quantity:
        """An ordinal; perhaps a fraction: "third", "one fifth". "First" comes and goes in translation."""
        value = ordinal.value
        before = self.at(i - 2 if self.at(i - 1).text in HYPHENS else i - 1)
        fraction = self.tokens[i].text == "third" or (before.text in ("a", "one") and value > 1)
        weight: Weight = "strong" if value > 2 else "soft" if self._is_in_order(i) else "answer"
        found = self.counted(value, i, ordinal.end, *([1 / value] if fraction else []), weight=weight)
        return replace(found, kind="ordinal")

    def _is_in_order(self, i: int) -> bool:
        """Is this surely "first" or "second" in a row, not "at first", "per second"?"""
        if self.arabic:
            return self.tokens[i].definite
        return self.at(i - 1).text in ("the", "its", "his", "her", "their")

    def _decade(self, i: int) -> tuple[list[Quantity], int] | None:
        """«سبعينيات القرن الماضي», "seventies": 70 or 1970, and its century."""
        if self.at(i).role != "decade":
            return None
        century = self._century(i + 1)
        number, decade = century.value if century else Fraction(20), self.tokens[i].value
        end = century.end if century else i + 1
        year = 100 * (number - 1) + decade
        doubtful = self.at(end).kind == "digits"  # and the year itself after it
        found = self.counted(year if century else decade, i, end, year, weight="answer" if doubtful else "strong")
        found = replace(found, readings=found.readings | {("n", decade)}, label=f"{year if century else decade}s")
        return [found, *([self.counted(number, i, end, weight="answer")] if century else [])], end

    def _century(self, i: int) -> Read | None:
        token = self.at(i)
        if not (token.text == "قرن" and token.definite):
            return None
        last = Read(Fraction(20), i + 2) if self.at(i + 1).text == "الماضي" else None
        return last or self.ordinal(i + 1) or self.cardinal(i + 1)

    def _phone(self, i: int) -> tuple[list[Quantity], int] | None:
        """A number that is dialed: as one run of digits, without the zeros or the plus before it."""
        token = self.tokens[i]
        if token.text != "+" and not (token.kind == "digits" and self.at(i - 1).kind != "digits"):
            return None
        match = _PHONE.match(self.digits, token.start)
        if not match:
            return None
        groups = re.findall("[0-9]+", match.group())
        digits = "".join(groups)
        dialed = (
            token.text == "+"
            or digits.startswith("0")
            or (match.group().count("-") > 1 and len(groups) > 2 and len(digits) > 8)
        )
        if not dialed or not 7 <= len(digits) <= 20 or "." in match.group()[:3]:
            return None
        value = int(digits.lstrip("0") or "0")
        return [self.quoted(value, "number", match.span(), {("n", Fraction(value))}, label=match.group())], self.after(
            match.end(), i
        )

    def _leftover(self, i: int) -> list[Quantity]:
        """The numbers of a version or a list without spaces; what a word may stand for."""
        token = self.tokens[i]
        if token.kind != "digits":
            return self.word(i)
        spans = (
            (token.start + match.start(), token.start + match.end()) for match in re.finditer("[0-9]+", token.text)
        )
        return [
            self.quoted(value, "number", (start, end), {("n", Fraction(value))})
            for start, end in spans
            if end - start <= MAX_DIGITS and (value := int(self.digits[start:end])) >= 0
        ]
