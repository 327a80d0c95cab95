"""Dates and times: months of three calendars, weekdays, clock times, numeric dates, "last year".

Each part is a `Quantity` of its own: a date that gives day and month is compared in both. A word that is mostly
something else (May, مارس, رمضان) counts only beside a number or a preposition; elsewhere it is but an answer.
"""

from __future__ import annotations

import re
from fractions import Fraction

from mt.quantities.clocks import read_clock
from mt.quantities.duals import counts_two
from mt.quantities.hijri import MONTHS, gregorian
from mt.quantities.numerals import CLITICS, Lang
from mt.quantities.text import Text
from mt.quantities.units import Quantity, Reading, Weight, named

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ARABIC_MONTHS = (
    "يناير جانفي", "فبراير فيفري شباط", "مارس اذار", "ابريل افريل نيسان", "مايو ماي ايار", "يونيو يونيه جوان حزيران",
    "يوليو يوليه يوليوز جويلية تموز", "اغسطس اوت غشت اب", "سبتمبر شتنبر ايلول", "اكتوبر", "نوفمبر نونبر",
    "ديسمبر دجنبر",
)  # fmt: skip
_PAIRED_MONTHS = {("كانون", 2): 1, ("تشرين", 1): 10, ("تشرين", 2): 11, ("كانون", 1): 12}
_DOUBTFUL = {"مارس", "اب", "اوت", "ماي", "جوان", "نيسان", "may", "march", "april", "june", "august"}  # names, verbs
_ARABIC_WEEKDAYS = ("اثنين", "ثلاثاء ثلاثا", "اربعاء اربعا", "خميس", "جمعة", "سبت", "احد")
_BEFORE = {"في", "من", "خلال", "منذ", "حتي", "بين", "شهر", "الي", "وحتي", "اواخر", "اوائل", "مطلع", "نهاية", "بداية",
           "منتصف", "شهري", "لشهر", "بشهر", "in", "of", "by", "since", "until", "till", "last", "this", "next", "early",
           "late", "mid", "from", "on", "during", "between", "through"}  # fmt: skip
_AFTER = {"عام", "سنة", "من", "الماضي", "المقبل", "القادم", "الجاري", "الحالي", "المنصرم", "الفائت"}
_DAYS = {"يوم", "مساء", "صباح", "ليلة", "ليل", "ظهر", "فجر", "عصر", "يومي", "ايام", "نهار"}

_SINCE = {"الماضي": -1, "الماضية": -1, "الفائت": -1, "المنصرم": -1, "المنصرمة": -1, "المقبل": 1, "المقبلة": 1,
          "القادم": 1, "القادمة": 1, "الجاري": 0, "الجارية": 0, "الحالي": 0, "الحالية": 0, "last": -1, "past": -1,
          "next": 1, "coming": 1, "this": 0, "current": 0, "هذا": 0, "هذه": 0}  # fmt: skip
_PERIODS = {"العام": "year", "السنة": "year", "الشهر": "month", "الاسبوع": "week", "year": "year", "month": "month",
            "week": "week"}  # fmt: skip
_NEAR_DAYS = {"امس": -1, "غدا": 1, "yesterday": -1, "tomorrow": 1}

_LOOK_BACK = 30  # tokens
_NUMERIC = re.compile(r"([0-9]{1,4})([/.\-–])([0-9]{1,2})\2([0-9]{1,4})(?![0-9]|[/.\-–][0-9])")
_SHORT = re.compile(r"([0-9]{1,2})/([0-9]{1,2})(?![0-9]|[/.\-–][0-9])")


def _table() -> dict[Lang, dict[str, tuple[str, int]]]:
    """Word → month or weekday and its number, Arabic behind clitics."""
    arabic = {word: ("month", n) for n, words in enumerate(_ARABIC_MONTHS, 1) for word in words.split()}
    english = {name.lower(): ("month", n) for n, name in enumerate(MONTHS, 1)}
    english |= {name[:3].lower(): ("short", n) for n, name in enumerate(MONTHS, 1) if n != 5} | {"sept": ("short", 9)}
    english |= {name.lower(): ("weekday", n) for n, name in enumerate(WEEKDAYS, 1)}
    english |= {name.lower() + "s": ("weekday", n) for n, name in enumerate(WEEKDAYS, 1)}
    table: dict[str, tuple[str, int]] = {}
    for clitics in CLITICS:
        if clitics.endswith(("ال", "لل")):
            words = ((word, n) for n, line in enumerate(_ARABIC_WEEKDAYS, 1) for word in line.split())
            table |= {clitics + word: ("weekday", n) for word, n in words}
        else:
            table |= {clitics + word: entry for word, entry in arabic.items()}
    return {"ar": table, "en": english}


