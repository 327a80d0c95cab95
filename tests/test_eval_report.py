"""Reports: what is in each form, that no text can break out of one, and that a stored one can be read back."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.evaluation import Evaluation, Measures, Output, Speed, Trial, evaluate
from eval.gate import Gate, judge
from eval.origin import Origin
from eval.report import Report, render
from eval.report.chart import HEIGHT, WIDTH, Axis, axis_of, histogram
from eval.report.diff import Piece, differing
from eval.report.escape import escape, one_line
from eval.report.markdown import LONGEST
from eval.report.stored import choose_baseline, load_report
from eval.testsets import Dataset
from mt.errors import EvalError
from mt.webpage import clean

REFERENCE = (
    "The minister denied the report on Sunday.",
    "Oil prices rose by 3 percent during the week.",
    "The delegation arrived in the capital in the evening, and talks about the new port are to begin tomorrow.",
    "Schools will open again in May.",
)
GOOD = (REFERENCE[0], "Oil prices rose by 3 percent this week.", REFERENCE[2], "Schools will open in May.")
BAD = ("Minister denied.", "Oil prices fell by 8 percent.", "The evening arrived in the capital.", "Schools in May.")
HOSTILE = (
    "<script>alert(1)</script> &amp; \u202ehidden\x00 | `code` [a](http://evil.example/x) @someone #1",
    "]]> <img src=https://evil.example/p.png>", "\ud800 half", "{{ 7 * 7 }} </td></table> ===",
)  # fmt: skip
MEASURES = Measures(("bleu", "chrf"), resamples=20, flags=False)


def dataset(**changes: object) -> Dataset:
    return replace(Dataset("set.en", (REFERENCE,)), **changes)


def evaluated(*outputs: Output, baseline: Output | None = None, given: Dataset | None = None) -> Evaluation:
    origin = Origin(references=("set.en",))
    return evaluate(Trial("translate", origin, given or dataset(), outputs), MEASURES, baseline)


def report(*outputs: Output, gates: tuple[Gate, ...] = (), **more: object) -> Report:
    evaluation = evaluated(*(outputs or (Output("good", GOOD), Output("bad", BAD))), **more)  # type: ignore[arg-type]
    return Report((evaluation,), judge(gates, [evaluation]), "2026-01-02T03:04:05Z", "1.2.3")


# --- what is assessed


def test_systems_are_scored_marked_and_grouped() -> None:
    evaluation = evaluated(
        Output("good", GOOD), Output("bad", BAD), given=dataset(domains=("news", "money", "news", "news"))
    )
    good, bad = evaluation.systems
    assert evaluation.main == "chrf"
    assert good.marks == {"bleu": "best", "chrf": "best"}
    assert bad.marks == {}
    assert [(group.name, group.segments) for group in good.lengths] == [("1–10", 3), ("11–20", 1)]
    assert good.lengths[1].value == pytest.approx(100.0)  # the third is the reference itself
    assert [(group.name, group.segments) for group in bad.domains] == [("news", 3), ("money", 1)]
    assert bad.domains[1].value == pytest.approx(bad.scores["chrf"].segments[1])
    assert (good.quality, good.findings, good.repaired, good.changes) == (None, (), (), ())


def test_findings_come_with_the_score_after_repair() -> None:
    escaped = tuple(text.replace("3", "&#51;") for text in GOOD)
    (system,) = evaluated(Output("escaped", escaped)).systems
    (clean_one,) = evaluated(Output("clean", GOOD)).systems
    assert [(finding.kind, finding.lines) for finding in system.findings] == [("entity", (2,))]
    assert {score.name: score.value for score in system.repaired} == {
        name: pytest.approx(score.value) for name, score in clean_one.scores.items()
    }
    assert system.scores["bleu"].value < clean_one.scores["bleu"].value


def test_a_baseline_is_scored_and_tested_against() -> None:
    evaluation = evaluated(Output("now", BAD), baseline=Output("then", GOOD))
    assert evaluation.baseline is not None
    bleu, chrf = evaluation.systems[0].changes
    assert (bleu.metric, chrf.metric) == ("bleu", "chrf")
    assert bleu.before == evaluation.baseline.scores["bleu"].value
    assert bleu.loss == pytest.approx(bleu.before - bleu.value)
    assert bleu.loss > 30


@pytest.mark.slow
def test_sources_bring_the_flags_of_the_checks() -> None:
    sources = ("نفى الوزير التقرير يوم الأحد.", "ارتفعت أسعار النفط بنسبة 3 في المئة خلال الأسبوع.",
               "وصل الوفد إلى العاصمة مساء.", "ستفتح المدارس في مايو.")  # fmt: skip
    trial = Trial("translate", Origin(), dataset(sources=sources), (Output("bad", BAD),))
    (system,) = evaluate(trial, replace(MEASURES, flags=True)).systems
    assert system.flagged is not None
    assert system.quality is not None
    assert "number" in [flag.kind for flag in system.quality.flags[1]]  # 8 for 3
    assert system.flagged["number"] >= 1
    assert system.quality.flags[3] == ()
    page = render(Report((replace(evaluated(), systems=(system,), dataset=trial.dataset),)), "html")
    assert '<p class="text" lang="ar" dir="rtl">' in page
    assert sources[1] in page


@pytest.mark.slow
def test_checks_on_several_cores_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    given = dataset(sources=("نفى الوزير التقرير.", "ارتفعت الأسعار 3 في المئة.", "وصل الوفد.", "ستفتح المدارس."))
    trial = Trial("translate", Origin(), given, (Output("good", GOOD), Output("bad", BAD)))
    alone = evaluate(trial, replace(MEASURES, flags=True))
    monkeypatch.setattr("eval.evaluation._ALONE", 0)
    monkeypatch.setattr("mt.engine.os.sched_getaffinity", lambda process: {0, 1}, raising=False)
    together = evaluate(trial, replace(MEASURES, flags=True))
    for one, other in zip(alone.systems, together.systems, strict=True):
        assert one.quality is not None
        assert other.quality is not None
        assert one.quality.flags == other.quality.flags
        assert one.quality.similarities == pytest.approx(other.quality.similarities)


# --- JSON


def test_json_has_the_hypotheses_and_not_the_test_set() -> None:
    speed = Speed(2.0, 0.5, 30)
    told = json.loads(
        render(report(Output("good", GOOD, "model@1|beam:3", speed), gates=(Gate("min", "bleu", 99),)), "json")
    )
    assert {key: told[key] for key in ("schema", "khulasa", "created", "passed")} == {
        "schema": 1, "khulasa": "1.2.3", "created": "2026-01-02T03:04:05Z", "passed": False,
    }  # fmt: skip
    (gate,), (evaluation,) = told["gates"], told["evaluations"]
    assert (gate["gate"], gate["system"], gate["passed"]) == ("bleu at least 99", "good", False)
    assert evaluation["testset"]["segments"] == 4
    assert evaluation["testset"]["sha256"] == dataset().sha256
    assert evaluation["testset"]["origin"]["references"] == ["set.en"]
    (system,) = evaluation["systems"]
    assert system["hypotheses"] == list(GOOD)
    assert system["signature"] == "model@1|beam:3"
    assert system["speed"] == {"seconds": 2.0, "load_seconds": 0.5, "words": 30, "words_per_second": 15.0}
    score = system["scores"]["chrf"]
    assert score["interval"][0] < score["value"] < score["interval"][1]
    assert len(score["segments"]) == 4
    assert score["signature"].startswith("nrefs:1|bs:20|seed:12345|case:mixed|")
    assert REFERENCE[1] not in json.dumps(told)


def test_the_docs_name_every_key() -> None:
    told = json.loads(render(report(Output("a", GOOD, speed=Speed(1.0, 1.0, 1)), baseline=Output("b", BAD),
                                    gates=(Gate("min", "bleu", 1),)), "json"))  # fmt: skip
    docs = (Path(__file__).resolve().parents[1] / "docs" / "reports.md").read_text(encoding="utf-8")

    def keys(value: object, place: str = "") -> set[str]:
        if isinstance(value, list):
            return {key for item in value for key in keys(item, place)}
        if not isinstance(value, dict):
            return set()
        own = set() if place in ("scores", "repaired", "flagged") else set(value)  # their keys are names
        return own | {key for name, item in value.items() for key in keys(item, name)}

    assert {key for key in keys(told) if f"`{key}`" not in docs} == set()
    assert len(keys(told)) > 40


def test_a_stored_report_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    first = report(Output("good", HOSTILE, "model@1", Speed(2.0, 0.5, 30)), Output("lead", BAD, yardstick=True))
    path.write_text(render(first, "json"), encoding="utf-8")
    (stored,) = load_report(path)
    assert (stored.task, stored.testset, stored.sha256) == ("translate", "set.en", dataset().sha256)
    assert stored.origin == Origin(references=("set.en",))
    assert stored.outputs == tuple(replace(system.output, findings=None) for system in first.evaluations[0].systems)
    assert stored.measures == Measures(("bleu", "chrf"))
    assert stored.systems[0].definitions["bleu"] == first.evaluations[0].systems[0].scores["bleu"].definition


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('{"a": NaN}', "is no JSON (NaN is no number)"),
        ("{}", "is no report of khulasa-eval"),
        ('{"schema": 2, "evaluations": []}', "has schema 2, this version reads 1; make it anew"),
        ('{"schema": 1, "evaluations": 7}', "is damaged: TypeError, expected list, found int"),
        ('{"schema": 1, "evaluations": [{}]}', "is damaged: KeyError"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvalError) as error:
        load_report(path)
    assert message in str(error.value)


@pytest.mark.parametrize("key", ["name", "signature", "hypotheses", "scores", "yardstick", "speed"])
@pytest.mark.parametrize("value", [None, 3, "x", [1], {"a": 1}])
def test_a_damaged_report_is_refused_and_never_crashes(tmp_path: Path, key: str, value: object) -> None:
    told = json.loads(render(report(Output("good", GOOD)), "json"))
    whole = (key, value) in (("name", "x"), ("signature", "x"), ("speed", None), ("scores", {}))
    told["evaluations"][0]["systems"][0][key] = value
    path = tmp_path / "report.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    if whole:
        assert load_report(path)
        return
    with pytest.raises(EvalError, match="is damaged"):
        load_report(path)


def test_two_systems_of_one_name_or_none_at_all_are_no_report(tmp_path: Path) -> None:
    told = json.loads(render(report(), "json"))
    systems = told["evaluations"][0]["systems"]
    for broken in ([systems[0], systems[0]], [], [systems[0] | {"yardstick": True}]):
        told["evaluations"][0]["systems"] = broken
        (tmp_path / "r.json").write_text(json.dumps(told), encoding="utf-8")
        with pytest.raises(EvalError, match="expected one system or more"):
            load_report(tmp_path / "r.json")


def test_the_baseline_is_the_only_system_or_the_one_of_the_same_name(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(render(report(), "json"), encoding="utf-8")
    assert choose_baseline(path, "translate", dataset(), "bad").output.hypotheses == BAD
    with pytest.raises(EvalError, match="has no system called other, but: good, bad"):
        choose_baseline(path, "translate", dataset(), "other")
    with pytest.raises(EvalError, match="has no evaluation of the task 'summarize'"):
        choose_baseline(path, "summarize", dataset(), "bad")
    other = dataset(references=((*REFERENCE[:3], "Other."),))
    with pytest.raises(EvalError, match=r"was made on another test set: set.en with sha256 .*…, set.en has"):
        choose_baseline(path, "translate", other, "bad")
    path.write_text(render(report(Output("any", GOOD)), "json"), encoding="utf-8")
    assert choose_baseline(path, "translate", dataset(), "bad").output.name == "any"


# --- HTML


class Tags(HTMLParser):
    """Collects the tags of a page, their attributes, and the text that is shown."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names, self.attributes, self.open, self.text = set[str](), list[tuple[str, str | None]](), list[str](), ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += attrs
        if tag not in ("meta", "circle", "line", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data


def hostile() -> Report:
    gates = (Gate("min", "bleu", 99),)
    given = dataset(domains=("<b>news</b>", "x", "x", "x"), name="<i>set")
    return report(Output("<u>bad</u>", HOSTILE, "<s>@1"), baseline=Output("</li>then", GOOD), given=given, gates=gates)


def test_the_page_shows_hostile_text_as_text() -> None:
    page = render(hostile(), "html")
    tags = Tags(page)
    assert tags.open == []
    assert tags.names.isdisjoint({"script", "img", "iframe", "link", "object", "u", "i", "s", "form", "base"})
    assert not [name for name, _ in tags.attributes if name.startswith("on") or name in ("src", "href", "style")]
    assert "<script>alert(1)</script>" in tags.text
    assert "{{ 7 * 7 }}" in tags.text
    assert "<u>bad</u>" in tags.text
    assert "\u202e" not in page
    assert "\x00" not in page
    page.encode("utf-8")  # no half characters


def test_the_page_asks_nobody_for_anything() -> None:
    page = render(report(), "html")
    assert not re.search(r"https?:|//[a-z]|@import|url\(", page)
    assert "default-src 'none'; style-src 'sha256-" in page
    assert [value for name, value in Tags(page).attributes if name == "content" and value and "charset" in value] == []


def test_the_page_has_scores_intervals_bars_segments_and_signatures() -> None:
    shown = report(gates=(Gate("min", "bleu", 10),))
    page, (good, bad) = render(shown, "html"), shown.evaluations[0].systems
    assert f"<b>{good.scores['bleu'].value:.2f}</b>" in page
    low, high = bad.scores["chrf"].interval or (0, 0)
    assert f"<small>[{low:.1f}, {high:.1f}]</small>" in page
    assert page.count('<svg class="interval"') == 4
    assert page.count('<svg class="histogram"') == 2
    assert page.count('<rect class="bar" x=') == 40
    assert "good → bad, 4 segments differ" in page
    assert good.scores["chrf"].signature in page
    assert f'<strong>Failed</strong> <bdi dir="ltr">bad: bleu {bad.scores["bleu"].value:.2f} is below 10' in page
    assert "<strong>Passed</strong>" in page
    assert "Oil prices <mark>fell</mark> by <mark>8</mark> percent" in page
    assert 'Oil prices <mark class="missed">rose</mark> by <mark class="missed">3</mark> percent' in page
    assert page.index("Failed") < page.index("Passed") < page.index("Scores")


def test_two_references_are_both_shown() -> None:
    other = tuple(text.upper() for text in REFERENCE)
    page = render(report(Output("bad", BAD), given=dataset(references=(REFERENCE, other))), "html")
    assert "2 references" in page
    assert '<span class="label">Reference 2</span>' in page


# --- Markdown


def test_markdown_has_gates_then_scores_and_folds_the_rest() -> None:
    shown = report(gates=(Gate("min", "bleu", 10),))
    text, (good, bad) = render(shown, "md"), shown.evaluations[0].systems
    lines = text.splitlines()
    assert lines[0] == "## 2 systems on set.en"
    assert f"- ❌ **failed** bad: bleu {bad.scores['bleu'].value:.2f} is below 10" in text
    (low, high), value = good.scores["bleu"].interval or (0, 0), good.scores["bleu"].value
    row = next(line for line in lines if line.startswith("| good | **"))
    assert row.startswith(f"| good | **{value:.2f}** \\[{low:.1f}, {high:.1f}\\] | **")
    assert "<details><summary>Worst: bad, the 4 worst</summary>" in text
    assert "bad: Oil prices <ins>fell</ins> by <ins>8</ins> percent<ins>" not in text
    assert "bad: Oil prices <ins>fell</ins> by <ins>8</ins> percent." in text
    assert text.count("<details>") == text.count("</details>")


def test_markdown_shows_hostile_text_as_text() -> None:
    text = render(hostile(), "md")
    assert "<script" not in text.replace("\\<script", "")
    assert "](http" not in text.replace("\\](http", "")
    assert "@someone" not in text  # nobody is called
    assert "@\u2060someone" in text
    for line in text.splitlines():
        if line.startswith("| "):
            assert len(re.findall(r"(?<!\\)\|", line)) in (3, 4)  # as many cells as columns


def test_markdown_fits_a_comment_and_says_what_it_leaves_out() -> None:
    long = tuple("wordy " * 80 + str(number) for number in range(4))
    outputs = [Output(f"system{number}", (*long[1:], f"{long[0]} {number}")) for number in range(32)]
    text = render(report(*outputs), "md")
    assert LONGEST - 5000 < len(text) < LONGEST
    assert "Some segments are left out here" in text
    assert "### Translation" in text
    assert text.count("<details>") == text.count("</details>")
    assert "more characters)" in text


@given(st.text())
@settings(derandomize=True, deadline=None, max_examples=200)
def test_escaped_text_stays_in_its_cell(text: str) -> None:
    found = escape(text)
    assert "\n" not in found
    assert not re.search(r"(?<!\\)[|<`]", found.replace("\\\\", ""))
    assert re.sub(r"\\(.)|\u2060", r"\1", found) == re.sub("\u2060", "", one_line(text)) or "\\" in text


def test_clean_text_has_nothing_that_a_file_must_not_hold() -> None:
    assert clean("a\x00b\u202ec\ud800\ufffe\u200f\tz") == "a\ufffdbc\ufffd\ufffd\u200f\tz"
    assert one_line(" a\r\n b\u2028c ") == "a b c"


# --- JUnit


def test_junit_has_a_case_a_gate() -> None:
    root = fromstring(render(report(gates=(Gate("min", "bleu", 10), Gate("min", "chrf", 1))), "junit"))
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "4", "1")
    good, bad = root.findall("testsuite")
    assert (good.get("name"), good.get("failures")) == ("translate, set.en: good", "0")
    assert [case.get("name") for case in bad.findall("testcase")] == ["bleu at least 10", "chrf at least 1"]
    (failure,) = bad.findall("testcase/failure")
    assert re.fullmatch(r"bleu \d\.\d\d is below 10, by \d\.\d\d", failure.get("message") or "")
    properties = {item.get("name"): item.get("value") for item in good.iter("property")}
    assert float(properties["bleu"] or 0) > 50
    assert (properties["chrf.signature"] or "").startswith("nrefs:1|")


