"""Ranking: what each ingredient of a hypothesis's worth does, and that order is kept where nothing tells them apart."""

from __future__ import annotations

from mt.document import Hypothesis
from mt.rerank import rank
from mt.terms import load_terms

SOURCE = "وصل الوزير إلى الكرملين مع 12 صحفيا."


def best(*hypotheses: Hypothesis, source: str = SOURCE) -> str:
    ((first, *_),) = rank([source], [hypotheses], [load_terms().find(source)])
    return first[1].text


def test_a_right_number_outweighs_a_slightly_better_score() -> None:
    right = Hypothesis("The minister arrived at the Kremlin with 12 journalists.", -0.50)
    wrong = Hypothesis("The minister arrived at the Kremlin with 15 journalists.", -0.45)
    sure = Hypothesis(wrong.text, -0.05)

    assert best(wrong, right) == right.text
    assert best(sure, right) == wrong.text


def test_a_name_counts() -> None:
    named = Hypothesis("The minister arrived at the Kremlin with 12 journalists.", -0.50)
    other = Hypothesis("The minister arrived at the palace with 12 journalists.", -0.45)

    assert best(other, named) == named.text


def test_what_is_unlike_the_source_loses() -> None:
    close = Hypothesis("The minister arrived at the Kremlin with 12 journalists.", -0.6)
    far = Hypothesis("Cows eat grass at the Kremlin: 12.", -0.4)

    assert best(far, close) == close.text


def test_what_breaks_off_or_loops_goes_last() -> None:
    whole = Hypothesis("The minister came.", -0.8)
    cut = Hypothesis("The minister arrived at the Kremlin with 12", -0.2, complete=False)
    loop = Hypothesis("The minister arrived arrived arrived arrived arrived at the Kremlin with 12 journalists", -0.2)

    assert best(cut, loop, whole) == whole.text


def test_equals_keep_the_model_s_order_and_sources_stay_apart() -> None:
    twins = Hypothesis("The minister arrived.", -0.5), Hypothesis("The minister arrived.", -0.5, confidence=0.1)
    others = (Hypothesis("Rain fell.", -0.3),)
    ranked = rank(["وصل الوزير.", "هطل المطر."], [twins, others], [(), ()])

    assert [hypothesis for _, hypothesis in ranked[0]] == list(twins)
    assert [hypothesis for _, hypothesis in ranked[1]] == list(others)
    assert rank([], [], []) == []
