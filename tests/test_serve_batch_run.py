"""A batch from input to output: the same bytes however often it was interrupted, and nothing lost or made twice."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from batches import FakeSetup, InlineExecutor, fake_setup, text_of, write_jsonl

from mt.document import DecodingOptions
from mt.errors import ConfigError, SourceUnreadable
from serve.batch.merge import Shard, merge
from serve.batch.parts import Parts, parts_folder
from serve.batch.proposals import proposed_ledger
from serve.batch.run import Job, Progress, run_batch

TEXTS = [None] * 12


@pytest.fixture
def setup(tmp_path: Path) -> FakeSetup:
    return fake_setup(tmp_path / "model")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    source = write_jsonl(tmp_path / "in.jsonl", TEXTS)
    return Job(str(source), str(tmp_path / "out.jsonl"), segments=2)


@pytest.fixture
def expected(job: Job, setup: FakeSetup, tmp_path: Path) -> bytes:
    """The output of a run that nothing disturbs."""
    undisturbed = replace(job, output=str(tmp_path / "undisturbed.jsonl"))
    run_batch(undisturbed, setup, InlineExecutor)
    return Path(undisturbed.output).read_bytes()


def interrupted(job: Job, setup: FakeSetup, after: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_batch(job, setup, functools.partial(InlineExecutor, interrupt_after=after))
    assert not Path(job.output).exists()


def outputs(job: Job) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(job.output).read_text(encoding="utf-8").splitlines()]


def test_each_record_comes_out_once_in_the_order_of_the_input(job: Job, setup: FakeSetup, expected: bytes) -> None:
    done = run_batch(job, setup, InlineExecutor)
    assert (done.done, done.failed, done.there, done.segments) == (12, 0, 0, 12)
    assert [output["id"] for output in outputs(job)] == [f"a{number}" for number in range(12)]
    assert outputs(job)[5]["segments"][0]["source"] == text_of(5)
    assert outputs(job)[5]["input"] == {"section": "s2"}
    assert Path(job.output).read_bytes() == expected


@pytest.mark.parametrize("after", [0, 1, 4, 5])
def test_it_goes_on_where_it_was_interrupted(job: Job, setup: FakeSetup, expected: bytes, after: int) -> None:
    interrupted(job, setup, after)
    done = run_batch(job, setup, InlineExecutor)
    assert (done.done, done.there) == (12, 2 * after)
    assert Path(job.output).read_bytes() == expected


def test_a_finished_batch_has_nothing_to_do(job: Job, setup: FakeSetup, expected: bytes) -> None:
    run_batch(job, setup, InlineExecutor)
    executor = InlineExecutor(setup)
    done = run_batch(job, setup, lambda setup: executor)
    assert (done.there, executor.numbers) == (12, [])
    assert Path(job.output).read_bytes() == expected


def test_a_torn_part_is_made_again(job: Job, setup: FakeSetup, expected: bytes) -> None:
    interrupted(job, setup, 4)
    part = Parts(parts_folder(job.output)).path(1)
    part.write_bytes(part.read_bytes()[:-30])
    assert run_batch(job, setup, InlineExecutor).there == 6
    assert Path(job.output).read_bytes() == expected


def test_what_may_succeed_is_tried_again_and_what_cannot_is_not(job: Job, setup: FakeSetup) -> None:
    class Unlucky(InlineExecutor):
        def run(self, chunks: Any) -> Any:
            for number, outputs in super().run(chunks):
                crashed = {"id": "x", "error": {"kind": "Crashed", "message": "", "where": ""}, "input": {}}
                yield number, [crashed, *outputs[1:]] if number == 2 else outputs

    write_jsonl(Path(job.input), [*TEXTS[1:], "The minister said on Tuesday that the plan for water was new and good."])
    assert run_batch(job, setup, Unlucky).failed == 2
    executor = InlineExecutor(setup)
    assert run_batch(job, setup, lambda setup: executor).failed == 1
    assert executor.numbers == [2]
    assert [output["error"]["kind"] for output in outputs(job) if "error" in output] == ["UnsupportedLanguage"]


def test_another_option_or_input_is_refused_until_restart(job: Job, setup: FakeSetup, expected: bytes) -> None:
    interrupted(job, setup, 2)
    wider = replace(setup, options=DecodingOptions(beam_size=2, plain=True))
    with pytest.raises(ConfigError, match=r"decoding \(was beam:4\|plain:yes, now beam:2\|plain:yes\).*--restart"):
        run_batch(job, wider, InlineExecutor)
    with pytest.raises(ConfigError, match="segments of a chunk"):
        run_batch(replace(job, segments=3), setup, InlineExecutor)
    sound = Path(job.input).read_bytes()
    Path(job.input).write_bytes(sound.replace(b"a3", b"b3"))
    with pytest.raises(ConfigError, match="input"):
        run_batch(job, setup, InlineExecutor)
    Path(job.input).write_bytes(sound)
    assert run_batch(replace(job, restart=True), setup, InlineExecutor).there == 0
    assert Path(job.output).read_bytes() == expected


def test_a_second_batch_on_the_same_output_is_refused(job: Job, setup: FakeSetup) -> None:
    def second(setup: Any) -> InlineExecutor:
        with pytest.raises(ConfigError, match="in use by another batch"):
            run_batch(job, setup, InlineExecutor)
        return InlineExecutor(setup)

    assert run_batch(job, setup, second).done == 12


def test_an_input_that_is_cut_while_it_is_read_is_told_of(job: Job, setup: FakeSetup) -> None:
    def cut(setup: Any) -> InlineExecutor:
        Path(job.input).write_bytes(Path(job.input).read_bytes()[:1000])
        return InlineExecutor(setup)

    with pytest.raises(SourceUnreadable, match="was changed while it was read"):
        run_batch(job, setup, cut)
    assert not Path(job.output).exists()


@pytest.mark.parametrize("count", [2, 5])
def test_shards_merge_into_the_same_bytes(job: Job, setup: FakeSetup, expected: bytes, count: int) -> None:
    for number in range(1, count + 1):
        run_batch(replace(job, shard=Shard(number, count)), setup, InlineExecutor)
        assert not Path(job.output).exists()
    assert merge(job.output)["records"] == 12
    assert Path(job.output).read_bytes() == expected


def test_names_are_proposed_and_dossiers_stay_the_same(job: Job, setup: FakeSetup, tmp_path: Path) -> None:
    with_dossiers = replace(setup, dossiers=tmp_path / "dossiers")
    interrupted(job, with_dossiers, 3)
    first = {path.name: path.read_bytes() for path in (tmp_path / "dossiers").iterdir()}
    assert len(first) == 6
    run_batch(job, with_dossiers, InlineExecutor)
    names = sorted(path.name for path in (tmp_path / "dossiers").iterdir())
    assert names == [f"{number + 1:08}-a{number}.html" for number in range(12)]
    assert all((tmp_path / "dossiers" / name).read_bytes() == content for name, content in first.items())
    assert proposed_ledger(job.output) == tmp_path / "out.jsonl.ledger.proposed.csv"
    assert proposed_ledger(job.output).read_text(encoding="utf-8").startswith("source,target,note\n")


def test_progress_tells_of_every_part(job: Job, setup: FakeSetup) -> None:
    seen = list[tuple[int, int]]()
    run_batch(job, setup, InlineExecutor, lambda progress: seen.append((progress.done, progress.failed)))
    assert seen == [(number, 0) for number in range(2, 13, 2)]


def test_time_left_follows_from_the_rate_of_this_run() -> None:
    progress = Progress(done=30, there=10, total=70)
    progress.begun -= 10.0
    assert progress.rate == pytest.approx(2.0, rel=1e-3)
    assert progress.seconds_left == pytest.approx(20.0, rel=1e-3)
    assert Progress(done=3).seconds_left is None


def test_an_empty_input_gives_an_empty_output(job: Job, setup: FakeSetup) -> None:
    Path(job.input).write_bytes(b"\n")
    assert run_batch(job, setup, InlineExecutor).done == 0
    assert Path(job.output).read_bytes() == b""
