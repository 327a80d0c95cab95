"""Summaries written by a model: windows, rounds, minimum lengths; and each architecture for real, made small."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import FakeEngine
from tiny_models import build_repository

from mt.document import DecodingOptions, Hypothesis
from mt.engine import Placement
from mt.errors import ConfigError, EmptyInput
from mt.registry import Limits, ModelSpec
from mt.store import StoredModel
from summarize.abstractive import Abstractive

Fake = Callable[..., FakeEngine]


def first_words(count: int) -> Callable[[str, DecodingOptions], list[Hypothesis]]:
    return lambda text, options: [Hypothesis(" ".join(text.split()[:count]) + ".", -0.5)]


def test_a_text_that_fits_is_read_at_once(fake_engine: Fake) -> None:
    engine = fake_engine(lambda text, options: [Hypothesis("First thing. Second thing. Third thing.", -0.5)], limit=50)
    summary = Abstractive(engine).summarize(["One two three.", "", " Four five. "], 2, "A headline")
    assert [sources for sources, _ in engine.calls if sources] == [["One two three. Four five."]]
    assert summary.kind == "abstract"
    assert [sentence.text for sentence in summary.sentences] == ["First thing.", "Second thing."]
    assert {sentence.segments for sentence in summary.sentences} == {()}
    assert summary.system.startswith("ar-en-fake@1|fake|float32|beam:4|k:2|rounds:1|")


def test_a_long_text_is_read_in_windows_and_their_summaries_again(fake_engine: Fake) -> None:
    sentences = [f"Sentence {number} has seven words in it." for number in range(12)]
    engine = fake_engine(first_words(2), limit=21)
    summary = Abstractive(engine).summarize(sentences, 9)
    asked = [source for sources, _ in engine.calls for source in sources]
    first = asked[:4]
    assert " ".join(first) == " ".join(sentences), "every sentence is read, in order"
    assert all(len(window.split()) <= 21 for window in asked)
    assert asked[4:] == ["Sentence 0. Sentence 3. Sentence 6. Sentence 9."]
    assert "|rounds:2|" in summary.system


def test_a_round_that_does_not_shorten_is_the_last(fake_engine: Fake) -> None:
    engine = fake_engine(lambda text, options: [Hypothesis(text, -0.5)], limit=10)
    sentences = [f"Sentence {number} has six words." for number in range(5)]
    assert Abstractive(engine).summarize(sentences, 9).text == " ".join(sentences)


def test_windows_that_cannot_be_joined_all_have_a_say(fake_engine: Fake) -> None:
    engine = fake_engine(lambda text, options: [Hypothesis(text, -0.5)], limit=10)
    sentences = [f"Sentence {number} has six words." for number in range(6)]
    assert Abstractive(engine).summarize(sentences, 3).text == " ".join(sentences[::2])


def test_a_sentence_longer_than_the_model_is_cut_not_dropped(fake_engine: Fake) -> None:
    engine = fake_engine(first_words(1), limit=8)
    long = ", ".join(f"clause {number} goes on" for number in range(10)) + "."
    Abstractive(engine).summarize([long], 3)
    windows = [source for sources, _ in engine.calls for source in sources][:10]
    assert " ".join(" ".join(windows).split()).startswith(long)


def test_a_short_text_is_not_stretched_to_the_models_minimum(fake_engine: Fake) -> None:
    engine = fake_engine(first_words(3), limit=130)
    engine.spec = replace(engine.spec, decoding=DecodingOptions(beam_size=4, min_decoding_length=56))
    Abstractive(engine).summarize(["Only five words are here."], 3)
    assert [options.min_decoding_length for sources, options in engine.calls if sources] == [1]
    Abstractive(engine).summarize(["word"] * 120, 3)
    assert [options.min_decoding_length for sources, options in engine.calls if sources][1] == 56


def test_wrong_calls(fake_engine: Fake) -> None:
    with pytest.raises(EmptyInput, match="no sentence to summarize"):
        Abstractive(fake_engine()).summarize([" ", ""], 3)
    with pytest.raises(ConfigError, match="expected 1 or more"):
        Abstractive(fake_engine()).summarize(["One."], 0)


@pytest.mark.parametrize("architecture", ["bart", "pegasus", "t5", "mt5"])
def test_each_architecture_summarizes_for_real(architecture: str, tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs the extra hub")
    from mt.hf import TransformersEngine

    directory = build_repository(architecture, tmp_path / architecture)
    spec = ModelSpec(
        name="tiny", tasks=("summarize",), backend="hf", architecture=architecture,  # type: ignore[arg-type]
        licence="ours", commercial=True, languages={"en": "en"}, quality="draft", limits=Limits(100, 100),
        prefix="summarize: " if "t5" in architecture else None,
        decoding=DecodingOptions(beam_size=2, min_decoding_length=4, max_decoding_length=20),
    )  # fmt: skip
    engine = TransformersEngine(StoredModel(spec, directory, "local"), Placement(threads=1))
    sentences = [f"Sentence {number} is about a ship." for number in range(8)]
    summary = Abstractive(engine).summarize(sentences, 3)
    assert summary.sentences, "a model of random weights writes something too"
    assert not any(token in summary.text for token in ("<pad>", "</s>", "<s>", "<n>"))
    settings = r"beam:2\|(lp:[\d.]+\|)?(ngram:\d\|)?min:4\|max:20\|k:3\|rounds:"  # its repository's in the middle
    assert re.match(rf"en-tiny@local\|hf\|float32\|{settings}", summary.system)
    assert Abstractive(engine).summarize(sentences, 3) == summary
