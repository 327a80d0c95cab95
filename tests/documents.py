"""Articles as the files that people have: a web page, a Word document, a PDF as a browser prints it."""

from __future__ import annotations

import html
import io
import unicodedata
import zlib
from collections.abc import Iterable, Sequence

SIZE, LETTER, GAP = 12, 6.0, 3.0  # points: type, width of a letter, width of a space
LEFT, RIGHT, TOP, FOOT = 60.0, 540.0, 780.0, 80.0


def web_page(title: str | None, paragraphs: Iterable[str], charset: str = "utf-8") -> str:
    headline = f"<h1>{html.escape(title)}</h1>" if title else ""
    body = "\n".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
    return (
        f'<!DOCTYPE html>\n<html lang="ar" dir="rtl"><head><meta charset="{charset}"><title>{title or ""}</title>'
        f"<script>var x = 'لا يقرأ';</script></head><body><nav><a href='/'>الرئيسية</a></nav>"
        f"<article>{headline}{body}</article><footer>جميع الحقوق محفوظة</footer></body></html>"
    )


def word_document(title: str | None, paragraphs: Iterable[str]) -> bytes:
    import docx

    document = docx.Document()
    if title:
        document.add_heading(title, 0)
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def shaped(line: str) -> str:
    """The line as it is drawn from left to right, in the shapes that letters have in words."""
    from arabic_reshaper import ArabicReshaper
    from bidi.algorithm import get_display

    return str(get_display(ArabicReshaper({"delete_harakat": False}).reshape(line), base_dir="R"))


def pdf(title: str | None, paragraphs: Iterable[str], running: str = "") -> bytes:
    """Set in lines, right-aligned, with page numbers and a running head, as many pages as it takes."""
    pages: list[list[str]] = []
    y = 0.0
    blocks = ([(title, 18)] if title else []) + [(paragraph, SIZE) for paragraph in paragraphs]
    for text, size in blocks:
        for line in wrapped(text, (RIGHT - LEFT) * SIZE / size):
            if y < FOOT or not pages:
                pages.append([])
                y = TOP
                edges = [(running, 820.0)] if running else []
                for edge, place in [*edges, (str(len(pages)), 40.0)]:
                    pages[-1] += drawn(shaped(edge), RIGHT, place, 9)
            pages[-1] += drawn(shaped(line), RIGHT, y, size)
            y -= 1.7 * size
        y -= size
    return pdf_file(["\n".join(page) for page in pages])


def width(text: str) -> float:
    return sum(0 if unicodedata.combining(c) else GAP if c == " " else LETTER for c in text)


def wrapped(text: str, room: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and width(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def drawn(line: str, right: float, y: float, size: float) -> list[str]:
    """The instructions that draw a line, one for each glyph; a vowel sign stands above the letter that comes next."""
    x = right - width(line) * size / SIZE
    instructions, marks = ["BT", f"/F1 {size} Tf"], ""
    for character in line:
        if unicodedata.combining(character):
            marks += character
            continue
        instructions.append(f"1 0 0 1 {x:.2f} {y:.2f} Tm <{ord(character):04X}> Tj")
        instructions += [f"1 0 0 1 {x + 2:.2f} {y + 3:.2f} Tm <{ord(mark):04X}> Tj" for mark in marks[::-1]]
        x += width(character) * size / SIZE
        marks = ""
    return [*instructions, "ET"]


def pdf_file(contents: Sequence[str], to_unicode: bool = True, info: str = "", extra: str = "") -> bytes:
    """A file with a page for each content stream and one font whose codes are Unicode's."""
    wide = " ".join(f"{first} {last} {points}" for first, last, points in (
        (0x20, 0x20, GAP / SIZE * 1000), (0x64B, 0x65F, 0), (0x670, 0x670, 0), (0xFE70, 0xFE7F, 0)))  # fmt: skip
    ranges = "\n".join(f"<{high:02X}00> <{high:02X}FF> <{high:02X}00>" for high in (0, 2, 3, 6, 0x20, 0xFB, 0xFD, 0xFE))
    cmap = f"/CIDInit /ProcSet findresource begin begincmap\n8 beginbfrange\n{ranges}\nendbfrange\nendcmap end"
    kids = " ".join(f"{8 + 2 * i} 0 R" for i in range(len(contents)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>",
        f"<< /Type /Font /Subtype /Type0 /BaseFont /Test /Encoding /Identity-H /DescendantFonts [4 0 R]"
        f"{' /ToUnicode 6 0 R' if to_unicode else ''} >>",
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Test /FontDescriptor 5 0 R /DW {LETTER / SIZE * 1000}"
        f" /W [{wide}] /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        "<< /Type /FontDescriptor /FontName /Test /Flags 4 /FontBBox [0 0 1000 1000] >>",
        stream(cmap),
        f"<< {info} >>",
    ]
    for i, content in enumerate(contents):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {9 + 2 * i} 0 R"
            f" /Resources << /Font << /F1 3 0 R >> {extra} >> >>"
        )
        objects.append(stream(content))
    file = bytearray(b"%PDF-1.7\n")
    places = []
    for number, item in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, item.encode("latin-1"))
    start = len(file)
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    file += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    file += f"trailer << /Size {len(objects) + 1} /Root 1 0 R /Info 7 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(file)


def stream(content: str) -> str:
    packed = zlib.compress(content.encode("latin-1")).decode("latin-1")
    return f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n{packed}\nendstream"
