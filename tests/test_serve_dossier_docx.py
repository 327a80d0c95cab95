"""The Word file, read back with python-docx."""

from __future__ import annotations

import io

import docx
from docx.document import Document
from docx.oxml.ns import qn
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from dossiers import HOSTILE, MADE, SMALL, made_of

from mt.webpage import clean
from serve.dossier import render
from serve.service import Digest


def opened(digest: Digest) -> Document:
    return docx.Document(io.BytesIO(render(digest, "docx", MADE)))


def is_arabic(paragraph: Paragraph) -> bool:
    """Laid out from right to left, as are all its runs."""
    bidi = paragraph._p.pPr is not None and paragraph._p.pPr.find(qn("w:bidi")) is not None
    return bidi and all(run.font.rtl for run in paragraph.runs)


def lines(cell: _Cell) -> list[str]:
    return [paragraph.text for paragraph in cell.paragraphs]


def test_the_order_of_the_document() -> None:
    texts = [(paragraph.style.name, paragraph.text) for paragraph in opened(SMALL).paragraphs if paragraph.style]
    assert texts[:10] == [
        ("Title", "News"),
        ("Arabic", "خبر"),
        ("Normal", "Draft by x."),
        ("List Bullet", "A table fell out."),
        ("Normal", "2 of 4 segments have something to doubt: [2] [4]"),
        ("Heading 1", "Summary"),
        ("Normal", "Its sentences were written by the model bart@2 from the translation."),
        ("List Bullet", "Five died. [2] (See what is doubted in [2])"),
        ("List Bullet", "The minister denied. [3] [1] (From the translation, in place of a sentence that the article "
         "does not support: nothing is like it)"),
        ("List Bullet", "Rain fell. (Not supported by the article: it has a name too many)"),
    ]  # fmt: skip
    assert [text for style, text in texts if style == "Heading 1"][1:] == ["The two texts", "Where this comes from"]
    first = "Translation: By the model ar-en-x@1, from Arabic into English.\nar-en-x@1|ct2|int8|beam:4|v:0"
    assert ("List Bullet", first) in texts


def test_the_texts_stand_side_by_side_with_their_doubts() -> None:
    (table,) = opened(SMALL).tables
    assert [[lines(cell) for cell in row.cells] for row in table.rows] == [
        [["English (translation)"], ["Arabic (source)"]],
        [
            ["[2] Five were killed in عمان.", "Check: number “Five” “3” The source says 3.",
             "Error: left in Arabic “عمان” Left in Arabic.", "Or: 5 killed.", "Or: Five dead."],
            ["قتل 3 في عمان."],
        ],
        [["[3] The minister denied."], ["نفى الوزير."]],
        [["[4] (no text)", "Error: something missing Nothing was translated."], ["سطر\nثان."]],
    ]  # fmt: skip
    marked = [run.text for run in table.cell(1, 0).paragraphs[0].runs if run.font.highlight_color]
    assert marked == ["Five", "عمان"]
    assert [run.text for run in table.cell(1, 1).paragraphs[0].runs if run.font.highlight_color] == ["3"]


def test_arabic_runs_from_right_to_left_and_english_does_not() -> None:
    document = opened(SMALL)
    assert is_arabic(document.paragraphs[1])
    (table,) = document.tables
    for row in table.rows[1:]:
        assert [is_arabic(cell.paragraphs[0]) for cell in row.cells] == [False, True]


def test_a_page_is_a4_and_the_properties_are_ours() -> None:
    document = opened(SMALL)
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    about = document.core_properties
    assert (about.title, about.author, about.comments, about.language) == ("News", "khulasa", "", "en")
    assert about.created is not None
    assert about.created.strftime("%Y-%m-%d %H:%M") == "2026-03-01 12:30"


def test_hostile_text_comes_back_without_what_xml_forbids() -> None:
    document, shown = opened(made_of(HOSTILE * 3)), clean(HOSTILE * 3)
    assert document.paragraphs[0].text == shown
    assert document.core_properties.title == shown[:255]
    (table,) = document.tables
    assert len(table.rows) == 4
    assert lines(table.cell(1, 0))[0] == f"[2] {shown}"
    assert lines(table.cell(1, 1)) == [shown]
