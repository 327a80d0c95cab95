"""Single segments worth a look: the worst of each system, and those that changed most between two."""

from __future__ import annotations

from dataclasses import dataclass

from eval.evaluation import Assessment, Evaluation
from eval.report.diff import Piece, differing

MOST = 10  # segments in a list; half of it where there are many lists
MANY = 3


@dataclass(frozen=True, slots=True)
class Labeled:
    """A text under the name of who wrote it, with what the text beside it lacks."""

    label: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A segment; `number` counts from 1, as editors count lines."""

    number: int
    told: str
    domain: str
    source: str | None
    references: tuple[Labeled, ...]
    hypotheses: tuple[Labeled, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Segments under one title."""

    title: str
    segments: tuple[Example, ...]


def worst(evaluation: Evaluation, label: str) -> tuple[Listing, ...]:
    """For each system, the segments with the worst scores, worst first."""
    most = _most(len(evaluation.judged))
    lists = []
    for system in evaluation.judged:
        score = system.scores[evaluation.main]
        sign = 1 if score.higher_is_better else -1
        order = sorted(range(len(score.segments)), key=lambda i: (sign * score.segments[i], i))[:most]
        found = tuple(_example(evaluation, i, f"{label} {score.segments[i]:.1f}", [system]) for i in order)
        lists.append(Listing(f"{system.name}, the {len(found)} worst", found))
    return tuple(lists)


def most_changed(evaluation: Evaluation, label: str) -> tuple[Listing, ...]:
    """For each system, the segments whose score is farthest from that of the baseline, or of the first system."""
    first, *others = evaluation.judged
    before, after = (evaluation.baseline, [first, *others]) if evaluation.baseline else (first, others)
    lists = []
    for system in after:
        ours, theirs = (side.scores[evaluation.main].segments for side in (system, before))
        gaps = [new - old for new, old in zip(ours, theirs, strict=True)]
        order = sorted((i for i, gap in enumerate(gaps) if gap), key=lambda i: (-abs(gaps[i]), i))
        found = tuple(
            _example(evaluation, i, f"{label} {theirs[i]:.1f} → {ours[i]:.1f} ({gaps[i]:+.1f})", [before, system])
            for i in order[: _most(len(after))]
        )
        if found:
            name = f"baseline {before.name}" if before is evaluation.baseline else before.name
            lists.append(Listing(f"{name} → {system.name}, {len(order)} segments differ", found))
    return tuple(lists)


def _most(lists: int) -> int:
    return MOST if lists < MANY else MOST // 2


def _example(evaluation: Evaluation, index: int, told: str, systems: list[Assessment]) -> Example:
    dataset = evaluation.dataset
    references = [side[index] for side in dataset.references]
    quality = systems[-1].quality
    names = ["Reference"] if len(references) == 1 else [f"Reference {n}" for n in range(1, len(references) + 1)]
    last = systems[-1].output.hypotheses[index]
    labels = [f"{system.name} (baseline)" if system is evaluation.baseline else system.name for system in systems]
    return Example(
        index + 1, told, dataset.domains[index] if dataset.domains else "",
        dataset.sources[index] if dataset.sources and evaluation.task == "translate" else None,
        tuple(Labeled(name, differing(text, last)) for name, text in zip(names, references, strict=True)),
        tuple(
            Labeled(label, differing(system.output.hypotheses[index], references[0]))
            for label, system in zip(labels, systems, strict=True)
        ),
        tuple(f"{flag.kind}: {flag.message}" for flag in quality.flags[index]) if quality else (),
    )  # fmt: skip
