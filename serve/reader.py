"""Files, addresses and streams → Article. Whatever comes from outside is hostile until it has been read here.

The one door: `read_article` for what a person names, `parse` for bytes that came by another way. What a file is, its
content says, and its name only where the content does not.
"""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from mt.document import Article
from mt.errors import EmptyInput, InputTooLong, SourceUnreadable, UnsupportedFormat

MAX_BYTES = 2 * 2**20  # of text: a book of 300 pages in Arabic
MAX_FILE = 20 * 2**20  # of a page, a document or a PDF, pictures and all
MAX_MEMBERS = 100  # of a gzip file; unpacking takes quadratic time in them
HEADLINE_WORDS = 20
WRAPPED = 50  # characters in the longest line of a text that was wrapped at a column
FORMATS = {
    ".txt": "txt", ".text": "txt", ".md": "md", ".markdown": "md", ".html": "html", ".htm": "html", ".xhtml": "html",
    ".docx": "docx", ".pdf": "pdf",
}  # fmt: skip
_EXPECTED = f"expected one of {', '.join(FORMATS)}"
_KINDS = {"txt": "a text", "md": "a Markdown file", "html": "a web page", "docx": "a Word document", "pdf": "a PDF"}
_FOREIGN = {  # first bytes of what is often taken for one of ours, and the way out
    b"\xd0\xcf\x11\xe0": "an old Word file (.doc), or one locked with a password; save it as .docx",
    b"{\\rtf": "an RTF file; save it as .docx",
    b"\x89PNG": "a picture; read it with an OCR program first",
    b"\xff\xd8\xff": "a picture; read it with an OCR program first",
    b"GIF8": "a picture; read it with an OCR program first",
}

