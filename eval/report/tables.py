"""The tables of a report: scores, what changed, repairs, lengths, domains, flags, speed; a row a system."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from eval.evaluation import Assessment, Evaluation, Group
from eval.metrics import metric_named
from eval.quality import KINDS
from eval.report.chart import Axis, axis_of
from eval.score import SIGNIFICANT, PairedResult


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, what is to be said of it, and how it is drawn: a place on an axis, or a share of 100."""

    value: str
    note: str = ""
    mark: str = ""  # best, tie, better, worse
    span: tuple[float, float, float] | None = None  # low, value, high on an axis of 100 units
    share: float | None = None

    @property
    def aside(self) -> str:
        """The note as it stands behind the value."""
        return f"({self.note})" if self.note and not self.note.startswith("[") else self.note


@dataclass(frozen=True, slots=True)
class Row:
    """A system and its cells."""

    name: str
    cells: tuple[Cell, ...]
    yardstick: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A row a system; a column is its name and a note below it."""

    title: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    note: str = ""


def tables(evaluation: Evaluation) -> tuple[Table, ...]:
    """All tables for which there is something to show, the scores first."""
    return tuple(table for build in _BUILDERS for table in build(evaluation))


def number_of(count: int, noun: str) -> str:
    """The count with its noun, in the plural where it is one."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _scores(evaluation: Evaluation) -> Iterator[Table]:
    names = tuple(evaluation.systems[0].scores)
    axes = {name: _axis(evaluation.systems, name) for name in names}
    rows = tuple(
        Row(system.name, tuple(_score(system, name, axes[name]) for name in names), system.output.yardstick)
        for system in evaluation.systems
    )
    notes = []
    if len(evaluation.judged) > 1:
        notes.append(f"Bold, or *: the best system. =: the paired bootstrap finds it no worse than the best "
                     f"(p ≥ {SIGNIFICANT:g}).")  # fmt: skip
    if any(score.interval for system in evaluation.systems for score in system.scores.values()):
        notes.append("In brackets: the interval that 95 % of resampled test sets give.")
    if yardsticks := [system.name for system in evaluation.systems if system.output.yardstick]:
        notes.append(f"{' and '.join(yardsticks)}: to be seen beside, not judged.")
    yield Table("Scores", tuple(map(_column, names)), rows, " ".join(notes))


def _column(name: str) -> tuple[str, str]:
    metric = metric_named(name)
    return metric.label, "" if metric.higher_is_better else "lower is better"


def _axis(systems: Sequence[Assessment], name: str) -> Axis:
    scores = [system.scores[name] for system in systems]
    return axis_of(value for score in scores for value in (score.value, *(score.interval or ())))


def _score(system: Assessment, name: str, axis: Axis) -> Cell:
    score = system.scores[name]
    value, mark = f"{score.value:.2f}", system.marks.get(name, "")
    if score.interval is None:
        return Cell(value, mark=mark)
    low, high = score.interval
    return Cell(value, f"[{low:.1f}, {high:.1f}]", mark, (axis.at(low), axis.at(score.value), axis.at(high)))


def _changes(evaluation: Evaluation) -> Iterator[Table]:
    changed = [system for system in evaluation.systems if system.changes]
    if not changed or evaluation.baseline is None:
        return
    rows = tuple(
        Row(system.name, tuple(
            _change(change.test) for change in system.changes
        ))
        for system in changed
    )  # fmt: skip
    yield Table("Against the baseline", tuple(_column(change.metric) for change in changed[0].changes), rows,
                f"Points more or less than {evaluation.baseline.name}; better or worse where the paired bootstrap "
                f"finds the difference significant (p < {SIGNIFICANT:g}).")  # fmt: skip


def _change(test: PairedResult) -> Cell:
    verdict = "" if test.verdict == "tie" else test.verdict
    return Cell(f"{test.difference:+.2f}", ", ".join(filter(None, (verdict, f"p = {test.p_value:.3f}"))), verdict)


def _lengths(evaluation: Evaluation) -> Iterator[Table]:
    yield from _groups(evaluation, "words in the reference", lambda system: system.lengths)


def _domains(evaluation: Evaluation) -> Iterator[Table]:
    yield from _groups(evaluation, "domain", lambda system: system.domains)


def _groups(evaluation: Evaluation, what: str, of: Callable[[Assessment], tuple[Group, ...]]) -> Iterator[Table]:
    groups = of(evaluation.systems[0])
    if groups:
        columns = tuple((group.name, number_of(group.segments, "segment")) for group in groups)
        rows = tuple(
            Row(system.name, tuple(
                Cell(f"{group.value:.1f}", share=round(min(max(group.value, 0.0), 100.0), 2)) for group in of(system)
            ), system.output.yardstick)
            for system in evaluation.systems
        )  # fmt: skip
        yield Table(f"{metric_named(evaluation.main).label} by {what}", columns, rows)


def _flags(evaluation: Evaluation) -> Iterator[Table]:
    """Segments that the checks flag, without asking a reference."""
    flagged = {system.name: system.flagged for system in evaluation.systems if system.flagged is not None}
    kinds = [kind for kind in KINDS if any(found[kind] for found in flagged.values())]
    if not flagged:
        return
    columns = (*((kind, "") for kind in kinds), ("similarity", ""), ("length ratio", ""))
    rows = []
    for system in evaluation.systems:
        if (quality := system.quality) is not None:
            counts = [flagged[system.name][kind] for kind in kinds]
            shares = [Cell(str(count), f"{100 * count / len(evaluation.dataset):.1f} %") for count in counts]
            more = Cell(f"{quality.similarity:.3f}"), Cell(f"{quality.length_ratio:.2f}")
            rows.append(Row(system.name, (*shares, *more), system.output.yardstick))
    yield Table("Flags", columns, tuple(rows),
                "Segments that the checks doubt (errors and warnings), without asking a reference.")  # fmt: skip


def _repaired(evaluation: Evaluation) -> Iterator[Table]:
    mended = [system for system in evaluation.systems if system.repaired]
    if mended:
        rows = tuple(
            Row(system.name, tuple(
                Cell(f"{system.scores[score.name].value:.2f} → {score.value:.2f}") for score in system.repaired
            ), system.output.yardstick)
            for system in mended
        )  # fmt: skip
        yield Table("Before and after repair", tuple(_column(score.name) for score in mended[0].repaired), rows,
                    "What a mechanical repair of the files would change; the scores above are those of the files as "
                    "they are.")  # fmt: skip


def _speed(evaluation: Evaluation) -> Iterator[Table]:
    timed = [(system, system.output.speed) for system in evaluation.systems if system.output.speed]
    if timed:
        rows = tuple(
            Row(system.name, (
                Cell(f"{speed.words_per_second:.0f}"), Cell(f"{speed.seconds:.1f}"), Cell(f"{speed.load_seconds:.1f}"),
            ), system.output.yardstick)
            for system, speed in timed if speed
        )  # fmt: skip
        yield Table("Speed", (("words/s", "of the output"), ("seconds", ""), ("to load", "seconds")), rows)


_BUILDERS = (_scores, _changes, _repaired, _lengths, _domains, _flags, _speed)
