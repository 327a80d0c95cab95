"""The values that cross every boundary: frozen, complete, and joined as the source is."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.document import Article, DecodingOptions, Flag, Hypothesis, Segment, Source, Term, Translation

OPTIONS = st.builds(
    DecodingOptions,
    beam_size=st.none() | st.integers(1, 8),
    length_penalty=st.none() | st.floats(0, 2),
    max_decoding_length=st.none() | st.integers(1, 500),
)


def translation(article: Article, *segments: Segment) -> Translation:
    """Each segment answered by its text in capitals, and a worse second."""
    hypotheses = tuple((Hypothesis(part.text.upper(), -0.1), Hypothesis("worse", -2.0)) for part in segments)
    return Translation(article, segments, hypotheses, ((),) * len(segments), "a system")


def test_targets_are_joined_as_the_source_is() -> None:
    found = translation(
        Article(("a b", "c\nd e"), title="t u"),
        Segment("t", " "), Segment("u"), Segment("a", "  ", 0), Segment("b", "", 0),
        Segment("c", " \n", 1), Segment("d", " ", 1), Segment("e", "", 1),
    )  # fmt: skip
    assert found.targets == ("T", "U", "A", "B", "C", "D", "E")
    assert found.title == "T U"
    assert found.paragraphs == ("A B", "C\nD E")
    assert found.text == "A B\n\nC\nD E"
    assert list(found.body()) == [2, 3, 4, 5, 6]


def test_a_paragraph_without_segments_is_there_and_empty() -> None:
    found = translation(
        Article(("a", "\u200b", "b")), Segment("a", "", 0), Segment("", "\u200b", 1), Segment("b", "", 2)
    )
    assert found.paragraphs == ("A", "", "B")
    assert translation(Article(("a", "b")), Segment("b", "", 1)).paragraphs == ("", "B")


def test_no_headline_and_an_empty_one_are_told_apart() -> None:
    assert translation(Article(("a",)), Segment("a", "", 0)).title is None
    assert translation(Article(("a",), title=""), Segment("a", "", 0)).title == ""


def test_options_asked_for_go_over_the_defaults() -> None:
    defaults = DecodingOptions(beam_size=4, length_penalty=0.6, max_decoding_length=200)
    asked = DecodingOptions(beam_size=1, repetition_penalty=1.2, num_hypotheses=3, plain=True)
    assert asked.over(defaults) == DecodingOptions(
        beam_size=1, length_penalty=0.6, repetition_penalty=1.2, max_decoding_length=200, num_hypotheses=3, plain=True
    )


def test_a_zero_is_a_value_not_an_absence() -> None:
    assert DecodingOptions(length_penalty=0.0).over(DecodingOptions(length_penalty=1.0)).length_penalty == 0.0


@settings(derandomize=True, deadline=None)
@given(OPTIONS, OPTIONS, OPTIONS)
def test_options_over_options_are_associative_with_nothing_asked_as_zero(
    call: DecodingOptions, model: DecodingOptions, engine: DecodingOptions
) -> None:
    assert call.over(model).over(engine) == call.over(model.over(engine))
    assert DecodingOptions().over(call) == call.over(DecodingOptions()) == call


@pytest.mark.parametrize(
    "value",
    [
        Article(("a",), "t", "7", ("doubt",)),
        Segment("a", " ", 0),
        Term("مصر", "Egypt", "gazetteer"),
        Source("a", (Term("مصر", "Egypt", "gazetteer"),)),
        Hypothesis("a", -0.5, False),
        Flag("number", "error", "3 became 4", (0, 1), (2, 3)),
        DecodingOptions(beam_size=4),
        translation(Article(("a",)), Segment("a", "", 0)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_cannot_be_changed_and_crosses_processes(value: object) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, fields(value)[0].name, "other")  # type: ignore[arg-type]
    assert not hasattr(value, "__dict__")
    assert pickle.loads(pickle.dumps(value)) == value
    assert hash(value) == hash(pickle.loads(pickle.dumps(value)))
