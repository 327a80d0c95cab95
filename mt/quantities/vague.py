"""Words that count without a number: hundreds of thousands, ساعتين, a third, مليونا, "in dollars"."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from mt.quantities.cardinals import HYPHENS
from mt.quantities.measures import PERCENT_SIGNS, MeasureReader
from mt.quantities.numerals import Token
from mt.quantities.units import NO_UNITS, PERCENT, Quantity, Reading, dual, named, units_after

_MAGNITUDES = {"tens": 10, "dozens": 10, "scores": 10, "hundreds": 100, "thousands": 10**3, "millions": 10**6,
               "billions": 10**9, "trillions": 10**12, "عشرات": 10, "مئات": 100, "مائات": 100, "الاف": 10**3,
               "الوف": 10**3, "ملايين": 10**6, "مليارات": 10**9, "بلايين": 10**9,
               "تريليونات": 10**12}  # fmt: skip
_PERCENTAGE = {"percent", "percentage", "pct", "نسبة", "بنسبة", "النسبة", "المئة", "المئوية", *PERCENT_SIGNS}
# Two of them are told by an ending, and news counts them. After ين the second row may be any number: مدنيين.
_COUNTED = (
    "شخص رجل طفل جندي ضابط قتيل جريح طائرت سيارت امرات فتات مرت هدف صاروخ قنبلت انفجار هجوم منزل كتاب مقعد نقطت ضربت "
    "قذيفت سفينت دبابت طلقت رصاصت ميداليت شاحنت حافلت"
)
_COUNTED_IN_AN = "شرطي مدني لاعب صحفي صحافي مسلح فلسطيني عامل طالب"
_DUALS = {noun + ending for noun in _COUNTED.split() for ending in ("ان", "ين")} | {
    noun + "ان" for noun in _COUNTED_IN_AN.split()
}


class VagueReader(MeasureReader):
    """Reads fractions, magnitudes and single words that are no plain numbers."""

    def fraction(self, i: int) -> tuple[list[Quantity], int] | None:
        """Three quarters, «ثلاثة أرباع», «ثلثا السكان», a third, one in five."""
        token = self.tokens[i]
        if token.role in ("unit", "ten") or (token.kind == "digits" and len(token.text) < 3):
            j = i + 2 if self.at(i + 1).text in HYPHENS else i + 1
            if self.at(j).role == "parts" and token.value != 1:
                value = token.value if token.kind == "word" else Fraction(int(token.text))
                return [self.counted(value * self.at(j).value, i, j + 1)], j + 1
        return None

    def magnitude(self, i: int) -> tuple[list[Quantity], int] | None:
        value, end = self._magnitude_at(i), i + 1
        if (
            value is None
            or self.at(i - 1).role in ("unit", "ten", "tens", "hundred")
            or self.at(i - 1).kind == "digits"
        ):
            return None
        j = i + 1 + (self.at(i + 1).text == "of")
        if (second := self._magnitude_at(j)) and second > value:
            value, end = value * second, j + 1
        readings: frozenset[Reading] = frozenset({("magnitude", value)})
        found = self.counted(value, i, end, weight="soft")
        return [replace(found, kind="magnitude", readings=readings)], end

    def _magnitude_at(self, i: int) -> Fraction | None:
        text = self.at(i).text
        for clitics in ("", "ال", "و", "ب", "ل", "لل", "وال"):
            if text.startswith(clitics) and text[len(clitics) :] in _MAGNITUDES:
                return Fraction(_MAGNITUDES[text[len(clitics) :]])
        return None

    def word(self, i: int) -> list[Quantity]:
        """What the single word at token `i` may stand for, mostly an answer."""
        token = self.tokens[i]
        values = self._weak_values(token)
        if token.text == "i" and self.at(i - 1).text == "war":
            values = (Fraction(1),)
        if values:
            return [self._weak(i, values)]
        if units := named(token, self.lang):  # "a day" may be 24 hours, "in dollars" says what a number counts
            counted = self.at(i - 1).kind == "digits" or self.at(i - 1).role is not None
            one = self.counted(Fraction(0 if counted else 1), i, i + 1, weight="answer")
            return [replace(one, units=units, readings=frozenset())]
        if token.text in _PERCENTAGE:
            none = self.counted(Fraction(0), i, i + 1, weight="answer")
            return [replace(none, units=frozenset({PERCENT}), readings=frozenset())]
        return []

    def _weak(self, i: int, values: tuple[Fraction, ...]) -> Quantity:
        token = self.tokens[i]
        units = dual(token) if self.arabic else NO_UNITS
        sure = (
            bool(units)
            or token.text in _DUALS
            or self._is_fraction(i)
            or (token.role == "scale" and self.arabic and token.text != "الفا")
        )
        quantity = self.counted(values[0], i, i + 1, *values[1:], weight="strong" if sure else "answer")
        if self.at(i - 1).text == "war" and not self.arabic:  # World War II
            return replace(quantity, kind="ordinal", weight="soft")
        if token.role == "part":
            return self._part_of(i, quantity)
        return replace(quantity, units=units or (units_after(self.tokens, i + 1, self.lang) if sure else units))

    def _part_of(self, i: int, quantity: Quantity) -> Quantity:
        """A part with what it is of: «عام ونصف», «نصف ساعة», "half an hour"."""
        token = self.tokens[i]
        if token.joined and (before := named(self.at(i - 1), self.lang)):
            return replace(quantity, value=1 + token.value, units=before)
        j = i + 1
        while self.at(j).text in ("of", "a", "an") and j < i + 3:
            j += 1
        return replace(quantity, units=named(self.at(j), self.lang))

    def _is_fraction(self, i: int) -> bool:
        """A third or a quarter; half is said in many ways, and quarters are also of a year, a final, a town."""
        token, following = self.tokens[i], self.at(i + 1)
        if token.role != "part" or token.value == Fraction(1, 2):
            return False
        if self.arabic:
            return not token.definite and following.text not in ("نهائي", "النهائي", "سنوي", "السنوي")
        return self.text[token.start].islower() and (following.text == "of" or self.at(i - 1).text in ("a", "one"))

    def _weak_values(self, token: Token) -> tuple[Fraction, ...]:
        """What a word outside a number may stand for."""
        one = "\u064b" in self.text[token.start : token.end]  # «مليوناً», «ثلثاً», not «مليونا شخص», «ثلثا السكان»
        if token.text == "ثلثا":
            both = (token.value, 2 * token.value) if one else (2 * token.value, token.value)
            return *both, 1 + token.value
        if token.role == "part":
            return token.value, 1 + token.value  # half an hour, an hour and a half
        if token.role == "scale" and self.arabic:
            both = (token.value, 2 * token.value) if one else (2 * token.value, token.value)
            return both if token.text.endswith("ا") else ()  # not آلاف
        return (token.value,) if token.role in ("weak", "hundred", "scale", "parts") else ()
