import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.quantities import quantities, unmatched

ARABIC_DIGITS = str.maketrans("0123456789,.", "٠١٢٣٤٥٦٧٨٩٬٫")
WORDS = """
    مئة مائة ألف ألفا آلاف مليون ونصف وعشرون ثلاثة عشر و في المئة بالمئة القرن العشرين سبعينيات الثالث والعشرين
    twenty - five hundred and a half million dozen third per cent % ٪ 3,500 ٣٫٥ 250 000 k $ 60 th 1.2.3 1, ،
"""
PIECES = st.lists(st.sampled_from(WORDS.split()), max_size=12)
TEXT = PIECES.map(" ".join) | PIECES.map("".join) | st.text(max_size=60)
LANG = st.sampled_from(["ar", "en"])
steadily = settings(derandomize=True, deadline=None)


def values(text: str, lang: str) -> list[Fraction]:
    return [quantity.value for quantity in quantities(text, lang)]


def kinds(text: str, lang: str) -> list[tuple[str, Fraction]]:
    return [(quantity.kind, quantity.value) for quantity in quantities(text, lang)]


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("3,500 و٣٬٥٠٠ و۳۵۰۰ و3500", "ar", [3500] * 4),
        ("3,5 و٣٫٥ و3.5 و٣،٥", "ar", [Fraction(7, 2)] * 4),
        ("1,250,000 1.250.000 ١٬٢٥٠٬٠٠٠", "ar", [1250000] * 3),
        ("1,250.5 1.250,5 ١٬٢٥٠٫٥", "ar", [Fraction(2501, 2)] * 3),
        ("250 000 and 1 250 000 and 45\u00a0600", "en", [250000, 1250000, 45600]),
        ("in 2016 300 people, 12 1234, 012 345", "en", [2016, 300, 12, 1234, 12, 345]),
        ("6,34 and 2016,2017", "en", [6, 34, 2016, 2017]),
        ("0,125", "en", [Fraction(1, 8)]),
        ("15/3/2016, 9:30, 2-1, 1.2.3, 192.168.0.1", "en", [15, 3, 2016, 9, 30, 2, 1, 1, 2, 3, 192, 168, 0, 1]),
        ("11:00", "en", [11]),
        ("إف-16 و A1GP", "ar", [16, 1]),
        ("It&#39;s", "en", []),
        ("2.2 million km2", "en", [2200000]),
    ],
)
def test_digits(text, lang, expected):
    assert values(text, lang) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100 ألف", 100_000),
        ("1.5 مليار", 1_500_000_000),
        ("خمسة آلاف", 5000),
        ("ألفين", 2000),
        ("مليونا", 2_000_000),
        ("مليوناً", 1_000_000),
        ("مليونين", 2_000_000),
        ("3 ملايين و200 ألف", 3_200_000),
        ("100 ألف و500", 100_500),
        ("مئة ألف مليون", 10**11),
        ("نصف مليون", 500_000),
        ("مليون ونصف المليون", 1_500_000),
        ("ثلاثة ملايين ونصف", 3_500_000),
        ("مليون ونصف مليون", 1_500_000),
        ("تريليون", 10**12),
        ("ومليون", 1_000_000),
        ("مليون وألف وخمسة", 1_001_005),
        ("ألف وتسعمائة وخمسة وأربعين", 1945),
        ("ألف مليون", 10**9),
        ("ألفي مليون", 2 * 10**9),
        ("مئة وأربعون ألفاً", 140_000),
        ("خمسة وعشرون", 25),
        ("خمسٍ وعشرين", 25),
        ("الخمسة والعشرين", 25),
        ("خمسة و عشرون", 25),
        ("ثلاثة عشر", 13),
        ("ثلاثَ عشرةَ", 13),
        ("أحد عشر", 11),
        ("اثنتي عشرة", 12),
        ("بثمانية", 8),
        ("مائتان", 200),
        ("ثلاثمئة وخمس وستون", 365),
        ("ثلاث مئة", 300),
        ("تسعمائة", 900),
        ("ثمانيمئة", 800),
        ("ألفين وستة عشر", 2016),
        ("ثلاثة ملايين ومئتا ألف وخمسة", 3_200_005),
    ],
)
def test_arabic_numbers_are_one_quantity(text, value):
    assert values(f"بلغ {text} دولار", "ar") == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("twenty-five", 25),
        ("Nineteen", 19),
        ("a hundred", 100),
        ("one hundred and forty thousand", 140_000),
        ("140,000", 140_000),
        ("two thousand five hundred", 2500),
        ("half a million", 500_000),
        ("two and a half million", 2_500_000),
        ("2.5 billion", 2_500_000_000),
        ("$2.3bn", 2_300_000_000),
        ("£3m", 3_000_000),
        ("a 2-million", 2_000_000),
        ("5k", 5000),
        ("two-dozen", 24),
        ("3 million and 200 thousand", 3_200_000),
        ("a million", 1_000_000),
        ("100m", 100),
        ("5 km", 5),
        ("1970s", 1970),
    ],
)
def test_english_numbers_are_one_quantity(text, value):
    assert values(f"They spent {text} there", "en") == [value]


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("خمسة وثلاثة", "ar", [5, 3]),
        ("مئة ومئة", "ar", [100, 100]),
        ("5 million and 30 others", "en", [5_000_000, 30]),
        ("الساعة الثالثة وعشرين دقيقة", "ar", [3, 20]),
        ("3 million, 200 people", "en", [3_000_000, 200]),
    ],
)
def test_what_is_two_numbers_stays_two(text, lang, expected):
    assert values(text, lang) == expected


