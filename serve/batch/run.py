"""A batch from its input to its output: what is missing of it is made, part by part, and joined when all is there."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace

from mt.errors import MTError
from mt.terms import Terms
from serve.batch.article import Fields
from serve.batch.chunks import Chunk, cut
from serve.batch.executor import Executor
from serve.batch.manifest import Manifest, Setting, begin
from serve.batch.merge import Shard
from serve.batch.output import check_output, write_output
from serve.batch.parts import Parts, Seal, parts_folder
from serve.batch.proposals import Proposals, proposed_ledger
from serve.batch.records import Input, open_input
from serve.batch.work import Output, Setup

SEGMENTS = 200  # of a chunk: what a killed run has to do again for each worker


@dataclass(frozen=True, slots=True)
class Job:
    """What a batch is asked for, beside how it translates."""

    input: str  # path, URL, or - for standard input
    output: str
    fields: Fields = field(default_factory=Fields)
    input_format: str | None = None  # None: by the name
    segments: int = SEGMENTS  # of a chunk
    shard: Shard = field(default_factory=Shard)
    restart: bool = False  # whether what is there is thrown away


@dataclass(slots=True)
class Progress:
    """How far a batch is, in records; `there` were made by an earlier run, and are among `done`."""

    done: int = 0
    failed: int = 0
    there: int = 0
    segments: int = 0
    total: int | None = None  # None: not yet counted
    example: str | None = None  # of what went wrong in this run
    begun: float = field(default_factory=time.monotonic)

    def count(self, seal: Seal, there: bool = False) -> None:
        """Add what a part holds."""
        self.done += seal.records
        self.failed += seal.failed
        self.segments += seal.segments
        self.there += seal.records if there else 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begun

    @property
    def rate(self) -> float:
        """Records a second of this run."""
        return (self.done - self.there) / max(self.seconds, 1e-3)

    @property
    def seconds_left(self) -> float | None:
        """By the rate so far; None as long as nobody knows."""
        return (self.total - self.done) / self.rate if self.total is not None and self.rate else None


Report = Callable[[Progress], None]


def run_batch(job: Job, setup: Setup, executor: Callable[[Setup], Executor], report: Report | None = None) -> Progress:
    """Make what is missing of the output and join it; `report` is told of every part.

    Interrupted at any point, or killed, it leaves whole parts, and goes on from them when it is called again.

    Raises:
        InputError: the input cannot be read at all, or was changed.
        ConfigError: it is not what the batch was begun with; another is at work on it; it cannot be written.
        ModelError: no worker can load the model.
    """
    check_output(job.output, job.input, setup.dossiers)
    parts = Parts(parts_folder(job.output, job.shard.name))
    with parts.locked():
        if job.restart:
            parts.clear()
        source = open_input(job.input, job.fields, job.input_format, spool=parts.folder)
        manifest = begin(parts.folder, source.name, _settings(job, source, setup), job.shard.name)
        if setup.dossiers:
            setup = replace(setup, made=manifest.started)  # the same for all runs of the batch
        run = _Run(job, source, parts, report)
        run.make(executor(setup))
        run.join(setup, manifest)
        return run.progress


class _Run:
    """One run of a batch: the parts that are missing when it begins."""

    def __init__(self, job: Job, source: Input, parts: Parts, report: Report | None) -> None:
        self._job, self._source, self._parts, self._report = job, source, parts, report
        self._open: dict[int, Chunk] = {}
        self._chunks = 0  # of the whole input
        self.progress = Progress()

    def make(self, executor: Executor) -> None:
        """Have all parts on the disk."""
        if self._report:
            threading.Thread(target=self._count_all, name="count", daemon=True).start()
        with closing(executor.run(self._missing())) as finished:  # type: ignore[type-var]
            for number, outputs in finished:
                self.progress.example = self.progress.example or _example(outputs)
                self._count(self._parts.write(self._open.pop(number), outputs))

    def join(self, setup: Setup, manifest: Manifest) -> None:
        """Write the output and the names that it has; of a shard, only the names, for the merge."""
        proposals = Proposals()
        lines = self._lines(proposals, setup.terms)
        if self._job.shard.count == 1:
            write_output(lines, self._job.output, self._parts.folder)
            proposals.write(proposed_ledger(self._job.output))
        else:
            for _ in lines:
                pass
            proposals.save(self._parts.folder)
        counts = {"records": self.progress.done, "failed": self.progress.failed, "segments": self.progress.segments}
        manifest.finish(self._parts.folder, self._chunks, counts)

    def _lines(self, proposals: Proposals, terms: Terms) -> Iterator[bytes]:
        """The output's records; their names are counted as they pass."""
        for line in self._parts.lines(filter(self._job.shard.has, range(self._chunks))):
            proposals.add(json.loads(line), terms)
            yield line

    def _cut(self) -> Iterator[Chunk]:
        return cut(self._source.records(), self._job.segments)

    def _missing(self) -> Iterator[Chunk]:
        """The chunks that no run has done; those that are there are counted."""
        for chunk in self._cut():
            self._chunks += 1
            if not self._job.shard.has(chunk.number):
                continue
            if seal := self._parts.done(chunk):
                self._count(seal, there=True)
                continue
            self._open[chunk.number] = chunk
            yield chunk

    def _count(self, seal: Seal, there: bool = False) -> None:
        self.progress.count(seal, there)
        if self._report:
            self._report(self.progress)

    def _count_all(self) -> None:
        """Count the records to come, beside the work; for how long it takes, nothing else needs it."""
        with suppress(MTError):  # which the work will meet, too
            own = (len(chunk.records) for chunk in self._cut() if self._job.shard.has(chunk.number))
            self.progress.total = sum(own)


def _example(outputs: list[Output]) -> str | None:
    """What went wrong first, in a line."""
    errors = (output["error"] for output in outputs if "error" in output)
    return next((f"{error['where']}: {error['kind']}: {error['message']}" for error in errors), None)


def _settings(job: Job, source: Input, setup: Setup) -> dict[str, Setting]:
    """All that decides the output."""
    return {
        "input": source.sha256,
        "input format": source.form,
        "fields": f"text={job.fields.text}, title={job.fields.title}, id={job.fields.id}",
        "segments of a chunk": job.segments,
        **setup.settings(),
    }
