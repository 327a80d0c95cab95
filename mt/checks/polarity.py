"""Does the target deny, report and judge as the source does: `negation`, `attribution` and `wording`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mt.checks import attribution, negation, wording
from mt.checks.cues import fold_arabic, fold_english
from mt.document import Flag

_ENGLISH = re.compile("[A-Za-z]")


def check(source: str, target: str) -> Iterator[Flag]:
    """Flags where a denial, a speaker or a charged word was dropped or added; none where a side has no word."""
    if not source.strip() or not _ENGLISH.search(target):
        return
    ours, theirs = fold_arabic(source), fold_english(target)
    for concern in (negation, attribution, wording):
        yield from concern.check(ours, theirs)
