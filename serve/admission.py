"""Who is let in: how many requests at once, for how long, and none any more once the server goes down."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from serve.settings import Limits

_LONGEST_WAIT = 60  # seconds that a refused client is told to wait, at most
_WEIGHT = 0.2  # of the latest request in the running mean of what one takes


class Refused(Exception):
    """A request that was not let in, for a reason that passes; `retry_after` says in how many seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Busy(Refused):
    """As many requests as are allowed are in."""


class Draining(Refused):
    """The server is going down."""


@dataclass(slots=True, eq=False)
class Job:
    """One request that is in; whoever works for it stops when `stop` is set, for whatever reason."""

    stop: threading.Event = field(default_factory=threading.Event)
    timed_out: bool = False  # the time limit set `stop`

    def time_out(self) -> None:
        """Stop it because its time is over; nothing happens to one that was stopped before."""
        if not self.stop.is_set():
            self.timed_out = True
            self.stop.set()


class Admission:
    """Lets at most `limits.requests` in at once, each for `limits.seconds`; for any number of threads.

    `loading` is for the server to set until its model is there: requests that come before wait for the model.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.loading = False
        self._draining = False
        self._jobs: set[Job] = set()
        self._changed = threading.Condition()
        self._mean_seconds = 1.0

    @property
    def running(self) -> int:
        """How many requests are in."""
        return len(self._jobs)

    @property
    def state(self) -> Literal["loading", "ready", "draining"]:
        """Whether requests may come: the model is not there yet, all is well, or nobody is let in any more."""
        return "draining" if self._draining else "loading" if self.loading else "ready"

    @contextmanager
    def enter(self) -> Iterator[Job]:
        """A place for one request, given back at the end of the block.

        Raises:
            Busy: no place is free.
            Draining: the server is going down.
        """
        job, begun = self._admit(), time.monotonic()
        timer = threading.Timer(self.limits.seconds, job.time_out)
        timer.daemon = True  # it must not keep the process
        timer.start()
        try:
            yield job
        finally:
            timer.cancel()
            self._leave(job, time.monotonic() - begun)

    def drain(self) -> None:
        """Let nobody in any more."""
        with self._changed:
            self._draining = True

    def wait_idle(self, timeout: float) -> bool:
        """Whether nobody is in any more, within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._jobs, timeout)

    def stop_all(self) -> None:
        """Tell everyone who is in to stop."""
        with self._changed:
            for job in self._jobs:
                job.stop.set()

    def _admit(self) -> Job:
        with self._changed:
            if self._draining:
                raise Draining("the server is going down; ask again in a moment", retry_after=5)
            if len(self._jobs) >= self.limits.requests:
                wait = max(1, min(_LONGEST_WAIT, math.ceil(self._mean_seconds)))
                raise Busy(f"the server works on {len(self._jobs)} requests, as many as it takes at once; "
                           f"ask again in {wait} seconds", wait)  # fmt: skip
            job = Job()
            self._jobs.add(job)
            return job

    def _leave(self, job: Job, seconds: float) -> None:
        with self._changed:
            self._jobs.discard(job)
            self._mean_seconds += _WEIGHT * (seconds - self._mean_seconds)
            self._changed.notify_all()
