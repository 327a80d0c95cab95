"""A model directory that no registry knows → its specification and its version, read from the files in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from mt.document import DecodingOptions
from mt.errors import ConfigError, ModelCorrupt, ModelError, ModelNotFound
from mt.registry import Architecture, Language, Limits, ModelSpec
from mt.tokenizer import read_json

_TRANSLATORS: dict[str, dict[Language, str]] = {  # architecture → its names of the languages
    "marian": {"ar": "ar", "en": "en"},
    "ct2-sentencepiece": {"ar": "ar", "en": "en"},
    "nllb": {"ar": "arb_Arab", "en": "eng_Latn"},
    "m2m100": {"ar": "__ar__", "en": "__en__"},
    "mbart": {"ar": "ar_AR", "en": "en_XX"},
}
_ARABIC = ("ar", "ara", "arb", "arz", "apc", "afb", "ary", "sem", "afa", "mul")  # with the families it belongs to
_ENGLISH = ("en", "eng")
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
_HASHED = (".json", ".bin", ".safetensors", ".onnx", ".data", ".spm", ".model", ".txt", ".npy")
_BLOCK, _BLOCKS = 64 * 1024, 16  # what is read of a large file


def local_spec(directory: Path) -> ModelSpec:
    """What the model in the directory is, with careful limits.

    It may be one of CTranslate2 (with the files `mt.convert` writes, a SentencePiece pair, or as an unpacked Argos
    package), one of transformers as the hub has it, or the built-in one.

    Raises:
        ModelNotFound: there is no model in it.
        ModelCorrupt: a file that says what the model is cannot be read, or names what is not supported.
        ConfigError: it translates between other languages.
    """
    name = _name(directory)
    if (directory / "metadata.json").is_file() and (directory / "model").is_dir():
        return replace(_argos_spec(directory), name=name)
    if (directory / "model.bin").is_file():
        return replace(_ctranslate2_spec(directory), name=name)
    if (directory / "model.onnx").is_file():
        limits = Limits(source_tokens=240, target_tokens=240)  # it has 512 positions for both together
        return replace(_UNKNOWN, name=name, backend="ort", architecture="embedded", limits=limits)
    if not (directory / "config.json").is_file():
        raise ModelNotFound(f"{directory} holds no model.bin (CTranslate2), no config.json (transformers), no "
                            f"model.onnx (built in) and no metadata.json with a folder model (Argos); expected the "
                            f"directory of a model")  # fmt: skip
    return replace(_transformers_spec(directory), name=name)


def local_version(directory: Path) -> str:
    """Eight hex digits that differ between models: a hash over the names, sizes and contents of the model's files.

    Of a file over 1 MiB, sixteen blocks spread over it stand for the whole: gigabytes of weights take milliseconds, and
    no two trainings agree in them. That a file is undamaged is for checksums to say, not for this. ModelError if a file
    cannot be read.
    """
    digest = hashlib.sha256()
    try:
        for path in sorted([*directory.iterdir(), *(directory / "model").glob("*")]):
            if path.suffix in _HASHED and path.name != "manifest.json" and path.is_file():  # that tells the time
                size = path.stat().st_size
                digest.update(f"{path.relative_to(directory).as_posix()}\0{size}\0".encode("utf-8", "replace"))
                with path.open("rb") as file:
                    for block in range(_BLOCKS):
                        if size > _BLOCK * _BLOCKS:
                            file.seek((size - _BLOCK) * block // (_BLOCKS - 1))
                        digest.update(file.read(_BLOCK))
    except OSError as error:
        raise ModelError(f"{error.filename or directory} cannot be read: {error.strerror or error}; expected the "
                         f"files of a model that may be read") from error  # fmt: skip
    return digest.hexdigest()[:8]


def _name(directory: Path) -> str:
    """The directory's name as a signature can show it; in the hub's own cache, that of the repository."""
    home = directory.resolve()
    if home.parent.name == "snapshots" and home.parent.parent.name.startswith("models--"):
        return _printable(home.parent.parent.name.rpartition("--")[2])
    return _printable(home.name)


def _printable(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-")[:100] or "local"


def _argos_spec(directory: Path) -> ModelSpec:
    metadata = read_json(directory / "metadata.json")
    _check_pair(directory / "metadata.json", metadata.get("from_code"), metadata.get("to_code"))
    for needed in ("sentencepiece.model", "model/model.bin"):
        if not (directory / needed).is_file():
            raise ModelCorrupt(f"{directory} lacks {needed}; expected an unpacked Argos package with SentencePiece")
    # Its own library cuts sentences for it, since it reads some 150 tokens at once.
    return replace(_UNKNOWN, architecture="ct2-sentencepiece", limits=Limits(source_tokens=150, target_tokens=300))


def _ctranslate2_spec(directory: Path) -> ModelSpec:
    if (directory / "khulasa.json").is_file():  # what mt.convert knew of it
        settings = read_json(directory / "khulasa.json")
        architecture: Any = settings.get("architecture")
        if architecture not in get_args(Architecture):
            raise ModelCorrupt(f"{directory / 'khulasa.json'} says architecture {_shown(architecture)}; convert the "
                               f"model again")  # fmt: skip
        limits = _UNKNOWN.limits if architecture in _TRANSLATORS else Limits(512, 512)
        return _named(replace(_UNKNOWN, architecture=architecture, limits=limits, decoding=DecodingOptions()), {})
    if (directory / "src.spm.model").is_file():  # quickmt's, with the values of its library
        limits, decoding = Limits(256, 256), DecodingOptions(beam_size=2, max_decoding_length=256)
        return replace(_UNKNOWN, architecture="ct2-sentencepiece", limits=limits, decoding=decoding)
    return _UNKNOWN


def _transformers_spec(directory: Path) -> ModelSpec:
    config = read_json(directory / "config.json")
    architecture = _architecture(config, directory)
    if architecture == "marian" and (directory / "tokenizer_config.json").is_file():
        languages = read_json(directory / "tokenizer_config.json")
        pair = languages.get("source_lang"), languages.get("target_lang")
        if pair != (None, None):
            _check_pair(directory / "tokenizer_config.json", *pair)
    positions = config.get("max_position_embeddings") or config.get("n_positions") or 512
    limit = positions if type(positions) is int and 0 < positions < 1024 else 1024
    spec = replace(
        _UNKNOWN, backend="hf", architecture=architecture, limits=Limits(limit, limit), decoding=DecodingOptions()
    )
    return _named(spec, summarization_settings(config.get("task_specific_params")))


def summarization_settings(task_specific_params: Any) -> dict[str, Any]:
    """What config.json keeps for the task, as T5's and distilbart's do: generation settings, and a prefix."""
    own = task_specific_params.get("summarization") if isinstance(task_specific_params, dict) else None
    return own if isinstance(own, dict) else {}


def _named(spec: ModelSpec, task: Mapping[str, Any]) -> ModelSpec:
    """The specification with the task, languages and prefix that follow from its architecture."""
    if spec.architecture in _TRANSLATORS:
        return replace(spec, languages=_TRANSLATORS[spec.architecture])
    own = task.get("prefix")
    prefix = own if isinstance(own, str) else "summarize: "
    return replace(spec, tasks=("summarize",), languages={"en": "en"},
                   prefix=prefix if spec.architecture == "t5" else None)  # fmt: skip


def _architecture(config: dict[str, Any], directory: Path) -> Architecture:
    model_type = config.get("model_type")
    if model_type == "m2m_100":  # NLLB has the same type, and no vocab.json
        return "m2m100" if (directory / "vocab.json").is_file() else "nllb"
    known: dict[Any, Architecture] = {"marian": "marian", "mbart": "mbart", "bart": "bart", "pegasus": "pegasus",
                                      "t5": "t5", "mt5": "mt5"}  # fmt: skip
    if not isinstance(model_type, str) or model_type not in known:
        raise ModelCorrupt(f"{directory}: config.json says model_type {_shown(model_type)}; supported are "
                           f"m2m_100, {', '.join(known)}")  # fmt: skip
    return known[model_type]


def _check_pair(path: Path, source: Any, target: Any) -> None:
    """Raises ConfigError unless the model reads Arabic and writes English, as far as its file says."""
    if not all(isinstance(code, str) and code for code in (source, target)):
        raise ModelCorrupt(f"{path} says {_shown(source)} and {_shown(target)}; expected the codes of two languages")
    if source not in _ARABIC or target not in _ENGLISH:
        raise ConfigError(f"{path}: the model translates from {_shown(source)} to {_shown(target)}; expected one from "
                          f"'ar' to 'en'")  # fmt: skip


def _shown(value: Any) -> str:
    return repr(value and value[:60]) if isinstance(value, str | None) else type(value).__name__
