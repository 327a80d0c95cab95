"""The dossier as CommonMark, in which no text of the article can become markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mt.webpage import clean
from serve.dossier.layout import NO_TEXT, Layout, Piece, Row, Statement

# What means something in CommonMark, GitHub's or pandoc's Markdown, or a site generator's templates: anywhere in
# a line, at its start, or as a web address that would become a link.
_SPECIAL = re.compile(r"[\\`*_~^|<>\[\]{}&#$@]|^[-+=%:]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_NUMBERED = re.compile(r"^(\d+)([.)])")
_LINE_END = re.compile(r"\s*[\r\n]\s*")


def markdown(page: Layout) -> str:
    """The whole dossier; blocks stand apart by a blank line."""
    return "\n\n".join(block for block in _blocks(page) if block) + "\n"


def escape(text: str) -> str:
    """The text as Markdown that reads as the text, a hard break at each of its line ends."""
    lines = (_SPECIAL.sub(r"\\\g<0>", line) for line in _LINE_END.split(clean(text).strip()))
    return "\\\n".join(_NUMBERED.sub(r"\1\\\2", line) for line in lines)


def _blocks(page: Layout) -> Iterator[str]:
    yield f"# {escape(' '.join(page.title.split()))}"
    yield " ".join(_quoted(row.source) for row in page.headline)
    yield _list(note for row in page.headline for note in _notes(row))
    yield f"**{escape(page.notice)}**" if page.notice else ""
    yield _list(escape(caution) for caution in page.cautions)
    yield " ".join([page.doubts, *_cited(page.doubted)])
    yield "## Summary"
    yield escape(page.summary_made)
    yield _list(_statement(statement) for statement in page.summary)
    yield "## The two texts"
    for count, paragraph in enumerate(page.paragraphs):
        yield "---" if count else ""
        for row in paragraph:
            yield from _segment(row)
    yield "## Where this comes from"
    yield _list(
        f"{fact.name}: {escape(fact.text)}" + (f" {_code(fact.signature)}" if fact.signature else "")
        for fact in page.provenance
    )


def _segment(row: Row) -> Iterator[str]:
    yield f"[{row.number}] {_text(row.target)}"
    yield _quoted(row.source)
    yield _list(_notes(row))


def _notes(row: Row) -> Iterator[str]:
    for doubt in row.doubts:
        quotes = "".join(f" “{escape(quote)}”" for quote in (doubt.target, doubt.source) if quote)
        yield f"⚠ [{row.number}] **{doubt.label}**{quotes} {escape(doubt.message)}"
    for text in row.alternatives:
        yield f"[{row.number}] Or: {escape(text)}"


def _statement(statement: Statement) -> str:
    doubt = [f"({escape(statement.doubt)})"] if statement.doubt else []
    return " ".join([escape(statement.text), *_cited(statement.numbers), *doubt])


def _text(pieces: tuple[Piece, ...]) -> str:
    return escape("".join(piece.text for piece in pieces)) or NO_TEXT


def _quoted(pieces: tuple[Piece, ...]) -> str:
    """Arabic as a block of its own, which begins with it: programs then lay it out from right to left."""
    return "> " + _text(pieces).replace("\n", "\n> ")


def _code(text: str) -> str:
    """The text on one line between more backticks than it has in a row."""
    line = " ".join(clean(text).split())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    return f"{fence} {line} {fence}" if len(fence) > 1 else f"{fence}{line}{fence}"


def _cited(numbers: Iterable[int]) -> Iterator[str]:
    return (f"[{number}]" for number in numbers)


def _list(items: Iterable[str]) -> str:
    return "\n".join("- " + item.replace("\n", "\n  ") for item in items)
