"""An answer as server-sent events: `progress` while the work goes on, then `result` or `error`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Final

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from mt.decode import Progress
from serve.admission import Job
from serve.api.errors import explain
from serve.api.jobs import Running, begin, leaving
from serve.desk import Desk

HEARTBEAT: Final = 10.0  # seconds of silence before a comment is sent: proxies cut what is silent for 30 or 60
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the second for nginx, which would collect


async def stream(desk: Desk, request: Request, work: Callable[[Job, Progress], bytes]) -> StreamingResponse:
    """The events of this work, whose result is JSON; what fails before its first step is raised, not streamed.

    Raises Busy, Draining, and what `work` raises.
    """
    steps = Steps(asyncio.get_running_loop())
    running = begin(desk, lambda job: work(job, steps))
    gone = asyncio.create_task(leaving(request))
    try:
        await steps.wait(running, gone)
        if gone.done():
            raise ClientDisconnect
        if running.over:
            running.result()
    except BaseException:
        running.job.stop.set()
        raise
    finally:
        gone.cancel()
    return EventStream(running, steps, request)


class Steps:
    """How far the work is: told from its thread, read in the event loop; who reads slowly skips steps."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._told = loop, asyncio.Event()
        self._latest = (0, 0)

    def __call__(self, done: int, total: int) -> None:
        self._latest = (done, total)
        with suppress(RuntimeError):  # the loop is closed: the server went down
            self._loop.call_soon_threadsafe(self._told.set)

    async def wait(self, running: Running[bytes], *others: asyncio.Future[None]) -> None:
        """Return at the next step, at the end of the work or of one of the others, or after a heartbeat of silence."""
        told = asyncio.create_task(self._wait_told())
        try:
            await running.wait(told, *others, longest=HEARTBEAT)
        finally:
            told.cancel()

    def take(self) -> tuple[int, int] | None:
        """The latest step, once."""
        if not self._told.is_set():
            return None
        self._told.clear()
        return self._latest

    async def _wait_told(self) -> None:
        await self._told.wait()


class EventStream(StreamingResponse):
    """The response; the work is told to stop as soon as nobody reads it."""

    def __init__(self, running: Running[bytes], steps: Steps, request: Request) -> None:
        super().__init__(_events(running, steps, request), media_type="text/event-stream", headers=HEADERS)
        self._job = running.job

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._job.stop.set()


async def _events(running: Running[bytes], steps: Steps, request: Request) -> AsyncIterator[bytes]:
    while not running.over:
        step = steps.take()
        yield _progress(step) if step else b": working\n\n"
        await steps.wait(running)
    if step := steps.take():
        yield _progress(step)
    try:
        yield event("result", running.result())
    except Exception as error:
        yield event("error", json.dumps(explain(error).json(request), ensure_ascii=False).encode())


def _progress(step: tuple[int, int]) -> bytes:
    done, total = step
    return event("progress", json.dumps({"done": done, "total": total}).encode())


def event(name: str, data: bytes) -> bytes:
    """One event; `data` is JSON, which has no line break."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), data)
