"""What the routes of /v1 take and give, as /openapi.json shows it.

Requests are read by these classes, strictly: an unknown key is an error, "3" is no number. Answers are only described
by them; what makes them is `serve.dossier` and `serve.comparison`, and a test holds the two together.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationInfo, model_validator

from mt.document import FlagKind, Severity
from mt.registry import Quality

_JSON = ConfigDict(extra="forbid", strict=True, frozen=True)

# No control characters: they are no text, and terminals obey them.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]*$")]
Name = Annotated[Text, StringConstraints(min_length=1, max_length=100)]
Word = Annotated[Text, StringConstraints(min_length=1, max_length=200)]
Url = Annotated[str, StringConstraints(pattern=r"^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+$", max_length=2000)]
MOST_TERMS = 1000


def _whole(value: object, info: ValidationInfo) -> object:
    """In JSON 3.0 is a whole number; in a form all numbers are texts, of which pydantic says nothing more here."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if info.mode != "json" and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
        return int(value)
    return value


Hypotheses = Annotated[int, Field(ge=1, le=32), BeforeValidator(_whole)]
Sentences = Annotated[int, Field(ge=1, le=20), BeforeValidator(_whole)]


class GlossaryRow(BaseModel):
    """What an Arabic word or name is called in English."""

    model_config = _JSON

    source: Word
    target: Word
    kind: Literal["required", "preferred", "forbidden"] = "preferred"


# The first wrong item is told, not each of a million: naming them would take the server minutes.
Texts = Annotated[list[Text], Field(min_length=1, fail_fast=True)]
Glossary = Annotated[list[GlossaryRow], Field(max_length=MOST_TERMS, fail_fast=True)]


class Options(BaseModel):
    """What every request may ask for."""

    model_config = _JSON

    stream: bool = Field(False, description="Answer with server-sent events: progress, then result or error.")


class DecodingOptions(Options):
    """How to translate."""

    model: Name = Field("auto", description="A name or alias from GET /v1/models, or auto: the server's own choice.")
    beam_size: Hypotheses | None = Field(None, description="Hypotheses kept while decoding; null: the model's.")
    num_hypotheses: Hypotheses = Field(1, description="The translation and its alternatives, for each segment.")
    plain: bool = Field(False, description="The model alone: no terms, no ranking, no second decoding.")
    glossary: Glossary = Field([], description="Terms for this request alone.")


class SummaryOptions(DecodingOptions):
    """How to translate and summarize."""

    summarizer: Name = Field("auto", description="lead, lexrank, or a model from GET /v1/models.")
    sentences: Sentences = Field(3, description="Of the summary.")
    keep_unsupported: bool = Field(False, description="Show what a model wrote without support, marked.")


def _show_ways(schema: dict[str, Any], model: type[Any]) -> None:
    keys = list(chain(*model.WAYS))
    schema["oneOf"] = [
        {"required": list(way), "not": {"anyOf": [{"required": [key]} for key in keys if key not in way]}}
        for way in model.WAYS
    ]
    if "title" in model.model_fields:
        schema["dependentRequired"] = {"title": ["paragraphs"]}


class Ways(BaseModel):
    """A request that brings its text in exactly one of several ways, each some keys."""

    model_config = ConfigDict(json_schema_extra=_show_ways)
    WAYS: ClassVar[tuple[tuple[str, ...], ...]] = ()

    @property
    def way(self) -> str:
        """The first key of the way that was taken."""
        return next(way[0] for way in self.WAYS if way[0] in self.model_fields_set)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = self.model_fields_set & set(chain(*self.WAYS))
        if given not in map(set, self.WAYS):
            raise ValueError(f"expected {', or '.join(' and '.join(way) for way in self.WAYS)}; one of them")
        if "title" in self.model_fields_set and "paragraphs" not in given:
            raise ValueError("title goes with paragraphs; a text has its headline as its first paragraph")
        return self


