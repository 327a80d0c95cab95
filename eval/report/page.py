"""What stands where in a report, decided once for text, Markdown and HTML."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from eval.evaluation import Evaluation
from eval.gate import Outcome
from eval.metrics import metric_named
from eval.report.chart import Histogram, bin_counts, histogram
from eval.report.record import Report
from eval.report.segments import Listing, most_changed, worst
from eval.report.tables import Table, number_of, tables

TASKS = {"translate": "Translation", "summarize": "Summaries"}


@dataclass(frozen=True, slots=True)
class Drawing:
    """The histogram of a system's segments, and the same in words."""

    name: str
    told: str
    drawn: Histogram


@dataclass(frozen=True, slots=True)
class Wrong:
    """A finding on an output file."""

    system: str
    message: str


@dataclass(frozen=True, slots=True)
class Section:
    """One evaluation; `tables` begins with that of the scores."""

    title: str
    about: str
    metric: str  # that segments are shown by
    tables: tuple[Table, ...]
    lint: tuple[Wrong, ...]
    drawings: tuple[Drawing, ...]
    changed: tuple[Listing, ...]
    worst: tuple[Listing, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the provenance."""

    name: str
    text: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """The whole report."""

    title: str
    about: str
    outcomes: tuple[Outcome, ...]
    sections: tuple[Section, ...]
    facts: tuple[Fact, ...]


def lay_out(report: Report) -> Page:
    """The page of a report."""
    first = report.evaluations[0]
    systems = first.judged
    who = systems[0].name if len(systems) == 1 else f"{len(systems)} systems"
    failed = sum(not outcome.passed for outcome in report.outcomes)
    gates = f"{len(report.outcomes) - failed} of {len(report.outcomes)} gates passed. " if report.outcomes else ""
    return Page(
        f"{who} on {Path(first.dataset.name).name}",
        f"{gates}khulasa-eval {report.version}{', ' if report.created else ''}{report.created}",
        tuple(sorted(report.outcomes, key=lambda outcome: outcome.passed)),
        tuple(_section(evaluation) for evaluation in report.evaluations),
        tuple(_facts(report)),
    )


def _section(evaluation: Evaluation) -> Section:
    dataset, label = evaluation.dataset, metric_named(evaluation.main).label
    several = len(dataset.references) > 1
    references = f"{len(dataset.references)} references" if several else "one reference"
    about = f"{dataset.name}: {number_of(len(dataset), 'segment')}, {references}"
    return Section(
        TASKS[evaluation.task],
        f"{about}; baseline: {evaluation.baseline.name}" if evaluation.baseline else about,
        label,
        tables(evaluation),
        tuple(_findings(evaluation)),
        _drawings(evaluation),
        most_changed(evaluation, label),
        worst(evaluation, label),
    )


def _findings(evaluation: Evaluation) -> Iterator[Wrong]:
    for system in evaluation.systems:
        for finding in system.findings:
            shown = ", ".join(map(str, finding.lines[:5])) + (", …" if len(finding.lines) > 5 else "")
            where = f" (line{'' if len(finding.lines) == 1 else 's'} {shown})" if finding.lines else ""
            yield Wrong(system.name, f"{finding.kind}, {number_of(finding.count, 'line')}{where}: {finding.message}")


def _drawings(evaluation: Evaluation) -> tuple[Drawing, ...]:
    values = {system.name: system.scores[evaluation.main].segments for system in evaluation.systems}
    if len(evaluation.dataset) < 2:
        return ()
    tallest = max(max(bin_counts(found)) for found in values.values())
    return tuple(
        Drawing(name, f"mean {statistics.fmean(found):.1f}, median {statistics.median(found):.1f}",
                histogram(found, tallest))
        for name, found in values.items()
    )  # fmt: skip


def _facts(report: Report) -> Iterator[Fact]:
    for evaluation in report.evaluations:
        name = TASKS[evaluation.task]
        yield Fact(f"{name}, test set", evaluation.dataset.name, f"sha256 {evaluation.dataset.sha256}")
        for score in evaluation.systems[0].scores.values():
            yield Fact(metric_named(score.name).label, "", score.signature)
        for system in evaluation.systems:
            yield Fact(system.name, "" if system.output.signature else "a file", system.output.signature)
        for change in evaluation.systems[0].changes[:1]:
            yield Fact("paired test", "", change.test.signature)
    yield Fact("Made by", f"khulasa-eval {report.version}")
