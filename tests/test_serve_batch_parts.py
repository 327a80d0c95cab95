from __future__ import annotations

import json
import multiprocessing
import os
import resource
from pathlib import Path
from typing import Any

import pytest

from mt.document import Article
from mt.errors import ConfigError, DecodingError, MTError
from serve.batch import parts as module
from serve.batch.chunks import Chunk
from serve.batch.dossiers import Dossiers
from serve.batch.parts import Parts, parts_folder
from serve.batch.records import Record


def chunk(number: int = 0, records: int = 2) -> Chunk:
    found = (Record(i, f"a.jsonl:{i + 1}", str(i), Article((f"نص {number}.{i}",))) for i in range(records))
    return Chunk(number, tuple(found))


def outputs(of: Chunk, kind: str = "") -> list[dict[str, Any]]:
    return [
        {"id": record.id, "error": {"kind": kind, "message": "why", "where": record.where}, "input": {}}
        if kind and not number
        else {"id": record.id, "segments": [{"target": f"text {of.number}.{number}"}] * 3, "input": {"n": "007"}}
        for number, record in enumerate(of.records)
    ]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_part_is_its_records_and_a_seal(tmp_path: Path) -> None:
    parts, first = Parts(tmp_path), chunk()
    seal = parts.write(first, outputs(first, "EmptyInput"))
    *records, last = parts.path(0).read_bytes().splitlines()
    assert [json.loads(line) for line in records] == outputs(first, "EmptyInput")
    assert json.loads(last) == {"part": {
        "chunk": 0, "content": first.sha256, "records": 2, "failed": 1, "retried": 0, "segments": 3,
        "sha256": seal.sha256,
    }}  # fmt: skip
    assert parts.done(first) == parts.seal(0) == seal
    assert list(parts.lines([0])) == [line + b"\n" for line in records]
    assert names(tmp_path) == ["00000000.jsonl"]


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        Parts(tmp_path / folder).write(chunk(), outputs(chunk()))
    assert (tmp_path / "a/00000000.jsonl").read_bytes() == (tmp_path / "b/00000000.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("kind", "retried"), [("TimedOut", 1), ("OutOfMemory", 1), ("Crashed", 1), ("DecodingError", 1), ("EmptyInput", 0),
                          ("UnsupportedLanguage", 0), ("UnsupportedFormat", 0), ("InputTooLong", 0)],
)  # fmt: skip
def test_what_another_try_may_mend_is_not_done(tmp_path: Path, kind: str, retried: int) -> None:
    parts, first = Parts(tmp_path), chunk()
    seal = parts.write(first, outputs(first, kind))
    assert (seal.failed, seal.retried) == (1, retried)
    assert (parts.done(first) is None) == bool(retried)
    assert parts.seal(0) == seal  # it can be joined, all the same
    assert len(list(parts.lines([0]))) == 2


