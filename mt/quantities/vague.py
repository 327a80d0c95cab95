"""Words that count without a number: hundreds of thousands, ساعتين, a third, مليونا, "in dollars"."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from mt.quantities.cardinals import HYPHENS
from mt.quantities.duals import counts_two
from mt.quantities.measures import PERCENT_SIGNS
from mt.quantities.text import Text
from mt.quantities.units import NO_UNITS, PERCENT, Quantity, Reading, dual, named, units_after

_MAGNITUDES = {"tens": 10, "dozens": 10, "scores": 10, "hundreds": 100, "thousands": 10**3, "millions": 10**6,
               "billions": 10**9, "trillions": 10**12, "عشرات": 10, "مئات": 100, "مائات": 100, "الاف": 10**3,
               "الوف": 10**3, "ملايين": 10**6, "مليارات": 10**9, "بلايين": 10**9,
               "تريليونات": 10**12}  # fmt: skip
_PERCENTAGE = {"percent", "percentage", "pct", "نسبة", "بنسبة", "النسبة", "المئة", "المئوية", *PERCENT_SIGNS}
_NOT_A_NOUN = {"من", "في", "الي", "علي", "عن", "او", "ثم", "كما", "خلال", "بعد", "قبل", "منذ", "حتي", "مع", "لدي",
               "امس", "اي", "بين", "عام", "عند", "فقط", "تقريبا"}  # fmt: skip


def read_fraction(text: Text, i: int) -> tuple[list[Quantity], int] | None:
    """Three quarters, «ثلاثة أرباع», «ثلثا السكان», a third, one in five."""
    token = text.tokens[i]
    if token.role in ("unit", "ten") or (token.kind == "digits" and len(token.text) < 3):
        j = i + 2 if text.at(i + 1).text in HYPHENS else i + 1
        if text.at(j).role == "parts" and token.value != 1:
            value = token.value if token.kind == "word" else Fraction(int(token.text))
            return [text.counted(value * text.at(j).value, i, j + 1)], j + 1
    return None


def read_magnitude(text: Text, i: int) -> tuple[list[Quantity], int] | None:
    """Thousands of, «مئات الآلاف», and where they end."""
    value, end = _magnitude_at(text, i), i + 1
    if value is None or text.at(i - 1).role in ("unit", "ten", "tens", "hundred") or text.at(i - 1).kind == "digits":
        return None
    j = i + 1 + (text.at(i + 1).text == "of")
    if (second := _magnitude_at(text, j)) and second > value:
        value, end = value * second, j + 1
    readings: frozenset[Reading] = frozenset({("magnitude", value)})
    found = text.counted(value, i, end, weight="soft")
    return [replace(found, kind="magnitude", readings=readings)], end


def _magnitude_at(text: Text, i: int) -> Fraction | None:
    word = text.at(i).text
    for clitics in ("", "ال", "و", "ب", "ل", "لل", "وال"):
        if word.startswith(clitics) and word[len(clitics) :] in _MAGNITUDES:
            return Fraction(_MAGNITUDES[word[len(clitics) :]])
    return None


def read_word(text: Text, i: int) -> list[Quantity]:
    """What the single word at token `i` may stand for, mostly an answer."""
    token = text.tokens[i]
    values = _weak_values(text, i)
    if token.text == "i" and text.at(i - 1).text == "war":
        values = (Fraction(1),)
    if values:
        return [_weak(text, i, values)]
    if units := named(token, text.lang):  # "a day" may be 24 hours, "in dollars" says what a number counts
        counted = text.at(i - 1).kind == "digits" or text.at(i - 1).role is not None
        one = text.counted(Fraction(0 if counted else 1), i, i + 1, weight="answer")
        return [replace(one, units=units, readings=frozenset())]
    if token.text in _PERCENTAGE:
        none = text.counted(Fraction(0), i, i + 1, weight="answer")
        return [replace(none, units=frozenset({PERCENT}), readings=frozenset())]
    return []


def _weak(text: Text, i: int, values: tuple[Fraction, ...]) -> Quantity:
    token = text.tokens[i]
    units = dual(token, text.at(i + 1)) if text.arabic else NO_UNITS
    sure = (
        bool(units)
        or counts_two(text, i)
        or _is_fraction(text, i)
        or (token.role == "scale" and text.arabic and token.text != "الفا")
    )
    quantity = text.counted(values[0], i, i + 1, *values[1:], weight="strong" if sure else "answer")
    if text.at(i - 1).text == "war" and not text.arabic:  # World War II
        return replace(quantity, kind="ordinal", weight="soft")
    if token.role == "part":
        return _part_of(text, i, quantity)
    return replace(quantity, units=units or (units_after(text.tokens, i + 1, text.lang) if sure else units))


def _part_of(text: Text, i: int, quantity: Quantity) -> Quantity:
    """A part with what it is of: «عام ونصف», «نصف ساعة», "half an hour"."""
    token = text.tokens[i]
    if token.joined and (before := named(text.at(i - 1), text.lang)):
        weight = quantity.weight if token.definite else "strong"  # «الثانية والنصف» is a time
        return replace(quantity, value=1 + token.value, units=before, weight=weight)
    j = i + 1
    while text.at(j).text in ("of", "a", "an") and j < i + 3:
        j += 1
    units = named(text.at(j), text.lang)
    indefinite = (
        not (token.definite or text.at(j).text.startswith("ال")) if text.arabic else text.at(j - 1).text in ("a", "an")
    )
    return replace(quantity, units=units, weight="strong" if units and indefinite else quantity.weight)


def _is_fraction(text: Text, i: int) -> bool:
    """A third or a quarter; half is said in many ways, and quarters are also of a year, a final, a town."""
    token, following = text.tokens[i], text.at(i + 1)
    if token.role != "part" or token.value == Fraction(1, 2):
        return False
    if text.arabic:
        return not token.definite and following.text not in ("نهائي", "النهائي", "سنوي", "السنوي")
    return text.string[token.start].islower() and (following.text == "of" or text.at(i - 1).text in ("a", "one"))


def _weak_values(text: Text, i: int) -> tuple[Fraction, ...]:
    """What a word outside a number may stand for."""
    token = text.tokens[i]
    if token.text in ("مثله", "مثلها", "مثلهما") and token.clitics == "ل":  # ثلاثة أهداف لمثلها
        return token.value, *(text.at(j).value for j in range(i - 3, i) if text.at(j).role in ("unit", "weak"))
    if token.text == "ثلثا" or (token.role == "scale" and text.arabic):
        return _one_or_two(text, i)
    if token.role == "part":
        return token.value, 1 + token.value  # half an hour, an hour and a half
    return (token.value,) if token.role in ("weak", "hundred", "scale", "parts") else ()


def _one_or_two(text: Text, i: int) -> tuple[Fraction, ...]:
    """«مليوناً», one; «مليونا شخص», two, since one before its noun would be «مليون»; «زاد مليونا في», either."""
    token, following = text.tokens[i], text.at(i + 1)
    if not token.text.endswith("ا"):  # آلاف
        return ()
    if "\u064b" in text.string[token.start : token.end]:
        return token.value, 2 * token.value
    part = token.role == "part"
    noun = following.kind == "word" and following.text not in _NOT_A_NOUN and not following.joined
    if noun and not following.text.startswith("و") and (part or not following.text.startswith(("ال", "لل", "بال"))):
        return (2 * token.value,)
    return (2 * token.value, token.value, 1 + token.value) if part else (2 * token.value, token.value)
