"""The report for a terminal: gates, scores and what else fits into tables; single segments are in the other forms."""

from __future__ import annotations

import io

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from eval.report.escape import one_line
from eval.report.page import Page
from eval.report.tables import Cell, Table

_WIDTH = 120
_COLUMNS = 8


def text(page: Page) -> str:
    """The page in at most 120 columns, without colors."""
    out = io.StringIO()
    console = Console(file=out, width=_WIDTH, highlight=False, markup=False, emoji=False, no_color=True)
    console.print(one_line(page.title))
    console.print(one_line(page.about))
    for outcome in page.outcomes:
        console.print(f"{'passed' if outcome.passed else 'FAILED'}  {one_line(outcome.system)}: "
                      f"{one_line(outcome.message)}")  # fmt: skip
    for section in page.sections:
        console.print(f"\n{section.title}: {one_line(section.about)}")
        for wrong in section.lint:
            console.print(f"! {one_line(wrong.system)}: {one_line(wrong.message)}")
        for table in section.tables:
            console.print(f"\n{table.title}")
            console.print(_grid(table))
            if table.note:
                console.print(one_line(table.note))
    console.print()
    for fact in page.facts:
        console.print(one_line(f"{fact.name}: {fact.text} {fact.code}"))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _grid(table: Table) -> Grid:
    """The table, turned on its side where it has more columns than find room."""
    names = ["\n".join(filter(None, map(one_line, column))) for column in table.columns]
    heads, lines = names, [(one_line(row.name), row.cells) for row in table.rows]
    if len(names) > _COLUMNS:
        heads = [name for name, _ in lines]
        lines = [(name, tuple(row.cells[i] for row in table.rows)) for i, name in enumerate(names)]
    grid = Grid(box=None, pad_edge=False)
    grid.add_column("", overflow="fold")
    for head in heads:
        grid.add_column(Text(head), justify="right", overflow="fold")
    for name, cells in lines:
        grid.add_row(Text(name), *map(_cell, cells))
    return grid


def _cell(cell: Cell) -> Text:
    mark = {"best": "*", "tie": "="}.get(cell.mark, "")
    return Text(" ".join(filter(None, (f"{mark}{cell.value}", cell.aside))))
