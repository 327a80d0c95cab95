"""One worker process: what it is told and what it says, through a pipe of its own; what it is when it has died.

Pools whose processes share a pipe (pebble 5.2) do not survive what is survived here: there a process that is killed
while it writes its answer leaves half a message, on which the pool waits for ever, and one that is killed while it
waits for work ends the pool.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Literal

import psutil
from threadpoolctl import threadpool_limits

from mt.errors import ConfigError, ModelError, MTError, UnknownModel
from serve.batch.chunks import Chunk
from serve.batch.pieces import Piece
from serve.batch.work import Output, Setup, Worker

READY: Literal["ready"] = "ready"  # what a worker says once its engine is loaded
LOADING = 900.0  # seconds that a worker may take until it is ready
FROM_OUTSIDE = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a worker may take; one that takes more is killed."""

    memory: int  # bytes
    seconds: float = 10.0  # for a segment
    spare: float = 60.0  # seconds for a piece on top

    @classmethod
    def of_machine(cls, workers: int, seconds: float = 10.0) -> Bounds:
        """The memory that is free now in equal shares, a fifth of it left to others."""
        return cls(int(0.8 * psutil.virtual_memory().available / workers), seconds)

    def limit(self, piece: Piece) -> float:
        """Seconds that the piece may take."""
        return self.spare + self.seconds * piece.segments


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a piece has no output records."""

    kind: str
    message: str
    innocent: bool = False  # perhaps none of its records is to blame
    deadly: bool = True  # whether its process is gone, or must go


Answer = list[Output] | Fault | MTError | Literal["ready"]  # an MTError: no record is to blame, the run is over


class Process:
    """A worker process, seen from its parent."""

    def __init__(self, setup: Setup) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy threads and locks of ours in any state
        self.pipe, theirs = context.Pipe()
        self.piece: Piece | None = None
        self.ready = False
        self._deadline = time.monotonic() + LOADING
        self._process = context.Process(target=_work, args=(theirs, setup), name="khulasa-batch", daemon=True)
        self._process.start()
        theirs.close()  # so that its death is the end of the pipe

    def give(self, piece: Piece, bounds: Bounds) -> bool:
        """Set the process to work on the piece; False if it is dead."""
        try:
            self.pipe.send(piece.chunk)
        except OSError:
            return False
        self.piece, self._deadline = piece, time.monotonic() + bounds.limit(piece)
        return True

    def hear(self) -> Answer:
        """What it says; a Fault if it died instead."""
        try:
            answer: Answer = self.pipe.recv()
        except (EOFError, OSError):  # also in the middle of a message
            self._process.join(5)
            return _death(self._process.exitcode)
        return answer

    def excess(self, bounds: Bounds) -> Fault | None:
        """In what it takes too much, if it does."""
        if (self.piece or not self.ready) and time.monotonic() > self._deadline:
            limit = bounds.limit(self.piece) if self.piece else LOADING
            return Fault("TimedOut", f"not done after {limit:.0f} seconds; allow more with --timeout")
        with suppress(psutil.Error):  # it died: that will be heard
            if psutil.Process(self._process.pid).memory_info().rss > bounds.memory:
                told = f"more than {bounds.memory >> 20} MiB; allow more with --memory, or use fewer --workers"
                return Fault("OutOfMemory", told)
        return None

    def end(self) -> None:
        """Kill it: there is nothing that it must finish."""
        self._process.kill()
        self._process.join(5)
        self.pipe.close()


def _death(exitcode: int | None) -> Fault:
    if exitcode is None or exitcode >= 0:
        return Fault("Crashed", f"its process ended by itself, with status {exitcode}")
    number = -exitcode
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    killed = name in FROM_OUTSIDE
    why = " twice, perhaps because the machine's memory was exhausted" if killed else ""
    return Fault("Crashed", f"its process died of {name}{why}", innocent=killed)


# --- in the process


def _work(pipe: Connection, setup: Setup) -> None:
    """Answer chunks until the parent closes the pipe, or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all of a terminal's processes; the parent ends us
    _die_with_parent()
    with suppress(EOFError, OSError):
        worker = loaded(setup)
        pipe.send(READY if isinstance(worker, Worker) else worker)
        while isinstance(worker, Worker):
            pipe.send(answer(worker, pipe.recv()))


def loaded(setup: Setup) -> Worker | MTError:
    """A worker with its engine; or why there is none, which no record is to blame for."""
    # Small matrices gain nothing from threads, and their sums would depend on how many there are. Libraries that the
    # engine brings are not there yet: they keep theirs.
    threadpool_limits(1, user_api="blas")
    try:
        return Worker(setup)
    except MTError as error:
        return error
    except MemoryError:
        return ModelError(f"{setup.model.spec.name} does not fit into the memory; use fewer --workers")


def answer(worker: Worker, chunk: Chunk) -> list[Output] | Fault | MTError:
    """What a worker makes of a chunk, whatever happens but its death."""
    try:
        return worker.translate(chunk)
    except (ConfigError, ModelError, UnknownModel) as error:  # it would be the same for every record
        return error
    except MTError as error:
        return Fault(type(error).__name__, str(error), deadly=False)
    except MemoryError:
        return Fault("OutOfMemory", "the memory does not suffice for it; use fewer --workers")
    except Exception as error:  # ours or a library's: a record must not cost the others
        return Fault("Crashed", repr(error), deadly=False)


def _die_with_parent() -> None:
    """Have this process end when its parent is gone, however that went.

    On Linux the kernel sees to it, also while native code holds the interpreter; elsewhere a thread does.
    """
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=watch, name="parent", daemon=True).start()
