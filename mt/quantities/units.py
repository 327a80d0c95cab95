"""Units of measure, time and money: which one follows a number, and what converts into what.

A word may stand for several units (pound: money or weight); two numbers count different things if each has units and
none in common. What is no unit here (people, goals, seats) is not compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from mt.document import Span
from mt.quantities.numerals import CLITICS, INDEFINITE, Lang, Token

Kind = Literal["number", "percent", "ordinal", "hour", "month", "hijri", "hijri month", "weekday", "relative",
               "magnitude", "final"]  # fmt: skip
Weight = Literal["strong", "soft", "answer"]
Reading = tuple[str, Fraction]  # a family ("n" for plain numbers, "month", "weekday" …) and a value in it
Units = frozenset[str]
NO_UNITS: Units = frozenset()
PERCENT = "%"
_CLOSE = Fraction(4, 100)  # an honest conversion is rounded: 5 km are 3 miles


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact value and where it stands: `text[span[0]:span[1]] == surface`, an Arabic clitic included.

    `weight`: a strong one must be on the other side; a soft one may be lacking, but not contradicted ("last year",
    "next year"); an answer only satisfies the other side. `label` shows the date or time that this is a part of.
    """

    value: Fraction
    kind: Kind
    span: Span
    surface: str
    units: Units = NO_UNITS
    readings: frozenset[Reading] = frozenset()
    weight: Weight = "strong"
    label: str = ""
    role: str = ""  # what the preposition before it says: "from", "to", "against"


# unit | dimension and size | Arabic words as `numerals.bare` leaves them | English words; -ا, -ات and -s are added
_TABLE = """
kilometers | length 1000 | كيلومتر كيلو كم كلم | km kms kilometer kilometre kph kmh
meters | length 1 | متر امتار م | m meter metre
centimeters | length 0.01 | سنتيمتر سنتمتر سم | cm centimeter centimetre
millimeters | length 0.001 | مليمتر ملليمتر ميليمتر ملم مم | mm millimeter millimetre
miles | length 1609.344 | ميل اميال | mi mile mph
feet | length 0.3048 | قدم اقدام | ft foot feet
inches | length 0.0254 | بوصة بوصات انش | inch inches
yards | length 0.9144 | ياردة يارد | yd yard
nautical miles | length 1852 | عقدة | knot
kilograms | weight 1 | كيلوغرام كيلوجرام كيلو كغ كغم كجم كلغ | kg kgs kilo kilogram kilogramme
grams | weight 0.001 | غرام جرام غ | g gram gramme
milligrams | weight 0.000001 | مليغرام ملليغرام ملغ ملجم | mg milligram
tons | weight 1000 | طن طنا اطنان | t ton tons tonne
pounds | weight 0.4536 | رطل ارطال باوند | lb lbs pound
ounces | weight 0.02835 | اونصة اونصات اوقية | oz ounce
liters | volume 1 | لتر ليتر | l liter litre
gallons | volume 3.785 | غالون جالون | gallon
barrels | volume 159 | برميل براميل | bbl barrel
hectares | area 10000 | هكتار | ha hectare
acres | area 4046.86 | فدان افدنة اكر ايكر | acre feddan
dunams | area 1000 | دونم | dunam dunum
degrees | temperature 0 | درجة درجات | degree °
seconds | time 1 | ثانية ثوان ثواني | sec secs seconds
minutes | time 60 | دقيقة دقائق | min mins minute
hours | time 3600 | ساعة ساعات | h hr hrs hour
days | time 86400 | يوم ايام | day days
fortnights | time 1209600 | | fortnight
weeks | time 604800 | اسبوع اسابيع | week
months | time 2629746 | شهر اشهر شهور | month
years | time 31556952 | سنة سنوات سنين عام اعوام | year yr yrs
decades | time 315569520 | عقد عقود | decade
centuries | time 3155695200 | قرن قرون | century centuries
watts | power 1 | واط وات | w watt
kilowatts | power 1000 | كيلوواط كيلووات | kw kilowatt
megawatts | power 1000000 | ميغاواط ميجاواط ميغاوات ميجاوات | mw megawatt
gigawatts | power 1000000000 | غيغاواط جيجاواط غيغاوات جيجاوات | gw gigawatt
dollars | money 0 | دولار | $ dollar usd us$ buck
euros | money 0 | يورو اورو | € euro eur
pounds sterling | money 0 | استرليني جنيه باوند | £ pound gbp sterling quid
pounds or lira | money 0 | ليرة ليرات جنيه | lira lire pound ₺ egp
riyals | money 0 | ريال | riyal rial sar
dinars | money 0 | دينار دنانير | dinar
dirhams | money 0 | درهم دراهم | dirham aed
rubles | money 0 | روبل | ruble rouble
yen | money 0 | ين ينا | yen ¥
yuan | money 0 | يوان | yuan renminbi rmb ¥
rupees | money 0 | روبية روبيات | rupee rupiah ₹
shekels | money 0 | شيكل شيقل شواقل | shekel ₪
francs | money 0 | فرنك | franc
cents | money 0 | سنت | cent ¢
""".strip()


