"""Numbers with what stands around them: a sign, units, "percent", and what a range gives its first number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from mt.quantities.cardinals import HYPHENS, Read, after_and, read_cardinal
from mt.quantities.numerals import FIFTH_TO_TENTH, HUNDRED, Token
from mt.quantities.order import role
from mt.quantities.text import Text
from mt.quantities.units import (
    ERAS,
    MONEY,
    MONEY_SIGNS,
    NO_UNITS,
    PERCENT,
    Kind,
    Quantity,
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


def read_number(text: Text, i: int, number: Read) -> tuple[list[Quantity], int]:
    """The quantity of a cardinal at token `i`, and where it ends."""
    end = number.end
    percent = _percent(text, i, end)
    units = _units(text, i, end) if not percent else frozenset({PERCENT})
    number = _and_part(text, number, units)
    others = _others(text, i, number) if not percent else [number.value / 100]
    quantity = text.counted(number.value, i, percent or number.end, *others)
    if not percent:
        scale, range_units = _range(text, i, number)
        units = units or range_units
        if scale:
            quantity = replace(quantity, readings=quantity.readings | {("n", number.value * scale)})
    weight: Weight = "strong" if percent or not _is_weak_number(text, i, number) else "answer"
    units = era(text, i, number.end) or units
    kind: Kind = "percent" if percent else "number"
    quantity = replace(quantity, units=units, weight=weight, kind=kind, role=role(text, i))
    return [_signed(text, i, end, quantity)], percent or number.end


def era(text: Text, i: int, end: int) -> Units:
    """Whether the year or century at tokens `i` to `end` is one before or after Christ: «1990م», "AD 79"."""
    before, after = text.at(i - 1), text.at(end)
    if before.text == "ad" and text.is_capital(before):
        return ERAS["ad"]
    end += after.text in ("century", "centuries")
    words = (text.at(end).text, text.at(end + 1).text)
    if words in (("قبل", "الميلاد"), ("ق", ".")):
        return ERAS["bc"]
    if words[0] == "م" and end == i + 1 and len(text.at(i).text) in (3, 4):
        return ERAS["ad"] | named(text.at(end), "ar")
    return ERAS.get(words[0], NO_UNITS) if text.arabic or text.is_capital(text.at(end)) else NO_UNITS


def _and_part(text: Text, number: Read, units: Units) -> Read:
    """The number with what stands behind its unit: «ثلاث ساعات ونصف», "5 dollars and 30 cents"."""
    j = after_and(text, number.end + 1) if units and units == named(text.at(number.end), text.lang) else None
    if j is None or (not text.arabic and j == number.end + 1):
        return number
    k = j + (text.at(j).text == "a")
    part = text.at(k)
    if part.role == "part" and not part.definite:
        return number._replace(value=number.value + part.value, end=k + 1)
    cents = read_cardinal(text, j) if units <= MONEY and j < len(text.tokens) else None
    if cents and cents.value < 100 and "cents" in named(text.at(cents.end), text.lang) and "cents" not in units:
        return number._replace(value=number.value + cents.value / 100, end=cents.end + 1)
    return number


def _others(text: Text, i: int, number: Read) -> Iterator[Fraction]:
    """What else a number may be: «خمس» a fifth, "in five" too, the 16 of 2015-16, «ألف ليلة وليلة» 1001."""
    token, value = text.tokens[i], number.value
    single = number.end == i + 1
    if text.arabic and single and token.text in FIFTH_TO_TENTH:
        yield Fraction(1, FIFTH_TO_TENTH[token.text])
    if single and re.fullmatch(r"[1-9][0-9]{0,2}\.[0-9]{3}", token.text):  # 1.250, where a dot sets off thousands
        yield 1000 * value
    if value > 1 and (text.at(i - 2).text, text.at(i - 1).text) in _ONE_IN:
        yield 1 / value
    before, between = text.at(i - 2), text.at(i - 1).text
    joined = between in ("-", "–", "/") and before.text.isdecimal()
    if joined and len(token.text) == 2 and len(before.text) == 4 and value.denominator == 1:  # 2015-16
        yield int(before.text) // 100 * 100 + value
    if not text.arabic and text.touches(number.end) and text.at(number.end).text in ("m", "b"):  # 5m people
        yield value * (10**6 if text.at(number.end).text == "m" else 10**9)
    if single and token.text == "الف" and text.at(i + 1).text == "ليلة":
        yield value + 1


def _units(text: Text, i: int, end: int) -> Units:
    before = text.at(i - 1)
    if before.text in MONEY_SIGNS or before.text in ("usd", "eur", "gbp"):
        return named(before, "en")
    after = text.at(end)
    if after.text in MONEY_SIGNS:
        return named(after, "en")
    found = units_after(text.tokens, end, text.lang)
    if found or not text.arabic:
        return found
    noun = text.at(i - 2) if before.text == "ال" else before  # «الساعات الـ48», «الأشهر الثلاثة»
    definite = noun is not before or text.tokens[i].definite
    return named(noun, "ar") if definite and noun.text in _PLURALS else NO_UNITS


def _range(text: Text, i: int, number: Read) -> tuple[Fraction | None, Units]:
    """The scale and the units that "2" gets from what follows in "2 to 3 million dollars"."""
    j = number.end
    following = text.at(j)
    if following.text in _TO:
        j += 1
    elif not (text.arabic and following.joined):
        return None, NO_UNITS
    second = read_cardinal(text, j) if j < len(text.tokens) else None
    if not second:
        return None, NO_UNITS
    percent = _percent(text, j, second.end)
    units = frozenset({PERCENT}) if percent else _units(text, j, second.end)
    if text.at(j).text in MONEY_SIGNS:
        units = named(text.at(j), "en")
    scale = second.scale if number.scale == 1 and second.scale > 1 and number.value < 1000 else None
    return scale, units


def _signed(text: Text, i: int, end: int, quantity: Quantity) -> Quantity:
    before, value = text.at(i - 1), quantity.value
    negative = frozenset({("n", -value)})
    k = i - 1
    if before.text in MONEY_SIGNS:
        k, before = i - 2, text.at(i - 2)
    sign = before.text in _MINUS and text.at(k).end == text.at(k + 1).start and _opens(text, k)
    if before.text in _MINUS_WORDS or (sign and before.text == "−") or (quantity.units and _is_below(text, end)):
        return replace(quantity, value=-value, readings=negative)
    after = text.at(end)
    trailing = after.text in _MINUS and text.touches(end) and text.at(end + 1).start > after.end
    if (sign or (trailing and text.arabic)) and text.tokens[i].kind == "digits":
        degrees = _DEGREES & (quantity.units or units_after(text.tokens, end + 1, text.lang))
        if degrees or (sign and (quantity.kind == "percent" or quantity.units & MONEY)):
            return replace(quantity, value=-value, readings=negative)
        return replace(quantity, readings=quantity.readings | negative)
    return quantity


def _opens(text: Text, i: int) -> bool:
    """Does the hyphen at token `i` stand apart from what is before it?"""
    before = text.at(i - 1)
    return before.kind == "end" or before.text == "(" or before.end < text.at(i).start


def _is_below(text: Text, end: int) -> bool:
    return _BELOW.match(text.string, text.tokens[end - 1].end) is not None


def _is_weak_number(text: Text, i: int, number: Read) -> bool:
    """Is this a mere "one" or "two", the 00 of 11:00, the 2 of km2, «ألف» as a verb?"""
    token, before, following = text.tokens[i], text.at(i - 1), text.at(number.end)
    if token.kind == "word":
        if token.text == "الف" and number.end == i + 1 and not token.clitics:  # a number stands before no article
            return before.text in _WHO_WROTE or following.text in _WROTE or _is_definite(following)
        if number.end == i + 1 and _is_in_a_name(text, i):
            return True
        return number.value == 1 or (text.arabic and number.value == 2 and token.text.endswith("ا"))
    if token.text == "1" and following.text in ("in", "out"):
        return True
    return (token.text == "00" and before.text == ":") or (before.text in _LENGTHS and text.touches(i))


def _is_definite(token: Token) -> bool:
    return token.kind == "word" and (token.definite or (token.text.startswith("ال") and len(token.text) > 4))


def _is_in_a_name(text: Text, i: int) -> bool:
    """Is this English word between capitals, not where a sentence begins: "the Six Flags park"?"""
    word, before, following = text.at(i), text.at(i - 1), text.at(i + 1)
    capitals = text.is_capital(word) and following.kind == "word" and text.is_capital(following)
    return not text.arabic and capitals and before.kind == "word"


def _percent(text: Text, first: int, end: int) -> int | None:
    """The end of a number with the percent sign or words after it, None where there is none."""
    if text.at(end).text in PERCENT_SIGNS:
        return end + 1
    before = text.at(first - 1).text in PERCENT_SIGNS and text.touches(first)
    if before and text.tokens[first].kind == "digits":
        return end
    return percent_end(text, end + 1 if text.at(end).text in HYPHENS else end)


def percent_end(text: Text, i: int) -> int | None:
    """Where "percent" in words ends, None if it does not stand at token `i`."""
    word, following = text.at(i).text, text.at(i + 1)
    if text.arabic:
        if word == "بالمية" or (word == "في" and following.text == "المية"):
            return i + 1 + (word == "في")
        if word == "في":
            return i + 2 if following.text in HUNDRED and following.clitics == "ال" else None
        return i + 1 if word in HUNDRED and text.at(i).clitics == "بال" else None
    if word in ("percent", "pct"):
        return None if following.text.startswith("point") else i + 1
    return i + 2 if word == "per" and following.text == "cent" else None
