from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fsspec
import pyarrow
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from mt.errors import EmptyInput, SourceUnreadable, UnsupportedFormat
from serve.batch import readers
from serve.batch.records import Fields, Record, open_input

TEXT = "قال الوزير إن المشروع سيبدأ في شهر مايو المقبل."
OTHER = "ارتفعت أسعار النفط بنسبة 3 في المئة خلال الأسبوع."


def read(path: Path | str, **options: Any) -> list[Record]:
    return list(open_input(str(path), **options).records())


def jsonl(path: Path, *lines: bytes | str | dict[str, Any]) -> Path:
    raw = (json.dumps(line, ensure_ascii=False) if isinstance(line, dict) else line for line in lines)
    path.write_bytes(b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in raw))
    return path


def failures(records: list[Record]) -> list[tuple[str, str]]:
    return [(record.failure.kind, record.failure.where) for record in records if record.failure]


# --- JSON Lines


def test_a_line_is_a_record_with_its_other_fields_unchanged(tmp_path: Path) -> None:
    line = {"id": "007", "text": TEXT, "title": "عنوان", "code": "007", "n": 1, "x": 1.5, "deep": {"a": [None, True]}}
    (record,) = read(jsonl(tmp_path / "a.jsonl", line))
    assert (record.number, record.where, record.id, record.failure) == (0, "a.jsonl:1", "007", None)
    assert record.article is not None
    assert (record.article.title, record.article.paragraphs, record.article.id) == ("عنوان", (TEXT,), "007")
    assert record.fields == {"code": "007", "n": 1, "x": 1.5, "deep": {"a": [None, True]}}
    assert pickle.loads(pickle.dumps(record)) == record


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    text = f"{TEXT}\u2028{OTHER}\u0085{TEXT}"
    records = read(jsonl(tmp_path / "a.jsonl", {"text": text}, "", "  \r", {"text": OTHER, "sep": "\u2029"}))
    assert [record.where for record in records] == ["a.jsonl:1", "a.jsonl:4"]
    assert [record.number for record in records] == [0, 1]
    assert records[0].article is not None
    assert records[0].article.paragraphs == (text.replace("\u0085", " "),)  # a control character; it is a space here
    assert records[1].fields == {"sep": "\u2029"}


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        (b'{"text": "\xe3\xd1\xcd\xc8\xc7"}', "UnsupportedFormat", "not UTF-8 (the byte 0xe3 at 11)"),
        (b'{"text": "', "UnsupportedFormat", "not JSON"),
        (b'["text"]', "UnsupportedFormat", "no object"),
        (b'"text"', "UnsupportedFormat", "no object"),
        (b'{"n": ' + b"9" * 5000 + b"}", "UnsupportedFormat", "not JSON"),
        (b'{"n": ' + b"[" * 5000 + b"]" * 5000 + b"}", "UnsupportedFormat", "not JSON"),
        (b'{"text": "", "n": ' + b"[" * 60 + b"]" * 60 + b"}", "UnsupportedFormat", "more than 50 levels"),
        (b'{"body": "x"}', "EmptyInput", "the field 'text' is missing, or null"),
        (b'{"text": null}', "EmptyInput", "the field 'text' is missing, or null"),
        (b'{"text": " \\u200f\\n "}', "EmptyInput", "the text is empty"),
        (b'{"text": "", "title": "x"}', "EmptyInput", "the text is empty"),
        (b'{"text": []}', "EmptyInput", "the text is empty"),
        (b'{"text": 5}', "UnsupportedFormat", "is a number; expected a text, or a list of paragraphs"),
        (b'{"text": ["a", 1]}', "UnsupportedFormat", "is a list of others"),
        (b'{"text": {"a": 1}}', "UnsupportedFormat", "is an object"),
        (json.dumps({"text": "ا" * (2**20 + 1)}).encode(), "InputTooLong", "2,097,154 bytes"),
        (b'{"text": "' + b"a" * 17 * 2**20 + b'"}', "InputTooLong", "16,777,216 bytes"),
    ],
)
def test_what_is_wrong_with_a_line_costs_that_line_alone(tmp_path: Path, line: bytes, kind: str, message: str) -> None:
    before, broken, after = read(jsonl(tmp_path / "a.jsonl", {"text": TEXT}, line, {"text": OTHER}))
    assert before.article
    assert after.article
    assert (after.number, after.where) == (2, "a.jsonl:3")
    assert broken.article is None
    assert broken.failure is not None
    assert (broken.failure.kind, broken.failure.where) == (kind, "a.jsonl:2")
    assert message in broken.failure.message


