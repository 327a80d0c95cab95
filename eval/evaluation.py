"""Systems held against a test set: scores, groups, flags, findings, and what changed since a baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from multiprocessing import get_context

import numpy as np

from eval.lint import Finding, lint, repair
from eval.metrics import RESAMPLES, metric_named, score
from eval.origin import Origin
from eval.quality import KINDS, Quality, assess
from eval.score import PairedResult, Score
from eval.significance import best, paired_bootstrap
from eval.testsets import Dataset, Task
from mt.engine import Placement
from mt.errors import EvalError

MAIN = ("chrf", "chrf++", "rougeLsum", "rougeL")  # what segments and groups are shown by: the first that is there
LONGEST = (10, 20, 30, 40)  # words of the reference, by which segments are grouped; longer ones are a group too
_ALONE = 2000  # segments, below which further processes cost more than they bring
Progress = Callable[[str], None]  # told what is being worked on


@dataclass(frozen=True, slots=True)
class Speed:
    """What making the hypotheses took, without loading the model."""

    seconds: float
    load_seconds: float
    words: int  # of the hypotheses

    @property
    def words_per_second(self) -> float:
        return self.words / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Output:
    """What a system made of a test set, a text a segment; a yardstick is only shown beside, never judged."""

    name: str
    hypotheses: tuple[str, ...]
    signature: str = ""  # who made it, with which settings; empty: a file, which nobody knows about
    speed: Speed | None = None
    yardstick: bool = False
    findings: tuple[Finding, ...] | None = None  # of the file it was read from; None: nobody has looked


@dataclass(frozen=True, slots=True)
class Trial:
    """Outputs for a test set, before they are scored."""

    task: Task
    origin: Origin
    dataset: Dataset
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A score beside that of the baseline, with the paired test."""

    value: float
    before: float
    test: PairedResult

    @property
    def metric(self) -> str:
        return self.test.metric

    @property
    def loss(self) -> float:
        """Points lost, whichever side of the scale is the better one."""
        return -self.test.difference if self.test.higher_is_better else self.test.difference

    @property
    def worse(self) -> bool:
        return self.test.verdict == "worse"

    @property
    def told(self) -> str:
        """The difference and what the test says of it."""
        verdict = {"better": "better", "worse": "worse", "tie": "no significant difference"}[self.test.verdict]
        return f"{self.test.difference:+.2f}, p = {self.test.p_value:.4f}, {verdict}"


@dataclass(frozen=True, slots=True)
class Group:
    """The segments of one length or one domain, and what they score together by the main metric."""

    name: str
    segments: int
    value: float


