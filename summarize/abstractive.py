"""Summaries written by a seq2seq model; a text longer than the model can read is summarized in windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import sentencex

from mt import __version__
from mt.document import DecodingOptions, Source
from mt.engine import Engine
from mt.errors import ConfigError, EmptyInput
from mt.segment import segment
from summarize.base import Summary, SummarySentence


@dataclass(frozen=True, slots=True)
class Abstractive:
    """A summarizer on an engine for the task `summarize`: BART, DistilBART, Pegasus, T5, mT5.

    Its sentences cite nothing: what they rest on is found by `summarize.grounding`.
    """

    engine: Engine
    options: DecodingOptions = DecodingOptions()

    def summarize(self, sentences: Sequence[str], count: int, title: str | None = None) -> Summary:
        """At most `count` sentences about all of the text; the headline is not read.

        What does not fit is cut into windows of whole sentences; their summaries together are the text of the next
        round, until one window is left or a round no longer shortens it.

        Raises EmptyInput when there is nothing to read, ConfigError when `count` is below 1.
        """
        if count < 1:
            raise ConfigError(f"{count} sentences of summary: expected 1 or more")
        text = [sentence.strip() for sentence in sentences if sentence.strip()]
        if not text:
            raise EmptyInput("there is no sentence to summarize")
        written, rounds = text, 0
        while True:
            windows = list(self._windows(written))
            outputs = [_sentences(output) for output in self._outputs(windows)]
            shorter = [sentence for output in outputs for sentence in output]
            rounds += 1
            stuck = sum(map(len, shorter)) >= sum(map(len, written))
            if len(windows) == 1 or stuck or not shorter:
                break
            written = shorter
        own = self.options.over(self.engine.spec.decoding)
        system = f"{self.engine.signature}|{own.signature}|k:{count}|rounds:{rounds}|v:{__version__}"
        chosen = [sentence for _, sentence in sorted(_evenly(outputs)[:count])]
        return Summary("abstract", tuple(SummarySentence(sentence, ()) for sentence in chosen), system)

    def _windows(self, sentences: Sequence[str]) -> Iterator[str]:
        """Sentences joined while they fit the engine; one that does not fit alone is cut at its punctuation."""
        window: list[str] = []
        for piece in (part.text for sentence in sentences for part in segment(sentence, 0, self._fits)):
            if window and not self._fits(" ".join([*window, piece])):
                yield " ".join(window)
                window = []
            window.append(piece)
        yield " ".join(window)

    def _fits(self, text: str) -> bool:
        return self.engine.count_tokens(Source(text)) <= self.engine.spec.limits.source_tokens

    def _outputs(self, windows: Sequence[str]) -> list[str]:
        """A summary of each window; short windows by themselves, so that no minimum length makes the model invent."""
        found: dict[int, str] = {}
        own = self.options.over(self.engine.spec.decoding)
        least = own.min_decoding_length or 0
        short = {i for i, text in enumerate(windows) if self.engine.count_tokens(Source(text)) < 2 * least}
        for group, options in (
            ([i for i in range(len(windows)) if i not in short], own),
            (sorted(short), replace(own, min_decoding_length=1)),
        ):
            for index, hypotheses in self.engine.generate([Source(windows[i]) for i in group], options):
                found[group[index]] = hypotheses[0].text
        return [found[i] for i in range(len(windows))]


def _evenly(outputs: Sequence[Sequence[str]]) -> list[tuple[tuple[int, int], str]]:
    """The sentences with their places, the first of each window before any second: a choice of them covers the text."""
    placed = [((window, rank), text) for window, output in enumerate(outputs) for rank, text in enumerate(output)]
    return sorted(placed, key=lambda each: (each[0][1], each[0][0]))


def _sentences(text: str) -> list[str]:
    return [sentence.strip() for sentence in sentencex.segment("en", text) if sentence.strip()]
