"""Articles in, translations out: normalize → segment → Engine.generate → second decoding → checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from mt import __version__
from mt.checks import check
from mt.checks.coverage import loops
from mt.document import Article, DecodingOptions, Flag, Hypothesis, Segment, Source, Translation
from mt.engine import Engine
from mt.errors import EmptyInput
from mt.language import check_arabic
from mt.normalize import VISIBLE, normalize
from mt.segment import halves, segment

Progress = Callable[[int, int], None]  # segments done, segments in all
Hypotheses = tuple[Hypothesis, ...]

# A second decoding holds the model back from what it repeated: no four tokens twice, repeated ones made unlikely.
AGAINST_LOOPS = DecodingOptions(repetition_penalty=1.2, no_repeat_ngram_size=4)

_CUT = "The translation of this segment breaks off: the end is missing. Cut the sentence in two, or try another model."


def translate(
    articles: Sequence[Article],
    engine: Engine,
    options: DecodingOptions = DecodingOptions(),
    progress: Progress = lambda done, total: None,
) -> list[Translation]:
    """One translation for each article, in order; all their segments go to the engine together.

    A segment whose target loops or was cut off is decoded again, then in halves, and flagged if that does not help.

    Raises:
        EmptyInput: an article has nothing to translate.
        UnsupportedLanguage: one is surely not Arabic.
        DecodingError: the engine failed.
    """
    warnings = [check_article(article) for article in articles]
    segmented = [_segments(article, engine) for article in articles]
    sources = [Source(normalize(part.text)) for segments in segmented for part in segments]
    hypotheses = iter(_decode(sources, engine, options, progress))
    system = f"{engine.signature}|{options.over(engine.spec.decoding).signature}|v:{__version__}"
    return [
        _translation(article, segments, tuple(islice(hypotheses, len(segments))), system, found)
        for article, segments, found in zip(articles, segmented, warnings, strict=True)
    ]


def translate_lines(
    lines: Sequence[str],
    engine: Engine,
    options: DecodingOptions = DecodingOptions(),
    progress: Progress = lambda done, total: None,
) -> tuple[list[str], Translation]:
    """A target for each line, an empty one for a blank line; and the translation they stand in, a paragraph a line.

    The lines are one article: whether they are Arabic is asked of all together, since one may be a name in Latin.
    """
    (translation,) = translate([Article(tuple(line for line in lines if line.strip()))], engine, options, progress)
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
        return engine.count_tokens(Source(normalize(text))) <= engine.spec.limits.source_tokens

    title = segment(article.title, None, fits) if article.title else []
    body = [part for number, text in enumerate(article.paragraphs) for part in segment(text, number, fits)]
    return (*title, *body)


def _decode(
    sources: Sequence[Source], engine: Engine, options: DecodingOptions, progress: Progress
) -> list[Hypotheses]:
    hypotheses = _generate(sources, engine, options, progress)
    if options.plain:
        return hypotheses
    careful = replace(AGAINST_LOOPS.over(options), num_hypotheses=options.num_hypotheses)
    suspect = [i for i, found in enumerate(hypotheses) if _failed(sources[i].text, found[0])]
    for again in (partial(_generate, options=careful), partial(_generate_halves, options=careful)):
        for i, found in zip(suspect, again([sources[i] for i in suspect], engine), strict=True):
            if not _failed(sources[i].text, found[0]):
                hypotheses[i] = found
        suspect = [i for i in suspect if _failed(sources[i].text, hypotheses[i][0])]
    return hypotheses


def _generate(
    sources: Sequence[Source], engine: Engine, options: DecodingOptions, progress: Progress = lambda done, total: None
) -> list[Hypotheses]:
    found: dict[int, Hypotheses] = {}
    for index, hypotheses in engine.generate(sources, options):
        found[index] = hypotheses
        progress(len(found), len(sources))
    return [found[i] for i in range(len(sources))]


def _generate_halves(sources: Sequence[Source], engine: Engine, options: DecodingOptions) -> list[Hypotheses]:
    """Each source decoded in two parts, the best of both joined: a shorter source seldom loops."""
    parts = [halves(source.text) for source in sources]
    flat = [Source(text, source.terms) for source, part in zip(sources, parts, strict=True) for text in part[::2]]
    found = _generate(flat, engine, replace(options, num_hypotheses=1))
    return [(_join(left[0], right[0]),) for left, right in zip(found[::2], found[1::2], strict=True)]


def _join(left: Hypothesis, right: Hypothesis) -> Hypothesis:
    scores = [half.score for half in (left, right) if half.score is not None and half.text]
    mean = sum(scores) / len(scores) if scores else None
    return Hypothesis(f"{left.text} {right.text}".strip(), mean, left.complete and right.complete)


def _failed(source: str, hypothesis: Hypothesis) -> bool:
    """Whether the engine lost its way: no end within the limit, or a loop that the source does not have."""
    return not hypothesis.complete or (loops(hypothesis.text) is not None and loops(source) is None)


def _translation(
    article: Article,
    segments: tuple[Segment, ...],
    found: tuple[Hypotheses, ...],
    system: str,
    warnings: tuple[str, ...],
) -> Translation:
    flags = tuple(_flags(part.text, best[0]) for part, best in zip(segments, found, strict=True))
    return Translation(article, segments, found, flags, system, warnings)


def _flags(source: str, best: Hypothesis) -> tuple[Flag, ...]:
    cut = () if best.complete else (Flag("omission", "error", _CUT, (0, len(source)), (0, len(best.text))),)
    return (*cut, *check(source, best.text))
