"""What a batch goes through in years of nightly runs, for real: processes killed, disks full, inputs broken.

Each time: nothing lost, nothing twice, the right exit code. FAULT_KILLS says how often the parent is killed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from batches import LAUNCHER, fake_model, text_of, write_jsonl

pytestmark = [pytest.mark.faults, pytest.mark.skipif(os.name != "posix", reason="signals and limits of Unix")]
KILLS = int(os.environ.get("FAULT_KILLS", "3"))
RECORDS = 60


class Batch:
    """`khulasa batch` in a folder, on a fake model that takes its time."""

    def __init__(self, folder: Path, output: str = "out.jsonl") -> None:
        self.folder, self.output = folder, folder / output
        self._command = [
            *LAUNCHER, "batch", "in.jsonl", output, "--model", str(fake_model(folder / "model")), "--plain",
            "--summarizer", "lead", "--chunk-segments", "3", "--workers", "2",
        ]  # fmt: skip

    def start(self, *, seconds: float = 0.0, limit: int | None = None) -> subprocess.Popen[str]:
        shell = ["prlimit", f"--fsize={limit}"] if limit else []
        return subprocess.Popen(
            [*shell, *self._command], cwd=self.folder, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "KHULASA_TEST_SECONDS": str(seconds)},
        )  # fmt: skip

    def finish(self, code: int = 0) -> str:
        """Run to the end; what it says."""
        with self.start() as process:
            _, told = process.communicate(timeout=300)
        assert process.returncode == code, told
        assert "Traceback" not in told
        return told

    def parts(self) -> int:
        """How many parts are there."""
        return len(list(self.folder.glob(f"{self.output.name}.parts/*.jsonl")))

    def wait_for_parts(self, count: int, process: subprocess.Popen[str]) -> None:
        while self.parts() < count and process.poll() is None:
            time.sleep(0.02)

    def records(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.output.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    write_jsonl(tmp_path / "in.jsonl", [None] * RECORDS)
    return Batch(tmp_path)


@pytest.fixture
def expected(batch: Batch) -> bytes:
    """The output of a run that nothing disturbs."""
    undisturbed = Batch(batch.folder, "undisturbed.jsonl")
    undisturbed.finish()
    assert [record["id"] for record in undisturbed.records()] == [f"a{number}" for number in range(RECORDS)]
    return undisturbed.output.read_bytes()


def workers(process: subprocess.Popen[str]) -> list[psutil.Process]:
    found = psutil.Process(process.pid).children(recursive=True)
    return [child for child in found if "spawn_main" in " ".join(child.cmdline())]


def gone(processes: list[psutil.Process], seconds: float = 20.0) -> bool:
    _, alive = psutil.wait_procs(processes, seconds)
    return not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def test_killed_at_any_moment_it_goes_on_and_gives_the_same_bytes(batch: Batch, expected: bytes) -> None:
    moments = random.Random(11)
    for _ in range(KILLS):
        with batch.start(seconds=0.02) as process:
            batch.wait_for_parts(batch.parts() + moments.randrange(3), process)
            time.sleep(moments.random() * 3)
            crew = workers(process) if process.poll() is None else []
            process.kill()
        assert gone(crew), "a worker outlived its parent"
    batch.finish()
    assert batch.output.read_bytes() == expected


def test_killed_workers_cost_nothing(batch: Batch, expected: bytes) -> None:
    moments = random.Random(5)
    with batch.start(seconds=0.05) as process:
        for kill in range(1, 4):
            batch.wait_for_parts(4 * kill, process)
            if crew := workers(process):
                moments.choice(crew).kill()
        _, told = process.communicate(timeout=300)
    assert process.returncode == 0, told
    assert batch.output.read_bytes() == expected


def test_a_full_disk_is_told_of_and_the_batch_goes_on_later(batch: Batch, expected: bytes) -> None:
    limit = len(expected) // 2  # enough for each part, not for the output
    with batch.start(limit=limit) as process:
        _, told = process.communicate(timeout=300)
    assert process.returncode == 4
    assert "Free some space there" in told
    assert not batch.output.exists()
    assert f"{RECORDS} of them by earlier runs" in batch.finish()
    assert batch.output.read_bytes() == expected


def test_a_disk_too_full_for_a_part_is_told_of(batch: Batch, expected: bytes) -> None:
    with batch.start(limit=2000) as process:
        _, told = process.communicate(timeout=300)
    assert process.returncode == 4
    assert "Free some space there" in told
    batch.finish()
    assert batch.output.read_bytes() == expected


def test_an_output_that_cannot_be_written_is_refused_before_any_work(batch: Batch) -> None:
    (batch.folder / "out.jsonl.parts").write_text("in the way", encoding="utf-8")
    assert "out.jsonl.parts" in batch.finish(code=4)
    assert (batch.folder / "out.jsonl.parts").read_text(encoding="utf-8") == "in the way"


def test_an_input_that_is_cut_while_it_is_read_is_told_of(batch: Batch) -> None:
    source = batch.folder / "in.jsonl"
    with source.open("ab") as file:  # more than any buffer holds
        for number in range(RECORDS, 4000):
            line = json.dumps({"id": f"a{number}", "text": text_of(number), "pad": "x" * 1000}, ensure_ascii=False)
            file.write(line.encode() + b"\n")
    with batch.start(seconds=0.01) as process:
        batch.wait_for_parts(2, process)
        os.truncate(source, 5000)
        _, told = process.communicate(timeout=300)
    assert process.returncode == 3, told
    assert "was changed while it was read" in told
    assert not batch.output.exists()


def test_corrupt_lines_fail_each_by_itself(batch: Batch) -> None:
    lines = [
        json.dumps({"id": f"a{number}", "text": text_of(number)}, ensure_ascii=False).encode() for number in range(300)
    ]
    corrupt = {50: b'{"id": "a50", "text": "\xff\xfe"}', 150: lines[150][:20], 250: b"\x00\x01\x02"}
    text = b"\n".join(corrupt.get(number, line) for number, line in enumerate(lines)) + b"\n"
    (batch.folder / "in.jsonl").write_bytes(text)
    assert "3 of 300 records failed" in batch.finish(code=6)
    records = batch.records()
    assert [number for number, record in enumerate(records) if "error" in record] == [50, 150, 250]
    assert [record["id"] for number, record in enumerate(records) if number not in corrupt] == [
        f"a{number}" for number in range(300) if number not in corrupt
    ]
    wheres = [record["error"]["where"] for record in records if "error" in record]  # type: ignore[index]
    assert wheres == ["in.jsonl:51", "in.jsonl:151", "in.jsonl:251"]


def test_an_article_of_two_megabytes_is_one_record_among_others(batch: Batch) -> None:
    long = "\n\n".join(" ".join(text_of(number) for number in range(start, start + 5)) for start in range(0, 20_000, 5))
    assert len(long.encode()) > 1_900_000
    write_jsonl(batch.folder / "in.jsonl", [None, long[: 2_000_000 // 2], None, long * 2, None])
    told = batch.finish(code=6)
    assert "1 of 5 records failed" in told
    records = batch.records()
    assert [record["id"] for record in records] == [f"a{number}" for number in range(5)]
    assert records[3]["error"]["kind"] == "InputTooLong"  # type: ignore[index]
    assert len(records[1]["segments"]) > 5000  # type: ignore[arg-type]


@pytest.fixture
def running(batch: Batch) -> Iterator[subprocess.Popen[str]]:
    with batch.start(seconds=0.1) as process:
        batch.wait_for_parts(1, process)
        yield process
        process.send_signal(signal.SIGKILL)


def test_two_batches_on_one_output_do_not_mix(batch: Batch, expected: bytes, running: subprocess.Popen[str]) -> None:
    assert "in use by another batch" in batch.finish(code=4)
    _, told = running.communicate(timeout=300)
    assert running.returncode == 0, told
    assert batch.output.read_bytes() == expected
