"""What every backend offers, and the one place that turns the name of a model into a loaded engine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol

from mt import store
from mt.document import DecodingOptions, Hypothesis, Source
from mt.errors import BackendUnavailable, ConfigError, DecodingError, ModelNotFound
from mt.local import local_spec, local_version
from mt.registry import ModelSpec, Registry, Task

BACKENDS = {
    "ort": "mt.ort:OnnxRuntimeEngine",
    "ct2": "mt.ct2:CTranslate2Engine",
    "hf": "mt.hf:TransformersEngine",
}


class Engine(Protocol):
    """A loaded model: batch in, batch out. Thread-safe; decodes once and repairs nothing."""

    spec: ModelSpec
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
        raise ModelNotFound(f"no model for the task {task!r} is on disk; {registry.path} prefers: "
                            f"{', '.join(spec.name for spec in candidates) or 'none'}.")  # fmt: skip
    directory = _directory(name)
    spec = local_spec(directory) if directory else registry.spec(name)
    if task not in spec.tasks:
        able = ", ".join(other.name for other in registry if task in other.tasks)
        raise ConfigError(f"{spec.name} cannot {task}; these models can: {able}")
    return spec


def load_engine(
    name: str,
    task: Task,
    registry: Registry,
    placement: Placement = Placement(),
    report: store.Report = lambda what, share: None,
) -> Engine:
    """The model, loaded; the built-in one is built on its first use, and `report` told how far that is.

    Raises:
        UnknownModel, ConfigError: no such name, not for this task, or no such device.
        ModelNotFound, ModelCorrupt, BackendUnavailable: it is known, but cannot be loaded.
    """
    spec = resolve(name, task, registry)
    directory = _directory(name)
    model = store.StoredModel(spec, directory, local_version(directory)) if directory else store.ensure(spec, report)
    if model.spec.backend not in BACKENDS:
        raise BackendUnavailable(f"{spec.name} needs the backend {model.spec.backend!r}, which this version does not "
                                 f"have; choose a model whose backend is {' or '.join(BACKENDS)}")  # fmt: skip
    module, _, backend = BACKENDS[model.spec.backend].partition(":")
    engine: Engine = getattr(import_module(module), backend)(model, placement)
    return engine


def _directory(name: str) -> Path | None:
    """The directory that `name` means; None if it is no directory, or `auto`."""
    try:
        return Path(name) if name not in ("", "auto") and Path(name).is_dir() else None
    except OSError:  # longer than a path can be, or in a place we may not look into
        return None