def test_an_article_of_two_mebibytes_is_read(tmp_path: Path) -> None:
    (record,) = read(jsonl(tmp_path / "a.jsonl", {"text": "ا" * 2**20}))
    assert record.article is not None
    assert len(record.article.paragraphs[0]) == 2**20


def test_ids_may_come_twice_and_one_that_is_no_text_is_kept_as_a_field(tmp_path: Path) -> None:
    ids: list[Any] = ["a", "a", 7, "", None]
    records = read(jsonl(tmp_path / "a.jsonl", *({"id": id_, "text": TEXT} for id_ in ids)))
    assert [record.id for record in records] == ["a", "a", None, None, None]
    assert [record.fields for record in records] == [{}, {}, {"id": 7}, {"id": ""}, {"id": None}]
    assert not failures(records)


def test_a_failed_record_keeps_its_id_and_its_other_fields(tmp_path: Path) -> None:
    (record,) = read(jsonl(tmp_path / "a.jsonl", {"id": "x", "text": 5, "source": "AFP"}))
    assert (record.id, record.fields) == ("x", {"text": 5, "source": "AFP"})


def test_the_fields_are_called_as_the_options_say(tmp_path: Path) -> None:
    line = {"key": "k", "body": TEXT, "head": "عنوان", "text": "other", "id": 3}
    (record,) = read(jsonl(tmp_path / "a.jsonl", line), fields=Fields("body", "head", "key"))
    assert record.article is not None
    assert (record.id, record.article.title, record.article.paragraphs) == ("k", "عنوان", (TEXT,))
    assert record.fields == {"text": "other", "id": 3}


def test_paragraphs_and_headline(tmp_path: Path) -> None:
    text = f"عنوان قصير\n\n{TEXT}\r\n\r\n{OTHER}"
    lines = [
        {"text": text},
        {"text": text, "title": " عنوان\n آخر "},
        {"text": text, "title": " "},
        {"text": ["عنوان قصير", "", TEXT]},
        {"text": ["عنوان قصير", TEXT], "title": 5},
    ]
    articles = [record.article for record in read(jsonl(tmp_path / "a.jsonl", *lines)) if record.article]
    assert [(article.title, article.paragraphs) for article in articles] == [
        ("عنوان قصير", (TEXT, OTHER)),
        ("عنوان آخر", ("عنوان قصير", TEXT, OTHER)),
        ("عنوان قصير", (TEXT, OTHER)),
        (None, ("عنوان قصير", TEXT)),
        (None, ("عنوان قصير", TEXT)),
    ]
    assert [record.fields for record in read(tmp_path / "a.jsonl")] == [{}, {}, {"title": " "}, {}, {"title": 5}]


def test_no_control_characters_and_half_letters_in_what_is_shown(tmp_path: Path) -> None:
    (record,) = read(jsonl(tmp_path / "a.jsonl", b'{"text": "a\\u001b[2Jb\\ud800c", "title": "t\\u0000\\u0007"}'))
    assert record.article is not None
    assert (record.article.paragraphs, record.article.title) == (("a[2Jb\ufffdc",), "t")


def test_what_json_has_no_word_for_is_null_and_said(tmp_path: Path) -> None:
    line = b'{"text": "%b", "n": NaN, "m": {"x": [1e999, -Infinity, 1]}}' % TEXT.encode()
    (record,) = read(jsonl(tmp_path / "a.jsonl", line))
    assert record.fields == {"n": None, "m": {"x": [None, None, 1]}}
    assert record.article is not None
    assert [warning[:27] for warning in record.article.warnings] == [
        "The field 'n' holds nan, fo",
        "The field 'm' holds inf, fo",
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", {"text": TEXT})
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert not failures(read(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": "a"}'.encode("utf-16"), "UTF-16; save it as UTF-8"),
        (b'[\n {"text": "a"}\n]', "one JSON array; expected an object a line: `jq"),
        (b' [{"text": "a"}]', "one JSON array"),
    ],
)
def test_a_file_in_which_every_line_would_fail_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(UnsupportedFormat, match=r"a\.json is") as refused:
        read(tmp_path / "a.json")
    assert message in str(refused.value)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.lists(st.binary(max_size=60)))
