"""What can be wrong with a translation, one module a concern; each has `check(source, target)` for one segment."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mt.checks import coverage, numbers
from mt.document import Flag

_CHECKS: tuple[Callable[[str, str], Iterator[Flag]], ...] = (coverage.check, numbers.check)
_SEVERITIES = ("error", "warning", "info")


def check(source: str, target: str) -> tuple[Flag, ...]:
    """The flags of one segment, gravest first, then in the order of the text."""
    flags = (flag for run in _CHECKS for flag in run(source, target))
    return tuple(sorted(flags, key=_rank))


def _rank(flag: Flag) -> tuple[int, tuple[int, int], tuple[int, int]]:
    """Severity, then the span in the target, else in the source; the sort keeps the order of the checks."""
    return _SEVERITIES.index(flag.severity), flag.target_span or (0, 0), flag.source_span or (0, 0)
