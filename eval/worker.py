"""A process of its own for each row of a comparison, so that its memory can be told from that of the others."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from eval.contenders import Decoder, Row
from mt.errors import DecodingError, MTError

T = TypeVar("T")


class Process:
    """One process that answers questions until the `with` is left; spawned, since a fork would share our memory."""

    def __init__(self, label: str) -> None:
        self.label = label
        self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))

    def ask(self, question: Callable[..., T], *arguments: Any) -> T:
        """The answer; an error of ours in the process is raised here, any other and its death are a DecodingError."""
        try:
            return self._pool.submit(question, *arguments).result()
        except BrokenProcessPool as error:
            raise DecodingError(f"{self.label}: its process died, as one does that is out of memory. "
                                f"Compare fewer models at once, or smaller ones.") from error  # fmt: skip
        except MTError:
            raise
        except Exception as error:  # of a library below a bare loop
            raise DecodingError(f"{self.label} failed: {error!r}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a row took; `seconds` and `cpu_seconds` are those of each round, for all articles."""

    label: str
    system: str
    load_seconds: float
    peak_memory: int  # bytes
    target_tokens: int | None
    seconds: tuple[float, ...]
    cpu_seconds: tuple[float, ...]


class Worker(Process):
    """The process of a row, and what was measured there."""

    def __init__(self, row: Row) -> None:
        super().__init__(row.label)
        self._row = row
        self._rounds: defaultdict[int | None, list[tuple[float, float]]] = defaultdict(list)

    def load(self) -> None:
        self._load_seconds, self._system = self.ask(_load, self._row)

    def decode(self, article: int, number: int | None = None) -> None:
        """Decode the article as part of that round; of none, to warm up."""
        self._rounds[number].append(self.ask(_decode, article))

    def measured(self, rounds: int) -> Measured:
        """All of it, once every round is done."""
        seconds, cpu_seconds = zip(*(map(sum, zip(*self._rounds[i], strict=True)) for i in range(rounds)), strict=True)
        peak_memory, tokens = self.ask(_finish)
        return Measured(self.label, self._system, self._load_seconds, peak_memory, tokens, seconds, cpu_seconds)


# --- in the process of a row

_decoder: Decoder


def _load(row: Row) -> tuple[float, str]:
    """Seconds to load the row in this process, imports included, and its signature."""
    global _decoder
    begun = time.perf_counter()
    _decoder = row.load()
    return time.perf_counter() - begun, _decoder.signature


def _decode(article: int) -> tuple[float, float]:
    """Seconds for the article, and processor seconds of all threads, which a busy machine changes less."""
    begun, cpu = time.perf_counter(), time.process_time()
    _decoder.decode(article)
    return time.perf_counter() - begun, time.process_time() - cpu


def _finish() -> tuple[int, int | None]:
    """The most memory this process has held, in bytes, and the target tokens of all articles."""
    peak = peak_memory()  # first: to count tokens may load another tokenizer
    return peak, _decoder.count_tokens()


def peak_memory() -> int:
    """Bytes of resident memory at the worst moment of this process."""
    try:  # not getrusage: on Linux it begins with what the parent held when it started this process
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    except (OSError, LookupError, ValueError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
