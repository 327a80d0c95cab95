"""Times of the day, in digits and in words: 11:20, 3:30 p.m., 0230 GMT, «الساعة الثالثة والنصف مساء», half past three.

An hour and its minutes are two quantities. An hour without a.m. or p.m. may be either of the two; where both sides
say which, they must agree.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from mt.quantities.cardinals import read_cardinal, read_ordinal
from mt.quantities.numerals import Lang
from mt.quantities.text import Text
from mt.quantities.units import Quantity, Reading, Weight

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


class _Time(NamedTuple):
    hour: tuple[int, int, int]  # value, first and last token
    minute: tuple[int, int, int] | None  # negative before the hour: «إلا ربعا»
    end: int


def read_clock(text: Text, i: int) -> tuple[list[Quantity], int] | None:
    """The hour and the minutes at token `i`, and where the time ends."""
    token = text.tokens[i]
    if token.kind == "digits":
        return _in_digits(text, i, marked=False)
    if token.kind != "word":
        return None
    if text.arabic:
        if token.text in _HOUR:
            j = i + 1
            while text.at(j).text in _FILLERS and j < i + 3:
                j += 1
            sure = token.text != "ساعة"
            return (
                (_in_digits(text, j, marked=sure) or _in_words(text, j, marked=sure)) if j < len(text.tokens) else None
            )
        feminine = token.role == "ordinal" and token.definite and token.text.endswith(("ة", "ي"))
        return _in_words(text, i, marked=False) if feminine else None
    return _english_words(text, i)


def _in_digits(text: Text, i: int, marked: bool) -> tuple[list[Quantity], int] | None:
    start = text.tokens[i].start
    if text.tokens[i].kind != "digits" or (start and text.string[start - 1] in ":./"):
        return None
    if match := _COLON.match(text.digits, start):
        daytime = _daytime(text, match.end())
        if match[2] == ":" or marked or daytime:
            return _timed(text, match, i, daytime), text.after(match.end(), i)
    if match := _FOUR.match(text.digits, start):
        return _timed(text, match, i, None), text.after(match.end(), i)
    if len(text.tokens[i].text) > 2 or not text.tokens[i].text.isdecimal():
        return None
    return _in_words(text, i, marked)


def _timed(text: Text, match: re.Match[str], i: int, daytime: str | None) -> list[Quantity]:
    last = match.lastindex or 2
    hour, minute = int(match[1]), int(match[last])
    label, readings = f"{match[1]}:{match[last]}", _hours(hour, daytime)
    weight: Weight = "strong" if minute else "answer"
    return [
        text.quoted(hour, "hour", match.span(1), readings, label=label + _shown(daytime)),
        text.quoted(minute, "number", match.span(last), {("n", Fraction(minute))}, weight, label + _shown(daytime)),
    ]


def _daytime(text: Text, place: int) -> str | None:
    match = _DAYTIME[text.lang].match(text.string, place)
    return match.lastgroup if match else None


def _in_words(text: Text, i: int, marked: bool) -> tuple[list[Quantity], int] | None:
    """An hour alone or in words: 3 p.m., «الثالثة والنصف»; unless `marked`, only with the time of day after it."""
    read = (read_ordinal(text, i) if text.tokens[i].role == "ordinal" else None) or read_cardinal(text, i)
    if not read or read.value.denominator > 1 or not 0 <= read.value <= 24:
        return None
    hour, end = int(read.value), read.end
    minute = _arabic_minutes(text, end) if text.arabic else None
    if minute:
        end = minute[2]
    daytime = _daytime(text, text.tokens[end - 1].end)
    oclock = not text.arabic and _OCLOCK.match(text.string, text.tokens[end - 1].end)
    if not (marked or oclock or (daytime and (hour <= 12) and not (text.arabic and daytime == "night" and not minute))):
        return None
    return _spoken(text, _Time((hour, i, read.end), minute, end), daytime)


def _arabic_minutes(text: Text, i: int) -> tuple[int, int, int] | None:
    """Minutes, the first token and the end of «والنصف», «إلا ربعا», «وعشرين دقيقة»."""
    less = text.at(i).text in ("الا", "سوي")
    j = i + 1 if less else i
    token = text.at(j)
    if token.role == "part" and (less or token.joined):
        minute = int(60 * token.value)
        return (-minute if less else minute), j, j + 1
    read = read_cardinal(text, j + 1 if token.text == "و" else j)
    if read and (less or token.joined or token.text == "و") and text.at(read.end).text in ("دقيقة", "دقائق"):
        minute = int(read.value)
        return (-minute if less else minute), j, read.end + 1
    return None


def _spoken(text: Text, time: _Time, daytime: str | None) -> tuple[list[Quantity], int]:
    (written, first, last), minute = time.hour, time.minute
    spoken = minute[0] if minute else 0
    hour = (written - 1) % 12 or 12 if spoken < 0 else written
    label = f"{hour}:{spoken % 60:02}{_shown(daytime)}"
    found = [text.part(hour, "hour", first, last, _hours(hour, daytime) | {("n", Fraction(written))}, label=label)]
    if minute:
        readings = {("n", Fraction(spoken % 60)), ("n", Fraction(abs(spoken)))}
        if abs(spoken) == 30:
            readings.add(("n", Fraction(1, 2)))
        found.append(text.part(spoken % 60, "number", minute[1], minute[2], readings, label=label))
    return sorted(found, key=lambda quantity: quantity.span), time.end


def _english_words(text: Text, i: int) -> tuple[list[Quantity], int] | None:
    """Half past three; a quarter to 5; ten past two."""
    word = text.tokens[i].text
    if word in ("half", "quarter"):
        minute, j = (30 if word == "half" else 15), i + 1
    elif (read := read_cardinal(text, i)) and text.at(read.end).text in ("past", "minutes") and read.value < 60:
        minute, j = int(read.value), read.end + (text.at(read.end).text == "minutes")
    else:
        return _in_words(text, i, marked=False)
    if text.at(j).text not in ("past", "to"):
        return _in_words(text, i, marked=False)
    hours = read_cardinal(text, j + 1)
    if not hours or not (hours.value <= 12 and hours.value.denominator == 1):
        return None
    signed = -minute if text.at(j).text == "to" else minute
    time = _Time((int(hours.value), j + 1, hours.end), (signed, i, j), hours.end)
    return _spoken(text, time, _daytime(text, text.tokens[hours.end - 1].end))


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
