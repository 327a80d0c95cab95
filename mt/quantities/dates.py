"""Dates and times: months of three calendars, weekdays, clock times, numeric dates, "last year".

Each part is a `Quantity` of its own: a date that gives day and month is compared in both. A word that is mostly
something else (May, مارس, رمضان) counts only beside a number or a preposition; elsewhere it is but an answer.
"""

from __future__ import annotations

import re
from fractions import Fraction

from mt.quantities.clocks import ClockReader
from mt.quantities.hijri import MONTHS, gregorian
from mt.quantities.numerals import CLITICS, Lang, Token
from mt.quantities.units import Quantity, Reading, Weight

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


class DateReader(ClockReader):
    """Reads parts of dates and times at any token of a text."""

    def date(self, i: int) -> tuple[list[Quantity], int] | None:
        """The parts of the date or time at token `i` and where it ends, None if there is none."""
        token = self.tokens[i]
        if token.kind == "digits" and (found := self._numeric_date(i)):
            return found
        if found := self.clock(i):
            return found
        if token.kind != "word":
            return None
        return self._month(i) or self._weekday(i) or self._relative(i)

    # Months and weekdays.

    def month_at(self, i: int) -> tuple[int, int] | None:
        """A month and where it ends."""
        token, following = self.at(i), self.at(i + 1)
        if token.kind != "word":
            return None
        if self.arabic:
            for paired in ("كانون", "تشرين"):
                if token.text.endswith(paired) and following.role == "ordinal" and following.definite:
                    number = _PAIRED_MONTHS.get((paired, int(following.value)))
                    return (number, i + 2) if number else None
        kind, number = _NAMES[self.lang].get(token.text, ("", 0))
        if kind == "month" and not (token.text.endswith("اب") and "آ" not in self.text[token.start : token.end]):
            return (number, i + 1) if self.arabic or self._capital(token) else None
        if kind == "short" and self._capital(token):
            dot = self.at(i + 1).text == "."
            if self.at(i + 1 + dot).kind == "digits" or self.at(i - 1).kind == "digits":
                return number, i + 1
        return None

    def _capital(self, token: Token) -> bool:
        return self.text[token.start].isupper()

    def _month(self, i: int) -> tuple[list[Quantity], int] | None:
        found = self.month_at(i)
        if not found:
            return None
        number, end = found
        weight: Weight = "answer" if self._is_doubtful(i, end) else "strong"
        between = self.at(end).text in ("/", "(", "-")
        if (again := self.month_at(end + between)) and again[0] == number:  # كانون الثاني/يناير
            end, weight = again[1], "strong"
        return [self.part(number, "month", i, end, {("month", Fraction(number))}, weight)], end

    def _is_doubtful(self, i: int, end: int) -> bool:
        word, before, after = self.tokens[i].text, self.at(i - 1), self.at(end)
        if word not in _DOUBTFUL and not (self.arabic and word[1:] in _DOUBTFUL):
            return False
        after = self.at(end + 1) if after.text in ",،." else after
        if before.kind == "digits" or before.role == "ordinal" or before.text in _BEFORE or after.text in _AFTER:
            return False
        if self.arabic or word in ("may", "march"):
            return after.kind != "digits"
        return after.kind == "word" and self._capital(after) and after.text not in _NAMES["en"]

    def _weekday(self, i: int) -> tuple[list[Quantity], int] | None:
        token = self.tokens[i]
        number = 0
        if self.arabic:
            word = token.clitics + token.text
            kind, number = _NAMES["ar"].get(word, ("", 0))
            if not kind and self.at(i - 1).text.endswith("يوم"):  # كل يوم جمعة
                kind, number = _NAMES["ar"].get("ال" + word, ("", 0))
            if kind != "weekday":
                return None
            readings: set[Reading] = {("weekday", Fraction(number))}
            marked = self.at(i - 1).text.removeprefix("ال") in _DAYS or self.at(i - 1).text[1:] in _DAYS
            if token.role == "unit" and not marked:  # the two of them, the one
                readings.add(("n", token.value))
            sunday = number == 7 and not marked and self.at(i + 1).text in ("الواحد", "الصمد")
            return [self.part(number, "weekday", i, i + 1, readings, "answer" if sunday else "strong")], i + 1
        kind, number = _NAMES["en"].get(token.text, ("", 0))
        if kind != "weekday" or not self._capital(token):
            return None
        paper = self.at(i + 1).text in ("times", "telegraph", "mirror", "mail", "express", "herald", "post", "night")
        weight: Weight = "answer" if paper and self.at(i + 1).text != "night" else "strong"
        return [self.part(number, "weekday", i, i + 1, {("weekday", Fraction(number))}, weight)], i + 1

    def _relative(self, i: int) -> tuple[list[Quantity], int] | None:
        first, second = self.tokens[i].text, self.at(i + 1).text
        if first in _NEAR_DAYS:
            offset, period, end = _NEAR_DAYS[first], "day", i + 1
        elif first in _SINCE and second in _PERIODS:
            offset, period, end = _SINCE[first], _PERIODS[second], i + 2
            if self.at(i + 2).text in _SINCE:  # هذا العام الماضي; this past year
                offset, end = _SINCE[self.at(i + 2).text], i + 3
        elif self.arabic and second in _SINCE and (first in _PERIODS or first[1:] in _PERIODS):
            offset, period, end = _SINCE[second], _PERIODS[first if first in _PERIODS else first[1:]], i + 2
        else:
            return None
        return [self.part(offset, "relative", i, end, {(period, Fraction(offset))}, "soft")], end

    # Numeric dates.

    def _numeric_date(self, i: int) -> tuple[list[Quantity], int] | None:
        start = self.tokens[i].start
        if start and (
            self.text[start - 1] in "/:"
            or (self.text[start - 1] in ".-–" and self.text[start - 2 : start - 1].isdigit())
        ):
            return None
        match = _NUMERIC.match(self.digits, start)
        if match:
            sign, values = match[2], [int(match[n]) for n in (1, 3, 4)]
            years = [n for n in (0, 2) if len(match[(1, 3, 4)[n]]) == 4 and 1000 <= values[n] < 3000]
            if not years and sign != "/":
                return None
            year = years[0] if years else 2
            if len(years) > 1 or values[2 - year] > 31 or not 1 <= values[1] <= 31:
                return None
            spans = [match.span(n) for n in (1, 3, 4)]
            return self._dated(spans, values, year), self.after(match.end(), i)
        match = _SHORT.match(self.digits, start)
        if match:
            return self._halves([match.span(1), match.span(2)], int(match[1]), int(match[2])), self.after(
                match.end(), i
            )
        return None

    def _dated(self, spans: list[tuple[int, int]], values: list[int], year: int) -> list[Quantity]:
        """The three parts, each with all it may be: day first in Arabic, either way in English."""
        label = "/".join(map(str, values)) if year == 2 else "-".join(f"{value:02}" for value in values)
        readings: list[set[Reading]] = [{("n", Fraction(value))} for value in values]
        months = [1] if self.arabic or year == 0 else [0, 1]
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
            self.quoted(value, "number", span, found, label=label)
            for value, span, found in zip(values, spans, readings, strict=True)
        ]

    def _halves(self, spans: list[tuple[int, int]], one: int, two: int) -> list[Quantity]:
        """15/3, 9/11, or the fraction 3/4."""
        readings: list[set[Reading]] = [{("n", Fraction(one))}, {("n", Fraction(two))}]
        for n, value in ((0, one), (1, two)):
            if 1 <= value <= 12 and (n or not self.arabic):
                readings[n].add(("month", Fraction(value)))
        fraction = 0 < one < two <= 10
        if fraction:
            readings[0].add(("n", Fraction(one, two)))
        weights: tuple[Weight, Weight] = ("strong", "answer" if fraction else "strong")
        label = f"{one}/{two}"
        return [
            self.quoted(value, "number", span, found, weight, label)
            for value, span, found, weight in zip((one, two), spans, readings, weights, strict=True)
        ]
