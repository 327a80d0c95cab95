"""Plain text → the same text in English: line for line, but for paragraphs that were wrapped at a column."""

from __future__ import annotations

import re
from collections.abc import Iterator

from serve.reader import unwrapped
from serve.translated.html import Translate

_BETWEEN = re.compile(r"(\n(?:[ \t\f\v]*\n)+)")  # paragraphs


def translate_text(text: str, translate: Translate) -> str:
    """The text in English, indented and parted as it was; raises what `translate` raises."""
    lines = list(_lines(text))
    words = [line.strip() for line in lines]
    return "".join(
        line.replace(source, target, 1) if source else line
        for line, source, target in zip(lines, words, translate(words), strict=True)
    )


def _lines(text: str) -> Iterator[str]:
    """The lines, their ends among them; joined they are the text, but for the line ends within wrapped paragraphs."""
    for block in _BETWEEN.split(text):
        whole = unwrapped(block) if block.strip() else "\n"
        if "\n" in whole:
            yield from re.split(r"(\n)", block)
        else:
            yield block[: len(block) - len(block.lstrip())]
            yield whole
            yield block[len(block.rstrip()) :]
