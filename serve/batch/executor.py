"""The work of a batch on workers that may die: whatever a record does to its worker costs that record alone.

Where the workers are, `local` and `ray_executor` know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from mt.errors import ModelError, MTError
from serve.batch.chunks import Chunk
from serve.batch.pieces import Piece, Pieces
from serve.batch.process import READY, Answer, Bounds, Fault
from serve.batch.work import Output, Setup

TICK = 0.2  # seconds between two looks at time and memory
AHEAD = 1  # pieces that wait for each worker, beside the one it is at
STARTS = 3  # of workers in a row that die before they are ready: then the run is given up


class Remote(Protocol):
    """A worker, seen from the process that leads."""

    piece: Piece | None
    ready: bool

    def give(self, piece: Piece, bounds: Bounds) -> bool: ...

    def hear(self) -> Answer: ...

    def excess(self, bounds: Bounds) -> Fault | None: ...

    def end(self) -> None: ...


class Executor:
    """Workers, each with an engine of its own, and what they are told. Subclasses say what a worker is."""

    def __init__(self, setup: Setup, workers: int, bounds: Bounds | None = None) -> None:
        self._setup, self._workers = setup, workers
        self._bounds = bounds or Bounds.of_machine(max(1, workers))
        self._failed_starts = 0

    def run(self, chunks: Iterator[Chunk]) -> Iterator[tuple[int, list[Output]]]:
        """The output records of each chunk, as chunks finish; closing the iterator kills what is still at work.

        Raises:
            ModelError, ConfigError: no worker can be started, or none can work with these options.
        """
        pieces = Pieces(chunks, self._workers * AHEAD)
        crew: list[Remote] = []
        try:
            pieces.read_ahead()
            while pieces.open:
                self._deal(pieces, crew)
                pieces.read_ahead()
                self._listen(pieces, crew)
                self._deal(pieces, crew)  # to work again first, then on to what the caller does with the answers
                yield from pieces.finished()
                pieces.read_ahead()
        finally:
            for worker in crew:
                worker.end()

    def _start(self) -> Remote:
        """A new worker, which loads its engine."""
        raise NotImplementedError

    def _said(self, crew: Sequence[Remote]) -> Sequence[Remote]:
        """Those that have something to say; waits for one that has, for a tick at most."""
        raise NotImplementedError

    def _deal(self, pieces: Pieces, crew: list[Remote]) -> None:
        """Give each idle worker a piece; start workers for the pieces that still wait, as many as may be."""
        for worker in crew:
            idle = worker.ready and worker.piece is None
            if idle and (piece := pieces.take()) and not worker.give(piece, self._bounds):
                pieces.put_back(piece)
        loading = sum(not worker.ready for worker in crew)
        for _ in range(min(self._workers - len(crew), pieces.waiting - loading)):
            crew.append(self._start())

    def _listen(self, pieces: Pieces, crew: list[Remote]) -> None:
        """Keep what the workers answer, and see to those that died or take too much."""
        said = self._said(crew)
        for worker in list(crew):
            answer = worker.hear() if worker in said else worker.excess(self._bounds)
            if isinstance(answer, MTError):
                raise answer
            if isinstance(answer, Fault):
                self._mend(worker, answer, pieces, crew)
            elif answer == READY:
                worker.ready, self._failed_starts = True, 0
            elif answer is not None and worker.piece:
                pieces.answer(worker.piece, answer)
                worker.piece = None

    def _mend(self, worker: Remote, fault: Fault, pieces: Pieces, crew: list[Remote]) -> None:
        """Go on after a fault: without the worker, if it is gone; and what it was at is tried again in parts."""
        if fault.deadly:
            crew.remove(worker)
            worker.end()
        if worker.piece:
            pieces.fail(worker.piece, fault.kind, fault.message, fault.innocent)
            worker.piece = None
        elif not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= STARTS:
                raise ModelError(f"no worker could load the model: {fault.message}; use fewer --workers, or a smaller "
                                 f"model")  # fmt: skip
