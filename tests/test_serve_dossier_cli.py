"""`khulasa article --format md | html | docx`: the right bytes in the right place."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from click.testing import CliRunner, Result
from conftest import FakeEngine

from serve.cli import main

TARGETS = {"خطة جديدة": "New plan", "أعلنت الوزارة خطة.": "The ministry announced a plan."}
Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, fake_engine: Callable[..., FakeEngine], cache: Path) -> Run:
    """Runs `khulasa article` on a small article with a fake model behind it."""
    engine = fake_engine(TARGETS)
    monkeypatch.setattr("serve.service.load_engine", lambda *given: engine)
    article = "خطة جديدة\n\nأعلنت الوزارة خطة.\n"
    return lambda *given: CliRunner().invoke(main, ["article", "-", "--summarizer", "lead", *given], input=article)


@pytest.mark.parametrize(("form", "beginning"), [("html", b"<!DOCTYPE html>\n"), ("md", b"# New plan\n")])
def test_text_formats_go_to_standard_output_or_a_file(run: Run, tmp_path: Path, form: str, beginning: bytes) -> None:
    path = tmp_path / "dossier"
    printed, written = run("--format", form), run("--format", form, "-o", str(path))
    assert (printed.exit_code, written.exit_code, written.stdout_bytes) == (0, 0, b"")
    assert printed.stdout_bytes.startswith(beginning)
    times = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d UTC|\d+\.\d s")
    assert times.sub(b"", printed.stdout_bytes) == times.sub(b"", path.read_bytes())
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["dossier"]


def test_docx_is_written_to_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "dossier.docx"
    assert run("--format", "docx", "-o", str(path)).exit_code == 0
    assert docx.Document(io.BytesIO(path.read_bytes())).paragraphs[0].text == "New plan"


def test_docx_without_a_file_is_wrong_usage_before_anything_is_translated(run: Run) -> None:
    result = run("--format", "docx")
    assert (result.exit_code, result.stdout_bytes) == (2, b"")
    assert "name a file, as in `-o article.docx`" in result.stderr


def test_a_file_that_cannot_be_written_is_an_error_that_names_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken.part").mkdir()
    result = run("--format", "html", "-o", str(tmp_path / "taken"))
    assert result.exit_code == 3
    assert re.search(r"taken cannot be written: Is a directory", result.stderr)
