"""What measuring gives: a system's score by one metric, and the outcome of a paired test; both frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Interval = tuple[float, float]  # lower and upper end, 95 %
Verdict = Literal["better", "worse", "tie"]

SIGNIFICANT = 0.05  # the p-value below which a difference counts


@dataclass(frozen=True, slots=True)
class Score:
    """One system by one metric, 0 to 100 (TER: from 0 up); `signature` says how it was counted, in sacreBLEU's form.

    `segments` are the scores of the single segments; their mean is the value for ROUGE only. `statistics` is what a
    paired test works on, one row a segment; a score read from a report has none.
    """

    name: str  # its key in eval.metrics.METRICS
    value: float
    signature: str
    interval: Interval | None = None
    segments: tuple[float, ...] = ()
    higher_is_better: bool = True
    statistics: NDArray[np.float64] | None = field(default=None, repr=False, compare=False)

    @property
    def definition(self) -> str:
        """The signature without resamples and seed: scores with the same one may be held against each other."""
        return "|".join(
            part for part in self.signature.split("|") if part.partition(":")[0] not in ("bs", "ar", "seed")
        )


@dataclass(frozen=True, slots=True)
class PairedResult:
    """A system against a baseline by one metric; the signature says which test it was, with how many trials."""

    metric: str
    difference: float  # system minus baseline
    p_value: float
    signature: str
    higher_is_better: bool = True

    @property
    def verdict(self) -> Verdict:
        """`tie` unless the test finds the difference significant."""
        if self.p_value >= SIGNIFICANT or self.difference == 0:
            return "tie"
        return "better" if (self.difference > 0) == self.higher_is_better else "worse"
