"""Articles in, translations out.

segment → slips and names → normalize → Engine.generate → second decoding → rank → checks → confidence
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from mt import __version__, typos
from mt.checks import check, in_order
from mt.checks.confidence import confidences
from mt.decode import Hypotheses, Progress, decode, generate
from mt.document import Article, DecodingOptions, Flag, Segment, Source, Translation
from mt.engine import Engine
from mt.errors import EmptyInput
from mt.language import check_arabic
from mt.normalize import VISIBLE, normalize
from mt.rerank import Ranked, rank
from mt.segment import segment
from mt.terms import Terms, load_terms, prompted
from mt.terms.insist import missing, retried
from mt.terms.match import Match
from mt.typos import Slip, corrected, slips

_CUT = "The translation of this segment breaks off: the end is missing. Cut the sentence in two, or try another model."


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a segment says, or probably should say; the names in it; and what the engine is asked."""

    text: str
    matches: tuple[Match, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class _Draft:
    """A segment before it is translated: as it is written, then, if there are slips, as it was probably meant."""

    segment: Segment
    slips: tuple[Slip, ...]
    readings: tuple[_Reading, ...]


@dataclass(frozen=True, slots=True)
class _Done:
    """A segment with the reading that was taken, the slips that it mends, and its hypotheses, best first."""

    segment: Segment
    reading: _Reading
    hypotheses: Hypotheses
    mended: tuple[Slip, ...] = ()
    flags: tuple[Flag, ...] = ()  # what is told of the slips
    worth: float = 0.0  # of the first hypothesis


def translate(
    articles: Sequence[Article],
    engine: Engine,
    options: DecodingOptions = DecodingOptions(),
    progress: Progress = lambda done, total: None,
    terms: Terms | None = None,
) -> list[Translation]:
    """One translation for each article, in order; all their segments go to the engine together.

    Names are called what `terms` call them (left out: the gazetteer), as far as the engine obeys. Where the author
    seems to have slipped, both readings are translated and the better one is taken. A segment whose target loops or
    was cut off is decoded again, then in halves. What could not be mended is flagged.

    Raises:
        EmptyInput: an article has nothing to translate.
        UnsupportedLanguage: one is surely not Arabic.
        DecodingError: the engine failed.
    """
    warnings = [check_article(article) for article in articles]
    terms = terms or load_terms()
    drafts = [[_draft(part, engine, options, terms) for part in _segments(article, engine)] for article in articles]
    done = iter(_translate([draft for parts in drafts for draft in parts], engine, options, progress))
    used = options.over(engine.spec.decoding).signature
    helped = "" if options.plain else f"|terms:{terms.signature}|rank:1"
    system = f"{engine.signature}|{used}{helped}|v:{__version__}"
    return [
        _translation(article, list(islice(done, len(parts))), engine, system, found)
        for article, parts, found in zip(articles, drafts, warnings, strict=True)
    ]


def translate_lines(
    lines: Sequence[str],
    engine: Engine,
    options: DecodingOptions = DecodingOptions(),
    progress: Progress = lambda done, total: None,
    terms: Terms | None = None,
) -> tuple[list[str], Translation]:
    """A target for each line, an empty one for a blank line; and the translation they stand in, a paragraph a line.

    The lines are one article: whether they are Arabic is asked of all together, since one may be a name in Latin.
    """
    (translation,) = translate(
        [Article(tuple(line for line in lines if line.strip()))], engine, options, progress, terms
    )
    targets = iter(translation.paragraphs)
    return [next(targets) if line.strip() else "" for line in lines], translation


def check_article(article: Article) -> tuple[str, ...]:
    """What was dropped or doubted about an article; raises EmptyInput and UnsupportedLanguage, without a model."""
    where = f"article {article.id}" if article.id else "the article"
    text = "\n".join([article.title or "", *article.paragraphs])
    if not VISIBLE.search(text):
        raise EmptyInput(f"{where} has no text; expected Arabic paragraphs")
    flag = check_arabic(text, where)
    return (*article.warnings, flag.message) if flag else article.warnings


def _segments(article: Article, engine: Engine) -> tuple[Segment, ...]:
    """The headline's segments, then those of the paragraphs, each short enough for the engine."""

    def fits(text: str) -> bool:
        return _fits(Source(normalize(text)), engine)

    title = segment(article.title, None, fits) if article.title else []
    body = [part for number, text in enumerate(article.paragraphs) for part in segment(text, number, fits)]
    return (*title, *body)


def _fits(source: Source, engine: Engine) -> bool:
    return engine.count_tokens(source) <= engine.spec.limits.source_tokens


def _draft(part: Segment, engine: Engine, options: DecodingOptions, terms: Terms) -> _Draft:
    written = _reading(part.text, engine, options, terms)
    if options.plain:
        return _Draft(part, (), (written,))
    found = slips(part.text, [match.span for match in written.matches])
    meant = _reading(corrected(part.text, found), engine, options, terms) if found else written
    if not found or not _fits(meant.source, engine):
        return _Draft(part, (), (written,))
    return _Draft(part, found, (written, meant))


def _reading(text: str, engine: Engine, options: DecodingOptions, terms: Terms) -> _Reading:
    matches = terms.find(text)
    source = Source(normalize(text), prompted(matches) if engine.takes_terms and not options.plain else ())
    while source.terms and not _fits(source, engine):
        source = replace(source, terms=source.terms[:-1])
    return _Reading(text, matches, source)


def _translate(drafts: Sequence[_Draft], engine: Engine, options: DecodingOptions, progress: Progress) -> list[_Done]:
    readings = [reading for draft in drafts for reading in draft.readings]
    sources = [reading.source for reading in readings]
    if options.plain:
        plain = generate(sources, engine, options, progress)
        return [_plainly(draft, hypotheses) for draft, hypotheses in zip(drafts, plain, strict=True)]
    beam = options.over(engine.spec.decoding).beam_size or 1
    wide = replace(options, num_hypotheses=max(options.num_hypotheses, beam))  # a beam holds them anyway
    hypotheses = decode(sources, engine, wide, progress)
    ranked = iter(rank([s.text for s in sources], hypotheses, [reading.matches for reading in readings]))
    done = [_chosen(draft, list(islice(ranked, len(draft.readings)))) for draft in drafts]
    if engine.takes_prefix:
        done = _insist(done, engine, wide)
    return [replace(part, hypotheses=part.hypotheses[: options.num_hypotheses]) for part in done]


def _plainly(draft: _Draft, hypotheses: Hypotheses) -> _Done:
    (reading,) = draft.readings
    return _Done(draft.segment, reading, hypotheses)


def _chosen(draft: _Draft, ranked: Sequence[Ranked]) -> _Done:
    """The draft with its better reading, the hypotheses of it, and what the reader is told of the slips."""
    best = max(range(len(ranked)), key=lambda i: (ranked[i][0][0], i))
    reading, taken = draft.readings[best], best > 0
    part = replace(draft.segment, reading=reading.text if taken else None, terms=reading.source.terms)
    flags = tuple(typos.flag(slip, taken=taken) for slip in draft.slips)
    hypotheses = tuple(hypothesis for _, hypothesis in ranked[best])
    return _Done(part, reading, hypotheses, draft.slips if taken else (), flags, ranked[best][0][0])


def _insist(done: Sequence[_Done], engine: Engine, options: DecodingOptions) -> list[_Done]:
    """The segments, those that lack a name decoded once more so that they have it, where that makes them better."""
    answers = list(done)
    again: dict[int, Source] = {}
    for i, part in enumerate(done):
        reading, target = part.reading, part.hypotheses[0].text
        if lacking := missing(reading.text, target, reading.matches):
            source = retried(reading.source, target, lacking[0], reading.matches)
            if _fits(replace(source, text=f"{source.text} {source.prefix}"), engine):
                again[i] = source
    hypotheses = generate(list(again.values()), engine, options)
    readings = [done[i].reading for i in again]
    ranked = rank([r.source.text for r in readings], hypotheses, [r.matches for r in readings])
    for i, found in zip(again, ranked, strict=True):
        worth, best = found[0]
        if worth > done[i].worth:
            answers[i] = replace(done[i], hypotheses=(best, *done[i].hypotheses), worth=worth)
    return answers


def _translation(
    article: Article, done: Sequence[_Done], engine: Engine, system: str, warnings: tuple[str, ...]
) -> Translation:
    sources = [part.reading.text for part in done]
    best = [part.hypotheses[0] for part in done]
    found = check(sources, [hypothesis.text for hypothesis in best], [part.reading.matches for part in done])
    flags = [_flags(part, own) for part, own in zip(done, found, strict=True)]
    sure = confidences(sources, best, flags, engine.spec.quality)
    hypotheses = [
        (replace(part.hypotheses[0], confidence=value), *part.hypotheses[1:])
        for part, value in zip(done, sure, strict=True)
    ]
    segments = tuple(part.segment for part in done)
    return Translation(article, segments, tuple(hypotheses), tuple(flags), system, warnings)


def _flags(part: _Done, found: Sequence[Flag]) -> tuple[Flag, ...]:
    """All that is told of a segment, with spans in the text as its author wrote it."""
    own = [
        replace(flag, source_span=typos.as_written(flag.source_span, part.mended)) if flag.source_span else flag
        for flag in found
    ]
    return in_order([*_cut(part), *part.flags, *own])


def _cut(part: _Done) -> tuple[Flag, ...]:
    source, best = part.segment.text, part.hypotheses[0]
    return () if best.complete else (Flag("omission", "error", _CUT, (0, len(source)), (0, len(best.text))),)
