"""Every number of the source in the target, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.checks import check
from mt.checks.numbers import check as check_numbers


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (
            "ارتفعت الصادرات ٢٥ في المئة إلى 1.5 مليار دولار عام 2024.",
            "Exports rose 25 percent to $1.5 billion in 2024.",
        ),
        ("مئة وأربعون ألفاً من الأطنان", "140,000 tonnes"),
        ("لم يذكر البيان أي رقم.", "The statement gave no number."),
        ("زاد العدد من ١٠٠ ألف إلى 140 ألفا.", "The number rose from 100,000 to 140 thousand."),
    ],
)
def test_equal_values_in_any_notation_are_not_flagged(source: str, target: str) -> None:
    assert list(check_numbers(source, target)) == []


@pytest.mark.parametrize(
    ("source", "target", "messages"),
    [
        ("قُتل 5000 شخص.", "500 people were killed.", ["The source says 5,000, the translation 500. Go by the source."]),
        ("أُرسلت في 22 سبتمبر.", "It was sent in September.", ["The source says 22; the translation does not."]),
        (
            "وصل الوفد مساء الأحد.", "The delegation of 14 arrived on Sunday evening.",
            ["The translation says 14; the source does not. Do not rely on it."],
        ),
        (
            "بنسبة 2.5 في المئة عام 2023", "by 25 percent in 2023",
            ["The source says 2.5 %, the translation 25 %. Go by the source."],
        ),
        ("في عام 2015", "in 2016", ["The source says 2015, the translation 2016. Go by the source."]),
    ],
)  # fmt: skip
def test_what_is_not_the_same_is_told_in_digits(source: str, target: str, messages: list[str]) -> None:
    flags = list(check_numbers(source, target))
    assert [flag.message for flag in flags] == messages
    severity = "warning" if messages[0].startswith("The translation") else "error"  # ours may have been misread
    assert {(flag.kind, flag.severity) for flag in flags} == {("number", severity)}


def test_spans_point_at_both_sides() -> None:
    source, target = "قُتل 5000 شخص.", "Some 500 people were killed."
    (flag,) = check_numbers(source, target)
    assert flag.source_span is not None
    assert flag.target_span is not None
    assert source[slice(*flag.source_span)] == "5000"
    assert target[slice(*flag.target_span)] == "500"


def test_an_empty_target_has_one_flag_and_it_is_not_about_numbers() -> None:
    assert [flag.kind for flag in check("قُتل 5000 شخص.", "")] == ["omission"]


def test_true_translations_are_hardly_flagged(data: Path) -> None:
    texts = ((data / "dev" / f"flores-dev.{lang}").read_text(encoding="utf-8").splitlines() for lang in ("ar", "en"))
    flagged = [number for number, pair in enumerate(zip(*texts, strict=True), 1) if list(check_numbers(*pair))]
    assert len(flagged) <= 9
    assert {126, 131, 166} <= set(flagged), "lines of the data whose two sides do not belong together"


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text(max_size=60), st.text(alphabet="0123456789.,/%٠٫ ألف million twohuderd", max_size=60))
def test_nothing_crashes_and_spans_hold(source: str, target: str) -> None:
    for flag in check_numbers(source, target):
        assert flag.source_span is None or source[slice(*flag.source_span)]
        assert flag.target_span is None or target[slice(*flag.target_span)]
