"""What comes back for what cannot be answered: one form, the right status, and nothing of a user's text or our disk."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import FakeEngine, numbered
from desks import build_desk, client_of
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException

from mt import errors
from mt.errors import BackendUnavailable, DecodingError, ModelCorrupt, MTError
from serve.admission import Busy
from serve.api.app import build_api
from serve.api.errors import STATUS, TimedOut, explain
from serve.api.guard import ENVELOPE
from serve.settings import Limits

SECRET = "نص سري لا يراه أحد"
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def api() -> Iterator[TestClient]:
    with client_of(build_desk(Limits(characters=1000, segments=20, file_bytes=10_000)), FakeEngine(numbered)) as client:
        yield client


def refused(answer: Any, status: int, kind: str) -> str:
    """The message of an error that has the form of all."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    (told,) = answer.json().values()
    assert told.keys() == {"kind", "message", "request_id"}
    assert told["kind"] == kind
    assert len(told["request_id"]) == 32
    return str(told["message"])


def leaves(kind: type[Exception]) -> Iterator[type[Exception]]:
    for below in kind.__subclasses__():
        yield below
        yield from leaves(below)


def test_every_error_of_ours_has_its_status() -> None:
    ours = {kind for kind in leaves(MTError) if kind.__module__ in ("mt.errors", "serve.api.errors")}
    assert len(ours) >= 18
    assert not ours - STATUS.keys()
    names = {name for name in vars(errors) if name in str(STATUS)}
    assert {STATUS[vars(errors)[name]] for name in names} == {400, 404, 413, 415, 422, 500, 503}


# fmt: off
BODIES: list[tuple[bytes | dict[str, Any], int, str, str]] = [
    (b"", 422, "InvalidRequest", "the body: Invalid JSON: EOF"),
    (b"[" * 5000, 422, "InvalidRequest", "the body: Invalid JSON: recursion limit exceeded"),
    (b"\xff\xfe", 422, "InvalidRequest", "the body: Invalid JSON"),
    (b"[]", 422, "InvalidRequest", "the body: Input should be an object"),
    (b'{"text": "\\ud800"}', 422, "InvalidRequest", "the body: Invalid JSON: .*hex escape"),
    (b'{"text": "a\\u0000b"}', 422, "InvalidRequest", "text: expected text without control characters"),
    (b'{"text": "a", "beam_size": NaN}', 422, "InvalidRequest", "beam_size: Input should be a valid integer"),
    (b'{"text": "a", "beam_size": 1e400}', 422, "InvalidRequest", ""),
    (b'{"text": "a", "beam_size": %s}' % (b"9" * 5000), 422, "InvalidRequest", "the body: Invalid JSON: number out of"),
    ({}, 422, "InvalidRequest", "the body: expected text, or paragraphs, or url, or segments; one of them"),
    ({"text": "a", "segments": ["b"]}, 422, "InvalidRequest", "the body: expected text, or"),
    ({"text": "a", "title": "b"}, 422, "InvalidRequest", "the body: title goes with paragraphs"),
    ({"text": "a", "k" * 300: 1}, 422, "InvalidRequest", r"unknown key 'k{39}…'$"),
    ({"text": "a", "sentences": 3}, 422, "InvalidRequest", "unknown key 'sentences'"),
    ({"text": "a", "beam_size": "3"}, 422, "InvalidRequest", "beam_size: Input should be a valid integer"),
    ({"text": "a", "beam_size": 33}, 422, "InvalidRequest", "beam_size: Input should be less than or equal to 32"),
    ({"text": "a", "num_hypotheses": 0}, 422, "InvalidRequest", "num_hypotheses: .*greater than or equal to 1"),
    ({"segments": [1] * 9}, 422, "InvalidRequest", r"^segments\.0: Input should be a valid string$"),
    ({"a": 1, "b": 1, "c": 1, "d": 1}, 422, "InvalidRequest", "^unknown key 'a'; unknown key 'b'; .*; and 1 more$"),
    ({str(i): 1 for i in range(900)}, 422, "InvalidRequest", "^an object has 900 keys; expected those that"),
    ({"text": "a", "glossary": [{str(i): 1 for i in range(99)}]}, 422, "InvalidRequest", "^an object has 99 keys"),
    ({"url": "/etc/passwd"}, 422, "InvalidRequest", r"url: expected an http\(s\) address"),
    ({"url": "file:///etc/passwd"}, 422, "InvalidRequest", r"url: expected an http\(s\) address"),
    ({"url": "http://example.org/"}, 403, "Forbidden", "this server fetches no addresses"),
    ({"text": " \n"}, 400, "EmptyInput", "the text is empty; expected an article"),
    ({"segments": ["", " "]}, 400, "EmptyInput", "no text; expected Arabic"),
    ({"text": "How are you this morning, dear friend of mine?"}, 400, "UnsupportedLanguage", "looks like English"),
    ({"text": "نعم " * 300}, 413, "InputTooLong", "the text has 1,1.. characters; this server takes 1,000 at once"),
    ({"segments": ["نعم"] * 21}, 413, "InputTooLong", "the text has 21 segments; this server takes 20 at once"),
    ({"text": "نعم.\n" * 21}, 413, "InputTooLong", "the text has 21 segments; this server takes 20 at once"),
    (
        {"text": "a", "model": "/root"},
        404,
        "UnknownModel",
        "no model is called '/root'; for this, there are here: auto",
    ),
    ({"text": "a", "model": ""}, 422, "InvalidRequest", "model: String should have at least 1 character"),
    ({"text": "a", "model": "nllb-600M"}, 503, "ModelNotFound", "nllb-200-distilled-600M is not on this server"),
    ({"text": "a", "glossary": [{"source": "x", "target": "y"}]}, 400, "InputError", "glossary, row 1: source 'x'"),
    ({"text": "a", "glossary": [{"source": "نعم"}]}, 422, "InvalidRequest", r"glossary\.0\.target: Field required"),
    ({"text": "a", "glossary": [{"source": "نعم", "target": "yes"}] * 1001}, 422, "InvalidRequest",
     "glossary: List should have at most 1000 items"),
]
# fmt: on