class _Unit(NamedTuple):
    dimension: str
    size: Fraction


_POWERS = {"square": 2, "sq": 2, "مربع": 2, "مربعا": 2, "مربعة": 2, "cubic": 3, "مكعب": 3, "مكعبا": 3, "مكعبة": 3}
_POINTS = {"point": "percentage points", "points": "percentage points", "مئوية": "percentage points",
           "مئويتين": "percentage points", "اساس": "basis points"}  # fmt: skip
_RAISED = {2: ("area", "square "), 3: ("volume", "cubic ")}
_SCALES = {"celsius": "celsius", "c": "celsius", "centigrade": "celsius", "مئوية": "celsius", "سلسيوس": "celsius",
           "سيلسيوس": "celsius", "fahrenheit": "fahrenheit", "f": "fahrenheit", "فهرنهايت": "fahrenheit",
           "فهرنهايتية": "fahrenheit", "℃": "celsius"}  # fmt: skip
ERAS: dict[str, Units] = {
    word: frozenset({era})
    for era, words in (("AD", "ad ce ميلادي الميلادي ميلادية الميلادية للميلاد"), ("BC", "bc bce"))
    for word in words.split()
}
_NEAR_IN_TIME = {"الماضيين", "المقبلين", "القادمين", "الاخيرين", "المنصرمين", "الفائتين", "التاليين"}
_BESIDE = {"us", "u.s", "american", "canadian", "australian", "metric", "british", "saudi", "more", "full", "whole",
           "من", "nautical"}  # fmt: skip


def _build() -> tuple[dict[str, _Unit], dict[Lang, dict[str, Units]]]:
    units = {name: _Unit("temperature", Fraction(1)) for name in ("celsius", "fahrenheit")}
    words: dict[Lang, dict[str, set[str]]] = {"ar": {}, "en": {}}
    for line in _TABLE.splitlines():
        name, measure, arabic, english = (cell.strip() for cell in line.split("|"))
        dimension, size = measure.split()
        units[name] = _Unit(dimension, Fraction(size))
        for word in english.split():
            for form in (word, word + "s") if len(word) > 3 else (word,):
                words["en"].setdefault(form, set()).add(name)
            if not word.isascii() or word == "$":
                words["ar"].setdefault(word, set()).add(name)
        for word in arabic.split():
            inflected = len(word) > 2 and word[-1] not in "ةا"
            for form in (word, word + "ا", word + "ات") if inflected else (word,):
                words["ar"].setdefault(form, set()).add(name)
                words["ar"].setdefault("ال" + form, set()).add(name)
    for base in ("kilometers", "meters", "centimeters", "miles", "feet", "inches", "yards"):
        for power, (dimension, prefix) in _RAISED.items():
            raised = units[base].size * units[base].size ** (power - 1)
            units[prefix + base] = _Unit(dimension, raised if dimension == "area" else raised * 1000)
    for short, base in (("km", "kilometers"), ("m", "meters"), ("كم", "kilometers"), ("م", "meters")):
        for sign, prefix in (("²", "square "), ("³", "cubic ")):
            words["en" if short.isascii() else "ar"][short + sign] = {prefix + base}
    return units, {lang: {word: frozenset(names) for word, names in table.items()} for lang, table in words.items()}


_UNITS, _WORDS = _build()
MONEY_SIGNS = {word for word in _WORDS["en"] if not word.isascii() or word == "$"} - {"°"}
MONEY: Units = frozenset(name for name, unit in _UNITS.items() if unit.dimension == "money")


def named(token: Token, lang: Lang) -> Units:
    """What a word or sign means as a unit."""
    return _WORDS[lang].get(token.text, NO_UNITS) if token.kind != "end" else NO_UNITS


