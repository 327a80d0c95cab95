"""The report as one HTML file that needs nothing else: no script, and nothing from outside."""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from eval.report.escape import clean
from eval.report.page import Page

_STATIC = Path(__file__).resolve().parents[1] / "static"


def html(page: Page) -> str:
    """The page; every text is escaped and can neither leave its place nor turn its surroundings around."""
    style = (_STATIC / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    template = _environment().get_template("report.html.j2")
    return template.render(page=page, style=Markup(style), style_hash=digest)


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_STATIC), autoescape=True, undefined=StrictUndefined, finalize=_cleaned,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip


def _cleaned(value: object) -> object:
    """What the template writes, `clean`; Markup is what it has already written."""
    return clean(value) if type(value) is str else value
