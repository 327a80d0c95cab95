"""The models that people who use a server may choose: what they are, and the names that they may say."""

from __future__ import annotations

from dataclasses import dataclass

from mt import store
from mt.engine import resolve
from mt.errors import ModelNotFound, UnknownModel
from mt.registry import ModelSpec, Quality, Registry, Task

EXTRACTIVE = {  # summarizers that are code
    "lexrank": "LexRank: the most central sentences of the translation",
    "lead": "Lead: the first sentences of the translation",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A model as a person chooses it; `size` is its bytes on disk, None where it has none there."""

    name: str
    label: str
    licence: str
    commercial: bool
    quality: Quality
    size: int | None
    installed: bool  # it can be used at once; the built-in one is built if need be
    default: bool = False  # what `auto` means


def offers(registry: Registry, task: Task) -> tuple[Offer, ...]:
    """What can be chosen for a task: first what needs no model, then the registry's, in its order."""
    default = _default(registry, task)
    own = EXTRACTIVE.items() if task == "summarize" else ()
    return (
        *(Offer(name, label, "Apache-2.0", True, "unknown", None, True, name == default) for name, label in own),
        *(_offer(spec, spec.name == default) for spec in registry if task in spec.tasks),
    )


def chosen(name: str, task: Task, registry: Registry) -> str:
    """The model's own name, for a name or alias that a stranger says; `auto` stays. Never a directory.

    Raises:
        UnknownModel: there is none of that name for this task.
        ModelNotFound: it is not on disk; a server gets nothing.
    """
    if name == "auto" or (task == "summarize" and name in EXTRACTIVE):
        return name
    try:
        spec = registry.spec(name)
    except UnknownModel:  # whose message names a file of this machine
        raise UnknownModel(f"no model is called {name[:100]!r}; {_here(registry, task)}") from None
    if task not in spec.tasks:
        raise UnknownModel(f"{spec.name} cannot {task}; {_here(registry, task)}")
    if not _installed(spec):
        raise ModelNotFound(f"{spec.name} is not on this server; {_here(registry, task)}. Who runs it can add it with "
                            f"`khulasa models pull {spec.name}`")  # fmt: skip
    return spec.name


def _here(registry: Registry, task: Task) -> str:
    own = EXTRACTIVE if task == "summarize" else ()
    names = [*own, *(spec.name for spec in registry if task in spec.tasks and _installed(spec))]
    return f"for this, there are here: {', '.join(['auto', *names])}"


def _default(registry: Registry, task: Task) -> str:
    try:
        return resolve("auto", task, registry).name
    except ModelNotFound:
        return "lexrank" if task == "summarize" else ""


def _installed(spec: ModelSpec) -> bool:
    return spec.source is None or store.find(spec) is not None


def _offer(spec: ModelSpec, default: bool) -> Offer:
    found = store.find(spec)
    drafts = ", draft" if spec.quality == "draft" else ""
    terms = "" if spec.commercial else ", non-commercial"
    return Offer(
        spec.name, f"{spec.name} ({spec.licence}{terms}{drafts})", spec.licence, spec.commercial, spec.quality,
        found.size if found else None, _installed(spec), default,
    )  # fmt: skip
