"""Is one system really better than another? Paired tests, with sacrebleu's numbers, for every metric here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from eval.metrics import RESAMPLES, Metric, Values, bootstrap, metric_named, seed, with_trials
from eval.score import PairedResult, Score
from mt.errors import ConfigError, EvalError, LengthMismatch

TRIALS = 10_000
# Trials that are worked on at once. sacrebleu draws all at once; a multiple of 32 gives the same coin tosses, since
# numpy takes them from words of 32 bits and begins each call with a new one.
_AT_ONCE = 320
_ROUNDING = 1e-9  # sums of floats that should be equal are not quite


def paired_bootstrap(system: Score, baseline: Score, resamples: int = RESAMPLES) -> PairedResult:
    """The paired bootstrap (Koehn 2004) as sacrebleu has it; `system` and `baseline` are by the same metric.

    Raises EvalError, LengthMismatch where they cannot be compared, ConfigError for fewer than 2 resamples.
    """
    metric, ours, theirs = _comparable(system, baseline, resamples)
    gaps = np.abs(bootstrap(metric, ours, resamples) - bootstrap(metric, theirs, resamples))
    return _result(system, baseline, gaps - gaps.mean(), "bs")


def paired_randomization(system: Score, baseline: Score, trials: int = TRIALS) -> PairedResult:
    """Approximate randomization (Riezler and Maxwell 2005) as sacrebleu has it: coin tosses swap the two outputs.

    Raises EvalError, LengthMismatch where they cannot be compared, ConfigError for fewer than 2 trials.
    """
    metric, ours, theirs = _comparable(system, baseline, trials)
    both = ours.sum(0) + theirs.sum(0)
    random = np.random.default_rng(seed())
    gaps = []
    for start in range(0, trials, _AT_ONCE):
        baselines = random.integers(2, size=(min(_AT_ONCE, trials - start), len(ours)), dtype=bool)
        mixed = baselines @ theirs + ~baselines @ ours
        gaps.append(np.abs(metric.values(mixed) - metric.values(both - mixed)))
    return _result(system, baseline, np.concatenate(gaps), "ar")


PAIRED_TESTS = {"bs": paired_bootstrap, "ar": paired_randomization}  # by sacrebleu's short names


def compare(
    systems: Mapping[str, Sequence[Score]], baseline: str, test: str = "bs", trials: int | None = None
) -> dict[str, list[PairedResult]]:
    """Each system but the baseline against it, in their order, metric by metric.

    Raises:
        ConfigError: no such test, or no such baseline.
        EvalError, LengthMismatch: the scores cannot be compared.
    """
    if test not in PAIRED_TESTS:
        raise ConfigError(f"no paired test is called {test[:40]!r}; there are: {', '.join(PAIRED_TESTS)}")
    if baseline not in systems:
        raise ConfigError(f"no system is called {baseline[:100]!r}; expected one of: {', '.join(systems)}")
    paired = PAIRED_TESTS[test]
    own = {score.name: score for score in systems[baseline]}
    results = {}
    for name, scores in systems.items():
        if name == baseline:
            continue
        if missing := [score.name for score in scores if score.name not in own]:
            raise EvalError(f"{baseline} has no {missing[0]} to compare {name} with; score all with the same metrics")
        pairs = [(score, own[score.name]) for score in scores]
        results[name] = [paired(*pair) if trials is None else paired(*pair, trials) for pair in pairs]
    return results


def best(systems: Mapping[str, Sequence[Score]], metric: str, test: str = "bs") -> tuple[str, ...]:
    """The system with the best value by this metric, then those that the paired test finds no worse, best first."""
    scores = {name: score for name, row in systems.items() for score in row if score.name == metric}
    if not scores:
        return ()
    sign = -1 if metric_named(metric).higher_is_better else 1
    first, *others = sorted(scores, key=lambda name: sign * scores[name].value)
    ties = [name for name in others if PAIRED_TESTS[test](scores[name], scores[first]).verdict == "tie"]
    return (first, *ties)


def _comparable(system: Score, baseline: Score, trials: int) -> tuple[Metric, Values, Values]:
    """The metric and the statistics of both, if a test of them means anything."""
    if trials < 2:
        raise ConfigError(f"a paired test with {trials} trials says nothing; expected 2 or more, usually {TRIALS}")
    if (system.name, system.definition) != (baseline.name, baseline.definition):
        raise EvalError(f"{system.name} {system.definition} cannot be compared with {baseline.name} "
                        f"{baseline.definition}; score both in the same way")  # fmt: skip
    if system.statistics is None or baseline.statistics is None:
        raise EvalError(f"the {system.name} of a stored report has no statistics to test; score its hypotheses again")
    ours, theirs = system.statistics, baseline.statistics
    if len(ours) != len(theirs):
        raise LengthMismatch(f"the system has {len(ours)} segments, the baseline {len(theirs)}; expected the same ones")
    return metric_named(system.name), ours, theirs


def _result(system: Score, baseline: Score, by_chance: Values, test: str) -> PairedResult:
    """The outcome: how often chance alone made a gap as wide as the real one.

    sacrebleu's p of two equal outputs is its smallest, since no gap is wider than none; here it is 1.
    """
    difference = system.value - baseline.value
    wider = int(np.sum(by_chance > abs(difference) + _ROUNDING))
    p_value = (wider + 1) / (len(by_chance) + 1) if difference else 1.0
    signature = with_trials(system.definition, test, len(by_chance))
    return PairedResult(system.name, difference, p_value, signature, system.higher_is_better)
