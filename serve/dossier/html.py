"""The dossier as one HTML file."""

from __future__ import annotations

from pathlib import Path

from mt.webpage import webpage
from serve.dossier.layout import NO_TEXT, Layout

_STATIC = Path(__file__).resolve().parents[1] / "static"


def html(page: Layout) -> str:
    """The page; every text is escaped and can neither leave its place nor turn its surroundings around."""
    return webpage(_STATIC, "dossier", page=page, no_text=NO_TEXT)
