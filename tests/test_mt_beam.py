"""Beam search: against a slow one written with lists, and its options one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.beam import BeamSearch, Ints, Scored, Sequence

TOKENS, END = 12, 0
SHARPER = 0.01  # with each token


class Bigrams:
    """A decoder whose next token depends on source, last token and length: `table` (sources, TOKENS + 1, TOKENS).

    The last row stands for a prompt; scores are as much sharper as the sequence is longer, so that none are equal.
    """

    def __init__(self, table: np.ndarray, candidates: int | None) -> None:
        self.table, self.candidates = table.astype(np.float32), candidates
        self.sources = np.arange(len(table))
        self.said: list[list[tuple[int, ...]]] = [[()] for _ in table]

    def start(self) -> Scored:
        return self._scored(np.full((len(self.table), 1), TOKENS))

    def step(self, tokens: Ints, sources: Ints, parents: Ints) -> Scored:
        self.said = [
            [(*self.said[source][parent], int(token)) for parent, token in zip(*beams, strict=True)]
            for source, *beams in zip(sources, parents, tokens, strict=True)
        ]
        self.sources = self.sources[sources]
        assert [[said[-1] for said in beams] for beams in self.said] == tokens.tolist()
        return self._scored(tokens)

    def _scored(self, last: Ints) -> Scored:
        scores = self.table[self.sources[:, None], last] * np.float32(1 + SHARPER * len(self.said[0][0]))
        if self.candidates is None:
            return scores, np.broadcast_to(np.arange(TOKENS), scores.shape)
        scores = scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))
        best = np.argsort(-scores, axis=-1)[..., : self.candidates]
        return np.take_along_axis(scores, best, -1), best


def searched(table: np.ndarray, **options: float) -> list[list[Sequence]]:
    search = BeamSearch(**{
        "end": END, "beam_size": 1, "num_hypotheses": 1, "min_length": 1, "max_length": 8, **options
    })  # type: ignore[arg-type]  # fmt: skip
    return search.search(Bigrams(table, search.candidates))


def slowly(rows: np.ndarray, beam_size: int, longest: int, shortest: int, penalty: float) -> list[Sequence]:
    """The same for one source, by the book."""
    beams: list[tuple[tuple[int, ...], float]] = [((), 0.0)]
    found: list[Sequence] = []
    for length in range(1, longest + 1):
        scores = rows * (1 + SHARPER * (length - 1))
        scores = scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))
        extended = [
            ((*tokens, token), total + float(scores[tokens[-1] if tokens else TOKENS, token]))
            for tokens, total in beams
            for token in range(TOKENS)
            if token != END or length > shortest
        ]
        extended.sort(key=lambda pair: -pair[1])
        for tokens, total in extended[:beam_size]:
            if tokens[-1] == END or length == longest:
                found.append(Sequence(tokens, total / length, tokens[-1] == END))
        if len(found) >= beam_size:
            break
        beams = [pair for pair in extended if pair[0][-1] != END][:beam_size]
    return sorted(found, key=lambda each: -each.score * len(each.tokens) / len(each.tokens) ** penalty)


def tables(seed: int, sources: int, end: float) -> np.ndarray:
    table = np.random.default_rng(seed).normal(size=(sources, TOKENS + 1, TOKENS)) * 2
    table[:, :, END] += end
    return table


@given(
    st.integers(0, 10**6), st.integers(1, 4), st.sampled_from([1, 2, 4]), st.integers(1, 9), st.integers(0, 3),
    st.sampled_from([0.0, 1.0, 2.0]), st.floats(-2, 3),
)  # fmt: skip
@settings(derandomize=True, deadline=None, max_examples=150)
def test_it_finds_what_a_slow_search_finds_one_source_at_a_time(
    seed: int, sources: int, beam_size: int, longest: int, shortest: int, penalty: float, end: float
) -> None:
    table, shortest = tables(seed, sources, end), min(shortest, longest - 1)
    found = searched(table, beam_size=beam_size, num_hypotheses=beam_size, max_length=longest, min_length=shortest,
                     length_penalty=penalty)  # fmt: skip
    for rows, sequences in zip(table, found, strict=True):
        expected = slowly(rows, beam_size, longest, shortest, penalty)[:beam_size]
        assert [each.tokens for each in sequences] == [each.tokens for each in expected]
        assert [each.complete for each in sequences] == [each.complete for each in expected]
        assert [each.score for each in sequences] == pytest.approx([each.score for each in expected], abs=1e-4)


def test_greedy_takes_the_best_token_each_time_and_stops_at_the_end() -> None:
    table = np.zeros((1, TOKENS + 1, TOKENS))
    for last, following in ((TOKENS, 5), (5, 7), (7, 5)):
        table[0, last, following] = 3
    ((looping,),) = searched(table, max_length=5)
    assert (looping.tokens, looping.complete) == ((5, 7, 5, 7, 5), False)
    table[0, 7, END] = 4
    ((ending,),) = searched(table)
    assert (ending.tokens, ending.complete) == ((5, 7, END), True)
    third = 4 * 1.02 - math.log(math.exp(4 * 1.02) + math.exp(3 * 1.02) + 10)
    steps = [3 - math.log(math.exp(3) + 11), 3 * 1.01 - math.log(math.exp(3 * 1.01) + 11), third]
    assert ending.score == pytest.approx(sum(steps) / 3, abs=1e-5)


def test_the_first_of_several_hypotheses_is_the_only_one_asked_for() -> None:
    table = tables(3, 5, 1.0)
    one, three = (searched(table, beam_size=4, num_hypotheses=count) for count in (1, 3))
    assert [len(sequences) for sequences in three] == [3] * 5
    assert [sequences[0] for sequences in three] == [sequences[0] for sequences in one]


@pytest.mark.parametrize("beam_size", [1, 3])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_no_ngram_comes_twice(beam_size: int, size: int) -> None:
    def repeats(**options: float) -> int:
        found = searched(tables(4, 6, -9.0), beam_size=beam_size, max_length=11, **options)
        ngrams = [[each[0].tokens[i : i + size] for i in range(12 - size)] for each in found]
        return sum(len(each) - len(set(each)) for each in ngrams)

    assert repeats() > 0
    assert repeats(no_repeat_ngram_size=size) == 0


def test_a_repetition_penalty_divides_logits_above_zero_and_multiplies_those_below() -> None:
    table = np.full((1, TOKENS + 1, TOKENS), -9.0)
    table[0, :, 5], table[0, :, 6] = 4.0, 2.5
    assert searched(table, max_length=3)[0][0].tokens == (5, 5, 5)
    assert searched(table, max_length=3, repetition_penalty=1.5)[0][0].tokens == (5, 5, 5)  # 4 / 1.5 > 2.5
    assert searched(table, max_length=3, repetition_penalty=1.7)[0][0].tokens == (5, 6, 5)  # 2.35 < 2.5, both divided
    table[0, :, 5], table[0, :, 6] = -1.0, -1.5
    assert searched(table, max_length=2, repetition_penalty=1.4)[0][0].tokens == (5, 5)
    ((found,),) = searched(table, max_length=2, repetition_penalty=1.6)
    assert found.tokens == (5, 6)  # -1.6 < -1.5
    first = -1 - math.log(math.exp(-1) + math.exp(-1.5) + 10 * math.exp(-9))
    logits = 1.01 * np.array([-1.6, -1.5] + [-9.0] * (TOKENS - 2))
    assert found.score == pytest.approx((first + logits[1] - math.log(np.exp(logits).sum())) / 2, abs=1e-5)
