"""`khulasa-eval` as a person or a script meets it: help, table, JSON, files, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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


def test_a_file_that_cannot_be_written_is_an_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eval.cli import _show
    from mt.errors import EvalError

    (tmp_path / "taken").mkdir()
    with pytest.raises(EvalError, match=r"taken cannot be written: .*; choose another --output"):
        _show({"rows": []}, "json", tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_the_help_names_every_shape_and_option() -> None:
    from eval.shapes import SHAPES

    result = run("bench", "--help")
    told = " ".join(result.stdout.split())
    assert all(name in told for name in SHAPES)
    for option in ("--shape", "--task", "--text", "--rounds", "--beam-size", "--threads", "--device",
                   "--compute-type", "--scratch", "--format", "--output"):  # fmt: skip
        assert option in told
    assert run("--help").exit_code == run("--version").exit_code == 0


def test_help_loads_no_engine() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from eval.cli import main;"
        "assert CliRunner().invoke(main, ['bench', '--help']).exit_code == 0;"
        "print([name for name in ('torch', 'transformers', 'ctranslate2', 'numpy', 'rich') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
