"""The quantities in an Arabic or English text, as exact values with their spans.

What the reader of a result should know:

- Dates, times, scores, ranges and versions (15/3/2016, 9:30, 2-1, 1.2.3) give their parts as plain numbers. A minus
  sign is not read: a hyphen before a number is mostly none.
- A comma before one or two digits is a decimal comma in Arabic and a list in English; "1.500" is 1.5 in both.
- "k" must touch its digits, "m" and "b" count only after a sign of money (£3m): 100m is a distance.
- Plurals without a number (thousands of, آلاف, عشرات) count nothing.
- Some words are *weak*, mostly used for something else: one, two, first, second, third, seventies, half, a lone
  "thousand", III, واحد, اثنان, الثاني, نصف, duals like ساعتين. `quantities` leaves them out; in `unmatched` they are
  never missed, but answer for a number on the other side, so that "2 hours" agrees with ساعتين.
- ألف without shadda is read as a thousand, also where it is the verb "wrote".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from mt.cardinals import HYPHENS, CardinalReader, Read
from mt.document import Span
from mt.numerals import HUNDRED, MAX_DIGITS, Lang, Token, literal

Kind = Literal["number", "percent", "ordinal"]

_PERCENT_SIGNS = {"%", "٪", "﹪", "％"}
_ORDINAL_ENDINGS = {"st", "nd", "rd", "th"}
_LENGTHS = {"km", "m", "cm", "mm", "كم", "م", "سم", "مم"}  # km2 and m3 are no numbers


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact value and where it stands: `text[span[0]:span[1]] == surface`, an Arabic clitic included."""

    value: Fraction
    kind: Kind
    span: Span
    surface: str


class Mismatch(NamedTuple):
    """The quantities of each side that the other side lacks, in order of appearance."""

    missing: tuple[Quantity, ...]  # in the source, not in the target
    added: tuple[Quantity, ...]  # in the target, not in the source


def quantities(text: str, lang: Lang) -> list[Quantity]:
    """The quantities of `text` in order, without overlaps; see the module for what counts as one."""
    return [quantity for quantity, weak in _Parser(text, lang).parse() if not weak]


def unmatched(source: str, target: str) -> Mismatch:
    """What an Arabic source and its English target do not share, as multisets of values; both empty: they agree."""
    left, right = list(_Parser(source, "ar").parse()), list(_Parser(target, "en").parse())
    return Mismatch(_lacking(left, right), _lacking(right, left))


_Found = tuple[Quantity, bool]  # and whether it is weak


def _lacking(these: Sequence[_Found], those: Sequence[_Found]) -> tuple[Quantity, ...]:
    stock = Counter(quantity.value for quantity, _ in those)
    lacking = []
    for quantity in (quantity for quantity, weak in these if not weak):
        if stock[quantity.value] == 0:
            lacking.append(quantity)
        stock[quantity.value] -= stock[quantity.value] > 0
    return tuple(lacking)


