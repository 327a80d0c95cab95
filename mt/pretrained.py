"""A transformers directory → its model and tokenizer on torch, read as a stranger's files deserve.

Nothing is downloaded, no code of a repository is run, pickled weights may hold tensors only, and a weight that no file
holds is an error: transformers would draw it at random, and say so in a log.
"""

from __future__ import annotations

import os
import pickle
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mt.document import DecodingOptions
from mt.errors import BackendUnavailable, ConfigError, ModelCorrupt, ModelError, MTError
from mt.local import summarization_settings
from mt.registry import ModelSpec

if TYPE_CHECKING:
    import torch

PACKAGES = ("torch", "transformers", "accelerate")
DTYPES = ("float32", "float16", "bfloat16")
OUT_OF_MEMORY = ("out of memory", "not enough memory", "can't allocate memory")  # torch says it in a RuntimeError
# What a repository may say of decoding, in transformers' names.
SETTINGS = ("num_beams", "length_penalty", "repetition_penalty", "no_repeat_ngram_size", "min_length", "max_length",
            "min_new_tokens", "max_new_tokens")  # fmt: skip


def require_packages(needed_for: str) -> None:
    """Return if what transformers models need can be imported; else BackendUnavailable, which says how to get it."""
    try:
        for package in PACKAGES:
            import_module(package)
    except ImportError as error:
        raise BackendUnavailable(f"{needed_for} needs {', '.join(PACKAGES)}; an import failed ({error}): pip install "
                                 f"'.[hub]' in the checkout") from error  # fmt: skip


def choose_device(asked: str) -> torch.device:
    """The device, once a number has been there and back; ConfigError if this machine or this torch has none such."""
    import accelerate
    import torch

    if asked == "auto":
        found: torch.device = accelerate.PartialState().device
        return found
    try:
        torch.zeros(1, device=asked).item()
    except Exception as error:  # AssertionError without CUDA, and each device raises its own
        raise ConfigError(f"--device {asked}: {error}; expected auto, cpu, or a device that is here and that the "
                          f"installed torch was built for") from error  # fmt: skip
    return torch.device(asked)


def choose_dtype(compute_type: str, device: str) -> str:
    """The arithmetic by its name; ConfigError if transformers has no such."""
    if compute_type in ("auto", "default"):
        return "float32" if device == "cpu" else "bfloat16"
    if compute_type not in DTYPES:
        raise ConfigError(f"--compute-type {compute_type}: the transformers backend computes in {', '.join(DTYPES)}; "
                          f"auto and default choose")  # fmt: skip
    return compute_type


def load_pretrained(directory: Path, **placement: Any) -> tuple[Any, Any]:
    """The tokenizer and the seq2seq model of a directory; `placement` is dtype and device_map of transformers.

    Raises:
        ModelCorrupt: a file is damaged, holds more than tensors, or lacks some that the model needs.
        ModelError: the model does not fit into the memory, or its files may not be read.
        BackendUnavailable: it needs a package that is not there.
    """
    require_packages(str(directory))
    with quiet(), explained(directory, "loaded by transformers"):
        import transformers

        trust = {"local_files_only": True, "trust_remote_code": False}
        tokenizer = transformers.AutoTokenizer.from_pretrained(str(directory), **trust)
        _check_tokenizer(directory, tokenizer)
        model, report = transformers.AutoModelForSeq2SeqLM.from_pretrained(
            str(directory), **trust, **placement, weights_only=True, ignore_mismatched_sizes=True,
            output_loading_info=True,
        )  # fmt: skip
        _check_weights(directory, model, report)
        return tokenizer, model.eval()


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """How a repository wants its model to be decoded."""

    decoding: DecodingOptions
    first: int | None  # the token that it has every target begin with
    forces_end: bool  # whether at the length limit the last token is an end


