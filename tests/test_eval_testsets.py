"""Test sets from files, tables, directories, samples and sacrebleu; what is not sound is named with its place."""

from __future__ import annotations

import gzip
import json
import lzma
import os
import re
import socket
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from eval.lines import MAX_BYTES, by_sentence, read_lines
from eval.testsets import Dataset, Fields, load_files, load_testset
from mt.errors import (
    EmptyInput,
    EvalError,
    InputTooLong,
    LengthMismatch,
    MTError,
    SourceUnreadable,
    UnknownTestset,
    UnsupportedFormat,
)

ARABIC = ("وصل الوفد.", "غادر الوزير.", "بدأ الاجتماع.")
ENGLISH = ("The delegation arrived.", "The minister left.", "The meeting began.")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a pair of files `set.ar` and `set.en`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "set.ar").write_text("\n".join(ARABIC) + "\n", encoding="utf-8")
    (tmp_path / "set.en").write_text("\n".join(ENGLISH), encoding="utf-8")  # no line end: a line all the same
    return tmp_path


# --- files of lines


def test_plain_files_with_several_references(folder: Path) -> None:
    (folder / "second.en").write_bytes("\ufeffA delegation came.\r\n\r\nThey met. \r\n".encode())
    dataset = load_files([Path("set.en"), Path("second.en")], Path("set.ar"))
    assert dataset == Dataset("set.en", (ENGLISH, ("A delegation came.", "", "They met.")), ARABIC)
    assert len(dataset) == 3
    assert load_files([Path("set.en")]).sources == ()


def test_lines_end_at_line_feeds_only(folder: Path) -> None:
    (folder / "odd.en").write_text("one\u2028two\x85three\x0cfour\n\n  five\t\n", encoding="utf-8")
    assert read_lines(Path("odd.en")) == ("one\u2028two\x85three\x0cfour", "", "  five")


def test_packed_files_are_unpacked(folder: Path) -> None:
    content = (folder / "set.en").read_bytes()
    (folder / "set.en.gz").write_bytes(gzip.compress(content))
    (folder / "set.en.xz").write_bytes(lzma.compress(content))
    assert read_lines(Path("set.en.gz")) == read_lines(Path("set.en.xz")) == ENGLISH
    (folder / "cut.en.gz").write_bytes(gzip.compress(content)[:-9])
    (folder / "cut.en.xz").write_bytes(b"\xfd7zXZ\x00 no")
    (folder / "no.en.gz").write_bytes(content)
    for name in ("cut.en.gz", "cut.en.xz", "no.en.gz"):
        with pytest.raises(SourceUnreadable, match=f"{name} cannot be read: .*; name a readable file"):
            read_lines(Path(name))


def test_a_file_that_unpacks_without_end_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_BYTES == 200_000_000
    monkeypatch.setattr("eval.lines.MAX_BYTES", 1000)
    (folder / "bomb.en.gz").write_bytes(gzip.compress(b"a" * 1001))
    with pytest.raises(InputTooLong, match=r"bomb.en.gz is longer than 1000 bytes"):
        read_lines(Path("bomb.en.gz"))


def test_files_that_do_not_match_are_told_with_both_counts_and_the_place(folder: Path) -> None:
    lines = [f"Sentence {number} is about the number {number}." for number in range(30)]
    (folder / "a.en").write_text("\n".join(lines), encoding="utf-8")
    (folder / "b.en").write_text("\n".join(lines[:12] + lines[13:]), encoding="utf-8")
    with pytest.raises(LengthMismatch, match=r"b.en has 29 lines, a.en has 30; they drift apart near line 13; exp"):
        load_files([Path("a.en"), Path("b.en")])
    with pytest.raises(LengthMismatch, match=r"set.ar has 3 lines, a.en has 30; expected the same segments"):
        load_files([Path("a.en")], Path("set.ar"))
    dataset = load_files([Path("a.en")])
    dataset.check(lines, "hypotheses")
    with pytest.raises(LengthMismatch, match=r"out.txt has 29 lines, a.en has 30; they drift apart near line 13; exp"):
        dataset.check(lines[:12] + lines[13:], "out.txt")


def test_a_source_without_lines_is_no_missing_source(folder: Path) -> None:
    (folder / "empty.ar").touch()
    with pytest.raises(LengthMismatch, match=r"empty.ar has 0 lines, set.en has 3"):
        load_files([Path("set.en")], Path("empty.ar"))


