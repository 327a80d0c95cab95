"""Foreign text made harmless for where it is shown."""

from __future__ import annotations

import re

from mt.webpage import clean

# GitHub finds names and numbers of issues after Markdown was read, so that a backslash does not keep them from it.
_CALL = re.compile(r"(?<=[@#])(?=\w)")
# What means something in CommonMark or GitHub's Markdown, or would become a link or a cell of its own.
_SPECIAL = re.compile(r"[\\`*_~^|<>\[\]{}&#$@]|:(?=//)|(?<=www)\.", re.IGNORECASE)


def one_line(text: str) -> str:
    """The text, clean, with a space for each run of white space."""
    return " ".join(clean(text).split())


def escape(text: str) -> str:
    """The text as a piece of a line of Markdown, also in a table, that reads as the text."""
    return _SPECIAL.sub(r"\\\g<0>", _CALL.sub("\u2060", one_line(text)))
