"""What every request passes on its way in and out, seen from outside and, for hostile clients, as raw ASGI."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.middleware.cors import CORSMiddleware
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message

from serve.api import guard
from serve.api.errors import install
from serve.api.guard import Guard, require_key
from serve.api.origins import HEADERS
from serve.keys import Keyring, create_key
from serve.metrics import Metrics
from serve.settings import Limits, Settings

TEXT = "نص سري لا يراه أحد"
DEFAULTS = Settings()
SMALL = Limits(file_bytes=1000)


@pytest.fixture
def api() -> FastAPI:
    app = FastAPI()
    install(app)

    @app.post("/v1/echo/{name}")
    async def echo(name: str, request: Request) -> dict[str, Any]:
        return {"bytes": len(await request.body()), "key": request.scope["state"]["key"]}

    @app.get("/healthz")
    async def healthz() -> str:
        return "ok"

    @app.post("/translate")
    async def translate(request: Request) -> dict[str, Any]:
        require_key(request, (await request.json()).get("api_key"))
        return {"key": request.scope["state"]["key"]}

    @app.post("/swallows")
    async def swallows(request: Request) -> str:
        try:
            await request.body()
        except Exception:  # as parsers of forms do
            return "all is well"
        return "small"

    @app.get("/fails")
    async def fails() -> None:
        raise RuntimeError(TEXT)

    @app.get("/streams")
    async def streams() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            for piece in (b"one", b"two"):
                yield piece

        return StreamingResponse(pieces(), headers={"Access-Control-Allow-Origin": "https://evil.example"})

    return app


@pytest.fixture
def records() -> Iterator[list[logging.LogRecord]]:
    """What is logged, as it comes."""
    found: list[logging.LogRecord] = []
    handler, log = logging.Handler(), logging.getLogger("khulasa")
    handler.emit = found.append  # type: ignore[method-assign]
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield found
    log.removeHandler(handler)
    log.setLevel(logging.NOTSET)


def client(api: ASGIApp, settings: Settings = DEFAULTS, keys: Keyring | None = None, **given: Any) -> TestClient:
    app: ASGIApp = Guard(api, settings, given.pop("metrics", Metrics()), keys)
    return TestClient(app, base_url=given.pop("url", "http://127.0.0.1:7860"), raise_server_exceptions=False, **given)


@pytest.fixture
def ring(tmp_path: Path) -> tuple[Keyring, str]:
    path = tmp_path / "keys.json"
    secret = create_key(path, "newsroom")
    return Keyring(path), secret


def test_a_request_id_comes_back_and_one_that_could_forge_a_log_does_not(api: FastAPI) -> None:
    asking = client(api)
    assert asking.get("/healthz", headers={"X-Request-ID": "abc-1.2_3"}).headers["x-request-id"] == "abc-1.2_3"
    for forged in ("a b", "x" * 65, "<b>", ""):
        assert uuid.UUID(hex=asking.get("/healthz", headers={"X-Request-ID": forged}).headers["x-request-id"])


def test_every_answer_has_the_headers_that_browsers_heed(api: FastAPI) -> None:
    for answer in (client(api).get("/healthz"), client(api).get("/fails"), client(api).get("/nothing")):
        assert HEADERS.items() <= dict(answer.headers).items()
    policy = HEADERS["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy  # no other host


def test_a_stream_is_not_held_back_and_only_cors_opens_it(api: FastAPI) -> None:
    sent: list[Message] = []
    coming: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not coming:
            await asyncio.Event().wait()
        return coming.pop()

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(Guard(api, Settings(), Metrics())(scope("GET", "/streams"), receive, send))
    assert [message.get("body") for message in sent] == [None, b"one", b"two", b""]
    assert not [name for name, _ in sent[0]["headers"] if name.startswith(b"access-control-")]


def test_the_log_has_one_line_a_request_and_no_text_of_the_user(api: FastAPI, records: list[Any]) -> None:
    answer = client(api).post(f"/v1/echo/{TEXT}?q={TEXT}", content=TEXT.encode(), headers={"X-Request-ID": "id-1"})
    assert answer.json() == {"bytes": len(TEXT.encode()), "key": None}
    (line,) = [record.msg for record in records]
    assert line.pop("seconds") >= 0
    assert line == {"id": "id-1", "method": "POST", "route": "/v1/echo/{name}", "status": 200,
                    "bytes_in": len(TEXT.encode()), "key": None}  # fmt: skip


def test_an_error_of_ours_is_logged_by_its_place_and_answered_without_its_message(
    api: FastAPI, records: list[Any]
) -> None:
    answer = client(api).get("/fails", headers={"X-Request-ID": "id-2"})
    assert answer.status_code == 500
    assert answer.json()["error"]["request_id"] == "id-2"
    (error,) = [record.msg for record in records if isinstance(record.msg, dict) and "error" in record.msg]
    assert (error["id"], error["error"]) == ("id-2", "RuntimeError")
    assert any("test_serve_guard.py" in place and place.endswith(" fails") for place in error["at"])
    assert TEXT not in answer.text + str([record.getMessage() for record in records])


def test_an_application_that_breaks_without_a_handler_is_answered(records: list[Any]) -> None:
    async def broken(*given: object) -> None:
        raise RuntimeError(TEXT)

    answer = client(broken).get("/v1/models")
    assert answer.status_code == 500
    assert answer.json()["error"]["kind"] == "InternalServerError"
    assert TEXT not in answer.text + str([record.msg for record in records])


def test_requests_are_counted_by_template_and_known_method(api: FastAPI) -> None:
    metrics = Metrics()
    asking = client(api, metrics=metrics)
    asking.post(f"/v1/echo/{TEXT}", content=b"x")
    asking.request("BREW", "/healthz")
    asking.get(f"/{TEXT}")
    body = metrics.render()[0].decode()
    assert 'khulasa_requests_total{method="POST",route="/v1/echo/{name}",status="200"} 1.0' in body
    assert 'khulasa_requests_total{method="other",route="/healthz",status="405"} 1.0' in body
    assert 'khulasa_requests_total{method="GET",route="none",status="404"} 1.0' in body
    assert TEXT not in body


def test_a_body_that_says_it_is_too_large_is_refused_unread(api: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "ENVELOPE", 0)
    asking = client(api, Settings(limits=SMALL))
    assert asking.post("/v1/echo/a", content=b"x" * 1000).json()["bytes"] == 1000
    answer = asking.post("/v1/echo/a", content=b"x" * 1001)
    assert (answer.status_code, answer.json()["error"]["kind"]) == (413, "InputTooLong")
    assert "larger than 1,000 bytes" in answer.json()["error"]["message"]
    for length in ("9" * 5000, "-1", "x", "1_000"):
        assert asking.get("/healthz", headers={"Content-Length": length}).status_code == 413


@pytest.mark.parametrize("path", ["/v1/echo/a", "/swallows"])
def test_a_body_that_does_not_say_is_stopped_at_the_limit(
    api: FastAPI, path: str, monkeypatch: pytest.MonkeyPatch, records: list[Any]
) -> None:
    monkeypatch.setattr(guard, "ENVELOPE", 0)
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 400
            yield b"x" * 400

    status, body = exchange(Guard(api, Settings(limits=SMALL), Metrics()), scope("POST", path), endless())
    assert status == 413
    assert "larger than 1,000 bytes" in body["error"]["message"]
    assert read == 1200
    assert [record.msg["status"] for record in records if "status" in record.msg] == [413]


@pytest.mark.parametrize("path", ["/v1/echo/a", "/swallows"])
def test_a_body_that_stops_coming_is_given_up(api: FastAPI, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "SILENCE", 0.05)
    status, body = exchange(Guard(api, Settings(), Metrics()), scope("POST", path), iter([b"x"]))
    assert (status, body["error"]["kind"]) == (408, "RequestTimeout")


def test_a_client_that_leaves_in_the_middle_is_no_error_of_ours(api: FastAPI, records: list[Any]) -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        pass

    asyncio.run(Guard(api, Settings(), Metrics())(scope("POST", "/v1/echo/a"), receive, send))
    lines = [record.msg for record in records if record.name == "khulasa.server"]
    assert [line["status"] for line in lines] == [499]


def test_a_websocket_is_closed(api: FastAPI) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    asyncio.run(Guard(api, Settings(), Metrics())({"type": "websocket", "path": "/"}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_with_keys_everything_but_health_needs_one(api: FastAPI, ring: tuple[Keyring, str]) -> None:
    keys, secret = ring
    asking = client(api, Settings(host="0.0.0.0"), keys)
    assert asking.get("/healthz").status_code == 200
    for path in ("/streams", "/nothing", "/healthz/", "//healthz", "/metrics"):
        answer = asking.get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Basic realm="khulasa", charset="UTF-8"'
        assert "Authorization: Bearer KEY" in answer.json()["error"]["message"]
    ways: list[dict[str, Any]] = [
        {"headers": {"Authorization": f"Bearer {secret}"}},
        {"headers": {"Authorization": f"bearer  {secret} "}},
        {"headers": {"X-API-Key": secret}},
        {"auth": ("anybody", secret)},
        {"auth": ("", secret)},
    ]
    for way in ways:
        assert asking.post("/v1/echo/a", content=b"x", **way).json() == {"bytes": 1, "key": "newsroom"}


@pytest.mark.parametrize("value", ["Bearer", "Bearer x", "Basic !!!", "Basic /w==", "Basic eDp5", "Digest x", ""])
def test_a_wrong_key_is_refused(api: FastAPI, ring: tuple[Keyring, str], value: str) -> None:
    answer = client(api, keys=ring[0]).post("/v1/echo/a", headers={"Authorization": value})
    assert answer.status_code == 401


def test_the_key_is_in_no_log(api: FastAPI, ring: tuple[Keyring, str], records: list[Any]) -> None:
    keys, secret = ring
    client(api, keys=keys).post("/v1/echo/a", headers={"X-API-Key": secret})
    client(api, keys=keys).post("/v1/echo/a", headers={"X-API-Key": secret[:-1]})
    assert [record.msg["key"] for record in records] == ["newsroom", None]
    assert secret[:-1] not in str([record.msg for record in records])


def test_a_key_in_the_body_is_the_routes_to_check(api: FastAPI, ring: tuple[Keyring, str], records: list[Any]) -> None:
    keys, secret = ring
    asking = client(api, keys=keys)
    assert asking.post("/translate", json={"api_key": secret}).json() == {"key": "newsroom"}
    assert asking.post("/translate", json={}, headers={"X-API-Key": secret}).json() == {"key": "newsroom"}
    for body in ({}, {"api_key": "x"}, {"api_key": None}):
        assert asking.post("/translate", json=body).status_code == 401
    wrong = asking.post("/translate", json={"api_key": secret}, headers={"X-API-Key": "x"})
    assert wrong.status_code == 401
    assert "needs a key" in wrong.json()["error"]  # as its clients expect: a text
    assert asking.get("/translate").status_code == 401
    assert [record.msg["key"] for record in records][:2] == ["newsroom", "newsroom"]


def test_without_keys_a_key_in_the_body_is_not_looked_at(api: FastAPI) -> None:
    assert client(api).post("/translate", json={"api_key": "x"}).json() == {"key": None}


def test_each_key_has_its_rate(api: FastAPI, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    often, seldom = create_key(path, "often", "5/minute"), create_key(path, "seldom")
    asking = client(api, Settings(rate="2/minute"), Keyring(path))

    def ask(secret: str) -> int:
        return asking.post("/v1/echo/a", headers={"X-API-Key": secret}).status_code

    assert [ask(seldom) for _ in range(3)] == [200, 200, 429]
    assert [ask(often) for _ in range(6)] == [200, 200, 200, 200, 200, 429]
    refused = asking.post("/translate", json={"api_key": seldom})
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60


def test_without_keys_each_address_has_the_rate_and_reading_costs_nothing(api: FastAPI) -> None:
    guarded = Guard(api, Settings(rate="1/minute"), Metrics())

    def ask(address: str, method: str = "POST") -> int:
        asking = TestClient(guarded, base_url="http://127.0.0.1", client=(address, 4000))
        return asking.request(method, "/v1/echo/a" if method == "POST" else "/healthz").status_code

    assert [ask("10.0.0.1") for _ in range(2)] == [200, 429]
    assert ask("10.0.0.2") == 200
    assert [ask("10.0.0.1", "GET") for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # curl, urllib, requests
        ({"Origin": "http://127.0.0.1:7860"}, 200),  # an old browser on our page
        ({"Origin": "http://127.0.0.1:7860", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "https://desk.example"}, 200),  # in --cors
        ({"Origin": "https://desk.example", "Sec-Fetch-Site": "cross-site"}, 200),
        ({"Origin": "https://news.example", "X-Forwarded-Host": "news.example"}, 200),  # behind a proxy
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://127.0.0.1:9999", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "x"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_page_elsewhere_cannot_drive_the_server(api: FastAPI, headers: dict[str, str], status: int) -> None:
    asking = client(api, Settings(cors=("https://desk.example",)))
    answer = asking.post("/v1/echo/a", content=b"x", headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert "a page of another origin may not ask" in answer.json()["error"]["message"]
    assert asking.get("/healthz", headers=headers).status_code == 200  # a link from elsewhere may be followed


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:7860", 200),
        ("localhost:7860", 200),
        ("LOCALHOST", 200),
        ("[::1]:7860", 200),
        ("192.168.1.7", 200),
        ("khulasa:7860", 200),  # a name of this network, as between containers
        ("app.localhost", 200),
        ("desk.example", 200),  # in --cors
        ("named.example", 200),  # --host
        ("evil.example:7860", 403),
        ("evil.example.", 403),
        ("127.0.0.1.evil.example", 403),
        ("[x", 403),
    ],
)
def test_a_name_that_was_made_to_mean_this_server_is_not_ours(api: FastAPI, host: str, status: int) -> None:
    asking = client(api, Settings(host="named.example", cors=("https://desk.example",)))
    assert asking.get("/healthz", headers={"Host": host}).status_code == status


def test_with_keys_any_name_will_do(api: FastAPI, ring: tuple[Keyring, str]) -> None:
    asking = client(api, keys=ring[0], url="https://translate.example")
    assert asking.get("/healthz").status_code == 200


def test_cors_answers_preflights_without_a_key(api: FastAPI, ring: tuple[Keyring, str]) -> None:
    origin = "https://desk.example"
    settings = Settings(cors=(origin,))
    asking = TestClient(CORSMiddleware(Guard(api, settings, Metrics(), ring[0]), allow_origins=settings.cors,
                                       allow_methods=["POST"], allow_headers=["X-API-Key"]))  # fmt: skip
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    assert asking.options("/v1/echo/a", headers=asked).headers["access-control-allow-origin"] == origin
    asked["Origin"] = "https://evil.example"
    assert "access-control-allow-origin" not in asking.options("/v1/echo/a", headers=asked).headers
    answer = asking.post("/v1/echo/a", headers={"Origin": origin, "X-API-Key": ring[1]})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)


def scope(method: str, path: str) -> dict[str, Any]:
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", b"127.0.0.1")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 7860),
    }  # fmt: skip


def exchange(app: ASGIApp, asked: dict[str, Any], body: Iterator[bytes]) -> tuple[int, Any]:
    """Status and JSON of the answer to a body in pieces, which never ends."""
    sent: list[Message] = []

    async def receive() -> Message:
        piece = next(body, None)
        if piece is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(asked, receive, send))
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent[1:]))