def test_what_is_torn_foreign_or_of_another_input_is_not_done(tmp_path: Path) -> None:
    parts, first = Parts(tmp_path), chunk()
    assert parts.done(first) is None
    parts.write(first, outputs(first))
    whole = parts.path(0).read_bytes()
    seal = whole.splitlines(keepends=True)[-1]
    assert parts.done(chunk(0, 3)) is None
    torn = [whole[:-1][:length] for length in (0, 10, len(whole) // 2, len(whole) - 5)]
    foreign = [b"{}\n", seal, whole.replace(b"007", b"008"), whole[1:], b"\xff" * 2000, b"[" * 5000, whole + seal[:9]]
    for content in (*torn, *foreign):
        parts.path(0).write_bytes(content)
        assert parts.done(first) is None, content
        with pytest.raises(MTError, match=r"is missing or damaged: run the same batch again"):
            list(parts.lines([0]))
    parts.path(0).write_bytes(whole)
    assert parts.done(first)
    parts.path(0).rename(parts.path(1))
    with pytest.raises(MTError, match=r"00000001\.jsonl is missing or damaged"):
        list(parts.lines([1]))


def test_as_many_come_out_as_went_in(tmp_path: Path) -> None:
    with pytest.raises(DecodingError, match="chunk 0: 2 records came in, 1 out"):
        Parts(tmp_path).write(chunk(), outputs(chunk())[:1])


def test_no_number_is_no_output(tmp_path: Path) -> None:
    parts, first = Parts(tmp_path), chunk()
    seal = parts.write(first, [{**output, "score": float("nan")} for output in outputs(first)])
    assert (seal.failed, seal.retried) == (2, 2)
    assert [json.loads(line)["error"]["kind"] for line in parts.lines([0])] == ["DecodingError"] * 2


def test_half_characters_come_back_as_they_were(tmp_path: Path) -> None:
    parts, first = Parts(tmp_path), chunk(0, 1)
    output = {"id": "\ud800\\", "input": {"\udfff": "ب\u2028"}}
    parts.write(first, [output])
    (line,) = parts.lines([0])
    assert json.loads(line.decode("utf-8")) == output
    assert "ب\u2028".encode() in line


def _limited(folder: Path, size: int, said: Any) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    big = [{"id": "0", "translation": "x" * 100_000, "input": {}}]
    try:
        Parts(folder).write(chunk(0, 1), big)
    except MTError as error:
        said.put((type(error).__name__, str(error)))


def test_a_full_disk_leaves_nothing_half_made(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    said = context.Queue()
    process = context.Process(target=_limited, args=(tmp_path, 50_000, said))
    process.start()
    kind, message = said.get(timeout=60)
    process.join()
    assert kind == "ConfigError"
    assert "00000000.jsonl: File too large. Free some space there" in message
    assert "the same command then goes on with what is missing" in message
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ConfigError, match=r"cannot write .*file/x: Not a directory"),
        Parts(tmp_path / "file/x").locked(),
    ):
        pass


def _hold(folder: Path, ready: Any, release: Any) -> None:
    with Parts(folder).locked():
        ready.set()
        release.wait(60)


def test_a_second_batch_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, release = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(tmp_path / "out.parts", ready, release))
    process.start()
    assert ready.wait(60)
    parts = Parts(tmp_path / "out.parts")
    for _ in range(2):
        with pytest.raises(ConfigError, match=rf"another batch \(process {process.pid} on "), parts.locked():
            pass
    process.kill()  # the system drops the lock with the process
    process.join()
    with parts.locked():
        assert json.loads((parts.folder / "holder.json").read_text())["process"] == os.getpid()
    assert names(parts.folder) == ["lock"]


def test_a_restart_clears_all_but_the_lock(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    with parts.locked():
        parts.write(chunk(), outputs(chunk()))
        (tmp_path / "manifest.json").touch()
        (tmp_path / "more").mkdir()
        (tmp_path / "stdin-0123").touch()  # perhaps there is no other copy of it
        parts.clear()
        assert names(tmp_path) == ["holder.json", "lock", "stdin-0123"]


def test_where_the_parts_lie() -> None:
    assert parts_folder("/a/out.jsonl") == Path("/a/out.jsonl.parts")
    assert parts_folder("out.parquet", "2-of-5") == Path("out.parquet.shard-2-of-5.parts")
    assert parts_folder("s3://bucket/a/out.jsonl?token=secret") == Path("out.jsonl.parts")


def test_a_part_that_is_being_written_has_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts, seen = Parts(tmp_path), list[list[str]]()
    line = module.json_line
    monkeypatch.setattr(module, "json_line", lambda *given: (seen.append(names(tmp_path)), line(*given))[1])
    parts.write(chunk(), outputs(chunk()))
    assert seen == [[".00000000.jsonl.tmp"]] * 3


def test_dossiers_are_called_by_number_and_name(tmp_path: Path) -> None:
    dossiers = Dossiers(tmp_path / "a/b", "html")
    ids = ["17", None, "../../etc/passwd", "خبر ١", "x" * 300, "ب" * 300, "\ud800", "."]
    paths = [dossiers.write(Record(n, "", id_, None), b"x").name for n, id_ in enumerate(ids)]
    assert paths == [
        "00000001-17.html", "00000002.html", "00000003-etc-passwd.html", "00000004-خبر-١.html",
        f"00000005-{'x' * 80}.html", f"00000006-{'ب' * 40}.html", "00000007.html", "00000008.html",
    ]  # fmt: skip
    assert names(tmp_path / "a/b") == sorted(paths)
