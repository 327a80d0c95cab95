"""Ways to make one value of an English sentence wrong: a digit, scale, unit, date, a spelled-out number.

Each takes the sentence and its own random numbers, and returns the sentence with one value changed, or None where it
has no such value. The expressions are simple on purpose: what they miss is not tested, what they find is real.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CARDINALS = (
    ("two", "three", "four", "five", "six", "seven", "eight", "nine"),  # "one" is a pronoun too often
    ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
    ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"),
)
ORDINALS = ("third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")  # "second" is a unit too
FRACTIONS = ("half", "a third", "a quarter", "a fifth")
SCALES = ("thousand", "million", "billion", "trillion")
UNITS = {  # each becomes another of its kind
    "kilometers": "miles", "kilometer": "mile", "kilometres": "miles", "km": "miles", "miles": "kilometers",
    "mile": "kilometer", "mi": "km", "meters": "feet", "meter": "foot", "metres": "feet", "m": "ft", "feet": "meters",
    "foot": "meter", "ft": "m", "inches": "centimeters", "inch": "centimeter", "cm": "mm", "mm": "cm",
    "km/h": "mph", "mph": "km/h", "kph": "mph", "kg": "g", "kilograms": "grams", "pounds": "ounces", "lb": "oz",
    "tons": "kilograms", "tonnes": "kilograms", "acres": "hectares", "hectares": "acres", "°C": "°F", "°F": "°C",
    "seconds": "minutes", "minutes": "hours", "minute": "hour", "hours": "minutes", "hour": "day", "days": "weeks",
    "day": "week", "weeks": "months", "week": "month", "months": "years", "month": "year", "years": "months",
    "year": "month", "decades": "centuries", "centuries": "decades", "dollars": "euros", "euros": "dollars",
    "GHz": "MHz", "MHz": "GHz",
}  # fmt: skip
SIGNS = {"$": "€", "€": "£", "£": "$"}


def alternatives(words: Sequence[str]) -> str:
    """The words as one group of an expression, longest first."""
    return f"(?:{'|'.join(re.escape(word) for word in sorted(words, key=len, reverse=True))})"


MONTH = alternatives(MONTHS)
WORD = alternatives([word for group in CARDINALS for word in group])
# A number that stands alone or before its unit: no part of a name (F-16, A380), an address, a time or another number.
DIGITS = r"(?<![\w.,:/])(?<![A-Za-z]-)\d+(?:,\d{3})*(?:\.\d+)?(?![.,:/]?\d)(?=(?:km|m|kg|cm|mm|ft|mph|bn)?(?!\w))"
# Four digits of our days that count nothing; "in 1998" is all of it that can be dropped from a sentence.
YEAR = re.compile(
    rf"(?<![\w.,:/$€£])(?:1[4-9]\d\d|20[0-2]\d)(?![.,]?\d|[\w%]| (?:people|{alternatives(list(UNITS))})\b)"
)
IN_YEAR = re.compile(rf",? ?\bin {YEAR.pattern},?", re.IGNORECASE)
DAY = re.compile(rf"\b({MONTH} )(\d\d?)(?!\w)|(?<![\w,.])(\d\d?)(?= (?:of )?{MONTH}\b)")
TIME = re.compile(r"(?<![\w.:])(\d\d?)(?=:\d\d(?![:\d]))")
# "may" and "march" are verbs; as months they stand in a date or behind a word of time
IN_MONTH = re.compile(
    rf"\b(?:(?:May|March)(?= \d)|(?<=\bin )(?:May|March)|(?<=\d )(?:May|March)|(?!May|March){MONTH})\b"
)
AMOUNT = rf"(?:{DIGITS}|\b{WORD}\b)"


def choose(pattern: re.Pattern[str], text: str, rng: random.Random) -> re.Match[str] | None:
    matches = list(pattern.finditer(text))
    return rng.choice(matches) if matches else None


def other(words: Sequence[str], word: str, rng: random.Random) -> str:
    """Another of the words, with the capital of this one."""
    new = rng.choice([each for each in words if each.lower() != word.lower()])
    return new.capitalize() if word[0].isupper() else new


def put(text: str, match: re.Match[str], new: str, group: int = 0) -> str:
    return text[: match.start(group)] + new + text[match.end(group) :]


def in_a_date(text: str, match: re.Match[str]) -> bool:
    """Whether this number is the year or the day of a date."""
    spans = [year.span() for year in YEAR.finditer(text)]
    spans += [day.span(2) if day.group(2) else day.span(3) for day in DAY.finditer(text)]
    return any(start <= match.start() < end for start, end in spans)


def choose_number(text: str, rng: random.Random) -> re.Match[str] | None:
    """A number in digits that is no part of a date."""
    matches = [match for match in re.finditer(DIGITS, text) if not in_a_date(text, match)]
    return rng.choice(matches) if matches else None


def change_digit(text: str, rng: random.Random) -> str | None:
    match = choose_number(text, rng)
    if match is None:
        return None
    places = [place for place, sign in enumerate(match.group()) if sign.isdigit()]
    place = rng.choice(places)
    old = match.group()[place]
    new = rng.choice([digit for digit in "123456789" if digit != old])
    return put(text, match, match.group()[:place] + new + match.group()[place + 1 :])


def change_zeros(text: str, rng: random.Random) -> str | None:
    """The number ten times as large, or a tenth of it, if that is a whole number."""
    match = choose_number(text, rng)
    if match is None or "." in match.group() or (value := int(match.group().replace(",", ""))) < 10:
        return None
    changed = value // 10 if value % 10 == 0 and rng.random() < 0.5 else value * 10
    return put(text, match, f"{changed:,}" if changed > 999 else str(changed))


def change_scale(text: str, rng: random.Random) -> str | None:
    match = choose(re.compile(rf"\b({alternatives(SCALES)})\b"), text, rng)
    return match and put(text, match, other(SCALES, match.group(), rng))


def change_word(text: str, rng: random.Random) -> str | None:
    match = choose(re.compile(rf"\b{WORD}\b", re.IGNORECASE), text, rng)
    if match is None:
        return None
    group = next(group for group in CARDINALS if match.group().lower() in group)
    return put(text, match, other(group, match.group(), rng))


def change_ordinal(text: str, rng: random.Random) -> str | None:
    """Another ordinal, in words or in digits; a "third of" is a fraction."""
    words = rf"(?<!\ba )(?<!\bone )(?<!-)\b({alternatives(ORDINALS)})\b(?! of\b)"
    match = choose(re.compile(rf"{words}|\b(\d+)(?=th\b)", re.IGNORECASE), text, rng)
    if match is None:
        return None
    if word := match.group(1):
        return put(text, match, other(ORDINALS, word, rng))
    ones = rng.choice([digit for digit in "456789" if digit != match.group(2)[-1]])
    return put(text, match, match.group(2)[:-1] + ones)


def change_fraction(text: str, rng: random.Random) -> str | None:
    half = r"(?<!ern )(?<!other )(?<!first )(?<!second )\bhalf(?= (?:of|those|the)\b)"  # "the first half" is a part
    match = choose(re.compile(rf"{half}|\b(?:a|one) (?:third|quarter|fifth)\b(?! of an)", re.IGNORECASE), text, rng)
    return match and put(text, match, other(FRACTIONS, match.group().replace("one ", "a "), rng))


def change_unit(text: str, rng: random.Random) -> str | None:
    """Another unit behind the same number, or another sign before it."""
    units = rf"{AMOUNT}(?:[ -]|(?=[a-z°]))({alternatives(list(UNITS))})(?![\w/])"
    match = choose(re.compile(rf"{units}|([$€£])(?=\d)", re.IGNORECASE), text, rng)
    if match is None:
        return None
    group = 1 if match.group(1) else 2
    old = match.group(group)
    by_small_letters = {unit.lower(): new for unit, new in UNITS.items()}
    return put(text, match, SIGNS.get(old) or UNITS.get(old) or by_small_letters[old.lower()].capitalize(), group)


def change_percent(text: str, rng: random.Random) -> str | None:
    """The number without its percent sign."""
    match = choose(re.compile(rf"{AMOUNT}( ?%| percent\b| per cent\b)"), text, rng)
    return match and put(text, match, "", 1)


def drop_value(text: str, rng: random.Random) -> str | None:
    """The sentence without one number, its scale, sign or percent, or without its "in 1998"."""
    scale = rf"(?:[ -]{alternatives(SCALES)}\b)?(?: ?%| percent\b)?"
    matches = list(re.finditer(rf"[$€£]?{AMOUNT}{scale}[ -]?", text, re.IGNORECASE))
    matches = [match for match in matches if not in_a_date(text, match)] + list(IN_YEAR.finditer(text))
    if not matches:
        return None
    shorter = put(text, rng.choice(matches), "").strip()
    return shorter[:1].upper() + shorter[1:]


def shift_year(text: str, rng: random.Random) -> str | None:
    match = choose(YEAR, text, rng)
    return match and put(text, match, str(int(match.group()) + rng.choice((-10, -3, -2, -1, 1, 2, 3, 10))))


def shift_day(text: str, rng: random.Random) -> str | None:
    match = choose(DAY, text, rng)
    if match is None:
        return None
    group = 2 if match.group(2) else 3
    days = [day for day in range(1, 29) if day != int(match.group(group))]
    return put(text, match, str(rng.choice(days)), group)


def shift_time(text: str, rng: random.Random) -> str | None:
    match = choose(TIME, text, rng)
    return match and put(text, match, str((int(match.group()) + rng.choice((1, 2, 3)) - 1) % 12 + 1))


def change_month(text: str, rng: random.Random) -> str | None:
    match = choose(IN_MONTH, text, rng)
    return match and put(text, match, other(MONTHS, match.group(), rng))


def change_weekday(text: str, rng: random.Random) -> str | None:
    match = choose(re.compile(rf"\b{alternatives(WEEKDAYS)}\b"), text, rng)
    return match and put(text, match, other(WEEKDAYS, match.group(), rng))


BREAKERS: dict[str, Callable[[str, random.Random], str | None]] = {
    "digit": change_digit,
    "zeros": change_zeros,
    "scale": change_scale,
    "spelled": change_word,
    "ordinal": change_ordinal,
    "fraction": change_fraction,
    "unit": change_unit,
    "percent": change_percent,
    "dropped": drop_value,
    "year": shift_year,
    "day": shift_day,
    "month": change_month,
    "weekday": change_weekday,
    "time": shift_time,
}
