"""Blocking work for one request: in a thread, inside the admission, for as long as somebody waits and time is left."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from serve.admission import Draining, Job
from serve.api.errors import TimedOut
from serve.batching import Stopped
from serve.desk import Desk

T = TypeVar("T")
PATIENCE: Final = 3.0  # seconds that work has to notice that it was stopped, before it is left behind


async def run(desk: Desk, request: Request, work: Callable[[Job], T]) -> T:
    """What `work` gives or raises; it is told to stop when the client leaves or the time is over.

    Raises:
        Busy, Draining: it was not let in, or the server goes down.
        TimedOut, ClientDisconnect: it was stopped.
    """
    running = begin(desk, work)
    gone = asyncio.create_task(leaving(request))
    try:
        await running.wait(gone)
        if gone.done() and not running.outcome.done():
            raise ClientDisconnect
        return running.result()
    finally:
        gone.cancel()
        running.job.stop.set()


@dataclass(frozen=True, slots=True)
class Running(Generic[T]):
    """Work that has begun; its place in the admission is given back when its thread ends, watched or not."""

    job: Job
    outcome: asyncio.Future[T]
    deadline: float  # on the clock of the event loop
    seconds: float  # that the server allows

    async def wait(self, *others: asyncio.Future[None], longest: float | None = None) -> None:
        """Return when the work is done, one of the others is, `longest` has passed, or the time of the work is over."""
        left = self.deadline - asyncio.get_running_loop().time()
        timeout = left if longest is None else min(left, longest)
        everything: tuple[asyncio.Future[Any], ...] = (self.outcome, *others)
        await asyncio.wait(everything, timeout=max(0.0, timeout), return_when=asyncio.FIRST_COMPLETED)

    @property
    def over(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.outcome.done() or asyncio.get_running_loop().time() >= self.deadline

    def result(self) -> T:
        """What the work gave or raised; TimedOut if it is still not done, or Draining if the server stopped it."""
        late = TimedOut(f"the request took over {self.seconds:g} seconds, the longest that this server works on one; "
                        "send it in parts")  # fmt: skip
        if not self.outcome.done():  # a parser that does not listen: left behind, its place taken until it ends
            raise late
        try:
            return self.outcome.result()
        except Stopped as error:
            if self.job.timed_out:
                raise late from error
            raise Draining("the server is going down and stopped this request; send it again", 5) from error


def begin(desk: Desk, work: Callable[[Job], T]) -> Running[T]:
    """Work that has begun in a thread of its own; raises Busy and Draining.

    A thread for each request, not a pool: the admission bounds their number, and a pool's threads would be waited for
    when the process ends, however long they take.
    """
    place = ExitStack()
    job = place.enter_context(desk.admission.enter())
    outcome: Future[T] = Future()
    outcome.set_running_or_notify_cancel()  # nothing can cancel it from outside

    def act() -> None:
        try:
            with place:
                result = work(job)
        except BaseException as error:
            outcome.set_exception(error)
        else:
            outcome.set_result(result)

    try:
        threading.Thread(target=act, name="request", daemon=True).start()
    except RuntimeError:  # the system has no thread left
        place.close()
        raise
    watched = asyncio.wrap_future(outcome)
    watched.add_done_callback(lambda done: done.cancelled() or done.exception())  # seen: asyncio would log it
    seconds = desk.settings.limits.seconds
    return Running(job, watched, asyncio.get_running_loop().time() + seconds + PATIENCE, seconds)


async def leaving(request: Request) -> None:
    """Return when the client has left; its body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