def test_any_bytes_give_a_record_for_each_line_that_is_not_blank(tmp_path_factory: Any, lines: list[bytes]) -> None:
    content = b"x" + b"\n".join(lines)
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(content)
    records = read(path)
    full = [number for number, line in enumerate(content.split(b"\n"), 1) if line.strip()]
    assert [record.where for record in records] == [f"any.jsonl:{number}" for number in full]
    assert [record.number for record in records] == list(range(len(full)))


# --- CSV


def test_csv_of_several_lines_a_field(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'\ufeffid,text,code\r\n1,"{TEXT}\r\n\r\nقال ""نعم"", ثم\u2028 ذهب.",007\r\n\r\n2,{OTHER},\r\n')
    first, second = read(path)
    assert first.article is not None
    assert second.article is not None
    assert (first.id, first.where, first.fields) == ("1", "a.csv:2", {"code": "007"})
    assert first.article.paragraphs == (TEXT, 'قال "نعم", ثم\u2028 ذهب.')
    assert (second.id, second.where, second.fields) == ("2", "a.csv:6", {"code": ""})
    assert second.article.paragraphs == (OTHER,)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_header_tells_the_delimiter(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(
        f"{delimiter.join(['id', 'text', chr(34) + 'a,b' + chr(34)])}\n{delimiter.join(['1', TEXT, 'c'])}\n"
    )
    (record,) = read(path)
    assert (record.id, record.fields) == ("1", {"a,b": "c"})


def test_broken_rows_of_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [
        b"text,b",
        TEXT.encode() + b",1",
        b"\xe3\xd1,1",
        b'"open,1',
        b'"x"y,2',
        b"one",
        b"a,b,c",
        OTHER.encode() + b",2",
    ]
    path.write_bytes(b"\n".join(rows))
    records = read(path)
    assert failures(records) == [("UnsupportedFormat", f"a.csv:{line}") for line in (3, 4, 6, 7)]
    messages = [record.failure.message for record in records if record.failure]
    assert "not UTF-8" in messages[0]
    assert "lines 4 to 5: no CSV record" in messages[1]
    assert "1 fields where the header has 2" in messages[2]
    assert "3 fields" in messages[3]
    assert records[-1].article is not None
    assert (records[-1].where, records[-1].fields) == ("a.csv:8", {"b": "2"})


def test_a_quote_that_is_never_closed_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'text\n{TEXT}\n"{OTHER}\nx\ny\n')
    records = read(path)
    assert failures(records) == [("UnsupportedFormat", "a.csv:3")]
    assert "lines 3 to 5" in records[1].failure.message if records[1].failure else False


def test_long_fields_and_too_long_lines_of_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"text\n" + b"a" * 200_000 + b"\n" + b"b" * 17 * 2**20 + b"\nc\n")
    records = read(path)
    assert failures(records) == [("InputTooLong", "a.csv:3")]
    assert [record.where for record in records] == ["a.csv:2", "a.csv:3", "a.csv:4"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,body\n1,x\n", "no column 'text'; it has 'id', 'body'. Name the one of the texts with --text-field"),
        ("text,a,a\n1,x,y\n", "two columns of the name 'a'"),
        ('"text\n', "the header cannot be read"),
    ],
)
def test_a_table_without_a_usable_header_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(UnsupportedFormat) as refused:
        read(tmp_path / "a.csv")
    assert message in str(refused.value)


def test_empty_files_have_no_records(tmp_path: Path) -> None:
    for name in ("a.csv", "a.jsonl"):
        (tmp_path / name).write_bytes(b"")
        assert read(tmp_path / name) == []


# --- Parquet


def table(path: Path, columns: dict[str, list[Any]]) -> Path:
    parquet.write_table(pyarrow.table(columns), path)
    return path


