"""The dossier as a Word document: English beside Arabic in a table, each in its own direction."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from docx import Document
from docx.document import Document as Doc
from docx.enum.text import WD_COLOR_INDEX
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from mt.document import Severity
from serve.dossier.layout import NO_TEXT, UNSUPPORTED, Doubt, Layout, Piece, Row, clean

_COLORS: dict[Severity, WD_COLOR_INDEX] = {
    "error": WD_COLOR_INDEX.PINK,
    "warning": WD_COLOR_INDEX.YELLOW,
    "info": WD_COLOR_INDEX.TURQUOISE,
}
_NASKH = "Traditional Arabic"  # comes with Word; LibreOffice puts a Naskh that it has in its place