def test_junit_without_gates_has_a_case_a_system_and_stands_hostile_text() -> None:
    root = fromstring(render(report(Output("a\x00<b>", HOSTILE)), "junit"))
    (case,) = root.iter("testcase")
    assert (case.get("name"), root.get("tests"), root.get("failures")) == ("scored", "1", "0")
    assert case.get("classname") == "translate, set.en: a\ufffd<b>"
    assert re.match(r"bleu \d", case.findtext("system-out") or "")


# --- text


def test_text_has_tables_marks_and_gates() -> None:
    shown = report(gates=(Gate("min", "bleu", 10),))
    text, (good, bad) = render(shown, "text"), shown.evaluations[0].systems
    assert f"FAILED  bad: bleu {bad.scores['bleu'].value:.2f} is below 10" in text
    assert re.search(rf"^good +\*{good.scores['bleu'].value:.2f} \[", text, re.MULTILINE)
    assert max(map(len, text.splitlines())) <= 120
    assert "by words in the reference" in text
    assert good.scores["chrf"].signature in text


# --- differences and drawings


def test_differences_are_marked_word_by_word() -> None:
    assert differing("He saw two cats.", "He saw three cats.") == (
        Piece("He saw "), Piece("two", True), Piece(" cats."),
    )  # fmt: skip
    assert differing("a new big cat", "a cat") == (Piece("a "), Piece("new big", True), Piece(" cat"))
    assert differing("", "a") == ()
    assert differing("a", "") == (Piece("a", True),)


