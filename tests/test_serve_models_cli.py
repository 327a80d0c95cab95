"""`khulasa models` as a person meets it: what is on standard output, what beside it, and the exit codes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hub_server import Hub, error, in_place_of_the_hub, serving

from mt import hub, store
from mt.embedded import fingerprint
from mt.registry import load_registry
from serve.cli import main

ROOT = Path(__file__).resolve().parents[1]
QUICKMT = load_registry(ROOT / "models.yaml").spec("quickmt-ar-en")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cache: Path, tiny_marian: Path) -> Iterator[Hub]:
    with serving() as running:
        in_place_of_the_hub(running, monkeypatch, tmp_path)
        running.add("quickmt/quickmt-ar-en", tiny_marian)
        yield running


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "250"}).invoke(main, ["models", *arguments])


def row(name: str) -> str:
    return next(line for line in run("list").stdout.splitlines() if line.startswith(f"{name} "))


def test_list_shows_what_is_on_disk_and_what_may_be_sold(cache: Path) -> None:
    assert "built on first use" in row("embedded")
    assert "CC-BY-NC-4.0, non-commercial" in row("nllb-200-distilled-600M")
    assert row("opus-mt-ar-en").split()[-1] == "–"
    assert row("m2m100_418M").split() == ["m2m100_418M", "translate", "draft", "MIT", "–"]


def test_a_model_is_pulled_listed_verified_used_and_removed(server: Hub, cache: Path) -> None:
    version = server.repositories["quickmt/quickmt-ar-en"].commit[:12]
    pulled = run("pull", "quickmt")
    assert pulled.exit_code == 0, pulled.stderr
    home = cache / "models" / "quickmt-ar-en" / version
    megabytes = f"{store.StoredModel(QUICKMT, home, version).size / 1e6:.2f} MB"
    assert pulled.stdout == f"quickmt-ar-en@{version}: {megabytes}, ct2, as stored, {home}\n"
    lines = pulled.stderr.splitlines()
    assert lines[0] == "quickmt-ar-en, from quickmt/quickmt-ar-en: licence CC-BY-4.0"
    assert lines[-1] == "  done"
    assert any(line.startswith("  downloading model.bin, ") for line in lines)
    assert len(lines) < 25
    assert f"{megabytes}, ct2, as stored" in row("quickmt-ar-en")
    assert run("verify", "quickmt").stdout == f"quickmt-ar-en@{version}: every file as it was written\n"
    assert run("path", "quickmt").stdout == f"{home}\n"
    translated = CliRunner().invoke(main, ["translate", "--lines", "--plain"], input="أعلنت الحكومة اليوم خطة جديدة\n")
    assert translated.exit_code == 0, translated.stderr
    assert translated.stdout.strip()
    removed = run("remove", "quickmt")
    assert removed.stdout == f"quickmt-ar-en: {megabytes} freed\n"
    assert row("quickmt-ar-en").split()[-1] == "–"
    again = run("remove", "quickmt")
    assert (again.exit_code, again.stdout) == (4, "")
    assert "quickmt-ar-en is not on disk; `khulasa models list` shows what is" in again.stderr


def test_a_person_sees_a_bar_with_sizes_and_a_script_on_standard_output_does_not(server: Hub) -> None:
    environment = {"COLUMNS": "120", "FORCE_COLOR": "1", "TERM": "xterm"}
    pulled = CliRunner(env=environment).invoke(main, ["models", "pull", "quickmt"])
    assert re.search(r"downloading [\w.]+, [\d.]+ of [\d.]+ MB", pulled.stderr)
    assert "100%" in pulled.stderr
    assert pulled.stdout.startswith("quickmt-ar-en@")
    assert "\x1b" not in pulled.stdout


def test_an_interrupted_download_is_listed_and_in_the_report(
    server: Hub, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.cuts["model.bin"] = [hub.CHUNK]
    monkeypatch.setattr(hub, "SETBACKS", -1)
    result = run("pull", "quickmt")
    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr.splitlines()[-1].startswith("Error: no connection to http://127.0.0.1:")
    waiting = store.waiting(QUICKMT)
    assert f"downloaded so far: {waiting / 1e6:.2f} MB" in row("quickmt-ar-en")
    report = CliRunner().invoke(main, ["doctor"]).stdout
    assert f"quickmt-ar-en: downloaded so far: {waiting / 1e6:.2f} MB (`khulasa models pull" in " ".join(report.split())
    assert run("remove", "quickmt").stdout.endswith(" MB freed\n")


def test_what_may_not_be_sold_and_what_was_a_pickle_is_said(
    server: Hub, cache: Path, monkeypatch: pytest.MonkeyPatch, tiny_marian_transformers: Path
) -> None:
    def convert(directory: Path, target: Path, spec: object, compute_type: str) -> None:
        assert {path.name for path in directory.iterdir()} >= {"pytorch_model.bin", "tokenizer.json"}
        (target / "model.bin").write_bytes(b"converted")

    monkeypatch.setattr("mt.convert.convert", convert)
    files = {"config.json": b"{}", "tokenizer.json": b"{}", "pytorch_model.bin": b"pickle"}
    server.add("facebook/nllb-200-distilled-600M", files)
    result = run("pull", "nllb-600M", "--compute-type", "float16")
    assert result.exit_code == 0, result.stderr
    assert "ct2, float16" in result.stdout
    lines = result.stderr.splitlines()
    assert lines[0].endswith("licence CC-BY-NC-4.0 (not for commercial use)")
    assert [line for line in lines if "pickle" in line] == [
        "Its weights came as a pickle; they were read as tensors only."
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("pull", "opus-mt-ar"), 4, "no model is called 'opus-mt-ar'"),
        (("pull", "quickmt", "--compute-type", "int8"), 4, "taken as it is"),
        (("pull", "opus-mt-ar-en", "--compute-type", "int4"), 4, "--compute-type int4: expected one of int8"),
        (("pull", "quickmt", "--backend", "ort"), 2, "'ort' is not one of 'ct2', 'hf'"),
        (("verify", "embedded"), 4, "embedded is not on disk; `khulasa models list` shows what is"),
        (("path", "opus-mt-ar-en"), 4, "get it with `khulasa models pull opus-mt-ar-en`"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_a_code(
    arguments: tuple[str, ...], code: int, message: str, server: Hub
) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
    assert server.requests == []


def test_a_gated_repository_says_how_to_get_in(server: Hub) -> None:
    server.replies["/api/models/"] = [error(401, "GatedRepo")]
    result = run("pull", "quickmt")
    assert result.exit_code == 4
    assert "then `hf auth login`, or set HF_TOKEN" in result.stderr


def test_offline_nothing_is_asked(server: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    result = run("pull", "quickmt")
    assert (result.exit_code, server.requests) == (4, [])
    assert "HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE) is set" in result.stderr


def test_pulling_the_built_in_model_is_building_it(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(directory: Path, report: store.Report) -> None:
        (directory / "model.onnx").write_bytes(b"model")

    monkeypatch.setattr("mt.embedded.build", build)
    assert run("pull", "embedded").stdout.startswith(f"embedded@{fingerprint()}: 0.00 MB, ort, ")


def test_verify_names_the_file_that_is_not_as_it_was_written(cache: Path) -> None:
    home = cache / "models" / "embedded" / fingerprint()
    home.mkdir(parents=True)
    (home / "model.onnx").write_bytes(b"short")
    (home / "manifest.json").write_text('{"files": {"model.onnx": {"size": 9, "sha256": "0"}}}', encoding="utf-8")
    result = run("verify", "embedded")
    assert result.exit_code == 4
    assert "'model.onnx' differs from its checksum" in result.stderr


def test_verify_goes_on_behind_a_damaged_model(server: Hub, cache: Path) -> None:
    server.add("Helsinki-NLP/opus-mt-tc-big-ar-en", server.repositories["quickmt/quickmt-ar-en"].files)
    assert run("pull", "quickmt").exit_code == 0
    home = cache / "models" / "opus-mt-ar-en" / "0123"  # listed before quickmt
    home.mkdir(parents=True)
    (home / "manifest.json").write_text('{"files": {"model.bin": {"size": 9, "sha256": "0"}}}', encoding="utf-8")
    result = run("verify")
    assert (result.exit_code, result.stdout.split("@")[0]) == (4, "quickmt-ar-en")
    assert "'model.bin' is missing. Get it again with `khulasa models pull opus-mt-ar-en`" in result.stderr


def test_a_stopped_pull_says_that_the_download_is_kept(server: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(hub, "download", stop)
    result = run("pull", "quickmt")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Stopped. What has come is kept: the same command goes on with it." in result.stderr


def test_a_name_is_never_broken_in_the_list(cache: Path) -> None:
    shown = CliRunner(env={"COLUMNS": "80", "FORCE_COLOR": "1"}).invoke(main, ["models", "list"]).stdout
    listed = re.sub(r"\x1b\[\d+m", "", shown)
    assert max(map(len, listed.splitlines())) <= 80
    assert all(f"\n{spec.name} " in listed for spec in load_registry(ROOT / "models.yaml"))


def test_the_installed_command_pulls_from_the_named_hub(server: Hub, cache: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path / "hf"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "serve.cli", "models", "pull", "quickmt"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("quickmt-ar-en@")
    assert "api/agent-harnesses" not in "".join(request.path for request in server.requests)
    assert not (tmp_path / "hf").exists()
    assert sorted(path.name for path in cache.iterdir()) == ["models"]
