"""PDF → Article: lines from the places of glyphs, paragraphs from the places of lines. A guess, and said to be one."""

from __future__ import annotations

import io
import logging
import re
import statistics
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from mt.document import Article
from mt.errors import InputError, InputTooLong, SourceUnreadable, UnsupportedFormat
from mt.normalize import fold_presentation_forms
from serve.bidi import is_mark, is_right_to_left, logical, mend_brackets
from serve.glyphs import Drawing, Glyph

MAX_PAGES = 300
MAX_SECONDS = 60.0
ENCRYPTED = "it is encrypted; save a copy without a password, or its text as a .txt file"
GUESS = "A PDF's text order is a guess: compare with the page."
LARGER = 1.15  # times the size of the text: a headline
SPACE = 0.18  # of the size of the letters: a gap between words where no space is drawn
COLUMN = 2.5  # of the size: a gap between columns
EDGE = 3  # lines at the top and at the foot of a page that may be its header or footer

_END = re.compile(r"[.!?؟…:؛][\"'»”)\]]*$")
# What browsers and word processors print at the edges: addresses, dates, times, page numbers.
_MARGINAL = re.compile(r"\w+://\S+|\b(?:AM|PM|page|of)\b|\bصفحة\b|\bمن\b|[\W\d_]", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufffe\uffff]")
_LATIN_LIGATURE = re.compile(r"[\ufb00-\ufb06]")


@dataclass(frozen=True, slots=True)
class Line:
    """A line in reading order; `lead` is the width of its first word, `wide` says that a column may end in it."""

    text: str
    left: float
    right: float
    base: float
    size: float
    lead: float
    wide: bool = False


def parse_pdf(data: bytes, name: str) -> Article:
    """The article on the pages of a PDF, always with the warning that its order is a guess.

    Raises:
        SourceUnreadable: broken, encrypted, or pictures of pages; InputTooLong; UnsupportedFormat: glyphs that
            stand for no known character. Whatever pypdf stumbles over becomes one of these.
    """
    from pypdf import apply_configuration
    from pypdf.errors import DependencyError, LimitReachedError

    logging.getLogger("pypdf").addHandler(logging.NullHandler())  # else it tells standard error
    try:
        with apply_configuration(zlib_maximum_output_length=20_000_000, stream_parsing_work_maximum_count=500_000):
            return _article(data)
    except LimitReachedError as error:
        raise InputTooLong(f"{name} unpacks to too much ({error}); save its text as a .txt file") from error
    except DependencyError as error:  # AES, and no package here that knows it
        raise SourceUnreadable(f"{name}: {ENCRYPTED}") from error
    except InputError as error:
        raise type(error)(f"{name}: {error}") from error
    except (Exception, RecursionError) as error:  # a parser of hostile bytes: any exception is the file's
        raise SourceUnreadable(f"{name} is a broken PDF ({error}); save its text as a .txt file") from error


def _article(data: bytes) -> Article:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise SourceUnreadable(ENCRYPTED)
    if len(reader.pages) > MAX_PAGES:
        raise InputTooLong(f"it has {len(reader.pages)} pages, at most {MAX_PAGES} are read; print the article alone")
    drawing = Drawing(reader, {}, time.monotonic() + MAX_SECONDS)
    glyphs = [_folded(drawing.page(page)) for page in reader.pages]
    if drawing.unknown > 0.3 * drawing.shown:
        raise UnsupportedFormat("its fonts do not say which letters they draw; copy its text into a .txt file")
    if not any(glyph.text.strip("\ufffd ") for page in glyphs for glyph in page):
        raise SourceUnreadable("it holds pictures of pages, no text; read them with an OCR program first")
    rtl = is_right_to_left(glyph.text for page in glyphs for glyph in page)
    pages = [list(_lines(page, rtl)) for page in glyphs]
    stated = _stated_title(reader)
    kept, dropped = _without_margins(pages, stated)
    paragraphs = list(_paragraphs([line for page in kept for line in page], rtl))
    title, body = _title(paragraphs, stated)
    return Article(tuple(body), title=title, warnings=tuple(_warnings(drawing, kept, dropped)))


