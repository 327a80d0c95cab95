"""One HTML file that needs nothing else: no script, and nothing from outside; and text made harmless for any file."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

# XML allows no control characters but tab and line ends, no lone surrogates, and two code points less.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# Embeddings, overrides, isolates: a page sets the direction of every text itself, and one that is not closed
# (or closed twice) would turn what follows around. The marks LRM, RLM and ALM turn nothing and stay.
DIRECTION_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """The text without what a file must not hold: forbidden characters shown as U+FFFD, direction controls gone."""
    return DIRECTION_CONTROLS.sub("", _FORBIDDEN.sub("\ufffd", text))


def webpage(folder: Path, name: str, **values: object) -> str:
    """The template `name`.html.j2 of a folder, filled in, with `name`.css in it.

    Every text is escaped and can neither leave its place nor turn its surroundings around.
    """
    from markupsafe import Markup

    style = (folder / f"{name}.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return fragment(folder, name, style=Markup(style), style_hash=digest, **values)


def fragment(folder: Path, name: str, **values: object) -> str:
    """The template `name`.html.j2 of a folder, filled in as `webpage` does; for a page that has its style already."""
    return _environment(folder).get_template(f"{name}.html.j2").render(**values)


@functools.cache
def _environment(folder: Path) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, finalize=_cleaned,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip


def _cleaned(value: object) -> object:
    """What the template writes, `clean`; Markup is what it has already written."""
    return clean(value) if type(value) is str else value
