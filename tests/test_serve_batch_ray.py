"""The chunks on a local Ray of two workers: the same records as on this process, also when a worker is killed."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from batches import SLOWNESS, FakeSetup, fake_setup, record

from mt.errors import ConfigError
from serve.batch.chunks import Chunk
from serve.batch.process import Bounds
from serve.batch.ray_executor import RayExecutor
from serve.batch.work import Output, Worker

pytestmark = pytest.mark.slow
BOUNDS = Bounds(memory=600 << 20)


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSetup:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # workers find `batches`, whose engine they load
    monkeypatch.setenv(SLOWNESS, "0.2")
    return fake_setup(tmp_path / "model")


def chunks(count: int, *, poison: int | None = None) -> list[Chunk]:
    word = "أعلنت الوزارة خروج اليوم"
    records = [record(number, word if number == poison else None) for number in range(3 * count)]
    return [Chunk(i, tuple(records[3 * i : 3 * i + 3])) for i in range(count)]


def expected(setup: FakeSetup, asked: list[Chunk]) -> dict[int, list[Output]]:
    alone = Worker(setup)
    return {chunk.number: alone.translate(chunk) for chunk in asked}


def kill_an_actor() -> None:
    """Kill the first worker of Ray that is at work, as a machine's failure would."""
    for _ in range(300):
        time.sleep(0.1)
        for process in psutil.process_iter(["cmdline"]):
            if any("ray::_Actor.translate" in part for part in process.info["cmdline"] or ()):
                process.send_signal(signal.SIGKILL)
                return


def test_ray_makes_the_same_records_though_a_worker_is_killed_in_the_middle(setup: FakeSetup) -> None:
    asked = chunks(8)
    killer = threading.Thread(target=kill_an_actor)
    killer.start()
    found = list(RayExecutor(setup, 2, BOUNDS).run(iter(asked)))
    killer.join()
    assert len(found) == len(asked)  # nothing lost, nothing twice
    assert dict(found) == expected(setup, asked)


def test_a_record_that_ends_its_worker_costs_only_itself(setup: FakeSetup) -> None:
    asked = chunks(2, poison=1)
    found = dict(RayExecutor(setup, 1, BOUNDS).run(iter(asked)))
    failed = found[0][1]
    assert failed["error"]["kind"] == "Crashed"
    sound = expected(setup, chunks(2))
    assert [found[0][0], found[0][2], *found[1]] == [sound[0][0], sound[0][2], *sound[1]]


def test_no_cluster_at_the_address_is_said(setup: FakeSetup) -> None:
    def none() -> Iterator[Chunk]:
        yield from ()

    with pytest.raises(ConfigError, match=r"no Ray at 127\.0\.0\.1:1.*--address"):
        list(RayExecutor(setup, 1, BOUNDS, address="127.0.0.1:1").run(none()))
