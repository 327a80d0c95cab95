"""What a summary is, and the one door to whatever writes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from mt.engine import Engine
from mt.errors import ModelNotFound, UnknownModel


@dataclass(frozen=True, slots=True)
class SummarySentence:
    """A sentence of a summary and the sentences of the article it rests on, by index."""

    text: str
    segments: tuple[int, ...]
    supported: bool = True
    replaced: str | None = None  # what a model wrote, where an extract stands in its place
    reason: str | None = None  # why the article does not support what the model wrote, in plain English


@dataclass(frozen=True, slots=True)
class Summary:
    """Sentences taken from an article ("extract") or written by a model ("abstract"); `system` says by whom."""

    kind: Literal["extract", "abstract"]
    sentences: tuple[SummarySentence, ...]
    system: str

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)

    def citing(self, places: Sequence[int]) -> Summary:
        """The same summary with `places[i]` where it cites i: what was read was a choice of a longer list."""
        moved = (replace(s, segments=tuple(places[i] for i in s.segments)) for s in self.sentences)
        return replace(self, sentences=tuple(moved))


class Summarizer(Protocol):
    """Anything that makes a summary of an article's sentences."""

    def summarize(self, sentences: Sequence[str], count: int, title: str | None = None) -> Summary:
        """A summary of about `count` sentences, whose `segments` are indices into `sentences`.

        Raises EmptyInput when there is nothing to read, ConfigError when `count` is below 1.
        """
        ...


def load_summarizer(name: str, load_engine: Callable[[str], Engine]) -> Summarizer:
    """The summarizer of that name: `lead`, `lexrank`, or a model that `load_engine` loads for the task `summarize`.

    `auto` is the first model that is on disk, else LexRank.

    Raises UnknownModel, which lists the known names, and what `load_engine` raises.
    """
    from summarize.abstractive import Abstractive
    from summarize.extractive import Lead, LexRank  # which import this module

    extractive: dict[str, Callable[[], Summarizer]] = {"lead": Lead, "lexrank": LexRank}
    if name in extractive:
        return extractive[name]()
    try:
        return Abstractive(load_engine(name))
    except ModelNotFound:
        if name == "auto":
            return LexRank()
        raise
    except UnknownModel as error:
        raise UnknownModel(f"{error}; without a model there are: {', '.join(extractive)}") from error
