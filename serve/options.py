"""The options that several commands share, and what they mean."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mt.document import DecodingOptions
from serve.terminal import building

_READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)
_MODEL = (
    click.option("--model", default="auto", help="Name, alias, directory, or auto: the best one on disk."),
    click.option("--beam-size", type=click.IntRange(1, 32), help="Hypotheses kept while decoding."),
    click.option(
        "--plain", is_flag=True, help="No terms, no other reading of slips, no re-ranking, no second decoding."
    ),
    click.option("--glossary", type=_READABLE, help="Your terms: CSV, TSV or TMX."),
    click.option("--ledger", type=_READABLE, help="Names as you write them: CSV or TSV."),
    click.option("--compute-type", default="default", help="int8, int8_float32, float32, float16, …"),
    click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto"),
    click.option("--threads", type=click.IntRange(0), default=0, help="0: all cores."),
)


def model_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add what says how to decode; the command gets `model`, `decoding`, `placement`, `glossary`, `ledger`."""

    @functools.wraps(command)
    def wrapped(*args: Any, **given: Any) -> None:
        from mt.engine import Placement

        placement = Placement(*(given.pop(name) for name in ("device", "compute_type", "threads")))
        decoding = DecodingOptions(**{name: given.pop(name) for name in ("beam_size", "plain")})
        command(*args, placement=placement, decoding=decoding, **given)

    return functools.reduce(lambda function, option: option(function), reversed(_MODEL), wrapped)


def decoding_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a command that decodes with a service; it gets `service`, `model`, `decoding`."""

    @functools.wraps(command)
    @click.pass_obj
    def wrapped(models_file: Path | None, /, glossary: Path | None, ledger: Path | None, **given: Any) -> None:
        from mt.registry import load_registry
        from mt.terms import load_terms
        from serve.service import Service

        terms, placement = load_terms(glossary, ledger), given.pop("placement")
        command(service=Service(load_registry(models_file), placement, building, terms), **given)

    return model_options(wrapped)


def summary_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every command that summarizes; the command gets `summarizing`."""

    @click.option("--summarizer", default="auto", help="lead, lexrank, a model, or auto: a model on disk, or lexrank.")
    @click.option("--sentences", type=click.IntRange(1, 20), default=3, help="Sentences of summary.")
    @click.option("--keep-unsupported", is_flag=True, help="Show what a model wrote without support, marked.")
    @functools.wraps(command)
    def wrapped(*args: Any, **given: Any) -> None:
        from serve.service import Summarizing

        names = ("summarizer", "sentences", "keep_unsupported")
        command(*args, summarizing=Summarizing(*(given.pop(name) for name in names)), **given)

    return wrapped