_NAMES = _table()


def read_date(text: Text, i: int) -> tuple[list[Quantity], int] | None:
    """The parts of the date or time at token `i` and where it ends, None if there is none."""
    token = text.tokens[i]
    if token.kind == "digits" and (found := _numeric_date(text, i)):
        return found
    if found := read_clock(text, i):
        return found
    if token.kind != "word":
        return None
    return _month(text, i) or _weekday(text, i) or _relative(text, i)


# Months and weekdays.


def month_at(text: Text, i: int) -> tuple[int, int] | None:
    """A month and where it ends."""
    token, following = text.at(i), text.at(i + 1)
    if token.kind != "word":
        return None
    if text.arabic:
        for paired in ("كانون", "تشرين"):
            if token.text.endswith(paired) and following.role == "ordinal" and following.definite:
                number = _PAIRED_MONTHS.get((paired, int(following.value)))
                return (number, i + 2) if number else None
    kind, number = _NAMES[text.lang].get(token.text, ("", 0))
    if kind == "month" and not (token.text.endswith("اب") and "آ" not in text.string[token.start : token.end]):
        return (number, i + 1) if text.arabic or text.is_capital(token) else None
    if kind == "short" and text.is_capital(token):
        return number, i + 1
    return None


def _is_dated(text: Text, i: int) -> bool:
    """Does a number stand beside the month at token `i`? "Nov" alone answers, "Jan" alone is somebody."""
    dot = text.at(i + 1).text == "."
    return text.at(i + 1 + dot).kind == "digits" or text.at(i - 1).kind == "digits"


def _month(text: Text, i: int) -> tuple[list[Quantity], int] | None:
    found = month_at(text, i)
    if not found:
        return None
    number, end = found
    short = _NAMES[text.lang].get(text.tokens[i].text, ("", 0))[0] == "short"
    weight: Weight = "answer" if _is_doubtful(text, i, end) or (short and not _is_dated(text, i)) else "strong"
    between = text.at(end).text in ("/", "(", "-")
    if (again := month_at(text, end + between)) and again[0] == number:  # كانون الثاني/يناير
        end, weight = again[1], "strong"
    return [text.part(number, "month", i, end, {("month", Fraction(number))}, weight)], end


def _is_doubtful(text: Text, i: int, end: int) -> bool:
    word, before, after = text.tokens[i].text, text.at(i - 1), text.at(end)
    if word not in _DOUBTFUL and not (text.arabic and word[1:] in _DOUBTFUL):
        return False
    after = text.at(end + 1) if after.text in ",،." else after
    if before.kind == "digits" or before.role == "ordinal" or before.text in _BEFORE or after.text in _AFTER:
        return False
    if text.arabic or word in ("may", "march"):
        return after.kind != "digits"
    return after.kind == "word" and text.is_capital(after) and after.text not in _NAMES["en"]


def weekday_at(text: Text, i: int) -> int:
    """The number of the weekday that token `i` names, 0 if it names none."""
    token = text.at(i)
    if not text.arabic:
        kind, number = _NAMES["en"].get(token.text, ("", 0))
        return number if kind == "weekday" and text.is_capital(token) else 0
    word = token.clitics + token.text
    kind, number = _NAMES["ar"].get(word, ("", 0))
    if not kind and text.at(i - 1).text.endswith("يوم"):  # كل يوم جمعة
        kind, number = _NAMES["ar"].get("ال" + word, ("", 0))
    return number if kind == "weekday" else 0


def _weekday(text: Text, i: int) -> tuple[list[Quantity], int] | None:
    number, token, before, after = weekday_at(text, i), text.tokens[i], text.at(i - 1).text, text.at(i + 1).text
    if not number:
        return None
    readings: set[Reading] = {("weekday", Fraction(number))}
    weight: Weight = "strong"
    if text.arabic:
        marked = before.removeprefix("ال") in _DAYS or before[1:] in _DAYS
        if token.role == "unit" and not marked:  # the two of them, the one
            readings.add(("n", token.value))
            if token.value == 2 and any(counts_two(text, j) for j in range(max(0, i - _LOOK_BACK), i)):
                weight = "soft"
        if number == 7 and not marked and after in ("الواحد", "الصمد"):
            weight = "answer"
    elif after in ("times", "telegraph", "mirror", "mail", "express", "herald", "post"):
        weight = "answer"
    return [text.part(number, "weekday", i, i + 1, readings, weight)], i + 1


