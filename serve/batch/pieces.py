"""Chunks in work: one that fails is cut in halves, until the record that is at fault stands alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from serve.batch.chunks import Chunk, weight
from serve.batch.records import Record
from serve.batch.work import Output, failed


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk, or what is left of one, as it is given to a worker."""

    number: int  # of its chunk
    start: int  # of its first record, in the chunk
    records: tuple[Record, ...]
    retried: bool = False

    @property
    def chunk(self) -> Chunk:
        return Chunk(self.number, self.records)

    @property
    def segments(self) -> int:
        """About how much work it is."""
        return sum(weight(record) for record in self.records)


class Pieces:
    """What is to be done of a stream of chunks, and what has been answered; reads no more than `ahead` in advance."""

    def __init__(self, chunks: Iterator[Chunk], ahead: int) -> None:
        self._chunks, self._ahead = chunks, ahead
        self._waiting: deque[Piece] = deque()
        self._outputs: dict[int, list[Output | None]] = {}  # by chunk; None: not yet

    @property
    def waiting(self) -> int:
        """How many pieces wait for a worker."""
        return len(self._waiting)

    @property
    def open(self) -> bool:
        """Whether a chunk is begun and not handed out."""
        return bool(self._outputs)

    def read_ahead(self) -> None:
        """Have as many pieces wait as may, if the stream has them."""
        while len(self._waiting) < self._ahead and (chunk := next(self._chunks, None)):
            self._outputs[chunk.number] = [None] * len(chunk.records)
            self._waiting.append(Piece(chunk.number, 0, chunk.records))

    def take(self) -> Piece | None:
        """The next piece to work on; None if none waits."""
        return self._waiting.popleft() if self._waiting else None

    def put_back(self, piece: Piece) -> None:
        """Have the piece wait again, as if it had not been taken."""
        self._waiting.appendleft(piece)

    def answer(self, piece: Piece, outputs: list[Output]) -> None:
        """Keep the output records of the piece."""
        self._outputs[piece.number][piece.start : piece.start + len(outputs)] = outputs

    def fail(self, piece: Piece, kind: str, message: str, innocent: bool = False) -> None:
        """Cut the piece in two, or set its one record aside; where it may be innocent, it is tried once more first."""
        if innocent and not piece.retried:
            self._waiting.appendleft(replace(piece, retried=True))
        elif len(piece.records) == 1:
            self.answer(piece, [failed(piece.records[0], kind, message)])
        else:
            half = len(piece.records) // 2
            self._waiting.appendleft(Piece(piece.number, piece.start + half, piece.records[half:]))
            self._waiting.appendleft(Piece(piece.number, piece.start, piece.records[:half]))

    def finished(self) -> Iterator[tuple[int, list[Output]]]:
        """The chunks that are complete, each once."""
        for number, outputs in list(self._outputs.items()):
            whole = [output for output in outputs if output is not None]
            if len(whole) == len(outputs):
                del self._outputs[number]
                yield number, whole