def _warnings(drawing: Drawing, pages: Iterable[Iterable[Line]], dropped: list[str]) -> Iterator[str]:
    yield GUESS
    if dropped:
        yield f"Left out as headers, footers or page numbers: {'; '.join(dropped[:5])}."
    if sum(line.wide for page in pages for line in page) > 2:
        yield "The page may have columns or a table; their lines may be mixed up."
    if drawing.unknown:
        yield f"{drawing.unknown} glyphs of the PDF stand for no known letter; they are left out or shown as \ufffd."
    if drawing.rotated:
        yield "Text that does not stand upright was left out."


def _stated_title(reader: Any) -> str | None:
    title = reader.metadata.title if reader.metadata else None
    return " ".join(title.split()) if isinstance(title, str) else None


def _folded(glyphs: Iterable[Glyph]) -> list[Glyph]:
    """The glyphs as letters, without what is not seen; bold drawn as the same letter twice is one letter."""
    kept: list[Glyph] = []
    for glyph in glyphs:
        text = _UNSEEN.sub("", re.sub(r"\s", " ", fold_presentation_forms(glyph.text)))
        text = _LATIN_LIGATURE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
        if text and not (kept and _drawn_again(kept[-1], glyph, text)):
            kept.append(replace(glyph, text=text))
    return kept


def _drawn_again(last: Glyph, glyph: Glyph, text: str) -> bool:
    near = 0.1 * last.size
    return text == last.text != " " and abs(last.base - glyph.base) < near and abs(last.left - glyph.left) < near


def _lines(glyphs: Sequence[Glyph], rtl: bool) -> Iterator[Line]:
    """The lines of a page: glyphs drawn one after another on a baseline; the order of the lines is the drawing's."""
    line: list[Glyph] = []
    for glyph in glyphs:
        if line and abs(glyph.base - line[0].base) > 0.5 * max(glyph.size, line[0].size):
            yield from _line(line, rtl)
            line = []
        line.append(glyph)
    yield from _line(line, rtl)


def _line(glyphs: list[Glyph], rtl: bool) -> Iterator[Line]:
    """The glyphs of a line in reading order, with a space in each gap; nothing if there is nothing to see."""
    letters = sorted((glyph for glyph in glyphs if not is_mark(glyph.text)), key=lambda glyph: glyph.left)
    if not any(glyph.text.strip() for glyph in letters):
        return
    for mark in (glyph for glyph in glyphs if is_mark(glyph.text)):
        middle = (mark.left + mark.right) / 2
        bearer = min(
            (letter for letter in letters if letter.text != " "),
            key=lambda glyph: max(glyph.left - middle, middle - glyph.right),
        )
        bearer.text += mark.text
    size = statistics.median(glyph.size for glyph in letters)
    pieces, wide, end = list[str](), False, letters[0].left
    for glyph in letters:
        gap = glyph.left - end
        if gap > SPACE * size and pieces and pieces[-1] != " " and glyph.text != " ":
            pieces.append(" ")
        wide = wide or gap > COLUMN * size
        pieces.append(glyph.text)
        end = max(end, glyph.right)
    text = " ".join(logical(pieces, rtl).split())
    inked = [glyph for glyph in letters if glyph.text.strip()]
    left, right = inked[0].left, max(glyph.right for glyph in inked)
    lead = (right - left) * len(text.split()[0]) / len(text)
    yield Line(text, left, right, glyphs[0].base, size, lead, wide)


