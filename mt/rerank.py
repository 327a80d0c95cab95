"""The best of n hypotheses: what the model prefers, weighed against what can be checked.

The weights were chosen on lines 1-500 of FLORES-dev, five hypotheses of the embedded model each: likeness to the
source alone brought .5 BLEU and .8 chrF, numbers .15 BLEU. Minimum Bayes risk (chrF among the hypotheses; Eikema and
Aziz 2020) was tried: it adds .3 chrF and takes .1 BLEU, and nothing beside likeness; it is not here.
`khulasa-eval run`, with and without `--plain`, prints both sides.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mt.checks import names, numbers
from mt.checks.coverage import loops
from mt.document import Hypothesis
from mt.terms.match import Match
from mt.vectors import encode

Ranked = list[tuple[float, Hypothesis]]  # worths and hypotheses, best first

_LIKENESS = 1.0  # of a cosine; a model's mean log-probability moves by tenths between hypotheses
_FLAG = {"error": 0.2, "warning": 0.1, "info": 0.0}
_LOST = 2.0  # a hypothesis that breaks off, or says one thing again and again


def rank(
    sources: Sequence[str], found: Sequence[Sequence[Hypothesis]], matches: Sequence[Sequence[Match]]
) -> list[Ranked]:
    """The hypotheses of each source, best first, each with its worth; of equal worth, the model's order stays.

    Worths compare readings of one sentence too: they are a mean log-probability and a cosine, less what the checks
    of numbers and names find.
    """
    vectors = encode([*sources, *(hypothesis.text for hypotheses in found for hypothesis in hypotheses)])
    theirs = iter(vectors[len(sources) :])
    ranked: list[Ranked] = []
    for source, ours, hypotheses, names_of in zip(sources, vectors, found, matches, strict=False):
        likeness = [float(np.dot(ours, next(theirs))) for _ in hypotheses]
        worths = [
            (hypothesis.score or 0.0) + _LIKENESS * alike - _faults(source, hypothesis, names_of)
            for hypothesis, alike in zip(hypotheses, likeness, strict=True)
        ]
        ranked.append(sorted(zip(worths, hypotheses, strict=True), key=lambda pair: -pair[0]))
    return ranked


def _faults(source: str, hypothesis: Hypothesis, matches: Sequence[Match]) -> float:
    flags = [*numbers.check(source, hypothesis.text), *names.check(source, hypothesis.text, matches)]
    lost = not hypothesis.complete or (loops(hypothesis.text) is not None and loops(source) is None)
    return sum(_FLAG[flag.severity] for flag in flags) + _LOST * lost
