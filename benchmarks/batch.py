"""What thousands of articles cost: `khulasa batch` as processes, beside the bare engine.

    python benchmarks/batch.py                                  # everything, with small counts
    python benchmarks/batch.py --only cost --counts 100 5000
    python benchmarks/batch.py --only workers --shape opus-mt-ar-en --json OUT.json

Articles are made of the samples' sentences, each with a number of its own, so that no two are equal. `cpu` is the
processor time of all processes, which a busy machine disturbs less than the clock; `start` is what is over before the
first part. Memory is that of the whole process tree and of its largest process, looked at ten times a second.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random

import psutil

from eval.shapes import LENGTH_RATIO, build, shape_named
from eval.worker import Process
from mt.document import DecodingOptions, Source
from mt.engine import Placement, load, locate
from mt.normalize import normalize
from mt.registry import load_registry
from mt.segment import segment

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
KHULASA = (sys.executable, "-m", "serve.cli", "batch")


@dataclass
class Run:
    """What one run took and made."""

    row: str
    articles: int
    wall: float
    cpu: float
    start: float = 0.0
    segments: int = 0
    words: int = 0  # English
    memory: list[tuple[float, int, int]] = field(default_factory=list)  # seconds, MiB of all, of the largest process

    @property
    def working(self) -> float:
        return self.wall - self.start

    def facts(self) -> dict[str, object]:
        """For the table and the file."""
        largest = [mib for _, _, mib in self.memory] or [0]
        early = [mib for seconds, _, mib in self.memory if seconds < self.start + self.working / 4] or [0]
        return {
            "row": self.row, "articles": self.articles, "segments": self.segments, "words": self.words,
            "wall_s": round(self.wall, 2), "start_s": round(self.start, 2), "cpu_s": round(self.cpu, 2),
            "articles_per_minute": round(60 * self.articles / self.wall, 1),
            "words_per_second": round(self.words / self.wall, 1),
            "cpu_s_per_article": round(self.cpu / self.articles, 4),
            "cpu_s_per_segment": round(self.cpu / max(1, self.segments), 4),
            "peak_mib": max((mib for _, mib, _ in self.memory), default=0),
            "peak_mib_of_a_process": max(largest), "of_which_in_the_first_quarter": max(early),
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["workers", "cost", "overhead", "threads"], help="one part of it")
    parser.add_argument("--articles", type=int, default=60, help="of the rows that compare workers, and of overhead")
    parser.add_argument("--counts", type=int, nargs="+", default=[100, 500, 2000])
    parser.add_argument("--sentences", type=int, default=3, help="of an article")
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--shape", help="of a known model, with random weights, in the place of --model")
    parser.add_argument("--rounds", type=int, default=1, help="the least disturbed counts")
    parser.add_argument("--options", nargs=argparse.REMAINDER, default=[], help="more of khulasa batch; comes last")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch), given)
        found = [best.facts() for best in bench.rows()]
    columns = ("row", "articles", "wall_s", "start_s", "cpu_s", "articles_per_minute", "words_per_second",
               "cpu_s_per_article", "cpu_s_per_segment", "peak_mib", "peak_mib_of_a_process")  # fmt: skip
    print(" | ".join(columns))
    for row in found:
        print(" | ".join(str(row[name]) for name in columns))
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))


class Bench:
    """The rows that were asked for, each the best of its rounds."""

    def __init__(self, scratch: Path, given: argparse.Namespace) -> None:
        self._scratch, self._given = scratch, given
        self._model = str(self._shaped(given.shape)) if given.shape else given.model
        self._options = [*given.options, *(["--plain"] if given.shape else [])]

    def rows(self) -> Iterator[Run]:
        parts = {"workers": self._workers, "threads": self._threads, "cost": self._cost, "overhead": self._overhead}
        for name, rows in parts.items():
            if self._given.only in (None, name):
                yield from rows()

    def _workers(self) -> Iterator[Run]:
        for workers in (1, 2):
            options = ("--workers", str(workers), "--threads", "1")
            yield self._run(f"{self._name}, workers {workers}", self._given.articles, *options)

    def _threads(self) -> Iterator[Run]:
        yield self._run(
            f"{self._name}, one worker of 2 threads", self._given.articles, "--workers", "1", "--threads", "2"
        )

    def _cost(self) -> Iterator[Run]:
        for count in self._given.counts:
            yield self._run(f"{self._name}, {count} articles", count)

    def _overhead(self) -> Iterator[Run]:
        one = ("--workers", "1", "--threads", "1")
        yield min((self._bare() for _ in range(self._given.rounds)), key=lambda run: run.cpu)
        yield self._run(f"{self._name}, one article: what a start costs", 1, *one, "--plain", "--no-summary")
        kinds = {"plain, no summary": ("--plain", "--no-summary"), "plain": ("--plain",), "terms, ranking, summary": ()}
        for kind, options in kinds.items():
            yield self._run(f"{self._name}, {kind}", self._given.articles, *one, *options)

    @property
    def _name(self) -> str:
        return str(self._given.shape or self._given.model)

    def _run(self, row: str, count: int, *options: str) -> Run:
        """The least disturbed run of the command."""
        source = self._scratch / f"{count}.jsonl"
        texts = islice(articles(self._given.sentences), count)
        source.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts), "utf-8")
        runs = [self._once(row, count, source, options) for _ in range(self._given.rounds)]
        return min(runs, key=lambda run: run.cpu)

    def _once(self, row: str, count: int, source: Path, options: Sequence[str]) -> Run:
        output = self._scratch / "out.jsonl"
        shutil.rmtree(f"{output}.parts", ignore_errors=True)
        command = [*KHULASA, str(source), str(output), "--model", self._model, "--progress", "json",
                   *self._options, *options]  # fmt: skip
        begun, memory = time.perf_counter(), list[tuple[float, int, int]]()
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            threading.Thread(target=watch, args=(process.pid, begun, memory), daemon=True).start()
            assert process.stderr
            told = [process.stderr.readline()]
            start = time.perf_counter() - begun
            told += process.stderr.readlines()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - begun
        if process.returncode:
            raise SystemExit(f"{' '.join(command)}\n{''.join(told)}")
        records = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
        return Run(
            row, count, wall, usage.ru_utime + usage.ru_stime, start, sum(len(each["segments"]) for each in records),
            sum(len(each["translation"].split()) for each in records), memory,
        )  # fmt: skip

    def _bare(self) -> Run:
        """The engine alone on the same segments, all at once, loaded beforehand."""
        count = self._given.articles
        texts = list(islice(articles(self._given.sentences), count))
        with Process("bare engine") as process:
            wall, cpu, segments, words = process.ask(bare, texts, self._model)
        return Run(f"{self._name}, bare engine", count, wall, cpu, 0.0, segments, words)

    def _shaped(self, name: str) -> Path:
        """The shape on CTranslate2; what it writes is nonsense, so its length is forced, to what is usual."""
        texts = list(islice(articles(self._given.sentences), 100))
        parts = tuple(tuple(normalize(part) for part in sentences(text)) for text in texts)
        built = build(name, shape_named(name), self._scratch, parts, "int8")
        tokens = [len(each) for units in built.tokens for each in units]
        length = round(LENGTH_RATIO * sum(tokens) / len(tokens))
        settings = built.converted.path / "khulasa.json"
        content = json.loads(settings.read_text("utf-8"))
        content["decoding"] |= {"min_decoding_length": length, "max_decoding_length": length, "beam_size": 4}
        settings.write_text(json.dumps(content), "utf-8")
        return built.converted.path


def articles(length: int) -> Iterator[str]:
    """Articles of so many sentences without end, always the same, no two sentences equal."""
    pool = [part for path in sorted(SAMPLES.glob("*.ar.txt")) for part in sentences(path.read_text("utf-8"))]
    pool = [part.rstrip(".") for part in pool if part.endswith(".") and 6 <= len(part.split()) <= 30]
    chance, number = Random(1), 1000
    while True:
        chosen = chance.sample(pool, length)
        yield "\n".join(f"{part}، وذلك في المرة {number + i}." for i, part in enumerate(chosen))
        number += length


def sentences(text: str) -> list[str]:
    parts = (part.text for line in text.splitlines() for part in segment(line, 0, lambda text: True))
    return [part for part in parts if part]


def bare(texts: list[str], model: str) -> tuple[float, float, int, int]:
    """Seconds, processor seconds, segments and English words of the engine alone, on one thread."""
    engine = load(locate(model, "translate", load_registry()), Placement(threads=1))
    sources = [Source(normalize(part)) for text in texts for part in sentences(text)]
    dict(engine.generate(sources[:2], DecodingOptions(plain=True)))
    wall, cpu = time.perf_counter(), time.process_time()
    found = dict(engine.generate(sources, DecodingOptions(plain=True)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return wall, cpu, len(sources), sum(len(hypotheses[0].text.split()) for hypotheses in found.values())


def watch(pid: int, begun: float, memory: list[tuple[float, int, int]]) -> None:
    """Write down the memory of a process and its children until it ends."""
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        while True:
            sizes = [resident(each) for each in [root, *root.children(recursive=True)]]
            memory.append((time.perf_counter() - begun, sum(sizes), max(sizes)))
            time.sleep(0.1)


def resident(process: psutil.Process) -> int:
    """MiB; 0 if it has just ended."""
    try:
        return int(process.memory_info().rss) >> 20
    except psutil.Error:
        return 0


if __name__ == "__main__":
    main()
