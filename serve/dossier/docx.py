"""The dossier as a Word document: English beside Arabic in a table, each in its own direction."""

from __future__ import annotations

import io
from datetime import datetime

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_COLOR_INDEX
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import _Cell, _Row
from docx.text.paragraph import Paragraph

from mt.document import Severity
from mt.webpage import clean
from serve.dossier.layout import NO_TEXT, Layout, Piece, Row, Statement

_COLORS: dict[Severity, WD_COLOR_INDEX] = {
    "error": WD_COLOR_INDEX.YELLOW,
    "warning": WD_COLOR_INDEX.YELLOW,
    "info": WD_COLOR_INDEX.GRAY_25,
}
_ARABIC, _NOTE = "Arabic", "Note"  # paragraph styles
_NASKH = "Traditional Arabic"  # comes with Word; LibreOffice puts a Naskh that it has in its place


def docx(page: Layout) -> bytes:
    """The document as a .docx file."""
    document = _empty(page.title, page.made)
    document.add_heading(clean(page.title), 0)
    for row in page.headline:
        _write_arabic(document.add_paragraph(), row.source, bold=True)
        _add_notes(document, row)
    if page.notice:
        document.add_paragraph().add_run(clean(page.notice)).bold = True
    for caution in page.cautions:
        document.add_paragraph(clean(caution), style="List Bullet")
    document.add_paragraph(" ".join([page.doubts, *(f"[{number}]" for number in page.doubted)]))
    document.add_heading("Summary", 1)
    document.add_paragraph(clean(page.summary_made))
    for statement in page.summary:
        document.add_paragraph(clean(_statement(statement)), style="List Bullet")
    document.add_heading("The two texts", 1)
    _add_texts(document, page)
    document.add_heading("Where this comes from", 1)
    for fact in page.provenance:
        paragraph = document.add_paragraph(style="List Bullet")
        paragraph.add_run(f"{fact.name}: ").bold = True
        paragraph.add_run(clean("\n".join([fact.text, *([fact.signature] if fact.signature else [])])))
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _empty(title: str, made: datetime) -> WordDocument:
    """A4, with the two styles of ours, and properties that do not come from the library's template."""
    document = Document()
    (section,) = document.sections
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2)
    arabic = document.styles.add_style(_ARABIC, WD_STYLE_TYPE.PARAGRAPH)
    properties = arabic.element.get_or_add_rPr()
    properties.get_or_add_rFonts().set(qn("w:cs"), _NASKH)
    size = OxmlElement("w:szCs")
    size.set(qn("w:val"), "28")  # half points: Naskh is drawn smaller than Latin of its size
    properties.append(size)
    note = document.styles.add_style(_NOTE, WD_STYLE_TYPE.PARAGRAPH)
    note.font.size = Pt(9)
    arabic.paragraph_format.line_spacing = 1.3
    for style in (arabic, note):
        style.paragraph_format.space_after = Pt(6)
    about = document.core_properties
    about.title, about.author, about.comments = clean(title)[:255], "khulasa", ""  # longer ones are refused
    about.language, about.created, about.modified = "en", *2 * (made.replace(tzinfo=None),)
    return document


def _add_texts(document: WordDocument, page: Layout) -> None:
    table = document.add_table(rows=1, cols=2, style="Table Grid")
    header = table.rows[0]
    _mark(header, "w:tblHeader")
    for cell, name in zip(header.cells, ("English (translation)", "Arabic (source)"), strict=True):
        cell.paragraphs[0].add_run(name).bold = True
    for row in (row for paragraph in page.paragraphs for row in paragraph):
        line = table.add_row()
        _mark(line, "w:cantSplit")
        english, arabic = line.cells
        _write(english.paragraphs[0], row.target, number=row.number)
        _write_arabic(arabic.paragraphs[0], row.source)
        _add_notes(english, row)


def _mark(row: _Row, name: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(name))


def _statement(statement: Statement) -> str:
    doubt = [f"({statement.doubt})"] if statement.doubt else []
    return " ".join([statement.text, *(f"[{number}]" for number in statement.numbers), *doubt])


def _write(paragraph: Paragraph, pieces: tuple[Piece, ...], number: int) -> None:
    paragraph.add_run(f"[{number}] ").bold = True
    for piece in pieces or (Piece(NO_TEXT),):
        run = paragraph.add_run(clean(piece.text))
        run.font.highlight_color = _COLORS[piece.severity] if piece.severity else None


def _write_arabic(paragraph: Paragraph, pieces: tuple[Piece, ...], *, bold: bool = False) -> None:
    paragraph.style = _ARABIC
    paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))  # python-docx has no property for it
    for piece in pieces:
        run = paragraph.add_run(clean(piece.text))
        run.font.rtl, run.font.cs_bold = True, bold
        run.font.highlight_color = _COLORS[piece.severity] if piece.severity else None


def _add_notes(place: WordDocument | _Cell, row: Row) -> None:
    for doubt in row.doubts:
        paragraph = place.add_paragraph(style=_NOTE)
        paragraph.add_run(doubt.label).bold = True
        quotes = "".join(f" “{quote}”" for quote in (doubt.target, doubt.source) if quote)
        paragraph.add_run(clean(f"{quotes} {doubt.message}"))
    for text in row.alternatives:
        place.add_paragraph(clean(f"Or: {text}"), style=_NOTE)
