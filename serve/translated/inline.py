"""Markup inside a sentence → the same markup around words of its translation; nothing is lost, nothing is added.

A sentence is translated as a whole, for its parts mean little alone. What stands in it (bold words, a link) is also
translated on its own: where that occurs in the sentence, the markup goes there, else about where it stood before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, TypeAlias

MAX_DEPTH = 8  # of markup within markup; readers make marks of what is deeper

_REACH = 500  # characters around the place where words are looked for: a sentence or two
_LONGEST_WORD = 40
_ENDS = " .,;:!?،؛؟…"  # what a model adds to words that it takes for a sentence


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """Something without words of its own that stands between words: a picture, the number of a note."""

    markup: Any
    loose: bool = True  # it goes where its neighbour goes; half of a pair must not, for its order counts


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """Markup around words, or around nothing."""

    markup: Any
    inside: tuple[Inline, ...]


Inline: TypeAlias = str | Mark | Around


def words(content: Sequence[Inline]) -> str:
    """The text of the content, with single spaces."""
    return " ".join(_raw(content).split())


def phrases(content: Sequence[Inline]) -> Iterator[str]:
    """What must be translated for `rendered`: the whole, and what markup in it stands around."""
    _, core, _ = _peeled(content)
    if len(core) == 1 and isinstance(core[0], Around):
        yield from phrases(core[0].inside)
    elif core:
        yield words(core)
        for piece in core:
            if isinstance(piece, Around):
                yield from phrases(piece.inside)


def rendered(content: Sequence[Inline], english: Mapping[str, str]) -> list[Inline]:
    """The content in English, every mark and all markup once; white space at its ends stays.

    `english` has the translation of each of its `phrases`.
    """
    text = words(content)
    if not text or english[text] == text:
        return list(content)
    head, core, tail = _peeled(content)
    return [*head, *_filled(core, english[text], english), *tail]


def _raw(content: Sequence[Inline]) -> str:
    return "".join(
        piece if isinstance(piece, str) else _raw(piece.inside) if isinstance(piece, Around) else ""
        for piece in content
    )


def _peeled(content: Sequence[Inline]) -> tuple[list[Inline], list[Inline], list[Inline]]:
    """What stands before the first word, from the first word to the last, and after it."""
    if not words(content):
        return list(content), [], []
    worded = [i for i, piece in enumerate(content) if not isinstance(piece, Mark) and words([piece])]
    first, last = worded[0], worded[-1]
    head, core, tail = list(content[:first]), list(content[first : last + 1]), list(content[last + 1 :])
    if isinstance(start := core[0], str) and (space := len(start) - len(start.lstrip())):
        head.append(start[:space])
        core[0] = start[space:]
    if isinstance(end := core[-1], str) and (space := len(end) - len(end.rstrip())):
        tail.insert(0, end[-space:])
        core[-1] = end[:-space]
    return head, core, tail


def _filled(content: Sequence[Inline], target: str, english: Mapping[str, str]) -> list[Inline]:
    """The content with `target` as its words; white space at the ends, which `target` has not, is left out."""
    head, core, tail = _peeled(content)
    if len(core) == 1 and isinstance(whole := core[0], Around):
        core = [replace(whole, inside=tuple(_filled(whole.inside, target, english)))]
    elif core:
        core = list(_placed(core, target, english))
    return [
        *(piece for piece in head if not isinstance(piece, str)),
        *core,
        *(piece for piece in tail if not isinstance(piece, str)),
    ]


def _placed(core: Sequence[Inline], target: str, english: Mapping[str, str]) -> Iterator[Inline]:
    """The words of `target`, cut where markup begins and ends."""
    at = 0
    for (start, end), piece in _places(core, target, english):
        if target[at:start]:
            yield target[at:start]
        at = max(at, end)
        if isinstance(piece, Around):
            piece = replace(piece, inside=tuple(_filled(piece.inside, target[start:end], english)))
        yield piece
    if target[at:]:
        yield target[at:]


def _places(
    core: Sequence[Inline], target: str, english: Mapping[str, str]
) -> list[tuple[tuple[int, int], Mark | Around]]:
    """Where in `target` each piece of markup goes, in that order; no two overlap."""
    places = [(round(start * len(target)), round(end * len(target))) for start, end in _shares(core)]
    markup = {i: piece for i, piece in enumerate(core) if not isinstance(piece, str)}
    free = _Free(target)
    found: dict[int, tuple[int, int]] = {}
    for i, piece in markup.items():
        own = words([piece])
        if own and (span := free.occurrence(english[own].strip(_ENDS), places[i])):
            found[i] = free.take(span)
    for i, piece in markup.items():
        if i not in found and words([piece]):
            found[i] = free.take(free.stretch(places[i]))
    for i, piece in markup.items():
        if i not in found:
            beside = _beside(i, found) if isinstance(piece, Mark) and piece.loose else None
            found[i] = beside or free.gap(places[i][0])
    return [(found[i], markup[i]) for i in sorted(found, key=lambda i: (found[i][0], i))]


def _beside(i: int, found: Mapping[int, tuple[int, int]]) -> tuple[int, int] | None:
    """The empty place after what stood right before the mark, or before what stood right after it."""
    if i - 1 in found:
        return found[i - 1][1], found[i - 1][1]
    return (found[i + 1][0], found[i + 1][0]) if i + 1 in found else None


def _shares(core: Sequence[Inline]) -> list[tuple[float, float]]:
    """Where each piece begins and ends, from 0 to 1, white space not counted."""
    sizes = [0 if isinstance(piece, Mark) else len("".join(_raw([piece]).split())) for piece in core]
    total, at, shares = sum(sizes) or 1, 0, []
    for size in sizes:
        shares.append((at / total, (at + size) / total))
        at += size
    return shares


class _Free:
    """The text with what is not taken in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = [0] * len(text)  # of the stretch that a character is taken by; 0: of none

    def take(self, span: tuple[int, int]) -> tuple[int, int]:
        """The span, taken from now on."""
        start, end = span
        self._end[start:end] = [end] * (end - start)
        return span

    def occurrence(self, phrase: str, near: tuple[int, int]) -> tuple[int, int] | None:
        """The free occurrence of the phrase that is nearest; None if it does not occur near."""
        if not phrase:
            return None
        first, last = max(0, near[0] - _REACH), near[1] + _REACH + len(phrase)
        pattern = re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)", re.IGNORECASE)
        spans = [match.span() for match in pattern.finditer(self._text, first, last)]
        fitting = [span for span in spans if not any(self._end[slice(*span)])]
        return min(fitting, key=lambda span: abs(span[0] - near[0]), default=None)

    def stretch(self, near: tuple[int, int]) -> tuple[int, int]:
        """The whole words there, as far as they are free; an empty place if they are taken."""
        start, end = self._word_start(near[0]), self._word_end(max(near[0], near[1] - 1))
        runs = [list(run) for taken, run in groupby(range(start, end), lambda at: self._end[at] > 0) if not taken]
        longest = max(runs, key=len, default=[])
        words_there = self._text[longest[0] : longest[-1] + 1] if longest else ""
        if not words_there.strip():
            return self.gap(start)
        first = longest[0] + len(words_there) - len(words_there.lstrip())
        return first, first + len(words_there.strip())

    def gap(self, near: int) -> tuple[int, int]:
        """An empty place between words, outside of what is taken."""
        at = self._word_end(near)
        inside = 0 < at < len(self._text) and self._end[at - 1] > at
        return (self._end[at - 1],) * 2 if inside else (at, at)

    def _word_start(self, at: int) -> int:
        return self._text.rfind(" ", max(0, at - _LONGEST_WORD), at) + 1 or (0 if at <= _LONGEST_WORD else at)

    def _word_end(self, at: int) -> int:
        space = self._text.find(" ", at, at + _LONGEST_WORD)
        return space if space >= 0 else len(self._text) if at + _LONGEST_WORD >= len(self._text) else at
