"""`OUTPUT.parts/`: what is done of a batch, a file for each chunk, each whole or not there.

A part is the output records of its chunk as JSON Lines, and a last line that says what they are: so a part is judged
by itself alone, and a file that is torn, foreign, or made of another input is none.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mt.errors import ConfigError, DecodingError, MTError
from serve.batch.chunks import Chunk
from serve.batch.output import write_output
from serve.batch.records import Record
from serve.batch.spool import STDIN
from serve.batch.storage import base_name, is_url, unwritable, written

RETRIED = frozenset({"TimedOut", "OutOfMemory", "Crashed", "DecodingError"})  # what another try may mend
_LONGEST_SEAL = 1000  # bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """The last line of a part: what stands above it."""

    chunk: int
    content: str  # sha256 of the chunk, as it was read
    records: int
    failed: int
    retried: int  # of those that failed, how many another run tries again
    segments: int
    sha256: str  # of the lines above

    @property
    def final(self) -> bool:
        """Whether another run would leave the part as it is."""
        return not self.retried


def parts_folder(output: str, shard: str = "") -> Path:
    """Where the parts of an output lie: beside it; of one on an object store, in the current folder."""
    name = f"{base_name(output)}{f'.shard-{shard}' if shard else ''}.parts"
    return Path(name) if is_url(output) else Path(output).with_name(name)


class Parts:
    """The parts in a folder; it is made when it is locked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other batches out of the folder; the system drops the lock with the process that holds it.

        Raises ConfigError if another batch is in it, or the folder cannot be written.
        """
        from filelock import FileLock, Timeout

        holder = self.folder / "holder.json"  # not in the lock's own file, which whoever tries it empties
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / "lock")
            lock.acquire(blocking=False)
        except Timeout:
            raise ConfigError(f"{self.folder} is in use by another batch ({_held_by(holder)}): wait for it or end it, "
                              f"or give this one another OUTPUT") from None  # fmt: skip
        except OSError as error:
            raise unwritable(self.folder, error) from error
        try:
            with written(holder) as file:
                file.write(json.dumps({"process": os.getpid(), "host": socket.gethostname()}).encode())
            yield
        finally:
            with suppress(OSError):
                holder.unlink(missing_ok=True)
            lock.release()

    def path(self, number: int) -> Path:
        return self.folder / f"{number:08}.jsonl"

    def write(self, chunk: Chunk, outputs: Sequence[dict[str, Any]]) -> Seal:
        """Have the output records of a chunk on the disk as a part.

        Raises ConfigError, with the next step, where the disk is full or the folder cannot be written.
        """
        if len(outputs) != len(chunk.records):
            raise DecodingError(f"chunk {chunk.number}: {len(chunk.records)} records came in, {len(outputs)} out")
        digest, kinds = hashlib.sha256(), list[str]()
        with written(self.path(chunk.number)) as file:
            for record, output in zip(chunk.records, outputs, strict=True):
                try:
                    line = json_line(output)
                except ValueError:  # NaN for a score: an engine gone wrong
                    output = _without_numbers(record)
                    line = json_line(output)
                digest.update(line)
                file.write(line)
                kinds += [output["error"]["kind"]] if "error" in output else []
            retried = sum(kind in RETRIED for kind in kinds)
            segments = sum(len(output.get("segments", ())) for output in outputs)
            seal = Seal(chunk.number, chunk.sha256, len(outputs), len(kinds), retried, segments, digest.hexdigest())
            file.write(json_line({"part": asdict(seal)}))
        return seal

    def done(self, chunk: Chunk) -> Seal | None:
        """The seal of the chunk's part; None if it is not there, damaged, of another input, or to be retried."""
        seal = self.seal(chunk.number)
        if seal is None or not seal.final or seal.content != chunk.sha256:
            return None
        try:
            for _ in self.lines([chunk.number]):
                pass
        except MTError:
            return None
        return seal

    def seal(self, number: int) -> Seal | None:
        """What the last line of a part says; None if there is no such part, or it says nothing."""
        try:
            with self.path(number).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _LONGEST_SEAL))
                return _seal(file.read().removesuffix(b"\n").rpartition(b"\n")[2])
        except OSError:
            return None

    def lines(self, numbers: Iterable[int]) -> Iterator[bytes]:
        """The output records of these parts, a line each.

        Raises MTError if a part is missing, or is not as it was written.
        """
        for number in numbers:
            seal, digest, count = self.seal(number), hashlib.sha256(), 0
            if seal is None:
                raise self._damaged(number)
            try:
                with self.path(number).open("rb") as file:
                    for line in file:
                        if count == seal.records:
                            break
                        digest.update(line)
                        count += 1
                        yield line
            except OSError as error:
                raise self._damaged(number) from error
            if digest.hexdigest() != seal.sha256 or seal.chunk != number:
                raise self._damaged(number)

    def join(self, output: str, numbers: Iterable[int]) -> None:
        """Write the output records of these parts to a path or URL; see `serve.batch.output.write_output`."""
        write_output(self.lines(numbers), output, self.folder)

    def _damaged(self, number: int) -> MTError:
        return MTError(f"{self.path(number)} is missing or damaged: run the same batch again, which makes what is "
                       f"missing anew")  # fmt: skip

    def clear(self) -> None:
        """Delete what is in the folder, for a batch that begins anew; what came on standard input stays."""
        try:
            for path in self.folder.iterdir():
                if path.is_dir():
                    shutil.rmtree(path)
                elif path.name not in ("lock", "holder.json") and not path.name.startswith(STDIN):
                    path.unlink()
        except OSError as error:
            raise unwritable(self.folder, error) from error


def json_line(value: dict[str, Any]) -> bytes:
    """The value as a line of JSON Lines in UTF-8; half characters, which UTF-8 has not, as JSON's escapes."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _without_numbers(record: Record) -> dict[str, Any]:
    error = {"kind": "DecodingError", "message": "the model gave no numbers for scores", "where": record.where}
    return {"id": record.id, "error": error, "input": record.fields}


def _seal(line: bytes) -> Seal | None:
    try:
        return Seal(**json.loads(line)["part"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _held_by(holder: Path) -> str:
    try:
        found = json.loads(holder.read_bytes())
        return f"process {found['process']} on {found['host']}"
    except (OSError, ValueError, LookupError, TypeError):
        return "it has only just begun"
