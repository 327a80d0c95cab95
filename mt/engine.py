"""What every backend offers, and the one place that turns the name of a model into a loaded engine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Protocol

from mt import store
from mt.document import DecodingOptions, Hypothesis, Source
from mt.errors import BackendUnavailable, ConfigError, DecodingError, ModelNotFound
from mt.local import local_spec, local_version
from mt.registry import ModelSpec, Registry, Task

OVERFLOWS = ("pegasus", "t5", "mt5")  # in float16 these write nothing, or nan (huggingface/transformers#11289)
BACKENDS = {
    "ort": "mt.ort:OnnxRuntimeEngine",
    "ct2": "mt.ct2:CTranslate2Engine",
    "hf": "mt.hf:TransformersEngine",
}


class Engine(Protocol):
    """A loaded model: batch in, batch out. Thread-safe; decodes once and repairs nothing."""

    spec: ModelSpec  # `decoding` holds the settings of models.yaml, and those of the model's repository below them
    takes_terms: bool  # whether `Source.terms` reach the model
    takes_prefix: bool  # whether targets begin with `Source.prefix`
    signature: str  # name@version|backend|compute type

    def count_tokens(self, source: Source) -> int:
        """How long a source is for this model, special tokens and terms included."""

    def generate(
        self, sources: Sequence[Source], options: DecodingOptions
    ) -> Iterator[tuple[int, tuple[Hypothesis, ...]]]:
        """Each index once, as batches finish, with its hypotheses, best first; closing the iterator cancels.

        A blank source gives one empty hypothesis without asking the model.

        Raises:
            DecodingError: the native engine failed, or a source is longer than `spec.limits`.
        """


@dataclass(frozen=True, slots=True)
class Placement:
    """Where and in which arithmetic a model runs; None and 0 leave the choice to the backend."""

    device: str = "auto"
    compute_type: str = "default"
    threads: int = 0

    @property
    def cores(self) -> int:
        """Threads to use: as asked, else the cores this process may run on."""
        if self.threads < 0:
            raise ConfigError(f"--threads {self.threads}: expected 0 (all cores) or more")
        if self.threads:
            return self.threads
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def refuse_long(sources: Sequence[Sequence[object]], spec: ModelSpec) -> None:
    """Return if every source, as tokens, fits the model; for the engines, before they decode.

    Raises DecodingError, naming the first that does not.
    """
    for index, tokens in enumerate(sources):
        if len(tokens) > spec.limits.source_tokens:
            raise DecodingError(f"source {index} has {len(tokens)} tokens, {spec.name} takes "
                                f"{spec.limits.source_tokens}; cut it first (mt.segment)")  # fmt: skip


def refuse_overflow(spec: ModelSpec, compute_type: str) -> None:
    """Return if the model can be computed in that arithmetic; ConfigError if it would write nothing, or nan."""
    if spec.architecture in OVERFLOWS and compute_type in ("float16", "int8_float16"):
        raise ConfigError(f"{spec.name} would be computed in {compute_type}, in which {spec.architecture} models "
                          f"overflow; choose --compute-type bfloat16, int8_float32 or float32")  # fmt: skip


def with_lengths(asked: DecodingOptions, spec: ModelSpec, forces_end: bool) -> DecodingOptions:
    """What was asked for, then the model's settings; both lengths set, counting what a target must begin with.

    With `forces_end` the last token at the limit is an end, whatever the model says: there is room for one less, since
    that end would hide that the target is cut. The minimum of a model gives way to the limit of a call. Raises
    ConfigError for a call whose own minimum does not fit.
    """
    options = asked.over(spec.decoding)
    longest, shortest = options.max_decoding_length or spec.limits.target_tokens, options.min_decoding_length or 1
    if asked.min_decoding_length is not None and shortest > longest:
        raise ConfigError(f"{spec.name} cannot decode with a min_decoding_length of {shortest} and a "
                          f"max_decoding_length of {longest}; expected the first to be the smaller")  # fmt: skip
    room = max(1, longest - forces_end)
    return replace(options, min_decoding_length=min(shortest, room), max_decoding_length=room)


def resolve(name: str, task: Task, registry: Registry) -> ModelSpec:
    """The model that `name` means: an entry of the registry, `auto`, or a directory.

    `auto` is the first model of the task's list that is on disk, else the built-in one. A directory goes before a
    model of the same name: it is what a conversion leaves behind.
    """
    if name == "auto":
        candidates = registry.auto(task)
        for spec in candidates:
            if spec.source is None or store.find(spec):
                return spec
        raise ModelNotFound(f"no model for the task {task!r} is on disk: `khulasa models pull NAME` gets one; "
                            f"{registry.path} prefers: {', '.join(spec.name for spec in candidates) or 'none'}"
                            )  # fmt: skip
    directory = _directory(name)
    spec = local_spec(directory) if directory else registry.spec(name)
    if task not in spec.tasks:
        able = ", ".join(other.name for other in registry if task in other.tasks)
        raise ConfigError(f"{spec.name} cannot {task}; these models can: {able}")
    return spec


def locate(
    name: str, task: Task, registry: Registry, report: store.Report = lambda what, share: None
) -> store.StoredModel:
    """The model on disk that `name` means; the built-in one is built on its first use, and `report` told of it.

    Raises:
        UnknownModel, ConfigError: no such name, or not for this task.
        ModelNotFound, ModelCorrupt: it is known, but is not there, or is no model.
    """
    spec, directory = resolve(name, task, registry), _directory(name)
    return store.StoredModel(spec, directory, local_version(directory)) if directory else store.ensure(spec, report)


def load(model: store.StoredModel, placement: Placement = Placement()) -> Engine:
    """The engine of a model on disk.

    Raises:
        ConfigError: no such device or arithmetic.
        ModelCorrupt, BackendUnavailable: it cannot be loaded.
    """
    if model.spec.backend not in BACKENDS:
        raise BackendUnavailable(f"{model.spec.name} needs the backend {model.spec.backend!r}, which this version does "
                                 f"not have; choose a model whose backend is {' or '.join(BACKENDS)}")  # fmt: skip
    module, _, backend = BACKENDS[model.spec.backend].partition(":")
    engine: Engine = getattr(import_module(module), backend)(model, placement)
    return engine


def load_engine(
    name: str,
    task: Task,
    registry: Registry,
    placement: Placement = Placement(),
    report: store.Report = lambda what, share: None,
) -> Engine:
    """The engine of the model that `name` means; raises what `locate` and `load` raise."""
    return load(locate(name, task, registry, report), placement)


def _directory(name: str) -> Path | None:
    """The directory that `name` means; None if it is no directory, or `auto`."""
    try:
        return Path(name) if name not in ("", "auto") and Path(name).is_dir() else None
    except OSError:  # longer than a path can be, or in a place we may not look into
        return None
