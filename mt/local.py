"""A model directory that no registry knows → its specification, read from the files in it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from mt.document import DecodingOptions
from mt.errors import ModelCorrupt, ModelNotFound
from mt.registry import Architecture, Language, Limits, ModelSpec

_TRANSLATORS: dict[str, dict[Language, str]] = {  # architecture → its names of the languages
    "marian": {"ar": "ar", "en": "en"},
    "nllb": {"ar": "arb_Arab", "en": "eng_Latn"},
    "m2m100": {"ar": "__ar__", "en": "__en__"},
    "mbart": {"ar": "ar_AR", "en": "en_XX"},
}
_UNKNOWN = ModelSpec(
    name="local",
    tasks=("translate",),
    backend="ct2",
    architecture="marian",
    licence="not stated",
    commercial=False,
    languages=_TRANSLATORS["marian"],
    quality="unknown",
    limits=Limits(source_tokens=240, target_tokens=480),
    decoding=DecodingOptions(beam_size=4),
)


def local_spec(directory: Path) -> ModelSpec:
    """What the model in the directory is, with careful limits; of CTranslate2, of transformers, or the built-in one.

    Raises:
        ModelNotFound: there is no model in it.
        ModelCorrupt: its config.json cannot be read, or names an architecture that is not supported.
    """
    name = directory.resolve().name
    if (directory / "model.bin").is_file():
        return replace(_UNKNOWN, name=name)
    if (directory / "model.onnx").is_file():
        limits = Limits(source_tokens=240, target_tokens=240)  # it has 512 positions for both together
        return replace(_UNKNOWN, name=name, backend="ort", architecture="embedded", limits=limits)
    if not (directory / "config.json").is_file():
        raise ModelNotFound(f"{directory} holds no model.bin (CTranslate2), no config.json (transformers) and no "
                            f"model.onnx (built in); expected the directory of a model")  # fmt: skip
    return replace(_transformers_spec(directory), name=name)


def _transformers_spec(directory: Path) -> ModelSpec:
    config = _config(directory)
    architecture = _architecture(str(config.get("model_type")), directory)
    positions = config.get("max_position_embeddings") or config.get("n_positions") or 512
    limit = positions if isinstance(positions, int) and 0 < positions < 1024 else 1024
    spec = replace(
        _UNKNOWN, backend="hf", architecture=architecture, limits=Limits(limit, limit), decoding=DecodingOptions()
    )
    if architecture in _TRANSLATORS:
        return replace(spec, languages=_TRANSLATORS[architecture])
    prefix = "summarize: " if architecture == "t5" else None
    return replace(spec, tasks=("summarize",), languages={"en": "en"}, prefix=prefix)


def _architecture(model_type: str, directory: Path) -> Architecture:
    if model_type == "m2m_100":  # NLLB has the same type, and no vocab.json
        return "m2m100" if (directory / "vocab.json").is_file() else "nllb"
    known: dict[str, Architecture] = {"marian": "marian", "mbart": "mbart", "bart": "bart", "pegasus": "pegasus",
                                      "t5": "t5", "mt5": "mt5"}  # fmt: skip
    if model_type not in known:
        raise ModelCorrupt(f"{directory}: config.json says model_type {model_type[:60]!r}; supported are "
                           f"m2m_100, {', '.join(known)}")  # fmt: skip
    return known[model_type]


def _config(directory: Path) -> dict[str, Any]:
    try:
        config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelCorrupt(f"{directory}: config.json cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise ModelCorrupt(f"{directory}: config.json holds no object")
    return config