def _relative(text: Text, i: int) -> tuple[list[Quantity], int] | None:
    first, second = text.tokens[i].text, text.at(i + 1).text
    if first in _NEAR_DAYS:
        offset, period, end = _NEAR_DAYS[first], "day", i + 1
    elif first in _SINCE and second in _PERIODS:
        offset, period, end = _SINCE[first], _PERIODS[second], i + 2
        if text.at(i + 2).text in _SINCE:  # هذا العام الماضي; this past year
            offset, end = _SINCE[text.at(i + 2).text], i + 3
    elif text.arabic and second in _SINCE and (first in _PERIODS or first[1:] in _PERIODS):
        offset, period, end = _SINCE[second], _PERIODS[first if first in _PERIODS else first[1:]], i + 2
    else:
        return None
    return [text.part(offset, "relative", i, end, {(period, Fraction(offset))}, "soft")], end


# Numeric dates.


def _numeric_date(text: Text, i: int) -> tuple[list[Quantity], int] | None:
    start = text.tokens[i].start
    if start and (
        text.string[start - 1] in "/:"
        or (text.string[start - 1] in ".-–" and text.string[start - 2 : start - 1].isdigit())
    ):
        return None
    match = _NUMERIC.match(text.digits, start)
    if match:
        sign, values = match[2], [int(match[n]) for n in (1, 3, 4)]
        years = [n for n in (0, 2) if len(match[(1, 3, 4)[n]]) == 4 and 1000 <= values[n] < 3000]
        if not years and sign != "/":
            return None
        year = years[0] if years else 2
        if len(years) > 1 or values[2 - year] > 31 or not 1 <= values[1] <= 31:
            return None
        spans = [match.span(n) for n in (1, 3, 4)]
        return _dated(text, spans, values, year), text.after(match.end(), i)
    match = _SHORT.match(text.digits, start)
    if match:
        end = text.after(match.end(), i)
        of_a_unit = bool(named(text.at(end), text.lang))  # 1/5 inch is no date
        return _halves(text, [match.span(1), match.span(2)], int(match[1]), int(match[2]), of_a_unit), end
    return None


def _dated(text: Text, spans: list[tuple[int, int]], values: list[int], year: int) -> list[Quantity]:
    """The three parts, each with all it may be: day first in Arabic, either way in English."""
    label = "/".join(map(str, values)) if year == 2 else "-".join(f"{value:02}" for value in values)
    readings: list[set[Reading]] = [{("n", Fraction(value))} for value in values]
    months = [1] if text.arabic or year == 0 else [0, 1]
    months = months if any(1 <= values[n] <= 12 for n in months) else [2 - year]
    for n in months:
        if 1 <= values[n] <= 12:
            readings[n].add(("month", Fraction(values[n])))
    if values[year] < 100:
        readings[year].add(("n", Fraction(values[year] + (2000 if values[year] < 50 else 1900))))
    if 1343 <= values[year] <= 1500 and (day := gregorian(values[year], values[1], values[2 - year])):
        label, parts = day.label, (day.days, day.months, day.years)
        readings[1].add(("hijri month", Fraction(values[1])))
        for n, extra in zip((2 - year, 1, year), parts, strict=True):
            readings[n] |= extra
    return [
        text.quoted(value, "number", span, found, label=label)
        for value, span, found in zip(values, spans, readings, strict=True)
    ]


def _halves(text: Text, spans: list[tuple[int, int]], one: int, two: int, of_a_unit: bool) -> list[Quantity]:
    """15/3, 9/11, or the fraction 3/4."""
    readings: list[set[Reading]] = [{("n", Fraction(one))}, {("n", Fraction(two))}]
    for n, value in ((0, one), (1, two)):
        if 1 <= value <= 12 and (n or not text.arabic):
            readings[n].add(("month", Fraction(value)))
    fraction = 0 < one < two <= 10
    if fraction:
        readings[0].add(("n", Fraction(one, two)))
    if fraction and of_a_unit:
        readings = [{("n", Fraction(one, two))}, set()]
    weights: tuple[Weight, Weight] = ("strong", "answer" if fraction else "strong")
    label = f"{one}/{two}"
    return [
        text.quoted(value, "number", span, found, weight, label)
        for value, span, found, weight in zip((one, two), spans, readings, weights, strict=True)
    ]
