"""The numerals of Arabic and English: a text cut into digits, words that count, and the rest.

What a token means alone is decided here, in tables; what tokens mean together, in `mt.quantities`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Literal, NamedTuple

Lang = Literal["ar", "en"]
Role = Literal["unit", "ten", "tens", "hundred", "scale", "dual", "part", "parts", "ordinal", "decade", "weak"]
Lexicon = dict[str, tuple[Role, Fraction]]

# Arabic as `_arabic_word` leaves it: no diacritics, no hamza on alif, ى as ي. A scale's first word counts one when
# it stands alone, its plurals count nothing, and الفا is 1000, 2000 or alpha.
_SCALES = {
    10**3: "الف الفا الاف",
    10**6: "مليون مليونا ملايين",
    10**9: "مليار مليارا مليارات بليون بليونا بلايين",
    10**12: "تريليون تريليونا تريليونات ترليون ترليونا ترليونات",
}
_DUALS = {
    10**3: "الفان الفين الفي",
    10**6: "مليونان مليونين مليوني",
    10**9: "ملياران مليارين ملياري بليونان بليونين بليوني",
    10**12: "تريليونان تريليونين تريليوني ترليونان ترليونين ترليوني",
}
_UNITS = {
    1: "واحد واحدة احد احدي",
    2: "اثنان اثنين اثنا اثني اثنتان اثنتين اثنتا اثنتي",
    3: "ثلاث ثلاثا ثلاثة",
    4: "اربع اربعا اربعة",
    5: "خمس خمسا خمسة",
    6: "ست ستا ستة",
    7: "سبع سبعا سبعة",
    8: "ثمان ثماني ثمانيا ثمانية",
    9: "تسع تسعا تسعة",
}
_TENS = {20: "عشر", 30: "ثلاث", 40: "اربع", 50: "خمس", 60: "ست", 70: "سبع", 80: "ثمان", 90: "تسع"}
HUNDRED = ("مئة", "مائة", "مئه", "مائه")
_HUNDREDS = {100: " ".join(HUNDRED), 200: "مئتان مئتين مئتا مئتي مائتان مائتين مائتا مائتي"}
_ORDINALS = {
    1: "حادي حادية اول اولي غرة",
    2: "ثاني ثانية",
    3: "ثالث ثالثة",
    4: "رابع رابعة",
    5: "خامس خامسة",
    6: "سادس سادسة",
    7: "سابع سابعة",
    8: "ثامن ثامنة",
    9: "تاسع تاسعة",
    10: "عاشر عاشرة",
}
# Answers for 0 to 2 are mostly scores: «هدفين مقابل هدف», «دون رد».
_ARABIC_WEAK = {
    0: "صفر مقابل رد شيء نظيف نظيفة نظيفين",
    1: "مثله مثلها هدف هدفا وحيد وحيدة منفرد",
    2: "كلا كلاهما كلتا كلتاهما كليهما كلتيهما زوج زوجا ثنائي ثنائية ضعف ضعفا توام مثلهما طنان طنين",
    3: "ثلاثي ثلاثية ثلاثتهم هاتريك",
    4: "رباعي رباعية اربعتهم",
    5: "خماسي خماسية",
    6: "سداسي سداسية",
    7: "سباعي سباعية",
    8: "ثماني ثمانية",
    10: "عقد عقدا",
    12: "دزينة درزن",
    100: "قرن قرنا",
    10**6: "مليونية",
}
_PARTS = {2: "نصف نصفا", 3: "ثلث ثلثا", 4: "ربع ربعا"}
_PLURAL_PARTS = {2: "انصاف", 3: "اثلاث", 4: "ارباع", 5: "اخماس", 6: "اسداس", 7: "اسباع", 8: "اثمان", 9: "اتساع",
                 10: "اعشار"}  # fmt: skip
_TWO_PARTS = {3: "ثلثان ثلثين ثلثي", 5: "خمسان خمسي"}
FIFTH_TO_TENTH = {"خمس": 5, "سدس": 6, "سبع": 7, "ثمن": 8, "تسع": 9, "عشر": 10}  # as fractions; most are numbers too
BARE_SCALES = {"الف", "مليون", "مليار", "بليون", "تريليون", "ترليون"}
CLITICS = ("", "و", "ف", "ب", "ل", "ك", "ال", "وب", "ول", "لل", "وال", "بال", "فال", "كال", "ولل", "وبال")
INDEFINITE = tuple(clitics for clitics in CLITICS if not clitics.endswith(("ال", "لل")))
_NOT_NUMBERS = {"لست", "ولست", "فلست"}  # "I am not", never "for six"

_ENGLISH_UNITS = "one two three four five six seven eight nine"
_ENGLISH_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth"
_ENGLISH_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_ENGLISH_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ENGLISH_SCALES = {
    12: "dozen",
    10**3: "thousand",
    10**6: "million mn mln",
    10**9: "billion bn",
    10**12: "trillion tn trn",
}
_ROMAN = "II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX XXI"  # from 2
_ENGLISH_PARTS = {2: "halves", 3: "thirds", 4: "quarters fourths", 5: "fifths", 6: "sixths", 7: "sevenths",
                  8: "eighths", 9: "ninths", 10: "tenths"}  # fmt: skip
_ENGLISH_WEAK = {
    0: "zero nil nothing none no",
    1: "once single sole alone lone",
    2: "twice both double doubled pair pairs couple couples twin twins duo brace dual bilateral twofold",
    3: "thrice triple tripled triplets trio triad treble threefold trilateral",
    4: "quadruple quadrupled quartet fourfold",
    5: "quintet fivefold",
    10: "decade decades tenfold",
    100: "century",
}
_THEIR = ("ه", "ها", "هم", "هن", "هما", "نا")  # their third
_SIGNS = {Fraction(1, 2): "½", Fraction(1, 4): "¼", Fraction(3, 4): "¾", Fraction(1, 3): "⅓", Fraction(2, 3): "⅔"}

MAX_DIGITS = 100  # a longer run of digits names something, it counts nothing; also bounds int()
_TOKEN = re.compile(
    r"(?P<mark>&#[0-9]+;)"  # a character somebody forgot to unescape
    r"|(?P<digits>[0-9٠-٩۰-۹]+(?:[.,،٫٬'’][0-9٠-٩۰-۹]+)*)"
    r"|(?P<word>[^\W\d_](?:[^\W\d_]|[\u064b-\u065f\u0670])*)"
    r"|\S"
)
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}\.000")  # 35.000: nobody measures to three zeros
_GROUPED = re.compile(r"[1-9][0-9]{0,2}([.,٬'])[0-9]{3}(?:\1[0-9]{3})*")  # 1,250,000
_DIACRITICS = re.compile(r"[\u064b-\u065f\u0670\u0640]")
_ASCII = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹،’", "01234567890123456789,'")
_ALIF = str.maketrans("أإآٱى", "ااااي")


class Token(NamedTuple):
    """A piece of the text without spaces, and the role it can play in a number."""

    kind: Literal["digits", "word", "mark", "end"]
    start: int
    end: int
    text: str  # digits in ASCII; words in lower case, or bare and without their clitics
    role: Role | None = None
    value: Fraction = Fraction(0)
    clitics: str = ""

    @property
    def joined(self) -> bool:
        """Does it begin with "and"?"""
        return self.clitics.startswith("و")

    @property
    def definite(self) -> bool:
        """Does it have the article?"""
        return self.clitics.endswith(("ال", "لل"))


def tokens(text: str, lang: Lang) -> Iterator[Token]:
    """The tokens of `text` in order; spans are in characters of `text`."""
    for match in _TOKEN.finditer(text):
        surface, (start, end) = match.group(), match.span()
        if match.lastgroup == "word":
            yield _arabic_word(surface, start, end) if lang == "ar" else _english_word(surface, start, end)
        elif match.lastgroup == "digits":
            yield Token("digits", start, end, surface.translate(_ASCII))
        else:
            yield Token("mark", start, end, surface)


def literal(text: str, lang: Lang) -> Fraction | None:
    """The value of a digits token; None where it is several numbers side by side, or no number at all."""
    if len(text) > MAX_DIGITS:
        return None
    if text.isdecimal():
        return Fraction(int(text))
    tail = re.split(r"\D", text)[-1]
    head, mark = text[: -len(tail) - 1], text[-len(tail) - 1]
    if _GROUPED.fullmatch(text) and (mark != "." or "." in head or (lang == "ar" and _THOUSANDS.fullmatch(text))):
        return Fraction(int(re.sub(r"\D", "", text)))
    if mark == "," and not (head == "0" or (lang == "ar" and len(tail) < 3)):
        return None
    if mark not in "٬'" and (head.isdecimal() or (_GROUPED.fullmatch(head) and mark not in head)):
        return Fraction(re.sub(r"\D", "", head) + "." + tail)
    return None


def _english_word(surface: str, start: int, end: int) -> Token:
    word = surface.lower()
    role, value = _ENGLISH.get(word) or _ENGLISH.get(surface) or (None, Fraction(0))  # III is in capitals
    return Token("word", start, end, word, role, value)


def _arabic_word(surface: str, start: int, end: int) -> Token:
    word = bare(surface)
    found = _ARABIC.get(word)
    if found and not ("\u0651" in surface and word.endswith("الف")):  # ألّف, "wrote"
        return Token("word", start, end, *found)
    dual = len(word) > 4 and word.endswith(("ان", "ين", "تي", "تا"))  # perhaps
    return Token("word", start, end, word, "weak" if dual else None, Fraction(2))


def bare(word: str) -> str:
    """An Arabic word without diacritics, tatweel and hamza on alif, with ى as ي."""
    return _DIACRITICS.sub("", word).translate(_ALIF)


def _entries(role: Role, table: dict[int, str]) -> Lexicon:
    return {word: (role, Fraction(value)) for value, words in table.items() for word in words.split()}


def _with_clitics(lexicon: Lexicon) -> dict[str, tuple[str, Role, Fraction, str]]:
    """Every word behind every clitic; the shortest clitic wins: «ثلثا» is two thirds, not "three of"."""
    found: dict[str, tuple[str, Role, Fraction, str]] = {}
    for clitics in CLITICS:
        for word, (role, value) in lexicon.items():
            if clitics + word not in _NOT_NUMBERS:
                found.setdefault(clitics + word, (word, role, value, clitics))
    return found


def _arabic_lexicon() -> Lexicon:
    """The tables, and what is formed from them: عشرون, ثلاثمئة, سبعينيات."""
    return {
        **_entries("weak", _ARABIC_WEAK),
        **_entries("scale", _SCALES),
        **_entries("dual", _DUALS),
        **_entries("unit", _UNITS),
        **_entries("ten", {10: "عشر عشرة"}),
        **_entries("tens", {value: f"{stem}ون {stem}ين" for value, stem in _TENS.items()}),
        **_entries("decade", {value: f"{stem}ينيات {stem}ينات" for value, stem in _TENS.items()}),
        **_entries("weak", {value: f"{stem}يني {stem}ينية" for value, stem in _TENS.items()}),
        **_entries("hundred", {10 * value: " ".join(stem + hundred for hundred in HUNDRED)
                               for value, stem in _TENS.items() if value > 20}),
        **_entries("hundred", {800: "ثمانيمئة ثمانيمائة"}),
        **_entries("hundred", _HUNDREDS),
        **_entries("ordinal", _ORDINALS),
        **{stem + suffix: ("weak", Fraction(1, n)) for stem, n in FIFTH_TO_TENTH.items() for suffix in _THEIR},
        **{word.split()[0] + suffix: ("part", Fraction(1, n)) for n, word in _PARTS.items() for suffix in _THEIR},
        **{word: ("part", Fraction(1, n)) for n, words in _PARTS.items() for word in words.split()},
        **{word: ("parts", Fraction(1, n)) for n, word in _PLURAL_PARTS.items()},
        **{word: ("part", Fraction(2, n)) for n, words in _TWO_PARTS.items() for word in words.split()},
        **{sign: ("part", value) for value, sign in _SIGNS.items()},
    }  # fmt: skip


def _english_lexicon() -> Lexicon:
    """The tables, and what is formed from them: thirteenth, twentieth, seventies."""
    teens, tens = dict(enumerate(_ENGLISH_TEENS.split(), 10)), dict(enumerate(_ENGLISH_TENS.split(), 2))
    return {
        **_entries("unit", dict(enumerate(_ENGLISH_UNITS.split(), 1))),
        **_entries("ten", teens),
        **_entries("tens", {10 * n: name for n, name in tens.items()}),
        **_entries("decade", {10 * n: name.removesuffix("y") + "ies" for n, name in tens.items()}),
        **_entries("hundred", {100: "hundred"}),
        **_entries("scale", _ENGLISH_SCALES),
        **_entries("ordinal", dict(enumerate(_ENGLISH_ORDINALS.split(), 1))),
        **_entries("ordinal", {n: name + "th" for n, name in teens.items()} | {12: "twelfth"}),
        **_entries("ordinal", {10 * n: name.removesuffix("y") + "ieth" for n, name in tens.items()}),
        **_entries("weak", _ENGLISH_WEAK),
        **_entries("weak", dict(enumerate(_ROMAN.split(), 2))),
        "half": ("part", Fraction(1, 2)),
        "quarter": ("part", Fraction(1, 4)),
        **{word: ("parts", Fraction(1, n)) for n, words in _ENGLISH_PARTS.items() for word in words.split()},
        **{sign: ("part", value) for value, sign in _SIGNS.items()},
    }


_ARABIC, _ENGLISH = _with_clitics(_arabic_lexicon()), _english_lexicon()
