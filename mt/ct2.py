"""The CTranslate2 backend, for encoder-decoder models."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from mt.document import DecodingOptions, Hypothesis, Source
from mt.engine import OVERFLOWS, Placement, refuse_long, refuse_overflow, with_lengths
from mt.errors import ConfigError, DecodingError, ModelCorrupt, ModelError
from mt.registry import Architecture, ModelSpec
from mt.store import StoredModel
from mt.tokenizer import load_tokenizer

BATCH_TOKENS = 1024  # source tokens decoded together, padding counted: bounds a batch's memory
MAX_WORKERS = 8
SETTINGS = "khulasa.json"
Batch = list[tuple[int, list[str], list[str]]]  # index of the source, its tokens, what its target begins with


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How a model wants to be decoded, by its repository: what `mt.convert` wrote beside it."""

    architecture: str = ""
    decoding: DecodingOptions = field(default_factory=DecodingOptions)
    target_prefix: tuple[str, ...] = ()  # what it must begin with
    suppressed: tuple[tuple[str, ...], ...] = ()  # what it must not write
    forces_end: bool = False  # whether at the length limit the last token is an end

    def save(self, directory: Path) -> None:
        (directory / SETTINGS).write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1), encoding="utf-8")


def load_settings(directory: Path) -> ModelSettings:
    """The settings of a model's directory; none where it has no such file. Raises ModelCorrupt."""
    path = directory / SETTINGS
    if not path.is_file():
        return ModelSettings()
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        return ModelSettings(
            str(read["architecture"]),
            DecodingOptions(**read["decoding"]),
            tuple(str(token) for token in read["target_prefix"]),
            tuple(tuple(str(token) for token in sequence) for sequence in read["suppressed"]),
            bool(read["forces_end"]),
        )
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise ModelCorrupt(f"{path} is not what a conversion writes ({error!r}); get the model again") from error


Pending = tuple[int, int, Any]  # index of the source, tokens its target was given, the result in the making


