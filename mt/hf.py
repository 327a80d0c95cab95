"""The transformers backend: any seq2seq model of the hub on torch, placed by accelerate."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mt.document import DecodingOptions, Hypothesis, Source
from mt.engine import Placement, refuse_long
from mt.errors import BackendUnavailable, ConfigError, DecodingError, ModelCorrupt
from mt.store import StoredModel

if TYPE_CHECKING:
    import torch

PACKAGES = ("transformers", "torch", "accelerate")
BATCH_TOKENS = 1024  # source tokens decoded together, padding counted
DTYPES = {"float32": "float32", "float16": "float16", "bfloat16": "bfloat16"}
OVERFLOWS = ("pegasus", "t5", "mt5")  # in float16 these write nothing, or nan (huggingface/transformers#11289)


class TransformersEngine:
    """An Engine on `AutoModelForSeq2SeqLM.generate`; nothing is downloaded and no code of a repository is run."""

    takes_terms = False

    def __init__(self, model: StoredModel, placement: Placement) -> None:
        self.spec = model.spec
        try:
            for package in PACKAGES:
                import_module(package)
        except ImportError as error:
            raise BackendUnavailable(
                f"{self.spec.name} runs on transformers, which cannot be imported here ({error}): "
                f"pip install {' '.join(PACKAGES)}"
            ) from error
        import torch

        self._torch = torch
        device = _device(placement.device)
        dtype = _dtype(placement.compute_type, device.type, self.spec.architecture)
        if device.type == "cpu":
            torch.set_num_threads(placement.cores)
        self._tokenizer, self._model = _load(model.path, device, getattr(torch, dtype))
        self._model.generation_config.max_length = None  # it counts otherwise, and warns beside max_new_tokens
        self._first = self._target_language()
        self._one_at_a_time = threading.Lock()  # tokenizers hold their padding as state
        self.signature = f"{'-'.join(self.spec.languages)}-{self.spec.name}@{model.version}|hf|{dtype}"

    def count_tokens(self, source: Source) -> int:
        return len(self._ids(source.text))

    def generate(
        self, sources: Sequence[Source], options: DecodingOptions
    ) -> Iterator[tuple[int, tuple[Hypothesis, ...]]]:
        options = options.over(self.spec.decoding)
        ids = [self._ids(source.text) if source.text.strip() else [] for source in sources]
        refuse_long(ids, self.spec)
        for index, tokens in enumerate(ids):
            if not tokens:
                yield index, (Hypothesis(""),)
        for batch in _batches(ids):
            with self._one_at_a_time:
                found = self._decode([ids[index] for index in batch], options)
            yield from zip(batch, found, strict=True)

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(f"{self.spec.prefix or ''}{text}", truncation=False).input_ids
        return ids

    def _target_language(self) -> int | None:
        """Set the tokenizer's source language; the token that a target begins with, for models of many languages."""
        if self.spec.architecture not in ("nllb", "m2m100", "mbart"):
            return None
        source, target = (self.spec.languages[language] for language in ("ar", "en"))
        token = self._tokenizer.convert_tokens_to_ids(target)
        if token in (None, self._tokenizer.unk_token_id):
            raise ConfigError(f"{self.spec.name}: its tokenizer has no language {target!r}")
        self._tokenizer.src_lang = source.strip("_")
        return int(token)

    def _decode(self, batch: list[list[int]], options: DecodingOptions) -> list[tuple[Hypothesis, ...]]:
        torch = self._torch
        inputs = self._tokenizer.pad({"input_ids": batch}, return_tensors="pt").to(self._model.device)
        try:
            with torch.inference_mode():
                output = self._model.generate(
                    input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"],
                    return_dict_in_generate=True, output_scores=True, do_sample=False, **self._arguments(options),
                )  # fmt: skip
        except (RuntimeError, ValueError, IndexError) as error:
            raise DecodingError(f"{self.spec.name} failed on a batch of {len(batch)}: {error}") from error
        sequences = output.sequences.reshape(len(batch), options.num_hypotheses, -1)
        longest = self._arguments(options)["max_new_tokens"]
        scores = self._mean_scores(output).reshape(len(batch), options.num_hypotheses)
        return [
            tuple(self._hypothesis(ids, float(score), longest) for ids, score in zip(rows, means, strict=True))
            for rows, means in zip(sequences, scores, strict=True)
        ]

    def _arguments(self, options: DecodingOptions) -> dict[str, Any]:
        """What is asked for in transformers' words; what is None stays as the model's own generation settings say."""
        beams = options.beam_size and max(options.beam_size, options.num_hypotheses)
        asked = {
            "num_beams": beams or (options.num_hypotheses if options.num_hypotheses > 1 else None),
            "num_return_sequences": options.num_hypotheses,
            "length_penalty": options.length_penalty,
            "repetition_penalty": options.repetition_penalty,
            "no_repeat_ngram_size": options.no_repeat_ngram_size,
            "min_new_tokens": options.min_decoding_length,
            "max_new_tokens": options.max_decoding_length or self.spec.limits.target_tokens,
            # BART's own configuration names it, but generate() no longer reads it there
            "forced_bos_token_id": self._first or getattr(self._model.config, "forced_bos_token_id", None),
        }
        return {name: value for name, value in asked.items() if value is not None}

    def _mean_scores(self, output: Any) -> torch.Tensor:
        """The mean log-probability of each sequence's tokens."""
        transitions = self._model.compute_transition_scores(
            output.sequences, output.scores, getattr(output, "beam_indices", None), normalize_logits=True
        )
        written = transitions < 0
        means: torch.Tensor = (transitions * written).sum(-1) / written.sum(-1).clamp_min(1)
        return means

    def _hypothesis(self, ids: torch.Tensor, score: float, longest: int) -> Hypothesis:
        text = self._tokenizer.decode(ids, skip_special_tokens=True).replace("<n>", " ")  # Pegasus' end of a line
        ends = (ids[1:] == self._model.generation_config.eos_token_id).nonzero()
        complete = len(ends) > 0 and int(ends[0]) + 1 < longest  # at the limit an end is forced on it
        return Hypothesis(" ".join(text.split()), score, complete)


