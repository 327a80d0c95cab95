"""Summaries made of an article's own sentences: the first ones, or the most central ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mt import __version__
from mt.errors import ConfigError, EmptyInput
from mt.vectors import encode
from summarize.base import Summary, SummarySentence

Floats = NDArray[np.float32]

_FEWEST_WORDS = 3
_AFTER_A_QUESTION_MARK = "!\"'”’»)] "
# How sites and agencies speak of themselves, in the original and in translation.
_BOILERPLATE = re.compile(
    r"^\W*(read (more|also)\b|see also\b|also read\b|click here\b|subscribe (to|now)\b|sign up (for|to)\b|follow us\b"
    r"|[اأإ]قر[اأ] ([اأ]يض|المزيد)|(شاهد|طالع) [اأ]يض|للمزيد|تابعونا|اشترك في)"
    r"|contributed to this (report|story)|all rights reserved|جميع الحقوق محفوظة",
    re.IGNORECASE,
)

# The graph holds this many numbers per sentence; in a longer article every second, third, … sentence votes.
_MOST_VOTERS = 2000
_ITERATIONS = 50


@dataclass(frozen=True, slots=True)
class Lead:
    """The first sentences that say something: for news, a baseline that is hard to beat."""

    def summarize(self, sentences: Sequence[str], count: int, title: str | None = None) -> Summary:
        """The first `count` usable sentences; others only where those are too few."""
        usable, rest = _candidates(sentences, count)
        return _extract(sentences, (usable + rest)[:count], f"lead|k:{count}|v:{__version__}")


@dataclass(frozen=True, slots=True)
class LexRank:
    """The sentences most like the others, in article order (Erkan and Radev 2004).

    The graph is the continuous one, with the cosine of sentence vectors in place of that of tf-idf. An early
    sentence, and one like the headline, weigh more; MMR (Carbonell and Goldstein 1998) keeps repetition out. The
    defaults were chosen on CNN stories: see benchmarks/summaries.py.
    """

    damping: float = 0.15  # share of the vote that every sentence gets, as in the paper
    position: float = 0.8  # what the last sentence loses against the first: 0 nothing, 1 everything
    title: float = 2.0  # how much likeness to the headline adds: rank times 1 + title * cosine
    mmr: float = 0.9  # share of rank against repetition: 1 is rank alone

    def __post_init__(self) -> None:
        for name in ("damping", "position", "mmr"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"lexrank: {name} is {getattr(self, name)}, expected a number from 0 to 1")
        if not 0 <= self.title < float("inf"):
            raise ConfigError(f"lexrank: title is {self.title}, expected a number from 0 up")

    def summarize(self, sentences: Sequence[str], count: int, title: str | None = None) -> Summary:
        """The `count` most central usable sentences; others only where those are too few."""
        usable, rest = _candidates(sentences, count)
        if len(usable) > count:
            vectors = encode([sentences[index] for index in usable] + [title or ""])
            usable = [usable[row] for row in self._choose(vectors[:-1], vectors[-1], count)]
        return _extract(sentences, (usable + rest)[:count], self._signature(count))

    def _choose(self, vectors: Floats, headline: Floats, count: int) -> list[int]:
        """Rows of `vectors`, best first; of equals the earlier one."""
        rank = _centrality(vectors, self.damping)
        rank *= 1 + self.title * np.maximum(vectors @ headline, 0)
        rank *= np.linspace(1, 1 - self.position, len(vectors), dtype=np.float32)
        rank /= rank.max()
        redundancy = np.zeros_like(rank)
        chosen: list[int] = []
        while len(chosen) < count:
            gain = self.mmr * rank - (1 - self.mmr) * redundancy
            gain[chosen] = -np.inf
            # Rounded, so that the last bits of a sum, which differ between machines, break no tie.
            chosen.append(int(np.round(gain, 5).argmax()))
            redundancy = np.maximum(redundancy, vectors @ vectors[chosen[-1]])
        return chosen

    def _signature(self, count: int) -> str:
        settings = f"damping:{self.damping:g}|position:{self.position:g}|title:{self.title:g}|mmr:{self.mmr:g}"
        return f"lexrank|use|{settings}|k:{count}|v:{__version__}"


def _centrality(vectors: Floats, damping: float) -> Floats:
    """The stationary probability of each sentence, shape (n,), when a reader walks from like to like."""
    step = -(-len(vectors) // _MOST_VOTERS)
    similarity = np.maximum(vectors @ vectors[::step].T, 0)  # (n, voters)
    # A sentence is 1 like itself, so below 1 are only those without a vector.
    transition = similarity / np.maximum(similarity[::step].sum(axis=0), 1)
    voters = transition.shape[1]
    rank = np.full(voters, 1 / voters, dtype=np.float32)
    for _ in range(_ITERATIONS):
        rank = damping / voters + (1 - damping) * (transition[::step] @ rank)
    centrality: Floats = damping / voters + (1 - damping) * (transition @ rank)
    return centrality


def _candidates(sentences: Sequence[str], count: int) -> tuple[list[int], list[int]]:
    """Indices of distinct sentences that are not blank: the usable ones, then the rest.

    Where none is usable (a list of names, a script without spaces), all are.
    """
    if count < 1:
        raise ConfigError(f"a summary of {count} sentences was asked for; ask for at least 1")
    first: dict[str, int] = {}
    for index, sentence in enumerate(sentences):
        first.setdefault(_skeleton(sentence), index)
    first.pop("", None)
    if not first:
        raise EmptyInput("there is nothing to summarize: every sentence is blank")
    usable = [index for index in first.values() if _usable(sentences[index])]
    rest = sorted(set(first.values()).difference(usable))
    return (usable, rest) if usable else (rest, [])


def _skeleton(sentence: str) -> str:
    """What two copies of a sentence share: letters and digits, or whatever else is visible."""
    return "".join(filter(str.isalnum, sentence.casefold())) or "".join(
        character for character in sentence if character.isprintable() and not character.isspace()
    )


def _usable(sentence: str) -> bool:
    """Whether a sentence can stand in a summary: no fragment, no question, no "read also"."""
    words = sum(any(map(str.isalnum, word)) for word in sentence.split())
    question = sentence.rstrip(_AFTER_A_QUESTION_MARK).endswith(("?", "؟"))
    return words >= _FEWEST_WORDS and not question and not _BOILERPLATE.search(sentence)


def _extract(sentences: Sequence[str], chosen: Sequence[int], system: str) -> Summary:
    """The chosen sentences in article order, each citing itself."""
    taken = tuple(SummarySentence(" ".join(sentences[index].split()), (index,)) for index in sorted(chosen))
    return Summary("extract", taken, system)