@given(st.text(), st.text())
@settings(derandomize=True, deadline=None)
def test_the_pieces_give_the_text_back(text: str, other: str) -> None:
    assert "".join(piece.text for piece in differing(text, other)) == text
    assert not any(piece.differs for piece in differing(text, text))


def test_very_long_texts_are_compared_in_no_time() -> None:
    pieces = differing("a b " * 5000, "b c " * 5000)
    assert pieces[0] == Piece("a", True)
    assert pieces[1].text == " b "


def test_a_histogram_counts_every_value() -> None:
    drawn = histogram([0.0, 4.9, 5.0, 99.9, 100.0, 140.0])
    assert [bar.label for bar in drawn.bars if not bar.label.endswith(": 0")] == [
        "0 to 5: 2", "5 to 10: 1", "95 to 100: 3",
    ]  # fmt: skip
    assert (drawn.tallest, drawn.bars[-1].height, drawn.bars[0].height) == (3, HEIGHT, HEIGHT * 2 / 3)
    assert drawn.bars[-1].x + drawn.bars[-1].width <= WIDTH
    assert histogram([5.0], tallest=4).bars[1].height == HEIGHT / 4
    assert histogram([]).mean == 0


def test_an_axis_holds_all_its_values() -> None:
    axis = axis_of([20.0, 30.0])
    assert 0 < axis.at(20) < axis.at(25) == 50.0 < axis.at(30) < 100
    assert Axis(0, 10).at(99) == 100
    assert axis_of([5.0]).at(5) == 50
    assert axis_of([]).at(0) == 0
