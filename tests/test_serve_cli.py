"""The command line as a person or a script meets it: output, exit codes, one clear line on stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import FakeEngine

from mt.document import Hypothesis
from mt.errors import InputError, ModelNotFound, MTError
from serve.cli import main

NOTICE = "Draft by the model fake: names, numbers and who did what may be wrong."
TARGETS = {
    "خطة جديدة للمياه": "New water plan",
    "أعلنت الوزارة خطة للمياه.": "The ministry announced a water plan.",
    "وقال الوزير إنها تبدأ غدا.": "The minister said it starts tomorrow.",
    "لم تذكر الكلفة.": "The cost was not given.",
}
ARTICLE = "خطة جديدة للمياه\n\nأعلنت الوزارة خطة للمياه. وقال الوزير إنها تبدأ غدا.\n\nلم تذكر الكلفة.\n"
Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, fake_engine: Callable[..., FakeEngine], cache: Path) -> Run:
    """Runs `khulasa` with a fake model behind it."""
    engine = fake_engine(TARGETS)

    def load_engine(name: str, task: str, *rest: object) -> FakeEngine:
        if task == "summarize":
            raise ModelNotFound("no summarizer is on disk")
        return engine

    monkeypatch.setattr("serve.service.load_engine", load_engine)

    def invoke(*arguments: str, text: str | bytes | None = None) -> Result:
        return CliRunner().invoke(main, arguments, input=text)

    return invoke


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "article.txt"
    path.write_text(ARTICLE, encoding="utf-8")
    return str(path)


def test_article_reads_well_in_a_terminal(run: Run, source: str) -> None:
    result = run("article", source, "--sentences", "1", "--summarizer", "lead")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.replace("\n", " ").startswith(f"⚠ {NOTICE[:40]}")
    lines = [line.strip() for line in result.stdout.splitlines()]
    for line in (
        "New water plan",
        "Summary (sentences taken from the translation)",
        "• The ministry announced a water plan.  [2]",
        "[2] The ministry announced a water plan. [3] The minister said it starts tomorrow.",
        "[4] The cost was not given.",
    ):
        assert line in lines


def test_article_json_is_the_object_of_the_contract(run: Run, source: str) -> None:
    answer = json.loads(run("article", source, "--format", "json", "--summarizer", "lead", "--sentences", "2").stdout)
    assert list(answer) == [
        "schema", "id", "title", "source_lang", "target_lang", "segments", "translation", "systems", "warnings",
        "summary", "seconds",
    ]  # fmt: skip
    assert answer["title"] == {"source": "خطة جديدة للمياه", "target": "New water plan"}
    assert answer["translation"] == (
        "The ministry announced a water plan. The minister said it starts tomorrow.\n\nThe cost was not given."
    )
    assert [segment["paragraph"] for segment in answer["segments"]] == [None, 0, 0, 1]
    assert 0 < answer["segments"][3].pop("confidence") < 1
    assert answer["segments"][3] == {
        "paragraph": 1, "source": "لم تذكر الكلفة.", "target": "The cost was not given.", "score": -0.1,
        "reading": None, "alternatives": [], "terms": [], "flags": [],
    }  # fmt: skip
    assert answer["summary"]["kind"] == "extract"
    assert [sentence["segments"] for sentence in answer["summary"]["sentences"]] == [[1], [2]]
    assert answer["systems"]["translate"].startswith("ar-en-fake@1|fake|float32|beam:4|")
    assert answer["systems"]["summarize"].startswith("lead|")
    assert answer["warnings"] == [NOTICE]
    assert set(answer["seconds"]) == {"load", "translate", "summarize"}


def test_output_goes_to_a_file(run: Run, source: str, tmp_path: Path) -> None:
    result = run("article", source, "--format", "json", "-o", str(tmp_path / "out.json"))
    assert (result.exit_code, result.stdout) == (0, "")
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["schema"] == 1
    assert [path.name for path in tmp_path.glob("out*")] == ["out.json"]


def test_output_to_a_missing_folder_is_an_error(run: Run, source: str, tmp_path: Path) -> None:
    result = run("article", source, "-o", str(tmp_path / "no" / "out.json"))
    assert result.exit_code == 2
    assert f"the folder {tmp_path / 'no'} does not exist" in " ".join(result.stderr.split())


def test_translate_lines_gives_as_many_lines_as_came_in(run: Run) -> None:
    lines = ["لم تذكر الكلفة.", "", "خطة جديدة للمياه", "   "]
    result = run("translate", "--lines", text="\n".join(lines) + "\n")
    assert result.stdout == "The cost was not given.\n\nNew water plan\n\n"
    assert result.stderr == f"{NOTICE}\n"


def test_blank_lines_alone_stay_as_many(run: Run) -> None:
    assert run("translate", "--lines", text="\n  \n\n").stdout == "\n\n\n"
    assert run("translate", "--lines", text="").exit_code == 3


def test_a_locale_without_arabic_is_no_reason_to_fail(cache: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "KHULASA_CACHE": str(cache)}
    command = [sys.executable, "-m", "serve.cli", "models", "list"]
    ran = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "–" in ran.stdout.decode("utf-8")


def test_translate_reads_standard_input_and_begins_with_the_notice(run: Run) -> None:
    result = run("translate", text=ARTICLE)
    assert result.stdout.startswith("⚠ Draft by the model fake: names, numbers")
    assert result.stdout.rstrip().endswith("starts tomorrow.\n\nThe cost was not given.")


def test_alternatives_are_in_the_json(
    monkeypatch: pytest.MonkeyPatch, fake_engine: Callable[..., FakeEngine], cache: Path
) -> None:
    engine = fake_engine(lambda text, options: [Hypothesis(f"t{i}", -1.0 - i) for i in range(options.num_hypotheses)])
    monkeypatch.setattr("serve.service.load_engine", lambda *given: engine)
    result = CliRunner().invoke(
        main, ["translate", "--format", "json", "--num-hypotheses", "3"], input="أعلنت الوزارة خطة للمياه."
    )
    assert json.loads(result.stdout)["segments"][0]["alternatives"] == ["t1", "t2"]


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"", 3, "standard input is empty"),
        (b"The president said that the talks would go on in the capital tomorrow.", 3, "English"),
        (b"\x00\x01\x02\xff" * 50, 3, "standard input is not"),
        ("كلمة ".encode() * 600_000, 3, "has over 2,097,152 bytes"),
    ],
    ids=["empty", "English", "junk", "5 MB line"],
)
def test_wrong_input_is_one_line_and_exit_code_3(run: Run, content: bytes, code: int, message: str) -> None:
    result = run("article", text=content)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr


def test_a_missing_file_is_named(run: Run) -> None:
    result = run("article", "nowhere.txt")
    assert result.exit_code == 3
    assert result.stderr == (
        "Error: 'nowhere.txt' cannot be read: No such file or directory. Expected a file, or - for standard input.\n"
    )


def test_an_unknown_model_is_exit_code_4_with_the_nearest_names(cache: Path) -> None:
    result = CliRunner().invoke(main, ["translate", "--model", "opus-mt-ar"], input="أعلنت الوزارة خطة للمياه.")
    assert result.exit_code == 4
    assert "'opus-mt-ar'" in result.stderr
    assert "opus-mt-ar-en" in result.stderr


def test_an_unreadable_models_file_is_exit_code_4(tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text("models: [", encoding="utf-8")
    result = CliRunner().invoke(main, ["--models", str(tmp_path / "models.yaml"), "models", "list"])
    assert result.exit_code == 4
    assert "models.yaml" in result.stderr


def test_wrong_usage_is_exit_code_2(run: Run) -> None:
    assert run("article", "--beam-size", "0").exit_code == 2
    assert run("article", "--format", "pdf").exit_code == 2


def test_summarize_takes_english_as_it_is(run: Run) -> None:
    text = "The port was closed on Monday. Ships waited outside. It opened again on Tuesday with 40 ships waiting."
    result = run("summarize", "--sentences", "2", "--summarizer", "lead", text=text)
    assert result.stdout == (
        "Summary (sentences taken from the text)\n• The port was closed on Monday.  [1]\n• Ships waited outside.  [2]\n"
    )
    answer = json.loads(run("summarize", "--format", "json", "--summarizer", "lead", text=text).stdout)
    assert answer["sentences"][2] == "It opened again on Tuesday with 40 ships waiting."
    assert [sentence["segments"] for sentence in answer["summary"]["sentences"]] == [[0], [1], [2]]


def test_summarize_translates_arabic_first(run: Run, source: str) -> None:
    result = run("summarize", source, "--sentences", "1", "--summarizer", "lead")
    assert "• The ministry announced a water plan.  [2]" in result.stdout
    assert result.stdout.startswith("⚠ Draft by the model fake")


def test_every_error_of_ours_reaches_the_shell_with_its_code(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def leaves(kind: type[MTError]) -> list[type[MTError]]:
        return [kind] + [leaf for child in kind.__subclasses__() for leaf in leaves(child)]

    for kind in leaves(MTError):
        monkeypatch.setattr("serve.reader.read_article", lambda source, kind=kind: (_ for _ in ()).throw(kind("what")))
        result = run("translate", text="x")
        assert (result.exit_code, result.stderr) == (kind.exit_code, "Error: what\n"), kind
    assert InputError.exit_code == 3


def test_doctor_says_what_is_missing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve.doctor.find_spec", lambda name: None if name == "gradio" else object())
    report = CliRunner().invoke(main, ["doctor"]).stdout
    assert "extra serve: missing gradio (pip install '.[serve]' in the checkout)" in report
    assert "extra hub: ok" in report
    assert f"cache: {cache}" in report
    assert "compute types on the CPU: " in report
