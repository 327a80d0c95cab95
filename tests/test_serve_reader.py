"""Files and streams → Article."""

from __future__ import annotations

import gzip
import io
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from bidi.algorithm import get_display
from documents import drawn, pdf, pdf_file, shaped, web_page, word_document
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.document import Article
from mt.errors import EmptyInput, InputError, InputTooLong, SourceUnreadable, UnsupportedFormat
from mt.normalize import normalize
from serve.bidi import logical
from serve.fetch import Fetched
from serve.reader import MAX_BYTES, decode, gunzip, parse, parse_markdown, parse_text, read_article, read_lines

ARABIC = "أعلنت الوزارة خطة جديدة للمياه في العاصمة."
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


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
        ("article.odt", b"x", UnsupportedFormat, r"expected one of \.txt, \.text, \.md, \.markdown, \.html"),
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


def test_an_address_is_fetched_and_read_by_its_type(monkeypatch: pytest.MonkeyPatch) -> None:
    page = web_page("خطة", [ARABIC], "windows-1256").encode("windows-1256")
    monkeypatch.setattr("serve.fetch.fetch", lambda url: Fetched(page, "html", "windows-1256", "https://example.org/n"))
    article = read_article("HTTPS://example.org/news")
    assert (article.title, article.paragraphs) == ("خطة", (ARABIC,))


def test_lines_keep_blank_ones_and_break_at_newlines_only(tmp_path: Path) -> None:
    path = write(tmp_path / "lines", "سطر\u2028واحد\r\n\n سطر ثان \n")
    assert read_lines(path) == ["سطر\u2028واحد", "", " سطر ثان "]
    assert read_lines(write(tmp_path / "mac", "سطر\rواحد\nسطر ثان\n")) == ["سطر واحد", "سطر ثان"]
    assert read_lines(write(tmp_path / "codes", "أ\x9bب\n")) == ["أب"]
    assert read_lines(write(tmp_path / "none", "")) == []
    assert read_lines(write(tmp_path / "open", "أ\nب")) == ["أ", "ب"]


def test_lines_of_a_packed_file_are_read_and_limited(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress("سطر\n\nآخر\n".encode()))
    assert read_lines(str(tmp_path / "a.gz")) == ["سطر", "", "آخر"]
    (tmp_path / "b.gz").write_bytes(gzip.compress(b"a" * (MAX_BYTES + 1)))
    with pytest.raises(InputTooLong, match=r"b\.gz, unpacked, has over 2,097,152 bytes"):
        read_lines(str(tmp_path / "b.gz"))


def test_a_text_of_an_old_mac_has_its_paragraphs() -> None:
    assert parse(f"{ARABIC}\r\r{ARABIC}\r".encode(), "a.txt").paragraphs == (ARABIC, ARABIC)


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
    assert article.warnings == ("Left out of the Markdown file: HTML, code, front matter, images, tables.",)


@pytest.mark.parametrize("between", ["نص مهم", "الرياض: نص مهم", "https://example.org/ نص", "\n\n# نص", "- نص: مهم"])
@pytest.mark.parametrize("mark", ["---", "---  "])
def test_text_between_thematic_breaks_is_no_front_matter(between: str, mark: str) -> None:
    article = parse_markdown(f"{mark}\n{between}\n\n{mark}\n\n{ARABIC}\n")
    assert "نص" in " ".join([article.title or "", *article.paragraphs])
    assert article.warnings == ()


@pytest.mark.parametrize("matter", ["title: x\nwords: [a]", "\n\nlay-out : post", "tags:\n- a"])
@pytest.mark.parametrize("end", ["---", "...", "--- "])
def test_front_matter_is_left_out_and_said(matter: str, end: str) -> None:
    article = parse_markdown(f"---\n{matter}\n{end}\n{ARABIC}\n")
    assert article.paragraphs == (ARABIC,)
    assert article.warnings == ("Left out of the Markdown file: front matter.",)


