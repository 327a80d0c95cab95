"""What an error is over HTTP: the one table of our exceptions and statuses, and the one form of an error's JSON."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from mt.errors import (
    BackendUnavailable,
    ConfigError,
    DecodingError,
    EmptyInput,
    EvalError,
    InputError,
    InputTooLong,
    LengthMismatch,
    ModelCorrupt,
    ModelError,
    ModelNotFound,
    MTError,
    SourceUnreadable,
    UnknownModel,
    UnknownTestset,
    UnsupportedFormat,
    UnsupportedLanguage,
)
from serve.admission import Busy, Draining


class InvalidRequest(InputError):
    """A body that is no JSON, a key that is not known, a value of the wrong kind."""


class Forbidden(InputError):
    """Something that this server was not started to do."""


class TimedOut(Exception):
    """The request took longer than the server allows."""


STATUS: Final[Mapping[type[Exception], int]] = {
    MTError: 500,
    ConfigError: 422,
    UnknownModel: 404,
    ModelError: 503,
    ModelNotFound: 503,
    ModelCorrupt: 503,
    BackendUnavailable: 503,
    InputError: 400,
    SourceUnreadable: 422,
    EmptyInput: 400,
    InputTooLong: 413,
    UnsupportedFormat: 415,
    UnsupportedLanguage: 400,
    LengthMismatch: 400,
    InvalidRequest: 422,
    Forbidden: 403,
    DecodingError: 500,
    EvalError: 500,
    UnknownTestset: 500,
    Busy: 429,
    Draining: 503,
    TimedOut: 504,
    ClientDisconnect: 499,  # nginx's, for the log: nobody reads it
}
# Their messages speak of files and libraries of this machine: for the log, not for whoever asked.
_INTERNAL: Final = (ModelCorrupt, DecodingError, EvalError)
_LONGEST = 1000  # characters of a message
_MOST = 3  # invalid values that are named at once

_log = logging.getLogger("khulasa.api")


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as a client is told of it."""

    status: int
    kind: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self, request: Request) -> dict[str, Any]:
        """The object that stands in the body of an error, and in the event `error` of a stream."""
        error = {"kind": self.kind, "message": self.message, "request_id": request_id(request)}
        return {"error": error}


def request_id(request: Request) -> str:
    """The id that the guard gave the request, or a new one where no guard stands; the same whenever asked."""
    state: dict[str, Any] = request.scope.setdefault("state", {})
    return str(state.setdefault("request_id", uuid4().hex))


def explain(error: Exception) -> Problem:
    """What a client is told of this error, whatever it is; no text of a user, no path of ours is in it."""
    if isinstance(error, ValidationError | RequestValidationError):
        return Problem(422, "InvalidRequest", invalid(error.errors()))
    if isinstance(error, HTTPException):
        return _explain_http(error)
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), None)
    if status is None or isinstance(error, _INTERNAL) or type(error) in (MTError, ModelError):
        return _explain_internal(error, status or 500)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, Busy | Draining) else {}
    return Problem(status, type(error).__name__, _bounded(str(error)), headers)


def invalid(errors: Sequence[Any]) -> str:
    """What is wrong with a request, naming the fields and not quoting what stands in them."""
    told = [_invalid(error) for error in errors[:_MOST]]
    if len(errors) > _MOST:
        told.append(f"and {len(errors) - _MOST} more")
    return _bounded("; ".join(told))


def install(api: FastAPI) -> None:
    """Make every error of the application one of ours."""

    async def answer(request: Request, error: Exception) -> Response:
        problem = explain(error)
        return JSONResponse(problem.json(request), problem.status, dict(problem.headers))

    for kind in (MTError, Busy, Draining, TimedOut, ClientDisconnect, RequestValidationError, HTTPException, Exception):
        api.add_exception_handler(kind, answer)


def _explain_http(error: HTTPException) -> Problem:
    words = HTTPStatus(error.status_code).phrase if error.status_code != 413 else InputTooLong.__name__
    kind = words.replace(" ", "").replace("-", "")
    return Problem(error.status_code, kind, _bounded(str(error.detail)), error.headers or {})


def _explain_internal(error: Exception, status: int) -> Problem:
    """Of what went wrong here a client learns where to ask; its class is logged, and the message of one of ours."""
    ours = isinstance(error, MTError)
    _log.error("%s%s", type(error).__name__, f": {_bounded(str(error))}" if ours else "")
    what = "The model failed, or cannot be loaded" if ours else "Something went wrong here"
    return Problem(
        status,
        type(error).__name__ if ours else "InternalError",
        f"{what}. Ask who runs this server, and tell them the request id.",
    )


def _invalid(error: Mapping[str, Any]) -> str:
    place = ".".join(_bounded(str(part), 40) for part in error["loc"] if part != "body") or "the body"
    if error["type"] == "extra_forbidden":
        return f"unknown key {place!r}"
    if error["type"] == "string_pattern_mismatch":
        expected = "an http(s) address" if place == "url" else "text without control characters"
        return f"{place}: expected {expected}"  # the pattern would say little to a person
    return f"{place}: {error['msg'].removeprefix('Value error, ')}"


def _bounded(text: str, longest: int = _LONGEST) -> str:
    """The text on one line, cut where it is long, and saying so."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
