"""The report as Markdown for a pull request or a build's summary, in which no foreign text can become markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from eval.report.diff import Piece
from eval.report.escape import escape, one_line
from eval.report.page import Page, Section
from eval.report.segments import Example, Listing
from eval.report.tables import Cell, Row, Table
from mt.webpage import clean

LONGEST = 65_536  # characters of a comment on GitHub; the summary of a step may be longer
_EXAMPLES = 3  # segments of a list
_TEXT = 400  # characters of a segment that are shown
_REST = "Some segments are left out here, for there is no room; they are in the HTML report."


def markdown(page: Page) -> str:
    """The whole report in less than 65,536 characters: what does not fit is left out from the end, and that is said.

    Gates and scores come first.
    """
    blocks = [f"## {escape(page.title)}", escape(page.about), _gates(page), *_sections(page)]
    facts = _details("Where this comes from", _facts(page))
    kept, room = [], LONGEST - len(facts) - len(_REST) - 10
    for block in filter(None, blocks):
        room -= len(block) + 2
        if room < 0:
            kept.append(_REST)
            break
        kept.append(block)
    return "\n\n".join([*kept, *([facts] if len(facts) < LONGEST // 2 else [])]) + "\n"


def _gates(page: Page) -> str:
    return "\n".join(
        f"- {'✅' if outcome.passed else '❌ **failed**'} {escape(outcome.system)}: {escape(outcome.message)}"
        for outcome in page.outcomes
    )


def _sections(page: Page) -> Iterator[str]:
    for section in page.sections:
        first, *others = section.tables
        yield f"### {escape(section.title)}"
        yield escape(section.about)
        yield _table(first)
        yield escape(first.note)
        yield "\n".join(f"- ⚠ **{escape(wrong.system)}**: {escape(wrong.message)}" for wrong in section.lint)
        for table in others:
            yield _details(escape(table.title), "\n\n".join(filter(None, (_table(table), escape(table.note)))))
        yield from _examples(section)


def _examples(section: Section) -> Iterator[str]:
    for title, lists in (("Most changed", section.changed), ("Worst", section.worst)):
        for listing in lists:
            yield _details(f"{title}: {escape(listing.title)}", _listing(listing))


def _listing(listing: Listing) -> str:
    return "\n\n".join(_example(segment) for segment in listing.segments[:_EXAMPLES])


def _example(segment: Example) -> str:
    lines = [f"**{segment.number}** {escape(segment.told)}"]
    if segment.source is not None:
        lines.append(f"Source: {_text([Piece(segment.source)])}")
    lines += (f"{escape(text.label)}: {_text(text.pieces)}" for text in (*segment.references, *segment.hypotheses))
    return "  \n".join(lines)


def _text(pieces: Iterable[Piece]) -> str:
    """The text of a segment, marked where it differs; a long one ends with how much is left out."""
    shown, room = [], _TEXT
    parts = list(pieces)
    for piece in parts:
        text = piece.text[: max(room, 0)]
        room -= len(piece.text)
        safe = escape(text)
        lead, trail = " " * (text != text.lstrip()), " " * (text != text.rstrip())
        shown.append(f"{lead}<ins>{safe}</ins>{trail}" if piece.differs and safe else f"{lead}{safe}{trail}")
    rest = f" … ({-room} more characters)" if room < 0 else ""
    return "".join(shown).strip() + rest or "_(empty)_"


def _table(table: Table) -> str:
    header = ["", *(escape(f"{name} ({note})" if note else name) for name, note in table.columns)]
    lines = [_line(header), _line(["---", *["---:"] * len(table.columns)])]
    return "\n".join([*lines, *(_line(_row(row)) for row in table.rows)])


def _row(row: Row) -> list[str]:
    name = escape(row.name)
    return [f"_{name}_" if row.yardstick else name, *map(_cell, row.cells)]


def _cell(cell: Cell) -> str:
    value = f"**{cell.value}**" if cell.mark in ("best", "worse", "better") else cell.value
    tie = " =" if cell.mark == "tie" else ""
    return f"{value}{tie} {escape(cell.aside)}".strip()


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _facts(page: Page) -> str:
    return "\n".join(
        f"- {escape(fact.name)}: {' '.join(filter(None, (escape(fact.text), _code(fact.code))))}" for fact in page.facts
    )


def _code(text: str) -> str:
    """A code span, which ends with as many backticks as it begins with."""
    if not text:
        return ""
    fence = "`" * (1 + max((len(run) for run in one_line(text).split("`")), default=0) * ("`" in text))
    return f"{fence} {clean(one_line(text))} {fence}" if "`" in text else f"`{one_line(text)}`"


def _details(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"
