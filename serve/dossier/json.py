"""The JSON object of an article, the same from every front end; `docs/json.md` explains its keys."""

from __future__ import annotations

from typing import Any

from mt.document import Flag, Hypothesis, Segment, Translation
from serve.service import Digest
from summarize.base import Summary

SCHEMA = 1


def translation_json(translation: Translation, notice: str | None) -> dict[str, Any]:
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
        "warnings": [*([notice] if notice else []), *translation.warnings],
    }


def digest_json(digest: Digest) -> dict[str, Any]:
    """The article object of architecture.md: `translation_json` with summary and seconds."""
    answer = translation_json(digest.translation, digest.notice)
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
            {
                "text": sentence.text,
                "segments": list(sentence.segments),
                "supported": sentence.supported,
                "replaced": sentence.replaced,
                "reason": sentence.reason,
            }
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
        "confidence": best.confidence,
        "reading": segment.reading,
        "alternatives": [other.text for other in others],
        "terms": [{"source": term.source, "target": term.target, "origin": term.origin} for term in segment.terms],
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