def _without_margins(pages: list[list[Line]], stated: str | None) -> tuple[list[list[Line]], list[str]]:
    """The pages without page numbers and without the lines that come again at the same edge of other pages."""
    seen = Counter(key for page in pages for key in {_pattern(line) for line in _edges(page)})
    kept, dropped = [], dict[str, None]()
    for page in pages:
        edges = _edges(page)
        gone = [line for line in edges if seen[_pattern(line)] > max(1, len(pages) // 3)]
        gone += [line for line in edges if _is_marginal(line, stated)]
        dropped |= dict.fromkeys(line.text for line in gone)
        kept.append([line for line in page if line not in gone])
    return kept, list(dropped)


def _is_marginal(line: Line, stated: str | None) -> bool:
    """Whether a line has only what is printed at edges, the title beside it."""
    rest = line.text.replace(stated, " ") if stated else line.text
    return bool(rest.strip()) and not _MARGINAL.sub("", rest)


def _edges(page: list[Line]) -> list[Line]:
    """The highest and the lowest lines of a page that stand apart: "2024." may be the last line of a paragraph."""
    ordered = sorted(page, key=lambda line: line.base)
    bases = [line.base for line in ordered]

    def apart(line: Line) -> bool:
        others = (abs(base - line.base) for base in bases)
        return all(step > 1.9 * line.size for step in others if step > 0.5 * line.size)

    return [line for line in ordered[:EDGE] + ordered[max(EDGE, len(ordered) - EDGE) :] if apart(line)]


def _pattern(line: Line) -> tuple[str, int]:
    return re.sub(r"\b\d{1,3}\b", "#", line.text), round(line.base / 4)  # page numbers differ, years do not


def _paragraphs(lines: list[Line], rtl: bool) -> Iterator[tuple[str, float]]:
    """Each paragraph with the size of its letters."""
    if not lines:
        return
    body = _body_size(lines)
    text_lines = [line for line in lines if abs(line.size - body) < 0.1 * body]
    start, end = min(line.left for line in text_lines), max(line.right for line in text_lines)
    steps = [a.base - b.base for a, b in pairwise(text_lines) if 0 < a.base - b.base < 4 * body]
    leading = statistics.median_low(steps) / body if steps else 1.5
    block: list[Line] = []
    for line in lines:
        if block and _ends(block[-1], line, leading, (start, end), rtl):
            yield _joined(block), block[0].size
            block = []
        block.append(line)
    yield _joined(block), block[0].size


def _ends(above: Line, line: Line, leading: float, column: tuple[float, float], rtl: bool) -> bool:
    """Whether a paragraph ends between two lines: another size, a wider step, or room for the next word."""
    if abs(above.size - line.size) > 0.1 * above.size:
        return True
    if above.base - line.base > 1.25 * leading * line.size:
        return True
    room = above.left - column[0] if rtl else column[1] - above.right
    ended = bool(_END.search(above.text)) or room > 0.5 * (column[1] - column[0])
    return ended and room > line.lead + 0.5 * above.size


def _joined(lines: list[Line]) -> str:
    """The lines as one paragraph; a word that a soft hyphen cut is whole again."""
    text = " ".join(line.text for line in lines)
    return mend_brackets(re.sub("\u00ad ?", "", text))


def _body_size(lines: Iterable[Line]) -> float:
    """The size in which most letters are set."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0]


def _title(paragraphs: list[tuple[str, float]], stated: str | None) -> tuple[str | None, list[str]]:
    """The headline and the rest: the largest of the first paragraphs, else the file's own title if it is there."""
    texts = [text for text, _ in paragraphs]
    sizes: Counter[float] = Counter()
    for text, size in paragraphs:
        sizes[size] += len(text)
    title = stated if stated in texts and len(texts) > 1 else None
    if len(texts) > 1:
        largest, size = max(paragraphs[:3], key=lambda paragraph: paragraph[1])  # above it: the paper, the section
        title = largest if size > LARGER * sizes.most_common(1)[0][0] else title
    if title is not None:
        texts.remove(title)
    return title, texts