def test_html_within_a_line_of_markdown_is_said_and_a_br_breaks_the_line() -> None:
    article = parse_markdown("سطر <b>أول</b><br/>سطر ثان\n")
    assert article.paragraphs == ("سطر أول\nسطر ثان",)
    assert article.warnings == ("Left out of the Markdown file: HTML.",)


@pytest.mark.parametrize(
    ("text", "title", "paragraphs"),
    [
        ("مقدمة\n\n# عنوان\n\nنص", None, ("مقدمة", "عنوان", "نص")),
        ("![](a.png)\n\n## عنوان\n\nنص\n\n# عنوان", "عنوان", ("نص", "عنوان")),
    ],
)
def test_a_heading_is_the_headline_only_at_the_top(text: str, title: str | None, paragraphs: tuple[str, ...]) -> None:
    article = parse_markdown(text)
    assert (article.title, article.paragraphs) == (title, paragraphs)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_an_error_of_ours(data: bytes) -> None:
    with suppress(InputError):
        text, _ = decode(data, "x")
        assert "\r\n" not in text
        for article in (parse_text(text), parse_markdown(text)):
            assert all(paragraph.strip() for paragraph in article.paragraphs)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text(alphabet="اب .\n\t؟#-*`|<>x1", max_size=200))
def test_text_loses_no_letter(text: str) -> None:
    article = parse_text(text)
    read = "".join([article.title or "", *article.paragraphs])
    assert "".join(read.split()) == "".join(text.split())


# Web pages


LONG = "أعلنت الوزارة خطة جديدة للمياه في العاصمة، وقالت إنها ستبدأ في الربيع المقبل بعد موافقة البرلمان عليها."


def page(body: str, head: str = "<title>خطة للمياه | صحيفة</title>") -> bytes:
    return f"<!doctype html><html lang=ar><head>{head}</head><body>{body}</body></html>".encode()


def test_a_page_gives_headline_and_paragraphs_and_says_what_it_left_out() -> None:
    article = parse(
        page(
            f"<header><h1>صحيفة</h1></header><article><h1>خطة للمياه</h1><p>{LONG}</p>"
            "<p>اقرأ أيضاً: <a href=/x>خبر آخر</a></p><h2>عنوان فرعي</h2><p>سطر أول<br>سطر ثان</p>"
            "<figure><img src=x><figcaption>صورة الوزير</figcaption></figure><table><tr><td>خلية</td></tr></table>"
            "<p>اقرأ الوزير البيان على الصحفيين.</p></article><script>نص()</script>"
        ),
        "a.html",
    )
    assert article.title == "خطة للمياه"
    assert article.paragraphs == (LONG, "عنوان فرعي", "سطر أول\nسطر ثان", "اقرأ الوزير البيان على الصحفيين.")
    assert article.warnings == (
        "Left out of the web page: figures and captions, images, scripts, tables, links to other articles (read also).",
    )


def test_an_article_in_a_form_is_read_and_its_fields_are_named() -> None:
    article = parse(page(f"<form><h1>خطة للمياه</h1><p>{LONG}</p><textarea>تعليق</textarea></form>"), "a.aspx", "html")
    assert (article.title, article.paragraphs) == ("خطة للمياه", (LONG,))
    assert article.warnings == ("Left out of the web page: form fields.",)


@pytest.mark.parametrize(
    ("tag", "what"),
    [
        ("aside", "asides"),
        ("nav", "navigation"),
        ("footer", "footers"),
        ("noscript", "text for browsers without scripts"),
    ],
)
def test_what_stands_aside_is_named_and_its_paragraphs_counted(tag: str, what: str) -> None:
    other = LONG.replace("أعلنت", "نفت")
    article = parse(page(f"<p>{LONG}</p><{tag}><p>{other}</p></{tag}>"), "a.html")
    assert article.paragraphs == (LONG,)
    assert article.warnings == (
        f"Left out of the web page: {what}.",
        "1 paragraphs of the web page were not taken for the article: compare with the page.",
    )
    assert parse(page(f"<p>{LONG}</p><{tag}> <b></b></{tag}>"), "a.html").warnings == ()
    with pytest.raises(EmptyInput, match=rf"a\.html is empty; .* Left out of the web page: {what}\. 1 paragraphs"):
        parse(page(f"<{tag}><p>{other}</p></{tag}>", ""), "a.html")


