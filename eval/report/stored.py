"""Reports read back: what a later run needs of one, as the baseline of a gate or to score it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from eval.evaluation import Evaluation, Measures, Output, Speed
from eval.lines import read_text
from eval.origin import Origin
from eval.report.record import SCHEMA
from eval.score import Score
from eval.testsets import Dataset, Fields, Task
from mt.errors import EvalError

T = TypeVar("T")


class StoredSystem(NamedTuple):
    """An output as it lies in a report, with the definition that each of its scores had."""

    output: Output
    definitions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StoredEvaluation:
    """An evaluation as it lies in a report: outputs, and which test set they belong to."""

    task: Task
    testset: str
    sha256: str
    origin: Origin
    systems: tuple[StoredSystem, ...]

    @property
    def outputs(self) -> tuple[Output, ...]:
        return tuple(system.output for system in self.systems)

    @property
    def measures(self) -> Measures:
        """What was measured then."""
        definitions = {name: text for system in self.systems for name, text in system.definitions.items()}
        return Measures(tuple(definitions), stemmer=any("|stem:porter|" in text for text in definitions.values()))

    def refuse_other(self, dataset: Dataset, path: Path) -> None:
        """Return if this is the test set of the report; raises EvalError."""
        if dataset.sha256 != self.sha256:
            raise EvalError(f"{path} was made on another test set: {self.testset} with sha256 {self.sha256[:12]}…, "
                            f"{dataset.name} has {dataset.sha256[:12]}…; make it anew with this one")  # fmt: skip


def choose_baseline(path: Path, task: Task, dataset: Dataset, name: str) -> StoredSystem:
    """The system of a report that `name` is held against: its only one, else the one that is called so.

    Raises EvalError where there is none, or the report is of another task or test set.
    """
    stored = [evaluation for evaluation in load_report(path) if evaluation.task == task]
    if not stored:
        raise EvalError(f"{path} has no evaluation of the task {task!r}; make a baseline that has")
    fitting = [evaluation for evaluation in stored if evaluation.sha256 == dataset.sha256]
    (fitting or stored)[0].refuse_other(dataset, path)
    systems = [system for system in fitting[0].systems if not system.output.yardstick]
    chosen = systems if len(systems) == 1 else [system for system in systems if system.output.name == name]
    if len(chosen) != 1:
        names = ", ".join(system.output.name for system in systems) or "none"
        raise EvalError(f"{path} has no system called {name}, but: {names}; score one of that name, as in NAME=FILE")
    return chosen[0]


def refuse_stale(path: Path, stored: StoredSystem, evaluation: Evaluation) -> None:
    """Return if the baseline was measured as it is now; raises EvalError, naming the metric."""
    if evaluation.baseline is None:
        return
    for name, score in evaluation.baseline.scores.items():
        before = stored.definitions.get(name)
        if before is not None and before != score.definition:
            raise EvalError(f"{path} has {name} {before}, this version counts {score.definition}; bring it up to date: "
                            f"khulasa-eval score --rescore {path} -o {path}")  # fmt: skip


def load_report(path: Path) -> tuple[StoredEvaluation, ...]:
    """The evaluations of a JSON report.

    Raises SourceUnreadable, and EvalError where it is none, or of another schema.
    """
    try:
        told = json.loads(read_text(path), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise EvalError(f"{path} is no JSON ({error}); expected a report, as --format json writes it") from error
    if not isinstance(told, dict) or "evaluations" not in told:
        raise EvalError(f"{path} is no report of khulasa-eval; expected one, as --format json writes it")
    if told.get("schema") != SCHEMA:
        raise EvalError(f"{path} has schema {str(told.get('schema'))[:20]}, this version reads {SCHEMA}; make it anew")
    try:
        return tuple(_stored(_typed(each, dict)) for each in _typed(told["evaluations"], list))
    except (KeyError, TypeError, ValueError) as error:
        raise EvalError(f"{path} is damaged: {type(error).__name__}, {str(error)[:100]}; make it anew") from error


def _stored(told: dict[str, Any]) -> StoredEvaluation:
    testset, task = told["testset"], told["task"]
    if task not in ("translate", "summarize"):
        raise ValueError(f"no task is called {task!r}")
    systems = tuple(_stored_system(system) for system in _typed(told["systems"], list))
    names = [system.output.name for system in systems]
    if all(system.output.yardstick for system in systems) or len(set(names)) < len(names):
        raise ValueError("expected one system or more, each with a name of its own")
    origin = dict(testset["origin"])
    fields = dict(origin.pop("fields"))
    return StoredEvaluation(
        task,
        _typed(testset["name"], str),
        _typed(testset["sha256"], str),
        Origin(
            **{key: _typed(value, str) for key, value in origin.items() if key != "references"},
            references=_texts(origin["references"]),
            fields=Fields(fields["source"], _texts(fields["references"]), fields["domain"]),
        ),
        systems,
    )


def _stored_system(told: dict[str, Any]) -> StoredSystem:
    speed = told["speed"]
    output = Output(
        _typed(told["name"], str),
        _texts(told["hypotheses"]),
        _typed(told["signature"], str),
        Speed(float(speed["seconds"]), float(speed["load_seconds"]), int(speed["words"])) if speed else None,
        _typed(told["yardstick"], bool),
    )
    scores = _typed(told["scores"], dict)
    signatures = {name: _typed(score["signature"], str) for name, score in scores.items()}
    return StoredSystem(output, {name: Score(name, 0.0, text).definition for name, text in signatures.items()})


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_typed(text, str) for text in _typed(value, list))


def _typed(value: Any, kind: type[T]) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, found {type(value).__name__}")
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")
