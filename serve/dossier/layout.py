"""What stands where in a dossier, decided once for Markdown, HTML and docx."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, pairwise

from mt import __version__
from mt.document import Article, Flag, FlagKind, Severity, Span, Translation
from mt.webpage import DIRECTION_CONTROLS
from serve.service import Digest
from summarize.base import Summary, SummarySentence

SEVERITIES: dict[Severity, str] = {"error": "Error", "warning": "Check", "info": "Note"}  # worst first
KINDS: dict[FlagKind, str] = {
    "number": "number", "name": "name", "term": "term", "negation": "negation", "attribution": "who said it",
    "wording": "wording", "omission": "something missing", "addition": "something added", "repetition": "repetition",
    "untranslated": "left in Arabic", "typo": "slip in the source", "language": "language",
}  # fmt: skip

NO_HEADLINE = "Article without a headline"
NO_TEXT = "(no text)"
_LOCAL = (
    "Translation and summary were made on the computer that wrote this file, without any online service: "
    "the article was sent nowhere."
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, and how bad the worst is that the flags say of it."""

    text: str
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """A flag in words; the quotes are what it points at, empty where that is nothing or all."""

    severity: Severity
    label: str
    message: str
    target: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A segment in both languages; `number` is what citations say."""

    number: int
    paragraph: int | None  # None: the headline
    target: tuple[Piece, ...]
    source: tuple[Piece, ...]
    doubts: tuple[Doubt, ...]
    alternatives: tuple[str, ...]
    cited: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of the summary, the numbers of the segments it rests on, and what to doubt about it."""

    text: str
    numbers: tuple[int, ...]
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the provenance; `signature` is what a machine would compare."""

    name: str
    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """A dossier from top to bottom."""

    title: str
    headline: tuple[Row, ...]
    notice: str | None
    cautions: tuple[str, ...]
    doubts: str
    doubted: tuple[int, ...]
    summary_made: str
    summary: tuple[Statement, ...]
    paragraphs: tuple[tuple[Row, ...], ...]
    provenance: tuple[Fact, ...]
    made: datetime


def layout(digest: Digest, made: datetime) -> Layout:
    """Everything a dossier says, in its order; texts are as they came, whoever writes them passes them by `clean`."""
    translation = digest.translation
    cited = {index for sentence in digest.summary.sentences for index in sentence.segments}
    rows = (_row(translation, index, index in cited) for index in range(len(translation.segments)))
    blocks = [(paragraph, tuple(group)) for paragraph, group in groupby(rows, key=lambda row: row.paragraph)]
    headline = tuple(row for paragraph, block in blocks if paragraph is None for row in block)
    doubted = tuple(index + 1 for index, flags in enumerate(translation.flags) if flags)
    return Layout(
        title=(translation.title or "").strip() or (NO_TEXT if headline else NO_HEADLINE),
        headline=headline,
        notice=digest.notice,
        cautions=translation.warnings,
        doubts=_doubts_in_words(len(doubted), len(translation.segments)),
        doubted=doubted,
        summary_made=_summary_made(digest.summary),
        summary=tuple(_statement(sentence, translation) for sentence in digest.summary.sentences),
        paragraphs=tuple(block for paragraph, block in blocks if paragraph is not None),
        provenance=tuple(_provenance(digest, made)),
        made=made.astimezone(UTC),
    )


def _row(translation: Translation, index: int, cited: bool) -> Row:
    source, flags = translation.segments[index].text, translation.flags[index]
    best, *others = translation.hypotheses[index]
    return Row(
        number=index + 1,
        paragraph=translation.segments[index].paragraph,
        target=pieces(best.text, [(flag.severity, flag.target_span) for flag in flags]),
        source=pieces(source, [(flag.severity, flag.source_span) for flag in flags]),
        doubts=tuple(_doubt(flag, best.text, source) for flag in flags),
        alternatives=tuple(other.text for other in others),
        cited=cited,
    )


def pieces(text: str, marks: list[tuple[Severity, Span | None]]) -> tuple[Piece, ...]:
    """The text cut where flagged stretches begin and end; joined, the pieces give it back."""
    order = list(SEVERITIES)
    spans = sorted(((order.index(severity), *span) for severity, span in marks if span), key=lambda mark: mark[0])
    cuts = sorted({0, len(text), *(min(max(edge, 0), len(text)) for _, *span in spans for edge in span)})
    return tuple(
        Piece(text[start:end], next((order[rank] for rank, a, b in spans if a <= start and end <= b), None))
        for start, end in pairwise(cuts)
    )


def _doubt(flag: Flag, target: str, source: str) -> Doubt:
    label = f"{SEVERITIES[flag.severity]}: {KINDS[flag.kind]}"
    return Doubt(flag.severity, label, flag.message, _quote(target, flag.target_span), _quote(source, flag.source_span))


def _quote(text: str, span: Span | None) -> str:
    quoted = text[span[0] : span[1]].strip() if span else ""
    return "" if quoted == text.strip() else quoted


def _statement(sentence: SummarySentence, translation: Translation) -> Statement:
    because = f": {sentence.reason}" if sentence.reason else ""
    doubts = [doubted_below(sentence, translation)]
    if sentence.replaced is not None:
        doubts.insert(0, f"From the translation, in place of a sentence that the article does not support{because}")
    elif not sentence.supported:
        doubts.insert(0, f"Not supported by the article{because}")
    return Statement(sentence.text, tuple(index + 1 for index in sentence.segments), "; ".join(filter(None, doubts)))


def doubted_below(sentence: SummarySentence, translation: Translation) -> str:
    """Which of the segments that a summary sentence rests on have an error or a warning, in words; empty for none."""
    flagged = [i for i in sentence.segments if any(flag.severity != "info" for flag in translation.flags[i])]
    return f"See what is doubted in {', '.join(f'[{i + 1}]' for i in flagged)}" if flagged else ""


def _summary_made(summary: Summary) -> str:
    model = summary.system.partition("|")[0]
    if summary.kind == "extract":
        return f"Its sentences were taken from the translation, chosen by the method {model}."
    return f"Its sentences were written by the model {model} from the translation."


def _doubts_in_words(doubted: int, segments: int) -> str:
    """How much of the article was flagged, for the reader who goes no further; the numbers follow."""
    if not doubted:
        return "The checks found nothing to doubt. That does not prove the translation right."
    have = "has" if doubted == 1 else "have"
    return f"{doubted} of {segments} segments {have} something to doubt:"


def _provenance(digest: Digest, made: datetime) -> Iterator[Fact]:
    translation, article = digest.translation, digest.translation.article
    model = translation.system.partition("|")[0]
    yield Fact("Translation", f"By the model {model}, from Arabic into English.", translation.system)
    yield Fact("Summary", _summary_made(digest.summary), digest.summary.system)
    yield Fact("Where", _LOCAL)
    took = ", ".join(f"{name} {value:.1f} s" for name, value in digest.seconds.items())
    time = f"{made.astimezone(UTC):%Y-%m-%d %H:%M} UTC by khulasa {__version__}"
    yield Fact("Made", f"{time} ({took})" if took else time)
    if article.id is not None:
        yield Fact("Record", article.id)
    text = source_text(article)
    digits = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    yield Fact("Source", "SHA-256 of headline and paragraphs in UTF-8, a blank line between them:", digits)
    if hidden := len(DIRECTION_CONTROLS.findall(text)):
        yield Fact(
            "Left out", f"{hidden} invisible direction controls of the source; this file sets directions itself."
        )


def source_text(article: Article) -> str:
    """The article as one text, what the dossier's checksum is of."""
    return "\n\n".join([*([article.title] if article.title else []), *article.paragraphs])
