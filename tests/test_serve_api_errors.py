"""What comes back for what cannot be answered: one form, the right status, and nothing of a user's text or our disk."""

from __future__ import annotations

import asyncio
import json
import logging
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


BODIES: list[tuple[bytes | dict[str, Any], int, str, str]] = [
    (b"", 422, "InvalidRequest", "the body: Invalid JSON: EOF"),
    (b"[" * 50_00, 422, "InvalidRequest", "the body: Invalid JSON: recursion limit exceeded"),
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
    ({"segments": [1, 2, 3, 4, 5]}, 422, "InvalidRequest", r"segments\.0: .*; segments\.1: .*; and 2 more"),
    ({"url": "/etc/passwd"}, 422, "InvalidRequest", r"url: expected an http\(s\) address"),
    ({"url": "file:///etc/passwd"}, 422, "InvalidRequest", r"url: expected an http\(s\) address"),
    ({"url": "http://example.org/"}, 403, "Forbidden", "this server fetches no addresses"),
    ({"text": " \n"}, 400, "EmptyInput", "the text is empty; expected an article"),
    ({"segments": ["", " "]}, 400, "EmptyInput", "no text; expected Arabic"),
    ({"text": "How are you this morning, dear friend of mine?"}, 400, "UnsupportedLanguage", "looks like English"),
    ({"text": "نعم " * 300}, 413, "InputTooLong", "the text has 1,1.. characters; this server takes 1,000 at once"),
    ({"segments": ["نعم"] * 21}, 413, "InputTooLong", "the text has 21 segments; this server takes 20 at once"),
    ({"text": "نعم.\n" * 21}, 413, "InputTooLong", "the text has 21 segments; this server takes 20 at once"),
    ({"text": "a", "model": "/root"}, 404, "UnknownModel", "no model is called '/root'; for this, there are here: auto"),
    ({"text": "a", "model": ""}, 422, "InvalidRequest", "model: String should have at least 1 character"),
    ({"text": "a", "model": "nllb-600M"}, 503, "ModelNotFound", "nllb-200-distilled-600M is not on this server"),
    ({"text": "a", "glossary": [{"source": "x", "target": "y"}]}, 400, "InputError", "glossary, row 1: source 'x'"),
    ({"text": "a", "glossary": [{"source": "نعم"}]}, 422, "InvalidRequest", r"glossary\.0\.target: Field required"),
    ({"text": "a", "glossary": [{"source": "نعم", "target": "yes"}] * 1001}, 413, "InputTooLong", "bytes or more"),
]


@pytest.mark.parametrize(("body", "status", "kind", "message"), BODIES, ids=range(len(BODIES)))
def test_a_body_that_cannot_be_used(
    api: TestClient, cache: object, body: bytes | dict[str, Any], status: int, kind: str, message: str
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = refused(api.post("/v1/translate", content=content, headers=JSON), status, kind)
    pytest.raises(AssertionError, match=message, expected_exception=AssertionError) if False else None
    assert __import__("re").search(message, told), told
    assert len(told) < 400
