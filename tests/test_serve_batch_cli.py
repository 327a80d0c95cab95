"""`khulasa batch` as a person, a script or cron meets it: files, exit codes, what stands on standard error."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from batches import LAUNCHER, InlineExecutor, fake_model, write_jsonl
from click.testing import CliRunner, Result

from mt.engine import BACKENDS
from serve.batch_cli import _json_lines, _stopped_by_signals
from serve.cli import main

Run = Callable[..., Result]
SOUND = [None] * 6
FOREIGN = "The minister said on Tuesday that the plan for water was new and good."


@pytest.fixture
def made() -> list[Any]:
    """The executors that were made, with what they were told."""
    return []


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path, made: list[Any]) -> Run:
    """Runs `khulasa batch` in this process, with a fake model behind it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(BACKENDS, "ct2", BACKENDS["fake"])
    fake_model(tmp_path / "model")

    def executor(*told: Any) -> InlineExecutor:
        made.append(told)
        return InlineExecutor(told[0])

    monkeypatch.setattr("serve.batch.local.LocalExecutor", executor)
    monkeypatch.setattr("serve.batch.ray_executor.RayExecutor", executor)
    always = ("--model", "model", "--plain", "--summarizer", "lead", "--chunk-segments", "2")

    def invoke(*arguments: str, text: bytes | None = None) -> Result:
        return CliRunner().invoke(main, [*arguments[:1], *(always if arguments[0] == "batch" else ()), *arguments[1:]],
                                  input=text)  # fmt: skip

    return invoke


def test_a_batch_says_how_it_went_on_standard_error_only(run: Run, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", SOUND)
    result = run("batch", "in.jsonl", "out.jsonl")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    assert result.stderr.startswith("out.jsonl: 6 articles; ")
    assert len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 6
    assert run("batch", "in.jsonl", "out.jsonl").stderr.startswith("out.jsonl: 6 articles, 6 of them by earlier runs; ")
    assert run("batch", "in.jsonl", "out.jsonl", "--quiet").stderr == ""


def test_failed_records_are_told_of_and_end_with_6(run: Run, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", [None, FOREIGN, None])
    result = run("batch", "in.jsonl", "out.jsonl", "-q")
    assert result.exit_code == 6
    assert '1 of 3 records failed: they have an "error" in out.jsonl.' in result.stderr
    assert result.stderr.startswith("For example: in.jsonl:2: UnsupportedLanguage: ")
    failed = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()[1])
    assert (failed["id"], failed["error"]["where"]) == ("a1", "in.jsonl:2")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("missing.jsonl", "out.jsonl"), 3, "missing.jsonl"),
        (("in.xyz", "out.jsonl"), 3, "--input-format"),
        (("in.jsonl", "out.doc"), 4, ".parquet"),
        (("in.jsonl", "nowhere/out.jsonl"), 4, "folder that exists"),
        (("in.jsonl", "out.jsonl", "--shard", "3/2"), 4, "--shard 3/2"),
        (("in.jsonl", "out.jsonl", "--no-summary", "--dossiers", "d"), 2, "--no-summary"),
        ((".", "../out.jsonl", "--dossiers", "d"), 4, "another place for --dossiers"),
        (("in.jsonl", "out.jsonl", "--workers", "-1"), 2, "--workers"),
        (("in.jsonl", "out.jsonl", "--model", "nobody"), 4, "nobody"),
    ],
)
def test_what_cannot_be_begun_is_told_in_one_line(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    write_jsonl(tmp_path / "in.jsonl", SOUND)
    (tmp_path / "in.xyz").write_text("x", encoding="utf-8")
    result = run("batch", *arguments)
    assert result.exit_code == code, result.stderr
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_the_fields_of_a_table_are_chosen(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("n,head,body\n7,خطة المياه,أعلنت الوزارة خطة.\n", encoding="utf-8")
    result = run("batch", "in.csv", "out.jsonl", "--text-field", "body", "--title-field", "head", "--id-field", "n")
    assert result.exit_code == 0, result.stderr
    output = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert (output["id"], output["title"]["source"]) == ("7", "خطة المياه")


def test_standard_input_is_json_lines(run: Run, tmp_path: Path) -> None:
    text = write_jsonl(tmp_path / "in.jsonl", SOUND).read_bytes()
    result = run("batch", "-", "out.jsonl", "--no-summary", text=text)
    assert result.exit_code == 0, result.stderr
    first = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert first["id"] == "a0"
    assert "summary" not in first


@pytest.mark.parametrize(
    ("arguments", "workers", "threads"),
    [((), 4, 1), (("--workers", "2"), 2, 2), (("--threads", "2"), 2, 2), (("--workers", "1"), 1, 4),
     (("--workers", "8"), 8, 1), (("--workers", "3", "--threads", "4"), 3, 4)],
)  # fmt: skip
def test_each_core_has_a_worker_unless_something_else_is_asked(
    run: Run, tmp_path: Path, made: list[Any], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...],
    workers: int, threads: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(4)), raising=False)
    write_jsonl(tmp_path / "in.jsonl", SOUND)
    assert run("batch", "in.jsonl", "out.jsonl", *arguments, "--timeout", "3", "--memory", "500").exit_code == 0
    ((setup, count, bounds),) = made
    assert (count, setup.placement.threads) == (workers, threads)
    assert (bounds.memory, bounds.seconds) == (500 << 20, 3.0)