def test_parquet_keeps_types_as_far_as_json_has_them(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {
        "id": ["1", "2"],
        "text": [TEXT, [OTHER][0]],
        "n": [7, None],
        "code": ["007", ""],
        "when": [datetime(2024, 5, 6, 7, 8, tzinfo=UTC), None],
        "raw": [b"\xff\x00", None],
        "price": [Decimal("1.10"), None],
        "tags": [["a"], []],
        "nan": [float("nan"), 1.5],
    }
    first, second = read(table(tmp_path / "a.parquet", columns))
    assert (first.where, second.where) == ("a.parquet:1", "a.parquet:2")
    assert first.fields == {
        "n": 7, "code": "007", "when": "2024-05-06T07:08:00+00:00", "raw": "/wA=", "price": "1.10", "tags": ["a"],
        "nan": None,
    }  # fmt: skip
    assert second.fields["n"] is None
    assert second.fields["nan"] == 1.5
    assert first.article is not None
    assert first.article.warnings == ("The field 'nan' holds nan, for which JSON has no word: here it is null.",)


def test_parquet_with_lists_of_paragraphs_and_other_row_groups(tmp_path: Path) -> None:
    texts = [[TEXT, OTHER]] * 150
    parquet.write_table(pyarrow.table({"text": texts}), tmp_path / "a.parquet", row_group_size=40)
    records = read(tmp_path / "a.parquet")
    assert [record.where for record in records] == [f"a.parquet:{number}" for number in range(1, 151)]
    assert {record.article.paragraphs for record in records if record.article} == {(TEXT, OTHER)}


def test_a_date_that_python_does_not_have_costs_its_row(tmp_path: Path) -> None:
    far = pyarrow.array([0, 2**60], pyarrow.timestamp("ms"))
    path = table(tmp_path / "a.parquet", {"text": [TEXT, OTHER], "when": far})
    assert failures(read(path)) == [("UnsupportedFormat", "a.parquet:2")]


def test_a_parquet_file_that_is_none_or_lacks_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no PAR1")
    with pytest.raises(SourceUnreadable, match=r"a\.parquet cannot be read as Parquet"):
        read(tmp_path / "a.parquet")
    with pytest.raises(UnsupportedFormat, match=r"b\.parquet has no column 'text'; it has 'body'"):
        read(table(tmp_path / "b.parquet", {"body": ["x"]}))


def test_parquet_broken_in_the_middle_gives_what_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"text": [f"{TEXT} {n}" for n in range(300)]}), path, row_group_size=100,
                        use_dictionary=False, compression="gzip")  # fmt: skip
    place = parquet.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    data = bytearray(path.read_bytes())
    data[place : place + 60] = b"\xff" * 60
    path.write_bytes(data)
    records = read(path)
    sound = [*range(1, 101), *range(201, 301)]
    assert [record.where for record in records if record.article] == [f"a.parquet:{n}" for n in sound]
    assert failures(records) == [("SourceUnreadable", "a.parquet:101")]
    assert records[100].failure is not None
    assert records[100].failure.message.startswith("the rows 101 to 200 are broken (")


# --- folders


def test_a_folder_is_read_by_name_and_a_broken_file_is_a_record(tmp_path: Path) -> None:
    for name, content in {
        "b.txt": TEXT, "a/2.md": f"# عنوان\n\n{OTHER}", "a/10.html": f"<html><p>{TEXT}</p><p>{OTHER}</p></html>",
        "c.pdf": "no pdf", "d.png": "\x89PNG", ".hidden.txt": TEXT, ".git/x.txt": TEXT, "empty.txt": "",
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="latin-1" if "PNG" in content else "utf-8")
    (tmp_path / "e.txt.gz").write_bytes(gzip.compress(TEXT.encode()))
    (tmp_path / "f.txt.zst").write_bytes(zstandard.compress(TEXT.encode()))
    records = read(tmp_path)
    assert [record.where for record in records] == [
        "a/10.html", "a/2.md", "b.txt", "c.pdf", "d.png", "e.txt.gz", "empty.txt", "f.txt.zst",
    ]  # fmt: skip
    assert failures(records) == [
        ("UnsupportedFormat", "c.pdf"),
        ("UnsupportedFormat", "d.png"),
        ("EmptyInput", "empty.txt"),
    ]
    assert [record.id for record in records] == [record.where for record in records]
    assert records[1].article is not None
    assert (records[1].article.title, records[1].article.paragraphs) == ("عنوان", (OTHER,))