class _Parser(CardinalReader):
    """Reads a text from left to right: percentages, decades, ordinals, cardinals, and digits that are none."""

    def parse(self) -> Iterator[_Found]:
        """Each quantity, and whether it is weak."""
        i = 0
        while i < len(self.tokens):
            if end := self._percent_words(i) or self._decade(i):  # a percentage without a number is no hundred
                yield from self._decade_values(i, end)
            elif ordinal := self._ordinal(i):
                end = ordinal.end
                yield self._quantity(ordinal.value, "ordinal", i, end), self._is_weak_ordinal(i, ordinal.value)
            elif number := self.cardinal(i):
                percent = self._percent(i, number.end)
                end = percent or number.end
                weak = not percent and self._is_weak_number(i, number.value)
                yield self._quantity(number.value, "percent" if percent else "number", i, end), weak
            else:
                end = i + 1
                yield from self._leftover(i)
            i = end

    def _quantity(self, value: Fraction, kind: Kind, first: int, end: int) -> Quantity:
        span = self.tokens[first].start, self.tokens[end - 1].end
        return Quantity(value, kind, span, self.text[slice(*span)])

    def _leftover(self, i: int) -> Iterator[_Found]:
        """The numbers of a date, a version or a list without spaces; the value of a weak word or a part."""
        token = self.tokens[i]
        if token.kind == "digits":
            for match in re.finditer("[0-9]+", token.text):
                start, end = token.start + match.start(), token.start + match.end()
                if end - start <= MAX_DIGITS:
                    yield Quantity(Fraction(int(match.group())), "number", (start, end), self.text[start:end]), False
        for value in self._weak_values(token):
            yield self._quantity(value, "number", i, i + 1), True

    def _weak_values(self, token: Token) -> tuple[Fraction, ...]:
        """What a word outside a number may stand for."""
        if token.role == "part":
            return token.value, 1 + token.value  # half an hour, an hour and a half
        if token.role == "scale" and self.arabic:
            return (token.value, 2 * token.value) if token.text.endswith("ا") else ()  # ألفا; not آلاف
        return (token.value,) if token.role in ("weak", "hundred", "scale") else ()

    def _is_weak_number(self, i: int, value: Fraction) -> bool:
        """Is this a mere "one" or "two", the 00 of 11:00, or the 2 of km2?"""
        token, before = self.tokens[i], self.at(i - 1)
        if token.kind == "word":
            return value in (1, 2)
        return (token.text == "00" and before.text == ":") or (before.text in _LENGTHS and self.touches(i))

    def _is_weak_ordinal(self, i: int, value: Fraction) -> bool:
        """Is this "first", "second", or perhaps a fraction: "a third", "one fifth"?"""
        before = self.at(i - 2 if self.at(i - 1).text in HYPHENS else i - 1)
        return value < 3 or self.tokens[i].text == "third" or before.text in ("a", "one")

    # What surrounds numbers: percent, decades, ordinals.

    def _percent(self, first: int, end: int) -> int | None:
        """The end of a number with the percent sign or words after it, None where there is none."""
        if self.at(end).text in _PERCENT_SIGNS:
            return end + 1
        before = self.at(first - 1).text in _PERCENT_SIGNS and self.touches(first)
        return end if before and self.tokens[first].kind == "digits" else self._percent_words(end)

    def _percent_words(self, i: int) -> int | None:
        text, following = self.at(i).text, self.at(i + 1)
        if self.arabic:
            if text == "في":
                return i + 2 if following.text in HUNDRED and following.clitics == "ال" else None
            return i + 1 if text in HUNDRED and self.at(i).clitics == "بال" else None
        return i + 1 if text == "percent" else i + 2 if text == "per" and following.text == "cent" else None

    def _decade(self, i: int) -> int | None:
        """The end of سبعينيات or سبعينيات القرن الماضي, "seventies"."""
        if self.at(i).role != "decade":
            return None
        century = self._century(i + 1)
        return century.end if century else i + 1

    def _century(self, i: int) -> Read | None:
        if self.at(i).text != "القرن":
            return None
        last = Read(Fraction(20), i + 2) if self.at(i + 1).text == "الماضي" else None
        return last or self._ordinal(i + 1) or self.cardinal(i + 1)

    def _decade_values(self, i: int, end: int) -> Iterator[_Found]:
        """70, and 1970 or what the century makes of it, and the century: all weak, as "1970s" answers for each."""
        if self.tokens[i].role == "decade":
            century = self._century(i + 1)
            number, decade = century.value if century else Fraction(20), self.tokens[i].value
            for value in (decade, 100 * (number - 1) + decade, *([number] if century else [])):
                yield self._quantity(value, "number", i, end), True

    def _ordinal(self, i: int) -> Read | None:
        token, following = self.at(i), self.at(i + 1)
        if token.kind == "digits" and following.text in _ORDINAL_ENDINGS and self.touches(i + 1):
            value = literal(token.text, self.lang)
            return Read(value, i + 2) if value is not None else None
        if token.role == "tens" and following.text in HYPHENS and self.at(i + 2).role == "ordinal":
            return Read(token.value + self.at(i + 2).value, i + 3)
        if token.role != "ordinal":
            return None
        if self.arabic and following.role == "ten" and not following.joined:  # الثالث عشر
            return Read(token.value + 10, i + 2)
        if self.arabic and following.role == "tens" and following.joined and token.definite and following.definite:
            return Read(token.value + following.value, i + 2)  # الثالث والعشرون; not الثالثة وعشرون دقيقة
        return Read(token.value, i + 1)
