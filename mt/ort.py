"""The ONNX Runtime backend, for the embedded model: 2 to 3 times as fast as CTranslate2 on a CPU, at equal quality."""

from __future__ import annotations

import json
import os
import platform
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt import beam
from mt.beam import BeamSearch, Floats, Ints, Scored
from mt.document import DecodingOptions, Hypothesis, Source
from mt.engine import Placement, refuse_long
from mt.errors import BackendUnavailable, ConfigError, DecodingError, ModelCorrupt
from mt.store import StoredModel
from mt.tokenizer import PromptTokenizer

MODEL, VOCABULARY = "model.onnx", "vocabulary.json"
BATCH_TOKENS, BATCH_SOURCES = 1024, 16  # of a batch: prompt tokens with padding, and sources; bounds its memory
MAX_WORKERS = 8
AHEAD = 16  # steps for which a batch makes room at a time
LANES = 64  # ONNX Runtime's sums over rows of a multiple of 64, more than 64, do not depend on how many these are
Batch = list[tuple[int, list[int]]]  # index of the source, its tokens
Decoded = list[tuple[int, tuple[Hypothesis, ...]]]
Booleans = NDArray[np.bool_]


class OnnxRuntimeEngine:
    """An Engine on ONNX Runtime.

    Each core is a worker of one thread and takes whole batches, all on one session: the weights are there once.
    """

    takes_terms = True
    takes_prefix = True

    def __init__(self, model: StoredModel, placement: Placement) -> None:
        _check_placement(placement)
        self.spec = model.spec
        self._tokenizer = PromptTokenizer(model.path / "tokenizer.json")
        self._workers = min(placement.cores, MAX_WORKERS)
        self._session = _load_session(model.path / MODEL, max(1, placement.cores // self._workers))
        try:
            self._positions = int(self._session.get_modelmeta().custom_metadata_map["positions"])
            self._vocabulary: list[str] = json.loads((model.path / VOCABULARY).read_text(encoding="utf-8"))
            self._ids = {token: number for number, token in enumerate(self._vocabulary)}
            self._end = self._ids[self._tokenizer.end]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelCorrupt(f"{model.path} cannot be loaded: {VOCABULARY} and {MODEL} do not belong together "
                               f"({error!r})") from error  # fmt: skip
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="ort")
        self.signature = f"ar-en-{self.spec.name}@{model.version}|ort|int8"

    def count_tokens(self, source: Source) -> int:
        return len(self._tokenizer.encode(source))

    def generate(
        self, sources: Sequence[Source], options: DecodingOptions
    ) -> Iterator[tuple[int, tuple[Hypothesis, ...]]]:
        options = options.over(self.spec.decoding)
        search = self._search(options)
        prompts = [self._numbers(self._tokenizer.encode(source)) for source in sources]
        refuse_long(prompts, self.spec)
        # What a target begins with is to this model the end of the prompt.
        begun = [self._tokenizer.encode_target(source.prefix) if source.prefix else [] for source in sources]
        prompts = [prompt and prompt + self._numbers(prefix) for prompt, prefix in zip(prompts, begun, strict=True)]
        self._refuse_positions(prompts, search.max_length)
        for index, prompt in enumerate(prompts):
            if not prompt:
                yield index, (Hypothesis(""),)
        ahead: deque[Future[Decoded]] = deque()  # a batch for each worker, and one more
        try:
            for batch in self._batches(prompts):
                if len(ahead) > self._workers:
                    yield from ahead.popleft().result()
                ahead.append(self._pool.submit(self._decode, batch, search, begun))
            while ahead:
                yield from ahead.popleft().result()
        finally:  # closed, or a batch failed
            for future in ahead:
                future.cancel()

    def _search(self, options: DecodingOptions) -> BeamSearch:
        """The options with their defaults; ConfigError if they make no sense."""

        def given(value: float | None, default: float) -> Any:
            return default if value is None else value

        search = BeamSearch(
            end=self._end,
            beam_size=max(given(options.beam_size, 1), options.num_hypotheses),
            num_hypotheses=options.num_hypotheses,
            min_length=given(options.min_decoding_length, 1),
            max_length=given(options.max_decoding_length, self.spec.limits.target_tokens),
            length_penalty=given(options.length_penalty, 1.0),
            repetition_penalty=given(options.repetition_penalty, 1.0),
            no_repeat_ngram_size=given(options.no_repeat_ngram_size, 0),
        )
        wrong = {
            "number of hypotheses, above 0": search.num_hypotheses < 1,
            "beam size of at most a quarter of the vocabulary": 4 * search.beam_size > len(self._vocabulary),
            "minimum decoding length, from 0 to the maximum": not 0 <= search.min_length <= search.max_length,
            "maximum decoding length, above 0": search.max_length < 1,
            "repetition penalty, above 0": search.repetition_penalty <= 0,
            "size of n-grams, 0 or more": search.no_repeat_ngram_size < 0,
        }
        if expected := [what for what, is_wrong in wrong.items() if is_wrong]:
            raise ConfigError(f"{self.spec.name} cannot decode with {options}; expected a {expected[0]}")
        return search

    def _refuse_positions(self, prompts: list[list[int]], target_tokens: int) -> None:
        for index, prompt in enumerate(prompts):
            if len(prompt) + target_tokens > self._positions:
                raise DecodingError(f"source {index} has {len(prompt)} tokens and its translation may have as many as "
                                    f"{target_tokens}: {self.spec.name} takes {self._positions} in all")  # fmt: skip

    def _batches(self, prompts: list[list[int]]) -> Iterator[Batch]:
        """Batches of prompts alike in length, longest first, dealt to the workers so that all have as much to do."""
        order = sorted((i for i, prompt in enumerate(prompts) if prompt), key=lambda i: (-len(prompts[i]), i))
        while order:
            size = self._workers * max(1, min(BATCH_SOURCES, BATCH_TOKENS // len(prompts[order[0]])))
            group, order = order[:size], order[size:]
            for worker in range(min(self._workers, len(group))):
                yield [(index, prompts[index]) for index in group[worker :: self._workers]]

    def _decode(self, batch: Batch, search: BeamSearch, begun: list[list[str]]) -> Decoded:
        decoder = _Decoder(self._session, [prompt for _, prompt in batch], search.candidates)
        try:
            found = search.search(decoder)
        except Exception as error:  # the native library's exceptions have no base of their own
            named = ", ".join(str(index) for index, _ in batch)
            raise DecodingError(f"{self.spec.name} failed on source {named}: {error}") from error
        return [
            (index, tuple(self._hypothesis(begun[index], sequence) for sequence in sequences))
            for (index, _), sequences in zip(batch, found, strict=True)
        ]

    def _hypothesis(self, begun: list[str], sequence: beam.Sequence) -> Hypothesis:
        text = self._tokenizer.decode([*begun, *(self._vocabulary[token] for token in sequence.tokens)])
        return Hypothesis(text, sequence.score, sequence.complete)

    def _numbers(self, tokens: list[str]) -> list[int]:
        return [self._ids[token] for token in tokens]


class _Decoder:
    """A batch of prompts and their continuations, for the graph of `mt.gemma`.

    Every token tried has a slot among its source's keys and values, and a beam knows the slots of the tokens before it
    (`seen`): to go on with other beams moves nothing. After AHEAD steps the slots that no beam sees are given up.

    What a source is told does not depend on the sources beside it, to the last bit: prompts are read one by one, slots
    are given up at fixed steps, and rows of attention have two or more times LANES entries, the unused ones last, so
    that the runtime adds up a source's terms in the same order whatever the batch.
    """

    def __init__(self, session: Any, prompts: list[list[int]], candidates: int | None) -> None:
        import onnxruntime

        self._session, self._prompts, self._candidates = session, prompts, candidates
        past = [each for each in session.get_inputs() if each.name.startswith("past.")]
        self._past_names, self._head_dim = [each.name for each in past], int(past[0].shape[-1])
        self._options = onnxruntime.RunOptions()
        self._options.only_execute_path_to_fetches = True  # no candidates where the logits are asked for
        self._lengths = self._used = np.array([len(prompt) for prompt in prompts])  # tokens, slots of each source
        self._steps = 0

    def start(self) -> Scored:
        room = self._lengths.max()
        size = len(self._prompts), room, self._head_dim
        self._cache = [np.zeros(size, np.float32) for _ in self._past_names]  # keys, values of each layer in turn
        self._seen = np.arange(room) < self._lengths[:, None, None]  # (sources, beams, slots)
        scored = [self._read(source, np.array([prompt])) for source, prompt in enumerate(self._prompts)]
        scores, candidates = (np.concatenate(each) for each in zip(*scored, strict=True))
        return scores, candidates

    def _read(self, source: int, prompt: Ints) -> Scored:
        length = prompt.shape[1]
        before = np.tri(length, dtype=bool)[None]
        new, scored = self._run(prompt, np.arange(length), before, [each[:1, :0] for each in self._cache],
                                np.array([length - 1]))  # fmt: skip
        for cached, (ours,) in zip(self._cache, new, strict=True):
            cached[source, :length] = ours
        return scored

    def step(self, tokens: Ints, sources: Ints, parents: Ints) -> Scored:
        rows, beams = np.arange(len(sources))[:, None], np.arange(tokens.shape[1])
        self._seen, self._used = self._seen[sources[:, None], parents], self._used[sources]
        if self._steps % AHEAD == 0:
            self._make_room(sources)
        elif len(sources) < len(self._cache[0]):
            self._cache = [each[sources] for each in self._cache]
        itself = np.broadcast_to(np.eye(len(beams), dtype=bool), (len(rows), len(beams), len(beams)))
        positions = self._lengths[sources]
        new, scored = self._run(tokens, positions.repeat(len(beams)), np.concatenate([itself, self._seen], axis=2),
                                self._cache, np.arange(tokens.size))  # fmt: skip
        slots = self._used[:, None] + beams
        for cached, ours in zip(self._cache, new, strict=True):
            cached[rows, slots] = ours
        self._seen[rows, beams, slots] = True
        self._lengths, self._used, self._steps = positions + 1, self._used + len(beams), self._steps + 1
        return scored

    def _make_room(self, sources: Ints) -> None:
        """Keep of the `sources` the slots that a beam sees, in a cache with room for AHEAD steps more."""
        needed, beams = self._seen.any(axis=1), self._seen.shape[1]
        self._used = needed.sum(axis=1)
        kept = int(self._used.max())
        slots = np.argsort(~needed, axis=1, kind="stable")[:, :kept]
        room = max(2, -(-(beams + kept + AHEAD * beams) // LANES)) * LANES - beams
        for number, cached in enumerate(self._cache):  # one by one: each makes place for the next
            self._cache[number] = np.zeros((len(sources), room, self._head_dim), np.float32)
            self._cache[number][:, :kept] = cached[sources[:, None], slots]
        seen = np.zeros((len(sources), beams, room), bool)
        seen[:, :, :kept] = np.take_along_axis(self._seen, slots[:, None], axis=2)
        self._seen = seen

    def _run(
        self, tokens: Ints, positions: Ints, seen: Booleans, past: list[Floats], rows: Ints
    ) -> tuple[Floats, Scored]:
        """The keys and values of (sources, beams) tokens, and what may follow those in `rows`."""
        asked = ["new", "logits"] if self._candidates is None else ["new", "log_probs", "candidates"]
        inputs = {"tokens": tokens.ravel(), "positions": positions, "seen": seen, "rows": rows,
                  "count": np.array([self._candidates or 1])}  # fmt: skip
        inputs.update(zip(self._past_names, past, strict=True))
        new, *scored = self._session.run(asked, inputs, self._options)
        if self._candidates is None:
            scored.append(np.broadcast_to(np.arange(scored[0].shape[1]), scored[0].shape))
        scores, candidates = (each.reshape(len(tokens), len(rows) // len(tokens), -1) for each in scored)
        return new.reshape(len(past), *tokens.shape, self._head_dim), (scores, candidates)


def _load_session(path: Path, threads: int) -> Any:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # from 1.29 on it reports to its maker, unless told not to
    try:
        import onnxruntime
    except ImportError as error:
        raise BackendUnavailable(f"this model needs onnxruntime ({error}): pip install onnxruntime") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # what goes wrong comes as an exception
    options.enable_cpu_mem_arena = False  # it keeps 200 MB for shapes that do not come again, and is no faster
    if not _adds_exactly():
        options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the native library's exceptions have no base of their own
        raise ModelCorrupt(f"{path.parent} cannot be loaded: {error}") from error


def _adds_exactly() -> bool:
    """Whether this processor adds products of 8 bits in 32; x86 before VNNI adds pairs in 16, which overflows.

    There `session.x64quantprecision` takes an exact way that is half as fast; elsewhere it would only cost.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return True
    try:
        return "vnni" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False


def _check_placement(placement: Placement) -> None:
    """ConfigError for a device or an arithmetic that this backend does not have."""
    if placement.device not in ("auto", "cpu"):
        raise ConfigError(f"--device {placement.device}: the built-in model runs on the CPU; expected auto or cpu")
    if placement.compute_type not in ("auto", "default", "int8"):
        raise ConfigError(f"--compute-type {placement.compute_type}: the built-in model has int8; expected auto, "
                          f"default or int8")  # fmt: skip
