"""Finding names: clitics, spelling variants, borders of words, overlaps, spans."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.terms.match import Entry, Kind, Match, Matcher, fold, longest, spellings, stems

NAMES: dict[str, tuple[str, Kind]] = {
    "الكرملين": ("the Kremlin", "organisation"),
    "ليبيا": ("Libya", "country"),
    "مصر": ("Egypt", "country"),
    "الامم المتحده": ("the United Nations", "organisation"),
    "ميثاق الامم المتحده": ("the UN Charter", "organisation"),
    "علي": ("Ali", "name"),
    "زام": ("Zam", "city"),
    "حركه حماس": ("Hamas", "organisation"),
}
MATCHER = Matcher(NAMES, lambda key, value: Entry(key, (value[0],), value[1]))


def find(text: str) -> list[Match]:
    return longest(MATCHER.candidates(text))


@pytest.mark.parametrize(
    ("text", "surface", "covered"),
    [
        ("في الكرملين أمس", "الكرملين", "الكرملين"),
        ("للكرملين", "الكرملين", "لكرملين"),
        ("وبالكرملين.", "الكرملين", "الكرملين"),
        ("وللكرملين", "الكرملين", "لكرملين"),
        ("لليبيا", "ليبيا", "ليبيا"),
        ("كمصر", "مصر", "مصر"),
        ("الأُمَم المتّحدة", "الأُمَم المتّحدة", "الأُمَم المتّحدة"),
        ("الامم المتحده", "الامم المتحده", "الامم المتحده"),
        ("للأمـم  المتحدة", "الأمـم  المتحدة", "لأمـم  المتحدة"),
        ("وَلِمِصْرَ", "مِصْرَ", "مِصْرَ"),
        ('حركة "حماس"', 'حركة "حماس', 'حركة "حماس'),
        ("ﻣﺼﺮ", "ﻣﺼﺮ", "ﻣﺼﺮ"),
    ],
)
def test_a_name_is_found_through_clitics_and_spellings(text: str, surface: str, covered: str) -> None:
    (match,) = find(text)
    assert match.surface == surface
    assert text[slice(*match.span)] == covered


@pytest.mark.parametrize(
    "text", ["المصرف", "مصرفي", "الأمم، المتحدة", "الأمم. المتحدة", "على الطاولة", "لزام", "", "١٢٣"]
)
def test_no_part_of_a_word_and_nothing_across_a_comma_is_a_name(text: str) -> None:
    assert find(text) == []


def test_the_longest_name_wins() -> None:
    assert [match.entry.targets for match in find("ميثاق الأمم المتحدة في مصر")] == [("the UN Charter",), ("Egypt",)]


def test_a_glossary_wins_over_a_longer_name() -> None:
    own = Matcher({"المتحده": 1}, lambda key, _: Entry(key, ("United",), "term", "glossary"))
    text = "الأمم المتحدة"
    (match,) = longest([*MATCHER.candidates(text), *own.candidates(text)])
    assert match.entry.targets == ("United",)


def test_a_guess_counts_only_beside_another_name() -> None:
    guess = Matcher({"رسان": 1}, lambda key, _: Entry(key, ("Resan",), "name", guessed=True))

    def both(text: str) -> list[str]:
        return [match.surface for match in longest([*MATCHER.candidates(text), *guess.candidates(text)])]

    assert both("قال علي رسان") == ["علي", "رسان"]
    assert both("قدم رسان شيئا") == []
    assert both("علي: سلاح فرسان") == ["علي"]


def test_folding_keeps_what_tells_words_apart() -> None:
    assert fold("إِسْرائيل ـ") == "اسرائيل"
    assert fold("القاهرة") == fold("القاهره")
    assert fold("علي") != fold("على")


def test_the_other_spelling_is_only_of_longer_words() -> None:
    assert spellings("المصري") == ("المصري", "المصرى")
    assert spellings("مصطفى") == ("مصطفى", "مصطفي")
    assert spellings("علي") == ("علي",)


def test_stems_of_a_word() -> None:
    assert stems("وللكرملين") == (("وللكرملين", 0), ("للكرملين", 1), ("لكرملين", 2), ("الكرملين", 2))


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.text(alphabet="وفبكل المصرأإﻻميثاقتحدة\u064e\u0651ـ\u200f\u0670«»-،ىيعلي \n", max_size=60))
def test_spans_hold_and_do_not_overlap(text: str) -> None:
    matches = find(text)
    for match in matches:
        start, end = match.span
        assert 0 <= start < end <= len(text)
        assert match.surface in (text[start:end], "ا" + text[start:end])
        assert fold(match.surface) == match.entry.source
    assert all(left.span[1] <= right.span[0] for left, right in pairwise(matches))
