"""Streams of events, and what stops a request: its time, its client, the server."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from conftest import FakeEngine, numbered
from desks import build_desk, client_of
from fastapi.testclient import TestClient
from test_serve_api import ENGLISH, TEXT, posted

from mt.document import Article, DecodingOptions, Hypothesis
from serve.api.app import build_api
from serve.desk import Desk
from serve.settings import Limits


@pytest.fixture
def desk() -> Desk:
    return build_desk()


@pytest.fixture
def api(desk: Desk) -> Iterator[TestClient]:
    with client_of(desk, FakeEngine(numbered)) as client:
        yield client


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
@pytest.mark.parametrize("first_step", [0.02, 0.3])
def test_a_client_that_leaves_stops_the_work(path: str, stream: bool, first_step: float) -> None:
    desk, engine = build_desk(), slow(first_step)
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

    async with asyncio.timeout(1):  # not only once the first step is done, or a heartbeat over
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
