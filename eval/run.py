"""Models run on a test set: what they make of it, who made it, and how long that took."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

import numpy as np

from eval.evaluation import Output, Progress, Speed, Trial
from eval.metrics import METRICS, Rouge
from eval.origin import Origin
from eval.testsets import Dataset, Task
from mt import __version__
from mt.document import DecodingOptions
from mt.engine import Engine, Placement, load_engine
from mt.errors import EmptyInput, EvalError
from mt.registry import Registry
from mt.terms import Terms
from mt.translate import translate_lines
from summarize.base import Summarizer, Summary, load_summarizer
from summarize.extractive import Lead
from summarize.grounding import ground

Wanted = Literal["translate", "summarize", "both"]

_ENDS = re.compile(r"[.!?؟…:]['\"”’»)\]]*\Z")


@dataclass(frozen=True, slots=True)
class Models:
    """Which models run, and how."""

    registry: Registry
    model: str = "auto"
    options: DecodingOptions = DecodingOptions()
    placement: Placement = Placement()
    terms: Terms | None = None
    summarizer: str = "auto"
    sentences: int = 3  # of a summary

    def engine(self, name: str, task: Task, progress: Progress) -> Engine:
        """The model of that name, loaded; the built-in one is built on its first use."""
        return load_engine(
            name, task, self.registry, self.placement, lambda what, share: progress(f"{what}: {share:.0%}")
        )


@dataclass(frozen=True, slots=True)
class Document:
    """A text to be summarized: its headline, if it has one, and its sentences."""

    sentences: tuple[str, ...]
    title: str | None = None


def run(wanted: Wanted, origin: Origin, models: Models, progress: Progress = lambda doing: None) -> tuple[Trial, ...]:
    """What the models make of the test set; of `both`, the summaries are made of the translations.

    Raises EvalError where the test set has not what is asked for, and what loading and decoding raise.
    """
    if wanted == "summarize":
        dataset = origin.load("summarize")
        documents = [read_document(text) for text in _sources(dataset, "summarized")]
        return (Trial("summarize", origin, dataset, summarize(documents, dataset, models, progress)),)
    dataset = origin.load("translate")
    summaries = origin.load("summarize") if wanted == "both" else None  # what is wrong with it is said before the work
    if summaries is not None:
        _refuse_unpaired(dataset, summaries)
    translated = translate(dataset, models, progress)
    trial = Trial("translate", origin, dataset, (translated,))
    if summaries is None:
        return (trial,)
    documents = list(_translated(dataset, translated.hypotheses))
    made = (replace(each, signature=f"{each.signature}, of {translated.signature}")
            for each in summarize(documents, summaries, models, progress))  # fmt: skip
    return trial, Trial("summarize", origin, summaries, tuple(made))


def _sources(dataset: Dataset, done: str) -> tuple[str, ...]:
    if not dataset.sources:
        raise EvalError(f"{dataset.name} has no source that could be {done}; name a test set that has one")
    return dataset.sources


# --- translations


def translate(dataset: Dataset, models: Models, progress: Progress = lambda doing: None) -> Output:
    """The sources of the test set, translated; each is a text of its own."""
    sources = _sources(dataset, "translated")
    progress("loading the model")
    begun = time.perf_counter()
    engine = models.engine(models.model, "translate", progress)
    loaded = time.perf_counter()
    progress(f"translating with {engine.spec.name}")
    lines, translation = translate_lines(
        sources, engine, models.options, lambda done, total: progress(f"translated {done} of {total}"), models.terms
    )
    seconds = time.perf_counter() - loaded
    targets = tuple(" ".join(line.split()) for line in lines)
    return Output(engine.spec.name, targets, translation.system, _speed(targets, seconds, loaded - begun))


def _speed(texts: Sequence[str], seconds: float, load: float) -> Speed:
    return Speed(round(seconds, 3), round(load, 3), sum(len(text.split()) for text in texts))


# --- summaries


def summarize(
    documents: Sequence[Document], dataset: Dataset, models: Models, progress: Progress = lambda doing: None
) -> tuple[Output, ...]:
    """Summaries of the documents; beside them, as yardsticks, the lead and the best that extraction could do."""
    progress("loading the summarizer")
    begun = time.perf_counter()
    summarizer = load_summarizer(models.summarizer, lambda name: models.engine(name, "summarize", progress))
    loaded = time.perf_counter()
    progress("summarizing")
    made = [_summary(document, summarizer, models) for document in documents]
    seconds = time.perf_counter() - loaded
    texts = tuple(map(_joined, made))
    system = made[0].system
    count = models.sentences
    lead = [Lead().summarize(document.sentences, count, document.title) for document in documents]
    progress("looking for the best extracts")
    best = tuple(
        "\n".join(oracle(document.sentences, [side[i] for side in dataset.references], count))
        for i, document in enumerate(documents)
    )
    return (
        Output(system.partition("|")[0].partition("@")[0], texts, system, _speed(texts, seconds, loaded - begun)),
        Output(f"lead-{count}", tuple(map(_joined, lead)), lead[0].system, yardstick=True),
        Output("oracle", best, f"oracle|greedy|rouge1+rouge2|k:{count}|v:{__version__}", yardstick=True),
    )


def _summary(document: Document, summarizer: Summarizer, models: Models) -> Summary:
    summary = summarizer.summarize(document.sentences, models.sentences, document.title)
    return summary if models.options.plain else ground(summary, document.sentences)


def _joined(summary: Summary) -> str:
    """A line for each sentence, as ROUGE-Lsum wants it."""
    return "\n".join(" ".join(sentence.text.split()) for sentence in summary.sentences)


def oracle(sentences: Sequence[str], references: Sequence[str], count: int) -> list[str]:
    """Up to `count` sentences, in their order, each the one that adds most to ROUGE-1 + ROUGE-2.

    The greedy search of Nallapati et al. 2017: near the most that extraction can get.
    """
    chosen, best = list[int](), 0.0
    while len(chosen) < count:
        left = [i for i in range(len(sentences)) if i not in chosen]
        texts = [" ".join(sentences[j] for j in sorted([*chosen, i])) for i in left]
        values = _overlap(texts, references) if texts else []
        if not values or max(values) <= best:
            break
        best = max(values)
        chosen.append(left[values.index(best)])
    return [sentences[i] for i in sorted(chosen)]


def _overlap(texts: Sequence[str], references: Sequence[str]) -> list[float]:
    """ROUGE-1 and ROUGE-2 of each text, added."""
    sides = [[reference] * len(texts) for reference in references]
    metrics = [metric for name in ("rouge1", "rouge2") if isinstance(metric := METRICS[name], Rouge)]
    each = [replace(metric, stemmer=True).measure(texts, sides).statistics[:, 0] for metric in metrics]
    return [float(value) for value in np.sum(each, axis=0)]


# --- documents


def read_document(text: str) -> Document:
    """The sentences of an English text; a first line that ends like no sentence is its headline.

    Raises EmptyInput.
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines:
        raise EmptyInput("a text to be summarized is empty; expected paragraphs")
    title = lines[0] if len(lines) > 1 and not _ENDS.search(lines[0]) else None
    return Document(tuple(_split(lines[1:] if title else lines)), title)


def _split(lines: Sequence[str]) -> Iterator[str]:
    import sentencex

    for line in lines:
        yield from filter(None, (sentence.strip() for sentence in sentencex.segment("en", line)))


def _refuse_unpaired(dataset: Dataset, summaries: Dataset) -> None:
    ours, theirs = ([name for name, _ in groupby(side.domains)] for side in (dataset, summaries))
    if not ours or ours != theirs:
        raise EvalError(f"{dataset.name}: translations cannot be summarized, since it is not known which segments are "
                        "one article; expected a directory with NAME.ar.txt, NAME.en.txt and NAME.summary.txt for "
                        "each, or run --task translate and --task summarize")  # fmt: skip


def _translated(dataset: Dataset, targets: Sequence[str]) -> Iterator[Document]:
    """Each article of a directory in its translation."""
    for _, rows in groupby(zip(dataset.domains, targets, strict=True), key=lambda row: row[0]):
        yield read_document("\n".join(target for _, target in rows))
