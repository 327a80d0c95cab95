"""Gates: what a score, a flag or a finding may be, as a team writes it down, and whether a system passes.

In a file, the keys are the options of the command line without their dashes::

    min: {bleu: 30, chrf: 55}
    max: {ter: 60, number: 2%, lint: 0}
    max-drop: {chrf: 0.5}
    fail-if-worse: true
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from eval.evaluation import Assessment, Change, Evaluation
from mt.errors import ConfigError

Kind = Literal["min", "max", "max-drop", "fail-if-worse"]
KINDS: tuple[Kind, ...] = ("min", "max", "max-drop", "fail-if-worse")
_EXAMPLES = {"min": "bleu: 30", "max": "number: 2%", "max-drop": "chrf: 0.5"}
LINT = "lint"  # the lines in which something is wrong with the output file, counted for each finding

_NUMBER = re.compile(r"(\d+(?:\.\d+)?)(%?)")
_OPTION = re.compile(r"([A-Za-z0-9_+.-]+)=(.+)")


@dataclass(frozen=True, slots=True)
class Gate:
    """One threshold: `name` is a metric, a kind of flag, or `lint`; a limit in percent is a share of the segments."""

    kind: Kind
    name: str  # of fail-if-worse: a metric, or empty for all
    limit: float = 0.0
    percent: bool = False

    def __str__(self) -> str:
        if self.kind == "fail-if-worse":
            return f"{self.name} not worse than the baseline" if self.name else "not worse than the baseline"
        limit = f"{self.limit:g}{'%' if self.percent else ''}"
        words = {"min": "at least", "max": "at most", "max-drop": "drops by at most"}
        return f"{self.name} {words[self.kind]} {limit}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A gate held against a system, in one line that says by how much."""

    gate: Gate
    task: str
    system: str
    passed: bool
    message: str


# --- reading


def load_gates(path: Path) -> tuple[Gate, ...]:
    """The gates of a file.

    Raises ConfigError, naming the key, for whatever is none.
    """
    from mt.strict_yaml import load_yaml

    if not path.is_file():
        raise ConfigError(f"{path}: no such file; expected thresholds, as docs/gates.yaml has them")
    content = load_yaml(path)
    if not isinstance(content, dict) or not content:
        raise ConfigError(f"{path}: expected a mapping with keys among {', '.join(KINDS)}")
    return tuple(gate for key, value in content.items() for gate in _gates(key, value, str(path)))


def _gates(key: str, value: Any, place: str) -> Iterator[Gate]:
    if key == "fail-if-worse":
        yield from (Gate("fail-if-worse", name) for name in _metrics(value, f"{place}, {key}"))
        return
    kind = next((kind for kind in KINDS if kind == key), None)
    if kind is None:
        raise ConfigError(f"{place}: {key[:60]!r} is no gate; expected {', '.join(KINDS)}")
    if not isinstance(value, dict) or not value:
        raise ConfigError(f"{place}, {key}: expected names with their limits, as in {{{_EXAMPLES[kind]}}}")
    yield from (_gate(kind, name, limit, f"{place}, {key}, {name[:60]}") for name, limit in value.items())


def _metrics(value: Any, place: str) -> list[str]:
    """The metrics that must not get worse; an empty name stands for all."""
    if isinstance(value, bool):
        return [""] if value else []
    if not isinstance(value, list) or not value or not all(isinstance(name, str) and name for name in value):
        raise ConfigError(f"{place}: expected true, false or a list of metrics")
    return list(dict.fromkeys(value))


def parse_gate(kind: Kind, option: str) -> Gate:
    """The gate of an option like `--min bleu=30`; raises ConfigError."""
    found = _OPTION.fullmatch(option)
    if not found:
        raise ConfigError(
            f"--{kind} {option[:60]}: expected NAME=LIMIT, as in --{kind} {_EXAMPLES[kind].replace(': ', '=')}"
        )
    return _gate(kind, found[1], found[2], f"--{kind} {option[:60]}")


