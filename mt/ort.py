"""The ONNX Runtime backend, for the embedded model: on a CPU several times as fast as CTranslate2 at equal quality."""

from __future__ import annotations

import json
import platform
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt import beam
from mt.beam import BeamSearch, Ints, Scored
from mt.document import DecodingOptions, Hypothesis, Source
from mt.engine import Placement
from mt.errors import BackendUnavailable, ConfigError, DecodingError, ModelCorrupt
from mt.store import StoredModel
from mt.tokenizer import load_tokenizer

MODEL, VOCABULARY = "model.onnx", "vocabulary.json"
BATCH_TOKENS, BATCH_SOURCES = 1024, 16  # of a batch: prompt tokens with padding, and sources; bounds its memory
MAX_WORKERS = 8
AHEAD = 16  # steps for which a batch makes room at a time
Batch = list[tuple[int, list[int]]]  # index of the source, its tokens
Decoded = list[tuple[int, tuple[Hypothesis, ...]]]
Booleans = NDArray[np.bool_]


class OnnxRuntimeEngine:
    """An Engine on ONNX Runtime.

    Each core is a worker of one thread and takes whole batches, all on one session: the weights are there once.
    """

    takes_terms = True

    def __init__(self, model: StoredModel, placement: Placement) -> None:
        _check_placement(placement)
        self.spec = model.spec
        self._tokenizer = load_tokenizer(model.path)
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
        prompts = [[self._ids[token] for token in self._tokenizer.encode(source)] for source in sources]
        self._refuse_long(prompts, search.max_length)
        for index, prompt in enumerate(prompts):
            if not prompt:
                yield index, (Hypothesis(""),)
        ahead: deque[Future[Decoded]] = deque()  # a batch for each worker, and one more
        try:
            for batch in self._batches(prompts):
                if len(ahead) > self._workers:
                    yield from ahead.popleft().result()
                ahead.append(self._pool.submit(self._decode, batch, search))
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

    def _refuse_long(self, prompts: list[list[int]], target_tokens: int) -> None:
        limit = self.spec.limits.source_tokens
        for index, prompt in enumerate(prompts):
            if len(prompt) > limit:
                raise DecodingError(f"source {index} has {len(prompt)} tokens, {self.spec.name} takes {limit}; "
                                    f"cut it first (mt.segment)")  # fmt: skip
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

    def _decode(self, batch: Batch, search: BeamSearch) -> Decoded:
        decoder = _Decoder(self._session, [prompt for _, prompt in batch], search.candidates)
        try:
            found = search.search(decoder)
        except Exception as error:  # the native library's exceptions have no base of their own
            named = ", ".join(str(index) for index, _ in batch)
            raise DecodingError(f"{self.spec.name} failed on source {named}: {error}") from error
        return [
            (index, tuple(self._hypothesis(sequence) for sequence in sequences))
            for (index, _), sequences in zip(batch, found, strict=True)
        ]

    def _hypothesis(self, sequence: beam.Sequence) -> Hypothesis:
        text = self._tokenizer.decode([self._vocabulary[token] for token in sequence.tokens])
        return Hypothesis(text, sequence.score, sequence.complete)


class _Decoder:
    """A batch of prompts and their continuations, for the graph of `mt.gemma`.

    Every token tried stays where it was put, and a beam knows the ones before it (`seen`): going on with other beams
    moves no keys and no values. Room is made for some steps at a time, and tokens that no beam can see are left behind.
    """

    def __init__(self, session: Any, prompts: list[list[int]], candidates: int | None) -> None:
        import onnxruntime

        self._session, self._prompts, self._candidates = session, prompts, candidates
        self._past_names = [each.name for each in session.get_inputs() if each.name.startswith("past.")]
        self._head_dim: int = session.get_inputs()[2 + 1].shape[-1]
        self._options = onnxruntime.RunOptions()
        self._options.only_execute_path_to_fetches = True  # no candidates where the logits are asked for

    def start(self) -> Scored:
        lengths = np.array([len(prompt) for prompt in self._prompts])
        sources, width = len(lengths), int(lengths.max())
        tokens = np.zeros((sources, width), np.int64)
        for row, prompt in zip(tokens, self._prompts, strict=True):
            row[: len(prompt)] = prompt
        self._lengths = lengths  # of prompt and continuation, by source
        self._cache = np.zeros((len(self._past_names), sources, width, self._head_dim), np.float32)
        self._used = 0  # slots of the cache
        before = np.tri(width, dtype=bool)[None].repeat(sources, axis=0)
        scored = self._run(tokens, np.arange(width)[None].repeat(sources, axis=0), before, self._cache[:, :, :0],
                           np.arange(sources) * width + lengths - 1)  # fmt: skip
        self._seen: Booleans = np.arange(width) < lengths[:, None, None]  # (sources, beams, slots)
        return scored

    def step(self, tokens: Ints, sources: Ints, parents: Ints) -> Scored:
        count, beams = tokens.shape
        seen, self._lengths = self._seen[sources[:, None], parents], self._lengths[sources]
        if self._used + beams > self._cache.shape[2]:
            seen = self._make_room(seen, sources)
        elif len(sources) < self._cache.shape[1]:
            self._cache = self._cache[:, sources]
        itself = np.eye(beams, dtype=bool)[None].repeat(count, axis=0)
        unused = np.zeros((count, beams, self._cache.shape[2] - self._used), bool)
        visible = np.concatenate([seen, unused, itself], axis=2)
        self._seen = np.concatenate([seen, itself], axis=2)
        positions = self._lengths[:, None].repeat(beams, axis=1)
        self._lengths = self._lengths + 1
        return self._run(tokens, positions, visible, self._cache, np.arange(tokens.size))

    def _make_room(self, seen: Booleans, sources: Ints) -> Booleans:
        """Move what the beams of the `sources` see into a larger cache; `seen` for the new places."""
        needed = seen.any(axis=1)
        self._used = int(needed.sum(axis=1).max())
        places = np.argsort(~needed, axis=1, kind="stable")[:, : self._used]
        slots, _, _, dim = self._cache.shape
        larger = np.zeros((slots, len(sources), self._used + AHEAD * seen.shape[1], dim), np.float32)
        larger[:, :, : self._used] = self._cache[:, sources[:, None], places]
        self._cache = larger
        return np.take_along_axis(seen, places[:, None], axis=2)

    def _run(self, tokens: Ints, positions: Ints, seen: Booleans, past: Any, rows: Ints) -> Scored:
        """Keep the keys and values of (sources, beams) tokens and score what may follow the `rows` of them."""
        sources, width = tokens.shape
        asked = ["new", "logits"] if self._candidates is None else ["new", "log_probs", "candidates"]
        inputs = {"tokens": tokens.ravel(), "positions": positions.ravel(), "seen": seen, "rows": rows,
                  "count": np.array([self._candidates or 1])}  # fmt: skip
        inputs.update(zip(self._past_names, past, strict=True))
        new, *scored = self._session.run(asked, inputs, self._options)
        self._cache[:, :, self._used : self._used + width] = new.reshape(-1, sources, width, self._head_dim)
        self._used += width
        if self._candidates is None:
            scored.append(np.broadcast_to(np.arange(scored[0].shape[1]), scored[0].shape))
        scores, candidates = (each.reshape(sources, len(rows) // sources, -1) for each in scored)
        return scores, candidates


def _load_session(path: Path, threads: int) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise BackendUnavailable("this model needs onnxruntime: pip install 'khulasa[embedded]'") from error
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
