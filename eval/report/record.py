"""The report as a value, and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from eval.evaluation import Assessment, Evaluation
from eval.gate import Outcome
from eval.score import Score
from mt import __version__

SCHEMA = 1  # changes when a key changes its meaning


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured, and which gates it passed; `created` is a time as ISO 8601 has it."""

    evaluations: tuple[Evaluation, ...]
    outcomes: tuple[Outcome, ...] = ()
    created: str = ""
    version: str = __version__

    @property
    def passed(self) -> bool:
        return all(outcome.passed for outcome in self.outcomes)


# --- writing


def report_json(report: Report) -> str:
    """The report with all hypotheses and without the texts of the test set; see docs/reports.md."""
    told = {
        "schema": SCHEMA,
        "khulasa": report.version,
        "created": report.created,
        "passed": report.passed,
        "gates": [
            {"gate": str(o.gate), "task": o.task, "system": o.system, "passed": o.passed, "message": o.message}
            for o in report.outcomes
        ],
        "evaluations": [_evaluation(evaluation) for evaluation in report.evaluations],
    }
    # a half character, which UTF-8 has no bytes for, as \ud800
    text = json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def _evaluation(evaluation: Evaluation) -> dict[str, Any]:
    dataset, origin = evaluation.dataset, evaluation.origin
    return {
        "task": evaluation.task,
        "testset": {
            "name": dataset.name,
            "segments": len(dataset),
            "references": len(dataset.references),
            "sha256": dataset.sha256,
            "origin": asdict(origin),
        },
        "main": evaluation.main,
        "systems": [_system(system) for system in evaluation.systems],
        "baseline": _scored(evaluation.baseline) if evaluation.baseline else None,
    }


def _scored(system: Assessment) -> dict[str, Any]:
    return {
        "name": system.name,
        "signature": system.output.signature,
        "scores": {name: _score(score, system.marks.get(name)) for name, score in system.scores.items()},
    }


def _score(score: Score, mark: str | None) -> dict[str, Any]:
    return {
        "value": score.value,
        "interval": score.interval,
        "signature": score.signature,
        "higher_is_better": score.higher_is_better,
        "mark": mark,
        "segments": [round(value, 4) for value in score.segments],
    }


def _system(system: Assessment) -> dict[str, Any]:
    quality, speed = system.quality, system.output.speed
    return {
        **_scored(system),
        "yardstick": system.output.yardstick,
        "speed": asdict(speed) | {"words_per_second": speed.words_per_second} if speed else None,
        "lengths": [asdict(group) for group in system.lengths],
        "domains": [asdict(group) for group in system.domains],
        "flagged": system.flagged,
        "flags": [asdict(count) for count in quality.counts] if quality else None,
        "similarity": quality.similarity if quality else None,
        "length_ratio": quality.length_ratio if quality else None,
        "findings": [
            {"kind": finding.kind, "message": finding.message, "count": finding.count, "lines": finding.lines}
            for finding in system.findings
        ],
        "repaired": {score.name: score.value for score in system.repaired} or None,
        "changes": [
            {"metric": change.metric, "value": change.value, "before": change.before,
             "difference": change.test.difference, "p_value": change.test.p_value, "verdict": change.test.verdict,
             "signature": change.test.signature}
            for change in system.changes
        ],
        "hypotheses": system.output.hypotheses,
    }  # fmt: skip
