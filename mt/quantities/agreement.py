"""Which quantities of two texts agree: matched one to one, the closest first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mt.quantities.units import MONEY, PERCENT, Quantity, Weight, convert, differ

# Two of the same kind agree only as what they are: an hour as an hour, not as the number that was written.
_OWN_FAMILY = {"number": "n", "hour": "hour", "month": "month", "hijri": "hijri", "hijri month": "hijri month"}
_ORDER: tuple[tuple[Weight, Weight], ...] = (
    ("strong", "strong"), ("soft", "soft"), ("strong", "soft"), ("soft", "strong"),
    ("strong", "answer"), ("answer", "strong"), ("soft", "answer"), ("answer", "soft"),
)  # fmt: skip
_MOST_TRIED = 50  # candidates of one value, so that a table of equal numbers takes no long time


class Mismatch(NamedTuple):
    """The quantities of each side that the other side lacks or has otherwise, in order of appearance."""

    missing: tuple[Quantity, ...]  # in the source, not in the target
    added: tuple[Quantity, ...]  # in the target, not in the source


def lacking(
    source: Sequence[Quantity], target: Sequence[Quantity], moved: Sequence[tuple[Quantity, Quantity]] = ()
) -> Mismatch:
    """What is left when equal values, other readings, answers and conversions are paired off in this order.

    What is equal but `moved` out of its place is left too.
    """
    ours, theirs = list(source), list(target)
    lost: list[tuple[Quantity, Quantity]] = []
    for weights in _ORDER:
        for exact in (True, False):
            lost += _pair_off(ours, theirs, weights, exact)
    _drop_conversions(ours, theirs, source, target)
    left = [q for q in ours if q.weight == "strong"] + [a for a, _ in _contradictions(ours, theirs)]
    right = [q for q in theirs if q.weight == "strong"] + [b for _, b in _contradictions(ours, theirs)]
    for one, other in moved:
        left.append(one)
        right.append(other)
    for one, other in lost:
        if _dropped_unit(one, target) or _dropped_unit(other, source):
            left.append(one)
            right.append(other)
    return Mismatch(_in_order(left), _in_order(right))


def _in_order(quantities: Sequence[Quantity]) -> tuple[Quantity, ...]:
    return tuple(dict.fromkeys(sorted(quantities, key=lambda q: q.span)))


def _pair_off(
    ours: list[Quantity], theirs: list[Quantity], weights: tuple[Weight, Weight], exact: bool
) -> list[tuple[Quantity, Quantity]]:
    """Take out what agrees; the pairs of which only one side has units are returned."""
    index: defaultdict[object, list[int]] = defaultdict(list)
    for n, quantity in enumerate(theirs):
        if quantity.weight == weights[1]:
            for key in _keys(quantity, exact):
                index[key].append(n)
    taken: set[int] = set()
    rest, bare = [], []
    for quantity in ours:
        found = None
        if quantity.weight == weights[0]:
            found = _first(quantity, theirs, index, taken, exact)
        if found is None:
            rest.append(quantity)
            continue
        taken.add(found)
        if bool(quantity.units) != bool(theirs[found].units) and quantity.value == theirs[found].value:
            bare.append((quantity, theirs[found]))
    ours[:] = rest
    theirs[:] = [quantity for n, quantity in enumerate(theirs) if n not in taken]
    return bare


def _first(
    quantity: Quantity, theirs: list[Quantity], index: dict[object, list[int]], taken: set[int], exact: bool
) -> int | None:
    for key in _keys(quantity, exact):
        places = index.get(key, [])
        while places and places[0] in taken:
            places.pop(0)
        for n in places[:_MOST_TRIED]:
            if n not in taken and _agree(quantity, theirs[n]):
                return n
    return None


def _keys(quantity: Quantity, exact: bool) -> Iterator[object]:
    if exact:
        yield quantity.kind, quantity.value, quantity.units
    else:
        yield from quantity.readings


def _agree(one: Quantity, other: Quantity) -> bool:
    if differ(one.units, other.units):
        return False
    shared = one.readings & other.readings
    if PERCENT in one.units & other.units:  # 3.75 % is the number 3.75 and 0.0375, but not 375 %
        return {("n", one.value), ("n", other.value)} <= shared
    if {"AD"} in (one.units, other.units):  # the year 1421 of the Hijra is not the year 1421
        shared -= {("n", q.value) for q in (one, other) if q.kind == "hijri"}
    if one.kind == other.kind and one.kind in _OWN_FAMILY:
        return any(family == _OWN_FAMILY[one.kind] for family, _ in shared)
    return bool(shared)


def _drop_conversions(
    ours: list[Quantity], theirs: list[Quantity], source: Sequence[Quantity], target: Sequence[Quantity]
) -> None:
    """Take out what was converted into another unit, and what the target adds in one: 5 km (3 miles)."""
    for one in _of(ours, "strong"):
        for other in (*_of(theirs, "strong"), *_of(target, "answer")):
            if convert(one, other):
                ours.remove(one)
                if other.weight == "strong":
                    theirs.remove(other)
                break
    changed = {quantity.units for quantity in ours if quantity.weight == "strong"}
    known = source[:_MOST_TRIED]
    theirs[:] = [q for q in theirs if q.units in changed or not any(convert(one, q) for one in known)]


def _of(quantities: Sequence[Quantity], weight: Weight) -> list[Quantity]:
    return [q for q in quantities if q.weight == weight and q.units][:_MOST_TRIED]


def _contradictions(ours: Sequence[Quantity], theirs: Sequence[Quantity]) -> Iterator[tuple[Quantity, Quantity]]:
    """Soft quantities of one family, where each side has one and they differ."""
    families: defaultdict[str, tuple[list[Quantity], list[Quantity]]] = defaultdict(lambda: ([], []))
    for side, found in enumerate((ours, theirs)):
        for quantity in found:
            if quantity.weight == "soft":
                families[quantity.kind + min(quantity.readings)[0]][side].append(quantity)
    for left, right in families.values():
        if len(left) == len(right) == 1:
            yield left[0], right[0]


def _dropped_unit(quantity: Quantity, others: Sequence[Quantity]) -> bool:
    """Is it a percentage or money, and the other side has none at all?"""
    if PERCENT in quantity.units:
        return not any(PERCENT in other.units for other in others)
    return bool(quantity.units) and quantity.units <= MONEY and not any(other.units & MONEY for other in others)
