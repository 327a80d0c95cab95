"""Times of the day, in digits and in words: 11:20, 3:30 p.m., 0230 GMT, «الساعة الثالثة والنصف مساء», half past three.

An hour and its minutes are two quantities. An hour without a.m. or p.m. may be either of the two; where both sides
say which, they must agree.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from mt.quantities.cardinals import CardinalReader
from mt.quantities.numerals import Lang
from mt.quantities.units import Kind, Quantity, Reading, Weight

_LATIN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_COLON = re.compile(r"([01]?[0-9]|2[0-4])\s?([:.٫])\s?([0-5][0-9])(?![0-9]|[:.٫][0-9])")
_ZONE = r"(?=\s*\)?\s*(?:h\b|hrs|hours|GMT|UTC|Z\b|local|بتوقيت|بالتوقيت|التوقيت|غرينتش|جرينتش))"
_FOUR = re.compile(rf"([01][0-9]|2[0-4])([0-5][0-9]){_ZONE}")
_DAYTIME: dict[Lang, re.Pattern[str]] = {
    "en": re.compile(
        r"[\s-]*(?:o['’]?clock)?,?\s*(?:in the |at )?"
        r"(?:(?P<am>a\.?\s?m\b|morning)|(?P<pm>p\.?\s?m\b|afternoon|evening)|(?P<night>night)|(?P<noon>noon))",
        re.IGNORECASE,
    ),
    "ar": re.compile(
        r"[\s،]*(?:من\s+|بعد\s+)?(?:(?P<am>ص\b|صباح|فجر|قبل ظهر|قبل الظهر|بعد منتصف الليل|منتصف الليل)"
        r"|(?P<pm>مساء|عصر|بعد الظهر|بعد ظهر|م\b)|(?P<night>ليل)|(?P<noon>ال?ظهر))"
    ),
}
_OCLOCK = re.compile(r"\s*o['’]?clock", re.IGNORECASE)
_HOUR = {"الساعة", "بالساعة", "والساعة", "للساعة", "ساعة"}
_FILLERS = {"تمام", "حوالي", "نحو", "ال", "عند", ":", "من"}
_NOON = {"noon": 12, "midday": 12, "midnight": 0}


class _Time(NamedTuple):
    hour: tuple[int, int, int]  # value, first and last token
    minute: tuple[int, int, int] | None  # negative before the hour: «إلا ربعا»
    end: int


class ClockReader(CardinalReader):
    """Reads times at any token of a text."""

    def __init__(self, text: str, lang: Lang) -> None:
        super().__init__(text, lang)
        self.digits = text.translate(_LATIN)

    def part(
        self,
        value: int,
        kind: Kind,
        first: int,
        end: int,
        readings: set[Reading],
        weight: Weight = "strong",
        label: str = "",
    ) -> Quantity:
        """A quantity over the tokens from `first` to `end`."""
        return self.quoted(value, kind, (self.tokens[first].start, self.tokens[end - 1].end), readings, weight, label)

    def quoted(
        self,
        value: int,
        kind: Kind,
        span: tuple[int, int],
        readings: set[Reading],
        weight: Weight = "strong",
        label: str = "",
    ) -> Quantity:
        """A quantity over a stretch of the text."""
        surface = self.text[slice(*span)]
        return Quantity(Fraction(value), kind, span, surface, readings=frozenset(readings), weight=weight, label=label)

    def after(self, place: int, i: int) -> int:
        """The first token from `i` on that does not begin before `place`."""
        while i < len(self.tokens) and self.tokens[i].start < place:
            i += 1
        return i

    def clock(self, i: int) -> tuple[list[Quantity], int] | None:
        """The hour and the minutes at token `i`, and where the time ends."""
        token = self.tokens[i]
        if token.kind == "digits":
            return self._in_digits(i, marked=False)
        if token.kind != "word":
            return None
        if self.arabic:
            if token.text in _HOUR:
                j = i + 1
                while self.at(j).text in _FILLERS and j < i + 3:
                    j += 1
                sure = token.text != "ساعة"
                return (
                    (self._in_digits(j, marked=sure) or self._in_words(j, marked=sure))
                    if j < len(self.tokens)
                    else None
                )
            feminine = token.role == "ordinal" and token.definite and token.text.endswith(("ة", "ي"))
            return self._in_words(i, marked=False) if feminine else None
        return self._english_words(i)

    def _in_digits(self, i: int, marked: bool) -> tuple[list[Quantity], int] | None:
        start = self.tokens[i].start
        if self.tokens[i].kind != "digits" or (start and self.text[start - 1] in ":./"):
            return None
        if match := _COLON.match(self.digits, start):
            daytime = self._daytime(match.end())
            if match[2] == ":" or marked or daytime:
                return self._timed(match, i, daytime), self.after(match.end(), i)
        if match := _FOUR.match(self.digits, start):
            return self._timed(match, i, None), self.after(match.end(), i)
        if len(self.tokens[i].text) > 2 or not self.tokens[i].text.isdecimal():
            return None
        return self._in_words(i, marked)

    def _timed(self, match: re.Match[str], i: int, daytime: str | None) -> list[Quantity]:
        last = match.lastindex or 2
        hour, minute = int(match[1]), int(match[last])
        label, readings = f"{match[1]}:{match[last]}", _hours(hour, daytime)
        weight: Weight = "strong" if minute else "answer"
        return [
            self.quoted(hour, "hour", match.span(1), readings, label=label + _shown(daytime)),
            self.quoted(minute, "number", match.span(last), {("n", Fraction(minute))}, weight, label + _shown(daytime)),
        ]

    def _daytime(self, place: int) -> str | None:
        match = _DAYTIME[self.lang].match(self.text, place)
        return match.lastgroup if match else None

    def _in_words(self, i: int, marked: bool) -> tuple[list[Quantity], int] | None:
        """An hour alone or in words: 3 p.m., «الثالثة والنصف»; unless `marked`, only with the time of day after it."""
        read = (self.ordinal(i) if self.tokens[i].role == "ordinal" else None) or self.cardinal(i)
        if not read or read.value.denominator > 1 or not 0 <= read.value <= 24:
            return None
        hour, end = int(read.value), read.end
        minute = self._arabic_minutes(end) if self.arabic else None
        if minute:
            end = minute[2]
        daytime = self._daytime(self.tokens[end - 1].end)
        oclock = not self.arabic and _OCLOCK.match(self.text, self.tokens[end - 1].end)
        if not (
            marked or oclock or (daytime and (hour <= 12) and not (self.arabic and daytime == "night" and not minute))
        ):
            return None
        return self._spoken(_Time((hour, i, read.end), minute, end), daytime)

    def _arabic_minutes(self, i: int) -> tuple[int, int, int] | None:
        """Minutes, the first token and the end of «والنصف», «إلا ربعا», «وعشرين دقيقة»."""
        less = self.at(i).text in ("الا", "سوي")
        j = i + 1 if less else i
        token = self.at(j)
        if token.role == "part" and (less or token.joined):
            minute = int(60 * token.value)
            return (-minute if less else minute), j, j + 1
        read = self.cardinal(j + 1 if token.text == "و" else j)
        if read and (less or token.joined or token.text == "و") and self.at(read.end).text in ("دقيقة", "دقائق"):
            minute = int(read.value)
            return (-minute if less else minute), j, read.end + 1
        return None

    def _spoken(self, time: _Time, daytime: str | None) -> tuple[list[Quantity], int]:
        (written, first, last), minute = time.hour, time.minute
        spoken = minute[0] if minute else 0
        hour = (written - 1) % 12 or 12 if spoken < 0 else written
        label = f"{hour}:{spoken % 60:02}{_shown(daytime)}"
        found = [self.part(hour, "hour", first, last, _hours(hour, daytime) | {("n", Fraction(written))}, label=label)]
        if minute:
            readings = {("n", Fraction(spoken % 60)), ("n", Fraction(abs(spoken)))}
            if abs(spoken) == 30:
                readings.add(("n", Fraction(1, 2)))
            found.append(self.part(spoken % 60, "number", minute[1], minute[2], readings, label=label))
        return sorted(found, key=lambda quantity: quantity.span), time.end

    def _english_words(self, i: int) -> tuple[list[Quantity], int] | None:
        """noon; half past three; a quarter to 5; ten past two."""
        text = self.tokens[i].text
        if text in _NOON:
            hour = _NOON[text]
            return [self.part(hour, "hour", i, i + 1, _hours(hour, "noon" if hour else "am"), "answer")], i + 1
        if text in ("half", "quarter"):
            minute, j = (30 if text == "half" else 15), i + 1
        elif (read := self.cardinal(i)) and self.at(read.end).text in ("past", "minutes") and read.value < 60:
            minute, j = int(read.value), read.end + (self.at(read.end).text == "minutes")
        else:
            return self._in_words(i, marked=False)
        if self.at(j).text not in ("past", "to"):
            return self._in_words(i, marked=False)
        hours = self.cardinal(j + 1)
        if not hours or not (hours.value <= 12 and hours.value.denominator == 1):
            return None
        signed = -minute if self.at(j).text == "to" else minute
        time = _Time((int(hours.value), j + 1, hours.end), (signed, i, j), hours.end)
        return self._spoken(time, self._daytime(self.tokens[hours.end - 1].end))


def _hours(hour: int, daytime: str | None) -> set[Reading]:
    """The hours of the day that may be meant, and the number that was written."""
    early, late = hour % 12, hour % 12 + 12
    if hour > 12 or hour == 0:
        hours = {hour % 24}
    elif daytime == "night":
        hours = {late} if early >= 6 else {early, late} if hour == 12 else {early}
    elif daytime == "noon":
        hours = {early} if early in (10, 11) else {late}
    else:
        hours = {"am": {early}, "pm": {late}}.get(daytime or "", {early, late})
    if hour == 12:
        hours |= {0} if daytime in ("pm", "night") else set()  # 12 p.m., «12 مساء»: writers mean either
    return {("hour", Fraction(h)) for h in hours} | {("n", Fraction(n)) for n in {hour, hour % 12 or 12, hour % 24}}


def _shown(daytime: str | None) -> str:
    return {"am": " a.m.", "pm": " p.m.", "noon": " p.m.", "night": " at night"}.get(daytime or "", "")
