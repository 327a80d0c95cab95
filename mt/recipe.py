"""How a model of the hub is made from its download: for which backend, in which arithmetic, and whether it is sound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

from mt import manifest
from mt.ct2 import storage
from mt.document import DecodingOptions, Source
from mt.engine import load
from mt.errors import ConfigError, DecodingError, ModelCorrupt
from mt.hub import Snapshot
from mt.pretrained import require_packages
from mt.registry import Backend, Example, ModelSpec
from mt.store import Report, StoredModel

# What CTranslate2 can store; it loads each in any arithmetic that the machine has.
COMPUTE_TYPES = ("int8", "int8_float32", "int8_float16", "int8_bfloat16", "int16", "float16", "bfloat16", "float32")
AS_STORED = "as stored"  # in the repository
RECIPE = "1"  # another number has every model made anew when it is pulled
LIBRARIES = ("ctranslate2", "transformers", "torch")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is made of a model's repository: `spec` with the backend it is for, and the arithmetic of its weights."""

    spec: ModelSpec
    compute_type: str

    @classmethod
    def of(cls, spec: ModelSpec, compute_type: str | None, backend: Backend | None) -> Recipe:
        """The recipe with those settings, by default the backend of models.yaml, and what CTranslate2 is best at here.

        Raises ConfigError if the model cannot be had so.
        """
        backend = backend or spec.backend
        if spec.architecture == "ct2-sentencepiece":
            if backend != "ct2" or compute_type:
                raise ConfigError(f"{spec.name} is a CTranslate2 model and taken as it is: leave --compute-type and "
                                  f"--backend out")  # fmt: skip
            return cls(spec, AS_STORED)
        if backend == "hf":
            if compute_type:
                raise ConfigError(f"{spec.name} is kept for transformers in the type of its weights: leave "
                                  f"--compute-type out, or pull it with --backend ct2")  # fmt: skip
            return cls(replace(spec, backend=backend), AS_STORED)
        if backend != "ct2":
            raise ConfigError(f"{spec.name} cannot be had for the backend {backend!r}; expected ct2 or hf")
        if (compute_type := compute_type or storage(spec.architecture)) not in COMPUTE_TYPES:
            raise ConfigError(f"--compute-type {compute_type}: expected one of {', '.join(COMPUTE_TYPES)}")
        return cls(replace(spec, backend=backend), compute_type)

    @property
    def takes_it_as_it_is(self) -> bool:
        return self.spec.architecture == "ct2-sentencepiece"

    def check_extra(self) -> None:
        """Return if the libraries for it are there; before gigabytes are downloaded for nothing."""
        if not self.takes_it_as_it_is:
            require_packages(f"{self.spec.name} is read by transformers when it is pulled, which")

    def version(self, snapshot: Snapshot) -> str:
        """What tells the model from others of the name: the commit, and the arithmetic if it was converted."""
        made = "" if self.compute_type == AS_STORED else f"-{self.compute_type}"
        return f"{snapshot.commit[:12]}{made}"

    def facts(self, snapshot: Snapshot) -> dict[str, object]:
        """What the manifest says of where it comes from and how it was made."""
        return {
            "model": self.spec.name,
            "backend": self.spec.backend,
            "compute_type": self.compute_type,
            "recipe": RECIPE,
            "source": snapshot.source.repo,
            "revision": snapshot.source.revision,
            "commit": snapshot.commit,
            "weights": "CTranslate2" if snapshot.ready else "pickle" if snapshot.pickled else "safetensors",
            "licence": self.spec.licence,
            "commercial": self.spec.commercial,
            "versions": dict(_versions()),
        }

    def made(self, directory: Path, snapshot: Snapshot) -> bool:
        """Whether the directory is whole, and was made of this commit in this way."""
        if not manifest.is_whole(directory):
            return False
        there, wanted = manifest.read(directory), self.facts(snapshot)
        return all(there.fact(name) == wanted[name] for name in ("commit", "backend", "compute_type", "recipe"))

    def make(self, downloaded: Path, directory: Path, snapshot: Snapshot, report: Report) -> None:
        """Fill the empty directory with the model; its known translation is tried, if it has one."""
        if self.takes_it_as_it_is:
            for path in downloaded.iterdir():
                path.rename(directory / path.name)
        else:
            from mt.convert import convert, keep

            report(f"converting to {self.compute_type}" if self.spec.backend == "ct2" else "writing safetensors", 0.9)
            if self.spec.backend == "ct2":
                convert(downloaded, directory, self.spec, self.compute_type)
            else:
                keep(downloaded, directory, self.spec)
        if self.spec.example:
            report("translating a sentence whose translation is known", 0.97)
            _try_example(StoredModel(self.spec, directory, self.version(snapshot)), self.spec.example)


def _try_example(model: StoredModel, example: Example) -> None:
    """Return if the model says at least half of the words of its known translation, else ModelCorrupt.

    Case and punctuation apart; and not all words, since int8 may choose a synonym where float32 did not. Weights that
    do not fit their configuration say none of them.
    """
    spec, engine = model.spec, load(model)
    try:
        ((_, hypotheses),) = engine.generate([Source(example.source)], DecodingOptions())
    except DecodingError as error:
        raise ModelCorrupt(f"{spec.name} cannot translate its example: {error}. Check `source` in models.yaml, and "
                           f"transformers' version") from error  # fmt: skip
    answer = hypotheses[0].text
    expected, found = (_words(text) for text in (example.target, answer))
    if 2 * len(expected & found) < len(expected):
        raise ModelCorrupt(f"{spec.name} says {answer[:200]!r} for {example.source!r}; expected {example.target!r}. "
                           f"Its files do not fit together: check `source` in models.yaml, and transformers' version"
                           )  # fmt: skip


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def _versions() -> Iterator[tuple[str, str]]:
    for library in LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            yield library, metadata.version(library)
