"""The values that cross every boundary: frozen, slotted, standard library only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Literal

FlagKind = Literal[
    "number", "name", "term", "negation", "attribution", "wording",
    "omission", "addition", "repetition", "untranslated", "typo", "language",
]  # fmt: skip
Severity = Literal["error", "warning", "info"]
Span = tuple[int, int]  # start, end in characters


@dataclass(frozen=True, slots=True)
class Article:
    """A text as its author wrote it: a headline, if it has one, and non-empty paragraphs."""

    paragraphs: tuple[str, ...]
    title: str | None = None
    id: str | None = None
    warnings: tuple[str, ...] = ()  # what was dropped or doubted while reading


@dataclass(frozen=True, slots=True)
class Term:
    """What a stretch of the source is called in English, and who says so."""

    source: str
    target: str
    origin: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a paragraph that is translated as one; `text + separator`, joined, give the paragraph back."""

    text: str
    separator: str = ""
    paragraph: int | None = None  # None: the headline
    reading: str | None = None  # what was translated instead, where its author seems to have slipped
    terms: tuple[Term, ...] = ()  # what the model was told that names are called


@dataclass(frozen=True, slots=True)
class Source:
    """What an engine is asked to translate: normalized text, and what only some engines take."""

    text: str
    terms: tuple[Term, ...] = ()
    prefix: str = ""  # what the target must begin with


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One candidate translation; `score` is the mean log-probability of its tokens."""

    text: str
    score: float | None = None
    complete: bool = True  # False: the engine hit its length limit before the end
    confidence: float | None = None  # the chance that no reader takes a wrong fact from it; None: not known


@dataclass(frozen=True, slots=True)
class Flag:
    """Something to doubt, in words a reader without Arabic understands; spans are in the segment's two texts."""

    kind: FlagKind
    severity: Severity
    message: str
    source_span: Span | None = None
    target_span: Span | None = None


@dataclass(frozen=True, slots=True)
class DecodingOptions:
    """How to decode; None leaves a value to the model's own settings. Names are CTranslate2's."""

    beam_size: int | None = None
    num_hypotheses: int = 1
    length_penalty: float | None = None
    repetition_penalty: float | None = None
    no_repeat_ngram_size: int | None = None
    min_decoding_length: int | None = None
    max_decoding_length: int | None = None
    plain: bool = False  # no terms, no re-ranking, no second decoding

    def over(self, defaults: DecodingOptions) -> DecodingOptions:
        """These options, with `defaults` where nothing was asked for."""
        mine = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(defaults, **{name: value for name, value in mine.items() if value is not None})

    @property
    def signature(self) -> str:
        """Every option that changes an output, in sacreBLEU's short form."""
        beam = self.beam_size and max(self.beam_size, self.num_hypotheses)  # what engines search with
        shown = {
            "beam": beam,
            "n": self.num_hypotheses if self.num_hypotheses > 1 else None,
            "lp": self.length_penalty,
            "rp": self.repetition_penalty,
            "ngram": self.no_repeat_ngram_size,
            "min": self.min_decoding_length,
            "max": self.max_decoding_length,
            "plain": "yes" if self.plain else None,
        }
        return "|".join(f"{key}:{value}" for key, value in shown.items() if value is not None)


@dataclass(frozen=True, slots=True)
class Translation:
    """An article in English: per segment, hypotheses best first (never none) and flags; `system` says who made it."""

    article: Article
    segments: tuple[Segment, ...]
    hypotheses: tuple[tuple[Hypothesis, ...], ...]
    flags: tuple[tuple[Flag, ...], ...]
    system: str
    warnings: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(best[0].text for best in self.hypotheses)

    @property
    def title(self) -> str | None:
        """The headline in English, None where the article has none."""
        return self._joined().get(None, "") if self.article.title is not None else None

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """As many English paragraphs as the article has."""
        joined = self._joined()
        return tuple(joined.get(number, "") for number in range(len(self.article.paragraphs)))

    @property
    def text(self) -> str:
        return "\n\n".join(self.paragraphs)

    def body(self) -> Iterator[int]:
        """Indices of the segments below the headline."""
        return (i for i, segment in enumerate(self.segments) if segment.paragraph is not None)

    def _joined(self) -> dict[int | None, str]:
        """Each paragraph's targets, with a line break where its source has one, else a space; None is the headline."""
        pieces: dict[int | None, list[str]] = {}
        for segment, target in zip(self.segments, self.targets, strict=True):
            pieces.setdefault(segment.paragraph, []).extend((target, "\n" if "\n" in segment.separator else " "))
        return {paragraph: "".join(texts).strip() for paragraph, texts in pieces.items()}
