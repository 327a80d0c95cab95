"""Paired tests against sacrebleu's own, number for number, for its metrics and for ROUGE; verdicts, ties, errors."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("sacrebleu", reason="needs the extra eval")

from eval.lines import read_lines
from eval.metrics import score
from eval.score import PairedResult, Score
from eval.significance import best, compare, paired_bootstrap, paired_randomization
from mt.errors import ConfigError, EvalError, LengthMismatch

METRICS = ("bleu", "chrf", "ter", "rouge2", "rougeL")
WORDS = ["the", "port", "of", "a", "town", "opened", "on", "Monday", "after", "ten", "years", "and", "two", "came"]


def corpus(segments: int = 60) -> dict[str, list[str]]:
    """A reference, and systems that change more and more of its words."""
    chance = random.Random(3)
    reference = [" ".join(chance.choices(WORDS, k=chance.randint(4, 14))) for _ in range(segments)]
    systems = {"reference": reference}
    for name, changed in {"good": 0.2, "fair": 0.25, "poor": 0.6}.items():
        systems[name] = [
            " ".join(chance.choice(WORDS) if chance.random() < changed else word for word in line.split())
            for line in reference
        ]
    return systems


@pytest.fixture(scope="module")
def systems() -> dict[str, list[Score]]:
    texts = corpus()
    return {name: score(lines, [texts["reference"]], METRICS) for name, lines in texts.items() if name != "reference"}


class RougeForSacrebleu:
    """rouge_score as sacrebleu's paired tests want a metric."""

    def __init__(self, kind: str) -> None:
        from rouge_score.rouge_scorer import RougeScorer

        self.kind, self.scorer = kind, RougeScorer([kind])

    def _extract_corpus_statistics(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Any:
        pairs = zip(references[0], hypotheses, strict=True)
        return [[100 * self.scorer.score(*pair)[self.kind].fmeasure, 1.0] for pair in pairs]

    def _compute_score_from_stats(self, stats: Any) -> Any:
        return SimpleNamespace(name=self.kind, score=stats[0] / stats[1])

    def _aggregate_and_compute(self, stats: Any) -> Any:
        return self._compute_score_from_stats([sum(column) for column in zip(*stats, strict=True)])

    def get_signature(self) -> Any:
        return SimpleNamespace(update=lambda key, value: None)


def sacrebleu_says(texts: dict[str, Sequence[str]], reference: Sequence[str], test: str, trials: int) -> Any:
    """Scores and p-values by metric, in the order of the systems, the baseline first."""
    from sacrebleu.metrics import BLEU, CHRF, TER
    from sacrebleu.significance import PairedTest

    metrics: dict[str, Any] = {"bleu": BLEU(force=True), "chrf": CHRF(), "ter": TER()}
    metrics |= {kind: RougeForSacrebleu(kind) for kind in ("rouge2", "rougeL")}
    signatures, results = PairedTest(list(texts.items()), metrics, [reference], test, trials)()
    shown = {"BLEU": "bleu", "chrF2": "chrf", "TER": "ter"}
    return (
        {shown[name]: str(signature) for name, signature in signatures.items() if name in shown},
        {shown.get(name, name): rows for name, rows in results.items() if name != "System"},
    )


@pytest.mark.parametrize(("test", "trials"), [("bs", 1000), ("ar", 700)])
def test_sacrebleu_finds_the_same(systems: dict[str, list[Score]], test: str, trials: int) -> None:
    texts = corpus()
    reference = texts.pop("reference")
    signatures, expected = sacrebleu_says(texts, reference, test, trials)  # type: ignore[arg-type]
    found = compare(systems, "good", test, trials)
    assert list(found) == ["fair", "poor"]
    for place, name in enumerate(found, 1):
        for result in found[name]:
            ours, baseline = expected[result.metric][place], expected[result.metric][0]
            assert result.p_value == ours.p_value, (name, result.metric)
            assert result.difference == pytest.approx(ours.score - baseline.score, abs=1e-9)
            if result.metric in signatures:
                assert sorted(result.signature.split("|")) == sorted(signatures[result.metric].split("|"))
    p_values = {result.metric: result.p_value for result in found["fair"]}
    assert 0.001 < p_values["bleu"] < 0.9  # chance has a say here, so that agreement means something
    assert {result.verdict for result in found["poor"]} == {"worse"}


@pytest.mark.slow
@pytest.mark.parametrize(("test", "trials"), [("bs", 1000), ("ar", 3000)])
def test_sacrebleu_finds_the_same_for_real_systems(data: Path, test: str, trials: int) -> None:
    count = 400
    reference = read_lines(data / "dev" / "flores-dev.en")[:count]
    names = ("bergamot-base", "bergamot-base-memory", "google")
    systems = data / "dev" / "systems"
    texts: dict[str, Sequence[str]] = {name: read_lines(systems / f"{name}.en")[:count] for name in names}
    _, expected = sacrebleu_says(texts, reference, test, trials)
    scores = {name: score(lines, [reference], METRICS) for name, lines in texts.items()}
    found = compare(scores, names[0], test, trials)
    for place, results in enumerate(found.values(), 1):
        assert [result.p_value for result in results] == [expected[name][place].p_value for name in METRICS]


def test_the_better_side_of_ter_is_the_lower_one(systems: dict[str, list[Score]]) -> None:
    found = {result.metric: result for result in compare(systems, "poor")["good"]}
    assert found["ter"].difference < 0 < found["bleu"].difference
    assert {result.verdict for result in found.values()} == {"better"}
    shown = [PairedResult("ter", change, p, "").verdict for change, p in ((1.0, 0.01), (1.0, 0.05), (-1.0, 0.01))]
    assert shown == ["better", "tie", "worse"]


@pytest.mark.parametrize("test", [paired_bootstrap, paired_randomization])
def test_a_system_is_no_better_than_itself(systems: dict[str, list[Score]], test: Any) -> None:
    """sacrebleu says p = 0.001 here, as no resample is further apart than not at all."""
    for own in systems["good"]:
        result = test(own, replace(own, segments=()), 100)
        assert (result.difference, result.p_value, result.verdict) == (0.0, 1.0, "tie")


def test_the_best_and_those_that_are_as_good(systems: dict[str, list[Score]]) -> None:
    assert best(systems, "chrf") == ("good", "fair")
    assert best(systems, "ter") == ("good", "fair")  # the lowest
    assert best({name: systems[name] for name in ("poor", "fair")}, "ter") == ("fair",)
    assert best({"poor": systems["poor"]}, "chrf") == ("poor",)
    assert best(systems, "chrf++") == ()


def test_what_cannot_be_compared_is_refused(systems: dict[str, list[Score]]) -> None:
    bleu, chrf, *_ = systems["good"]
    short, *_ = score(["a"], [["a"]])
    stored = replace(bleu, statistics=None)
    with pytest.raises(EvalError, match=r"^chrf nrefs:1\|case.* cannot be compared with bleu nrefs:1\|case"):
        paired_bootstrap(chrf, bleu)
    with pytest.raises(EvalError, match="stored report has no statistics to test; score its hypotheses again"):
        paired_randomization(stored, bleu)
    with pytest.raises(LengthMismatch, match="the system has 60 segments, the baseline 1"):
        paired_bootstrap(bleu, short)
    with pytest.raises(ConfigError, match="1 trials says nothing"):
        paired_bootstrap(bleu, bleu, 1)
    with pytest.raises(ConfigError, match="no paired test is called 'sign'; there are: bs, ar"):
        compare(systems, "good", "sign")
    with pytest.raises(ConfigError, match="no system is called 'fine'; expected one of: good, fair, poor"):
        compare(systems, "fine")
    with pytest.raises(EvalError, match="good has no bleu to compare fair with"):
        compare({"good": [chrf], "fair": systems["fair"]}, "good")


def test_resamples_with_another_number_may_still_be_compared() -> None:
    few, many = (score(["a b c", "d e"], [["a b d", "d e"]], ["chrf"], resamples=count)[0] for count in (100, 1000))
    assert few.signature != many.signature
    assert paired_bootstrap(few, many).signature.startswith("nrefs:1|bs:1000|seed:12345|case:mixed|")