class CTranslate2Engine:
    """An Engine on CTranslate2.

    On a CPU each core is a worker of one thread and takes whole batches: 1.5 to 2 times as fast as one worker with
    as many threads. Sources are sorted by length, longest first, so that a batch has little padding and the last
    ones to finish are short. By default it computes in what is stored, which `mt.recipe` chose; a repository that is
    taken as it is may hold floats, and a CPU is more than twice as fast in int8.
    """

    takes_terms = False
    takes_prefix = True

    def __init__(self, model: StoredModel, placement: Placement) -> None:
        self._settings = load_settings(model.path)
        self.spec = replace(model.spec, decoding=model.spec.decoding.over(self._settings.decoding))
        self._tokenizer = load_tokenizer(model.path, self.spec, self._settings.target_prefix)
        self._workers = min(placement.cores, MAX_WORKERS)
        self._model = _load(model.path, placement, _arithmetic(placement, self.spec), self._workers)
        refuse_overflow(self.spec, self._model.compute_type)
        self.signature = (
            f"{'-'.join(self.spec.languages)}-{self.spec.name}@{model.version}|ct2|{self._model.compute_type}"
        )

    def count_tokens(self, source: Source) -> int:
        return len(self._tokenizer.encode(source))

    def generate(
        self, sources: Sequence[Source], options: DecodingOptions
    ) -> Iterator[tuple[int, tuple[Hypothesis, ...]]]:
        options = with_lengths(options, self.spec, self._settings.forces_end)
        tokens = [self._tokenizer.encode(source) for source in sources]
        refuse_long(tokens, self.spec)
        for index, source_tokens in enumerate(tokens):
            if not source_tokens:
                yield index, (Hypothesis(""),)
        begun = [[*self._tokenizer.target_prefix, *self._begun(source.prefix)] for source in sources]
        ahead: deque[Pending] = deque()  # results in the making; a batch is there for each worker, and one more
        for batch in self._batches(tokens, begun):
            if len(ahead) > self._workers * max(1, len(batch)):
                yield from self._finished(ahead, len(batch), options)
            ahead.extend(self._submit(batch, options))
        yield from self._finished(ahead, len(ahead), options)

    def _begun(self, prefix: str) -> list[str]:
        return self._tokenizer.encode_target(prefix) if prefix else []

    def _batches(self, tokens: list[list[str]], begun: list[list[str]]) -> Iterator[Batch]:
        """Batches of sources alike in length, at most BATCH_TOKENS each, and no fewer batches than workers."""
        order = sorted((i for i, source in enumerate(tokens) if source), key=lambda i: (-len(tokens[i]), i))
        fair = -(-len(order) // self._workers)
        batch: Batch = []
        for index in order:
            if batch and (len(batch) == fair or (len(batch) + 1) * len(batch[0][1]) > BATCH_TOKENS):
                yield batch
                batch = []
            batch.append((index, tokens[index], begun[index]))
        if batch:
            yield batch

    def _submit(self, batch: Batch, options: DecodingOptions) -> list[Pending]:
        shared = {
            "beam_size": max(options.beam_size or 1, options.num_hypotheses),
            "num_hypotheses": options.num_hypotheses,
            "length_penalty": _length_penalty(options),
            "repetition_penalty": options.repetition_penalty or 1.0,
            "no_repeat_ngram_size": options.no_repeat_ngram_size or 0,
            "min_decoding_length": options.min_decoding_length,
            "max_decoding_length": options.max_decoding_length,
            "suppress_sequences": [list(sequence) for sequence in self._settings.suppressed] or None,
            "disable_unk": self.spec.architecture == "ct2-sentencepiece",  # as quickmt's own library does
            "max_input_length": 0,  # no cut in silence: `refuse_long` has seen every source
            "return_scores": True,
            "return_end_token": True,  # its absence tells that the length limit was hit
            "asynchronous": True,
        }
        sources, begun = [tokens for _, tokens, _ in batch], [tokens for _, _, tokens in batch]
        try:
            results = self._model.translate_batch(sources, begun if any(begun) else None, **shared)
        except TypeError as error:  # the binding takes no negative counts
            raise ConfigError(f"{self.spec.name} cannot decode with {options}: a value is out of range") from error
        return [(index, len(prefix), result) for (index, _, prefix), result in zip(batch, results, strict=True)]

    def _finished(
        self, ahead: deque[Pending], count: int, options: DecodingOptions
    ) -> Iterator[tuple[int, tuple[Hypothesis, ...]]]:
        for _ in range(min(count, len(ahead))):
            index, given, pending = ahead.popleft()
            try:
                result = pending.result()
            except ValueError as error:
                raise ConfigError(f"{self.spec.name} cannot decode with {options}: {error}") from error
            except (RuntimeError, MemoryError) as error:
                raise DecodingError(
                    f"{self.spec.name} failed on source {index}: {str(error) or 'out of memory'}"
                ) from error
            yield (
                index,
                tuple(
                    self._hypothesis(tokens, given, score, options)
                    for tokens, score in zip(result.hypotheses, result.scores, strict=True)
                ),
            )

    def _hypothesis(self, tokens: list[str], given: int, score: float, options: DecodingOptions) -> Hypothesis:
        """`score` is the engine's: the sum over what the model chose, divided by length**penalty, prefix counted.

        The first `given` of the tokens are the prefix.
        """
        text = self._tokenizer.decode(tokens[len(self._tokenizer.target_prefix) :])
        total = score * max(1, len(tokens)) ** _length_penalty(options)
        complete = len(tokens) > given and tokens[-1] == self._tokenizer.end
        return Hypothesis(text, total / max(1, len(tokens) - given), complete)


def _load(directory: Path, placement: Placement, compute_type: str, workers: int) -> Any:
    """The model of a directory, or of the folder `model` in an Argos package.

    Raises ModelCorrupt, and ModelError where the memory does not suffice.
    """
    import ctranslate2

    if not (directory / "model.bin").is_file() and (directory / "model").is_dir():
        directory = directory / "model"
    try:
        return ctranslate2.Translator(
            str(directory),
            device=placement.device,
            compute_type=compute_type,
            inter_threads=workers,
            intra_threads=max(1, placement.cores // workers),
        )
    except (RuntimeError, ValueError, MemoryError) as error:  # ValueError: bytes of a damaged file in the message
        if isinstance(error, MemoryError) or "out of memory" in str(error):
            raise ModelError(f"{directory} does not fit into the memory: {str(error) or 'out of memory'}. Choose a "
                             f"smaller model, or --compute-type int8.") from error  # fmt: skip
        raise ModelCorrupt(f"{directory} cannot be loaded: {error}") from error


def compute_types(device: str) -> list[str]:
    """What CTranslate2 can compute in on that device; ConfigError if this machine has no such device."""
    import ctranslate2

    try:
        if device == "cuda" and not _has_gpu():
            # The question below fails once, and from then on is answered with float32.
            raise RuntimeError("CTranslate2 finds no GPU with a driver")
        return sorted(ctranslate2.get_supported_compute_types(device))
    except (ValueError, RuntimeError) as error:
        raise ConfigError(f"--device {device}: {error}; expected auto, cpu, or cuda with a driver") from error


def _arithmetic(placement: Placement, spec: ModelSpec) -> str:
    """What to ask CTranslate2 to compute in; ConfigError if this machine has no such device, or that none such."""
    asked, there = placement.compute_type, compute_types(placement.device)
    if asked not in (expected := ["auto", "default", *there]):
        raise ConfigError(f"--compute-type {asked}: expected one of {', '.join(expected)}, which is what --device "
                          f"{placement.device} has")  # fmt: skip
    on_cpu = placement.device == "cpu" or not _has_gpu()
    taken_as_it_is = asked == "default" and spec.architecture == "ct2-sentencepiece"
    return "int8" if taken_as_it_is and on_cpu and "int8" in there else asked


def storage(architecture: Architecture) -> str:
    """How to store a model for this machine: in int8; if it has a GPU, float16 beside it, unless that overflows."""
    return "int8_float16" if _has_gpu() and architecture not in OVERFLOWS else "int8"


def _has_gpu() -> bool:
    import ctranslate2

    return bool(ctranslate2.get_cuda_device_count())


def _length_penalty(options: DecodingOptions) -> float:
    return 1.0 if options.length_penalty is None else options.length_penalty
