"""A translation that somebody else made, laid beside its source and checked: no model is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import sentencex

from mt import __version__
from mt.align import Bead, align
from mt.checks import check
from mt.document import Article, Flag, Hypothesis, Segment, Translation
from mt.errors import EmptyInput, LengthMismatch
from mt.language import check_arabic
from mt.normalize import replace_surrogates
from mt.segment import segment
from serve.dossier import SCHEMA, translation_json
from serve.dossier.html import html
from serve.dossier.layout import Fact, layout, source_text
from serve.service import Digest
from summarize.base import Summary

_ALONE = "This sentence has no counterpart in the source: do not rely on it."
_NO_SOURCE = "a translation by somebody else"

Pair = tuple[Segment, str]


def compare(source: Article, target: Article, names: tuple[str, str]) -> Translation:
    """The target as a translation of the source, sentence by sentence, with flags; `names` are for messages.

    Paragraphs, headline included, pair one to one; within a paragraph, sentences are aligned.

    Raises:
        LengthMismatch: there are not as many paragraphs on both sides.
        UnsupportedLanguage: the source is surely not Arabic.
    """
    ours, theirs = _blocks(source), _blocks(target)
    _check_lengths(len(ours), len(theirs), names, "paragraphs", "Make them pair, or")
    numbers = [*([None] if source.title else []), *range(len(source.paragraphs))]
    pairs = chain.from_iterable(map(_aligned, ours, theirs, numbers))
    return _checked(source, list(pairs), names, (*source.warnings, *target.warnings))


def compare_lines(source: Sequence[str], target: Sequence[str], names: tuple[str, str]) -> Translation:
    """Each line of the target as the translation of the same line of the source, with flags; a segment a line.

    Raises:
        LengthMismatch: there are not as many lines on both sides.
        EmptyInput: there are none.
        UnsupportedLanguage: the source is surely not Arabic.
    """
    _check_lengths(len(source), len(target), names, "lines", "Each line needs its translation;")
    if not "".join(source).strip():
        raise EmptyInput(f"{names[0]} is empty; expected Arabic lines")
    pairs = [(Segment(ours, "", i), theirs) for i, (ours, theirs) in enumerate(zip(source, target, strict=True))]
    return _checked(Article(tuple(source)), pairs, names, ())


def comparison_json(translation: Translation) -> dict[str, Any]:
    """Segments with their flags, in the form of the article object."""
    keys = ("source", "target", "flags", "confidence")
    segments = translation_json(translation, None)["segments"]
    return {
        "schema": SCHEMA,
        "segments": [{key: found[key] for key in keys} for found in segments],
        "warnings": list(translation.warnings),
    }


def comparison_html(translation: Translation, names: tuple[str, str], made: datetime | None = None) -> bytes:
    """The two texts side by side as a dossier without a summary; `made` is the time it tells, by default now."""
    page = layout(Digest(translation, Summary("extract", (), "")), made or datetime.now(UTC))
    facts = {fact.name: fact for fact in page.provenance}
    provenance = (
        Fact("Source", names[0]),
        Fact("Translation", f"{names[1]}; not made by khulasa, only checked."),
        replace(facts["Source"], name="Checksum"),
        Fact(
            "Checked", f"{page.made:%Y-%m-%d %H:%M} UTC by khulasa {__version__}, on the computer that wrote this file."
        ),
    )
    return html(replace(page, provenance=provenance)).encode()


def doubts(translation: Translation) -> str:
    """How much of the translation was flagged, in a sentence."""
    flagged = sum(map(bool, translation.flags))
    if not flagged:
        return "The checks found nothing to doubt. That does not prove the translation right."
    return f"{flagged} of {len(translation.segments)} segments have something to doubt."


def _blocks(article: Article) -> list[str]:
    """Headline and paragraphs alike: what is a headline in one language may not look like one in the other."""
    return [*([article.title] if article.title else []), *article.paragraphs]


def _check_lengths(ours: int, theirs: int, names: tuple[str, str], what: str, advice: str) -> None:
    if ours != theirs:
        raise LengthMismatch(
            f"{names[0]} has {ours} {what}, {names[1]} has {theirs}; expected as many. {advice} "
            "compare the parts that belong together."
        )


def _aligned(source: str, target: str, number: int | None) -> Iterator[Pair]:
    """The paragraph's segments, each with its translation; a segment without text where the target has more."""
    parts = segment(source, number, lambda text: True)
    pieces = [piece for piece in sentencex.segment("en", replace_surrogates(target)) if piece.strip()]
    one_to_one = len(parts) == len(pieces) == 1
    beads = [Bead(range(1), range(1))] if one_to_one else align([part.text for part in parts], pieces)
    for bead in beads:
        chosen = [parts[i] for i in bead.source]
        text = "".join(part.text + part.separator for part in chosen)
        separator = chosen[-1].separator if chosen else " "
        whole = Segment(text.removesuffix(separator) if chosen else "", separator, number)
        yield whole, " ".join(pieces[i].strip() for i in bead.target)


def _checked(source: Article, pairs: list[Pair], names: tuple[str, str], warnings: tuple[str, ...]) -> Translation:
    doubt = check_arabic(source_text(source), names[0])
    sources, targets = [part.text for part, _ in pairs], [target for _, target in pairs]
    found = check(sources, targets)
    return Translation(
        source,
        tuple(part for part, _ in pairs),
        tuple((Hypothesis(target),) for target in targets),
        tuple(_alone(*pair) or flags for pair, flags in zip(zip(sources, targets, strict=True), found, strict=True)),
        _NO_SOURCE,
        (*warnings, *([doubt.message] if doubt else [])),
    )


def _alone(source: str, target: str) -> tuple[Flag, ...]:
    """That a target has no source, which explains whatever else the checks say of it."""
    alone = target.strip() and not source.strip()
    return (Flag("addition", "error", _ALONE, target_span=(0, len(target))),) if alone else ()
