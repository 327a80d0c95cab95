"""Decoding, and a second decoding of what went wrong in the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from mt.checks.coverage import loops
from mt.document import DecodingOptions, Hypothesis, Source
from mt.engine import Engine
from mt.segment import halves

Progress = Callable[[int, int], None]  # sources decoded, sources in all
Hypotheses = tuple[Hypothesis, ...]

# A second decoding holds the model back from what it repeated: no four tokens twice, repeated ones made unlikely.
AGAINST_LOOPS = DecodingOptions(repetition_penalty=1.2, no_repeat_ngram_size=4)


def decode(sources: Sequence[Source], engine: Engine, options: DecodingOptions, progress: Progress) -> list[Hypotheses]:
    """The hypotheses of each source, best first; what loops or was cut is decoded again, then in halves."""
    hypotheses = generate(sources, engine, options, progress)
    if options.plain:
        return hypotheses
    careful = replace(AGAINST_LOOPS.over(options), num_hypotheses=options.num_hypotheses)
    suspect = [i for i, found in enumerate(hypotheses) if _failed(sources[i].text, found[0])]
    for again in (partial(generate, options=careful), partial(_generate_halves, options=careful)):
        for i, found in zip(suspect, again([sources[i] for i in suspect], engine), strict=True):
            if not _failed(sources[i].text, found[0]):
                hypotheses[i] = found
        suspect = [i for i in suspect if _failed(sources[i].text, hypotheses[i][0])]
    return hypotheses


def generate(
    sources: Sequence[Source], engine: Engine, options: DecodingOptions, progress: Progress = lambda done, total: None
) -> list[Hypotheses]:
    """The hypotheses of each source as the engine gives them, in the order of the sources."""
    found: dict[int, Hypotheses] = {}
    for index, hypotheses in engine.generate(sources, options) if sources else ():
        found[index] = hypotheses
        progress(len(found), len(sources))
    return [found[i] for i in range(len(sources))]


def _generate_halves(sources: Sequence[Source], engine: Engine, options: DecodingOptions) -> list[Hypotheses]:
    """Each source decoded in two parts, the best of both joined: a shorter source seldom loops."""
    parts = [halves(source.text) for source in sources]
    flat = [Source(text, source.terms) for source, part in zip(sources, parts, strict=True) for text in part[::2]]
    found = generate(flat, engine, replace(options, num_hypotheses=1))
    return [(_join(left[0], right[0]),) for left, right in zip(found[::2], found[1::2], strict=True)]


def _join(left: Hypothesis, right: Hypothesis) -> Hypothesis:
    scores = [half.score for half in (left, right) if half.score is not None and half.text]
    mean = sum(scores) / len(scores) if scores else None
    return Hypothesis(f"{left.text} {right.text}".strip(), mean, left.complete and right.complete)


def _failed(source: str, hypothesis: Hypothesis) -> bool:
    """Whether the engine lost its way: no end within the limit, or a loop that the source does not have."""
    return not hypothesis.complete or (loops(hypothesis.text) is not None and loops(source) is None)
