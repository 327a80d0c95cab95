"""`khulasa batch` and `khulasa batch-merge`: thousands of articles, and how far they are."""

from __future__ import annotations

import functools
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from mt.errors import BackendUnavailable
from serve.options import model_options, summary_options
from serve.terminal import building

if TYPE_CHECKING:
    from mt.document import DecodingOptions
    from mt.engine import Placement
    from serve.batch.executor import Executor
    from serve.batch.run import Progress, Report
    from serve.batch.work import Setup
    from serve.service import Summarizing

FAILED = 6  # exit code: the batch is finished, some of its records failed
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_EXECUTING = ("executor", "workers", "timeout", "memory", "address", "gpus")
_EVERY = 1.0  # seconds between two lines of JSON
_OPTIONS = (
    click.option("--input-format", type=click.Choice(["jsonl", "csv", "parquet"]), help="Where its name does not say."),
    click.option("--text-field", default="text", show_default=True, help="What holds the text."),
    click.option("--title-field", default="title", show_default=True),
    click.option("--id-field", default="id", show_default=True),
    click.option("--restart", is_flag=True, help="Throw away what an earlier run made."),
    click.option("--shard", default="1/1", metavar="I/N", help="Only this share of the work; then `batch-merge`."),
    click.option("--chunk-segments", type=click.IntRange(1, 100_000), default=200, show_default=True,
                 help="What a worker does at a time, and does again if it is interrupted."),
    click.option("--executor", type=click.Choice(["local", "ray"]), default="local", show_default=True),
    click.option("--address", help="Of a Ray cluster; none: a Ray on this machine."),
    click.option("--gpus", type=click.FloatRange(0), default=0.0, help="Of each worker, with Ray."),
    click.option("--workers", type=click.IntRange(0, 4096), default=0, help="0: as many as there are cores."),
    click.option("--timeout", type=click.FloatRange(0.01), default=10.0, show_default=True,
                 help="Seconds for a segment, on the average of a chunk, before it is given up."),
    click.option("--memory", type=click.IntRange(1), help="MiB for each worker; none: its share of what is free."),
    click.option("--dossiers", type=click.Path(file_okay=False, path_type=Path), help="A folder for a file of each."),
    click.option("--dossier-format", type=click.Choice(["html", "md", "docx"]), default="html", show_default=True),
    click.option("--no-summary", is_flag=True, help="Translate only."),
    click.option("--progress", type=click.Choice(["auto", "bar", "json", "none"]), default="auto",
                 help="On standard error; auto: a bar for a person."),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing but what went wrong."),
)  # fmt: skip


def _batch_options(command: Callable[..., None]) -> Callable[..., None]:
    return functools.reduce(lambda function, option: option(function), reversed(_OPTIONS), command)


@click.command()
@click.argument("source", metavar="INPUT")
@click.argument("output")
@_batch_options
@summary_options
@model_options
@click.pass_obj
def batch(models_file: Path | None, /, source: str, output: str, quiet: bool, progress: str, **given: Any) -> None:
    """Translate and summarize thousands of articles.

    INPUT is JSON Lines, CSV or Parquet (also .gz, .zst), a folder of documents, or - for JSON Lines on standard
    input; OUTPUT is JSON Lines (also .gz, .zst) or Parquet, a record for each of the input, in its order.

    The same command goes on where it was interrupted. Exit code 6: finished, but some records failed.
    """
    _refuse_missing()
    from serve.batch.article import Fields
    from serve.batch.merge import Shard
    from serve.batch.run import Job, run_batch

    job = Job(
        source, output, Fields(*(given[f"{name}_field"] for name in ("text", "title", "id"))), given["input_format"],
        given["chunk_segments"], Shard.parse(given["shard"]), given["restart"],
    )  # fmt: skip
    with _stopped_by_signals(), _reporting("none" if quiet else progress) as report:
        executor = functools.partial(_executor, **{name: given[name] for name in _EXECUTING})
        done = run_batch(job, _setup(models_file, **given), executor, report)
    if not quiet:
        _tell(done, output if job.shard.count == 1 else f"share {given['shard']} of it")
    if done.failed:
        click.echo(f"For example: {done.example}\n" * bool(done.example), err=True, nl=False)
        click.echo(f"{done.failed:,} of {done.done:,} records failed: they have an \"error\" in {output}. The same "
                   f"command tries those again that may succeed (TimedOut, OutOfMemory, Crashed, DecodingError).",
                   err=True)  # fmt: skip
        raise click.exceptions.Exit(FAILED)