def test_a_page_too_short_for_trafilatura_is_read_nevertheless() -> None:
    article = parse(page("<nav>الرئيسية</nav><div>خبر قصير</div>", ""), "a.html")
    assert (article.title, article.paragraphs) == (None, ("خبر قصير",))


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ('<meta property="og:title" content="خطة  للمياه"><title>صحيفة</title>', "خطة للمياه"),
        ("<title>خطة للمياه</title>", "خطة للمياه"),
        ("", None),
    ],
)
def test_a_page_without_h1_is_named_by_its_head(head: str, title: str | None) -> None:
    assert parse(page(f"<p>{LONG}</p><p>{LONG}</p>", head), "a.html").title == title


def test_paragraphs_that_were_not_taken_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve.html._extracted", lambda page: iter([LONG]))
    article = parse(
        page(f"<p>{LONG}</p><p>{LONG.replace('أعلنت', 'نفت')}</p><footer><p>{'حقوق ' * 20}</p></footer>"), "a.html"
    )
    assert article.warnings == (
        "Left out of the web page: footers.",
        "2 paragraphs of the web page were not taken for the article: compare with the page.",
    )


@pytest.mark.parametrize("declared", ["windows-1256", "utf-8"])
def test_a_page_in_windows_1256_is_read_with_and_without_its_charset(declared: str) -> None:
    data = web_page("خطة للمياه", [LONG, ARABIC], declared).encode("windows-1256")
    article = parse(data, "a.html")
    assert (article.title, article.paragraphs) == ("خطة للمياه", (LONG, ARABIC))
    assert any("windows-1256" in warning for warning in article.warnings) == (declared == "utf-8")


def test_a_page_on_standard_input_is_known_by_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"\n <HTML>" + page(f"<p>{LONG}</p>"))))
    assert read_article("-").paragraphs == (LONG,)


# Word documents


def test_word_reads_insertions_and_neither_deletions_nor_tables_and_says_so() -> None:
    import docx
    from docx.oxml import parse_xml

    document = docx.Document()
    document.add_heading("خطة للمياه", 1)
    changed = document.add_paragraph("أعلنت ")._p
    changed.append(parse_xml(f'<w:ins {W} w:id="1" w:author="a"><w:r><w:t>الوزارة</w:t></w:r></w:ins>'))
    changed.append(parse_xml(f'<w:del {W} w:id="2" w:author="a"><w:r><w:delText>الشركة</w:delText></w:r></w:del>'))
    changed.append(parse_xml(f"<w:r {W}><w:rPr><w:vanish/></w:rPr><w:t>سر</w:t></w:r>"))
    changed.append(parse_xml(f'<w:r {W}><w:footnoteReference w:id="2"/><w:tab/><w:t>الخطة.</w:t></w:r>'))
    document.add_table(1, 1).cell(0, 0).text = "خلية"
    document.add_paragraph("سطر\nآخر")
    file = io.BytesIO()
    document.save(file)
    article = parse(file.getvalue(), "a.docx")
    assert article.title == "خطة للمياه"
    assert article.paragraphs == ("أعلنت الوزارة الخطة.", "سطر\nآخر")
    assert article.warnings == (
        "Left out of the Word file: deleted text (tracked changes), footnotes, hidden text, tables.",
    )


