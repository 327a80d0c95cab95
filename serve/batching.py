"""Batches that hold segments of several requests: many at once get through faster, and a short one is not kept waiting.

A generate() call puts its sources where batches are drawn from all calls in turn. Batches are small, so that whoever
comes waits for one, not for an article.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from queue import Empty, SimpleQueue
from typing import cast

from mt.document import DecodingOptions, Hypothesis, Source
from mt.engine import Engine, refuse_long
from mt.errors import DecodingError

# Source tokens of a batch for each core, padding counted: more of them serve many clients faster and let a short
# request wait longer. On the embedded model, beam 3, two cores, with 384, 512 and 640: 2.96, 3.12 and 3.24 times what
# one after the other gets, and 2.3, 2.8 and 3.2 s for a sentence beside a long request (benchmarks/serving.py).
CORE_TOKENS = 512
STOP_SECONDS = 0.05  # how long a call that waits takes to see its stop

Answer = tuple[int, tuple[Hypothesis, ...]]


class Stopped(Exception):
    """Whoever asked for it no longer wants it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch held, and how long it took, for whoever counts."""

    model: str
    segments: int
    tokens: int
    seconds: float


class SharedEngine:
    """An Engine around an Engine: its batches hold sources of all generate() calls with the same options.

    A call gets what the engine would have given it alone; only what one call brought into a failing batch fails.
    """

    def __init__(self, engine: Engine, cores: int = 1, on_batch: Callable[[Batch], None] = lambda batch: None) -> None:
        self.spec, self.signature = engine.spec, engine.signature
        self.takes_terms, self.takes_prefix = engine.takes_terms, engine.takes_prefix
        self._engine, self._on_batch, self._cores = engine, on_batch, cores
        self._calls: list[_Call] = []  # those with sources that wait, in the order they came
        self._open: set[_Call] = set()  # those that wait for answers
        self._batches, self._closed = 0, False
        self._idle = True  # whether the engine has a core without work
        self._changed = threading.Condition()
        # Two, so that a batch can begin when the first core is through with the one before.
        self._threads = [threading.Thread(target=self._work, name=f"batch-{i}", daemon=True) for i in range(2)]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many sources no batch has taken yet."""
        with self._changed:
            return sum(len(call.waiting) for call in self._calls)

    def close(self) -> None:
        """Stop after the batch in work; calls that wait get a DecodingError, and so do later ones."""
        self._end()
        for thread in self._threads:
            thread.join()

    def count_tokens(self, source: Source) -> int:
        return self._engine.count_tokens(source)

    def generate(
        self, sources: Sequence[Source], options: DecodingOptions, stop: threading.Event | None = None
    ) -> Iterator[Answer]:
        lengths = [self.count_tokens(source) for source in sources]
        refuse_long([range(length) for length in lengths], self.spec)
        for index, length in enumerate(lengths):
            if not length:
                yield index, (Hypothesis(""),)
        call = _Call(sources, lengths, options)
        try:
            self._enter(call)
            for _ in range(sum(map(bool, lengths))):
                yield call.answer(stop)
        finally:
            self._leave(call)

    def _enter(self, call: _Call) -> None:
        with self._changed:
            if self._closed:
                raise self._closing()
            self._open.add(call)
            if call.waiting:
                call.served = self._batches - 1  # before whoever has a share in the batch in work
                self._calls.append(call)
                self._changed.notify_all()

    def _leave(self, call: _Call) -> None:
        with self._changed:
            self._open.discard(call)
            if call in self._calls:
                self._calls.remove(call)

    def _work(self) -> None:
        try:
            while places := self._draw():
                self._decode(places)
        finally:  # for whatever reason: nobody is left waiting
            self._end()

    def _end(self) -> None:
        with self._changed:
            self._closed = True
            self._calls.clear()
            for call in self._open:
                call.answers.put(self._closing())
            self._changed.notify_all()

    def _closing(self) -> DecodingError:
        return DecodingError(f"{self.spec.name} is being closed: the server goes down; ask again when it is back")

    def _draw(self) -> list[_Place]:
        """The next batch, none once closed: what the call whose turn it is has longest, and what others have like it.

        Nobody gives more than that call, so that one with a single source has not to wait for a full batch of another;
        and sources alike in length end together.
        """
        with self._changed:
            self._changed.wait_for(lambda: (self._calls and self._idle) or self._closed)
            if self._closed:
                return []
            first = min(self._calls, key=lambda call: call.served)
            near = first.waiting[-1][0]
            alike = [call for call in self._calls if call.options == first.options]
            self._batches += 1
            places, longest = list[_Place](), 0
            for call in _rounds(first, alike, near):
                at = call.nearest(near)
                longest = max(longest, call.waiting[at][0])
                if places and (len(places) + 1) * longest > CORE_TOKENS * self._cores:
                    break
                places.append(_Place(call, call.waiting.pop(at)[1]))
                call.served = self._batches
            self._calls = [call for call in self._calls if call.waiting]
            self._idle = len(places) < self._cores
            return places

    def _decode(self, places: Sequence[_Place]) -> None:
        """Answer every place; if that fails, call by call, so that nobody's source fails another's."""
        begun, left = time.perf_counter(), dict(enumerate(places))
        options, sources = places[0].call.options, [place.source for place in places]
        try:
            for number, hypotheses in self._engine.generate(sources, options):
                if len(left) == len(places):
                    self._free()
                place = left.pop(number)
                place.call.answers.put((place.index, hypotheses))
        except Exception as error:  # a foreign one too: it is its caller's, and not the end of this thread
            self._free()
            calls = {place.call for place in places}
            for call in calls:
                theirs = [place for place in left.values() if place.call is call]
                if len(calls) == 1:
                    call.answers.put(error)
                elif theirs and call in self._open:
                    self._decode(theirs)
            return
        tokens = sum(place.call.lengths[place.index] for place in places)
        self._on_batch(Batch(self.spec.name, len(places), tokens, time.perf_counter() - begun))

    def _free(self) -> None:
        """Let the next batch begin: the first answers of one come from a core that is through with it."""
        with self._changed:
            self._idle = True
            self._changed.notify_all()


