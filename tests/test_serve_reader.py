"""Files and streams → Article."""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.errors import EmptyInput, InputError, InputTooLong, SourceUnreadable, UnsupportedFormat
from serve.reader import MAX_BYTES, decode, parse_markdown, parse_text, read_article, read_lines

ARABIC = "أعلنت الوزارة خطة جديدة للمياه في العاصمة."


def write(path: Path, text: str, encoding: str = "utf-8") -> str:
    path.write_bytes(text.encode(encoding))
    return str(path)


def test_short_first_paragraph_without_full_stop_is_the_headline() -> None:
    article = parse_text(f"خطة جديدة للمياه\n\n{ARABIC}\n\n{ARABIC}")
    assert article.title == "خطة جديدة للمياه"
    assert article.paragraphs == (ARABIC, ARABIC)


@pytest.mark.parametrize("first", [ARABIC, "كلمة " * 21, "سؤال؟", "قال:"])
def test_sentences_and_long_paragraphs_are_no_headlines(first: str) -> None:
    article = parse_text(f"{first}\n\n{ARABIC}")
    assert article.title is None
    assert article.paragraphs == (first.strip(), ARABIC)


def test_a_lone_headline_is_a_paragraph() -> None:
    assert parse_text("خطة جديدة").paragraphs == ("خطة جديدة",)


def test_without_blank_lines_each_line_is_a_paragraph() -> None:
    assert parse_text(f"{ARABIC}\n{ARABIC}\n").paragraphs == (ARABIC, ARABIC)


def test_lines_wrapped_at_a_column_are_one_sentence_again() -> None:
    lines = [
        "وقالت الوزارة في بيان نشرته اليوم إن الخطة الجديدة تشمل",
        "عشر محافظات في شمال البلاد وجنوبها، وإنها ستبدأ في",
    ]
    article = parse_text("\n".join([*lines, "الربيع المقبل."]) + f"\n\n{ARABIC}")
    assert article.paragraphs[0] == " ".join([*lines, "الربيع المقبل."])


def test_lines_of_a_list_stay_lines() -> None:
    listed = "- تشمل الخطة عشر محافظات في شمال البلاد وجنوبها كلها.\n- تبدأ في الربيع.\n- كلفتها غير معروفة."
    assert parse_text(f"{listed}\n\n{ARABIC}").paragraphs[0] == listed


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_encodings_are_read_without_a_word(tmp_path: Path, encoding: str) -> None:
    article = read_article(write(tmp_path / "a.txt", ARABIC, encoding))
    assert (article.paragraphs, article.warnings) == ((ARABIC,), ())


def test_windows_1256_is_read_and_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", ARABIC * 3, "windows-1256")
    assert read_article(path).paragraphs == (ARABIC * 3,)
    assert read_article(path).warnings == (f"{path} is not UTF-8; it was read as windows-1256.",)


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("empty.txt", b"", EmptyInput, "is empty; expected an Arabic article"),
        ("blank.txt", b" \n\n\t\n", EmptyInput, "is empty"),
        ("image.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00", UnsupportedFormat, "image.txt"),
        ("random.txt", bytes(range(256)) * 20, UnsupportedFormat, "random.txt"),
        (
            "latin1.txt",
            "Élysée élu à Genève".encode("latin-1"),
            UnsupportedFormat,
            "is not UTF-8 text; save it",
        ),
        ("article.odt", b"x", UnsupportedFormat, "expected one of .txt, .text, .md, .markdown"),
        ("long.txt", b"a" * (MAX_BYTES + 1), InputTooLong, "has over 2,097,152 bytes"),
    ],
)
def test_what_is_no_article_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes, error: type[Exception], message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=message):
        read_article(str(tmp_path / name))


@pytest.mark.parametrize("name", ["missing.txt", ".", "nul\0.txt"])
def test_what_cannot_be_opened_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((SourceUnreadable, UnsupportedFormat), match=r"expected|Expected"):
        read_article(name)


def test_an_address_is_refused_with_the_next_step() -> None:
    with pytest.raises(UnsupportedFormat, match=r"as a \.txt file"):
        read_article("https://example.org/news")


def test_lines_keep_blank_ones_and_break_at_newlines_only(tmp_path: Path) -> None:
    path = write(tmp_path / "lines", "سطر\u2028واحد\r\n\n سطر ثان \n")
    assert read_lines(path) == ["سطر\u2028واحد", "", " سطر ثان "]
    assert read_lines(write(tmp_path / "none", "")) == []
    assert read_lines(write(tmp_path / "open", "أ\nب")) == ["أ", "ب"]


def test_standard_input_is_read_for_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(ARABIC.encode())))
    assert read_article("-").paragraphs == (ARABIC,)


def test_markdown_gives_words_and_says_what_it_dropped() -> None:
    article = parse_markdown(
        "---\nlayout: post\n---\n# عنوان **الخبر**\n\nفقرة [أولى](http://x.y) فيها `رمز`\nوسطر ثان.\n\n"
        "## فرعي\n\n- بند أول\n- بند ثان\n\n> اقتباس\n\n| أ | ب |\n|---|---|\n| 1 | 2 |\n\n"
        "```\nprint()\n```\n\n<script>alert(1)</script>\n\n![صورة](a.png)\n"
    )
    assert article.title == "عنوان الخبر"
    assert article.paragraphs == ("فقرة أولى فيها رمز وسطر ثان.", "فرعي", "بند أول", "بند ثان", "اقتباس")
    assert article.warnings == ("Left out of the Markdown file: HTML, code, images, tables.",)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_an_error_of_ours(data: bytes) -> None:
    with suppress(InputError):
        text, _ = decode(data, "x")
        assert "\r" not in text
        for article in (parse_text(text), parse_markdown(text)):
            assert all(paragraph.strip() for paragraph in article.paragraphs)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text(alphabet="اب .\n\t؟#-*`|<>x1", max_size=200))
def test_text_loses_no_letter(text: str) -> None:
    article = parse_text(text)
    read = "".join([article.title or "", *article.paragraphs])
    assert "".join(read.split()) == "".join(text.split())
