from __future__ import annotations

import gzip
import json
import multiprocessing
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
import zstandard
from pyarrow import parquet

from mt.document import Article, Flag, Hypothesis, Segment, Term, Translation
from mt.errors import BackendUnavailable, ConfigError, MTError, SourceUnreadable
from serve.batch.output import check_output, write_output
from serve.batch.parts import json_line
from serve.dossier.json import digest_json, translation_json
from serve.service import Digest
from summarize.base import Summary, SummarySentence


def full_record() -> dict[str, Any]:
    """An output record in which no key is empty, made by what makes all of them."""
    flag = Flag("number", "error", "why", (0, 2), (1, 3))
    segments = (
        Segment("نص", paragraph=None, reading="نصّ", terms=(Term("أ", "A", "gazetteer"),)),
        Segment("ب", paragraph=0),
    )
    hypotheses = ((Hypothesis("one", -0.25, confidence=0.5), Hypothesis("two", -1.0)), (Hypothesis("three"),))
    translation = Translation(Article(("ب",), "نص", "7"), segments, hypotheses, ((flag,), ()), "fake|ct2", ("odd",))
    summary = Summary("abstract", (SummarySentence("three", (1,), False, "four", "because"),), "lead")
    record = digest_json(Digest(translation, summary, notice="Draft"))
    del record["seconds"]
    return {**record, "input": {"code": "007", "n": 1.5, "deep": [{"a": None}]}}


def records() -> list[dict[str, Any]]:
    whole = full_record()
    plain = translation_json(Translation(Article(("ب",)), (), (), (), "fake"), None)
    failed = {
        "id": None,
        "error": {"kind": "EmptyInput", "message": "no text", "where": "a:3"},
        "input": {"x": "\ud800"},
    }
    return [whole, {**plain, "input": {}}, failed]


def written(output: Path | str, folder: Path) -> None:
    write_output(map(json_line, records()), str(output), folder)


@pytest.mark.parametrize(
    ("name", "unpack"),
    [("out.jsonl", bytes), ("out.jsonl.gz", gzip.decompress), ("OUT.JSONL.GZ", gzip.decompress),
     ("out.jsonl.zst", lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data))],
)  # fmt: skip
def test_json_lines(tmp_path: Path, name: str, unpack: Callable[[bytes], bytes]) -> None:
    written(tmp_path / name, tmp_path)
    lines = unpack((tmp_path / name).read_bytes()).decode("utf-8").removesuffix("\n").split("\n")
    assert [json.loads(line) for line in lines] == records()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_parquet_has_all_that_the_records_have(tmp_path: Path) -> None:
    written(tmp_path / "out.parquet", tmp_path)
    for found, record in zip(parquet.read_table(tmp_path / "out.parquet").to_pylist(), records(), strict=True):
        found["input"] = json.loads(found["input"])
        missing = {name: value for name, value in found.items() if name not in record}
        assert set(missing.values()) <= {None}
        expected = json.loads(json.dumps(record).replace("\\ud800", "\ufffd"))
        if "systems" in record:
            expected["systems"].setdefault("summarize", None)
        assert {name: found[name] for name in record} == expected


def test_parquet_of_no_records_has_the_columns(tmp_path: Path) -> None:
    write_output([], str(tmp_path / "out.parquet"), tmp_path)
    table = parquet.read_table(tmp_path / "out.parquet")
    assert table.num_rows == 0
    assert set(table.column_names) == {*full_record(), "error"}


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst", "out.parquet"])
def test_the_same_records_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    made = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        written(tmp_path / folder / name, tmp_path)
        made.append((tmp_path / folder / name).read_bytes())
    assert made[0] == made[1]


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst", "out.parquet"])
def test_what_fails_on_the_way_leaves_what_was_there_before(tmp_path: Path, name: str) -> None:
    def broken() -> Iterator[bytes]:
        yield json_line(records()[0])
        raise MTError("a part is damaged")

    (tmp_path / name).write_bytes(b"before")
    with pytest.raises(MTError, match="a part is damaged"):
        write_output(broken(), str(tmp_path / name), tmp_path)
    assert (tmp_path / name).read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_output_on_an_object_store(tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    try:
        written("memory://out/a.jsonl", tmp_path)
        assert memory.cat("/out/a.jsonl") == b"".join(map(json_line, records()))
        assert list(tmp_path.iterdir()) == []
    finally:
        memory.rm("/", recursive=True)


def test_an_output_that_cannot_be_put_where_it_should_be_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Any, local: str, target: str) -> None:
        raise RuntimeError("AccessDenied")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "put_file", refuse)
    with pytest.raises(ConfigError, match=r"cannot write a\.jsonl: AccessDenied; what was to be written is in "):
        written("memory://out/a.jsonl", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["joined.a.jsonl"]


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("out.json", r"'out\.json' names no form of output: expected \.jsonl, \.jsonl\.gz"),
        ("out", "names no form"),
        ("/no/such/folder/out.jsonl", "expected a file in a folder that exists"),
    ],
)
def test_an_output_that_cannot_be_is_refused_before_the_work(output: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_output(output)


def test_a_storage_whose_package_is_missing_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="Install s3fs"):
        check_output("s3://bucket/out.jsonl")
    (tmp_path / "out.jsonl").mkdir()
    with pytest.raises(ConfigError, match="expected a file"):
        check_output(str(tmp_path / "out.jsonl"))


def test_an_output_that_would_take_the_place_of_its_input_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "a.jsonl").touch()
    (tmp_path / "link").symlink_to(tmp_path / "in")
    for source, output in (
        ("a.jsonl", "a.jsonl"),
        ("a.jsonl", "in/../a.jsonl"),
        ("in", "in/out.jsonl"),
        ("in", "link/o.jsonl"),
    ):
        with pytest.raises(ConfigError, match="is INPUT itself, or lies in it"):
            check_output(str(tmp_path / output), str(tmp_path / source))
    for source in ("", "-", "s3://bucket/a.jsonl", str(tmp_path / "a.jsonl"), str(tmp_path / "in")):
        check_output(str(tmp_path / "b.jsonl"), source)
    with pytest.raises(SourceUnreadable, match="cannot be read"):
        check_output(str(tmp_path / "b.jsonl"), "a\0")


def _limited(folder: Path, names: list[str], said: Any) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    lines = [json_line({"id": os.urandom(500).hex(), "input": {}}) for _ in range(200)]
    for name in names:
        try:
            write_output(lines, str(folder / name), folder)
        except MTError as error:
            said.put((type(error).__name__, str(error).partition(".")[0]))
        except BaseException as error:
            said.put((repr(error), ""))


def test_a_full_disk_leaves_no_output(tmp_path: Path) -> None:
    names = ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst", "out.parquet"]
    context = multiprocessing.get_context("spawn")
    said = context.Queue()
    process = context.Process(target=_limited, args=(tmp_path, names, said))
    process.start()
    answers = [said.get(timeout=60) for _ in names]
    process.join()
    assert answers == [("ConfigError", f"cannot write {tmp_path}/out")] * 4
    assert list(tmp_path.iterdir()) == []