@pytest.mark.parametrize(("body", "status", "kind", "message"), BODIES, ids=range(len(BODIES)))
def test_a_body_that_cannot_be_used(
    api: TestClient, cache: object, body: bytes | dict[str, Any], status: int, kind: str, message: str
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = refused(api.post("/v1/translate", content=content, headers=JSON), status, kind)
    assert re.search(message, told), told
    assert len(told) < 400


@pytest.mark.parametrize(
    ("path", "data", "files", "status", "message"),
    [
        ("translate", {}, {"other": ("a.txt", b"a")}, 422, "file: the form has no such file"),
        ("translate", {"file": "a"}, {"x": b""}, 422, "'x' came as a file; expected a plain field"),
        ("translate", {"text": "a"}, {"file": ("a.txt", "نعم".encode())}, 422, "unknown key 'text'"),
        ("translate", {"beam_size": "x"}, {"file": ("a.txt", b"a")}, 422, "beam_size: Input should be a valid"),
        ("translate", {"plain": ["true", "false"]}, {"file": ("a.txt", b"a")}, 422, "'plain' stands in the form twice"),
        ("translate", {"glossary": "["}, {"file": ("a.txt", b"a")}, 422, r'glossary: .*expected JSON, as \[\{"source"'),
        ("translate", {"glossary": "[3]"}, {"file": ("a.txt", b"a")}, 422, "glossary: 0: Input should be"),
        ("translate", {}, {"file": ("a.png", b"\x89PNG")}, 415, "a.png is a picture; read it with an OCR program"),
        ("translate", {}, {"file": ("a.xyz", b"abc")}, 415, "a.xyz: expected one of .txt"),
        ("translate", {}, {"file": ("/etc/\x1b[31mpasswd\0", b"abc")}, 415, r"^\[31mpasswd.*: expected one of .txt"),
        ("translate", {}, {"file": ("x" * 300, b"abc")}, 415, "^x{100}: expected one of .txt"),
        ("translate", {}, {"file": ("a.pdf", b"%PDF-1.4")}, 422, "a.pdf"),
        ("translate", {}, {"file": ("a.txt", b"")}, 400, "a.txt is empty"),
        ("check", {}, {"source": ("a.txt", b"a")}, 422, "translation: the form has no such file"),
        ("check", {"beam_size": "3"}, {"source": ("a", b"a"), "translation": ("a", b"a")}, 422, "unknown key 'beam"),
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_used(
    api: TestClient, path: str, data: dict[str, Any], files: dict[str, Any], status: int, message: str
) -> None:
    answer = api.post(f"/v1/{path}", data=data, files=files)
    told = refused(answer, status, answer.json()["error"]["kind"])
    assert re.search(message, told), told
    assert told.isprintable()


@pytest.mark.parametrize(
    ("content_type", "body", "status", "message"),
    [
        (None, b"{}", 415, "the Content-Type is missing; expected application/json, or multipart/form-data"),
        ("text/plain", b"{}", 415, "the Content-Type is text/plain"),
        ("application/x-www-form-urlencoded", b"text=a", 415, "the Content-Type is application/x-www-form-urlencoded"),
        ("multipart/form-data", b"a", 400, "the form cannot be read: Missing boundary"),
        ("multipart/form-data; boundary=x", b"a", 400, "the form cannot be read"),
        ("multipart/form-data; boundary=x",
         b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\na\r\n--x--', 422,
         "file: came as a plain field; expected a file, as in `curl -F file=@article.txt`"),
        ("multipart/form-data; boundary=x; charset=\x01", b"--x--", 422, "file: the form has no such file"),
        ("multipart/form-data; boundary=x; charset=undefined",
         b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n..\xff\r\n--x--', 400, "the form cannot be read"),
        ("multipart/form-data; boundary=x",
         b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 40, 400, "Too many fields"),
        ("multipart/form-data; boundary=x",
         b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nb\r\n' * 3, 400, "Too many files"),
    ],
)  # fmt: skip
def test_a_body_of_no_known_type(
    api: TestClient, content_type: str | None, body: bytes, status: int, message: str
) -> None:
    headers = {"content-type": content_type} if content_type else {}
    told = refused(api.post("/v1/translate", content=body, headers=headers), status, {
        415: "UnsupportedFormat", 400: "InputError", 422: "InvalidRequest"}[status])  # fmt: skip
    assert re.search(message, told), told


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("stated", [True, False])
def test_a_body_that_is_too_long_is_not_read(content_type: str, stated: bool) -> None:
    limit, read = 10_000 + ENVELOPE, [0]
    headers = [(b"content-type", content_type.encode()), *([(b"content-length", b"99999999999")] if stated else [])]
    scope = {
        "type": "http", "method": "POST", "path": "/v1/translate", "raw_path": b"", "query_string": b"",
        "root_path": "", "headers": headers, "http_version": "1.1", "scheme": "http", "server": ("test", 80),
        "client": ("test", 1), "asgi": {"spec_version": "2.3", "version": "3.0"},
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        read[0] += 1000
        return {"type": "http.request", "body": b"x" * 1000 if read[0] > 1000 else b"--x\r\n", "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(build_api(build_desk(Limits(file_bytes=10_000)))(scope, receive, send))
    told = json.loads(sent[1]["body"])["error"]
    if sent[0]["status"] == 413:
        assert told["message"].endswith(f"this server takes {limit:,} at once. Send it in parts.")
    else:  # the parser of forms gave up earlier
        assert (sent[0]["status"], stated, content_type[:9]) == (400, False, "multipart")
    assert read[0] <= (0 if stated else limit + 2000)


def test_other_paths_and_methods(api: TestClient) -> None:
    refused(api.get("/nothing"), 404, "NotFound")
    refused(api.post("/v1/translate/", json={"text": "a"}), 404, "NotFound")
    answer = api.get("/v1/translate")
    refused(answer, 405, "MethodNotAllowed")
    assert answer.headers["allow"] == "POST"


def test_of_what_fails_here_only_the_log_knows(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk = build_desk()

    def fail(error: Exception) -> Any:
        def load(*given: object) -> Any:
            raise error

        monkeypatch.setattr("serve.service.load_engine", load)
        with TestClient(build_api(desk), raise_server_exceptions=False) as client:
            return client.post("/v1/translate", json={"text": SECRET})

    caplog.set_level(logging.INFO, "khulasa.api")
    told = refused(fail(ModelCorrupt("/root/.cache/model.bin is damaged")), 503, "ModelCorrupt")
    assert told == "The model failed, or cannot be loaded. Ask who runs this server, and tell them the request id."
    assert "ModelCorrupt: /root/.cache/model.bin is damaged" in caplog.text
    assert "/root" not in refused(fail(DecodingError("in /root/native.so")), 500, "DecodingError")
    assert "extra" in refused(fail(BackendUnavailable("needs the extra hub")), 503, "BackendUnavailable")
    caplog.clear()
    assert refused(fail(RuntimeError(SECRET)), 500, "InternalError").startswith("Something went wrong here. Ask who")
    assert SECRET not in caplog.text
    assert desk.admission.running == 0


def test_other_exceptions_in_one_form() -> None:
    busy = explain(Busy("ask again in 7 seconds", 7))
    assert (busy.status, busy.kind, busy.headers) == (429, "Busy", {"Retry-After": "7"})
    assert explain(TimedOut("late")).status == 504
    keyless = explain(HTTPException(401, "a key", {"WWW-Authenticate": "Basic"}))
    assert (keyless.status, keyless.kind, keyless.headers) == (401, "Unauthorized", {"WWW-Authenticate": "Basic"})
    assert explain(HTTPException(413, "too large")).kind == "InputTooLong"
    assert len(explain(errors.InputError("a\n\x1b" * 5000)).message) == 1000


def test_the_request_id_is_the_guards() -> None:
    desk = build_desk()
    api = build_api(desk)

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        await api({**scope, "state": {"request_id": "from-outside"}}, receive, send)

    answer = TestClient(guarded).get("/nothing")
    assert answer.json()["error"]["request_id"] == "from-outside"
