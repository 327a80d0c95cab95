"""What every request passes on its way in and out: origin, key, rate, size; request ids, headers, log, metrics.

Pure ASGI around everything else, page and uploads included: it neither buffers an answer nor hides that a client left.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import time
import traceback
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.admission import Draining, Refused
from serve.api.errors import explain
from serve.api.origins import HEADERS, SAFE, foreign, own_name
from serve.keys import Key, Keyring
from serve.metrics import Metrics
from serve.rates import Rates
from serve.settings import Settings

# A translated file is fetched without a key, as by LibreTranslate's clients: its address holds 192 random bits.
OPEN: Final = re.compile("/healthz|/readyz|/download_file/[^/]+")
LIBRETRANSLATE: Final = frozenset(  # routes whose clients send the key in the body, or send none for a list
    {("POST", "/translate"), ("POST", "/detect"), ("POST", "/translate_file"), ("GET", "/languages"),
     ("GET", "/frontend/settings")}
)  # fmt: skip
ENVELOPE: Final = 64 * 1024  # bytes that a form or JSON may need around the largest file
SILENCE: Final = 30.0  # seconds between two pieces of a body

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_log = logging.getLogger("khulasa.server")


class Guard:
    """The application behind it, for those who may ask."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics, keys: Keyring | None = None) -> None:
        self._app, self._metrics, self._keys, self._settings = app, metrics, keys, settings
        self._rates = Rates()
        self._limit = settings.limits.file_bytes + ENVELOPE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever the application does, it is answered, counted and logged."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # nothing here speaks it
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        else:
            await self._exchange(scope, receive, send)

    async def _exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        state = scope.setdefault("state", {})
        state.update(guard=self, key=None)
        exchange = _Exchange(scope, receive, send, self._limit, _request_id(headers))
        state["request_id"] = exchange.id
        try:
            self._check(scope, headers)
            await self._app(scope, exchange.receive, exchange.send)
            if exchange.refusal:
                await exchange.answer(exchange.refusal)
        except (HTTPException, Refused) as refusal:
            await exchange.answer(exchange.refusal or refusal)
        except asyncio.CancelledError:  # it outlasted the grace time, and did not listen
            await exchange.answer(Draining("the server is going down; send it again in a moment", 5))
            raise
        except Exception as error:
            if not exchange.gone:  # what fails for want of a client is no error
                _log.error({"id": exchange.id, "error": type(error).__name__, "at": _frames(error)})
            await exchange.answer(exchange.refusal or HTTPException(500, f"an error of ours; the log has it under the "
                                                                         f"request id {exchange.id}"))  # fmt: skip
        finally:
            self._record(exchange, state["key"])

    def _check(self, scope: Scope, headers: Headers) -> None:
        """Return if the request may go on; else raise what to answer."""
        if self._keys is None and not own_name(headers, self._settings):
            raise HTTPException(403, "this server is not called that; the administrator can allow the name with "
                                     "`khulasa serve --cors https://NAME`")  # fmt: skip
        if scope["method"] not in SAFE and foreign(headers, self._settings.cors):
            raise HTTPException(403, "a page of another origin may not ask this server; the administrator can allow "
                                     "it with `khulasa serve --cors ORIGIN`")  # fmt: skip
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 15 or int(length) > self._limit:
            raise _too_large(self._limit)
        if not OPEN.fullmatch(scope["path"]):
            self._admit(scope, _secret(headers))

    def _admit(self, scope: Scope, secret: str | None) -> None:
        if self._keys is None:
            who, rate = f"address {(scope.get('client') or ('unknown', 0))[0]}", self._settings.rate
        elif secret is None and (scope["method"], scope["path"]) in LIBRETRANSLATE:
            return  # the route finds the key in the body, and calls require_key
        else:
            key = self._known(secret)
            scope["state"]["key"] = key.name
            who, rate = f"key {key.name}", key.rate or self._settings.rate
        if scope["method"] == "POST":  # the rest costs nothing: a page loads a hundred files
            self._rates.spend(who, rate)

    def _known(self, secret: str | None) -> Key:
        key = self._keys.find(secret) if self._keys and secret else None
        if key is None:
            raise HTTPException(
                401,
                "this server needs a key: `Authorization: Bearer KEY`, `X-API-Key: KEY`, or the key as password",
                {"WWW-Authenticate": 'Basic realm="khulasa", charset="UTF-8"'},
            )
        return key

    def require_key(self, scope: Scope, secret: str | None) -> None:
        """See the function of this name."""
        if self._keys is not None and scope["state"]["key"] is None:
            key = self._known(secret)
            scope["state"]["key"] = key.name
            self._rates.spend(f"key {key.name}", key.rate or self._settings.rate)

    def _record(self, exchange: _Exchange, key: str | None) -> None:
        scope, seconds = exchange.scope, time.perf_counter() - exchange.begun
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route, status = _route(scope), 499 if exchange.gone else exchange.status or 499  # 499: the client left
        self._metrics.observe_request(route, method, status, seconds)
        _log.info({"id": exchange.id, "method": method, "route": route, "status": status, "seconds": round(seconds, 3),
                   "bytes_in": exchange.bytes_in, "key": key})  # fmt: skip


