"""`khulasa-eval` as a person or a script meets it: help, table, JSON, files, exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from eval.cli import main

ARTICLE = "قال الوزير إن المشروع سيبدأ. نفى المتحدث.\n\nوصل الرئيس إلى العاصمة\n"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def text(tmp_path: Path) -> str:
    path = tmp_path / "article.txt"
    path.write_text(ARTICLE, encoding="utf-8")
    return str(path)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a shape of two layers."""
    from eval.shapes import SHAPES, Shape

    monkeypatch.setitem(SHAPES, "tiny", Shape("marian", (1, 1), 32, 64, 4, 1500, 64, "swish"))
    return "tiny"


def test_models_side_by_side_as_a_table(tiny_marian: Path, text: str) -> None:
    model = str(tiny_marian)
    result = run("bench", model, model, "--text", text, "--rounds", "2", "--beam-size", "1", "--threads", "1")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert "threads: 1; load: " in lines[0]
    assert "ctranslate2 " in lines[1]
    title = "models: 1 articles, 3 units, 11 source words; beam:1|plain:yes; median of 2 rounds (min-max)"
    assert title in lines
    header = lines[lines.index(title) + 1].split("  ")
    assert [name.strip() for name in header if name.strip()] == [
        "s/article", "time, first = 1", "tokens/s", "words/s", "CPU s", "load s", "peak MiB",
    ]  # fmt: skip
    first, second = (line.split() for line in lines[lines.index(title) + 2 :] if "(" in line)
    assert first[-7:-5] == ["1.00", "(1.00-1.00)"]  # the first row is what others are compared with
    for row in (first, second):
        tokens, words, _, load, memory = row[-5:]
        assert int(tokens) > 0
        assert int(words) > 0
        assert float(load) < 300
        assert 10 < int(memory) < 1000
    assert lines[-1].startswith(f"{model}: ar-en-tiny@")
    assert lines[-1].endswith("|ct2|float32")


