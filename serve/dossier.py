"""One article as a person or a program reads it: for the terminal, and as the JSON object of every front end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mt.document import Flag, Hypothesis, Segment, Translation
from serve.service import NOTICE, Digest
from summarize.base import Summary

SCHEMA = 1
_COLORS = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def translation_json(translation: Translation, *, draft: bool) -> dict[str, Any]:
    """The article object without a summary; `docs/json.md` explains its keys."""
    article = translation.article
    return {
        "schema": SCHEMA,
        "id": article.id,
        "title": {"source": article.title, "target": translation.title},
        "source_lang": "ar",
        "target_lang": "en",
        "segments": [
            _segment_json(*parts)
            for parts in zip(translation.segments, translation.hypotheses, translation.flags, strict=True)
        ],
        "translation": translation.text,
        "systems": {"translate": translation.system},
        "warnings": [*([NOTICE] if draft else []), *translation.warnings],
    }


def digest_json(digest: Digest) -> dict[str, Any]:
    """The article object of architecture.md: `translation_json` with summary and seconds."""
    answer = translation_json(digest.translation, draft=digest.draft)
    answer["summary"] = summary_json(digest.summary)
    answer["systems"]["summarize"] = digest.summary.system
    answer["seconds"] = digest.seconds
    return answer


def summary_json(summary: Summary) -> dict[str, Any]:
    """The summary with the segments that each sentence cites."""
    return {
        "kind": summary.kind,
        "text": summary.text,
        "sentences": [
            {"text": sentence.text, "segments": list(sentence.segments), "supported": sentence.supported}
            for sentence in summary.sentences
        ],
    }


def _segment_json(segment: Segment, hypotheses: tuple[Hypothesis, ...], flags: tuple[Flag, ...]) -> dict[str, Any]:
    best, *others = hypotheses
    return {
        "paragraph": segment.paragraph,
        "source": segment.text,
        "target": best.text,
        "score": None if best.score is None else round(best.score, 4),
        "confidence": None,
        "reading": None,
        "alternatives": [other.text for other in others],
        "terms": [],
        "flags": [_flag_json(flag) for flag in flags],
    }


def _flag_json(flag: Flag) -> dict[str, Any]:
    return {
        "kind": flag.kind,
        "severity": flag.severity,
        "message": flag.message,
        "source_span": flag.source_span and list(flag.source_span),
        "target_span": flag.target_span and list(flag.target_span),
    }


def print_digest(digest: Digest, console: Console) -> None:
    """The digest for reading: notice, headline, summary, then the translation with its doubts below each paragraph."""
    for part in _notices(digest.translation, digest.draft):
        console.print(part)
    if digest.translation.title:
        console.print(Text(f"\n{digest.translation.title}", style="bold"), soft_wrap=not console.is_terminal)
    console.print(_summary(digest), soft_wrap=not console.is_terminal)
    console.print(Text("\nTranslation", style="bold"))
    for paragraph in paragraphs(digest.translation):
        console.print(Group(Text(), paragraph), soft_wrap=not console.is_terminal)
    console.print(Text(f"\n{_provenance(digest)}", style="dim"), soft_wrap=True)


def print_translation(translation: Translation, console: Console, *, draft: bool) -> None:
    """The translation alone, for reading."""
    for part in _notices(translation, draft):
        console.print(part)
    if translation.title:
        console.print(Group(Text(translation.title, style="bold"), Text()), soft_wrap=not console.is_terminal)
    for number, paragraph in enumerate(paragraphs(translation)):
        console.print(Group(*([Text()] if number else []), paragraph), soft_wrap=not console.is_terminal)


def _notices(translation: Translation, draft: bool) -> Iterator[RenderableType]:
    if draft:
        yield Text(f"⚠ {NOTICE}", style="yellow")
    for warning in translation.warnings:
        yield Text(f"⚠ {warning}", style="yellow")
    if draft or translation.warnings:
        yield Text()


def _summary(digest: Digest) -> RenderableType:
    taken = digest.summary.kind == "extract"
    made = "sentences taken from the translation" if taken else "written by a model"
    lines = [Text(f"\nSummary ({made})", style="bold")]
    for sentence in digest.summary.sentences:
        cited = ", ".join(str(number + 1) for number in sentence.segments)
        lines.append(Text.assemble("• ", sentence.text, (f"  [{cited}]", "dim")))
    return Group(*lines)


def paragraphs(translation: Translation) -> Iterator[RenderableType]:
    """Each paragraph with the numbers that the summary cites, flagged words in color, its doubts below it."""
    rows = enumerate(zip(translation.segments, translation.targets, translation.flags, strict=True))
    for paragraph, group in groupby(rows, key=lambda row: row[1][0].paragraph):
        if paragraph is None:
            continue
        text, doubts = Text(), list[Text]()
        for index, (_, target, flags) in group:
            text.append(f"[{index + 1}] ", style="dim").append_text(_marked(target, flags)).append(" ")
            doubts += [Text(f"  ⚠ [{index + 1}] {flag.message}", style=_COLORS[flag.severity]) for flag in flags]
        yield Group(text, *doubts)


def _marked(target: str, flags: tuple[Flag, ...]) -> Text:
    text = Text(target)
    for flag in flags:
        if flag.target_span:
            text.stylize(_COLORS[flag.severity], *flag.target_span)
    return text


def _provenance(digest: Digest) -> str:
    seconds = ", ".join(f"{name} {value:.1f} s" for name, value in digest.seconds.items())
    return f"{digest.translation.system}\n{digest.summary.system}\n{seconds}"
