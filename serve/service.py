"""The one object behind every front end: engines and summarizers, loaded once, and what is asked of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock

import sentencex

from mt.decode import Progress
from mt.document import Article, DecodingOptions, Translation
from mt.engine import Engine, Placement, load_engine, resolve
from mt.registry import ModelSpec, Registry, Task
from mt.store import Report
from mt.terms import Terms, load_terms
from mt.terms.match import Entry
from mt.translate import check_article, translate, translate_lines
from mt.vectors import load_in_background
from serve.batching import Batch, SharedEngine, stoppable
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
    """Translates and summarizes for any number of threads; an engine is loaded once, on its first use.

    `shared`: what several threads ask for at once is decoded in common batches, and `on_batch` is told of each; their
    results are the same.
    """

    def __init__(
        self,
        registry: Registry,
        placement: Placement = Placement(),
        report: Report = lambda what, share: None,
        terms: Terms | None = None,  # what names are called; None: what the gazetteer says
        *,
        shared: bool = False,
        on_batch: Callable[[Batch], None] = lambda batch: None,
    ) -> None:
        self.registry = registry
        self.terms = terms or load_terms()
        self._placement, self._report = placement, report
        self._shared, self._on_batch = shared, on_batch
        self._engines: dict[tuple[str, Task], Engine] = {}  # by the names they were asked for, and their own
        self._loading: dict[tuple[str, Task], Lock] = {}

    def engine(self, name: str = "auto", task: Task = "translate") -> Engine:
        """The loaded model, one for all its names; see `mt.engine.load_engine` for what it raises."""
        if (name, task) not in self._engines:
            own = self._own_name(name, task), task
            with self._loading.setdefault(own, Lock()):  # who asks for another model need not wait for this one
                if own not in self._engines:
                    self._engines[own] = self._load(name, task)
            self._engines[name, task] = self._engines[own]
        return self._engines[name, task]

    def knowing(self, entries: dict[str, Entry]) -> Service:
        """This service, on the same engines, that also knows a glossary's entries, before all others."""
        view = copy(self)
        view.terms = self.terms.over(entries)
        return view

    @property
    def waiting(self) -> int:
        """How many sources wait for a batch."""
        return sum(engine.waiting for engine in self._all_shared())

    def close(self) -> None:
        """End what decodes in common batches; whoever waits for it gets a DecodingError."""
        for engine in self._all_shared():
            engine.close()

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
        stop: Event | None = None,
    ) -> list[Translation]:
        """One translation for each article, in order; see `mt.translate.translate` for what it raises.

        Raises Stopped within a batch after `stop` is set.
        """
        engine = self._engine_for(articles, model, options, stop)
        return translate(articles, engine, options, progress, self.terms)

    def translate_lines(
        self,
        lines: Sequence[str],
        model: str = "auto",
        options: DecodingOptions = DecodingOptions(),
        progress: Progress = lambda done, total: None,
        stop: Event | None = None,
    ) -> tuple[list[str], Translation]:
        """A target for each line, and the translation they stand in; see `mt.translate.translate_lines`.

        Raises Stopped within a batch after `stop` is set.
        """
        engine = self._engine_for([Article(tuple(filter(str.strip, lines)))], model, options, stop)
        return translate_lines(lines, engine, options, progress, self.terms)

    def digest(
        self,
        article: Article,
        model: str = "auto",
        options: DecodingOptions = DecodingOptions(),
        summarizing: Summarizing = Summarizing(),
        progress: Progress = lambda done, total: None,
        stop: Event | None = None,
    ) -> Digest:
        """The article's translation, and a summary made from the translation.

        Raises Stopped within a batch after `stop` is set.
        """
        begun = time.perf_counter()
        check_article(article)
        summarizer = self._summarizer(summarizing, stop)
        self.engine(model)
        if not isinstance(summarizer, Lead):
            load_in_background()  # after the engine: both are mostly Python and would wait for each other
        loaded = time.perf_counter()
        (translation,) = self.translate([article], model, options, progress, stop)
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
        self, article: Article, summarizing: Summarizing = Summarizing(), stop: Event | None = None
    ) -> tuple[Summary, list[str]]:
        """A summary of an English article, and the sentences that it cites by index.

        Raises Stopped within a batch after `stop` is set.
        """
        cut = (sentencex.segment("en", paragraph) for paragraph in article.paragraphs)
        sentences = [sentence.strip() for paragraph in cut for sentence in paragraph if sentence.strip()]
        return _summarize(sentences, article.title, self._summarizer(summarizing, stop), summarizing), sentences

    def _engine_for(
        self, articles: Sequence[Article], model: str, options: DecodingOptions, stop: Event | None
    ) -> Engine:
        """The engine that is to translate the articles, if they can be translated."""
        for article in articles:
            check_article(article)  # before a model is loaded, or built, for nothing
        engine = self.engine(model)
        if not options.plain:
            load_in_background()  # for ranking; the engine's threads leave Python to it
        return stoppable(engine, stop) if stop else engine

    def _summarizer(self, summarizing: Summarizing, stop: Event | None = None) -> Summarizer:
        def load(name: str) -> Engine:
            engine = self.engine(name, "summarize")
            return stoppable(engine, stop) if stop else engine

        return load_summarizer(summarizing.summarizer, load)

    def _own_name(self, name: str, task: Task) -> str:
        """What the model of that name or alias is called in the registry; of one in a directory, where that is."""
        spec = resolve(name, task, self.registry)
        return spec.name if any(spec is known for known in self.registry) else str(Path(name).resolve())

    def _load(self, name: str, task: Task) -> Engine:
        engine = load_engine(name, task, self.registry, self._placement, self._report)
        return SharedEngine(engine, self._placement.cores, self._on_batch) if self._shared else engine

    def _all_shared(self) -> list[SharedEngine]:
        return [engine for engine in {*self._engines.values()} if isinstance(engine, SharedEngine)]


def _summarize(sentences: list[str], title: str | None, summarizer: Summarizer, how: Summarizing) -> Summary:
    """The summary, each of its sentences resting on sentences of the text, or marked as resting on none."""
    summary = summarizer.summarize(sentences, how.sentences, title)
    return ground(summary, sentences, keep_unsupported=how.keep_unsupported)
