"""Documents in English: nothing lost, markup around the right words, layout kept, and hostile files refused."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import docx
import pytest
from documents import pdf, word_document
from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from test_serve_hostile import CORPUS, SEEDS

from mt.errors import EmptyInput, InputError, InputTooLong, SourceUnreadable, UnsupportedFormat
from serve.translated import translate_file
from serve.translated.docx import MAX_PARTS, translate_docx
from serve.translated.html import MAX_TOKENS, read_left_to_right, translate_html
from serve.translated.inline import MAX_DEPTH
from serve.translated.markdown import translate_markdown
from serve.translated.text import translate_text

SENTENCE = "قال الوزير في الرياض إن الخطة جديدة."
ENGLISH = {
    SENTENCE: "The minister said in Riyadh that the plan is new.",
    "الوزير": "Minister.",
    "الرياض": "Riyadh",
    "الخطة جديدة": "a new plan",
    "خطة": "Plan",
    "نعم": "Yes",
    "قال الوزير أمس في الرياض إن الخطة جديدة.": "A minister said in Riyadh that the plan is new.",
    "في الرياض": "in Riyadh",
}
ARABIC = re.compile("[\u0600-\u06ff]")


def english(texts: Sequence[str]) -> list[str]:
    return [ENGLISH.get(text, f"E{len(text)}") if ARABIC.search(text) else text for text in texts]


def page(text: str) -> str:
    (found,) = translate_html([text], english)
    return found


# HTML


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (f"<p>{SENTENCE}</p>", f"<p>{ENGLISH[SENTENCE]}</p>"),
        (f"<P CLASS=x><b>  {SENTENCE} </b></P>", f"<P CLASS=x><b>{ENGLISH[SENTENCE]}</b></P>"),
        (
            'قال <b>الوزير</b> في <a href="/أخبار?a=1&b={{c}}">الرياض</a> إن الخطة جديدة.',
            'The <b>minister</b> said in <a href="/أخبار?a=1&b={{c}}">Riyadh</a> that the plan is new.',
        ),
        # not found as it is translated alone: where it stood
        (
            "قال الوزير في الرياض إن <i>الخطة جديدة</i>.",
            "The minister said in Riyadh <i>that the plan is new.</i>",
        ),
        # where another word is found, as much as is left
        (
            "قال <i>الوزير أمس</i> <b>في الرياض</b> إن الخطة جديدة.",
            "A <i>minister said</i> <b>in Riyadh</b> that the plan is new.",
        ),
        # a mark beside it goes with it
        (
            "قال الوزير في <img><a>الرياض</a><sup>[1]</sup> إن الخطة جديدة.",
            "The minister said in <img><a>Riyadh</a><sup>[1]</sup> that the plan is new.",
        ),
        ("<li><img src=x> خطة<br>نعم</li>", "<li><img src=x> Plan<br>Yes</li>"),
        ("<pre>خطة\n  نعم\n</pre>", "<pre>Plan\n  Yes\n</pre>"),
        ("<b>خطة<p>نعم</b>", "<b>Plan<p>Yes</b>"),
        ("خطة<sup>1</sup>", "Plan<sup>1</sup>"),
        ("<p translate=no>خطة <b>نعم</b></p>نعم", "<p translate=no>خطة <b>نعم</b></p>Yes"),
        ("<code>خطة</code> نعم", "<code>خطة</code> Yes"),
        ("<script>'<p>خطة</p>'</script>نعم", "<script>'<p>خطة</p>'</script>Yes"),
        ("<style>/*خطة*/</style>نعم", "<style>/*خطة*/</style>Yes"),
        ("<!doctype html><!-- خطة > --><title>خطة</title>", "<!doctype html><!-- خطة > --><title>Plan</title>"),
        ("<p title='x>خطة'>نعم", "<p title='x>خطة'>Yes"),
        ("a &amp; &copy;<b>&nbsp;</b> 12", "a &amp; &copy;<b>&nbsp;</b> 12"),
        ("خطة <a", "E6"),
        ("", ""),
    ],
)  # fmt: skip
def test_text_is_translated_and_tags_stay(source: str, target: str) -> None:
    assert page(source) == target


def test_entities_are_read_and_what_comes_out_is_escaped() -> None:
    asked = list[str]()

    def ask(texts: Sequence[str]) -> list[str]:
        asked.extend(texts)
        return ["a < b & <script>" for _ in texts]

    source = f"<p>&#1582;&#x637;&#1577; &lt;b&gt; &#{'9' * 5000};</p>"
    assert translate_html([source], ask) == ["<p>a &lt; b &amp; &lt;script&gt;</p>"]
    assert asked == ["خطة <b> \ufffd"]


def test_the_same_text_is_asked_for_once() -> None:
    asked = list[str]()
    translate_html(["<p>خطة</p><p>خطة</p>", "خطة"], lambda texts: asked.extend(texts) or english(texts))  # type: ignore[func-returns-value]
    assert asked == ["خطة"]


PIECES = st.sampled_from(
    ["<b>", "</b>", "<i class='x'>", "</i>", "<p>", "</p>", "<br>", "<img src=x>", "<a href='>'>", "</a>",
     "<!-- خطة -->", "<script>خطة</script>", "خطة", " ", "الوزير", "\n", "12", "&amp;", "<", ">", "<pre>", "</pre>",
     "<code>", "</code>", "<x-y>", "x"]
)  # fmt: skip
TAG = re.compile(r"<script>.*?</script>|<!--.*?-->|</?[a-z-]+(?: [a-z]+=(?:'[^']*'|\w+))?>")


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_as_many_tags_come_out_as_went_in_each_as_it_was(source: str) -> None:
    assert Counter(TAG.findall(page(source))) == Counter(TAG.findall(source))
    assert page(source).count("12") == source.count("12") or ARABIC.search(source)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.text(alphabet="<>/!?-='\" abخط&;#1", max_size=40))
def test_any_text_is_a_page(source: str) -> None:
    assert translate_html([source], list) == [source]


def test_deep_and_many_tags() -> None:
    deep = "<b>" * 5000 + "خطة" + "</b>" * 5000
    assert page(deep) == deep.replace("خطة", "Plan")
    assert MAX_DEPTH < 20
    with pytest.raises(InputTooLong, match="send it in parts"):
        page("<b>" * (MAX_TOKENS + 1))


def test_a_page_is_turned_around_tag_by_tag() -> None:
    source = "<html lang='ar-EG' dir=rtl><p DIR=\"RTL\" title='dir=rtl lang=ar'>dir=rtl</p><p lang=fr dir=auto>"
    expected = '<html lang="en" dir="ltr"><p DIR="ltr" title=\'dir=rtl lang=ar\'>dir=rtl</p><p lang=fr dir=auto>'
    assert read_left_to_right(source) == expected


# Markdown and text

MARKDOWN = f"""---
title: خطة
---
# خطة #

