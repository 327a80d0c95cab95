"""The dossier as CommonMark, in which no text of the article can become markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from serve.dossier.layout import NO_TEXT, UNSUPPORTED, Doubt, Layout, Piece, Row, clean
from summarize.base import SummarySentence

# What means something in CommonMark, GitHub's or pandoc's Markdown, or a site generator's templates: anywhere in
# a line, at its start, or as a web address that would become a link.
_SPECIAL = re.compile(r"[\\`*_~^|<>\[\]{}&#$@:]|^[-+=%]|(?<=www)\.", re.IGNORECASE)
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
    yield _list(_doubt(row, doubt) for row in page.headline for doubt in row.doubts)
    yield f"**{escape(page.notice)}**" if page.notice else ""
    yield _list(escape(caution) for caution in page.cautions)
    yield " ".join([page.doubts, *_cited(page.doubted)])
    yield "## Summary"
    yield escape(page.summary_made)
    yield _list(_sentence(sentence) for sentence in page.summary)
    yield "## The two texts"
    for count, paragraph in enumerate(page.paragraphs):
        yield "---" if count else ""
        for row in paragraph:
            yield from _segment(row)
    yield "## Where this comes from"
    facts = ([f"{fact.name}: {fact.text}", *([fact.signature] if fact.signature else [])] for fact in page.provenance)
    yield _list(escape("\n".join(lines)) for lines in facts)


def _segment(row: Row) -> Iterator[str]:
    yield f"[{row.number}] {_text(row.target)}"
    yield _quoted(row.source)
    yield _list([*(_doubt(row, doubt) for doubt in row.doubts), *(f"Or: {escape(text)}" for text in row.alternatives)])


def _sentence(sentence: SummarySentence) -> str:
    doubt = [] if sentence.supported else [f"({UNSUPPORTED})"]
    return " ".join([escape(sentence.text), *doubt, *_cited(index + 1 for index in sentence.segments)])


def _doubt(row: Row, doubt: Doubt) -> str:
    quotes = "".join(f" “{escape(quote)}”" for quote in (doubt.target, doubt.source) if quote)
    return f"⚠ [{row.number}] **{doubt.label}**{quotes} {escape(doubt.message)}"


def _text(pieces: tuple[Piece, ...]) -> str:
    return escape("".join(piece.text for piece in pieces)) or f"({NO_TEXT})"


def _quoted(pieces: tuple[Piece, ...]) -> str:
    """Arabic as a block of its own, which begins with it: programs then lay it out from right to left."""
    return "> " + _text(pieces).replace("\n", "\n> ")


def _cited(numbers: Iterable[int]) -> Iterator[str]:
    return (f"[{number}]" for number in numbers)


def _list(items: Iterable[str]) -> str:
    return "\n".join("- " + item.replace("\n", "\n  ") for item in items)
