"""Models on a test set: outputs with signatures and speed, yardsticks beside summaries, articles of translations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eval.evaluation import Trial
from eval.origin import Origin
from eval.run import Document, Models, oracle, read_document, run
from mt.document import DecodingOptions
from mt.errors import EmptyInput, EvalError, UnknownModel
from mt.registry import load_registry

ARABIC = {
    "اختبار": "A test of things", "وصل الوفد إلى المدينة.": "The delegation reached the city.",
    "بدأت المحادثات أمس.": "Talks began yesterday.", "خبر": "Some news here",
    "أغلقت المدارس أبوابها.": "The schools have closed their doors.",
}  # fmt: skip


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """Two articles with reference translations and summaries."""
    files = {
        "one.ar.txt": "اختبار\n\nوصل الوفد إلى المدينة.\n\nبدأت المحادثات أمس.\n",
        "one.en.txt": "A test of things\n\nThe delegation arrived in the city.\n\nTalks began yesterday.\n",
        "one.summary.txt": "Talks began yesterday.\n",
        "two.ar.txt": "خبر\n\nأغلقت المدارس أبوابها.\n",
        "two.en.txt": "Some news here\n\nSchools closed their doors.\n",
        "two.summary.txt": "Schools closed.\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch, fake_engine: Callable[..., Any]) -> Models:
    """The fake engine in the place of every model, and the lead as summarizer."""
    engine = fake_engine(ARABIC)
    monkeypatch.setattr("eval.run.load_engine", lambda name, task, registry, placement, report: engine)
    return Models(load_registry(), options=DecodingOptions(plain=True), summarizer="lead", sentences=1)


def test_sources_are_translated_with_signature_and_speed(articles: Path, models: Models) -> None:
    doings = list[str]()
    (trial,) = run("translate", Origin(str(articles)), models, doings.append)
    assert trial.task == "translate"
    (output,) = trial.outputs
    assert output.hypotheses == tuple(ARABIC.values())
    assert (output.name, output.yardstick) == ("fake", False)
    assert output.signature.startswith("ar-en-fake@1|fake|float32|beam:4|plain:yes|v:")
    assert output.speed is not None
    assert output.speed.words == sum(len(text.split()) for text in ARABIC.values())
    assert output.speed.seconds > 0
    assert "translating with fake" in doings
    assert "translated 5 of 5" in doings


def test_summaries_stand_beside_lead_and_oracle(articles: Path, models: Models) -> None:
    (trial,) = run("summarize", Origin(str(articles)), models)
    assert trial.task == "summarize"
    assert [(output.name, output.yardstick) for output in trial.outputs] == [
        ("lead", False), ("lead-1", True), ("oracle", True),
    ]  # fmt: skip
    lead, yardstick, best = trial.outputs
    assert lead.hypotheses == ("The delegation arrived in the city.", "Schools closed their doors.")
    assert yardstick.hypotheses == lead.hypotheses
    assert best.hypotheses == ("Talks began yesterday.", "Schools closed their doors.")
    assert lead.signature.startswith("lead|k:1|v:")
    assert best.signature.startswith("oracle|greedy|rouge1+rouge2|k:1|v:")


def test_of_both_the_summaries_are_made_of_the_translations(articles: Path, models: Models) -> None:
    translated, summarized = run("both", Origin(str(articles)), models)
    assert (translated.task, summarized.task) == ("translate", "summarize")
    assert summarized.outputs[0].hypotheses == (
        "The delegation reached the city.", "The schools have closed their doors.",
    )  # fmt: skip
    assert summarized.outputs[0].signature.endswith(f", of {translated.outputs[0].signature}")
    assert len(summarized.dataset) == 2


def test_lines_that_are_no_articles_cannot_be_done_both_ways(articles: Path, models: Models) -> None:
    table = articles / "set.tsv"
    table.write_text("خبر\tSome news\n", encoding="utf-8")
    with pytest.raises(EvalError, match="it is not known which segments are one article; expected a directory"):
        run("both", Origin(str(table)), models)
    (trial,) = run("translate", Origin(str(table)), models)
    assert trial.outputs[0].hypotheses == ("Some news here",)


def test_a_test_set_without_sources_cannot_be_run(articles: Path, models: Models) -> None:
    origin = Origin(references=(str(articles / "one.en.txt"),))
    with pytest.raises(EvalError, match=r"one.en.txt has no source that could be translated"):
        run("translate", origin, models)
    with pytest.raises(EvalError, match="has no source that could be summarized"):
        run("summarize", origin, models)


def test_an_unknown_model_is_an_error_of_ours(articles: Path) -> None:
    with pytest.raises(UnknownModel, match="no model is called 'nonesuch'"):
        run("translate", Origin(str(articles)), Models(load_registry(), "nonesuch"))


def test_the_oracle_takes_what_adds_and_stops_when_nothing_does() -> None:
    sentences = ("Nobody cares about this.", "Oil prices rose.", "The week was long.", "Prices of oil rose in May.")
    assert oracle(sentences, ["Oil prices rose in the long week."], 2) == ["Oil prices rose.", "The week was long."]
    assert oracle(sentences, ["Oil prices rose."], 3) == ["Oil prices rose."]
    assert oracle(sentences, ["Completely unrelated words"], 3) == []
    assert oracle((), ["Anything"], 3) == []


def test_a_first_line_that_is_no_sentence_is_the_headline() -> None:
    assert read_document("Talks begin\n\nThey met. They spoke.\nThey left.") == Document(
        ("They met.", "They spoke.", "They left."), "Talks begin"
    )
    assert read_document("They met.\nThey left.") == Document(("They met.", "They left."))
    assert read_document("Only a line") == Document(("Only a line",))
    with pytest.raises(EmptyInput, match="a text to be summarized is empty"):
        read_document(" \n ")


def test_an_origin_is_a_name_or_files(articles: Path) -> None:
    reference = str(articles / "one.en.txt")
    assert len(Origin(references=(reference,)).load()) == 5
    labels = articles / "labels"
    labels.write_text("\n".join("abcde") + "\n", encoding="utf-8")
    assert Origin(references=(reference,), domains=str(labels)).load().domains == tuple("abcde")
    for wrong, message in (
        (Origin(), "expected a reference or a test set"),
        (Origin("samples", (reference,)), "expected a reference or a test set"),
        (Origin("samples", source=reference), "--source goes with --reference"),
    ):
        with pytest.raises(EvalError, match=message):
            wrong.load()


def test_a_trial_knows_its_test_set(articles: Path, models: Models) -> None:
    (trial,) = run("translate", Origin(f"{articles}:1-3"), models)
    assert isinstance(trial, Trial)
    assert (len(trial.dataset), trial.dataset.name) == (3, f"{articles}:1-3")
    assert trial.origin.load() == trial.dataset
