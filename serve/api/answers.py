"""The work of each route of /v1, in a thread: a request that was read → the object that is answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mt.decode import Progress
from mt.document import Article
from mt.document import DecodingOptions as Decoding
from mt.errors import ConfigError, EmptyInput, InputError, InputTooLong
from mt.language import identify
from mt.segment import segment
from mt.terms.glossary import Row, checked, entries
from serve.admission import Job
from serve.api.body import Body, Upload
from serve.api.errors import Forbidden
from serve.api.schemas import (
    ArticleInput,
    CheckRequest,
    DecodingOptions,
    GlossaryRow,
    Options,
    SummaryOptions,
    TranslateRequest,
)
from serve.comparison import compare, compare_lines, comparison_json
from serve.desk import Desk
from serve.dossier import SCHEMA, digest_json, summary_json, translation_json
from serve.fetch import fetch
from serve.offers import Offer, chosen, offers
from serve.reader import parse, parse_text
from serve.service import Service, Summarizing
from serve.settings import Limits

Json = dict[str, Any]


def translate(desk: Desk, body: Body[DecodingOptions], job: Job, progress: Progress) -> Json:
    """The article object without a summary; for segments, with the `targets` that answer them one by one."""
    asked = body.options
    service, model, decoding = _means(desk, asked)
    if isinstance(asked, TranslateRequest) and asked.way == "segments":
        _check_size(asked.segments, desk.settings.limits)
        targets, translation = service.translate_lines(asked.segments, model, decoding, progress, job.stop)
        return {**translation_json(translation, service.notice(model)), "targets": targets}
    (translation,) = service.translate([_article(desk, body)], model, decoding, progress, job.stop)
    return translation_json(translation, service.notice(model))


def digest(desk: Desk, body: Body[SummaryOptions], job: Job, progress: Progress) -> Json:
    """The article object."""
    return _digest(desk, _article(desk, body), body.options, job, progress)


def summarize(desk: Desk, body: Body[SummaryOptions], job: Job, progress: Progress) -> Json:
    """The article object, or of an English text its summary and the sentences that it cites."""
    article = _article(desk, body)
    if identify("\n".join(article.paragraphs)).code != "en":
        return _digest(desk, article, body.options, job, progress)
    service, summarizing = desk.service, _summarizing(desk, body.options)
    summary, sentences = service.summarize_english(article, summarizing, job.stop)
    notice = service.summary_notice(summarizing)
    return {
        "schema": SCHEMA,
        "summary": summary_json(summary),
        "sentences": sentences,
        "systems": {"summarize": summary.system},
        "warnings": [*([notice] if notice else []), *article.warnings],
    }


def check(desk: Desk, body: Body[Options], job: Job, progress: Progress) -> Json:
    """The segments of a translation by somebody else, and what to doubt about them."""
    asked, limits, names = body.options, desk.settings.limits, ("the source", "the translation")
    if not isinstance(asked, CheckRequest):
        source, translation = body.files["source"], body.files["translation"]
        names, texts = (source.name, translation.name), (_parsed(source), _parsed(translation))
    elif asked.way == "source":
        texts = _parsed_text(asked.source, names[0]), _parsed_text(asked.translation, names[1])
    else:
        _check_size(asked.source_segments, limits)
        _check_size(asked.translation_segments, limits)
        return comparison_json(compare_lines(asked.source_segments, asked.translation_segments, names))
    for text in texts:
        _check_size(text.paragraphs, limits)
    return comparison_json(compare(*texts, names))


def models(desk: Desk) -> Json:
    """What can be chosen, by task."""
    registry = desk.service.registry
    return {
        "translate": [_offer(offer) for offer in offers(registry, "translate")],
        "summarize": [_offer(offer) for offer in offers(registry, "summarize")],
    }


def _offer(offer: Offer) -> Json:
    return {
        "name": offer.name,
        "label": offer.label,
        "licence": offer.licence,
        "commercial": offer.commercial,
        "quality": offer.quality,
        "bytes": offer.size,
        "installed": offer.installed,
        "default": offer.default,
    }


def _digest(desk: Desk, article: Article, asked: SummaryOptions, job: Job, progress: Progress) -> Json:
    service, model, decoding = _means(desk, asked)
    summarizing = _summarizing(desk, asked)
    return digest_json(service.digest(article, model, decoding, summarizing, progress, job.stop))


def _means(desk: Desk, asked: DecodingOptions) -> tuple[Service, str, Decoding]:
    """The service, knowing the request's glossary; the model's name; and how to decode."""
    decoding = Decoding(beam_size=asked.beam_size, num_hypotheses=asked.num_hypotheses, plain=asked.plain)
    return _knowing(desk.service, asked.glossary), _model(desk, asked.model), decoding


def _model(desk: Desk, asked: str) -> str:
    if asked == "auto":
        return desk.settings.model  # which may be a directory, as nothing that a stranger says
    return chosen(asked, "translate", desk.service.registry)


def _summarizing(desk: Desk, asked: SummaryOptions) -> Summarizing:
    name = chosen(asked.summarizer, "summarize", desk.service.registry)
    return Summarizing(name, asked.sentences, asked.keep_unsupported)


def _article(desk: Desk, body: Body[Any]) -> Article:
    """The article of a request; InputTooLong if it is more than the server takes."""
    article = _given(desk, body)
    _check_size([*([article.title] if article.title else []), *article.paragraphs], desk.settings.limits)
    return article


def _given(desk: Desk, body: Body[Any]) -> Article:
    asked = body.options
    if not isinstance(asked, ArticleInput):
        return _parsed(body.files["file"])
    if asked.way == "text":
        return _parsed_text(asked.text, "the text")
    if asked.way == "paragraphs":
        return Article(tuple(asked.paragraphs), asked.title.strip() or None)
    if not desk.settings.allow_urls:
        raise Forbidden("this server fetches no addresses (`khulasa serve --allow-urls` makes one that does); send "
                        "the text, or the page as a file")  # fmt: skip
    page = fetch(asked.url)
    return parse(page.data, page.url, page.kind, page.charset)


def _parsed(upload: Upload) -> Article:
    return parse(upload.data, upload.name, upload.kind)


def _parsed_text(text: str, name: str) -> Article:
    article = parse_text(text.replace("\r\n", "\n").replace("\r", "\n"))
    if not article.paragraphs:
        raise EmptyInput(f"{name} is empty; expected an article")
    return article


def _check_size(texts: Sequence[str], limits: Limits) -> None:
    """Return if these paragraphs, or segments, are no more than the server takes at once."""
    characters = sum(map(len, texts))
    if characters > limits.characters:
        raise InputTooLong(f"the text has {characters:,} characters; this server takes {limits.characters:,} at once. "
                           "Send it in parts.")  # fmt: skip
    segments = sum(len(segment(text, number, lambda _: True)) or 1 for number, text in enumerate(texts))
    if segments > limits.segments:
        raise InputTooLong(f"the text has {segments:,} segments; this server takes {limits.segments:,} at once. "
                           "Send it in parts.")  # fmt: skip


def _knowing(service: Service, rows: Sequence[GlossaryRow]) -> Service:
    """The service as it is, or a view of it that also knows these terms; InputError names a row that is none."""
    if not rows:
        return service
    try:
        return service.knowing(entries([_term(row, number) for number, row in enumerate(rows, 1)]))
    except ConfigError as error:
        raise InputError(str(error)) from error


def _term(row: GlossaryRow, number: int) -> Row:
    source, target = (" ".join(text.split()) for text in (row.source, row.target))
    return checked(Row(source, target, row.kind, f"glossary, row {number}"))