# --- the value


def test_lines_of_a_set_are_a_set() -> None:
    dataset = Dataset("news", (ENGLISH, ENGLISH[::-1]), ARABIC, ("a", "b", "b"))
    assert dataset.lines(2, 3) == Dataset(
        "news:2-3", (ENGLISH[1:], ("The minister left.", "The delegation arrived.")), ARABIC[1:], ("b", "b")
    )
    for first, last in ((0, 1), (2, 1), (3, 4)):
        with pytest.raises(EvalError, match=rf"news has no lines {first}-{last}; expected two numbers from 1 to 3"):
            dataset.lines(first, last)


def test_the_hash_is_that_of_the_references() -> None:
    digest = Dataset("a", (ENGLISH,)).sha256
    assert digest == "b11791b70f4a8b577838ebd1c75338bbb9308eee9321e8ba611cabc2f59db59b"  # sha256sum of the JSON
    assert Dataset("b", (ENGLISH,), ARABIC).sha256 == digest
    assert Dataset("a", (ENGLISH[::-1],)).sha256 != digest
    assert Dataset("a", (("one two",), ("three",))).sha256 != Dataset("a", (("one",), ("two three",))).sha256


@pytest.mark.parametrize(
    ("references", "sources", "domains", "error", "message"),
    [
        ((), (), (), EmptyInput, "x has no reference"),
        (((),), (), (), EmptyInput, "x has no segments"),
        ((ENGLISH, ()), (), (), LengthMismatch, "x: reference 2 has 0 segments, reference 1 has 3"),
        ((ENGLISH,), ("a",), (), LengthMismatch, "x: the source has 1 segments"),
        ((ENGLISH,), (), ("a",), LengthMismatch, "x: the list of domains has 1 segments"),
    ],
)
def test_sides_of_different_length_are_no_set(
    references: Any, sources: Any, domains: Any, error: type[MTError], message: str
) -> None:
    with pytest.raises(error, match=message):
        Dataset("x", references, sources, domains)


# --- by name


@pytest.mark.parametrize(
    "names", [("set.ar", "set.en"), ("set.arb_Arab", "set.eng_Latn"), ("set.ara", "set.eng")]
)  # fmt: skip
def test_a_pair_of_files_by_what_they_have_in_common(folder: Path, names: tuple[str, str]) -> None:
    (folder / "set.ar").rename(names[0])
    (folder / "set.en").rename(names[1])
    assert load_testset("set") == Dataset("set", (ENGLISH,), ARABIC)
    assert load_testset("set:2-2") == Dataset("set:2-2", (ENGLISH[1:2],), ARABIC[1:2])


def test_a_directory_of_pairs_in_order_of_their_names(folder: Path) -> None:
    (folder / "arb_Arab.dev").write_text("أول\n", encoding="utf-8")
    (folder / "eng_Latn.dev").write_text("First\n", encoding="utf-8")
    (folder / "notes.txt").write_text("not a part of it", encoding="utf-8")
    (folder / "lonely.ar").write_text("بلا مرجع", encoding="utf-8")
    dataset = load_testset(str(folder))
    assert dataset.references == (("First", *ENGLISH),)
    assert dataset.sources == ("أول", *ARABIC)
    assert dataset.domains == ("arb_Arab", "set", "set", "set")


def test_articles_are_cut_at_their_paragraphs(folder: Path) -> None:
    (folder / "set.ar").unlink()
    (folder / "a.ar.txt").write_text("عنوان\n\nفقرة\n\n", encoding="utf-8")
    (folder / "a.en.txt").write_text("Title\n\n\nParagraph", encoding="utf-8")
    assert load_testset(".") == Dataset(".", (("Title", "Paragraph"),), ("عنوان", "فقرة"))
    (folder / "a.en.txt").write_text("Title\nParagraph\nAnother", encoding="utf-8")
    with pytest.raises(LengthMismatch, match=r"a.ar.txt has 2 segments, a.en.txt has 3"):
        load_testset(".")


def test_the_samples_of_the_checkout_for_both_tasks() -> None:
    dataset = load_testset("samples")
    assert (dataset.name, len(dataset)) == ("samples", 21)
    assert sorted(set(dataset.domains)) == ["economy", "politics", "science"]
    summaries = load_testset("samples", "summarize")
    assert summaries.domains == ("economy", "politics", "science")
    assert all(2 <= len(text.split("\n")) <= 3 for text in summaries.references[0])
    assert all("\n\n" in source for source in summaries.sources)