def _device(asked: str) -> torch.device:
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


def _load(path: Path, device: torch.device, dtype: torch.dtype) -> tuple[Any, Any]:
    """The tokenizer and the model of a directory."""
    import transformers

    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it draws on standard error even where no one looks
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(str(path), local_files_only=True)
        model = transformers.AutoModelForSeq2SeqLM.from_pretrained(
            str(path), local_files_only=True, dtype=dtype, device_map={"": device}
        )
    except ImportError as error:
        raise BackendUnavailable(f"{path} needs another package: {error}") from error
    except Exception as error:  # the native readers' exceptions have no base of their own
        raise ModelCorrupt(f"{path} cannot be loaded by transformers: {error}") from error
    return tokenizer, model.eval()


def _dtype(compute_type: str, device: str, architecture: str) -> str:
    if compute_type in ("auto", "default"):
        return "float32" if device == "cpu" else "bfloat16"
    if compute_type not in DTYPES:
        raise ConfigError(f"--compute-type {compute_type}: the transformers backend computes in {', '.join(DTYPES)}; "
                          f"auto and default choose")  # fmt: skip
    if compute_type == "float16" and architecture in OVERFLOWS:
        raise ConfigError(f"--compute-type float16: {architecture} models overflow in it; choose bfloat16 or float32")
    return DTYPES[compute_type]


def _batches(ids: list[list[int]]) -> Iterator[list[int]]:
    """Indices of sources alike in length, longest first, at most BATCH_TOKENS a batch."""
    batch: list[int] = []
    for index in sorted((i for i, tokens in enumerate(ids) if tokens), key=lambda i: (-len(ids[i]), i)):
        if batch and (len(batch) + 1) * len(ids[batch[0]]) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
