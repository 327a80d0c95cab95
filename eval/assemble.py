"""From outputs to a report: each trial scored, held against its baseline, and judged by the gates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from eval.evaluation import Evaluation, Measures, Progress, Trial, evaluate
from eval.gate import Gate, judge
from eval.metrics import METRICS, SUMMARIZATION, TRANSLATION, metric_named
from eval.origin import Origin
from eval.report import Report
from eval.report.stored import choose_baseline, load_report, refuse_stale
from mt.errors import ConfigError, EvalError


@dataclass(frozen=True, slots=True)
class Asked:
    """What is measured and judged; without metrics, what is usual for the task."""

    metrics: tuple[str, ...] = ()
    stemmer: bool | None = None  # None: of summaries only
    flags: bool = True
    baseline: Path | None = None
    gates: tuple[Gate, ...] = ()

    def measures(self, trial: Trial) -> Measures:
        """The measures of a trial; ConfigError where a metric is unknown."""
        usual = TRANSLATION if trial.task == "translate" else SUMMARIZATION
        metrics = tuple(dict.fromkeys(metric_named(name).name for name in self.metrics)) or usual
        stemmer = trial.task == "summarize" if self.stemmer is None else self.stemmer
        return Measures(metrics, stemmer, flags=self.flags)


def assemble(trials: Sequence[tuple[Trial, Measures]], asked: Asked, progress: Progress = lambda doing: None) -> Report:
    """The report on the trials, each with what is measured of it.

    Raises EvalError where the baseline is no match, ConfigError where a gate has nothing to judge.
    """
    for gate in asked.gates:
        _refuse_mistaken(gate, trials, asked)
    evaluations = tuple(_evaluated(trial, measures, asked, progress) for trial, measures in trials)
    created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Report(evaluations, judge(asked.gates, evaluations), created)


def _evaluated(trial: Trial, measures: Measures, asked: Asked, progress: Progress) -> Evaluation:
    if asked.baseline is None:
        return evaluate(trial, measures, progress=progress)
    first = next(output for output in trial.outputs if not output.yardstick)
    stored = choose_baseline(asked.baseline, trial.task, trial.dataset, first.name)
    evaluation = evaluate(trial, measures, stored.output, progress)
    refuse_stale(asked.baseline, stored, evaluation)
    return evaluation


def _refuse_mistaken(gate: Gate, trials: Sequence[tuple[Trial, Measures]], asked: Asked) -> None:
    """Raise, before the work, what `judge` would raise after it: a metric that nobody measures, a missing baseline."""
    if gate.kind in ("max-drop", "fail-if-worse") and asked.baseline is None:
        raise ConfigError(f"the gate “{gate}” needs a baseline; add --baseline REPORT.json")
    measured = {name for _, measures in trials for name in measures.metrics}
    if gate.name in METRICS and gate.name not in measured:
        raise ConfigError(f"the gate “{gate}” has nothing to judge: measured are {', '.join(sorted(measured))}; add "
                          f"it to --metrics")  # fmt: skip


def rescored(path: Path, asked: Asked, origin: Origin | None = None) -> list[tuple[Trial, Measures]]:
    """The trials of a stored report, to be scored again on the same test set, or where `origin` says it lies now.

    Raises EvalError where the test set has changed.
    """
    stored = load_report(path)
    if origin is not None and len(stored) > 1:
        raise EvalError(f"{path} has {len(stored)} evaluations; leave --reference and --testset out, or split it")
    trials = []
    for old in stored:
        where = origin or old.origin
        dataset = where.load(old.task)
        old.refuse_other(dataset, path)
        trial = Trial(old.task, where, dataset, old.outputs)
        known = tuple(name for name in old.measures.metrics if name in METRICS)
        metrics = asked.metrics or known
        trials.append((trial, replace(asked, metrics=metrics, stemmer=old.measures.stemmer).measures(trial)))
    return trials