def test_ray_is_told_where_its_cluster_is(run: Run, tmp_path: Path, made: list[Any]) -> None:
    write_jsonl(tmp_path / "in.jsonl", SOUND)
    result = run("batch", "in.jsonl", "out.jsonl", "--executor", "ray", "--address", "auto", "--gpus", "0.5")
    assert result.exit_code == 0, result.stderr
    assert made[0][1] == 0
    assert made[0][3:] == ("auto", 0.5)


def test_shards_are_merged(run: Run, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", [*SOUND, FOREIGN])
    codes = [run("batch", "in.jsonl", "out.jsonl", "--shard", f"{number}/2").exit_code for number in (1, 2)]
    assert codes == [0, 6]
    result = run("batch-merge", "out.jsonl")
    assert result.exit_code == 6
    assert "7 records, 1 of them failed, in out.jsonl" in result.stderr
    assert run("batch", "in.jsonl", "whole.jsonl").exit_code == 6
    for made in ("{}.jsonl", "{}.jsonl.ledger.proposed.csv"):
        assert (tmp_path / made.format("out")).read_bytes() == (tmp_path / made.format("whole")).read_bytes()
    assert run("batch-merge", "other.jsonl").exit_code == 4


def test_progress_for_programs_is_a_line_of_json(run: Run, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", SOUND)
    lines = run("batch", "in.jsonl", "out.jsonl", "--progress", "json").stderr.splitlines()
    first = json.loads(lines[0])
    assert (first["records"], first["failed"], first["there"]) == (2, 0, 0)
    assert run("batch", "in.jsonl", "other.jsonl", "--progress", "bar").exit_code == 0
    assert callable(_json_lines())


@pytest.fixture
def heeded() -> Iterator[None]:
    """Signals as a terminal's programs have them: what a shell starts in the background ignores SIGINT."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_it_cleanly_and_the_same_command_goes_on(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    write_jsonl(tmp_path / "in.jsonl", [None] * 40)
    model = str(fake_model(tmp_path / "model"))
    command = [*LAUNCHER, "batch", "in.jsonl", "out.jsonl", "--model", model, "--plain", "--summarizer", "lead",
               "--chunk-segments", "2", "--workers", "1", "--progress", "json"]  # fmt: skip
    slow = {**os.environ, "KHULASA_TEST_SECONDS": "0.2"}
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=slow) as process:
        assert process.stderr
        assert json.loads(process.stderr.readline())["records"] == 2
        process.send_signal(number)
        _, told = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Stopped. What is done is kept: the same command goes on from there." in told
    assert not (tmp_path / "out.jsonl").exists()
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert "of them by earlier runs" in again.stderr
    assert len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 40


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with _stopped_by_signals():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert callable(signal.getsignal(signal.SIGTERM))
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)
