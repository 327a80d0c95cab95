"""The report for build servers: a test suite a system, a test case a gate."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from eval.evaluation import Assessment, Evaluation
from eval.gate import Outcome
from eval.report.escape import one_line
from eval.report.record import Report
from mt.webpage import clean


def junit(report: Report) -> str:
    """JUnit XML; a failed gate is a failed test. Without gates, each system has one test, which says its scores."""
    root = Element("testsuites", name="khulasa-eval")
    for evaluation in report.evaluations:
        for system in evaluation.judged:
            own = [o for o in report.outcomes if (o.task, o.system) == (evaluation.task, system.name)]
            _suite(root, evaluation, system, own)
    suites = root.findall("testsuite")
    for key in ("tests", "failures"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, evaluation: Evaluation, system: Assessment, outcomes: Sequence[Outcome]) -> None:
    name = one_line(f"{evaluation.task}, {evaluation.dataset.name}: {system.name}")
    failures = sum(not outcome.passed for outcome in outcomes)
    suite = SubElement(
        root, "testsuite", name=name, tests=str(len(outcomes) or 1), failures=str(failures), errors="0", skipped="0",
        time=f"{system.output.speed.seconds if system.output.speed else 0:.3f}",
    )  # fmt: skip
    properties = SubElement(suite, "properties")
    for score in system.scores.values():
        SubElement(properties, "property", name=score.name, value=f"{score.value:.4f}")
        SubElement(properties, "property", name=f"{score.name}.signature", value=clean(score.signature))
    if system.output.signature:
        SubElement(properties, "property", name="system", value=clean(system.output.signature))
    for outcome in outcomes:
        case = SubElement(suite, "testcase", classname=name, name=one_line(str(outcome.gate)), time="0")
        if outcome.passed:
            SubElement(case, "system-out").text = clean(outcome.message)
        else:
            failure = SubElement(case, "failure", type="gate", message=clean(outcome.message))
            failure.text = clean(outcome.message)
    if not outcomes:
        case = SubElement(suite, "testcase", classname=name, name="scored", time="0")
        SubElement(case, "system-out").text = ", ".join(f"{s.name} {s.value:.2f}" for s in system.scores.values())
