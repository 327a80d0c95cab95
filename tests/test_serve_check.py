"""`khulasa check`: a translation that somebody else made, beside its source, with what to doubt about it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from lxml import html

from mt.document import Article
from mt.errors import EmptyInput, LengthMismatch, UnsupportedLanguage
from serve.cli import main
from serve.comparison import compare, compare_lines

SOURCE = (
    "خطة جديدة للمياه\n\n"
    "أعلنت وزارة المياه خطة لبناء ثلاثة سدود في الجنوب. ولم تحدد الوزارة كلفة المشروع.\n\n"
    "وقال الوزير إن العمل سيبدأ في مارس المقبل.\n"
)
TARGET = (
    "New plan for water\n\n"
    "The Ministry of Water announced a plan to build three dams in the south. The ministry did not give its cost.\n\n"
    "The minister said work would begin next March.\n"
)
SAMPLES = Path(__file__).resolve().parents[1] / "samples"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `khulasa check` on two texts, which it writes to files."""

    def check(source: str, target: str, *given: str, stdin: str | None = None) -> Result:
        for name, text in (("ar.txt", source), ("en.txt", target)):
            (tmp_path / name).write_text(text, encoding="utf-8")
        first = str(tmp_path / "ar.txt") if stdin is None else "-"
        return CliRunner().invoke(main, ["check", first, str(tmp_path / "en.txt"), *given], input=stdin)

    return check


def test_a_good_translation_is_printed_with_no_doubt(run: Run) -> None:
    result = run(SOURCE, TARGET)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.rstrip().endswith("That does not prove the translation right.")
    assert result.stdout.startswith("New plan for water\n\nThe Ministry of Water announced")


def test_doubts_stand_below_their_paragraph(run: Run) -> None:
    result = run(SOURCE, TARGET.replace("three", "five").replace("next March", "in 2031"))
    paragraphs = result.stdout.split("\n\n")
    assert "⚠ The source says 3, the translation 5" in paragraphs[1]
    assert "⚠ The translation says 2031; the source does not." in paragraphs[2]
    assert "2031" not in paragraphs[1]
    assert "2 of 4 segments have something to doubt." in result.stdout


def test_json_has_each_sentence_with_its_flags(run: Run) -> None:
    answer = json.loads(run(SOURCE, TARGET.replace("next March", "in 2031"), "--format", "json").stdout)
    assert answer["schema"] == 1
    assert [set(segment) for segment in answer["segments"]] == [{"source", "target", "flags", "confidence"}] * 4
    assert [segment["target"] for segment in answer["segments"]] == [
        "New plan for water",
        "The Ministry of Water announced a plan to build three dams in the south.",
        "The ministry did not give its cost.",
        "The minister said work would begin in 2031.",
    ]
    *good, last = answer["segments"]
    assert [segment["flags"] for segment in good] == [[], [], []]
    assert last["source"] == "وقال الوزير إن العمل سيبدأ في مارس المقبل."
    assert last["confidence"] is None
    assert ("number", [38, 42]) in [(flag["kind"], flag["target_span"]) for flag in last["flags"]]