def dual(token: Token, following: Token) -> Units:
    """The units of which an Arabic word counts two: ساعتين, كيلومتران, «الشهرين الماضيين»."""
    if token.role != "weak" or token.text in _WORDS["ar"] or not token.text.endswith(("ان", "ين")):
        return NO_UNITS
    for clitics in CLITICS if following.text in _NEAR_IN_TIME else INDEFINITE:
        stem = token.text[len(clitics) : -2]
        if (len(stem) > 2 or stem == "طن") and token.text.startswith(clitics) and not stem.startswith("ال"):
            found = _WORDS["ar"].get(stem, NO_UNITS)
            if stem.endswith("ت"):
                found |= _WORDS["ar"].get(stem[:-1] + "ة", NO_UNITS)
            if found and "feet" not in found:
                return found
    return NO_UNITS


def units_after(tokens: list[Token], i: int, lang: Lang) -> Units:
    """The units of a number that ends before token `i`: "km", "US dollars", "square miles", «درجة مئوية»."""
    if points := _points(tokens[i : i + 2]):
        return points
    power, dash = 0, i < len(tokens) and tokens[i].text in "-‐‑"
    for j in range(i + dash, min(i + dash + 3, len(tokens))):
        token = tokens[j]
        if found := named(token, lang):
            return _refined(found, tokens, j, power)
        if token.text in _SCALES and len(token.text) > 1:
            return frozenset({_SCALES[token.text]})
        power = _POWERS.get(token.text, power)
        if token.text not in _BESIDE and token.text not in _POWERS and not (token.text == "." and j > i):
            break
    following = tokens[i + 1] if i + 1 < len(tokens) else None
    if following and tokens[i].kind == "word":  # Kuwaiti dinars
        return named(following, lang) & MONEY
    return NO_UNITS


def _points(pair: list[Token]) -> Units:
    first, second = (token.text for token in pair) if len(pair) == 2 else ("", "")
    if first in ("percentage", "percent", "نقطة", "نقاط", "نقطتين") and second in _POINTS:
        return frozenset({_POINTS[second]})
    return frozenset({"basis points"}) if (first, second[:5]) == ("basis", "point") else NO_UNITS


def _refined(found: Units, tokens: list[Token], i: int, power: int) -> Units:
    following = tokens[i + 1] if i + 1 < len(tokens) else None
    if following and "degrees" in found and following.text in _SCALES:
        return frozenset({_SCALES[following.text]})
    if following and following.text.startswith(("استرليني", "الاسترليني")):
        return frozenset({"pounds sterling"})
    if following and following.text in _POWERS and not following.text.isascii():
        power = _POWERS[following.text]
    if following and following.kind == "digits" and following.text in "23" and following.start == tokens[i].end:
        power = int(following.text)  # km2
    if power:
        raised = frozenset(_RAISED[power][1] + name for name in found)
        return raised if raised <= _UNITS.keys() else NO_UNITS
    return found


def differ(these: Units, those: Units) -> bool:
    """Do both say what they count, and nothing in common? A degree may be of either scale."""
    if not these or not those or these & those:
        return False
    return not ("degrees" in these | those and {"celsius", "fahrenheit"} & (these | those))


def convert(one: Quantity, other: Quantity) -> bool:
    """Are they the same amount in two units, as closely as a writer rounds?"""
    if one.value == other.value and one.units & other.units:
        return True
    return any(
        _close(_measure(one.value, mine), _measure(other.value, its), _step(mine, its))
        for mine in one.units
        for its in other.units
        if mine != its and _comparable(mine, its)
    )


def _comparable(one: str, two: str) -> bool:
    if one not in _UNITS or two not in _UNITS:
        return False
    first, second = _UNITS[one], _UNITS[two]
    return first.dimension == second.dimension and bool(first.size and second.size)


def _measure(value: Fraction, unit: str) -> Fraction:
    return (value - 32) * Fraction(5, 9) if unit == "fahrenheit" else value * _UNITS[unit].size


def _step(one: str, two: str) -> Fraction:
    """Half of what the last whole digit of the coarser unit stands for."""
    return max(_UNITS[one].size, _UNITS[two].size) / 2


def _close(one: Fraction, two: Fraction, step: Fraction) -> bool:
    away = abs(one - two)
    return away <= _CLOSE * max(abs(one), abs(two)) or (away <= step and away <= abs(one) / 4)
