"""Foreign text made harmless for where it is shown."""

from __future__ import annotations

import re

# XML allows no control characters but tab and line ends, no lone surrogates, and two code points less.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# A direction that is not closed, or closed twice, turns what follows around; LRM, RLM and ALM turn nothing and stay.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
# GitHub finds names and numbers of issues after Markdown was read, so that a backslash does not keep them from it.
_CALL = re.compile(r"(?<=[@#])(?=\w)")
# What means something in CommonMark or GitHub's Markdown, or would become a link or a cell of its own.
_SPECIAL = re.compile(r"[\\`*_~^|<>\[\]{}&#$@]|:(?=//)|(?<=www)\.", re.IGNORECASE)


def clean(text: str) -> str:
    """The text without what a file must not hold: forbidden characters shown as U+FFFD, direction controls gone."""
    return _BIDI.sub("", _FORBIDDEN.sub("\ufffd", text))


def one_line(text: str) -> str:
    """The text, clean, with a space for each run of white space."""
    return " ".join(clean(text).split())


def escape(text: str) -> str:
    """The text as a piece of a line of Markdown, also in a table, that reads as the text."""
    return _SPECIAL.sub(r"\\\g<0>", _CALL.sub("\u2060", one_line(text)))
