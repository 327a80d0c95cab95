"""Corpora by their sources alone: counts of flags, likeness, length."""

from __future__ import annotations

import pytest

from eval.quality import KINDS, FlagCount, Quality, assess
from mt.document import Flag
from mt.errors import EmptyInput, LengthMismatch

SOURCES = ["قال الوزير إن المشروع سيبدأ في شهر مايو المقبل", "ارتفعت أسعار النفط بنسبة 3 في المئة خلال الأسبوع",
           "زار الرئيس مدينة أوكلاند أمس", "أوكلاند مدينة كبيرة على الساحل"]  # fmt: skip
SOUND = ["The minister said the project would begin next May", "Oil prices rose by 3 percent during the week",
         "The president visited the city of Auckland yesterday", "Auckland is a large city on the coast"]  # fmt: skip


def test_flags_are_counted_by_kind_and_severity() -> None:
    number, doubt = Flag("number", "error", "5 for 3"), Flag("number", "warning", "5 for 3")
    left_out = Flag("omission", "warning", "a clause")
    quality = Quality(((number, number, doubt), (), (number,), (left_out,)), (1.0, 0.5, 0.0, 0.5), 1.1)
    assert quality.counts == (
        FlagCount("number", "error", 3, 2),
        FlagCount("number", "warning", 1, 1),
        FlagCount("omission", "warning", 1, 1),
    )
    assert [quality.flagged(kind) for kind in ("number", "omission", "name")] == [2, 1, 0]
    assert quality.flagged("omission", ["error"]) == 0
    assert quality.similarity == 0.5
    assert "language" in KINDS


def test_a_wrong_number_is_what_the_checks_say_it_is() -> None:
    sound = assess(SOURCES, SOUND)
    wrong = assess(SOURCES, [SOUND[0], SOUND[1].replace("3", "8"), *SOUND[2:]])
    assert (sound.flagged("number"), wrong.flagged("number")) == (0, 1)
    assert [bool(row) for row in wrong.flags] == [False, True, False, False]


def test_likeness_and_length_tell_a_translation_from_another_text() -> None:
    sound, swapped = assess(SOURCES[:2], SOUND[:2]), assess(SOURCES[:2], SOUND[1::-1])
    assert sound.similarity > 0.6 > 0.4 > swapped.similarity
    assert len(sound.similarities) == 2
    assert sound.length_ratio == sum(map(len, SOUND[:2])) / sum(map(len, SOURCES[:2]))
    empty = assess(["", SOURCES[0]], ["", ""])
    assert (empty.similarities, empty.length_ratio) == ((0.0, 0.0), 0.0)


def test_a_name_has_one_spelling_in_a_document_only() -> None:
    hypotheses = [SOUND[2], SOUND[3].replace("Auckland", "Oakland")]
    apart, together = assess(SOURCES[2:], hypotheses), assess(SOURCES[2:], hypotheses, ["news", "news"])
    spelled = [[flag.message for row in quality.flags for flag in row if "two spellings" in flag.message]
               for quality in (apart, together)]  # fmt: skip
    assert (spelled[0], len(spelled[1])) == ([], 1)
    assert assess(SOURCES[2:], hypotheses, ["news", "sport"]).flags == apart.flags


def test_what_does_not_line_up_is_refused() -> None:
    with pytest.raises(LengthMismatch, match="the source has 4 segments, the hypotheses are 1"):
        assess(SOURCES, ["one"])
    with pytest.raises(LengthMismatch, match="the source has 4 segments, the documents are 1"):
        assess(SOURCES, SOUND, ["one"])
    with pytest.raises(EmptyInput, match="nothing to check"):
        assess([], [])