@pytest.mark.parametrize(
    "text", ["88%", "88 ٪", "%88", "88 في المئة", "88 بالمائة", "ثمانية وثمانون بالمئة", "88 في المائةِ"]
)
def test_arabic_percent(text):
    assert kinds(f"نسبة {text} منهم", "ar") == [("percent", 88)]


@pytest.mark.parametrize("text", ["88%", "88 percent", "88 per cent", "Eighty-eight percent"])
def test_english_percent(text):
    assert kinds(f"{text} of them", "en") == [("percent", 88)]


def test_ordinals():
    assert kinds("القرن التاسع عشر، والحادي والعشرين، والثالثة", "ar") == [
        ("ordinal", 19),
        ("ordinal", 21),
        ("ordinal", 3),
    ]
    assert kinds("the 60th, the twenty-first, the fifth, the twelfth", "en") == [
        ("ordinal", 60),
        ("ordinal", 21),
        ("ordinal", 5),
        ("ordinal", 12),
    ]


def test_words_that_mostly_count_nothing_make_no_noise():
    assert quantities("لست واحداً من آلاف وعشرات يوم الاثنين في كانون الثاني، ألّف كتاباً بالمئة نصف الساعة", "ar") == []
    assert quantities("One, a second one, both of thousands, a few million, first, half, III", "en") == []


def test_the_span_holds_the_percent_sign_and_the_clitic():
    text = "ارتفع بعشرين ثم 3.5 في المئة"
    assert [(quantity.surface, quantity.span) for quantity in quantities(text, "ar")] == [
        ("بعشرين", (6, 12)),
        ("3.5 في المئة", (16, 28)),
    ]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("أنفقت مئة وأربعين ألف دولار", "It spent $140,000"),
        ("منذ ساعتين", "2 hours ago"),
        ("في سبعينيات القرن العشرين", "in the 1970s"),
        ("في ثلاثينيات القرن التاسع عشر", "in the 1830s"),
        ("في السبعينات", "in the 1970s"),
        ("الملك تشارلز الثالث", "King Charles III"),
        ("الأول من كانون الثاني", "January 1"),
        ("ثلث السكان", "a third of the people"),
        ("ساعة ونصف", "1.5 hours"),
        ("ألفا جندي", "two thousand soldiers"),
        ("دفع رباعي", "four-wheel drive"),
    ],
)
def test_what_agrees(source, target):
    assert unmatched(source, target) == ((), ())


def test_what_differs_is_named_on_its_side():
    missing, added = unmatched("قتل 15 شخصاً و15 جندياً في 3 أيام", "15 people and 50 soldiers died in three days")
    assert [quantity.surface for quantity in missing] == ["15"]
    assert missing[0].span == (14, 16)
    assert [quantity.surface for quantity in added] == ["50"]


def test_a_decade_of_another_century_differs():
    missing, added = unmatched("ثلاثينيات القرن التاسع عشر", "the 1930s")
    assert [quantity.value for quantity in missing] == [1830]
    assert [quantity.value for quantity in added] == [1930]


@steadily
@given(TEXT, LANG)
def test_any_text_gives_ordered_spans_that_hold_their_surface(text, lang):
    end = 0
    for quantity in quantities(text, lang):
        assert end <= quantity.span[0] < quantity.span[1] <= len(text)
        assert text[slice(*quantity.span)] == quantity.surface
        end = quantity.span[1]


@steadily
@given(st.decimals(0, 10**9, places=2), LANG)
def test_three_scripts_agree(number, lang):
    text = f"{number:,}"
    assert values(text, lang) == values(text.translate(ARABIC_DIGITS), lang) == [Fraction(number)]


@steadily
@given(st.integers(3, 10**9))
def test_a_number_agrees_with_itself(number):
    assert unmatched(f"بلغ {number} شخص", f"It reached {number:,} people") == ((), ())


ARABIC_UNITS = ["7", "1,", "123 ", "مئة و", "مئة وخمسة ", "ألف ", "مليون ونصف ", "٪"]
ENGLISH_UNITS = ["1 ", "1.", "half a ", "twenty-", "three and "]


@pytest.mark.parametrize(
    ("unit", "lang"), [(unit, "ar") for unit in ARABIC_UNITS] + [(unit, "en") for unit in ENGLISH_UNITS]
)
def test_a_long_text_takes_linear_time(unit, lang):
    began = time.process_time()
    quantities(unit * (20_000 // len(unit)), lang)
    assert time.process_time() - began < 3


def test_a_run_of_digits_too_long_to_count_is_no_quantity():
    assert values("9" * 101 + " 7", "en") == [7]
    assert values("9" * 100, "en") == [Fraction(10**100 - 1)]
