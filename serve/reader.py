"""Files and streams → Article. Parses only; whatever comes from outside is hostile until it has been read here."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from mt.document import Article
from mt.errors import EmptyInput, InputTooLong, SourceUnreadable, UnsupportedFormat

MAX_BYTES = 2 * 2**20  # a book of 300 pages in Arabic; larger inputs are for `khulasa batch`
HEADLINE_WORDS = 20
WRAPPED = 50  # characters in the longest line of a text that was wrapped at a column
FORMATS = {".txt": "txt", ".text": "txt", ".md": "md", ".markdown": "md"}

_SENTENCE_END = re.compile(r"[.!?؟…:؛،][\"'»”)\]\u200e\u200f]*\s*$")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n(?:---|\.\.\.)\n", re.DOTALL)


def read_article(source: str) -> Article:
    """The article in a file, or on standard input for `-`.

    Raises:
        SourceUnreadable, UnsupportedFormat, InputTooLong, EmptyInput: each names the source and the next step.
    """
    if re.match(r"https?://", source, re.IGNORECASE):
        raise UnsupportedFormat(f"{source}: addresses are not fetched yet; save the page's text as a .txt file")
    data, name = read_bytes(source), "standard input" if source == "-" else source
    kind = "txt" if source == "-" else FORMATS.get(Path(source).suffix.lower())
    if kind is None:
        raise UnsupportedFormat(f"{name}: expected one of {', '.join(FORMATS)}, or text on standard input (-)")
    text, warnings = decode(data, name)
    article = parse_markdown(text) if kind == "md" else parse_text(text)
    if not article.paragraphs and not article.title:
        raise EmptyInput(f"{name} is empty; expected an Arabic article")
    return replace(article, warnings=(*warnings, *article.warnings))


def read_lines(source: str) -> list[str]:
    """The lines of a file or of standard input, blank ones too; only a newline ends a line."""
    text, _ = decode(read_bytes(source), "standard input" if source == "-" else source)
    if not text:
        return []
    return text.removesuffix("\n").split("\n")


def read_bytes(source: str) -> bytes:
    """What the source holds, at most MAX_BYTES of it."""
    try:
        if source == "-":
            return _limited(sys.stdin.buffer, "standard input")
        with Path(source).open("rb") as file:
            return _limited(file, source)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceUnreadable(
            f"{source!r} cannot be read: {reason}. Expected a file, or - for standard input."
        ) from error


def _limited(file: BinaryIO, name: str) -> bytes:
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InputTooLong(f"{name} has over {MAX_BYTES:,} bytes, the most that one article may have; "
                           f"split it into several files")  # fmt: skip
    return data


def decode(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """The text, with \\n for line ends, and a warning where its encoding had to be guessed."""
    encoding, warnings = "utf-8-sig", tuple[str, ...]()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text, warnings = _decode_legacy(data, name)
    if _CONTROL.search(text):
        raise UnsupportedFormat(f"{name} is not text (it has control characters); expected {', '.join(FORMATS)}")
    return text.replace("\r\n", "\n").replace("\r", "\n"), warnings


def _decode_legacy(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """Old Arabic files are windows-1256; taken for it only if the letters come out Arabic."""
    text = data.decode("windows-1256", errors="replace")
    letters = re.findall(r"[^\W\d_]", text)
    arabic = re.findall(r"[\u0621-\u064a]", text)
    common = re.findall(r"[الينمو]", text)  # half of any Arabic text, and of no random bytes
    if _CONTROL.search(text) or len(arabic) < 0.7 * len(letters) or len(common) < 0.3 * len(letters) or not letters:
        raise UnsupportedFormat(f"{name} is not UTF-8 text; save it as UTF-8 and try again")
    return text, (f"{name} is not UTF-8; it was read as windows-1256.",)


def parse_text(text: str) -> Article:
    """Paragraphs between blank lines; a short first one without a full stop is the headline.

    Where no line is blank, each line is a paragraph: that is how most editors and web pages are copied.
    """
    blocks = [block for block in re.split(r"\n[ \t\f\v]*\n", text) if block.strip()]
    if len(blocks) == 1 and "\n" in blocks[0].strip():
        blocks = [line for line in blocks[0].split("\n") if line.strip()]
    paragraphs = [_unwrapped(block) for block in blocks]
    if len(paragraphs) > 1 and _is_headline(paragraphs[0]):
        return Article(tuple(paragraphs[1:]), title=paragraphs[0])
    return Article(tuple(paragraphs))


def _unwrapped(block: str) -> str:
    """The block with the line breaks of a text wrapped at a column taken out; those of lists and verses stay."""
    lines = [line.strip() for line in block.strip().split("\n")]
    longest = max(map(len, lines))
    filled = [len(line) > 0.6 * longest and not _SENTENCE_END.search(line) for line in lines[:-1]]
    wrapped = longest >= WRAPPED and sum(filled) > len(filled) / 2
    return (" " if wrapped else "\n").join(lines)


def _is_headline(paragraph: str) -> bool:
    return "\n" not in paragraph and len(paragraph.split()) <= HEADLINE_WORDS and not _SENTENCE_END.search(paragraph)


def parse_markdown(text: str) -> Article:
    """The words of a Markdown file: its first heading is the headline; tables, code, images and HTML are left out."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable("table").parse(_FRONT_MATTER.sub("", text))
    dropped, blocks = set[str](), []
    heading, in_table = None, False
    for token in tokens:
        if token.type in ("table_open", "table_close"):
            in_table = token.type == "table_open"
            dropped.add("tables")
        elif token.type == "heading_open":
            heading = token.tag
        elif token.type in ("fence", "code_block", "html_block"):
            dropped.add("HTML" if token.type == "html_block" else "code")
        elif token.type == "inline" and not in_table:
            if any(child.type == "image" for child in token.children or ()):
                dropped.add("images")
            words = "".join(_words(token.children or ())).strip()
            blocks.append((heading, words))
            heading = None
    title = next((words for level, words in blocks if level and words), None)
    paragraphs = [words for level, words in blocks if words and not (level and words == title)]
    warnings = (f"Left out of the Markdown file: {', '.join(sorted(dropped))}.",) if dropped else ()
    return Article(tuple(paragraphs), title=title, warnings=warnings)


def _words(children: object) -> Iterator[str]:
    for child in children:  # type: ignore[attr-defined]
        if child.type in ("text", "code_inline"):
            yield child.content
        elif child.type == "softbreak":
            yield " "
        elif child.type == "hardbreak":
            yield "\n"
