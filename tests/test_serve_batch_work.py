"""What a worker makes of a chunk: the same as `khulasa article`, whatever stands beside a record."""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from batches import fake_model, fake_setup, record
from conftest import FakeEngine

from mt.document import DecodingOptions, Source
from mt.engine import Engine, Placement, load_engine
from mt.errors import DecodingError, ModelNotFound, UnknownModel
from mt.normalize import normalize
from mt.registry import load_registry
from serve.batch.chunks import Chunk
from serve.batch.records import Failure, Record
from serve.batch.work import Unrepeated, Worker, build_setup
from serve.dossier import digest_json
from serve.service import Service, Summarizing


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    return Worker(fake_setup(tmp_path / "model"))


def test_a_record_is_the_article_object_with_the_other_fields(worker: Worker) -> None:
    (output,) = worker.translate(Chunk(0, (record(0, "أعلنت الوزارة خطة.", section="محليات", views=3),)))
    assert list(output) == [
        "schema", "id", "title", "source_lang", "target_lang", "segments", "translation", "systems", "warnings",
        "summary", "input",
    ]  # fmt: skip
    assert output["translation"] == "w5a w7b w4c"
    assert output["summary"]["text"] == "w5a w7b w4c"
    assert output["id"] == "0"
    assert output["input"] == {"section": "محليات", "views": 3}


def test_without_a_summary_there_is_none(tmp_path: Path) -> None:
    worker = Worker(replace(fake_setup(tmp_path / "model"), summarizing=None))
    (output,) = worker.translate(Chunk(0, (record(0),)))
    assert "summary" not in output
    assert list(output["systems"]) == ["translate"]


def test_a_record_that_cannot_be_read_fails_alone_and_in_its_place(worker: Worker) -> None:
    broken = Record(1, "in.jsonl:2", "b", None, {"k": 1}, Failure("UnsupportedFormat", "no JSON", "in.jsonl:2"))
    english = record(2, "The minister said on Tuesday that the plan for water was new and would begin next year.")
    outputs = worker.translate(Chunk(0, (record(0), broken, english, record(3, "\u200f \n"), record(4))))
    assert [output.get("error", {}).get("kind") for output in outputs] == [
        None, "UnsupportedFormat", "UnsupportedLanguage", "EmptyInput", None,
    ]  # fmt: skip
    assert outputs[1] == {
        "id": "b",
        "error": {"kind": "UnsupportedFormat", "message": "no JSON", "where": "in.jsonl:2"},
        "input": {"k": 1},
    }
    assert [output["id"] for output in outputs] == ["0", "b", "2", "3", "4"]


def test_the_chunk_of_a_record_changes_nothing_of_it(worker: Worker) -> None:
    records = tuple(record(number) for number in range(6))
    together = worker.translate(Chunk(0, records))
    assert together == [output for one in records for output in worker.translate(Chunk(0, (one,)))]


def test_an_engine_that_fails_is_not_hidden(worker: Worker) -> None:
    with pytest.raises(DecodingError, match="the engine failed"):
        worker.translate(Chunk(0, (record(0), record(1, "أعلنت الوزارة رفض اليوم"))))


def test_a_setup_crosses_to_a_process(tmp_path: Path) -> None:
    setup = fake_setup(tmp_path / "model")
    assert pickle.loads(pickle.dumps(setup)) == setup


def test_equal_sources_are_decoded_once_and_answered_each(fake_engine: Callable[..., FakeEngine]) -> None:
    bare = fake_engine()
    sources = [Source(text) for text in ("ا بب", "", "ج", "ا بب", "ج", "ا بب")]
    sources.append(Source("ج", prefix="w"))  # not equal
    options = DecodingOptions(num_hypotheses=2)
    expected = dict(bare.generate(sources, options))
    bare.calls.clear()
    engine: Engine = Unrepeated(bare)
    found = list(engine.generate(sources, options))
    assert dict(found) == expected
    assert len(found) == len(sources)
    assert bare.calls == [(["ا بب", "", "ج", "ج"], options)]
    assert (engine.signature, engine.takes_terms, engine.takes_prefix) == (bare.signature, False, False)
    assert engine.count_tokens(Source("ا بب")) == 2


