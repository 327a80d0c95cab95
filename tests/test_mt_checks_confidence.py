"""Confidence: what the model weighs, which way each weight goes, and when there is none."""

from __future__ import annotations

import pytest

from mt.checks.confidence import confidences, features
from mt.document import Flag, Hypothesis

SOURCE = "وصل الوزير إلى القاهرة مساء الأحد."
TARGET = Hypothesis("The minister arrived in Cairo on Sunday evening.", -0.4)
ERROR, WARNING = Flag("number", "error", "…"), Flag("name", "warning", "…")
INFO = Flag("typo", "info", "…")


def rated(hypothesis: Hypothesis = TARGET, flags: tuple[Flag, ...] = (), quality: str = "draft") -> float:
    (found,) = confidences([SOURCE], [hypothesis], [flags], quality)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_features_are_what_they_say() -> None:
    (seen,) = features([SOURCE], [TARGET], [(ERROR, ERROR, WARNING, INFO)], "draft")

    assert (seen.draft, seen.errors, seen.warnings) == (1, 2, 1)
    assert seen.doubt == pytest.approx(0.4)
    assert 0 < seen.unlike < 0.4
    assert seen.length == pytest.approx(3.53, abs=0.01)  # ln 34


def test_every_doubt_lowers_it() -> None:
    assert 0 < rated() < 1
    assert rated(flags=(INFO,)) == rated()
    assert rated(flags=(ERROR,)) < rated(flags=(WARNING,)) < rated() < rated(quality="good")
    assert rated(Hypothesis(TARGET.text, -1.5)) < rated(Hypothesis(TARGET.text, -0.2))
    assert rated(Hypothesis("Cows eat grass in the spring.", -0.4)) < rated()


def test_a_model_that_nobody_measured_has_none() -> None:
    assert confidences([SOURCE], [TARGET], [()], "unknown") == [None]


def test_a_text_alone_is_rated_like_a_usual_one() -> None:
    assert rated(Hypothesis(TARGET.text)) == rated(Hypothesis(TARGET.text, -0.5))


def test_no_value_is_out_of_bounds() -> None:
    flags = (ERROR,) * 500
    assert rated(Hypothesis("", -900.0), flags) >= 0
    assert confidences([], [], [], "draft") == []
