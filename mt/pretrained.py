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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mt.errors import BackendUnavailable, ConfigError, ModelCorrupt, ModelError

if TYPE_CHECKING:
    import torch

DTYPES = ("float32", "float16", "bfloat16")
OVERFLOWS = ("pegasus", "t5", "mt5")  # in float16 these write nothing, or nan (huggingface/transformers#11289)
OUT_OF_MEMORY = ("out of memory", "not enough memory", "can't allocate memory")  # torch says it in a RuntimeError


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


def choose_dtype(compute_type: str, device: str, architecture: str) -> str:
    """The arithmetic by its name; ConfigError if transformers, or the architecture, has no such."""
    if compute_type in ("auto", "default"):
        return "float32" if device == "cpu" else "bfloat16"
    if compute_type not in DTYPES:
        raise ConfigError(f"--compute-type {compute_type}: the transformers backend computes in {', '.join(DTYPES)}; "
                          f"auto and default choose")  # fmt: skip
    if compute_type == "float16" and architecture in OVERFLOWS:
        raise ConfigError(f"--compute-type float16: {architecture} models overflow in it; choose bfloat16 or float32")
    return compute_type


def load_pretrained(directory: Path, **placement: Any) -> tuple[Any, Any]:
    """The tokenizer and the seq2seq model of a directory; `placement` is dtype and device_map of transformers.

    Raises:
        ModelCorrupt: a file is damaged, holds more than tensors, or lacks some that the model needs.
        ModelError: the model does not fit into the memory, or its files may not be read.
        BackendUnavailable: it needs a package that is not there.
    """
    with _quiet(), _mapped(directory):
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


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the machine, or its accelerator, had no memory left; torch has no one class for it."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in OUT_OF_MEMORY)


@contextmanager
def _quiet() -> Iterator[None]:
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
def _mapped(directory: Path) -> Iterator[None]:
    try:
        yield
    except ModelError:
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
            raise ModelError(f"{directory} does not fit into the memory ({_first_line(error)}): free some, choose a "
                             f"smaller model, --compute-type bfloat16, or another --device") from error  # fmt: skip
        raise ModelCorrupt(
            f"{directory} cannot be loaded by transformers ({_first_line(error)}); get it again"
        ) from error


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
