"""Records → chunks: what one worker does at a time, and one part file holds. Cut from the input alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from mt.segment import segment
from serve.batch.records import Record

_LONG = 400  # characters; a segment that has more is cut, by most models, into about so many


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records that follow each other in the input; the first chunk is number 0."""

    number: int
    records: tuple[Record, ...]

    @property
    def sha256(self) -> str:
        """The checksum of all that its output depends on, as far as the input decides it."""
        content = [asdict(record) for record in self.records]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def cut(records: Iterable[Record], budget: int) -> Iterator[Chunk]:
    """Chunks of about `budget` segments each, in order; what is too much for one is a chunk of its own.

    The same records give the same chunks, whoever works on them: that is what makes outputs equal. Only one chunk is
    held at a time.
    """
    number, held, total = 0, list[Record](), 0
    for record in records:
        new = weight(record)
        if held and total + new > budget:
            yield Chunk(number, tuple(held))
            number, held, total = number + 1, [], 0
        held.append(record)
        total += new
    if held:
        yield Chunk(number, tuple(held))


def weight(record: Record) -> int:
    """About how many segments the record has, whatever the model; 1 for one that failed."""
    if record.article is None:
        return 1
    texts = [record.article.title or "", *record.article.paragraphs]
    parts = (part.text for text in texts for part in segment(text, None, lambda text: True))
    return max(1, sum(1 + len(part) // _LONG for part in parts))