def word_file(*paragraphs: tuple[str, int | None], xml: str = "") -> bytes:
    """A document of texts, each with the level of its heading, if it is one; `xml` is put at its end."""
    import docx
    from docx.oxml import parse_xml

    document = docx.Document()
    for text, level in paragraphs:
        if level is None:
            document.add_paragraph(text)
        else:
            document.add_heading(text, level)
    if xml:
        document.element.body.insert(len(paragraphs), parse_xml(xml))
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def test_a_word_heading_is_the_headline_only_at_the_top() -> None:
    article = parse(word_file((LONG, None), ("عنوان", 1), (ARABIC, None)), "a.docx")
    assert (article.title, article.paragraphs) == (None, (LONG, "عنوان", ARABIC))
    article = parse(word_file(("", None), ("عنوان", 1), (ARABIC, None), ("عنوان", 1)), "a.docx")
    assert (article.title, article.paragraphs) == ("عنوان", (ARABIC, "عنوان"))


@pytest.mark.parametrize(
    ("xml", "what"),
    [
        (f"<w:altChunk {W}/>", "parts in other formats"),
        (
            f"<w:p {W}><w:r><w:pict><w:txbxContent><w:p><w:r><w:t>نص</w:t></w:r></w:p></w:txbxContent></w:pict></w:r>"
            "</w:p>",
            "text boxes",
        ),
        (f"<w:p {W}><w:r><w:pict/></w:r></w:p>", "images"),
    ],
)
def test_word_says_what_else_it_left_out(xml: str, what: str) -> None:
    article = parse(word_file((ARABIC, None), xml=xml), "a.docx")
    assert (article.paragraphs, article.warnings) == ((ARABIC,), (f"Left out of the Word file: {what}.",))


@pytest.mark.parametrize(("stated", "title"), [("خطة", "خطة"), ("سواها", None), (LONG, None)])
def test_word_properties_name_the_title_only_if_the_text_has_it(stated: str, title: str | None) -> None:
    import docx

    document = docx.Document()
    document.core_properties.title = stated
    document.add_paragraph("خطة")
    document.add_paragraph(ARABIC)
    file = io.BytesIO()
    document.save(file)
    assert parse(file.getvalue(), "a.docx").title == title


# PDFs


def lines(*texts: str, size: float = 12) -> str:
    """A page with these lines, one below the other."""
    return "\n".join(
        part for i, text in enumerate(texts) for part in drawn(shaped(text), 540, 700 - 1.7 * size * i, size)
    )


@pytest.mark.parametrize(
    "line",
    [
        "بلغت قيمتها 2.5 مليار دولار (نحو 1,200 يورو) في 12/5/2024 بنسبة 15%.",
        "وأغلق السهم مرتفعاً ٣٫٤٪ عند ٢١٤٫٥ درهماً، مقابل ٢٠ في عام ٢٠٢٠.",
        "قالت هيئة «BBC News» إن هاتف iPhone 15 Pro سيباع في COVID-19.",
        "لم نتلقَّ أي طلب، ولن نوافق عليه إذا قُدّم إلينا [الآن].",
    ],
)
def test_a_line_with_numbers_and_latin_words_is_read_in_order(line: str) -> None:
    article = parse(pdf_file([lines(line)]), "a.pdf")
    assert [normalize(text) for text in article.paragraphs] == [normalize(line)]
    assert article.warnings[0] == "A PDF's text order is a guess: compare with the page."


def test_pdf_lines_are_joined_and_words_cut_by_soft_hyphens_mended() -> None:
    content = lines("أعلنت الوزارة خطة جديدة للمياه في العاصمة", "وقالت إنها ستبدأ في inter-", "national هذا العام.")
    article = parse(pdf_file([content.replace("<002D>", "<00AD>")]), "a.pdf")
    assert article.paragraphs == (
        "أعلنت الوزارة خطة جديدة للمياه في العاصمة وقالت إنها ستبدأ في international هذا العام.",
    )