class ArticleInput(Ways):
    """An article, in one of three ways."""

    WAYS: ClassVar[tuple[tuple[str, ...], ...]] = (("text",), ("paragraphs",), ("url",))

    text: Text = Field("", description="The article; a short first paragraph without a full stop is its headline.")
    title: Text = Field("", description="The headline, beside `paragraphs`.")
    paragraphs: Texts = []
    url: Url = Field("", description="A public http(s) address, where the server was started to fetch any.")


class ArticleRequest(ArticleInput, SummaryOptions):
    """An article to translate and summarize: `text`, `paragraphs` (perhaps with `title`) or `url`."""


class TranslateRequest(ArticleInput, DecodingOptions):
    """What to translate: `text`, `paragraphs` (perhaps with `title`), `url`, or `segments`."""

    WAYS = (*ArticleInput.WAYS, ("segments",))

    segments: Texts = Field([], description="n in, n out, blank ones too.")


class CheckRequest(Ways, Options):
    """An Arabic source and its English translation: two texts, or two lists of as many segments."""

    WAYS = (("source", "translation"), ("source_segments", "translation_segments"))

    source: Text = Field("", description="As many paragraphs as the translation.")
    translation: Text = ""
    source_segments: Texts = []
    translation_segments: Texts = []


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Title(_Answer):
    """The headline in both languages; both null where there is none."""

    source: str | None
    target: str | None


class Term(_Answer):
    """A name that the model was told, and who says so."""

    source: str
    target: str
    origin: Literal["glossary", "ledger", "gazetteer"]


Offsets = Annotated[list[int], Field(min_length=2, max_length=2)]


class Flag(_Answer):
    """Something to doubt; spans are [start, end] in characters."""

    kind: Literal[get_args(FlagKind)]  # type: ignore[valid-type]
    severity: Literal[get_args(Severity)]  # type: ignore[valid-type]
    message: str
    source_span: Offsets | None
    target_span: Offsets | None


class CheckedSegment(_Answer):
    """A source, its translation, and what to doubt."""

    source: str
    target: str
    flags: list[Flag]
    confidence: float | None


class Segment(CheckedSegment):
    """What was translated as one; see docs/json.md."""

    paragraph: int | None
    score: float | None
    reading: str | None
    alternatives: list[str]
    terms: list[Term]


class SummarySentence(_Answer):
    """A sentence of the summary and the segments it rests on."""

    text: str
    segments: list[int]
    supported: bool
    replaced: str | None
    reason: str | None


class Summary(_Answer):
    """Sentences taken from the translation (extract) or written by a model (abstract)."""

    kind: Literal["extract", "abstract"]
    text: str
    sentences: list[SummarySentence]


class _ArticleObject(_Answer):
    schema_: int = Field(alias="schema")
    id: str | None
    title: Title
    source_lang: Literal["ar"]
    target_lang: Literal["en"]
    segments: list[Segment]
    translation: str
    systems: dict[str, str]
    warnings: list[str]


class TranslationAnswer(_ArticleObject):
    """A translation; `targets` only where `segments` were sent, one for each."""

    targets: list[str] = []


class ArticleAnswer(_ArticleObject):
    """A translation and its summary."""

    summary: Summary
    seconds: dict[str, float]


class EnglishSummaryAnswer(_Answer):
    """The summary of an English text; its sentences cite `sentences`."""

    schema_: int = Field(alias="schema")
    summary: Summary
    sentences: list[str]
    systems: dict[str, str]
    warnings: list[str]


class CheckAnswer(_Answer):
    """Each segment with what to doubt."""

    schema_: int = Field(alias="schema")
    segments: list[CheckedSegment]
    warnings: list[str]


class ModelOffer(_Answer):
    """A model that requests may name, if it is installed."""

    name: str
    label: str
    licence: str
    commercial: bool
    quality: Literal[get_args(Quality)]  # type: ignore[valid-type]
    bytes: int | None
    installed: bool
    default: bool


class ModelsAnswer(_Answer):
    """The models, by what they do."""

    translate: list[ModelOffer]
    summarize: list[ModelOffer]


class ErrorDetail(_Answer):
    """What went wrong, in words, and under which id the server's log has it."""

    kind: str
    message: str
    request_id: str


class ErrorAnswer(_Answer):
    """Every answer that is no success."""

    error: ErrorDetail
