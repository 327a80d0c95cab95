"""How likely it is that a reader takes no wrong fact from a segment.

A logistic model of what the checks found, how alike the two texts are, and how sure the model was. It was fitted on
segments that a reader labeled by hand: a serious error is one after which a reader holds a wrong fact (who, what,
number, place, denial). `benchmarks/checks/confidence.py` fits it again and prints how often it is right.

How far the model's other hypotheses are from the best was tried and left out: by cross-validation on the fitted half
it makes nothing better (Brier 0.123 with and without).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from typing import NamedTuple

from mt.document import Flag, Hypothesis
from mt.registry import Quality
from mt.vectors import encode


class Features(NamedTuple):
    """What the model weighs, each near 0 for a usual segment of a draft."""

    draft: float  # 1 for a model that only drafts, 0 for a good one
    errors: float  # flags of that severity, at most 3
    warnings: float
    unlike: float  # 1 - cosine of the vectors of source and target
    doubt: float  # the mean negative log-probability of the tokens, at most 3; the usual one where it is not known
    length: float  # log of the characters of the source


_INTERCEPT = 7.01
_WEIGHTS = Features(draft=-2.30, errors=-0.76, warnings=-0.62, unlike=-1.48, doubt=-2.50, length=-0.89)
_USUAL_DOUBT = 0.5


def confidences(
    sources: Sequence[str], best: Sequence[Hypothesis], flags: Sequence[Sequence[Flag]], quality: Quality
) -> list[float | None]:
    """The chance of each segment to have no serious error; None where nobody knows how good the model is."""
    if quality == "unknown":
        return [None] * len(sources)
    return [
        round(1 / (1 + exp(-_INTERCEPT - sum(map(float.__mul__, _WEIGHTS, seen)))), 2)
        for seen in features(sources, best, flags, quality)
    ]


def features(
    sources: Sequence[str], best: Sequence[Hypothesis], flags: Sequence[Sequence[Flag]], quality: Quality
) -> list[Features]:
    """What the model weighs, for each segment."""
    vectors = encode([*sources, *(hypothesis.text for hypothesis in best)])
    ours, theirs = vectors[: len(sources)], vectors[len(sources) :]
    return [
        Features(
            draft=float(quality == "draft"),
            errors=float(min(3, sum(flag.severity == "error" for flag in found))),
            warnings=float(min(3, sum(flag.severity == "warning" for flag in found))),
            unlike=float(1 - a @ b),
            doubt=_USUAL_DOUBT if hypothesis.score is None else min(3.0, -hypothesis.score),
            length=log(max(1, len(source))),
        )
        for source, hypothesis, found, a, b in zip(sources, best, flags, ours, theirs, strict=True)
    ]