def test_auto_is_resolved_once(cache: Path, tmp_path: Path) -> None:
    model = fake_model(tmp_path / "model")
    setup = build_setup(load_registry(), str(model), Summarizing("auto", 2))
    assert setup.model.path == model
    assert (setup.summarizing, setup.summarizer) == (Summarizing("lexrank", 2), None)
    assert build_setup(load_registry(), str(model), None).summarizing is None
    with pytest.raises(UnknownModel, match="without a model there are: lead, lexrank"):
        build_setup(load_registry(), str(model), Summarizing("nobody"))
    with pytest.raises(ModelNotFound, match="models pull bart-large-cnn"):
        build_setup(load_registry(), str(model), Summarizing("bart-large-cnn"))


def test_settings_change_with_all_that_changes_the_output(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.csv"
    ledger.write_text("source,target\nسليم,Salim\n", encoding="utf-8")
    setup = fake_setup(tmp_path / "model")
    named = build_setup(load_registry(), str(tmp_path / "model"), None, ledger=ledger)
    ledger.write_text("source,target\nسليم,Saleem\n", encoding="utf-8")
    changed = [
        setup,
        replace(setup, options=DecodingOptions(beam_size=2, plain=True)),
        replace(setup, placement=Placement(compute_type="float32")),
        replace(setup, summarizing=Summarizing("lead", 2)),
        replace(setup, summarizing=Summarizing("lead", 1, keep_unsupported=True)),
        replace(setup, summarizing=None),
        replace(setup, model=replace(setup.model, version="2")),
        replace(setup, model=replace(setup.model, spec=replace(setup.model.spec, note="other"))),
        replace(setup, ledger=named.ledger),
        replace(setup, ledger=build_setup(load_registry(), str(tmp_path / "model"), None, ledger=ledger).ledger),
        replace(setup, glossary=named.ledger),
        replace(setup, dossiers=tmp_path),
    ]
    assert len({json.dumps(each.settings()) for each in changed}) == len(changed)
    assert replace(setup, placement=Placement(threads=2)).settings() == setup.settings()


def test_dossiers_are_written_beside(tmp_path: Path) -> None:
    setup = replace(fake_setup(tmp_path / "model"), dossiers=tmp_path / "all", made="2024-05-06T07:08:09Z")
    (output,) = Worker(setup).translate(Chunk(0, (record(3, "أعلنت الوزارة خطة."),)))
    (path,) = (tmp_path / "all").iterdir()
    assert path.name == "00000004-3.html"
    assert output["translation"] in path.read_text(encoding="utf-8")
    first = path.read_bytes()
    Worker(setup).translate(Chunk(0, (record(3, "أعلنت الوزارة خطة."),)))
    assert path.read_bytes() == first


@pytest.mark.slow
def test_a_batch_says_what_the_article_command_says() -> None:
    text = (Path(__file__).parents[1] / "samples" / "politics.ar.txt").read_text(encoding="utf-8")
    title, *paragraphs = (line for line in text.splitlines() if line.strip())
    from mt.document import Article

    article = Article(tuple(paragraphs[:2]), title)
    registry, how = load_registry(), Summarizing("lexrank", 2)
    service = Service(registry, Placement(threads=1))
    expected: dict[str, Any] = digest_json(service.digest(article, "embedded", DecodingOptions(beam_size=1), how))
    del expected["seconds"]
    setup = replace(build_setup(registry, "embedded", how), options=DecodingOptions(beam_size=1))
    beside = record(1, paragraphs[2])
    outputs = Worker(setup).translate(Chunk(0, (beside, Record(0, "f:1", None, article, {}, None), beside)))
    assert outputs[1] == {**expected, "id": None, "input": {}}


@pytest.mark.slow
def test_what_a_segment_becomes_does_not_depend_on_those_beside_it(data: Path) -> None:
    """The ground of byte-identical batches, on int8; benchmarks/ground.py asks it of 500 lines."""
    count = 24
    lines = (data / "dev" / "flores-dev.ar").read_text(encoding="utf-8").splitlines()[:count]
    engine = load_engine("embedded", "translate", load_registry(), Placement(threads=1))
    found = []
    for size in (1, 7, 24):
        order = random.Random(size).sample(range(count), count)
        hypotheses = {}
        for start in range(0, count, size):
            part = order[start : start + size]
            sources = [Source(normalize(lines[i])) for i in part]
            for index, given in engine.generate(sources, DecodingOptions(plain=True)):
                hypotheses[part[index]] = given
        found.append([hypotheses[i] for i in range(count)])
    assert found[0] == found[1] == found[2]
