"""BLEU, chrF, chrF++, TER (sacrebleu) and ROUGE (rouge_score): a corpus value, its interval, one value a segment.

Every metric is a sum over segments and a function of that sum; intervals and paired tests rest on the same sums.
sacrebleu's names with an underscore that are used here are those its own paired tests use; the tests hold our numbers
against its command line, so that a release that changes them is noticed.
"""

from __future__ import annotations

import os
import unicodedata
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib import import_module, metadata
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eval.score import Interval, Score
from mt.errors import BackendUnavailable, ConfigError, EmptyInput, InputTooLong, LengthMismatch

Values = NDArray[np.float64]

RESAMPLES = 1000
MAX_CHARACTERS = 20_000  # of a segment: TER and ROUGE-L compare every word with every other


class Measured(NamedTuple):
    """What a metric makes of a corpus: `statistics` has one row a segment."""

    value: float
    signature: str
    statistics: Values


@dataclass(frozen=True, slots=True)
class Metric(ABC):
    """A metric by its name on the command line and in reports, and by its label in tables."""

    name: str
    label: str
    higher_is_better: bool = True

    @abstractmethod
    def measure(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Measured:
        """The corpus measured; `references` has one sequence a reference, each as long as `hypotheses`."""

    @abstractmethod
    def values(self, sums: Values) -> Values:
        """The corpus value of each row of summed statistics."""

    def segment_values(self, statistics: Values) -> Values:
        """The value of each segment for itself."""
        return self.values(statistics)


@dataclass(frozen=True, slots=True)
class SacreBleu(Metric):
    """A metric of sacrebleu with the settings of its command line."""

    kind: str = "BLEU"
    options: tuple[tuple[str, int], ...] = ()

    def measure(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Measured:
        """The corpus measured; value and signature are those of `sacrebleu -m`."""
        counter = self._counter()
        rows = counter._extract_corpus_statistics(hypotheses, references)
        value = counter._aggregate_and_compute(rows).score
        return Measured(float(value), str(counter.get_signature()), np.array(rows, dtype=np.float64))

    def values(self, sums: Values) -> Values:
        """The corpus value of each row of summed statistics."""
        counter = self._counter()
        return np.array([counter._compute_score_from_stats(row).score for row in sums], dtype=np.float64)

    def segment_values(self, statistics: Values) -> Values:
        """The value of each segment; BLEU with effective order, as `sacrebleu --sentence-level` has it."""
        metric = replace(self, options=(("effective_order", True),)) if self.kind == "BLEU" else self
        return metric.values(statistics)

    def _counter(self) -> Any:
        # force: that a file is tokenized is said by eval.lint, not by a logger
        options = {"force": True} if self.kind == "BLEU" else {}
        return getattr(library("sacrebleu.metrics"), self.kind)(**options, **dict(self.options))


@dataclass(frozen=True, slots=True)
class Rouge(Metric):
    """The F-measure of rouge_score, times 100; the corpus value is the plain mean over segments.

    Words are rouge_score's (runs of a–z and 0–9) where most letters of the references are Latin, else runs of
    letters, marks and digits of any script. Of several references the one with the highest F-measure counts.
    ROUGE-Lsum takes each line of a segment for a sentence: where a summary is on one line, it is near ROUGE-L.
    """

    kind: str = "rouge1"
    stemmer: bool = False  # Porter's, for English only

    def measure(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Measured:
        """The corpus measured, a row (100 F, 1) a segment."""
        latin = _mostly_latin(references)
        tokenizer = None if latin else _UnicodeTokenizer()
        build = library("rouge_score.rouge_scorer").RougeScorer
        scorer = build([self.kind], use_stemmer=self.stemmer and latin, tokenizer=tokenizer)
        rows = [
            (100 * scorer.score_multi(row, hypothesis)[self.kind].fmeasure, 1.0)
            for hypothesis, row in zip(hypotheses, zip(*references, strict=True), strict=True)
        ]
        statistics = np.array(rows, dtype=np.float64)
        signature = "|".join((
            f"nrefs:{len(references)}",
            f"tok:{'rouge' if latin else 'unicode'}",
            f"stem:{'porter' if self.stemmer and latin else 'no'}",
            *(["split:newline"] if self.kind == "rougeLsum" else []),
            "mean:plain",
            f"version:{metadata.version('rouge_score')}",
        ))  # fmt: skip
        return Measured(float(statistics[:, 0].mean()), signature, statistics)

    def values(self, sums: Values) -> Values:
        """The mean of each row of sums."""
        return np.asarray(sums[:, 0] / sums[:, 1], dtype=np.float64)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        SacreBleu("bleu", "BLEU"),
        SacreBleu("chrf", "chrF", kind="CHRF"),
        SacreBleu("chrf++", "chrF++", kind="CHRF", options=(("word_order", 2),)),
        SacreBleu("ter", "TER", higher_is_better=False, kind="TER"),
        Rouge("rouge1", "ROUGE-1", kind="rouge1"),
        Rouge("rouge2", "ROUGE-2", kind="rouge2"),
        Rouge("rougeL", "ROUGE-L", kind="rougeL"),
        Rouge("rougeLsum", "ROUGE-Lsum", kind="rougeLsum"),
    )
}
TRANSLATION = ("bleu", "chrf")  # what is scored where nothing is asked for
SUMMARIZATION = ("rouge1", "rouge2", "rougeLsum")


def library(module: str) -> Any:
    """The module of an optional library; BackendUnavailable says how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise BackendUnavailable(f"scores need {module.partition('.')[0]} ({error}): pip install '.[eval]'") from error


def metric_named(name: str) -> Metric:
    """The metric of that name in any case of letters; ConfigError lists the names."""
    known = {own.casefold(): metric for own, metric in METRICS.items()}
    if metric := known.get(name.casefold()):
        return metric
    nearest = get_close_matches(name[:100].casefold(), known, 1, 0)
    hint = f"; nearest: {known[nearest[0]].name}" if nearest else ""
    raise ConfigError(f"no metric is called {name[:100]!r}; there are: {', '.join(METRICS)}{hint}")


def score(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    metrics: Sequence[str] = TRANSLATION,
    *,
    resamples: int = RESAMPLES,
    stemmer: bool = False,
) -> list[Score]:
    """One score a metric, each once, in their order.

    `references` has one sequence a reference, each as long as `hypotheses`.

    The interval is sacrebleu's: half the width of the middle 95 % of the resampled values, around their mean. With
    `resamples` below 2 there is none. It is the same on every run, unless SACREBLEU_SEED is set.

    Raises:
        ConfigError: no such metric.
        EmptyInput, LengthMismatch, InputTooLong: nothing to score, not the same number of segments, or one that
            cannot be scored in reasonable time.
    """
    chosen = list(dict.fromkeys(metric_named(name) for name in metrics))
    check_segments(hypotheses, references)
    scores = []
    for metric in chosen:
        if isinstance(metric, Rouge):
            metric = replace(metric, stemmer=stemmer)
        value, signature, statistics = metric.measure(hypotheses, references)
        interval = None
        if resamples > 1:
            interval = _interval(bootstrap(metric, statistics, resamples))
            signature = with_trials(signature, "bs", resamples)
        segments = tuple(metric.segment_values(statistics).tolist())
        scores.append(Score(metric.name, value, signature, interval, segments, metric.higher_is_better, statistics))
    return scores


def check_segments(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> None:
    """Return if these can be scored.

    Raises EmptyInput, LengthMismatch, InputTooLong, naming the side and the segment.
    """
    if not references:
        raise EmptyInput("there is no reference to score against; give one or more")
    if not hypotheses:
        raise EmptyInput("there are no hypotheses to score; expected one for each segment")
    numbered = len(references) > 1
    sides = {"the hypotheses": hypotheses}
    sides |= {f"reference {n}" if numbered else "the reference": side for n, side in enumerate(references, 1)}
    for name, side in sides.items():
        if len(side) != len(hypotheses):
            raise LengthMismatch(f"the hypotheses have {len(hypotheses)} segments, {name} has {len(side)}; expected "
                                 "one hypothesis for each segment of the reference, in its order")  # fmt: skip
        for number, text in enumerate(side, 1):
            if len(text) > MAX_CHARACTERS:
                raise InputTooLong(f"{name}, segment {number}: {len(text)} characters, at most {MAX_CHARACTERS} can "
                                   "be scored; cut the texts into paragraphs or sentences")  # fmt: skip


# --- resampling, as sacrebleu does it


def seed() -> int | None:
    """The seed of every random choice: SACREBLEU_SEED, else sacrebleu's 12345; None where it says `none`."""
    named = os.environ.get("SACREBLEU_SEED", "12345")
    if named.lower() == "none":
        return None
    if not (named.isascii() and named.isdecimal()):
        raise ConfigError(f"SACREBLEU_SEED is {named[:40]!r}; expected a whole number, or none")
    return int(named)


def with_trials(signature: str, test: str, trials: int) -> str:
    """The signature with a test's name, its number of trials and the seed, where sacrebleu puts them."""
    first, _, rest = signature.partition("|")
    return f"{first}|{test}:{trials}|seed:{str(seed()).lower()}|{rest}"


def bootstrap(metric: Metric, statistics: Values, resamples: int) -> Values:
    """The metric's value of each resample; with the same seed the same segments are drawn for every system."""
    rows = statistics.astype(np.float32)  # sacrebleu's precision: its p-values are to come out
    sums = np.array([rows[drawn].sum(0) for drawn in _draws(len(rows), resamples)])
    return metric.values(sums)


def _draws(segments: int, resamples: int) -> Iterator[NDArray[np.int64]]:
    """The numbers of the segments of each resample; row by row, since all at once can be gigabytes."""
    random = np.random.default_rng(seed())
    for _ in range(resamples):
        yield random.choice(segments, size=segments, replace=True)


def _interval(values: Values) -> Interval:
    ranked = np.sort(values)
    outside = len(ranked) // 40
    half = (ranked[len(ranked) - outside - 1] - ranked[outside]) / 2
    mean = ranked.mean()
    return float(mean - half), float(mean + half)


# --- words for ROUGE


def _mostly_latin(references: Sequence[Sequence[str]]) -> bool:
    """Whether at least half of the letters are Latin; a text without letters passes for Latin."""
    letters: Counter[str] = Counter()
    for side in references:
        for text in side:
            letters.update(text)
    every = {letter: count for letter, count in letters.items() if letter.isalpha()}
    latin = sum(count for letter, count in every.items() if unicodedata.name(letter, "").startswith("LATIN"))
    return 2 * latin >= sum(every.values())


class _UnicodeTokenizer:
    """Words of any script with spaces; marks belong to their letter, or vowel signs would cut words to pieces."""

    def tokenize(self, text: str) -> list[str]:
        """The words, in lower case."""
        kept = (character if unicodedata.category(character)[0] in "LMN" else " " for character in text.lower())
        return "".join(kept).split()