def test_a_directory_comes_before_a_name(folder: Path) -> None:
    (folder / "samples").mkdir()
    (folder / "set.ar").rename("samples/a.ar")
    (folder / "set.en").rename("samples/a.en")
    assert load_testset("samples").sources == ARABIC


# --- tables


def test_tsv_with_and_without_a_header(folder: Path) -> None:
    rows = [f"{source}\t{target}\tnews" for source, target in zip(ARABIC, ENGLISH, strict=True)]
    (folder / "three.tsv").write_text("\n".join(rows), encoding="utf-8")
    assert load_testset("three.tsv") == Dataset("three.tsv", (ENGLISH,), ARABIC, ("news",) * 3)
    (folder / "named.tsv").write_text("id\ten\tar\r\n1\tOne\tواحد\r\n2\tTwo\tاثنان\r\n", encoding="utf-8")
    fields = Fields(source="ar", references=("en",))
    assert load_testset("named.tsv", fields=fields) == Dataset("named.tsv", (("One", "Two"),), ("واحد", "اثنان"))
    (folder / "named.tsv.xz").write_bytes(lzma.compress((folder / "named.tsv").read_bytes()))
    assert load_testset("named.tsv.xz:2-2", fields=fields).references == (("Two",),)


def test_jsonl_with_several_references_and_lists_of_sentences(folder: Path) -> None:
    records = [{"article": "A.\nB.", "first": ["One.", "Two."], "second": "Both.", "section": "news"},
               {"article": "C.", "first": "Half a pair: \ud800", "second": "", "section": "sport"}]  # fmt: skip
    (folder / "set.jsonl").write_text("\n\n".join(map(json.dumps, records)) + "\n", encoding="utf-8")
    fields = Fields("article", ("first", "second"), "section")
    assert load_testset("set.jsonl", fields=fields) == Dataset(
        "set.jsonl", (("One.\nTwo.", "Half a pair: \ufffd"), ("Both.", "")), ("A.\nB.", "C."), ("news", "sport")
    )


