"""Models side by side on the same input: each loaded in a process of its own, asked in turn, one at work at a time.

What is timed is the engine: sources go in, targets come out, plain decoding. Reading, checks and summaries around it
are the same for every model. Rows alternate from article to article, so that a busy moment of the machine hits all.
"""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib import metadata
from itertools import product
from pathlib import Path
from typing import Any

from eval.contenders import Model, Row, Units, Work
from eval.shapes import build, shape_named
from eval.worker import Measured, Process, Worker
from mt import __version__
from mt.document import DecodingOptions
from mt.engine import Placement, locate
from mt.errors import EmptyInput, InputTooLong, SourceUnreadable, UnsupportedFormat
from mt.normalize import VISIBLE, normalize
from mt.registry import Task, load_registry
from mt.segment import segment

SCHEMA = 1
LIBRARIES = ("ctranslate2", "onnxruntime", "torch", "transformers", "tokenizers", "sentencepiece")
INSTRUCTION_SETS = ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "amx_int8", "neon", "asimd")
CPU_INFO = Path("/proc/cpuinfo")
SAMPLES = Path(__file__).resolve().parents[1] / "samples"
MAX_BYTES = 2_000_000  # of one text: hours of decoding
Report = Callable[[int, int], None]  # steps done, steps in all


# --- the texts


def load_articles(paths: Sequence[Path], task: Task) -> tuple[Units, ...]:
    """The texts of the files, else the sample articles of the checkout, as the units that engines are given.

    Raises SourceUnreadable, UnsupportedFormat, InputTooLong, EmptyInput, naming the file.
    """
    language = "ar" if task == "translate" else "en"
    paths = paths or sorted(SAMPLES.glob(f"*.{language}.txt"))
    if not paths:
        raise SourceUnreadable(f"{SAMPLES} has no sample articles: name a text with --text FILE")
    return tuple(_units(_read(path), task) for path in paths)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise InputTooLong(f"{path} is longer than {MAX_BYTES} bytes; take a part of it: a few articles will do")
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise SourceUnreadable(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UnsupportedFormat(
            f"{path} is no UTF-8 text ({error.reason} at byte {error.start}); convert it"
        ) from error
    if not VISIBLE.search(text):
        raise EmptyInput(f"{path} has no text; expected paragraphs")
    return text


def _units(text: str, task: Task) -> Units:
    if task != "translate":
        return (" ".join(text.split()),)
    sentences = (part.text for line in text.splitlines() for part in segment(line, 0, lambda text: True))
    return tuple(normalize(sentence) for sentence in sentences if sentence)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rows measured side by side on one input."""

    name: str
    task: Task
    work: Work
    rows: tuple[Measured, ...]


def compare(
    name: str, task: Task, work: Work, rows: Sequence[Row], rounds: int, report: Report = lambda done, total: None
) -> Comparison:
    """The rows measured, in their order: `rounds` times each article, after one of them to warm up.

    Raises what loading and decoding raise, and DecodingError where a process dies.
    """
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(row)) for row in rows]
        for worker in workers:
            worker.load()
            worker.decode(0)
        turns = list(product(range(rounds), range(len(work.articles)), workers))
        for done, (number, article, worker) in enumerate(turns):
            report(done, len(turns))
            worker.decode(article, number)
        return Comparison(name, task, work, tuple(worker.measured(rounds) for worker in workers))


def bench_models(
    names: Sequence[str], task: Task, texts: Sequence[Path], rounds: int, options: DecodingOptions,
    placement: Placement, models_file: Path | None = None, report: Report = lambda done, total: None,
) -> Comparison:  # fmt: skip
    """The models compared on the texts, else on the sample articles."""
    registry = load_registry(models_file)
    for name in names:  # before anything is loaded for nothing; and what builds a model is not measured
        locate(name, task, registry)
    work = Work(load_articles(texts, task), options, placement)
    return compare("models", task, work, [Model(name, task, work, models_file) for name in names], rounds, report)


def bench_shape(
    name: str, texts: Sequence[Path], rounds: int, options: DecodingOptions, placement: Placement, directory: Path,
    report: Report = lambda done, total: None,
) -> Comparison:  # fmt: skip
    """The rows of a shape compared; it is built in `directory`, by a process of its own, whose memory ends with it."""
    shape = shape_named(name)
    articles = load_articles(texts, shape.task)
    if placement.compute_type == "default":
        placement = replace(placement, compute_type="int8")
    with Process(name) as process:
        built = process.ask(build, name, shape, directory, articles, placement.compute_type)
    options = options.over(DecodingOptions(beam_size=4, plain=True))
    work = Work(built.articles, options, placement, built.lengths)
    return compare(f"{name}, random weights", shape.task, work, built.rows(work), rounds, report)


# --- what is told


def report_json(machine: dict[str, Any], settings: dict[str, Any], comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """All that was measured, on what, with what; seconds and bytes."""
    return {
        "schema": SCHEMA,
        "khulasa": __version__,
        "machine": machine,
        "settings": settings,
        "comparisons": [
            {
                "name": comparison.name,
                "task": comparison.task,
                "decoding": comparison.work.options.signature,
                "input": _input_json(comparison.work),
                "rows": [_row_json(row, comparison) for row in comparison.rows],
            }
            for comparison in comparisons
        ],
    }


def _input_json(work: Work) -> dict[str, Any]:
    units = [len(units) for units in work.articles]
    return {"articles": len(units), "units": sum(units), "words": work.words, "forced_tokens": work.forced_tokens}


def _row_json(row: Measured, comparison: Comparison) -> dict[str, Any]:
    work, first = comparison.work, comparison.rows[0]
    tokens = row.target_tokens
    return {
        "row": row.label,
        "system": row.system,
        "load_seconds": row.load_seconds,
        "peak_memory": row.peak_memory,
        "target_tokens": tokens,
        "seconds": list(row.seconds),
        "cpu_seconds": list(row.cpu_seconds),
        "seconds_per_article": _spread([took / len(work.articles) for took in row.seconds]),
        "cpu_seconds_per_article": _spread([took / len(work.articles) for took in row.cpu_seconds]),
        "source_words_per_second": _spread([work.words / took for took in row.seconds]),
        "target_tokens_per_second": None if tokens is None else _spread([tokens / took for took in row.seconds]),
        # of the same round: what slowed all of them down is not in it
        "relative_time": _spread([mine / its for mine, its in zip(row.seconds, first.seconds, strict=True)]),
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def describe_machine() -> dict[str, Any]:
    """Processor, cores this process may use, system, load, and the versions of what decodes."""
    info = CPU_INFO.read_text(encoding="utf-8", errors="replace") if CPU_INFO.is_file() else ""
    names = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "instruction_sets": [name for name in INSTRUCTION_SETS if name in info.split()],
        "cores": Placement().cores,
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,  # of a minute: who else is at work
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version for name in LIBRARIES if (version := _version(name))},
    }


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None
