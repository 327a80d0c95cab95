"""Chunks on worker processes: order, and that a poisoned record costs nothing but itself."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from batches import ONCE, FakeSetup, fake_setup, record
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.errors import ConfigError, ModelError
from serve.batch.chunks import Chunk
from serve.batch.local import LocalExecutor
from serve.batch.pieces import Pieces
from serve.batch.process import Bounds
from serve.batch.work import Output, Worker

BOUNDS = Bounds(memory=600 << 20)


@pytest.fixture
def setup(tmp_path: Path) -> FakeSetup:
    return fake_setup(tmp_path / "model")


def chunked(texts: list[str | None], size: int) -> list[Chunk]:
    records = [record(number, text) for number, text in enumerate(texts)]
    return [Chunk(i // size, tuple(records[i : i + size])) for i in range(0, len(records), size)]


def done(setup: FakeSetup, chunks: list[Chunk], workers: int = 1, bounds: Bounds = BOUNDS) -> dict[int, list[Output]]:
    found = list(LocalExecutor(setup, workers, bounds).run(iter(chunks)))
    assert len(found) == len(chunks)
    return dict(found)


def test_chunks_come_back_as_one_worker_would_make_them(setup: FakeSetup) -> None:
    chunks = chunked([None] * 10, 3)
    alone = Worker(setup)
    assert done(setup, chunks, workers=2) == {chunk.number: alone.translate(chunk) for chunk in chunks}


def test_no_chunks_need_no_worker(setup: FakeSetup) -> None:
    assert list(LocalExecutor(setup, 2, BOUNDS).run(iter([]))) == []
    assert not multiprocessing.active_children()


def poisoned(setup: FakeSetup, *words: str, bounds: Bounds = BOUNDS) -> list[dict[str, str]]:
    """The errors of records with these words, each in a chunk with a sound one, of which nothing may be lost."""
    texts = [text for word in words for text in (None, f"أعلنت الوزارة {word} اليوم")]
    outputs = [output for _, chunk in sorted(done(setup, chunked(texts, 2), bounds=bounds).items()) for output in chunk]
    sound = Worker(setup).translate(Chunk(0, tuple(record(number) for number in range(0, len(texts), 2))))
    assert outputs[::2] == sound
    assert [output["id"] for output in outputs] == [str(number) for number in range(len(texts))]
    return [output["error"] for output in outputs[1::2]]


def test_a_record_that_crashes_the_engine_costs_only_itself(setup: FakeSetup) -> None:
    (error,) = poisoned(setup, "قصف")
    assert error == {"kind": "Crashed", "message": "its process died of SIGSEGV", "where": "in.jsonl:2"}


def test_a_record_that_the_engine_refuses_costs_only_itself(setup: FakeSetup) -> None:
    errors = poisoned(setup, "رفض", "مفاجأة")
    assert [error["kind"] for error in errors] == ["DecodingError", "Crashed"]
    assert [error["message"] for error in errors] == ["the engine failed", "KeyError('unforeseen')"]


@pytest.mark.slow
def test_each_way_to_die_is_told_apart(setup: FakeSetup) -> None:
    errors = poisoned(setup, "خروج", "تخمة", "ذاكرة", "قتل")
    assert [error["kind"] for error in errors] == ["Crashed", "OutOfMemory", "OutOfMemory", "Crashed"]
    for error, told in zip(errors, ["status 7", "--memory", "--workers", "SIGKILL twice"], strict=True):
        assert told in error["message"]


@pytest.mark.slow
def test_a_record_that_hangs_is_given_up_after_its_time(setup: FakeSetup) -> None:
    errors = poisoned(setup, "تعليق", "تجميد", bounds=Bounds(600 << 20, seconds=0, spare=4))
    assert {(error["kind"], error["message"]) for error in errors} == {
        ("TimedOut", "not done after 4 seconds; allow more with --timeout")
    }


def test_a_worker_that_is_killed_from_outside_is_nobodys_fault(setup: FakeSetup) -> None:
    (outputs,) = done(setup, chunked([None, f"أعلنت الوزارة {ONCE} اليوم", None], 3)).values()
    assert (setup.model.path / "killed").exists()
    assert not any("error" in output for output in outputs)


def test_an_option_that_no_record_can_be_decoded_with_ends_the_run(setup: FakeSetup) -> None:
    with pytest.raises(ConfigError, match="no text can be decoded like this"):
        done(setup, chunked([None, "أعلنت الوزارة إعداد اليوم"], 2))


def test_workers_that_die_while_they_load_end_the_run(setup: FakeSetup) -> None:
    (setup.model.path / "dead").touch()
    with pytest.raises(ModelError, match="no worker could load the model: its process ended by itself, with status 3"):
        done(setup, chunked([None], 1))


def test_closing_kills_what_is_at_work_and_reads_no_further(setup: FakeSetup) -> None:
    read = 0

    def endless() -> Iterator[Chunk]:
        nonlocal read
        while True:
            read += 1
            text = "أعلنت الوزارة تعليق اليوم" if read == 2 else None
            yield Chunk(read, (record(read, text),))

    running = LocalExecutor(setup, 1, Bounds(600 << 20)).run(endless())
    assert next(running)[0] == 1
    workers = psutil.Process().children()
    running.close()  # type: ignore[attr-defined]
    assert read <= 3
    assert workers
    assert not [worker for worker in workers if worker.is_running() and "spawn_main" in " ".join(worker.cmdline())]


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(1, 5), st.integers(1, 4))
def test_pieces_find_each_record_at_fault_and_keep_the_order(poisoned: list[bool], size: int, ahead: int) -> None:
    chunks = chunked([None] * len(poisoned), size)
    pieces = Pieces(iter(chunks), ahead)
    found: dict[int, list[Output]] = {}
    pieces.read_ahead()
    while pieces.open:
        assert pieces.waiting
        piece = pieces.take()
        assert piece is not None
        if any(poisoned[record.number] for record in piece.records):
            pieces.fail(piece, "Crashed", "poison")
        else:
            pieces.answer(piece, [{"id": record.id} for record in piece.records])
        found.update(pieces.finished())
        pieces.read_ahead()
    outputs = [output for number in sorted(found) for output in found[number]]
    assert [output["id"] for output in outputs] == [str(number) for number in range(len(poisoned))]
    assert ["error" in output for output in outputs] == poisoned


def test_a_piece_that_may_be_innocent_is_tried_once_more() -> None:
    pieces = Pieces(iter(chunked([None, None], 2)), 1)
    pieces.read_ahead()
    first = pieces.take()
    assert first is not None
    pieces.fail(first, "Crashed", "killed", innocent=True)
    again = pieces.take()
    assert again is not None
    assert again.records == first.records
    pieces.fail(again, "Crashed", "killed", innocent=True)
    assert [len(piece.records) for piece in iter(pieces.take, None)] == [1, 1]