def test_pdf_margins_are_left_out_and_named_but_a_year_on_its_own_line_stays() -> None:
    text = [f"{LONG} وقال ذلك في عام {year}." for year in range(2000, 2040)]
    article = parse(pdf("خطة للمياه", text, "صحيفة الاختبار"), "a.pdf")
    assert (article.title, article.paragraphs) == ("خطة للمياه", tuple(text))
    assert article.warnings[1] == "Left out as headers, footers or page numbers: 1; صحيفة الاختبار; 2; 3; 4."
    year = lines("أعلنت الوزارة خطة جديدة للمياه في العاصمة في عام", "2024.")
    assert parse(pdf_file([year]), "a.pdf").paragraphs == ("أعلنت الوزارة خطة جديدة للمياه في العاصمة في عام 2024.",)


@pytest.mark.parametrize(("stated", "title"), [("خطة للمياه", "خطة للمياه"), ("draft7.doc", None)])
def test_a_pdf_s_own_title_is_taken_if_the_page_has_it(stated: str, title: str | None) -> None:
    content = lines("خطة للمياه", "", "أعلنت الوزارة خطة جديدة للمياه في العاصمة.")
    info = f"/Title <FEFF{stated.encode('utf-16-be').hex()}>"
    assert parse(pdf_file([content], info=info), "a.pdf").title == title


def test_pdf_actual_text_stands_for_its_glyphs_and_double_strikes_for_one() -> None:
    content = "BT /F1 12 Tf 1 0 0 1 100 700 Tm /Span << /ActualText <FEFF06440627> >> BDC <0041> Tj EMC ET"
    assert parse(pdf_file([content]), "a.pdf").paragraphs == ("لا",)
    twice = "BT /F1 12 Tf 1 0 0 1 100 700 Tm <0041> Tj 1 0 0 1 100.3 700 Tm <0041> Tj <0042> Tj ET"
    assert parse(pdf_file([twice]), "a.pdf").paragraphs == ("AB",)


# Packed files, and all kinds alike


def test_gzip_is_unpacked_and_read_as_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.html.gz").write_bytes(gzip.compress(page(f"<p>{LONG}</p>")))
    assert read_article(str(tmp_path / "a.html.gz")).paragraphs == (LONG,)
    assert gunzip(gzip.compress(b"a") + gzip.compress(b"b") + b"\0\0", "x", 2) == b"ab"
    with pytest.raises(InputTooLong, match="x, unpacked, has over 1 bytes"):
        gunzip(gzip.compress(b"ab"), "x", 1)


def test_text_of_a_document_may_not_be_longer_than_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve.reader.MAX_BYTES", 100)
    with pytest.raises(InputTooLong, match=r"the text of a\.docx has over 100 bytes"):
        parse(word_document(None, [LONG]), "a.docx")


ESCAPE = "أعلنت الوزارة \x1b[31mخطة\x07 جديدة\x9b2J للمياه\x85في العاصمة."