{SENTENCE.replace("الوزير", "**الوزير**").replace(" إن", chr(10) + "إن")}

- نعم [خطة](http://x "عنوان") `خطة`
  > خطة\\
  > نعم

1. ![خطة](a.png)

| خطة | 12 |
|---|---|
| نعم | **نعم** |

```
خطة
```
"""


def test_markdown_keeps_its_layout() -> None:
    expected = (
        MARKDOWN.replace("# خطة #", "# Plan #")
        .replace("**الوزير**", "**minister**").replace("قال **minister** في الرياض\nإن الخطة جديدة.",
                                                        "The **minister** said in Riyadh that the plan is new.")
        .replace('- نعم [خطة](http://x "عنوان") `خطة`', '- [E7](http://x "عنوان") `خطة`')
        .replace("> خطة\\\n  > نعم", "> Plan\\\n  > Yes")
        .replace("| خطة | 12 |", "| Plan | 12 |").replace("| نعم | **نعم** |", "| Yes | **Yes** |")
    )  # fmt: skip
    assert translate_markdown(MARKDOWN, english) == expected


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("*a* [b](c) `d` <e> f_g", r"\*a\* \[b\](c) \`d\` \<e\> f\_g"),
        ("# a", r"\# a"),
        ("1. a", r"1\. a"),
        ("- a", r"\- a"),
    ],
)
def test_what_is_said_is_no_markdown(said: str, written: str) -> None:
    assert translate_markdown("خطة", lambda texts: [said for _ in texts]) == written


def test_deep_emphasis() -> None:
    deep = "*ا " * 300 + "ب* " * 300
    assert translate_markdown(deep, english).count("*") == 600


def test_text_keeps_lines_and_wrapped_paragraphs_are_one() -> None:
    assert translate_text("خطة\n\n  نعم\n- نعم\nx\n \n\n12\n", english) == "Plan\n\n  Yes\nE5\nx\n \n\n12\n"
    line = "وقالت الوزارة في بيان لها إن هذه الخطة التي أعلنت أمس في العاصمة سوف تشمل"
    asked = list[str]()
    translate_text(f"{line}\n{line}\n{line}.\n", lambda texts: asked.extend(texts) or english(texts))  # type: ignore[func-returns-value]
    assert [text for text in asked if text] == [f"{line} {line} {line}."]


# Word


def opened(data: bytes) -> Document:
    return docx.Document(io.BytesIO(data))


def saved(document: Document) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def test_a_word_document_keeps_its_layout() -> None:
    document = docx.Document()
    document.add_heading("خطة", 1)
    paragraph = document.add_paragraph(style="List Bullet")
    paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
    paragraph.add_run("قال ")
    bold = paragraph.add_run("الوزير")
    bold.font.rtl = bold.font.cs_bold = True
    for text in (" في الرياض", " إن الخطة جديدة."):  # as Word cuts it
        paragraph.add_run(text)
    aligned = document.add_paragraph("نعم")
    aligned.alignment = 2
    table = document.add_table(1, 2)
    table._tblPr.append(OxmlElement("w:bidiVisual"))
    table.cell(0, 0).text, table.cell(0, 1).text = "نعم\nخطة", "12"
    document.sections[0].header.paragraphs[0].text = "خطة"
    done = opened(translate_docx(saved(document), "a.docx", english))
    assert [(p.style.name, p.text) for p in done.paragraphs if p.style] == [
        ("Heading 1", "Plan"), ("List Bullet", ENGLISH[SENTENCE]), ("Normal", "Yes"),
    ]  # fmt: skip
    assert [(run.text, run.bold) for run in done.paragraphs[1].runs] == [
        ("The ", None), ("minister", True), (" said in Riyadh that the plan is new.", None),
    ]  # fmt: skip
    assert [cell.text for cell in done.tables[0].rows[0].cells] == ["Yes\nPlan", "12"]
    assert done.sections[0].header.paragraphs[0].text == "Plan"
    assert done.tables[0]._tblPr.find(qn("w:bidiVisual")) is None
    assert done.paragraphs[2].alignment is None
    for p in done.paragraphs:
        (bidi,) = p._p.pPr.findall(qn("w:bidi"))  # type: ignore[union-attr]
        assert bidi.get(qn("w:val")) == "0"
        assert not list(p._p.iter(qn("w:rtl")))


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def word_xml(inside: str, **parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", f"<w:document {W}><w:body>{inside}</w:body></w:document>")
        for name, content in parts.items():
            package.writestr(name.replace("_", "/").replace("DOT", "."), content)
    return file.getvalue()


def body_of(data: bytes, part: str = "word/document.xml") -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return re.sub(r' xml:space="preserve"| xmlns:w="[^"]*"|<w:pPr>.*?</w:pPr>', "", package.read(part).decode())


def run(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (  # a link, a note, a deletion and an insertion
            f'{run("قال الوزير في ")}<w:hyperlink w:id="1">{run("الرياض")}</w:hyperlink>'
            '<w:r><w:footnoteReference w:id="2"/>'
            f"</w:r><w:del>{run('x')}</w:del><w:ins>{run(' إن الخطة جديدة.')}</w:ins>",
            f'{run("The minister said in ")}<w:hyperlink w:id="1">{run("Riyadh")}</w:hyperlink>'
            f'<w:r><w:footnoteReference w:id="2"/></w:r>{run(" that the plan is new.")}',
        ),
        (  # a line break parts two texts; a control is translated in its place
            f"<w:r><w:t>خطة</w:t><w:br/><w:t>نعم</w:t></w:r><w:sdt><w:sdtPr/><w:sdtContent>{run('نعم')}</w:sdtContent></w:sdt>",
            f"{run('Plan')}<w:r><w:br/></w:r>{run('Yes')}<w:sdt><w:sdtPr/><w:sdtContent>{run('Yes')}</w:sdtContent></w:sdt>",
        ),
        (  # a text box
            f"<w:r><w:pict><w:txbxContent><w:p>{run('نعم')}</w:p></w:txbxContent></w:pict></w:r>{run('خطة')}",
            f"<w:r><w:pict><w:txbxContent><w:p>{run('Yes')}</w:p></w:txbxContent></w:pict></w:r>{run('Plan')}",
        ),
    ],
)
def test_what_stands_in_a_paragraph_of_word_stays(source: str, target: str) -> None:
    done = body_of(translate_docx(word_xml(f"<w:p>{source}</w:p>"), "a.docx", english))
    assert f"<w:p>{target}</w:p>" in done


def test_notes_are_translated_and_other_parts_are_not_touched() -> None:
    note = f"<w:footnotes {W}><w:footnote><w:p>{run('نعم')}</w:p></w:footnote></w:footnotes>".encode()
    data = word_xml(
        f"<w:p>{run('خطة')}</w:p>", word_footnotesDOTxml=note, word_media_aDOTpng=b"\x89PNG", word_emptyDOTxml=b""
    )
    done = translate_docx(data, "a.docx", english)
    assert run("Yes") in body_of(done, "word/footnotes.xml")
    with zipfile.ZipFile(io.BytesIO(done)) as package:
        assert package.read("word/media/a.png") == b"\x89PNG"
        assert package.read("word/empty.xml") == b""


def test_documents_of_the_strict_kind_stay_so() -> None:
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    data = word_xml(f"<w:p>{run('خطة')}</w:p>")
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        xml = package.read("word/document.xml").decode().replace(W[9:-1], strict)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("word/document.xml", xml)
    with zipfile.ZipFile(io.BytesIO(translate_docx(file.getvalue(), "a.docx", english))) as package:
        done = package.read("word/document.xml").decode()
    assert strict in done
    assert "Plan" in done
    assert W[9:-1] not in done


@pytest.mark.parametrize("name", [name for name in CORPUS if name.endswith(".docx") and name != "outside.docx"])
def test_hostile_word_files_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"save it|docx"):
        translate_file(CORPUS[name][1](), name, english)


def test_bombs_outside_of_the_text_are_refused() -> None:
    with pytest.raises(InputTooLong, match="unpacks to too much"):
        translate_docx(word_xml("", word_media_aDOTpng=bytes(101 * 2**20)), "a.docx", english)
    many = {f"a{i}": b"" for i in range(MAX_PARTS + 1)}
    with pytest.raises(InputTooLong, match="unpacks to too much"):
        translate_docx(word_xml("", **many), "a.docx", english)
    bomb = f"<w:hdr {W}><w:p>{run('خ' * 5_000_000)}</w:p></w:hdr>".encode()
    with pytest.raises(InputTooLong, match=r"header1\.xml"):
        translate_docx(word_xml("", word_header1DOTxml=bomb), "a.docx", english)
    entity = f"<!DOCTYPE x [<!ENTITY e 'x'>]><w:hdr {W}><w:p>&e;</w:p></w:hdr>".encode()
    with pytest.raises(SourceUnreadable, match="declares XML entities"):
        translate_docx(word_xml("", word_header1DOTxml=entity), "a.docx", english)
    with pytest.raises(InputTooLong, match="text boxes within text boxes"):
        translate_docx(word_xml("<w:p>" * 5 + "</w:p>" * 5), "a.docx", english)


# Files


def test_each_format_comes_back_in_its_own() -> None:
    page_ = f"<html dir=rtl><meta charset=windows-1256><p>{SENTENCE}</p></html>".encode("windows-1256")
    found = translate_file(page_, "مقال.html", english)
    assert found.name == "مقال_en.html"
    assert found.data == f'\ufeff<html dir="ltr"><meta charset=windows-1256><p>{ENGLISH[SENTENCE]}</p></html>'.encode()
    text = translate_file("خطة\r\nنعم\r\n".encode("utf-16"), "a.txt", english)
    assert (text.name, text.data, text.media_type) == ("a_en.txt", b"Plan\nYes\n", "text/plain; charset=utf-8")
    assert translate_file("خطة\r\nنعم".encode(), "a.txt", english).data == b"Plan\r\nYes"
    assert translate_file("# خطة".encode(), "a.md", english).data == b"# Plan"
    word = translate_file(word_document("خطة", [SENTENCE]), "a.docx", english)
    assert [p.text for p in opened(word.data).paragraphs] == ["Plan", ENGLISH[SENTENCE]]


def test_a_pdf_becomes_text_and_a_wrong_name_is_mended() -> None:
    found = translate_file(pdf("خطة المياه", ["نعم " * 9 + "."]), "a.pdf", english)
    assert (found.name, found.data.decode().count("E")) == ("a_en.txt", 2)
    assert translate_file(word_document(None, [SENTENCE]), "a.txt", english).name == "a_en.docx"


@pytest.mark.parametrize(
    ("name", "data", "kind", "message"),
    [
        ("a.txt", b"  \n", EmptyInput, "a.txt is empty"),
        ("a.docx", word_document(None, [" "]), EmptyInput, "a.docx is empty"),
        ("a.html", b"<html><p></p>", EmptyInput, "a.html is empty"),
        ("a.rtf", b"{\\rtf", UnsupportedFormat, "RTF"),
        ("a.bin", b"x", UnsupportedFormat, "expected one of"),
        ("a.txt.gz", b"\x1f\x8b\x08", UnsupportedFormat, "unpack it"),
        ("a.txt", b"x" * (2 * 2**20 + 1), InputTooLong, "split it"),
    ],
)
def test_what_is_no_document_is_refused(name: str, data: bytes, kind: type[InputError], message: str) -> None:
    with pytest.raises(kind, match=message):
        translate_file(data, name, english)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.sampled_from(["x.docx", "x.html"]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=9)), max_size=4),
)
def test_any_damage_gives_a_document_or_an_error_of_ours(name: str, damage: list[tuple[float, bytes]]) -> None:
    data = bytearray(SEEDS[name])
    for place, content in damage:
        start = int(place * len(data))
        data[start : start + len(content)] = content
    with suppress(InputError):
        done: Any = translate_file(bytes(data), name, english)
        assert done.data
