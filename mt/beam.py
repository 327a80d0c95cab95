"""Beam search in numpy, by CTranslate2's rules, over anything that scores the continuations of its sequences.

A source keeps `beam_size` unfinished sequences. One that ends is a hypothesis, and the next best continuation takes
its place; with `beam_size` hypotheses the source is done. Greedy search is the search with a beam of one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Scored = tuple[Floats, Ints]  # log-probabilities, or logits; and the tokens they belong to


class Decoder(Protocol):
    """A batch of sources and the sequences that continue them; answers have the shape (sources, beams, candidates)."""

    def start(self) -> Scored:
        """Score what may follow the prompts, which have one beam each."""

    def step(self, tokens: Ints, sources: Ints, parents: Ints) -> Scored:
        """Append a token to each of (sources, beams), then score what may follow.

        Row i goes on with source `sources[i]` of the step before, its beam j with that source's beam `parents[i, j]`.
        """


@dataclass(frozen=True, slots=True)
class Sequence:
    """One hypothesis, its end token included; `score` is the mean log-probability of its tokens."""

    tokens: tuple[int, ...]
    score: float
    complete: bool


@dataclass(frozen=True, slots=True)
class BeamSearch:
    """How to search; the names are CTranslate2's. Hypotheses are ranked by their sum / length**length_penalty."""

    end: int
    beam_size: int
    num_hypotheses: int
    min_length: int
    max_length: int
    length_penalty: float = 1.0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0

    @property
    def candidates(self) -> int | None:
        """How many continuations of a beam to score, best first; None: the logits of all, by token."""
        return None if self._reshapes else 2 * self.beam_size + 1  # as many may be wanted, and the end not allowed

    @property
    def _reshapes(self) -> bool:
        return self.repetition_penalty != 1 or self.no_repeat_ngram_size > 0

    def search(self, decoder: Decoder) -> list[list[Sequence]]:
        """The hypotheses of each source of the decoder, best first."""
        scored, tokens = decoder.start()
        live = np.arange(len(scored))  # the sources that are not done
        found: list[list[Sequence]] = [[] for _ in live]
        sums = np.zeros((len(live), 1), np.float32)
        history = np.zeros((len(live), 1, 0), np.int64)
        for length in range(1, self.max_length + 1):
            if self._reshapes:
                scored = self._log_probabilities(scored, history)
            if length <= self.min_length:
                scored = np.where(tokens == self.end, -np.inf, scored)
            parents, chosen, sums = _best(sums[:, :, None] + scored, tokens, 2 * self.beam_size)
            history = np.concatenate([_of_beams(history, parents), chosen[:, :, None]], axis=2)
            ended = chosen == self.end
            done = ended | (length == self.max_length)
            for row, beam in np.argwhere(done[:, : self.beam_size]):
                mean = float(sums[row, beam]) / length
                sequence = Sequence(tuple(history[row, beam].tolist()), mean, bool(ended[row, beam]))
                found[live[row]].append(sequence)
            going = np.flatnonzero([len(found[source]) < self.beam_size for source in live])
            if not len(going):
                break
            unended = np.argsort(ended[going], axis=1, kind="stable")[:, : self.beam_size]
            live, history = live[going], _of_beams(history[going], unended)
            parents, chosen = _of_beams(parents[going], unended), _of_beams(chosen[going], unended)
            sums = np.take_along_axis(sums[going], unended, axis=1)
            scored, tokens = decoder.step(chosen, going, parents)
        return [self._ranked(sequences) for sequences in found]

    def _ranked(self, sequences: list[Sequence]) -> list[Sequence]:
        def rank(sequence: Sequence) -> float:
            return -sequence.score * math.pow(len(sequence.tokens), 1 - self.length_penalty)

        return sorted(sequences, key=rank)[: self.num_hypotheses]

    def _log_probabilities(self, logits: Floats, history: Ints) -> Floats:
        """The penalties applied, and the softmax after them."""
        logits = logits.copy()
        for beam in np.ndindex(history.shape[:2]):
            said, row = history[beam], logits[beam]
            seen = np.unique(said)
            row[seen] *= np.where(row[seen] < 0, self.repetition_penalty, 1 / self.repetition_penalty)
            if 0 < (size := self.no_repeat_ngram_size) <= len(said):
                ngrams = sliding_window_view(said, size)
                begun = (ngrams[:, :-1] == said[len(said) - size + 1 :]).all(axis=1)
                row[ngrams[begun, -1]] = -np.inf
        logits -= logits.max(axis=-1, keepdims=True)
        logits -= np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        return logits


def _of_beams(values: Ints, beams: Ints) -> Ints:
    """Of values (sources, beams, …) those of the `beams` named for each source."""
    return values[np.arange(len(values))[:, None], beams]


def _best(sums: Floats, tokens: Ints, count: int) -> tuple[Ints, Ints, Floats]:
    """The parents, tokens and sums of the `count` best of all (beams, candidates) of each source."""
    sources, _, width = sums.shape
    flat = sums.reshape(sources, -1)
    order = np.argpartition(-flat, count - 1, axis=1)[:, :count]
    order = np.take_along_axis(order, np.argsort(-np.take_along_axis(flat, order, 1), axis=1, kind="stable"), 1)
    named = np.take_along_axis(tokens.reshape(sources, -1), order, 1)
    return order // width, named, np.take_along_axis(flat, order, 1)