def test_links_in_a_circle_pipes_and_names_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    (tmp_path / "nowhere.txt").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe.txt")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt")).write_text(OTHER)
    records = read(tmp_path)
    assert failures(records) == [("SourceUnreadable", name) for name in ("circle", "nowhere.txt", "pipe.txt")]
    assert [record.where for record in records if record.article] == ["a.txt", "link.txt", "\ufffd.txt"]


def test_a_folder_that_may_not_be_looked_into_is_not_left_out_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    scandir = os.scandir

    def refuse(path: str) -> Any:
        if str(path).endswith("/in"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(SourceUnreadable, match="Permission denied"):
        read(tmp_path)


def test_names_and_bytes_of_a_folder_are_its_checksum(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    before = open_input(str(tmp_path)).sha256
    assert open_input(str(tmp_path)).sha256 == before
    (tmp_path / "a.txt").rename(tmp_path / "b.txt")
    renamed = open_input(str(tmp_path)).sha256
    (tmp_path / "b.txt").write_text(OTHER)
    assert len({before, renamed, open_input(str(tmp_path)).sha256}) == 3


# --- packed files


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}


@pytest.mark.parametrize("kind", PACKERS)
def test_packed_files_of_several_members(tmp_path: Path, kind: str) -> None:
    lines = [json.dumps({"text": TEXT, "n": n}).encode() + b"\n" for n in range(3000)]
    packed = PACKERS[kind](b"".join(lines[:1000])) + PACKERS[kind](b"".join(lines[1000:])) + b"\0" * 512
    (tmp_path / f"a.jsonl.{kind}").write_bytes(packed)
    assert [record.fields["n"] for record in read(tmp_path / f"a.jsonl.{kind}")] == list(range(3000))


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_truncated_archive_is_a_failed_record_behind_all_that_is_whole(tmp_path: Path, kind: str, name: str) -> None:
    rows = [f"{os.urandom(200).hex()}{n}" for n in range(2000)]
    lines = ["text", *rows] if name == "a.csv" else [json.dumps({"text": row}) for row in rows]
    packed = PACKERS[kind]("\n".join(lines).encode())
    path = tmp_path / f"{name}.{kind}"
    path.write_bytes(packed[: len(packed) // 2])
    *whole, last = read(path)
    assert len(whole) > 500
    assert [record.article.paragraphs[0] for record in whole if record.article] == rows[: len(whole)]
    assert last.failure is not None
    assert last.failure.kind == "SourceUnreadable"
    assert last.failure.where == f"{path.name}:{len(whole) + (2 if name == 'a.csv' else 1)}"
    assert "cut short: what follows is missing" in last.failure.message


@pytest.mark.parametrize("kind", PACKERS)
def test_a_broken_archive_says_so(tmp_path: Path, kind: str) -> None:
    packed = bytearray(PACKERS[kind](os.urandom(50_000).hex().encode()))
    packed[5000:5400] = b"\0" * 400
    (tmp_path / f"a.jsonl.{kind}").write_bytes(packed)
    *_, last = read(tmp_path / f"a.jsonl.{kind}")
    assert last.failure is not None
    assert last.failure.kind == "SourceUnreadable"


def test_a_bomb_is_unpacked_no_further_than_a_line_may_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_SKIPPED", 64 * 2**20)
    (tmp_path / "a.jsonl.zst").write_bytes(zstandard.compress(b"\0" * 300 * 2**20))
    (record,) = read(tmp_path / "a.jsonl.zst")
    assert record.failure is not None
    assert "it and what follows it were not read" in record.failure.message


def test_parquet_packed_once_more(tmp_path: Path) -> None:
    path = table(tmp_path / "a.parquet", {"text": [TEXT]})
    (tmp_path / "b.parquet.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert [record.where for record in read(tmp_path / "b.parquet.gz")] == ["b.parquet.gz:1"]


# --- where it comes from


def test_what_a_plug_in_of_fsspec_can_reach() -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe({"/in/a.jsonl": json.dumps({"text": TEXT}).encode(), "/docs/x.txt": TEXT.encode()})
    try:
        assert [record.where for record in read("memory://in/a.jsonl")] == ["a.jsonl:1"]
        assert [record.id for record in read("memory://docs")] == ["x.txt"]
    finally:
        memory.rm("/", recursive=True)


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("s3://bucket/a.jsonl", "BackendUnavailable", "Install s3fs"),
        ("nope://user:secret@host/a.jsonl", "SourceUnreadable", "Protocol not known: nope"),
        ("/no/such/file.jsonl", "SourceUnreadable", "there is no such file"),
        ("/no/such\0file.jsonl", "SourceUnreadable", "cannot be read"),
        ("/dev/null", "UnsupportedFormat", "'null' is no input that a batch can read"),
    ],
)
def test_what_cannot_be_read_is_said_with_the_next_step(path: str, error: str, message: str) -> None:
    with pytest.raises(Exception, match=message) as refused:
        read(path)
    assert type(refused.value).__name__ == error
    assert "secret" not in str(refused.value)


def test_a_form_that_the_name_does_not_say(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "articles", {"text": TEXT})
    assert len(read(path, form="jsonl")) == 1
    with pytest.raises(UnsupportedFormat, match="--input-format"):
        open_input(str(path))
    with pytest.raises(UnsupportedFormat, match="'xml' is no input"):
        open_input(str(path), form="xml")


class Stdin(io.BytesIO):
    def __init__(self, data: bytes, terminal: bool = False) -> None:
        super().__init__(data)
        self.buffer, self.terminal = self, terminal

    def isatty(self) -> bool:
        return self.terminal


def test_standard_input_is_kept_for_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = json.dumps({"text": TEXT}).encode() + b"\n" + b"{\n"
    monkeypatch.setattr(sys, "stdin", Stdin(data))
    first = open_input("-", spool=tmp_path / "parts")
    assert failures(list(first.records())) == [("UnsupportedFormat", "standard input:2")]
    for empty in (Stdin(b""), Stdin(b"", terminal=True)):
        monkeypatch.setattr(sys, "stdin", empty)
        assert open_input("-", spool=tmp_path / "parts").sha256 == first.sha256
    monkeypatch.setattr(sys, "stdin", Stdin(data + data))
    assert open_input("-", spool=tmp_path / "parts").sha256 != first.sha256
    assert len(list(first.records())) == 2  # what the batch in the folder is made of is still there


def test_empty_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin(b""))
    with pytest.raises(EmptyInput, match="standard input is empty; expected JSON Lines"):
        open_input("-", spool=tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- an input that changes


def cut_after_the_first(path: Path, records: Iterator[Record]) -> list[Record]:
    first = next(records)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return [first, *records]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet"])
def test_a_file_that_is_truncated_while_it_is_read_is_noticed(tmp_path: Path, name: str) -> None:
    rows = [os.urandom(2000).hex() for _ in range(2000)]
    path = tmp_path / name
    if name == "a.parquet":
        table(path, {"text": rows})
    elif name == "a.csv":
        path.write_text("\n".join(["text", *rows]))
    else:
        jsonl(path, *({"text": row} for row in rows))
    with pytest.raises(SourceUnreadable, match=r"changed while it was read|cannot be read"):
        cut_after_the_first(path, open_input(str(path)).records())


def test_a_folder_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text(TEXT)
    records = open_input(str(tmp_path)).records()
    next(records)
    (tmp_path / "c.txt").write_text(OTHER)
    with pytest.raises(SourceUnreadable, match="was changed while it was read"):
        list(records)


def test_the_checksum_is_that_of_the_bytes_and_asked_for_once(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", {"text": TEXT})
    input_ = open_input(str(path))
    assert input_.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    jsonl(path, {"text": OTHER})
    with pytest.raises(SourceUnreadable, match="was changed"):
        list(input_.records())


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet"])
def test_a_network_that_fails_stops_the_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path = tmp_path / name
    texts = [os.urandom(500).hex() for _ in range(3000)]
    if name == "a.parquet":
        table(path, {"text": texts})
    else:
        path.write_text("".join(f"{line}\n" for line in (["text", *texts] if name == "a.csv" else texts)))
    input_ = open_input(str(path))
    assert input_.sha256

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if 1_000_000 < self.tell() < 2_000_000:
                raise ConnectionResetError(104, "Connection reset by peer")
            return super().read(size)

    data = path.read_bytes()
    monkeypatch.setattr(type(input_.place.system), "open", lambda *_, **__: Failing(data))
    with pytest.raises(SourceUnreadable, match="Connection reset by peer"):
        list(input_.records())
