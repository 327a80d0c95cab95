"""The CTranslate2 backend, for encoder-decoder models."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from mt.document import DecodingOptions, Hypothesis, Source
from mt.engine import Placement, refuse_long
from mt.errors import ConfigError, DecodingError, ModelCorrupt
from mt.store import StoredModel
from mt.tokenizer import load_sentencepiece_pair

BATCH_TOKENS = 1024  # source tokens decoded together, padding counted: bounds a batch's memory
MAX_WORKERS = 8
Batch = list[tuple[int, list[str]]]  # index of the source, its tokens


class CTranslate2Engine:
    """An Engine on CTranslate2.

    On a CPU each core is a worker of one thread and takes whole batches: 1.5 to 2 times as fast as one worker with
    as many threads. Sources are sorted by length, longest first, so that a batch has little padding and the last
    ones to finish are short.
    """

    takes_terms = False

    def __init__(self, model: StoredModel, placement: Placement) -> None:
        import ctranslate2

        self.spec = model.spec
        self._tokenizer = load_sentencepiece_pair(model.path)
        self._workers = min(placement.cores, MAX_WORKERS)
        _check_placement(placement)
        try:
            self._model = ctranslate2.Translator(
                str(model.path),
                device=placement.device,
                compute_type=placement.compute_type,
                inter_threads=self._workers,
                intra_threads=max(1, placement.cores // self._workers),
            )
        except (RuntimeError, ValueError) as error:  # ValueError: bytes of a damaged file in the engine's message
            raise ModelCorrupt(f"{model.path} cannot be loaded: {error}") from error
        self.signature = f"ar-en-{self.spec.name}@{model.version}|ct2|{self._model.compute_type}"

    def count_tokens(self, source: Source) -> int:
        return len(self._tokenizer.encode(source))

    def generate(
        self, sources: Sequence[Source], options: DecodingOptions
    ) -> Iterator[tuple[int, tuple[Hypothesis, ...]]]:
        options = options.over(self.spec.decoding)
        tokens = [self._tokenizer.encode(source) for source in sources]
        refuse_long(tokens, self.spec)
        for index, source_tokens in enumerate(tokens):
            if not source_tokens:
                yield index, (Hypothesis(""),)
        ahead: deque[tuple[int, Any]] = deque()  # results in the making; a batch is there for each worker, and one more
        for batch in self._batches(tokens):
            if len(ahead) > self._workers * max(1, len(batch)):
                yield from self._finished(ahead, len(batch), options)
            ahead.extend(self._submit(batch, options))
        yield from self._finished(ahead, len(ahead), options)

    def _batches(self, tokens: list[list[str]]) -> Iterator[Batch]:
        """Batches of sources alike in length, at most BATCH_TOKENS each, and no fewer batches than workers."""
        order = sorted((i for i, source in enumerate(tokens) if source), key=lambda i: (-len(tokens[i]), i))
        fair = -(-len(order) // self._workers)
        batch: Batch = []
        for index in order:
            if batch and (len(batch) == fair or (len(batch) + 1) * len(batch[0][1]) > BATCH_TOKENS):
                yield batch
                batch = []
            batch.append((index, tokens[index]))
        if batch:
            yield batch

    def _submit(self, batch: Batch, options: DecodingOptions) -> list[tuple[int, Any]]:
        shared = {
            "beam_size": max(options.beam_size or 1, options.num_hypotheses),
            "num_hypotheses": options.num_hypotheses,
            "length_penalty": _length_penalty(options),
            "repetition_penalty": options.repetition_penalty or 1.0,
            "no_repeat_ngram_size": options.no_repeat_ngram_size or 0,
            "max_input_length": 0,  # no cut in silence: `refuse_long` has seen every source
            "return_scores": True,
            "return_end_token": True,  # its absence tells that the length limit was hit
            "asynchronous": True,
        }
        shortest = options.min_decoding_length or 1
        longest = options.max_decoding_length or self.spec.limits.target_tokens
        sources = [tokens for _, tokens in batch]
        try:
            results = self._model.translate_batch(
                sources, min_decoding_length=shortest, max_decoding_length=longest, **shared
            )
        except TypeError as error:  # the binding takes no negative counts
            raise ConfigError(f"{self.spec.name} cannot decode with {options}: a value is out of range") from error
        return [(index, result) for (index, _), result in zip(batch, results, strict=True)]

    def _finished(
        self, ahead: deque[tuple[int, Any]], count: int, options: DecodingOptions
    ) -> Iterator[tuple[int, tuple[Hypothesis, ...]]]:
        for _ in range(min(count, len(ahead))):
            index, pending = ahead.popleft()
            try:
                result = pending.result()
            except ValueError as error:
                raise ConfigError(f"{self.spec.name} cannot decode with {options}: {error}") from error
            except RuntimeError as error:
                raise DecodingError(f"{self.spec.name} failed on source {index}: {error}") from error
            yield (
                index,
                tuple(
                    self._hypothesis(tokens, score, options)
                    for tokens, score in zip(result.hypotheses, result.scores, strict=True)
                ),
            )

    def _hypothesis(self, tokens: list[str], score: float, options: DecodingOptions) -> Hypothesis:
        complete = bool(tokens) and tokens[-1] == self._tokenizer.end
        mean = score * max(1, len(tokens)) ** (_length_penalty(options) - 1)  # the engine divides by length**penalty
        return Hypothesis(self._tokenizer.decode(tokens), mean, complete)


def compute_types(device: str) -> list[str]:
    """What CTranslate2 can compute in on that device; ConfigError if this machine has no such device."""
    import ctranslate2

    try:
        if device == "cuda" and not ctranslate2.get_cuda_device_count():
            # The question below fails once, and from then on is answered with float32.
            raise RuntimeError("CTranslate2 finds no GPU with a driver")
        return sorted(ctranslate2.get_supported_compute_types(device))
    except (ValueError, RuntimeError) as error:
        raise ConfigError(f"--device {device}: {error}; expected auto, cpu, or cuda with a driver") from error


def _check_placement(placement: Placement) -> None:
    """ConfigError if this machine has no such device, or the device no such arithmetic."""
    if placement.compute_type not in (expected := ["auto", "default", *compute_types(placement.device)]):
        raise ConfigError(f"--compute-type {placement.compute_type}: expected one of {', '.join(expected)}, which is "
                          f"what --device {placement.device} has")  # fmt: skip


def _length_penalty(options: DecodingOptions) -> float:
    return 1.0 if options.length_penalty is None else options.length_penalty
