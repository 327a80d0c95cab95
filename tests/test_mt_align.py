"""Sentences of a translation find those they translate, also merged, split and missing ones; none is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.align import Bead, align
from mt.errors import InputTooLong

ARABIC = [
    "أعلنت الحكومة زيادة الأجور بنسبة عشرة في المئة.",
    "أغلقت المدارس أبوابها بسبب العاصفة الثلجية.",
    "فاز الفريق بالمباراة في الدقيقة الأخيرة.",
    "انخفضت أسعار النفط للأسبوع الثالث على التوالي.",
    "اكتشف العلماء نوعاً جديداً من الأسماك في أعماق البحر.",
]
ENGLISH = [
    "The government announced a ten percent wage increase.",
    "Schools closed their doors because of the snowstorm.",
    "The team won the match in the last minute.",
    "Oil prices fell for the third week in a row.",
    "Scientists discovered a new species of fish in the deep sea.",
]


def shape(source: list[str], target: list[str]) -> list[tuple[list[int], list[int]]]:
    return [(list(bead.source), list(bead.target)) for bead in align(source, target)]


def test_a_faithful_translation_is_one_to_one() -> None:
    assert align(ARABIC, ENGLISH) == [Bead(range(i, i + 1), range(i, i + 1)) for i in range(5)]


@pytest.mark.parametrize("missing", range(5))
def test_a_missing_sentence_stands_alone(missing: int) -> None:
    target = ENGLISH[:missing] + ENGLISH[missing + 1 :]
    assert ([missing], []) in shape(ARABIC, target)
    assert [bead for bead in shape(ARABIC, target) if bead[0] != [missing]] == [
        ([i], [i - (i > missing)]) for i in range(5) if i != missing
    ]


@pytest.mark.parametrize("added", range(5))
def test_an_added_sentence_stands_alone(added: int) -> None:
    source = ARABIC[:added] + ARABIC[added + 1 :]
    assert ([], [added]) in shape(source, ENGLISH)
    assert len(shape(source, ENGLISH)) == 5


def test_two_sentences_that_became_one() -> None:
    target = [ENGLISH[0], f"{ENGLISH[1][:-1]}, and {ENGLISH[2].replace('The', 'the')}", *ENGLISH[3:]]
    assert shape(ARABIC, target) == [([0], [0]), ([1, 2], [1]), ([3], [2]), ([4], [3])]


def test_one_sentence_that_became_two() -> None:
    source = [ARABIC[0], f"{ARABIC[1][:-1]}، و{ARABIC[2]}", *ARABIC[3:]]
    assert shape(source, ENGLISH) == [([0], [0]), ([1], [1, 2]), ([2], [3]), ([3], [4])]


def test_a_moved_sentence_is_missing_here_and_new_there() -> None:
    target = [*ENGLISH[1:], ENGLISH[0]]
    assert shape(ARABIC, target) == [([0], []), *(([i], [i - 1]) for i in range(1, 5)), ([], [4])]


def test_an_empty_side_leaves_all_of_the_other_alone() -> None:
    assert align([], []) == []
    assert shape(ARABIC[:2], []) == [([0], []), ([1], [])]
    assert shape([], ENGLISH[:2]) == [([], [0]), ([], [1])]


def test_too_many_sentences_are_refused_before_they_are_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mt.align.encode", lambda texts: pytest.fail("encoded"))
    with pytest.raises(InputTooLong, match=r"5000 sentences .* one of 100: .*blank lines"):
        align(["لا."] * 5000, ["No."] * 100)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.integers(0, 7), st.integers(0, 7), st.integers(0, 999))
def test_every_sentence_is_in_one_bead_and_in_order(n: int, m: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mt.align.encode", lambda texts: chance.normal(0, 0.05, (len(texts), 512)).astype(np.float32))
        beads = align(["س" * int(chance.integers(0, 90)) for _ in range(n)], ["s" * i for i in range(m)])
    assert [i for bead in beads for i in bead.source] == list(range(n))
    assert [j for bead in beads for j in bead.target] == list(range(m))
    shapes = {(len(bead.source), len(bead.target)) for bead in beads}
    assert shapes <= {(1, 1), (1, 0), (0, 1), (1, 2), (2, 1)}