@click.command("batch-merge")
@click.argument("output")
@click.argument("folders", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
def batch_merge(output: str, folders: tuple[Path, ...]) -> None:
    """Join what all shards of a batch made.

    FOLDERS are those of the shards (OUTPUT.shard-1-of-5.parts), which may come from other machines; by default those
    beside OUTPUT.
    """
    _refuse_missing()
    from serve.batch.merge import merge

    counts = merge(output, folders)
    click.echo(
        f"{counts.get('records', 0):,} records, {counts.get('failed', 0):,} of them failed, in {output}", err=True
    )
    if counts.get("failed"):
        raise click.exceptions.Exit(FAILED)


def _refuse_missing() -> None:
    """BackendUnavailable unless the packages of the extra are there."""
    from importlib.util import find_spec

    needed = ("fsspec", "psutil", "pyarrow", "zstandard")
    if missing := [name for name in needed if find_spec(name) is None]:
        raise BackendUnavailable(f"a batch needs {', '.join(missing)}: pip install 'khulasa[batch]'")


def _setup(
    models_file: Path | None, model: str, decoding: DecodingOptions, placement: Placement, glossary: Path | None,
    ledger: Path | None, summarizing: Summarizing, **given: Any,
) -> Setup:  # fmt: skip
    """What each worker is told; it has one thread, unless there are fewer workers than cores."""
    from dataclasses import replace

    from mt.engine import Placement
    from mt.registry import load_registry
    from serve.batch.work import build_setup

    if given["no_summary"] and given["dossiers"]:
        raise click.UsageError("a dossier has a summary: leave out --no-summary, or --dossiers")
    wanted = None if given["no_summary"] else summarizing
    setup = build_setup(load_registry(models_file), model, wanted, glossary, ledger, building)
    cores = Placement().cores
    placement = replace(placement, threads=placement.threads or max(1, cores // (given["workers"] or cores)))
    dossiers = {"dossiers": given["dossiers"], "dossier_form": given["dossier_format"]}
    return replace(setup, options=decoding, placement=placement, **dossiers)


def _executor(
    setup: Setup, executor: str, workers: int, timeout: float, memory: int | None, address: str | None, gpus: float
) -> Executor:
    """Who does the work. Raises BackendUnavailable without Ray, if that is asked for."""
    from mt.engine import Placement
    from serve.batch.process import Bounds

    here = workers or max(1, Placement().cores // setup.placement.threads)
    bounds = Bounds(memory << 20, timeout) if memory else Bounds.of_machine(here, timeout)
    if executor == "local":
        from serve.batch.local import LocalExecutor

        return LocalExecutor(setup, here, bounds)
    from serve.batch.ray_executor import RayExecutor

    return RayExecutor(setup, workers, bounds, address, gpus)


# --- while it runs


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the work inside cleanly, with the signal's exit code; a second one ends it at once."""
    got = list[int]()

    def stop(number: int, frame: FrameType | None) -> None:
        got.append(number)
        for each in heeded:
            signal.signal(each, signal.SIG_DFL)
        raise KeyboardInterrupt

    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # nohup ignores one
    before = {number: signal.signal(number, stop) for number in heeded}
    try:
        yield
    except KeyboardInterrupt:
        click.echo("Stopped. What is done is kept: the same command goes on from there.", err=True)
        raise click.exceptions.Exit(128 + (got[0] if got else signal.SIGINT)) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _reporting(shown: str) -> Iterator[Report | None]:
    """What tells on standard error how far the batch is; None if nobody wants to know."""
    if shown == "json":
        yield _json_lines()
    elif shown == "bar" or (shown == "auto" and sys.stderr.isatty()):
        with _bar() as report:
            yield report
    else:
        yield None


def _json_lines() -> Report:
    last = -_EVERY

    def report(progress: Progress) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= _EVERY or progress.done == progress.total:
            last = now
            click.echo(json.dumps(_facts(progress)), err=True)

    return report


def _facts(progress: Progress) -> dict[str, float | None]:
    left = progress.seconds_left
    return {
        "records": progress.done, "failed": progress.failed, "there": progress.there, "total": progress.total,
        "segments": progress.segments, "seconds": round(progress.seconds, 1),
        "records_per_minute": round(60 * progress.rate, 1), "seconds_left": None if left is None else round(left),
    }  # fmt: skip


@contextmanager
def _bar() -> Iterator[Report]:
    from datetime import timedelta

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("articles", total=None)

        def report(progress: Progress) -> None:
            left = progress.seconds_left
            told = f"articles, {progress.failed:,} failed, {60 * progress.rate:,.0f} a minute"
            told += "" if left is None else f", {timedelta(seconds=round(left))} left"
            bar.update(task, completed=progress.done, total=progress.total, description=told)

        yield report


def _tell(done: Progress, output: str) -> None:
    earlier = f", {done.there:,} of them by earlier runs" if done.there else ""
    click.echo(f"{output}: {done.done:,} articles{earlier}; {done.seconds:,.0f} s, {60 * done.rate:,.1f} a minute",
               err=True)  # fmt: skip
