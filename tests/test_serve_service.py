"""The one object behind every front end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from conftest import FakeEngine

import serve.service
from mt.document import Article
from mt.errors import DecodingError, EmptyInput, UnknownModel
from mt.registry import load_registry
from serve.batching import Batch, SharedEngine, Stopped
from serve.service import Service, Summarizing, draft_notice, licence_notice

ARTICLE = Article(
    ("أعلنت الوزارة خطة للمياه. وقال الوزير إنها تبدأ غدا في العاصمة.", "لم تذكر الكلفة في البيان."), title="خطة"
)


def test_an_engine_is_loaded_once_for_all_threads(
    monkeypatch: pytest.MonkeyPatch, fake_engine: Callable[..., FakeEngine]
) -> None:
    loads = list[str]()

    def load(name: str, *rest: object) -> FakeEngine:
        loads.append(name)
        return fake_engine()

    monkeypatch.setattr("serve.service.load_engine", load)
    service = Service(load_registry())
    found = list[object]()
    threads = [threading.Thread(target=lambda: found.append(service.engine("embedded"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == ["embedded"]
    assert len(set(map(id, found))) == 1


def test_summary_cites_segments_below_the_headline(
    monkeypatch: pytest.MonkeyPatch, fake_engine: Callable[..., FakeEngine]
) -> None:
    monkeypatch.setattr("serve.service.load_engine", lambda *given: fake_engine())
    digest = Service(load_registry()).digest(ARTICLE, summarizing=Summarizing("lead", sentences=2))
    assert [segment.paragraph for segment in digest.translation.segments] == [None, 0, 0, 1]
    assert [sentence.segments for sentence in digest.summary.sentences] == [(1,), (2,)]
    for sentence in digest.summary.sentences:
        assert sentence.text == digest.translation.targets[sentence.segments[0]]


def test_an_unknown_summarizer_is_said_before_the_translation(
    monkeypatch: pytest.MonkeyPatch, fake_engine: Callable[..., FakeEngine]
) -> None:
    engine, real = fake_engine(), serve.service.load_engine
    monkeypatch.setattr(
        "serve.service.load_engine",
        lambda name, task, *rest: engine if task == "translate" else real(name, task, *rest),
    )
    with pytest.raises(UnknownModel, match=r"'lexrang'.*; without a model there are: lead, lexrank"):
        Service(load_registry()).digest(ARTICLE, summarizing=Summarizing("lexrang"))
    assert engine.calls == []


def test_the_notice_says_who_drafted() -> None:
    registry = load_registry()
    assert str(draft_notice(registry.spec("embedded"))).startswith(
        "Draft by a small built-in model: names, numbers and who did what may be wrong. `khulasa models pull quickmt-ar"
    )
    assert str(draft_notice(registry.spec("m2m100_418M"))).startswith("Draft by the model m2m100_418M: ")
    assert draft_notice(registry.spec("opus-mt-ar-en")) is None
    assert draft_notice(replace(registry.spec("embedded"), quality="unknown")) is None


def test_a_model_that_is_not_free_says_so_in_every_answer(monkeypatch: pytest.MonkeyPatch, fake_engine: Any) -> None:
    registry = load_registry()
    said = "The model nllb-200-distilled-600M is under CC-BY-NC-4.0: not for commercial use."
    assert licence_notice(registry.spec("nllb-600M")) == said
    assert "a licence that is not stated" in str(licence_notice(registry.spec("mt5-xlsum")))
    assert licence_notice(registry.spec("opus-mt-ar-en")) is None

    engines = {"translate": fake_engine(), "summarize": fake_engine()}
    engines["translate"].spec = registry.spec("nllb-600M")
    engines["summarize"].spec = registry.spec("mt5-xlsum")
    monkeypatch.setattr("serve.service.load_engine", lambda name, task, *rest: engines[task])
    digest = Service(registry).digest(ARTICLE, summarizing=Summarizing("mt5-xlsum"))
    assert digest.notice == f"{said} {licence_notice(registry.spec('mt5-xlsum'))}"
    assert Service(registry).summary_notice(Summarizing("lead")) is None


# --- shared


def test_shared_requests_are_answered_as_alone(
    monkeypatch: pytest.MonkeyPatch, fake_engine: Callable[..., FakeEngine]
) -> None:
    monkeypatch.setattr("serve.service.load_engine", lambda *given: fake_engine())
    batches = list[Batch]()
    service = Service(load_registry(), shared=True, on_batch=batches.append)
    articles = [replace(ARTICLE, title=f"خطة رقم {i}") for i in range(6)]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda article: service.translate([article])[0], articles))
    assert together == [Service(load_registry()).translate([article])[0] for article in articles]
    service.close()
    assert service.waiting == 0
    assert {batch.model for batch in batches} == {"fake"}
    assert sum(batch.segments for batch in batches) == 4 * 6
    with pytest.raises(DecodingError, match="being closed"):
        service.translate([ARTICLE])


def test_one_model_is_loaded_once_for_all_its_names(
    monkeypatch: pytest.MonkeyPatch, fake_engine: Callable[..., FakeEngine]
) -> None:
    loads = list[str]()

    def load(name: str, *rest: object) -> FakeEngine:
        loads.append(name)
        return fake_engine()

    monkeypatch.setattr("serve.service.load_engine", load)
    service = Service(load_registry(), shared=True)
    engine = service.engine("nllb-600M")
    assert isinstance(engine, SharedEngine)
    assert service.engine("nllb-200-distilled-600M") is service.engine("NLLB-600M") is engine
    assert service.engine("embedded") is not engine
    assert loads == ["nllb-600M", "embedded"]
    service.close()


def test_who_waits_for_one_model_keeps_nobody_from_another(
    monkeypatch: pytest.MonkeyPatch, fake_engine: Callable[..., FakeEngine]
) -> None:
    loading, loaded = threading.Event(), threading.Event()

    def load(name: str, *rest: object) -> FakeEngine:
        if name == "nllb-600M":
            loading.set()
            assert loaded.wait(20)
        return fake_engine()

    monkeypatch.setattr("serve.service.load_engine", load)
    service = Service(load_registry())
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(service.engine, "nllb-600M")
        assert loading.wait(20)
        assert service.engine("embedded").spec.name == "fake"
        loaded.set()
        assert slow.result(20) is service.engine("nllb-600M")


@pytest.mark.parametrize("shared", [True, False])
def test_a_stop_is_seen_wherever_a_request_is(
    monkeypatch: pytest.MonkeyPatch, fake_engine: Callable[..., FakeEngine], shared: bool
) -> None:
    engines = {"translate": fake_engine(), "summarize": fake_engine()}
    monkeypatch.setattr("serve.service.load_engine", lambda name, task, *rest: engines[task])
    service, stop = Service(load_registry(), shared=shared), threading.Event()
    lines = ["أعلنت الوزارة خطة للمياه.", " ", "تبدأ غدا في العاصمة."]
    targets, translation = service.translate_lines(lines, stop=stop)
    assert targets == [translation.targets[0], "", translation.targets[1]]
    english, model = Article(("The plan begins tomorrow.",)), Summarizing("mt5-xlsum")
    service.summarize_english(english, model, stop)
    service.digest(ARTICLE, summarizing=model, stop=stop)
    stop.set()
    calls = [len(engine.calls) for engine in engines.values()]
    for request in (
        lambda: service.translate([ARTICLE], stop=stop),
        lambda: service.translate_lines(lines, stop=stop),
        lambda: service.digest(ARTICLE, stop=stop),
        lambda: service.summarize_english(english, model, stop),
    ):
        with pytest.raises(Stopped):
            request()
    assert [len(engine.calls) for engine in engines.values()] == calls
    service.close()


def test_lines_without_text_are_refused_before_a_model_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve.service.load_engine", lambda *given: pytest.fail("loaded"))
    with pytest.raises(EmptyInput):
        Service(load_registry()).translate_lines(["", " "])