def require_key(request: Request, api_key: str | None) -> None:
    """Return if the request came with a key, in a header or this one from its body, or if none is asked for.

    Raises HTTPException (401) or Busy, which the handlers of errors answer.
    """
    guard = request.scope.get("state", {}).get("guard")
    if guard is not None:
        guard.require_key(request.scope, api_key)


@dataclass(slots=True)
class _Exchange:
    """One request and its answer: what came in and went out so far."""

    scope: Scope
    _receive: Receive
    _send: Send
    limit: int
    id: str
    begun: float = field(default_factory=time.perf_counter)
    bytes_in: int = 0
    whole: bool = False  # the body has come
    gone: bool = False  # the client, before an answer
    status: int = 0  # 0: nothing was answered
    refusal: HTTPException | None = None  # the answer, whatever the application makes of the exception

    async def receive(self) -> Message:
        """The next piece of the body; raises once it is too long, or stops coming."""
        try:
            async with asyncio.timeout(None if self.whole else SILENCE):
                message = await self._receive()
        except TimeoutError as error:
            self.refusal = HTTPException(408, f"nothing came for {SILENCE:.0f} seconds; send the request again")
            raise self.refusal from error
        if message["type"] == "http.request":
            self.bytes_in += len(message.get("body", b""))
            self.whole = not message.get("more_body", False)
            if self.bytes_in > self.limit:
                self.refusal = _too_large(self.limit)
                raise self.refusal
        elif not self.status:
            self.gone = True
        return message

    async def send(self, message: Message) -> None:
        """Pass the application's answer on, with our headers; an answer to a refused body is not the application's."""
        if self.refusal and not self.status:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": self._headers(message.get("headers", ()))}
        await self._send(message)

    async def answer(self, refusal: HTTPException | Refused) -> None:
        """Say why there is no other answer; nothing if one has begun."""
        if self.status:
            return
        self.refusal = None
        problem, request = explain(refusal), Request(self.scope)
        plain = (self.scope["method"], self.scope["path"]) in LIBRETRANSLATE  # its clients expect a text there
        body = {"error": problem.message} if plain else problem.json(request)
        await JSONResponse(body, problem.status, dict(problem.headers))(self.scope, self.receive, self.send)

    def _headers(self, given: Any) -> list[tuple[bytes, bytes]]:
        # gradio allows any origin, with credentials, as soon as it is not called localhost: --cors alone decides.
        headers = MutableHeaders(raw=[pair for pair in given if not pair[0].lower().startswith(b"access-control-")])
        headers.update({**HEADERS, "x-request-id": self.id})
        return headers.raw


def _request_id(headers: Headers) -> str:
    """The client's id for the request if it can stand in a log, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _ID.fullmatch(given) else uuid.uuid4().hex


def _secret(headers: Headers) -> str | None:
    """The key that a request brings in its headers; None: it brings none."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode("utf-8").partition(":")[2]
        except ValueError:
            return ""
    return headers.get("x-api-key")


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"the request is larger than {limit:,} bytes; send less at once")


def _route(scope: Scope) -> str:
    """The template of the path, which never holds what a user sent."""
    return getattr(scope.get("route"), "path", None) or "none"


def _frames(error: BaseException) -> list[str]:
    """Where it happened; not what it says, which may be a user's text."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