def test_summaries_have_a_line_for_each_sentence(folder: Path) -> None:
    record = {"source": "Text.", "reference": "Dr. Salem came. He left at 3.30 p.m. on Monday."}
    (folder / "set.jsonl").write_text(json.dumps(record), encoding="utf-8")
    assert load_testset("set.jsonl", "summarize").references == (
        ("Dr. Salem came.\nHe left at 3.30 p.m. on Monday.",),
    )  # fmt: skip
    assert load_testset("set.jsonl").references == ((record["reference"],),)
    assert by_sentence("One. Two.\nThree.") == "One. Two.\nThree."
    (folder / "summary.txt").write_text("One came. Two left.\n", encoding="utf-8")
    assert load_files([Path("summary.txt")], task="summarize").references == (("One came.\nTwo left.",),)


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("a.tsv", "one\ttwo\nthree\n", UnsupportedFormat, r"a.tsv, line 2: 1 columns, expected 2"),
        ("a.tsv", "only one\n", UnsupportedFormat, "a.tsv, line 1: expected a header with reference, or two or three"),
        ("a.tsv", "source\treference\n", EmptyInput, "a.tsv has no segments"),
        ("a.tsv", "", UnsupportedFormat, "a.tsv, line 1"),
        (
            "a.jsonl",
            '{"reference": "x"}\n{"ref": "y"}',
            UnsupportedFormat,
            "line 2: .*'reference'; it has the keys ref",
        ),
        ("a.jsonl", '{"reference": 5}', UnsupportedFormat, "line 1: expected a text, or a list of texts"),
        ("a.jsonl", '{"reference": ["a", ["b"]]}', UnsupportedFormat, "line 1: expected a text, or a list of texts"),
        ("a.jsonl", '["x"]', UnsupportedFormat, "line 1: expected an object with reference"),
        ("a.jsonl", '\n{"reference"', UnsupportedFormat, "line 2 is no JSON"),
        ("a.jsonl", "[" * 100_000, UnsupportedFormat, "line 1 is no JSON"),
        ("a.jsonl", '{"n": ' + "9" * 5000 + "}", UnsupportedFormat, "line 1 is no JSON"),
        ("a.jsonl", "", EmptyInput, "a.jsonl has no segments"),
        ("a.txt", "x", UnsupportedFormat, "a.txt is one file; a test set needs source and reference"),
    ],
)
def test_a_table_that_is_not_sound_is_told_with_its_line(
    folder: Path, name: str, content: str, error: type[MTError], message: str
) -> None:
    (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(error, match=message):
        load_testset(name)


def test_a_directory_without_pairs_is_no_test_set(folder: Path) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(UnknownTestset, match=r"empty has no pair of files NAME.ar.txt and NAME.en.txt"):
        load_testset("empty")
    with pytest.raises(UnknownTestset, match=r"empty has no pair of files NAME.en.txt and NAME.summary.txt"):
        load_testset("empty", "summarize")


# --- sacrebleu's


@pytest.fixture
def published(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A test set `mini` that sacrebleu downloads from the archive whose path this is."""
    pytest.importorskip("sacrebleu", reason="needs the extra eval")
    from sacrebleu import dataset
    from sacrebleu.dataset.plain_text import PlainTextDataset

    archive = folder / "mini.tgz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(folder / "set.ar", "mini.ar")
        file.add(folder / "set.en", "mini.en")
    monkeypatch.setattr("sacrebleu.dataset.base.SACREBLEU_DIR", str(folder / "home"))
    mini = PlainTextDataset("mini", data=[archive.as_uri()], langpairs={"ar-en": ["mini.ar", "mini.en"]})
    monkeypatch.setitem(dataset.DATASETS, "mini", mini)
    return archive


def test_a_set_of_sacrebleu_is_downloaded_once(published: Path) -> None:
    expected = Dataset("mini", (ENGLISH,), ARABIC)
    assert load_testset("mini") == expected
    published.unlink()
    assert load_testset("mini") == expected
    assert socket.getdefaulttimeout() is None


def test_without_a_network_the_next_step_is_told(published: Path) -> None:
    published.unlink()
    with pytest.raises(
        EvalError, match=r"mini cannot be downloaded by sacrebleu: .*go online for the first use, or co"
    ):
        load_testset("mini")


def test_a_checksum_that_differs_is_no_exit(published: Path) -> None:
    from sacrebleu import dataset

    dataset.DATASETS["mini"].md5 = ["0"]
    with pytest.raises(EvalError, match=r"mini cannot be downloaded by sacrebleu"):
        load_testset("mini")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nonesuch", r"'nonesuch': it is no file, directory or name; expected a path, `samples`, or .*iwslt17"),
        ("wmt14", r"'wmt14': wmt14 of sacrebleu has no ar-en; expected"),
        ("x" * 5000, "'x{100}': it is no file"),
        ("nul\0", "no test set is called"),
    ],
)
def test_an_unknown_name_is_answered_with_what_there_is(folder: Path, name: str, message: str) -> None:
    pytest.importorskip("sacrebleu", reason="needs the extra eval")
    with pytest.raises(UnknownTestset, match=message):
        load_testset(name)


# --- what is outside


def test_flores_and_the_summaries_of_cnn(data: Path) -> None:
    flores = load_testset(f"{data}/dev/flores-dev:501-997")
    assert (len(flores), len(flores.sources)) == (497, 497)
    assert load_testset(f"{data}/dev").lines(501, 997).references == flores.references
    fields = Fields("document", ("highlights",))
    cnn = load_testset(f"{data}/summarization/dev_cnn_highlights.jsonl.xz", "summarize", fields)
    assert len(cnn) == 250
    assert all("\n" in text for text in cnn.references[0])


def test_the_export_for_comet_in_the_docs_writes_a_line_a_segment(folder: Path) -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "metrics.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    systems = [{"name": "out/ours.en", "hypotheses": ["One\nline.", "", "Three."]}]
    (folder / "report.json").write_text(json.dumps({"evaluations": [{"systems": systems}]}), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    subprocess.run([sys.executable, "-c", code, "report.json", "set"], check=True, env=environment)
    assert (folder / "comet.ours.en").read_text(encoding="utf-8") == "One line.\n\nThree.\n"
    assert (folder / "comet.source").read_text(encoding="utf-8").splitlines() == list(ARABIC)
    assert (folder / "comet.reference").read_text(encoding="utf-8").splitlines() == list(ENGLISH)