@pytest.mark.parametrize("kind", ["txt", "md", "html", "docx", "pdf"])
def test_no_control_character_comes_out_of_any_kind(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    found = Article((ESCAPE, "\x1b", "سطر\n\tآخر"), title="\x1b", warnings=("رأس\x1b",))
    monkeypatch.setattr("serve.reader._parsed", lambda *args: found)
    data = {"docx": word_document(None, [ARABIC]), "pdf": b"%PDF-"}.get(kind, b"<html>" if kind == "html" else b"x")
    article = parse(data, "a", kind)
    assert article.paragraphs == ("أعلنت الوزارة [31mخطة جديدة2J للمياه في العاصمة.", "سطر\n\tآخر")
    assert (article.title, article.warnings) == (None, ("رأس",))


def test_controls_written_as_entities_do_not_come_out_of_a_page() -> None:
    article = parse(page(f"<h1>خطة&#27;[1m للمياه</h1><p>{LONG}&#27;[31m&#155;</p>", ""), "a.html")
    assert (article.title, article.paragraphs) == ("خطة[1m للمياه", (f"{LONG}[31m›",))


def test_a_gzip_file_of_many_members_is_refused_and_one_of_some_is_read() -> None:
    assert gunzip(gzip.compress(b"") * 99 + gzip.compress(b"a"), "x", 1) == b"a"
    with pytest.raises(SourceUnreadable, match="x is a gzip file of over 100 members; unpack it"):
        gunzip(gzip.compress(b"") * 101, "x", 1)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_word_file_packed_as_none_is_refused(method: int) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as package:
        package.writestr("word/document.xml", "x")
    with pytest.raises(SourceUnreadable, match="is packed by no method"):
        parse(file.getvalue(), "a.docx")


def test_an_encrypted_pdf_is_named_so_without_the_package_that_decrypts(monkeypatch: pytest.MonkeyPatch) -> None:
    from pypdf.errors import DependencyError

    def needs(data: bytes) -> Article:
        raise DependencyError("cryptography>=3.1 is required for AES algorithm")

    monkeypatch.setattr("serve.pdf._article", needs)
    with pytest.raises(SourceUnreadable, match=r"^a\.pdf: it is encrypted; save a copy without a password"):
        parse(pdf_file([]), "a.pdf")


def assert_all_kinds_alike(text: str) -> None:
    plain = parse(text.encode(), "a.txt")
    title, paragraphs = plain.title, plain.paragraphs
    for name, data in {
        "a.html": web_page(title, paragraphs).encode(),
        "a.docx": word_document(title, paragraphs),
        "a.pdf": pdf(title, paragraphs),
    }.items():
        article = parse(data, name)
        assert (name, article.title) == (name, title)
        assert [normalize(read) for read in article.paragraphs] == [normalize(text) for text in paragraphs]


@pytest.mark.parametrize("sample", ["politics", "economy", "science"])
def test_a_sample_has_the_same_paragraphs_in_every_kind_of_file(sample: str) -> None:
    path = Path(__file__).resolve().parents[1] / "samples" / f"{sample}.ar.txt"
    assert_all_kinds_alike(path.read_text(encoding="utf-8"))


def test_the_seed_article_has_the_same_paragraphs_in_every_kind_of_file(data: Path) -> None:
    assert_all_kinds_alike((data.parent / "seed-article.txt").read_text(encoding="utf-8"))


WORDS = ["من", "الوزارة،", "قال:", "(نحو)", "2.5", "12/5/2024", "٢٠٢٤", "١٫٢", "BBC", "iPhone", "«أطلس»", "سؤال؟"]


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(WORDS)))
def test_what_the_bidi_algorithm_draws_is_read_back(words: list[str]) -> None:
    # European digits beside a Latin word may have been on either side of it: something stands between them.
    line = " ".join(["قال", *(f"{word} و" if word.isascii() else word for word in words), "اليوم."])
    assert logical(list(get_display(line, base_dir="R"))) == line


@pytest.mark.parametrize(
    "noise",
    [
        "<script>" + "if (a > b) { say('x'); } " * 400 + "</script>",
        "<style>" + "p > q { color: red } a::after { content: '>' } " * 400 + "</style>",
        "<!-- " + "old 'words' > here " * 400 + " -->",
        "<!-- " + "old 'words' <b> here > " * 400 + " -->",
        '<SCRIPT type="application/ld+json">{' + '"key": "value > other", ' * 400 + "}</SCRIPT>",
    ],
)
def test_long_scripts_styles_and_comments_are_no_long_tags(noise: str) -> None:
    page = f"<html><head>{noise}</head><body><h1>خطة جديدة</h1>{noise}<p>{ARABIC} {ARABIC}</p></body></html>"
    assert f"{ARABIC} {ARABIC}" in parse(page.encode(), "page.html", "html").paragraphs