@dataclass(frozen=True, slots=True)
class Assessment:
    """All that is known of one output."""

    output: Output
    scores: Mapping[str, Score]
    marks: Mapping[str, str] = field(default_factory=dict)  # by metric: "best", or "tie" with the best
    lengths: tuple[Group, ...] = ()
    domains: tuple[Group, ...] = ()
    quality: Quality | None = None  # None without sources
    findings: tuple[Finding, ...] = ()
    repaired: tuple[Score, ...] = ()  # empty where there is nothing to repair
    changes: tuple[Change, ...] = ()  # empty without a baseline

    @property
    def name(self) -> str:
        return self.output.name

    @property
    def flagged(self) -> dict[str, int] | None:
        """The number of segments with a flag of each kind; None without sources."""
        return None if self.quality is None else {kind: self.quality.flagged(kind) for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One test set, and the systems on it, in the order they were given."""

    task: Task
    dataset: Dataset
    systems: tuple[Assessment, ...]
    baseline: Assessment | None = None  # scored only
    origin: Origin = field(default_factory=Origin)

    @property
    def judged(self) -> tuple[Assessment, ...]:
        """The systems that are not yardsticks."""
        return tuple(system for system in self.systems if not system.output.yardstick)

    @property
    def main(self) -> str:
        return main_metric(self.systems[0].scores)


def main_metric(scores: Mapping[str, Score]) -> str:
    """The metric that segments and groups are shown by."""
    return next((name for name in MAIN if name in scores), next(iter(scores)))


@dataclass(frozen=True, slots=True)
class Measures:
    """What is measured, and how."""

    metrics: tuple[str, ...]
    stemmer: bool = False  # ROUGE on English words without their endings
    resamples: int = RESAMPLES
    flags: bool = True  # run the checks where there are sources

    def score(self, hypotheses: Sequence[str], dataset: Dataset, resamples: int | None = None) -> dict[str, Score]:
        """The hypotheses by each metric."""
        trials = self.resamples if resamples is None else resamples
        found = score(hypotheses, dataset.references, self.metrics, resamples=trials, stemmer=self.stemmer)
        return {each.name: each for each in found}


def evaluate(
    trial: Trial, measures: Measures, baseline: Output | None = None, progress: Progress = lambda doing: None
) -> Evaluation:
    """The outputs assessed on the test set; their flags too, where it has Arabic sources.

    Raises LengthMismatch, InputTooLong, ConfigError.
    """
    dataset, outputs = trial.dataset, trial.outputs
    for output in (*outputs, *([baseline] if baseline else [])):
        dataset.check(output.hypotheses, output.name)
    before = None
    if baseline:
        progress(f"scoring the baseline, {baseline.name}")
        before = Assessment(baseline, measures.score(baseline.hypotheses, dataset, resamples=0))
    groups = _by_length(dataset), _by_domain(dataset)
    systems = []
    for output in outputs:
        progress(f"scoring {output.name}")
        systems.append(_assess(output, dataset, measures, groups, before))
    if measures.flags and trial.task == "translate" and dataset.sources:
        progress("checking")
        qualities = _qualities(dataset, outputs)
        systems = [replace(system, quality=found) for system, found in zip(systems, qualities, strict=True)]
    progress("comparing")
    marked = _marked([system for system in systems if not system.output.yardstick])
    assessed = tuple(marked.get(system.name, system) for system in systems)
    return Evaluation(trial.task, dataset, assessed, before, trial.origin)


def _assess(
    output: Output, dataset: Dataset, measures: Measures, groups: tuple[_Groups, _Groups],
    before: Assessment | None,
) -> Assessment:  # fmt: skip
    scores = measures.score(output.hypotheses, dataset)
    findings = lint(output.hypotheses, dataset.references) if output.findings is None else output.findings
    mended = repair(output.hypotheses, findings)
    lengths, domains = (_grouped(scores[main_metric(scores)], found) for found in groups)
    return Assessment(
        output, scores, {}, lengths, domains,
        findings=findings,
        repaired=tuple(measures.score(mended, dataset, resamples=0).values()) if mended else (),
        changes=tuple(
            Change(own.value, before.scores[name].value, paired_bootstrap(own, before.scores[name]))
            for name, own in scores.items()
        ) if before and not output.yardstick else (),
    )  # fmt: skip


def _qualities(dataset: Dataset, outputs: Sequence[Output]) -> list[Quality]:
    """What the checks say of each output; many of them on all cores, since the checks are slow and Python."""
    sources, hypotheses = [dataset.sources] * len(outputs), [output.hypotheses for output in outputs]
    workers = min(Placement().cores, len(outputs))
    if workers == 1 or len(dataset) * len(outputs) < _ALONE:
        return list(map(assess, sources, hypotheses))
    try:
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            return list(pool.map(assess, sources, hypotheses))
    except BrokenProcessPool as error:
        raise EvalError("a process that ran the checks has died, perhaps for want of memory; score fewer systems at "
                        "once, or without flags (--no-flags)") from error  # fmt: skip


# --- groups of segments

_Groups = dict[str, list[int]]  # the indices of the segments, by the name of the group


def _by_length(dataset: Dataset) -> _Groups:
    """The segments by the words of their reference."""
    ends = list(zip((1, *(end + 1 for end in LONGEST)), (*LONGEST, None), strict=True))
    groups: _Groups = {f"{first}–{last}" if last else f"{first} or more": [] for first, last in ends}
    names = list(groups)
    for index, text in enumerate(dataset.references[0]):
        groups[names[sum(len(text.split()) > end for end in LONGEST)]].append(index)
    return {name: found for name, found in groups.items() if found}


def _by_domain(dataset: Dataset) -> _Groups:
    groups: _Groups = {}
    for index, name in enumerate(dataset.domains):
        groups.setdefault(name, []).append(index)
    return groups


def _grouped(score: Score, groups: _Groups) -> tuple[Group, ...]:
    """The corpus score of each group, from the same statistics as that of all; none where that tells nothing new."""
    if score.statistics is None or not 1 < len(groups) < len(score.statistics):
        return ()
    sums = np.array([score.statistics[found].sum(0) for found in groups.values()])
    values = metric_named(score.name).values(sums)
    return tuple(Group(name, len(groups[name]), float(value)) for name, value in zip(groups, values, strict=True))


def _marked(systems: Sequence[Assessment]) -> dict[str, Assessment]:
    """The systems by name, each with what the paired test says of its place by each metric; of one, nothing."""
    if len(systems) < 2:
        return {}
    scores = {system.name: tuple(system.scores.values()) for system in systems}
    places = {metric: best(scores, metric) for metric in systems[0].scores}
    marks = {
        name: {metric: "best" if name == found[0] else "tie" for metric, found in places.items() if name in found}
        for name in scores
    }
    return {system.name: replace(system, marks=marks[system.name]) for system in systems}