_SENTENCE_END = re.compile(r"[.!?؟…:؛،][\"'»”)\]\u200e\u200f]*\s*$")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
# Between two lines of dashes, and beginning as YAML does: a key in Latin letters, for Arabic before a colon is text.
FRONT_MATTER = re.compile(r"\A---[ \t]*\n\s*[A-Za-z0-9_-]+[ \t]*:(?=\s).*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TO_TERMINALS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all controls but tab and newline
_URL = re.compile(r"https?://", re.IGNORECASE)


def read_article(source: str) -> Article:
    """The article in a file, at an http(s) address, or on standard input for `-`.

    Raises:
        SourceUnreadable, UnsupportedFormat, InputTooLong, EmptyInput: each names the source and the next step.
    """
    if _URL.match(source):
        from serve.fetch import fetch

        page = fetch(source)
        return parse(page.data, page.url, page.kind, page.charset)
    name = "standard input" if source == "-" else source
    return parse(read_bytes(source, _limit(source)), name, "txt" if source == "-" else None)


def parse(data: bytes, name: str, kind: str | None = None, charset: str | None = None) -> Article:
    """The article in these bytes; `kind` (txt, md, html, docx, pdf) where the name does not say it.

    Raises:
        SourceUnreadable, UnsupportedFormat, InputTooLong, EmptyInput: each names `name` and the next step.
    """
    stem = name
    if data[:2] == b"\x1f\x8b":
        data, stem = gunzip(data, name, MAX_FILE), re.sub(r"\.gz$", "", name, flags=re.IGNORECASE)
    if len(data) > MAX_FILE:
        raise _too_long(name, MAX_FILE)
    expected = kind or FORMATS.get(Path(stem).suffix.lower())
    found = kind_of(data, name, expected)
    article = _parsed(data, name, found, charset)
    if expected not in (None, found) and (kind, found) != ("txt", "html"):  # a page on standard input is no surprise
        article = replace(article, warnings=(f"{name} is {_KINDS[found]} and was read as one.", *article.warnings))
    article = _printable(article)
    if not article.paragraphs and not article.title:
        raise EmptyInput(" ".join((f"{name} is empty; expected an Arabic article.", *article.warnings)))
    if sum(len(text.encode("utf-8", "replace")) for text in (article.title or "", *article.paragraphs)) > MAX_BYTES:
        raise _too_long(f"the text of {name}", MAX_BYTES)
    return article


def _printable(article: Article) -> Article:
    """The article without control characters, which entities and fonts can hold and terminals obey."""
    paragraphs = tuple(text for paragraph in article.paragraphs if (text := _without_controls(paragraph).strip()))
    title = _without_controls(article.title or "").strip() or None
    warnings = tuple(map(_without_controls, article.warnings))  # they quote names and margins
    return replace(article, paragraphs=paragraphs, title=title, warnings=warnings)


def _without_controls(text: str) -> str:
    return _TO_TERMINALS.sub(lambda found: " " if found[0].isspace() else "", text)


def _parsed(data: bytes, name: str, kind: str, charset: str | None) -> Article:
    if kind == "pdf":
        from serve.pdf import parse_pdf

        return parse_pdf(data, name)
    if kind == "docx":
        from serve.docx import parse_docx

        return parse_docx(data, name)
    if kind == "html":
        from serve.html import declared_charset, parse_html

        text, warnings = decode(data, name, charset or declared_charset(data), markup=True)
        article = parse_html(text, name)
    else:
        if len(data) > MAX_BYTES:
            raise _too_long(name, MAX_BYTES)
        text, warnings = decode(data, name, charset)
        text = text.replace("\r", "\n")  # files of old Macs
        article = parse_markdown(text) if kind == "md" else parse_text(text)
    return replace(article, warnings=(*warnings, *article.warnings))


def kind_of(data: bytes, name: str, expected: str | None) -> str:
    """What the bytes are: by their first ones, else what is expected."""
    from serve.html import looks_like_html

    for magic, what in _FOREIGN.items():
        if data.startswith(magic):
            raise UnsupportedFormat(f"{name} is {what}, and try again; {_EXPECTED}")
    if b"%PDF-" in data[:1024] and data.lstrip()[:1] != b"<":
        return "pdf"
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "docx"  # the parser says so if it is another kind of zip
    if data[:2] == b"\x1f\x8b":
        raise UnsupportedFormat(f"{name} is packed twice; unpack it and try again")
    if expected in ("pdf", "docx"):
        raise UnsupportedFormat(f"{name} is not {_KINDS[expected]}, whatever its name says; {_EXPECTED}")
    utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    start = data[:8000].decode("utf-16" if utf16 else "latin-1", "replace").removeprefix("ï»¿")
    if expected != "md" and looks_like_html(start):
        return "html"
    if expected is None:
        raise UnsupportedFormat(f"{name}: {_EXPECTED}, also as .gz, or text on standard input (-)")
    return expected


def gunzip(data: bytes, name: str, limit: int) -> bytes:
    """The unpacked bytes, at most `limit` of them: unpacking stops there."""
    unpacked, rest, members = bytearray(), data, 0
    try:
        while rest[:2] == b"\x1f\x8b":  # a file may have several members; what follows the last is padding
            if (members := members + 1) > MAX_MEMBERS:
                raise SourceUnreadable(f"{name} is a gzip file of over {MAX_MEMBERS} members; unpack it and try again")
            member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            unpacked += member.decompress(rest, limit + 1 - len(unpacked))
            if len(unpacked) > limit:
                raise _too_long(f"{name}, unpacked,", limit)
            if not member.eof:
                raise SourceUnreadable(f"{name} is a gzip file cut short; get it again")
            rest = member.unused_data
    except zlib.error as error:
        raise SourceUnreadable(f"{name} is a broken gzip file ({error}); get it again") from error
    return bytes(unpacked)


def read_lines(source: str) -> list[str]:
    """The lines of a file (also packed as .gz) or of standard input, blank ones too; only \\n or \\r\\n ends a line."""
    name = "standard input" if source == "-" else source
    data = read_bytes(source)
    text, _ = decode(gunzip(data, name, MAX_BYTES) if data[:2] == b"\x1f\x8b" else data, name)
    return [_without_controls(line) for line in text.removesuffix("\n").split("\n")] if text else []


def read_bytes(source: str, limit: int = MAX_BYTES) -> bytes:
    """What the source holds, at most `limit` bytes: more is an error, and is not read."""
    try:
        with nullcontext(sys.stdin.buffer) if source == "-" else Path(source).open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceUnreadable(
            f"{source!r} cannot be read: {reason}. Expected a file, or - for standard input."
        ) from error
    if len(data) > limit:
        raise _too_long("standard input" if source == "-" else source, limit)
    return data


def _limit(source: str) -> int:
    return MAX_BYTES if FORMATS.get(Path(source).suffix.lower()) == "md" else MAX_FILE


def _too_long(name: str, limit: int) -> InputTooLong:
    return InputTooLong(f"{name} has over {limit:,} bytes, the most that one article may have; "
                        f"split it into several files")  # fmt: skip


def decode(data: bytes, name: str, charset: str | None = None, markup: bool = False) -> tuple[str, tuple[str, ...]]:
    """The text, with \\n for \\r\\n, and a warning where its encoding had to be guessed.

    UTF-8 is taken where the bytes are UTF-8, whatever `charset` says: no other text is so by chance.
    """
    warnings: tuple[str, ...] = ()
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text, warnings = _decode_stated(data, charset) or _decode_legacy(data, name, markup)
    if _CONTROL.search(text):
        raise UnsupportedFormat(f"{name} is not text (it has control characters); {_EXPECTED}")
    return text.replace("\r\n", "\n"), warnings


_ENCODINGS = {"windows-1256", "cp1256", "iso-8859-6", "windows-1252", "iso-8859-1", "utf-16", "utf-16le", "utf-16be"}


def _decode_stated(data: bytes, charset: str | None) -> tuple[str, tuple[str, ...]] | None:
    """The text in the encoding that its page or server states, if it is one of those that Arabic pages use."""
    if charset is None or charset.lower() not in _ENCODINGS:
        return None
    try:
        return data.decode("windows-1256" if charset.lower() == "cp1256" else charset), ()
    except UnicodeDecodeError:
        return None


def _decode_legacy(data: bytes, name: str, markup: bool) -> tuple[str, tuple[str, ...]]:
    """Old Arabic files are windows-1256; taken for it only if the letters come out Arabic, markup aside."""
    text = data.decode("windows-1256", errors="replace")
    letters = re.findall(r"[^\W\d_]", re.sub(r"<[^<>]*>", " ", text) if markup else text)
    arabic = [letter for letter in letters if "\u0621" <= letter <= "\u064a"]
    common = [letter for letter in arabic if letter in "الينمو"]  # half of any Arabic text, and of no random bytes
    enough = 0.2 if markup else 0.7  # a page has scripts too
    if _CONTROL.search(text) or not arabic or len(arabic) < enough * len(letters) or len(common) < 0.35 * len(arabic):
        raise UnsupportedFormat(f"{name} is not UTF-8 text; save it as UTF-8 and try again")
    return text, (f"{name} is not UTF-8; it was read as windows-1256.",)


def parse_text(text: str) -> Article:
    """Paragraphs between blank lines; a short first one without a full stop is the headline.

    Where no line is blank, each line is a paragraph: that is how most editors and web pages are copied.
    """
    blocks = [block for block in re.split(r"\n[ \t\f\v]*\n", text) if block.strip()]
    if len(blocks) == 1 and "\n" in blocks[0].strip():
        blocks = [line for line in blocks[0].split("\n") if line.strip()]
    paragraphs = [unwrapped(block) for block in blocks]
    if len(paragraphs) > 1 and _is_headline(paragraphs[0]):
        return Article(tuple(paragraphs[1:]), title=paragraphs[0])
    return Article(tuple(paragraphs))


def unwrapped(block: str) -> str:
    """The block with the line breaks of a text wrapped at a column taken out; those of lists and verses stay."""
    lines = [line.strip() for line in block.strip().split("\n")]
    longest = max(map(len, lines))
    filled = [len(line) > 0.6 * longest and not _SENTENCE_END.search(line) for line in lines[:-1]]
    wrapped = longest >= WRAPPED and sum(filled) > len(filled) / 2
    return (" " if wrapped else "\n").join(lines)


def _is_headline(paragraph: str) -> bool:
    return "\n" not in paragraph and len(paragraph.split()) <= HEADLINE_WORDS and not _SENTENCE_END.search(paragraph)


def parse_markdown(text: str) -> Article:
    """The words of a Markdown file: a heading before all else is the headline; what is left out is said."""
    from markdown_it import MarkdownIt

    body = FRONT_MATTER.sub("", text)
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    dropped, blocks = {"front matter"} if body != text else set[str](), []
    heading = in_table = False
    for token in tokens:
        if token.type in ("table_open", "table_close"):
            in_table = token.type == "table_open"
            dropped.add("tables")
        elif token.type == "heading_open":
            heading = True
        elif token.type in ("fence", "code_block", "html_block"):
            dropped.add("HTML" if token.type == "html_block" else "code")
        elif token.type == "inline" and not in_table:
            inside = {child.type for child in token.children or ()}
            dropped |= {what for kind, what in (("image", "images"), ("html_inline", "HTML")) if kind in inside}
            if words := "".join(_words(token.children or ())).strip():
                blocks.append((heading, words))
            heading = False
    title = blocks.pop(0)[1] if blocks and blocks[0][0] else None
    warnings = (f"Left out of the Markdown file: {', '.join(sorted(dropped))}.",) if dropped else ()
    return Article(tuple(words for _, words in blocks), title=title, warnings=warnings)


def _words(children: object) -> Iterator[str]:
    for child in children:  # type: ignore[attr-defined]
        if child.type in ("text", "code_inline"):
            yield child.content
        elif child.type == "softbreak":
            yield " "
        elif child.type == "hardbreak" or (child.type == "html_inline" and child.content[:3].lower() == "<br"):
            yield "\n"
