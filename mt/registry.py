"""The list of models: `models.yaml` → `ModelSpec` by name or alias, read strictly.

The dataclasses here are the schema: a field is a key of the file, its type is what the key takes, a field without
a default is required. The file explains each key at its top. A new model is one entry there and no code here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from difflib import SequenceMatcher
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from mt.document import DecodingOptions
from mt.errors import ConfigError, UnknownModel
from mt.strict_yaml import load_yaml

Language = Literal["ar", "en"]
Task = Literal["translate", "summarize", "headline"]
Backend = Literal["ort", "ct2", "hf"]
Architecture = Literal[
    "embedded", "marian", "m2m100", "nllb", "mbart", "bart", "pegasus", "t5", "mt5", "ct2-sentencepiece"
]
Quality = Literal["good", "draft", "unknown"]

# Text with what it must be, in words and as a pattern. Names become folders and parts of URLs.
Line = Annotated[str, "one line of text", r".*\S.*"]
Name = Annotated[
    str, "a name of letters, digits, '.', '_', '-', other than auto", r"(?!(?i:auto)$)[A-Za-z0-9][\w.-]{0,99}"
]
Repo = Annotated[str, "owner/name as the hub spells it", r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*"]
Revision = Annotated[
    str, "a branch, tag or commit, in quotes if all digits", r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*"
]


@dataclass(frozen=True, slots=True)
class HubSource:
    """A repository of the Hugging Face hub at a branch, a tag, a commit or a pull request (`refs/pr/7`)."""

    repo: Repo
    revision: Revision


@dataclass(frozen=True, slots=True)
class PublishedScore:
    """What somebody measured, on which test set, and where they say so."""

    value: float
    metric: Line
    testset: Line
    origin: Line


@dataclass(frozen=True, slots=True)
class Limits:
    """The most tokens the model can read and write at once, special tokens included."""

    source_tokens: int
    target_tokens: int


@dataclass(frozen=True, slots=True)
class Example:
    """What a sound copy of a translator makes of a sentence; tried after a conversion."""

    source: Line
    target: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One entry of `models.yaml`; hashable and picklable, so that it can be a cache key and cross processes."""

    name: Name
    aliases: tuple[Name, ...] = ()
    tasks: tuple[Task, ...]
    backend: Backend
    architecture: Architecture
    source: HubSource | None = None  # None: the built-in model
    licence: Line
    commercial: bool
    languages: Mapping[Language, Line] = field(hash=False)  # ours → the model's own code or token
    quality: Quality
    score: PublishedScore | None = None
    limits: Limits
    prefix: Line | None = None
    decoding: DecodingOptions = field(default_factory=DecodingOptions)
    example: Example | None = None
    note: Line | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class _Listing:
    """The file as it is written."""

    models: tuple[ModelSpec, ...]
    auto: Mapping[Task, tuple[Name, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Registry:
    """The models of one file; iterating gives them in its order."""

    specs: tuple[ModelSpec, ...]
    preferred: Mapping[Task, tuple[str, ...]]
    path: Path

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(self.specs)

    def __len__(self) -> int:
        return len(self.specs)

    def spec(self, name: str) -> ModelSpec:
        """The model of that name or alias, in any case of letters; UnknownModel lists the names, nearest first."""
        asked = name[:100].casefold()
        nearness: dict[str, float] = {}
        for spec in self.specs:
            known = [own.casefold() for own in spec.names]
            if name.casefold() in known:
                return spec
            nearness[spec.name] = max(SequenceMatcher(None, asked, own).ratio() for own in known)
        nearest = ", ".join(sorted(nearness, key=nearness.__getitem__, reverse=True))
        raise UnknownModel(f"no model is called {name[:100]!r} in {self.path}; nearest first, it has: {nearest}")

    def auto(self, task: Task) -> tuple[ModelSpec, ...]:
        """The models that `auto` may choose for this task, best first."""
        return tuple(self.spec(name) for name in self.preferred.get(task, ()))


def load_registry(path: Path | None = None) -> Registry:
    """The registry of `path`, else of KHULASA_MODELS, else of the checkout, else of the installed package.

    Raises ConfigError, naming the file, the entry, the key and what was expected.
    """
    path = path or _default_path()
    listing: _Listing = _read(load_yaml(path), _Listing, str(path))
    registry = Registry(listing.models, listing.auto, path)
    owners: dict[str, str] = {}
    for spec in registry:
        _check_spec(spec, f"{path}, models, {spec.name!r}")
        for name in spec.names:
            if owner := owners.get(name.casefold()):
                raise ConfigError(f"{path}, models, {spec.name!r}: {name!r} is already a name or alias of {owner!r}")
            owners[name.casefold()] = spec.name
    for task in listing.auto:
        _check_auto(registry, task, f"{path}, auto, {task}")
    return registry


def _default_path() -> Path:
    if named := os.environ.get("KHULASA_MODELS"):
        return Path(named)
    package = Path(__file__).resolve().parent
    checkout = package.parent / "models.yaml"
    return checkout if checkout.is_file() else package / "data" / "models.yaml"


def _check_spec(spec: ModelSpec, place: str) -> None:
    """Raises ConfigError where keys that are right each for itself do not fit together."""
    if (spec.source is None) != (spec.architecture == "embedded"):
        raise ConfigError(f"{place}, source: expected for every architecture but embedded, which is built here")
    if spec.example and "translate" not in spec.tasks:
        raise ConfigError(f"{place}, example: expected for models that translate only")
    needed = {"ar", "en"} if "translate" in spec.tasks else {"en"}
    if missing := needed - set(spec.languages):
        raise ConfigError(f"{place}, languages: missing key {min(missing)!r}; expected for the tasks of this model")
    if (spec.decoding.num_hypotheses, spec.decoding.plain) != (1, False):
        raise ConfigError(f"{place}, decoding: num_hypotheses and plain belong to a call; expected settings of a model")


def _check_auto(registry: Registry, task: Task, place: str) -> None:
    """Raises ConfigError unless every model is known, has the task and may be used in a newsroom."""
    try:
        specs = registry.auto(task)
    except UnknownModel as error:
        raise ConfigError(f"{place}: expected models of this file: {error}") from error
    if len(set(specs)) < len(specs):
        raise ConfigError(f"{place}: expected each model once; found a name beside its alias")
    for spec in specs:
        if task not in spec.tasks:
            raise ConfigError(f"{place}: {spec.name!r} does not {task}; expected models with this task")
        if not spec.commercial:
            raise ConfigError(f"{place}: {spec.name!r} is non-commercial; expected models free to use")


# --- the reading of values by the types above


def _read(value: Any, hint: Any, place: str) -> Any:
    """`value` as the type `hint`; what is not of it is a ConfigError that names the place and what was expected."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):  # X | None: a key that is not left out holds an X
        return _read(value, arguments[0], place)
    if is_dataclass(hint) or origin is Mapping:
        return _read_mapping(value, hint, place)
    if origin is tuple:
        return _read_list(value, hint, place)
    if not _accepts(hint, value):
        raise _wrong(place, hint, value)
    return float(value) if hint is float else value


def _read_mapping(value: Any, hint: Any, place: str) -> Any:
    keys = _keys(hint)
    if not isinstance(value, dict):
        raise _wrong(place, hint, value)
    for key in value:
        if key not in keys:
            raise ConfigError(f"{place}: unknown key {key[:60]!r}; expected one of {', '.join(keys)}")
    for key in _required(hint):
        if key not in value:
            raise ConfigError(f"{place}: missing key {key!r}; expected {_expected(keys[key])}")
    read = {key: _read(item, keys[key], f"{place}, {key}") for key, item in value.items()}
    return read if get_origin(hint) is Mapping else hint(**read)


def _read_list(value: Any, hint: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list) or not value:
        raise _wrong(place, hint, value)
    items: dict[Any, None] = {}
    for number, raw in enumerate(value, 1):
        label = raw.get("name") if isinstance(raw, dict) else None
        label = repr(label[:60]) if isinstance(label, str) else f"number {number}"
        item = _read(raw, get_args(hint)[0], f"{place}, {label}")
        if item in items:
            raise ConfigError(f"{place}, {label}: expected each item once; found {_shown(raw)} again")
        items[item] = None
    return tuple(items)


def _keys(hint: Any) -> dict[str, Any]:
    """The keys a mapping may have, with the type of each."""
    if is_dataclass(hint):
        return get_type_hints(hint, include_extras=True)
    names, item = get_args(hint)
    return dict.fromkeys(get_args(names), item)


def _required(hint: Any) -> list[str]:
    own = fields(hint) if is_dataclass(hint) else ()
    return [key.name for key in own if key.default is MISSING and key.default_factory is MISSING]


def _accepts(hint: Any, value: Any) -> bool:
    if get_origin(hint) is Literal:
        return isinstance(value, str) and value in get_args(hint)
    if get_origin(hint) is Annotated:  # printable: no escape sequence may reach a terminal through a note
        pattern = hint.__metadata__[1]
        return isinstance(value, str) and value.isprintable() and bool(re.fullmatch(pattern, value, re.ASCII))
    if hint is bool:
        return isinstance(value, bool)
    if hint is int:
        return type(value) is int and 0 < value <= 1_000_000
    return type(value) in (int, float) and 0 < value <= 100


def _expected(hint: Any) -> str:
    if is_dataclass(hint) or get_origin(hint) is Mapping:
        return f"a mapping with keys among {', '.join(_keys(hint))}"
    if get_origin(hint) is tuple:
        return "a list of one or more"
    if get_origin(hint) is Literal:
        return f"one of {', '.join(get_args(hint))}"
    if get_origin(hint) is Annotated:
        return str(hint.__metadata__[0])
    if hint is bool:
        return "true or false"
    return "a whole number from 1 to 1000000" if hint is int else "a number above 0, at most 100"


def _wrong(place: str, hint: Any, value: Any) -> ConfigError:
    return ConfigError(f"{place}: expected {_expected(hint)}; found {_shown(value)}")


def _shown(value: Any) -> str:
    """A value as a short piece of a message, whatever its size."""
    if value is None:
        return "nothing"
    if isinstance(value, list | dict):
        return f"a {'list' if isinstance(value, list) else 'mapping'} of {len(value)}"
    if isinstance(value, int) and abs(value) > 10**9:
        return "a very large number"  # repr() of 5000 digits is a ValueError
    return repr(value[:60] if isinstance(value, str) else value)
