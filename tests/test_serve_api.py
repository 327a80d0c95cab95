"""The routes of /v1 on a fake engine: their answers, their streams, and what stops them."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import FakeEngine, numbered
from desks import build_desk, client_of
from fastapi.testclient import TestClient

from mt.document import Article, DecodingOptions, Hypothesis
from mt.terms import load_terms
from serve.api import schemas
from serve.api.app import build_api
from serve.comparison import compare, compare_lines, comparison_json
from serve.desk import Desk
from serve.dossier import digest_json, translation_json
from serve.reader import parse_text
from serve.service import Summarizing
from serve.settings import Limits

TEXT = "أعلنت الوزارة خطة للمياه\n\nقال الوزير إن الكلفة 300 مليون دولار. وتبدأ الخطة غدا.\n\nلم تذكر الكلفة في البيان."
ENGLISH = "The ministry announced a plan for water\n\nThe minister said it costs 200 million dollars.\n\nNo cost was given."


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(numbered)


@pytest.fixture
def desk() -> Desk:
    return build_desk()


@pytest.fixture
def api(desk: Desk, engine: FakeEngine) -> Iterator[TestClient]:
    with client_of(desk, engine) as client:
        yield client


def posted(api: TestClient, path: str, **body: Any) -> Any:
    answer = api.post(path, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json"), answer.text
    return answer.json()


def test_a_text_is_translated_as_the_command_line_does(api: TestClient, desk: Desk) -> None:
    answer = posted(api, "/v1/translate", text=TEXT)
    (translation,) = desk.service.translate([parse_text(TEXT)])
    assert answer == translation_json(translation, desk.service.notice())
    assert answer["title"]["source"] == "أعلنت الوزارة خطة للمياه"
    assert answer["warnings"] == ["Draft by the model fake: names, numbers and who did what may be wrong."]
    assert len(answer["translation"].split("\n\n")) == 2
    assert posted(api, "/v1/translate", text=TEXT.replace("\n", "\r\n")) == answer


def test_n_segments_in_n_targets_out(api: TestClient) -> None:
    segments = ["", "قال الوزير ذلك. ثم ذهب إلى بيته.", " \n", "Reuters", "نعم"]
    answer = posted(api, "/v1/translate", segments=segments)
    assert answer["targets"] == ["", "w3a w6b w4c w2a w3b w3c w5d", "", "w7a", "w3a"]
    assert [part["paragraph"] for part in answer["segments"]] == [0, 0, 1, 2]
    assert "targets" not in posted(api, "/v1/translate", text=TEXT)


def test_paragraphs_are_taken_as_they_are(api: TestClient) -> None:
    answer = posted(api, "/v1/translate", title="خطة المياه.", paragraphs=["خطة", "قال الوزير ذلك."])
    assert answer["title"] == {"source": "خطة المياه.", "target": "w3a w7b"}
    assert [part["source"] for part in answer["segments"]] == ["خطة المياه.", "خطة", "قال الوزير ذلك."]


def test_an_article_is_translated_and_summarized(api: TestClient, desk: Desk) -> None:
    answer = posted(api, "/v1/article", text=TEXT, summarizer="lead", sentences=2)
    expected = digest_json(desk.service.digest(parse_text(TEXT), summarizing=Summarizing("lead", 2)))
    assert answer.pop("seconds").keys() == expected.pop("seconds").keys()
    assert answer == expected
    assert [sentence["segments"] for sentence in answer["summary"]["sentences"]] == [[1], [2]]


def test_english_is_summarized_as_it_is(api: TestClient, engine: FakeEngine) -> None:
    answer = posted(api, "/v1/summarize", text=ENGLISH, summarizer="lead", sentences=1)
    assert answer["summary"]["text"] == "The minister said it costs 200 million dollars."
    assert answer["sentences"] == [answer["summary"]["text"], "No cost was given."]
    assert engine.calls == []
    assert "translation" in posted(api, "/v1/summarize", text=TEXT)


def test_a_translation_is_checked_without_a_model(api: TestClient, engine: FakeEngine) -> None:
    names = ("the source", "the translation")
    answer = posted(api, "/v1/check", source=TEXT, translation=ENGLISH)
    assert answer == comparison_json(compare(parse_text(TEXT), parse_text(ENGLISH), names))
    assert "300,000,000 dollars" in json.dumps(answer)
    lines = (["ارتفع السعر 5 في المئة", ""], ["The price rose by 6 percent", ""])
    answer = posted(api, "/v1/check", source_segments=lines[0], translation_segments=lines[1])
    assert answer == comparison_json(compare_lines(*lines, names))
    assert engine.calls == []


@pytest.mark.parametrize(
    ("name", "media_type", "data", "title"),
    [
        ("خبر.txt", "application/octet-stream", TEXT.encode(), "أعلنت الوزارة خطة للمياه"),
        ("a.md", "application/octet-stream", "# خطة\n\nقال الوزير ذلك.".encode(), "خطة"),
        ("blob", "text/plain; charset=utf-8", TEXT.encode(), "أعلنت الوزارة خطة للمياه"),
        ("../../etc/a.txt", "text/plain", "قال الوزير ذلك.".encode(), None),
    ],
)
def test_a_file_is_read_by_its_name_or_its_type(
    api: TestClient, name: str, media_type: str, data: bytes, title: str | None
) -> None:
    answer = api.post("/v1/translate", files={"file": (name, data, media_type)})
    assert answer.status_code == 200, answer.text
    assert answer.json()["title"]["source"] == title


def test_two_files_are_compared(api: TestClient) -> None:
    files = {"source": ("ar.txt", TEXT.encode()), "translation": ("en.txt", ENGLISH.encode())}
    answer = api.post("/v1/check", files=files)
    assert answer.json() == posted(api, "/v1/check", source=TEXT, translation=ENGLISH)
    files["translation"] = ("en.txt", b"One.")
    answer = api.post("/v1/check", files=files)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("ar.txt has 3 paragraphs, en.txt has 1;")


def test_options_reach_the_engine_from_json_and_from_a_form(api: TestClient, engine: FakeEngine) -> None:
    options = {"beam_size": 2, "num_hypotheses": 3, "plain": True}
    asked = DecodingOptions(beam_size=2, num_hypotheses=3, plain=True)
    answer = posted(api, "/v1/translate", text="قال الوزير ذلك.", **options)
    assert engine.calls.pop()[1] == asked
    assert answer["segments"][0]["alternatives"] == ["w3a w6b w4c 1", "w3a w6b w4c 2"]
    form = {"beam_size": "2", "num_hypotheses": "3", "plain": "true"}
    api.post("/v1/translate", files={"file": ("a.txt", "قال الوزير ذلك.".encode())}, data=form)
    assert engine.calls.pop()[1] == asked


def test_a_glossary_is_of_one_request_alone(tmp_path: Path, engine: FakeEngine) -> None:
    (tmp_path / "ledger.csv").write_text("source,target\nالوزير,the secretary\n", encoding="utf-8")
    desk, engine.takes_terms = build_desk(terms=load_terms(ledger=tmp_path / "ledger.csv")), True
    rows = [{"source": "الخطة", "target": "the scheme", "kind": "required"}]
    text = "قال الوزير إن الخطة تبدأ غدا."
    ledger = {"source": "الوزير", "target": "secretary", "origin": "ledger"}
    with client_of(desk, engine) as api:
        first = posted(api, "/v1/translate", text=text, glossary=rows)
        second = posted(api, "/v1/translate", text=text)
        files = {"file": ("a.txt", text.encode())}
        third = api.post("/v1/translate", files=files, data={"glossary": json.dumps(rows)}).json()
    assert [term["target"].removeprefix("the ") for term in first["segments"][0]["terms"]] == ["scheme", "secretary"]
    assert [term["origin"] for term in second["segments"][0]["terms"]] == [ledger["origin"]]
    assert "term" in [flag["kind"] for flag in first["segments"][0]["flags"]]
    assert first["systems"] != second["systems"]
    assert third == first


def test_auto_is_what_the_server_was_started_with(monkeypatch: pytest.MonkeyPatch, engine: FakeEngine) -> None:
    loaded = list[str]()

    def load(name: str, *rest: object) -> FakeEngine:
        loaded.append(name)
        return engine

    monkeypatch.setattr("serve.service.load_engine", load)
    with TestClient(build_api(build_desk(model="built-in"))) as api:
        posted(api, "/v1/translate", text=TEXT)
        posted(api, "/v1/translate", text=TEXT, model="EMBEDDED")
    assert loaded == ["built-in"]


def test_models_are_listed_with_what_is_installed(api: TestClient, cache: Path) -> None:
    answer = api.get("/v1/models").json()
    schemas.ModelsAnswer.model_validate(answer)
    (first, *others) = answer["translate"]
    assert (first["name"], first["installed"], first["default"]) == ("embedded", True, True)
    assert not any(other["installed"] for other in others)
    assert [offer["name"] for offer in answer["summarize"]][:2] == ["lexrank", "lead"]


def test_answers_are_as_openapi_says(api: TestClient) -> None:
    schemas.TranslationAnswer.model_validate(posted(api, "/v1/translate", segments=["نعم"], num_hypotheses=2))
    schemas.ArticleAnswer.model_validate(posted(api, "/v1/article", text=TEXT))
    schemas.EnglishSummaryAnswer.model_validate(posted(api, "/v1/summarize", text=ENGLISH))
    schemas.CheckAnswer.model_validate(posted(api, "/v1/check", source=TEXT, translation=ENGLISH))


def test_every_example_works_and_no_page_asks_another_host(api: TestClient) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    tried = 0
    for path in ("/v1/translate", "/v1/article", "/v1/summarize", "/v1/check"):
        declared = paths[path]["post"]
        assert {"200", "400", "401", "404", "413", "415", "422", "429", "503", "504"} <= declared["responses"].keys()
        for example in declared["requestBody"]["content"]["application/json"]["examples"].values():
            posted(api, path, **example["value"])
            tried += 1
    assert tried == 5
    assert [api.get(page).status_code for page in ("/docs", "/redoc")] == [404, 404]


def events(text: str) -> list[tuple[str, Any]]:
    """What a stream of events said, comments left out."""
    blocks = [block.split("\n") for block in text.split("\n\n") if block and not block.startswith(":")]
    for block in blocks:
        assert [line.partition(": ")[0] for line in block] == ["event", "data"]
    return [(block[0].removeprefix("event: "), json.loads(block[1].removeprefix("data: "))) for block in blocks]


def test_a_stream_tells_progress_and_then_the_same_object(api: TestClient) -> None:
    answer = api.post("/v1/translate", json={"text": TEXT, "stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    *steps, (last, result) = events(answer.text)
    assert last == "result"
    assert result == posted(api, "/v1/translate", text=TEXT)
    assert {name for name, _ in steps} == {"progress"}
    assert steps[-1][1] == {"done": 4, "total": 4}


def test_what_fails_before_the_first_step_is_no_stream(api: TestClient) -> None:
    answer = api.post("/v1/translate", json={"text": ENGLISH, "stream": True})
    assert (answer.status_code, answer.json()["error"]["kind"]) == (400, "UnsupportedLanguage")
    answer = api.post("/v1/article", json={"text": TEXT, "stream": True, "model": "nobody"})
    assert (answer.status_code, answer.json()["error"]["kind"]) == (404, "UnknownModel")


def test_what_fails_later_is_the_last_event(desk: Desk) -> None:
    step, failing = threading.Event(), threading.Event()

    def fail(text: str, options: DecodingOptions) -> Sequence[Hypothesis]:
        if text.startswith("نعم"):
            step.set()
            return [Hypothesis("Yes.", -0.1)]
        time.sleep(0.2)  # the first step has been told
        failing.set()
        raise RuntimeError(f"the text was {text}")

    with client_of(desk, FakeEngine(fail)) as api:
        answer = api.post("/v1/translate", json={"segments": ["نعم", "قال ذلك"], "stream": True, "plain": True})
    assert answer.status_code == 200
    assert events(answer.text)[0] == ("progress", {"done": 1, "total": 2})
    name, told = events(answer.text)[-1]
    assert (name, told["error"]["kind"]) == ("error", "InternalError")
    assert "قال" not in answer.text
    assert desk.admission.wait_idle(2)


def test_a_silent_stream_has_a_heartbeat(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve.api.events.HEARTBEAT", 0.05)
    with client_of(desk, slow(0.3)) as api:
        answer = api.post("/v1/translate", json={"text": "نعم", "stream": True})
    assert answer.text.startswith(": working\n\n: working\n\n")
    assert events(answer.text)[-1][0] == "result"


def slow(seconds: float) -> FakeEngine:
    """An engine that takes so long for each source."""

    def rule(text: str, options: DecodingOptions) -> Sequence[Hypothesis]:
        time.sleep(seconds)
        return numbered(text, options)

    return FakeEngine(rule)


MANY = ["قال الوزير ذلك."] * 200


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_that_takes_too_long_is_stopped(stream: bool) -> None:
    desk = build_desk(Limits(seconds=0.3))
    with client_of(desk, slow(0.02)) as api:
        answer = api.post("/v1/translate", json={"segments": MANY, "stream": stream, "plain": True})
    told = events(answer.text)[-1][1] if stream else answer.json()
    assert answer.status_code == (200 if stream else 504)
    assert told["error"]["kind"] == "TimedOut"
    assert told["error"]["message"].startswith("the request took over 0.3 seconds, the longest that this server works")
    assert desk.admission.wait_idle(1)


def test_work_that_does_not_listen_is_left_behind_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve.api.jobs.PATIENCE", 0.1)
    ended = threading.Event()

    def parse(*given: object) -> Article:
        ended.wait(5)
        raise AssertionError("nobody listens")

    monkeypatch.setattr("serve.api.answers.parse", parse)
    desk = build_desk(Limits(seconds=0.1))
    with client_of(desk, FakeEngine(numbered)) as api:
        answer = api.post("/v1/translate", files={"file": ("a.pdf", b"%PDF-")})
        assert answer.status_code == 504
        assert desk.admission.running == 1
        ended.set()
        assert desk.admission.wait_idle(2)


@pytest.mark.parametrize("path", ["/v1/translate", "/v1/article"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_stops_the_work(path: str, stream: bool) -> None:
    desk, engine = build_desk(), slow(0.02)
    body = {"paragraphs": MANY, "stream": stream, "plain": True}
    with client_of(desk, engine):
        asyncio.run(leave_early(desk, path, json.dumps(body).encode(), lambda: desk.admission.running == 1))
    assert desk.admission.wait_idle(1)


async def leave_early(desk: Desk, path: str, body: bytes, when: Callable[[], bool]) -> None:
    """Post, and disconnect as soon as the request is in work."""
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"content-type", b"application/json")], "http_version": "1.1", "scheme": "http",
        "server": ("testserver", 80), "client": ("testclient", 1), "asgi": {"spec_version": "2.3", "version": "3.0"},
    }  # fmt: skip
    parts = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Any:
        if part := next(parts, None):
            return part
        while not when():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        assert message.get("status") in (None, 200, 499)

    await build_api(desk)(scope, receive, send)


def test_one_more_than_the_limit_is_told_to_wait() -> None:
    desk = build_desk(Limits(requests=1))
    with client_of(desk, FakeEngine(numbered)) as api, desk.admission.enter():
        for stream in (False, True):
            answer = api.post("/v1/translate", json={"text": TEXT, "stream": stream})
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
            assert answer.json()["error"]["kind"] == "Busy"
        assert api.get("/v1/models").status_code == 200


def test_a_server_that_goes_down_lets_nobody_in_and_stops_who_is_in() -> None:
    desk = build_desk()

    def stop() -> None:
        while not desk.admission.running:
            time.sleep(0.01)
        desk.admission.drain()
        desk.admission.stop_all()

    with client_of(desk, slow(0.02)) as api:
        threading.Thread(target=stop).start()
        stopped = api.post("/v1/translate", json={"segments": MANY, "plain": True})
        refused = api.post("/v1/translate", json={"text": TEXT})
    for answer in (stopped, refused):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json()["error"]["kind"] == "Draining"
