"""The one object behind every front end: engines and summarizers, loaded once, and what is asked of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import sentencex

from mt.decode import Progress
from mt.document import Article, DecodingOptions, Translation
from mt.engine import Engine, Placement, load_engine
from mt.registry import ModelSpec, Registry, Task
from mt.store import Report
from mt.terms import Terms, load_terms
from mt.translate import check_article, translate
from mt.vectors import load_in_background
from summarize.abstractive import Abstractive
from summarize.base import Summarizer, Summary, load_summarizer
from summarize.extractive import Lead
from summarize.grounding import ground

DOUBT = "names, numbers and who did what may be wrong"


def draft_notice(spec: ModelSpec) -> str | None:
    """What every answer of a model that only drafts begins with; None for a good one, and for one nobody measured."""
    if spec.quality != "draft":
        return None
    if spec.architecture != "embedded":
        return f"Draft by the model {spec.name}: {DOUBT}."
    return (
        f"Draft by a small built-in model: {DOUBT}. "
        "`khulasa models pull quickmt-ar-en` gets a better one, used from then on."
    )


def licence_notice(spec: ModelSpec) -> str | None:
    """What every answer says of a model of the list that is not free for commercial use; None for any other."""
    if spec.commercial or spec.source is None:
        return None
    stated = f"under {spec.licence}" if spec.licence != "not stated" else "of a licence that is not stated"
    return f"The model {spec.name} is {stated}: not for commercial use."


@dataclass(frozen=True, slots=True)
class Digest:
    """What a reader gets for one article; summary sentences cite indices of `translation.segments`."""

    translation: Translation
    summary: Summary
    seconds: dict[str, float] = field(default_factory=dict)
    notice: str | None = None  # for the reader, before everything else


@dataclass(frozen=True, slots=True)
class Summarizing:
    """What summary is asked for."""

    summarizer: str = "auto"  # lead, lexrank, a model, or auto: a model that is on disk, else lexrank
    sentences: int = 3
    keep_unsupported: bool = False  # show what a model wrote without support, marked, instead of an extract


class Service:
    """Translates and summarizes for any number of threads; an engine is loaded once, on its first use."""

    def __init__(
        self,
        registry: Registry,
        placement: Placement = Placement(),
        report: Report = lambda what, share: None,
        terms: Terms | None = None,  # what names are called; None: what the gazetteer says
    ) -> None:
        self.registry = registry
        self.terms = terms or load_terms()
        self._placement, self._report = placement, report
        self._engines: dict[tuple[str, Task], Engine] = {}
        self._loading = threading.Lock()

    def engine(self, name: str = "auto", task: Task = "translate") -> Engine:
        """The loaded model; see `mt.engine.load_engine` for what it raises."""
        with self._loading:
            if (name, task) not in self._engines:
                self._engines[name, task] = load_engine(name, task, self.registry, self._placement, self._report)
            return self._engines[name, task]

    def notice(self, model: str = "auto") -> str | None:
        """What the answers of this model begin with: that it drafts, and that its licence is not free."""
        spec = self.engine(model).spec
        return " ".join(filter(None, (draft_notice(spec), licence_notice(spec)))) or None

    def summary_notice(self, summarizing: Summarizing) -> str | None:
        """What a summary begins with: that the model that writes it is not free; None for any other."""
        summarizer = self._summarizer(summarizing)
        return licence_notice(summarizer.engine.spec) if isinstance(summarizer, Abstractive) else None

    def translate(
        self,
        articles: Sequence[Article],
        model: str = "auto",
        options: DecodingOptions = DecodingOptions(),
        progress: Progress = lambda done, total: None,
    ) -> list[Translation]:
        """One translation for each article, in order; see `mt.translate.translate` for what it raises."""
        for article in articles:
            check_article(article)  # before a model is loaded, or built, for nothing
        self.engine(model)
        if not options.plain:
            load_in_background()  # for ranking; the engine's threads leave Python to it
        return translate(articles, self.engine(model), options, progress, self.terms)

    def digest(
        self,
        article: Article,
        model: str = "auto",
        options: DecodingOptions = DecodingOptions(),
        summarizing: Summarizing = Summarizing(),
        progress: Progress = lambda done, total: None,
    ) -> Digest:
        """The article's translation, and a summary made from the translation."""
        begun = time.perf_counter()
        check_article(article)
        summarizer = self._summarizer(summarizing)
        self.engine(model)
        if not isinstance(summarizer, Lead):
            load_in_background()  # after the engine: both are mostly Python and would wait for each other
        loaded = time.perf_counter()
        (translation,) = self.translate([article], model, options, progress)
        translated = time.perf_counter()
        body = list(translation.body()) or list(range(len(translation.segments)))
        summary = _summarize([translation.targets[i] for i in body], translation.title, summarizer, summarizing).citing(
            body
        )
        seconds = {
            "load": loaded - begun,
            "translate": translated - loaded,
            "summarize": time.perf_counter() - translated,
        }
        notice = " ".join(filter(None, (self.notice(model), self.summary_notice(summarizing)))) or None
        return Digest(translation, summary, {k: round(v, 3) for k, v in seconds.items()}, notice)

    def summarize_english(
        self, article: Article, summarizing: Summarizing = Summarizing()
    ) -> tuple[Summary, list[str]]:
        """A summary of an English article, and the sentences that it cites by index."""
        cut = (sentencex.segment("en", paragraph) for paragraph in article.paragraphs)
        sentences = [sentence.strip() for paragraph in cut for sentence in paragraph if sentence.strip()]
        return _summarize(sentences, article.title, self._summarizer(summarizing), summarizing), sentences

    def _summarizer(self, summarizing: Summarizing) -> Summarizer:
        return load_summarizer(summarizing.summarizer, lambda name: self.engine(name, "summarize"))


def _summarize(sentences: list[str], title: str | None, summarizer: Summarizer, how: Summarizing) -> Summary:
    """The summary, each of its sentences resting on sentences of the text, or marked as resting on none."""
    summary = summarizer.summarize(sentences, how.sentences, title)
    return ground(summary, sentences, keep_unsupported=how.keep_unsupported)