class _Call:
    """One generate() call: what waits, as sorted (tokens, index), and what was answered."""

    def __init__(self, sources: Sequence[Source], lengths: Sequence[int], options: DecodingOptions) -> None:
        self.sources, self.lengths, self.options = sources, lengths, options
        self.waiting = sorted((length, index) for index, length in enumerate(lengths) if length)
        self.answers: SimpleQueue[Answer | Exception] = SimpleQueue()
        self.served = 0  # the number of the last batch that it had a share in

    def nearest(self, length: int) -> int:
        """Where in `waiting` the longest source stands that is not over that length, else the shortest."""
        return max(0, bisect_right(self.waiting, length, key=itemgetter(0)) - 1)

    def answer(self, stop: threading.Event | None) -> Answer:
        """The next answer, once it is there; raises what went wrong, and Stopped."""
        while True:
            if stop and stop.is_set():
                raise Stopped
            try:
                answer = self.answers.get(timeout=STOP_SECONDS if stop else None)
            except Empty:
                continue
            if isinstance(answer, Exception):
                raise answer
            return answer


def _rounds(first: _Call, calls: Sequence[_Call], near: int) -> Iterator[_Call]:
    """The calls that have sources, again and again, as often as `first` has any; those nearest to that length first."""

    def far(call: _Call) -> tuple[bool, int]:
        return call is not first, abs(call.waiting[call.nearest(near)][0] - near)

    for _ in range(len(first.waiting)):
        yield from sorted((call for call in calls if call.waiting), key=far)


@dataclass(frozen=True, slots=True)
class _Place:
    """A source in a batch."""

    call: _Call
    index: int

    @property
    def source(self) -> Source:
        return self.call.sources[self.index]


def stoppable(engine: Engine, stop: threading.Event) -> Engine:
    """The engine, for one request: it raises Stopped within a batch after `stop` is set, also while it waits."""
    return _Stoppable(engine, stop)


class _Stoppable:
    """An Engine that asks `stop` before and between answers."""

    def __init__(self, engine: Engine, stop: threading.Event) -> None:
        self.spec, self.signature = engine.spec, engine.signature
        self.takes_terms, self.takes_prefix = engine.takes_terms, engine.takes_prefix
        self._engine, self._stop = engine, stop

    def count_tokens(self, source: Source) -> int:
        self._check()  # a long text is counted for a while before it is decoded
        return self._engine.count_tokens(source)

    def generate(self, sources: Sequence[Source], options: DecodingOptions) -> Iterator[Answer]:
        if isinstance(self._engine, SharedEngine):
            yield from self._engine.generate(sources, options, self._stop)
            return
        self._check()
        answers = cast(Generator[Answer], self._engine.generate(sources, options))
        try:
            for answer in answers:
                self._check()
                yield answer
        finally:
            answers.close()

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopped
