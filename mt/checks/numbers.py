"""Does every number, date and time of the source stand in the target with the same value, and no other?

On the 997 reference pairs of FLORES-dev 6 segments are flagged, 3 of them misaligned lines of the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from mt.document import Flag
from mt.quantities import Quantity, unmatched
from mt.quantities.dates import WEEKDAYS
from mt.quantities.hijri import MONTHS, NAMES
from mt.quantities.units import PERCENT

_CHANGED = "The source says {}, the translation {}. Go by the source."
_MISSING = "The source says {}; the translation does not."
_ADDED = "The translation says {}; the source does not. Do not rely on it."
_LARGEST_DENOMINATOR = 10**6
_MOST_PAIRED = 20  # of each side, so that a long table takes no long time
_NAMED = {"month": MONTHS, "weekday": WEEKDAYS, "hijri month": NAMES}
_RELATIVE = {-1: "last {}", 0: "this {}", 1: "next {}"}
_NEAR_DAYS = {-1: "yesterday", 1: "tomorrow"}
_MAGNITUDES = {10: "tens", 100: "hundreds", 10**3: "thousands", 10**6: "millions", 10**9: "billions",
               10**12: "trillions"}  # fmt: skip


def check(source: str, target: str) -> Iterator[Flag]:
    """Flags where a number was changed, left out or made up; nothing for an empty target, which has a flag already."""
    if not target.strip():
        return
    missing, added = (list(side) for side in unmatched(source, target))
    told = set()
    for ours, theirs in _pairs(missing, added, len(source), len(target)):
        message = _CHANGED.format(shown(ours), shown(theirs))
        if message not in told:  # the day and the month of one date
            yield Flag("number", "error", message, ours.span, theirs.span)
        told.add(message)
        missing.remove(ours)
        added.remove(theirs)
    for ours in missing:
        yield Flag("number", "error", _MISSING.format(shown(ours)), source_span=ours.span)
    for theirs in added:
        yield Flag("number", "warning", _ADDED.format(shown(theirs)), target_span=theirs.span)


def _pairs(
    missing: Sequence[Quantity], added: Sequence[Quantity], length: int, target_length: int
) -> list[tuple[Quantity, Quantity]]:
    """What became what: the same value in another unit, else the same kind at about the same place."""
    candidates = sorted(
        ((_distance(ours, theirs, length, target_length), m, a)
         for m, ours in enumerate(missing[:_MOST_PAIRED])
         for a, theirs in enumerate(added[:_MOST_PAIRED])
         if _family(ours) == _family(theirs) and shown(ours) != shown(theirs)),
    )  # fmt: skip
    pairs, left, right = [], set(), set()
    for _, m, a in candidates:
        if m not in left and a not in right:
            pairs.append((missing[m], added[a]))
            left.add(m)
            right.add(a)
    return sorted(pairs, key=lambda pair: pair[0].span)


def _family(quantity: Quantity) -> str:
    return quantity.kind if quantity.kind in (*_NAMED, "relative", "magnitude", "final") else "number"


def _distance(ours: Quantity, theirs: Quantity, length: int, target_length: int) -> tuple[bool, bool, float]:
    place, other = ours.span[0] / length, theirs.span[0] / target_length
    return ours.value != theirs.value, ours.units != theirs.units, abs(place - other)


def shown(quantity: Quantity) -> str:
    """The value in words and digits of English: 140,000 for «مئة وأربعون ألفاً», 15 %, Tuesday, 11:20."""
    value = quantity.value
    if quantity.label:
        return quantity.label
    if quantity.kind in _NAMED:
        return _NAMED[quantity.kind][int(value) - 1]
    if quantity.kind == "relative":
        period = min(quantity.readings)[0]
        return _NEAR_DAYS[int(value)] if period == "day" else _RELATIVE[int(value)].format(period)
    if quantity.kind == "magnitude":
        return _magnitude(int(value))
    return _number(quantity) + _units(quantity)


def _number(quantity: Quantity) -> str:
    value = quantity.value
    if value.denominator == 1:
        year = 1000 <= value < 3000 and len(quantity.surface) <= 6 and not quantity.units
        return f"{value.numerator}" if year else f"{value.numerator:,}"
    exact = float(value)
    decimal = Fraction(str(exact)) == value and value.denominator <= _LARGEST_DENOMINATOR
    return f"{exact:,.10g}" if decimal else f"{value}"


def _units(quantity: Quantity) -> str:
    if quantity.kind == "percent" or PERCENT in quantity.units:
        return " %"
    return f" {' or '.join(sorted(quantity.units))}" if quantity.units else ""


def _magnitude(value: int) -> str:
    if value in _MAGNITUDES:
        return _MAGNITUDES[value]
    for scale in sorted(_MAGNITUDES, reverse=True):
        if value % scale == 0 and value // scale in _MAGNITUDES:
            return f"{_MAGNITUDES[value // scale]} of {_MAGNITUDES[scale]}"
    return f"{value:,}"