def own_settings(model: Any, spec: ModelSpec, directory: Path) -> OwnSettings:
    """What generation_config.json or the top of config.json says, which transformers has read.

    Where they leave a value out, for a summarizer, what config.json says in task_specific_params: T5 and distilbart
    have all of it there, and transformers 5 no longer looks. Raises ModelCorrupt for what is no number.
    """
    config = model.generation_config
    said = {name: getattr(config, name) for name in SETTINGS}
    if "summarize" in spec.tasks:
        task = summarization_settings(getattr(model.config, "task_specific_params", None))
        said = {name: task.get(name) if value is None else value for name, value in said.items()}
    for name, value in said.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ModelCorrupt(f"{directory}: its generation settings say {name} {value!r:.60}; expected a number")
    decoding = DecodingOptions(
        beam_size=said["num_beams"],
        length_penalty=said["length_penalty"],
        repetition_penalty=said["repetition_penalty"],
        no_repeat_ngram_size=said["no_repeat_ngram_size"] or None,
        min_decoding_length=said["min_new_tokens"] or _without_start(said["min_length"]),
        max_decoding_length=said["max_new_tokens"] or _without_start(said["max_length"]),
    )
    first = config.forced_bos_token_id
    if first is None:  # of BART it stands in the second, which transformers 5 does not read
        first = getattr(model.config, "forced_bos_token_id", None)
    return OwnSettings(decoding, first, config.forced_eos_token_id is not None)


def _without_start(length: Any) -> Any:
    """A length of transformers', which counts the token that the decoder starts with, as we count."""
    return length - 1 if length and length > 1 else None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the machine, or its accelerator, had no memory left; torch has no one class for it."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in OUT_OF_MEMORY)


@contextmanager
def quiet() -> Iterator[None]:
    """No bars, no warnings, and no thread that asks the hub for a safer copy of pickled weights."""
    os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")
    import transformers

    log: Any = transformers.utils.logging
    log.set_verbosity_error()  # for good: it has a word to say at each decoding too
    log.disable_progress_bar()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def explained(directory: Path, doing: str) -> Iterator[None]:
    """What the readers of a model raise becomes one of ours; `doing` ends "it cannot be"."""
    try:
        yield
    except MTError:
        raise
    except ImportError as error:
        raise BackendUnavailable(f"{directory} needs another package: {error}") from error
    except PermissionError as error:
        raise ModelError(
            f"{error.filename or directory} may not be read: {error.strerror}; ask for the right to"
        ) from error
    except pickle.UnpicklingError as error:
        raise ModelCorrupt(f"{directory}: its pickled weights hold more than tensors, or are damaged, and are not "
                           f"loaded; get a revision with safetensors") from error  # fmt: skip
    except Exception as error:  # the native readers' exceptions have no base of their own
        if is_out_of_memory(error):
            raise ModelError(f"{directory} does not fit into the memory ({_first_line(error)}): free some, or choose "
                             f"a smaller model, another --compute-type or --device") from error  # fmt: skip
        raise ModelCorrupt(f"{directory} cannot be {doing} ({_first_line(error)}); get it again, or another "
                           f"revision") from error  # fmt: skip


def _check_tokenizer(directory: Path, tokenizer: Any) -> None:
    """Raises ModelCorrupt where the tokenizer's files are not there: transformers makes an empty one up."""
    names = {key: name for key, name in tokenizer.vocab_files_names.items() if not key.startswith("tokenizer_")}
    lacking = [name for key, name in names.items() if key != "target_vocab_file" and not (directory / name).is_file()]
    if lacking and not (hasattr(tokenizer, "backend_tokenizer") and (directory / "tokenizer.json").is_file()):
        raise ModelCorrupt(f"{directory} lacks {lacking[0]} of its tokenizer; get it again")


def _check_weights(directory: Path, model: Any, report: dict[str, Any]) -> None:
    missing = sorted(key for key in report["missing_keys"] if not _is_computed(model, key))
    if missing:
        raise ModelCorrupt(f"{directory}: its files lack {len(missing)} of the model's weights, {missing[0]} among "
                           f"them; get it again, or another revision")  # fmt: skip
    if wrong := sorted(str(entry[0]) for entry in report["mismatched_keys"]):
        raise ModelCorrupt(f"{directory}: its weights have other shapes than its config.json says, {wrong[0]} among "
                           f"them; get it again, or another revision")  # fmt: skip


def _is_computed(model: torch.nn.Module, key: str) -> bool:
    """Whether the weight is sines of positions, which the files of Pegasus and Marian leave out."""
    return type(model.get_submodule(key.rpartition(".")[0])).__name__.endswith("SinusoidalPositionalEmbedding")


def _first_line(error: BaseException) -> str:
    """What an exception says, without the pages of advice for programmers."""
    return str(error).strip().partition("\n")[0][:300] or type(error).__name__
