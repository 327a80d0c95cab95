"""Markdown → the same Markdown in English: the words of headings, paragraphs, lists, quotes and tables are replaced.

Code, HTML blocks, pictures' descriptions and the front matter stay as they are. A paragraph comes out on one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from serve.reader import FRONT_MATTER
from serve.translated.html import Translate
from serve.translated.inline import MAX_DEPTH, Around, Inline, Mark, phrases, rendered

if TYPE_CHECKING:
    from markdown_it.token import Token

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~]|&(?=[#\w]))")
_BLOCK_START = re.compile(r"^([#+=-]|\d{1,9}(?=[.)]))")
_BREAK = "\\\n"


@dataclass(frozen=True, slots=True)
class _Passage:
    """Where a paragraph, heading or cell stands in the text, and its content, a run for each of its lines."""

    start: int
    end: int
    runs: tuple[tuple[Inline, ...], ...]
    indent: str  # of the lines after the first


def translate_markdown(text: str, translate: Translate) -> str:
    """The document in English; raises what `translate` raises."""
    front = found[0] if (found := FRONT_MATTER.match(text)) else ""
    body = text[len(front) :]
    passages = list(_passages(body))
    wanted = list(dict.fromkeys(phrase for passage in passages for run in passage.runs for phrase in phrases(run)))
    english = dict(zip(wanted, translate(wanted), strict=True))
    pieces, at = [front], 0
    for passage in passages:
        if any(english[phrase] != phrase for run in passage.runs for phrase in phrases(run)):
            lines = [_BLOCK_START.sub(r"\\\1", _written(rendered(run, english)).strip()) for run in passage.runs]
            pieces += [body[at : passage.start], f"{_BREAK}{passage.indent}".join(_numbered(line) for line in lines)]
            at = passage.end
    return "".join([*pieces, body[at:]])


def _passages(body: str) -> Iterator[_Passage]:
    """The passages that can be found again in the text; markdown-it tells their lines, but not their columns."""
    from markdown_it import MarkdownIt

    lines = body.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    at = 0
    for token in MarkdownIt("commonmark").enable("table").parse(body):
        if token.type != "inline" or not token.map or not token.content:
            continue
        first, *others = token.content.split("\n")
        line = token.map[0]
        start = _find(body, first, max(at, starts[line]), starts[line + 1])
        last = line + len(others)
        end = _find(body, others[-1], starts[last], starts[last + 1]) if others and last < len(lines) else start
        if start is None or end is None:
            continue
        second = _find(body, others[0], starts[line + 1], starts[line + 2]) if others else None
        at = end + len(_as_written(body, (others or [first])[-1], end))
        indent = body[starts[line + 1] : second] if second is not None else ""
        yield _Passage(start, at, tuple(_runs(token.children or [])), indent)


def _find(body: str, content: str, start: int, end: int) -> int | None:
    """Where the content of a line stands in it; in a table its bars are escaped."""
    places = (body.find(way, start, end) for way in (content, content.replace("|", r"\|")))
    return next((place for place in places if place >= 0), None)


def _as_written(body: str, content: str, at: int) -> str:
    return content if body.startswith(content, at) else content.replace("|", r"\|")


def _runs(children: Sequence[Token]) -> Iterator[tuple[Inline, ...]]:
    """The content of each line; a line break within markup does not count."""
    opened: list[tuple[Token, list[Inline]]] = []  # and what stood before it
    deeper: list[Token] = []  # than markup is followed
    content: list[Inline] = []
    for child in children:
        if child.type == "hardbreak" and not opened:
            yield tuple(content)
            content = []
        elif child.type.endswith("_open") and len(opened) == MAX_DEPTH:
            deeper.append(child)
            content.append(Mark(_ends(child)[0], loose=False))
        elif child.type.endswith("_open"):
            opened.append((child, content))
            content = []
        elif child.type.endswith("_close") and deeper:
            content.append(Mark(_ends(deeper.pop())[1], loose=False))
        elif child.type.endswith("_close") and opened:
            start, outer = opened.pop()
            outer.append(Mark(_autolink(start)) if _autolink(start) else Around(_ends(start), tuple(content)))
            content = outer
        else:
            content.append(_leaf(child))
    yield tuple(content)


def _ends(start: Token) -> tuple[str, str]:
    """How markup begins and ends."""
    return ("[", f"]({_address(start, 'href')})") if start.type == "link_open" else (start.markup, start.markup)


def _autolink(start: Token) -> str:
    """The address that is its own text; empty for anything else."""
    return f"<{start.attrs['href']}>" if start.markup == "autolink" else ""


def _leaf(child: Token) -> Inline:
    if child.type == "text":
        return child.content
    if child.type in ("softbreak", "hardbreak"):
        return " "
    if child.type == "image":
        return Mark(f"![{_escaped(child.content)}]({_address(child, 'src')})")
    if child.type == "code_inline":
        pad = " " if child.content[:1] == "`" or child.content[-1:] == "`" else ""
        return Mark(f"{child.markup}{pad}{child.content}{pad}{child.markup}")
    return Mark(child.content)


def _address(token: Token, name: str) -> str:
    address, title = str(token.attrs[name]), str(token.attrs.get("title", ""))
    address = f"<{address}>" if not address or re.search(r"[\s()]", address) else address
    quoted = _escaped(title).replace('"', r"\"")
    return f'{address} "{quoted}"' if title else address


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _numbered(line: str) -> str:
    """The line, not mistaken for an item of a list."""
    return re.sub(r"^\\(\d+)([.)])", r"\1\\\2", line)


def _written(content: Sequence[Inline]) -> str:
    return "".join(
        _escaped(piece)
        if isinstance(piece, str)
        else piece.markup
        if isinstance(piece, Mark)
        else f"{piece.markup[0]}{_written(piece.inside)}{piece.markup[1]}"
        for piece in content
    )