@pytest.mark.slow
def test_a_shape_as_json_in_a_file(tiny: str, text: str, tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs the extra hub")
    target, scratch = tmp_path / "out.json", tmp_path / "scratch"
    result = run("bench", "--shape", tiny, "--text", text, "--rounds", "1", "--threads", "1", "--beam-size", "2",
                 "--scratch", str(scratch), "--format", "json", "-o", str(target))  # fmt: skip
    assert (result.exit_code, result.stdout) == (0, ""), result.stderr
    told = json.loads(target.read_text(encoding="utf-8"))
    assert told["settings"] == {"rounds": 1, "beam_size": 2, "threads": 1, "device": "auto",
                                "compute_type": "default", "texts": [text]}  # fmt: skip
    (comparison,) = told["comparisons"]
    assert comparison["decoding"] == "beam:2|plain:yes"
    assert (comparison["name"], comparison["task"]) == ("tiny, random weights", "translate")
    assert [row["row"] for row in comparison["rows"]] == [
        "khulasa, CTranslate2", "bare translate_batch", "bare translate_batch, split",
        "khulasa, transformers", "bare generate",
    ]  # fmt: skip
    ours, bare, _, theirs, generate = comparison["rows"]
    tokens = comparison["input"]["forced_tokens"]
    assert [row["target_tokens"] for row in comparison["rows"]] == [tokens] * 5
    assert tokens > 9
    assert ours["peak_memory"] < theirs["peak_memory"]  # torch alone is more than the tiny model
    assert bare["system"].startswith("ctranslate2 ")
    assert generate["system"].startswith("transformers ")
    assert (scratch / "tiny" / "transformers" / "config.json").is_file()
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--shape", "gpt"), 4, "no shape is called 'gpt'; there are: opus-mt-ar-en,"),
        (("nonesuch",), 4, "no model is called 'nonesuch'"),
        (("--text", "/nonesuch/a.txt"), 3, "/nonesuch/a.txt cannot be read: No such file"),
        (("--rounds", "0"), 2, "0 is not in the range"),
        (("-o", "/nonesuch/a.json"), 2, "the folder /nonesuch does not exist"),
    ],
)
def test_what_cannot_be_is_said_before_any_work(arguments: tuple[str, ...], code: int, message: str) -> None:
    result = run("bench", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr


def test_the_help_names_every_shape_and_option() -> None:
    from eval.shapes import SHAPES

    result = run("bench", "--help")
    told = " ".join(result.stdout.split())
    assert all(name in told for name in SHAPES)
    for option in ("--shape", "--task", "--text", "--rounds", "--beam-size", "--threads", "--device",
                   "--compute-type", "--scratch", "--format", "--output"):  # fmt: skip
        assert option in told
    assert run("--help").exit_code == run("--version").exit_code == 0


@pytest.mark.parametrize("command", ["bench", "score", "compare", "run"])
def test_help_loads_no_engine(command: str) -> None:
    heavy = ("torch", "transformers", "ctranslate2", "numpy", "rich", "sacrebleu", "rouge_score", "jinja2", "evaluate")
    code = (
        "import sys; from click.testing import CliRunner; from eval.cli import main;"
        f"assert CliRunner().invoke(main, ['{command}', '--help']).exit_code == 0;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# --- score, compare, run

REFERENCE = (
    "The minister denied the report on Sunday.\nOil prices rose by 3 percent during the week.\n"
    "The delegation arrived in the capital in the evening.\nSchools will open again in May.\n"
)
GOOD = REFERENCE.replace("again ", "").replace("during the", "this")
BAD = "Minister denied.\nOil prices fell by 8 percent.\nThe evening arrived.\nSchools in May.\n"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with a reference and two outputs."""
    for name, text in {"reference.en": REFERENCE, "good.en": GOOD, "bad.en": BAD}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_score_prints_a_table_with_signatures(files: Path) -> None:
    result = run("score", "good.en", "--reference", "reference.en", "--metrics", "bleu,TER")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "good on reference.en"
    assert "Translation: reference.en: 4 segments, one reference" in lines
    row = next(line for line in lines if line.startswith("good  "))
    assert re.fullmatch(r"good +\d\d\.\d\d \[\d+\.\d, \d+\.\d\] +\d\d?\.\d\d \[-?\d+\.\d, \d+\.\d\]", row)
    assert any(line.startswith("TER: nrefs:1|bs:1000|seed:12345|case:lc|tok:tercom|") for line in lines)


def test_compare_marks_the_best(files: Path) -> None:
    result = run("compare", "bad=bad.en", "good=good.en", "same=good.en", "--reference", "reference.en")
    assert result.exit_code == 0, result.stderr
    rows = dict(
        line.split(maxsplit=1) for line in result.stdout.splitlines() if re.match(r"(bad|good|same) .*\[", line)
    )
    assert [len(re.findall(r"[*=]", rows[name])) for name in ("bad", "good", "same")] == [0, 2, 2]
    assert rows["good"].startswith("*")
    assert rows["same"].startswith("=")


def test_every_output_is_written_in_the_form_that_its_name_says(files: Path) -> None:
    names = ("r.json", "r.md", "r.html", "r.xml", "r.txt")
    options = [part for name in names for part in ("-o", name)]
    result = run("score", "good.en", "--reference", "reference.en", *options)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    starts = ('{\n "schema": 1,', "## good on reference.en", "<!DOCTYPE html>", "<?xml version", "good on reference.en")
    for name, start in zip(names, starts, strict=True):
        assert (files / name).read_text(encoding="utf-8").startswith(start)
    assert list(files.glob("*.part")) == []
    told = run("score", "good.en", "--reference", "reference.en", "--format", "junit").stdout
    assert told.startswith("<?xml version")


def test_a_failed_gate_is_exit_code_5_with_a_line_that_says_by_how_much(files: Path) -> None:
    common = ("score", "bad.en", "--reference", "reference.en", "-o", "r.xml")
    assert run(*common, "--min", "chrf=1", "--max", "lint=0").exit_code == 0
    result = run(*common, "--min", "chrf=99", "--max", "lint=0")
    assert (result.exit_code, result.stdout) == (5, "")
    assert re.fullmatch(r"Gate failed: bad: chrf \d+\.\d\d is below 99, by \d+\.\d\d\n", result.stderr)
    assert 'failures="1"' in (files / "r.xml").read_text(encoding="utf-8")
    (files / "gates.yaml").write_text("min: {chrf: 99}\n", encoding="utf-8")
    assert run(*common, "--gate", "gates.yaml").exit_code == 5


def test_a_baseline_gates_and_is_refused_where_it_does_not_fit(files: Path) -> None:
    assert run("score", "good.en", "--reference", "reference.en", "-o", "base.json").exit_code == 0
    common = ("--reference", "reference.en", "--baseline", "base.json")
    result = run("score", "bad.en", *common, "--max-drop", "chrf=0.5")
    assert result.exit_code == 5
    assert re.search(r"bad: chrf [\d.]+ against [\d.]+ in the baseline \(-[\d.]+, p = .*0.5 allowed, ", result.stderr)
    assert run("score", "good.en", *common, "--fail-if-worse", "--max-drop", "chrf=0.5").exit_code == 0
    stored = json.loads((files / "base.json").read_text(encoding="utf-8"))
    scores = stored["evaluations"][0]["systems"][0]["scores"]
    scores["bleu"]["signature"] = scores["bleu"]["signature"].replace("tok:13a", "tok:intl")
    (files / "base.json").write_text(json.dumps(stored), encoding="utf-8")
    result = run("score", "good.en", *common)
    assert result.exit_code == 3
    assert "bleu nrefs:1|case:mixed|eff:no|tok:intl|" in result.stderr
    assert "bring it up to date: khulasa-eval score --rescore base.json -o base.json" in result.stderr
    assert run("score", "--rescore", "base.json", "-o", "base.json").exit_code == 0
    assert run("score", "good.en", *common).exit_code == 0
    (files / "reference.en").write_text(REFERENCE.upper(), encoding="utf-8")
    result = run("score", "good.en", *common)
    assert (result.exit_code, "was made on another test set" in result.stderr) == (3, True)
    result = run("compare", "--rescore", "base.json")
    assert (result.exit_code, "was made on another test set" in result.stderr) == (3, True)


def test_rescoring_brings_other_metrics_and_finds_a_moved_reference(files: Path) -> None:
    assert run("compare", "a=good.en", "b=bad.en", "--reference", "reference.en", "-o", "old.json").exit_code == 0
    (files / "reference.en").rename(files / "moved.en")
    assert run("score", "--rescore", "old.json").exit_code == 3
    result = run("compare", "--rescore", "old.json", "--reference", "moved.en", "--metrics", "ter", "-o", "new.json")
    assert result.exit_code == 0, result.stderr
    (evaluation,) = json.loads((files / "new.json").read_text(encoding="utf-8"))["evaluations"]
    assert [(system["name"], list(system["scores"])) for system in evaluation["systems"]] == [
        ("a", ["ter"]), ("b", ["ter"]),
    ]  # fmt: skip
    assert evaluation["systems"][0]["hypotheses"] == GOOD.splitlines()


def test_findings_on_the_file_come_before_the_scores(files: Path) -> None:
    (files / "crlf.en").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("3", "&#51;").replace("\n", "\r\n").encode())
    told = run("score", "crlf.en", "--reference", "reference.en").stdout
    assert "! crlf: bom, 1 line (line 1): " in told
    assert "! crlf: crlf, 4 lines (lines 1, 2, 3, 4): " in told
    assert "! crlf: entity, 1 line (line 2): HTML entities" in told
    assert told.index("! crlf: entity") < told.index("Scores")
    assert re.search(r"Before and after repair\n.*\ncrlf +\d\d\.\d\d → \d\d\.\d\d", told)


def test_domains_and_fields_of_a_table(files: Path) -> None:
    rows = [json.dumps({"ar": "نص", "en": line}) for line in REFERENCE.splitlines()]
    (files / "set.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (files / "labels").write_text("news\nmoney\nnews\nnews\n", encoding="utf-8")
    result = run("score", "good.en", "--testset", "set.jsonl", "--fields", "source=ar,reference=en",
                 "--domains", "labels", "--no-flags")  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert "chrF by domain" in result.stdout
    assert re.search(r"news +money\n +3 segments +1 segment\n", result.stdout)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("score",), 2, "expected HYPOTHESES, or --rescore"),
        (("score", "good.en"), 2, "expected what to score against: --reference FILE, or --testset NAME"),
        (("score", "good.en", "--source", "x"), 2, "go with --reference FILE or --testset NAME"),
        (("score", "good.en", "--rescore", "r.json"), 2, "expected HYPOTHESES, or --rescore"),
        (("score", "nonesuch.en", "--reference", "reference.en"), 3, "nonesuch.en cannot be read: No such file"),
        (("score", "good.en", "--reference", "nonesuch.en"), 3, "nonesuch.en cannot be read"),
        (("score", "good.en", "--testset", "nonesuch"), 3, "no test set is called 'nonesuch'"),
        (("score", "short.en", "--reference", "reference.en"), 3, "short.en has 3 lines, reference.en has 4"),
        (("score", "latin.en", "--reference", "reference.en"), 3, "latin.en is not UTF-8"),
        (("score", "good.en", "--reference", "reference.en", "--metrics", "blue"), 4, "no metric is called 'blue'"),
        (("score", "good.en", "--reference", "reference.en", "--min", "ter=3"), 4, "add it to --metrics"),
        (("score", "good.en", "--reference", "reference.en", "--fail-if-worse"), 4, "add --baseline REPORT.json"),
        (("score", "good.en", "--reference", "reference.en", "--max", "number=3"), 4, "kinds of flags need --source"),
        (("score", "good.en", "--reference", "reference.en", "--min", "bleu"), 4, "--min bleu: expected NAME=LIMIT"),
        (("score", "good.en", "--reference", "reference.en", "--gate", "nonesuch"), 4,
         "nonesuch: no such file; expected thresholds"),
        (("score", "good.en", "--reference", "reference.en", "-o", "r.doc"), 2, "expected a name with .txt, .json"),
        (("score", "good.en", "--reference", "reference.en", "-o", "no/r.md"), 2, "the folder no does not exist"),
        (("score", "good.en", "--reference", "reference.en", "-o", "a.md", "-o", "b.md", "--format", "md"), 2,
         "--format is for one output"),
        (("score", "good.en", "--testset", "samples", "--fields", "what=x"), 2, "expected source=KEY, reference=KEY"),
        (("score", "--rescore", "good.en"), 3, "good.en is no JSON"),
        (("compare",), 2, "expected SYSTEM=FILE for each system"),
        (("compare", "good.en", "--reference", "reference.en"), 2, "good.en: expected SYSTEM=FILE"),
        (("compare", "a=good.en", "a=bad.en", "--reference", "reference.en"), 2, "a=bad.en: is there twice"),
        (("run", "--testset", "nonesuch"), 3, "no test set is called 'nonesuch'"),
        (("run", "--model", "nonesuch"), 4, "no model is called 'nonesuch'"),
    ],
)  # fmt: skip
def test_wrong_input_is_said_with_its_exit_code(
    files: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    (files / "short.en").write_text("\n".join(GOOD.splitlines()[:3]) + "\n", encoding="utf-8")
    (files / "latin.en").write_bytes(GOOD.replace("minister", "minist\u00e9r").encode("latin-1"))
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in " ".join(result.stderr.split())


def test_run_translates_summarizes_and_gates_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_engine: Callable[..., Any]
) -> None:
    contents = {"a.ar.txt": "خبر\n", "a.en.txt": "News\n", "a.summary.txt": "News.\n",
                "b.ar.txt": "اختبار\n", "b.en.txt": "A test.\n", "b.summary.txt": "Test.\n"}  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    engine = fake_engine({"خبر": "News.", "اختبار": "A test."})
    monkeypatch.setattr("eval.run.load_engine", lambda name, task, registry, placement, report: engine)
    output = tmp_path / "r.json"
    result = run("run", "--testset", str(tmp_path), "--task", "both", "--summarizer", "lead", "--no-flags", "--plain",
                 "--beam-size", "2", "--min", "chrf=10", "--min", "rouge1=101", "-o", str(output))  # fmt: skip
    assert (result.exit_code, result.stdout) == (5, "")
    assert re.fullmatch(r"Gate failed: lead: rouge1 83.33 is below 101, by 17.67\n", result.stderr)
    translated, summarized = json.loads(output.read_text(encoding="utf-8"))["evaluations"]
    assert [system["name"] for system in summarized["systems"]] == ["lead", "lead-3", "oracle"]
    assert translated["systems"][0]["hypotheses"] == ["News.", "A test."]
    assert "|beam:2|plain:yes|" in translated["systems"][0]["signature"]
    assert list(summarized["systems"][0]["scores"]) == ["rouge1", "rouge2", "rougeLsum"]


@pytest.mark.slow
def test_a_worse_setting_fails_the_gate(tmp_path: Path) -> None:
    baseline = str(tmp_path / "base.json")
    common = ("run", "--model", "embedded", "--no-flags")
    result = run(*common, "-o", baseline)
    assert (result.exit_code, result.stdout) == (0, ""), result.stderr
    (evaluation,) = json.loads(Path(baseline).read_text(encoding="utf-8"))["evaluations"]
    assert evaluation["systems"][0]["scores"]["bleu"]["value"] > 30
    assert evaluation["systems"][0]["speed"]["words_per_second"] > 0
    gates = ("--baseline", baseline, "--fail-if-worse", "--max-drop", "chrf=1")
    result = run(*common, "--beam-size", "1", "--plain", *gates)
    assert result.exit_code == 5
    assert re.search(r"Gate failed: embedded: chrf [\d.]+ against [\d.]+ in the baseline .* worse\)", result.stderr)


@pytest.mark.slow
def test_seven_systems_in_a_minute_and_the_one_with_entities_is_named(data: Path, tmp_path: Path) -> None:
    outputs = sorted((data / "dev" / "systems").glob("*.en"))
    begun = time.process_time()
    result = run("compare", *(f"{path.stem}={path}" for path in outputs), "--no-flags",
                 "--testset", str(data / "dev" / "flores-dev"), "-o", str(tmp_path / "r.html"),
                 "-o", str(tmp_path / "r.json"), "-o", str(tmp_path / "r.md"))  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert time.process_time() - begun < 60
    (evaluation,) = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["evaluations"]
    systems = {system["name"]: system for system in evaluation["systems"]}
    assert len(systems) == 7
    found = {name: [(each["kind"], each["count"]) for each in system["findings"]] for name, system in systems.items()}
    assert found["google"] == [("entity", 162)]
    google = systems["google"]
    assert (round(google["scores"]["bleu"]["value"], 2), round(google["repaired"]["bleu"], 2)) == (45.95, 47.87)
    assert google["scores"]["bleu"]["mark"] == "best"
    assert "google: entity, 162 lines" in (tmp_path / "r.html").read_text(encoding="utf-8").replace(
        '<strong><bdi>google</bdi></strong> <bdi dir="ltr">', "google: "
    )
    assert len((tmp_path / "r.md").read_text(encoding="utf-8")) < 65_536
