from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mt.document import Article
from mt.errors import ConfigError, MTError, SourceUnreadable
from serve.batch.chunks import Chunk
from serve.batch.manifest import begin
from serve.batch.merge import Shard, merge
from serve.batch.parts import Parts, parts_folder
from serve.batch.proposals import Proposals
from serve.batch.records import Record

CHUNKS = 8


def output(record: Record) -> dict[str, Any]:
    return {"id": record.id, "segments": [], "input": {}}


def chunk(number: int) -> Chunk:
    return Chunk(number, tuple(Record(2 * number + i, "", f"{number}.{i}", Article(("نص",))) for i in range(2)))


def made(output_path: Path, shard: Shard, *, done: bool = True, model: str = "m", chunks: int = CHUNKS) -> Path:
    """The folder of a shard, as its batch leaves it."""
    folder = parts_folder(str(output_path), shard.name)
    parts, own = Parts(folder), [number for number in range(chunks) if shard.has(number)]
    with parts.locked():
        manifest = begin(folder, "a.jsonl", {"input": "x", "model": model}, shard.name)
        for number in own:
            parts.write(chunk(number), [output(record) for record in chunk(number).records])
        if done:
            Proposals().save(folder)
            manifest.finish(folder, chunks, {"records": 2 * len(own), "failed": 1})
    return folder


def ids(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_text().splitlines()]


EXPECTED = [f"{number}.{i}" for number in range(CHUNKS) for i in range(2)]


@pytest.mark.parametrize("count", [2, 3, 5, 12])
def test_shards_beside_the_output_are_joined_in_the_order_of_the_input(tmp_path: Path, count: int) -> None:
    out = tmp_path / "out.jsonl"
    for number in range(count):
        made(out, Shard(number + 1, count))
    assert merge(str(out)) == {"records": 2 * CHUNKS, "failed": count}
    assert ids(out) == EXPECTED


def test_every_chunk_is_in_one_shard() -> None:
    shards = [Shard(number, 3) for number in (1, 2, 3)]
    assert [[shard.has(chunk) for shard in shards].count(True) for chunk in range(20)] == [1] * 20
    assert all(Shard().has(chunk) for chunk in range(20))
    assert (Shard().name, Shard(2, 5).name) == ("", "2-of-5")


def test_shards_from_other_machines_in_any_order(tmp_path: Path) -> None:
    folders = []
    for number in (2, 1):
        folder = made(tmp_path / "out.jsonl", Shard(number, 2))
        folders.append(Path(shutil.move(folder, tmp_path / f"machine{number}")))
    merge(str(tmp_path / "all.jsonl"), folders)
    assert ids(tmp_path / "all.jsonl") == EXPECTED


def test_a_shard_without_its_names_is_not_taken_for_whole(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    folders = [made(out, Shard(number, 2)) for number in (1, 2)]
    (folders[1] / "names.json").write_text('[[{"', encoding="utf-8")
    with pytest.raises(SourceUnreadable, match=r"2-of-2.*run its batch again"):
        merge(str(out))
    assert not out.exists()


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/3", "1/3/5", "1/9999999", "١/٣", ""])
def test_a_shard_that_is_none(text: str) -> None:
    with pytest.raises(ConfigError, match="expected I/N with I from 1 to N, such as 2/5"):
        Shard.parse(text)
    assert Shard.parse("2/5") == Shard(2, 5)


def test_a_shard_that_is_missing_is_named(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with pytest.raises(ConfigError, match=r"there are no shards of .*out\.jsonl beside it"):
        merge(str(out))
    made(out, Shard(1, 3))
    with pytest.raises(ConfigError, match="do not make a whole: 2-of-3, 3-of-3 is missing"):
        merge(str(out))
    assert not out.exists()


def test_a_shard_that_is_not_finished_is_named(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    made(out, Shard(1, 2))
    made(out, Shard(2, 2), done=False)
    with pytest.raises(ConfigError, match=r"shard-2-of-2\.parts is no finished shard: run its batch again"):
        merge(str(out))


def test_shards_of_different_batches_do_not_mix(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    made(out, Shard(1, 2))
    made(out, Shard(2, 2), model="other")
    with pytest.raises(ConfigError, match=r"shards of two different batches: .*model \(was m, now other\)"):
        merge(str(out))
    shutil.rmtree(parts_folder(str(out), "2-of-2"))
    made(out, Shard(2, 3))
    with pytest.raises(ConfigError, match="do not make a whole"):
        merge(str(out))


def test_a_shard_twice_or_a_whole_batch_among_them(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    one, two, whole = made(out, Shard(1, 2)), made(out, Shard(2, 2)), made(out, Shard())
    with pytest.raises(ConfigError, match="a shard was named twice: 3 folders for 2 shards"):
        merge(str(out), [one, two, one])
    with pytest.raises(ConfigError, match="do not make a whole"):
        merge(str(out), [one, two, whole])
    with pytest.raises(ConfigError, match="do not make a whole"):
        merge(str(out), [whole])
    with pytest.raises(ConfigError, match="is no finished shard"):
        merge(str(out), [tmp_path / "gone"])


def test_another_count_of_chunks_is_another_input(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    made(out, Shard(1, 2))
    made(out, Shard(2, 2), chunks=CHUNKS - 2)
    with pytest.raises(ConfigError, match="count different chunks"):
        merge(str(out))


def test_a_part_that_is_lost_leaves_no_output(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    folders = [made(out, Shard(number, 2)) for number in (1, 2)]
    Parts(folders[1]).path(3).unlink()
    with pytest.raises(MTError, match=r"00000003\.jsonl is missing or damaged"):
        merge(str(out))
    assert not out.exists()
