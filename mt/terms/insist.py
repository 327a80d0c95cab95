"""A second try for a name that a model left out or replaced: the target up to there, then the name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from mt.checks import names
from mt.document import Source
from mt.terms.match import Match
from mt.vectors import encode_words

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SMALL = 3  # letters
_ARTICLE = re.compile(r"\b(?:the|an?) $", re.IGNORECASE)


def missing(source: str, target: str, matches: Sequence[Match]) -> list[Match]:
    """The names and terms that the target surely lacks and that have one usual form; nothing for an empty target."""
    lacking = {flag.source_span for flag in names.check(source, target, matches) if flag.severity == "error"}
    return [match for match in matches if match.span in lacking and match.entry.targets and match.entry.prompted]


def retried(source: Source, target: str, match: Match, matches: Sequence[Match]) -> Source:
    """The source, its target to begin as this one does up to the word most like the name, then with the name.

    A word that stands for another of the `matches` is not the one, nor is a small word (of, with).
    """
    others = {word for other in matches if other is not match for form in other.entry.targets for word in form.split()}
    words = [word for word in _WORD.finditer(target) if len(word.group()) > _SMALL and word.group() not in others]
    vectors = encode_words([match.surface, *(word.group() for word in words)])
    place = max(range(len(words)), key=lambda i: float(vectors[0] @ vectors[1 + i]), default=0)
    before = target[: words[place].start()] if words else ""
    return replace(source, prefix=f"{_ARTICLE.sub('', before)}{match.entry.targets[0]}")
