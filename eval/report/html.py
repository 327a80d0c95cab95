"""The report as one HTML file."""

from __future__ import annotations

from pathlib import Path

from eval.report.page import Page
from mt.webpage import webpage

_STATIC = Path(__file__).resolve().parents[1] / "static"


def html(page: Page) -> str:
    """The page; every text is escaped and can neither leave its place nor turn its surroundings around."""
    return webpage(_STATIC, "report", page=page)
