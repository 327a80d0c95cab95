"""What can be wrong with a translation, one module a concern; a concern looks at one segment at a time.

Only the spelling of names is compared across an article.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mt.checks import coverage, names, numbers, polarity
from mt.document import Flag
from mt.terms import load_terms
from mt.terms.match import Match

_SEVERITIES = ("error", "warning", "info")


def check(
    sources: Sequence[str], targets: Sequence[str], matches: Sequence[Sequence[Match]] | None = None
) -> list[tuple[Flag, ...]]:
    """The flags of each segment of an article, gravest first, then in the order of the text.

    `matches` are the names and terms in each source; left out, they are those of the gazetteer.
    """
    if matches is None:
        matches = [load_terms().find(source) for source in sources]
    found: list[list[Flag]] = [list(flags) for flags in coverage.check_all(sources, targets)]
    for flags, source, target, own in zip(found, sources, targets, matches, strict=True):
        flags += numbers.check(source, target)
        flags += names.check(source, target, own)
        flags += polarity.check(source, target)
    for flags, spellings in zip(found, names.check_spellings(sources, targets, matches), strict=True):
        flags += spellings
    return [in_order(flags) for flags in found]


def in_order(flags: Iterable[Flag]) -> tuple[Flag, ...]:
    """The flags of one segment, gravest first, then as they stand in the text."""
    return tuple(sorted(flags, key=_rank))


def _rank(flag: Flag) -> tuple[int, tuple[int, int], tuple[int, int]]:
    """Severity, then the span in the target, else in the source; the sort keeps the order of the checks."""
    return _SEVERITIES.index(flag.severity), flag.target_span or (0, 0), flag.source_span or (0, 0)
