"""The geometry of what the page draws, in the units of a drawing; the template only writes it down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 300, 90  # of a histogram, without its labels
BINS = 20


@dataclass(frozen=True, slots=True)
class Axis:
    """A stretch of numbers and where they lie on `width` units."""

    low: float
    high: float
    width: float = 100

    def at(self, value: float) -> float:
        """Where a value lies; one beyond the axis lies at its end."""
        if self.high <= self.low:
            return self.width / 2
        share = (value - self.low) / (self.high - self.low)
        return round(min(max(share, 0.0), 1.0) * self.width, 2)


def axis_of(values: Iterable[float], width: float = 100) -> Axis:
    """An axis that has all values on it, with some room beside them."""
    found = list(values)
    if not found:
        return Axis(0, 1, width)
    low, high = min(found), max(found)
    room = (high - low) * 0.06
    return Axis(low - room, high + room, width)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a histogram: its box, and what stands for."""

    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """Bars from left to right, and the mean as a line."""

    bars: tuple[Bar, ...]
    mean: float
    tallest: int


def histogram(values: Sequence[float], tallest: int = 0, top: float = 100) -> Histogram:
    """The values in equal bins from 0 to `top`, where what is above lies in the last one.

    `tallest` is the count that reaches the upper edge, so that several can share a scale; 0: this one's own.
    """
    counts = bin_counts(values, top)
    tallest = max(tallest, *counts, 1)
    step, size = WIDTH / BINS, top / BINS
    bars = tuple(
        Bar(round(i * step + 0.5, 2), round(HEIGHT * (1 - count / tallest), 2), round(step - 1, 2),
            round(HEIGHT * count / tallest, 2), f"{i * size:g} to {(i + 1) * size:g}: {count}")
        for i, count in enumerate(counts)
    )  # fmt: skip
    mean = sum(values) / len(values) if values else 0.0
    return Histogram(bars, Axis(0, top, WIDTH).at(mean), tallest)


def bin_counts(values: Iterable[float], top: float = 100) -> list[int]:
    """How many values lie in each bin."""
    counts = [0] * BINS
    for value in values:
        counts[min(max(int(value / top * BINS), 0), BINS - 1)] += 1
    return counts