def test_html_is_a_page_without_summary_that_says_who_translated(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "check.html"
    assert run(SOURCE, TARGET.replace("three", "five"), "--format", "html", "-o", str(path)).stdout == ""
    page = html.document_fromstring(path.read_bytes(), parser=html.HTMLParser(encoding="utf-8"))
    assert [element.text_content().strip() for element in page.xpath("//h1|//h2")] == [
        "New plan for water", "The two texts", "Where this comes from",
    ]  # fmt: skip
    assert [mark.text_content() for mark in page.xpath("//mark")] == ["five", "ثلاثة"]
    assert "en.txt; not made by khulasa, only checked." in page.xpath("//footer")[0].text_content()
    assert page.xpath("//a[@href='#summary']") == []


def test_a_left_out_and_an_invented_sentence_stand_alone() -> None:
    source = Article(("أغلقت المدارس أبوابها بسبب العاصفة. فاز الفريق بالمباراة في الدقيقة الأخيرة.",))
    target = Article(("Schools closed because of the storm. Oil prices fell for the third week in a row.",))
    found = compare(source, target, ("a", "b"))
    seen = {
        (part.text, target): [flag.kind for flag in flags]
        for part, target, flags in zip(found.segments, found.targets, found.flags, strict=True)
    }
    assert seen == {
        ("أغلقت المدارس أبوابها بسبب العاصفة.", "Schools closed because of the storm."): [],
        ("فاز الفريق بالمباراة في الدقيقة الأخيرة.", ""): ["omission"],
        ("", "Oil prices fell for the third week in a row."): ["addition"],
    }


def test_merged_sentences_keep_what_stands_between_them() -> None:
    source = Article(("أغلقت المدارس أبوابها بسبب العاصفة.\nوفاز الفريق بالمباراة في الدقيقة الأخيرة.",))
    target = Article(("Schools closed because of the storm, and the team won the match in the last minute.",))
    found = compare(source, target, ("a", "b"))
    assert [part.text for part in found.segments] == list(source.paragraphs)


def test_paragraphs_must_pair(run: Run) -> None:
    result = run(SOURCE, TARGET.replace("\n\nThe minister", " The minister"))
    assert result.exit_code == 3
    assert re.search(r"ar\.txt has 3 paragraphs, .*en\.txt has 2; expected as many\.", result.stderr)


def test_a_headline_pairs_with_what_does_not_look_like_one() -> None:
    source = Article(("قال الوزير إن العمل سيبدأ.",), title="خطة جديدة للمياه")
    target = Article(("New plan for water.", "The minister said work would begin."))
    found = compare(source, target, ("a", "b"))
    assert [part.paragraph for part in found.segments] == [None, 0]
    assert found.title == "New plan for water."


def test_lines_pair_line_by_line_blank_ones_too(run: Run) -> None:
    result = run("قُتل 5 جنود.\n\nلم يحضر أحد.\n", "500 soldiers died.\n\nNobody came.\n", "--lines", "--format", "json")
    segments = json.loads(result.stdout)["segments"]
    assert [(found["source"], [flag["kind"] for flag in found["flags"]]) for found in segments] == [
        ("قُتل 5 جنود.", ["number"]), ("", []), ("لم يحضر أحد.", []),
    ]  # fmt: skip


def test_lines_must_pair() -> None:
    with pytest.raises(LengthMismatch, match=r"a\.ar has 2 lines, b\.en has 1; expected as many"):
        compare_lines(["خبر", "خبر"], ["News"], ("a.ar", "b.en"))
    with pytest.raises(EmptyInput, match=r"a\.ar is empty"):
        compare_lines(["", ""], ["", "News"], ("a.ar", "b.en"))


def test_the_texts_in_the_wrong_order_are_refused(run: Run) -> None:
    with pytest.raises(UnsupportedLanguage, match=r"ar\.txt is not in Arabic"):
        compare(Article((TARGET,)), Article((SOURCE,)), ("ar.txt", "en.txt"))
    assert run(TARGET, SOURCE).exit_code == 3


def test_standard_input_is_one_of_the_two(run: Run) -> None:
    assert run("", TARGET, stdin=SOURCE).exit_code == 0
    result = CliRunner().invoke(main, ["check", "-", "-"], input=SOURCE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "only one of the two can be standard input" in result.stderr


def test_hostile_texts_come_back_as_text(run: Run) -> None:
    hostile = "<script>alert(1)</script> \u202e{{7*7}} </style> &lt;"
    source, target = f"{SOURCE}\n\n{hostile} قال الوزير ذلك.", f"{TARGET}\n\n{hostile} The minister said so."
    for form in ("text", "json", "html"):
        result = run(source, target, "--format", form)
        assert result.exit_code == 0
        assert ("<script>" in result.stdout) == (form != "html")


@pytest.mark.parametrize("name", ["economy", "politics", "science"])
def test_the_samples_translations_are_not_accused(name: str) -> None:
    result = CliRunner().invoke(main, ["check", *(str(SAMPLES / f"{name}.{lang}.txt") for lang in ("ar", "en")),
                                       "--format", "json"])  # fmt: skip
    ours = {"negation", "attribution", "wording", "omission", "addition", "repetition", "untranslated"}
    kinds = [flag["kind"] for segment in json.loads(result.stdout)["segments"] for flag in segment["flags"]]
    assert ours.isdisjoint(kinds)


def test_help_loads_nothing_heavy() -> None:
    heavy = "{'numpy', 'sentencex', 'rich', 'jinja2', 'wordfreq'}"
    code = f"import sys; from serve.check_cli import check; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