def _gate(kind: Kind, name: str, limit: Any, place: str) -> Gate:
    found = None if isinstance(limit, bool) else _NUMBER.fullmatch(str(limit)[:20].strip())
    if not found:
        raise ConfigError(f"{place}: expected a limit like 30 or 2%; found {str(limit)[:60]!r}")
    percent = bool(found[2])
    if percent and kind != "max":
        raise ConfigError(f"{place}: {kind} takes points, as in {_EXAMPLES[kind]}, no share of the segments")
    return Gate(kind, name, float(found[1]), percent)


# --- judging


def judge(gates: Sequence[Gate], evaluations: Sequence[Evaluation]) -> tuple[Outcome, ...]:
    """Each gate held against each system that is not a yardstick, in every evaluation that has what it measures.

    Raises ConfigError where none of them has it: a gate that can never fail is a mistake.
    """
    outcomes = []
    for gate in gates:
        found = [outcome for evaluation in evaluations for outcome in _judged(gate, evaluation)]
        if not found:
            raise ConfigError(f"the gate “{gate}” has nothing to judge: {_missing(gate, evaluations)}")
        outcomes += found
    return tuple(outcomes)


def _judged(gate: Gate, evaluation: Evaluation) -> Iterator[Outcome]:
    for system in evaluation.judged:
        if gate.kind in ("max-drop", "fail-if-worse"):
            found = [_changed(gate, change) for change in system.changes if gate.name in ("", change.metric)]
        else:
            found = list(_threshold(gate, system))
        for own, passed, message in found:
            yield Outcome(own, evaluation.task, system.name, passed, message)


def _changed(gate: Gate, change: Change) -> tuple[Gate, bool, str]:
    told = f"{change.metric} {change.value:.2f} against {change.before:.2f} in the baseline ({change.told})"
    if gate.kind == "fail-if-worse":
        return replace(gate, name=change.metric), not change.worse, told
    over = change.loss - gate.limit
    told = f"{told}; {gate.limit:g} allowed"
    return (gate, False, f"{told}, {over:.2f} too much") if _above(over) else (gate, True, told)


def _threshold(gate: Gate, system: Assessment) -> Iterator[tuple[Gate, bool, str]]:
    digits, unit = 2, ""
    if gate.name in system.scores and not gate.percent:
        value = system.scores[gate.name].value
    elif gate.kind == "max" and (count := _count(gate.name, system)) is not None:
        value = 100 * count / len(system.output.hypotheses) if gate.percent else count
        digits, unit = (2, "%") if gate.percent else (0, "")
    else:
        return
    over = gate.limit - value if gate.kind == "min" else value - gate.limit
    shown, limit = f"{gate.name} {value:.{digits}f}{unit}", f"{gate.limit:g}{unit}"
    if _above(over):
        side = "below" if gate.kind == "min" else "above"
        much = f"{over:.{digits}f}" if over >= 0.005 else f"{over:.1g}"
        yield gate, False, f"{shown} is {side} {limit}, by {much}{unit}"
    else:
        yield gate, True, f"{shown}, {'at least' if gate.kind == 'min' else 'at most'} {limit}"


def _count(name: str, system: Assessment) -> int | None:
    """Flagged segments of a kind, or lines with findings; None where nobody looked for them."""
    if name == LINT:
        return sum(finding.count for finding in system.findings)
    return None if system.flagged is None else system.flagged.get(name)


def _above(over: float) -> bool:
    """Whether a limit is passed by more than the rounding of floats."""
    return over > 0 and not math.isclose(over, 0, abs_tol=1e-9)


def _missing(gate: Gate, evaluations: Sequence[Evaluation]) -> str:
    if gate.kind in ("max-drop", "fail-if-worse") and not any(
        system.changes for system in _judged_systems(evaluations)
    ):
        return "there is no baseline; add --baseline REPORT.json"
    scores = _names(system.scores for system in _judged_systems(evaluations))
    flags = _names(system.flagged or {} for system in _judged_systems(evaluations))
    known = [*scores, *([LINT, *flags] if gate.kind == "max" else [])]
    hint = "" if flags or gate.kind != "max" else "; kinds of flags need --source FILE"
    return f"measured are {', '.join(known)}{hint}"


def _judged_systems(evaluations: Iterable[Evaluation]) -> Iterator[Assessment]:
    return (system for evaluation in evaluations for system in evaluation.judged)


def _names(mappings: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))
