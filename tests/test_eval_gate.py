"""Gates: read from files and options, held against numbers that are known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from eval.evaluation import Assessment, Change, Evaluation, Output
from eval.gate import Gate, judge, load_gates, parse_gate
from eval.lint import Finding
from eval.quality import Quality
from eval.score import PairedResult, Score
from eval.testsets import Dataset
from mt.document import Flag
from mt.errors import ConfigError

NUMBER = Flag("number", "error", "The source says 3.")
NOTE = Flag("typo", "info", "a slip")


def system(
    name: str = "ours", *, yardstick: bool = False, difference: float = -2.0, p_value: float = 0.01
) -> Assessment:
    """Fifty segments: BLEU 30, TER 52, one flagged number, three lines with entities, BLEU 32 in the baseline."""
    flags = ((NUMBER,), (NOTE,), *[()] * 48)
    return Assessment(
        Output(name, ("a",) * 50, yardstick=yardstick),
        {"bleu": Score("bleu", 30.0, "s"), "ter": Score("ter", 52.0, "s", higher_is_better=False)},
        quality=Quality(flags, (0.5,) * 50, 1.0),
        findings=(Finding("entity", "…", 3, (1, 2, 3)),),
        changes=(
            Change(30.0, 30.0 - difference, PairedResult("bleu", difference, p_value, "s")),
            Change(52.0, 50.0, PairedResult("ter", 2.0, 0.2, "s", higher_is_better=False)),
        ),
    )


def evaluation(*systems: Assessment) -> Evaluation:
    return Evaluation("translate", Dataset("set", (("a",) * 50,)), systems or (system(),))


def judged(gates: Sequence[Gate], *systems: Assessment) -> list[tuple[bool, str]]:
    return [(outcome.passed, outcome.message) for outcome in judge(gates, [evaluation(*systems)])]


def test_a_file_has_the_options_as_its_keys(tmp_path: Path) -> None:
    path = tmp_path / "gates.yaml"
    path.write_text("min: {bleu: 30, chrf++: 55.5}\nmax: {number: 2%, lint: 0}\nmax-drop: {chrf: 0.5}\n"
                    "fail-if-worse: [bleu, chrf]\n", encoding="utf-8")  # fmt: skip
    gates = load_gates(path)
    assert gates == (
        Gate("min", "bleu", 30.0), Gate("min", "chrf++", 55.5), Gate("max", "number", 2.0, percent=True),
        Gate("max", "lint", 0.0), Gate("max-drop", "chrf", 0.5), Gate("fail-if-worse", "bleu"),
        Gate("fail-if-worse", "chrf"),
    )  # fmt: skip
    assert [str(gate) for gate in gates[:5]] == [
        "bleu at least 30", "chrf++ at least 55.5", "number at most 2%", "lint at most 0", "chrf drops by at most 0.5",
    ]  # fmt: skip


def test_the_example_in_the_docs_is_a_gate_file() -> None:
    gates = load_gates(Path(__file__).resolve().parents[1] / "docs" / "gates.yaml")
    assert {gate.kind for gate in gates} == {"min", "max", "max-drop", "fail-if-worse"}
    assert Gate("max", "number", 2.0, percent=True) in gates


@pytest.mark.parametrize(("text", "gates"), [("true", (Gate("fail-if-worse", ""),)), ("false", ())])
def test_worse_than_the_baseline_can_be_for_all_or_none(tmp_path: Path, text: str, gates: tuple[Gate, ...]) -> None:
    (tmp_path / "g.yaml").write_text(f"fail-if-worse: {text}\n", encoding="utf-8")
    assert load_gates(tmp_path / "g.yaml") == gates


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a mapping with keys among min, max, max-drop, fail-if-worse"),
        ("- bleu", "expected a mapping with keys"),
        ("least: {bleu: 3}", "'least' is no gate; expected min, max"),
        ("min: 30", "min: expected names with their limits, as in {bleu: 30}"),
        ("min: {}", "min: expected names with their limits"),
        ("min: {bleu: thirty}", "min, bleu: expected a limit like 30 or 2%; found 'thirty'"),
        ("min: {bleu: true}", "expected a limit"),
        ("min: {bleu: -1}", "expected a limit like 30 or 2%; found '-1'"),
        ("min: {bleu: .nan}", "expected a limit"),
        ("min: {bleu: 30%}", "min takes points, as in bleu: 30, no share of the segments"),
        ("fail-if-worse: 1", "fail-if-worse: expected true, false or a list of metrics"),
        ("fail-if-worse: []", "expected true, false or a list"),
        ("min: {bleu: 1, bleu: 2}", "line 1: key 'bleu' stands twice"),
    ],
)
def test_a_file_that_is_no_gate_file_is_refused_by_the_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "gates.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_gates(path)
    assert str(path) in str(error.value)
    assert message in str(error.value)


def test_options_are_gates() -> None:
    assert parse_gate("min", "bleu=30") == Gate("min", "bleu", 30.0)
    assert parse_gate("max", "number=2.5%") == Gate("max", "number", 2.5, percent=True)
    assert parse_gate("max-drop", "chrf++=0.5") == Gate("max-drop", "chrf++", 0.5)
    with pytest.raises(ConfigError, match=r"--max number: expected NAME=LIMIT, as in --max number=2%"):
        parse_gate("max", "number")
    with pytest.raises(ConfigError, match=r"--min bleu=x: expected a limit like 30 or 2%; found 'x'"):
        parse_gate("min", "bleu=x")


@pytest.mark.parametrize(
    ("gate", "passed", "message"),
    [
        (Gate("min", "bleu", 30), True, "bleu 30.00, at least 30"),
        (Gate("min", "bleu", 31.5), False, "bleu 30.00 is below 31.5, by 1.50"),
        (Gate("min", "bleu", 30.001), False, "bleu 30.00 is below 30.001, by 0.001"),
        (Gate("max", "ter", 60), True, "ter 52.00, at most 60"),
        (Gate("max", "ter", 50), False, "ter 52.00 is above 50, by 2.00"),
        (Gate("max", "number", 2, percent=True), True, "number 2.00%, at most 2%"),
        (Gate("max", "number", 1, percent=True), False, "number 2.00% is above 1%, by 1.00%"),
        (Gate("max", "number", 0), False, "number 1 is above 0, by 1"),
        (Gate("max", "typo", 0), True, "typo 0, at most 0"),  # notes are no doubts
        (Gate("max", "lint", 2), False, "lint 3 is above 2, by 1"),
        (Gate("max-drop", "bleu", 2), True,
         "bleu 30.00 against 32.00 in the baseline (-2.00, p = 0.0100, worse); 2 allowed"),
        (Gate("max-drop", "bleu", 0.5), False,
         "bleu 30.00 against 32.00 in the baseline (-2.00, p = 0.0100, worse); 0.5 allowed, 1.50 too much"),
        (Gate("max-drop", "ter", 1), False,
         "ter 52.00 against 50.00 in the baseline (+2.00, p = 0.2000, no significant difference); 1 allowed, "
         "1.00 too much"),
        (Gate("fail-if-worse", "bleu"), False, "bleu 30.00 against 32.00 in the baseline (-2.00, p = 0.0100, worse)"),
    ],
)  # fmt: skip
def test_an_outcome_says_by_how_much(gate: Gate, passed: bool, message: str) -> None:
    assert judged([gate]) == [(passed, message)]


def test_worse_by_the_paired_test_is_asked_metric_by_metric() -> None:
    outcomes = judge([Gate("fail-if-worse", "")], [evaluation()])
    assert [(str(outcome.gate), outcome.passed) for outcome in outcomes] == [
        ("bleu not worse than the baseline", False), ("ter not worse than the baseline", True),
    ]  # fmt: skip
    assert [passed for passed, _ in judged([Gate("fail-if-worse", "bleu")], system(p_value=0.06))] == [True]
    assert [passed for passed, _ in judged([Gate("fail-if-worse", "bleu")], system(difference=2.0))] == [True]


def test_yardsticks_are_not_judged() -> None:
    outcomes = judge([Gate("min", "bleu", 31)], [evaluation(system(), system("lead-3", yardstick=True))])
    assert [outcome.system for outcome in outcomes] == ["ours"]


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        (Gate("min", "blue", 3), "measured are bleu, ter"),
        (Gate("min", "number", 3), "measured are bleu, ter"),
        (Gate("max", "blue", 3), "measured are bleu, ter, lint, number, name"),
        (Gate("max-drop", "number", 3), "measured are bleu, ter"),
    ],
)
def test_a_gate_with_nothing_to_judge_is_a_mistake(gate: Gate, message: str) -> None:
    with pytest.raises(ConfigError, match=f"the gate “{gate}” has nothing to judge") as error:
        judge([gate], [evaluation()])
    assert message in str(error.value)


def test_flags_and_drops_say_what_they_need() -> None:
    bare = Assessment(Output("ours", ("a",) * 50), {"bleu": Score("bleu", 30.0, "s")})
    with pytest.raises(ConfigError, match="kinds of flags need --source FILE"):
        judged([Gate("max", "number", 3)], bare)
    with pytest.raises(ConfigError, match="there is no baseline; add --baseline"):
        judged([Gate("fail-if-worse", "")], bare)
