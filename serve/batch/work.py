"""What a worker does with a chunk: records in, output records out, by the same steps as `khulasa article`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from mt import __version__
from mt.document import DecodingOptions, Hypothesis, Source, Translation
from mt.engine import Engine, Placement, load, locate
from mt.errors import ConfigError, ModelError, ModelNotFound, MTError, UnknownModel
from mt.registry import ModelSpec, Registry
from mt.store import Report, StoredModel
from mt.terms import Terms
from mt.terms.gazetteer import load_gazetteer
from mt.terms.glossary import load_glossary
from mt.terms.ledger import load_ledger
from mt.terms.match import Entry
from mt.translate import check_article, translate
from serve.batch.chunks import Chunk
from serve.batch.dossiers import Dossiers
from serve.batch.records import Record
from serve.dossier import FileFormat, digest_json, render, translation_json
from serve.service import Digest, Summarizing, draft_notice, licence_notice
from summarize.base import Summary, load_summarizer
from summarize.grounding import ground

Output = dict[str, Any]  # an output record, as architecture.md has it


@dataclass(frozen=True, slots=True)
class Setup:
    """All that a worker must know, as it stood when the run began; picklable."""

    model: StoredModel
    options: DecodingOptions = DecodingOptions()
    placement: Placement = Placement(threads=1)
    summarizing: Summarizing | None = None  # None: no summary
    summarizer: StoredModel | None = None  # the model that summarizes, if one does
    glossary: dict[str, Entry] = field(default_factory=dict)
    ledger: dict[str, Entry] = field(default_factory=dict)
    dossiers: Path | None = None  # a folder for a file of each article
    dossier_form: FileFormat = "html"
    made: str = ""  # when, by these files

    @property
    def terms(self) -> Terms:
        """What names are called; built anew."""
        return Terms(load_gazetteer(), [self.glossary, self.ledger])

    def settings(self) -> dict[str, str | None]:
        """All of it that decides the output, by names for people: what a manifest holds."""
        how = self.summarizing
        return {
            "khulasa": __version__,
            "model": _identity(self.model),
            "decoding": self.options.over(self.model.spec.decoding).signature,
            "device": self.placement.device,
            "compute type": self.placement.compute_type,
            "gazetteer": load_gazetteer().signature,
            "glossary": _checksum(self.glossary) if self.glossary else None,
            "ledger": _checksum(self.ledger) if self.ledger else None,
            "summary": f"{how.summarizer}:{how.sentences}{':unsupported' * how.keep_unsupported}" if how else None,
            "summarizer": _identity(self.summarizer) if self.summarizer else None,
            "dossiers": f"{self.dossier_form} in {self.dossiers.absolute()}" if self.dossiers else None,
        }


def _identity(model: StoredModel) -> str:
    """The model with its version, and what models.yaml says of it as a hash."""
    return f"{model.spec.name}@{model.version} ({_checksum(repr(model.spec))[:8]})"


def _checksum(value: object) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()


def build_setup(
    registry: Registry,
    model: str,
    summarizing: Summarizing | None,
    glossary: Path | None = None,
    ledger: Path | None = None,
    report: Report = lambda what, share: None,
) -> Setup:
    """What workers are told: `auto` is resolved and the user's files are read here, once.

    Raises what `mt.engine.locate` and `mt.terms.load_terms` raise.
    """
    setup = Setup(
        locate(model, "translate", registry, report),
        summarizing=summarizing,
        glossary=load_glossary(glossary) if glossary else {},
        ledger=load_ledger(ledger) if ledger else {},
    )
    if summarizing is None or summarizing.summarizer in ("lead", "lexrank"):
        return setup
    try:
        return replace(setup, summarizer=locate(summarizing.summarizer, "summarize", registry, report))
    except ModelNotFound:
        if summarizing.summarizer != "auto":
            raise
        return replace(setup, summarizing=replace(summarizing, summarizer="lexrank"))
    except UnknownModel as error:
        raise UnknownModel(f"{error}; without a model there are: lead, lexrank") from error


class Unrepeated:
    """An Engine that decodes equal sources of one call once: agencies' formulas stand in many articles."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.spec: ModelSpec = engine.spec
        self.takes_terms, self.takes_prefix = engine.takes_terms, engine.takes_prefix
        self.signature = engine.signature

    def count_tokens(self, source: Source) -> int:
        return self._engine.count_tokens(source)

    def generate(
        self, sources: Sequence[Source], options: DecodingOptions
    ) -> Iterator[tuple[int, tuple[Hypothesis, ...]]]:
        places: dict[Source, list[int]] = {}
        for index, source in enumerate(sources):
            places.setdefault(source, []).append(index)
        equal = list(places.values())
        for number, hypotheses in self._engine.generate(list(places), options):
            for index in equal[number]:
                yield index, hypotheses


class Worker:
    """Engine and summarizer of one process, loaded once."""

    def __init__(self, setup: Setup) -> None:
        self._setup, self._terms = setup, setup.terms
        self._engine = Unrepeated(load(setup.model, setup.placement))
        self._writer = load(setup.summarizer, setup.placement) if setup.summarizer else None
        how = setup.summarizing
        self._summarizer = load_summarizer(how.summarizer, self._written_by) if how else None
        specs = [setup.model.spec, *([setup.summarizer.spec] if setup.summarizer else [])]
        notices = [draft_notice(setup.model.spec), *(licence_notice(spec) for spec in specs)]
        self._dossiers = Dossiers(setup.dossiers, setup.dossier_form) if setup.dossiers else None
        self._notice = " ".join(filter(None, notices)) or None

    def translate(self, chunk: Chunk) -> list[Output]:
        """An output record for each record of the chunk, in order; one that cannot be read is failed by itself.

        Raises:
            DecodingError: the engine failed on one of them, it does not say on which.
        """
        outputs = {record.number: failed for record in chunk.records if (failed := _refused(record))}
        sound = [record for record in chunk.records if record.number not in outputs]
        articles = [record.article for record in sound if record.article]
        translations = translate(articles, self._engine, self._setup.options, terms=self._terms)
        for record, translation in zip(sound, translations, strict=True):
            outputs[record.number] = self._output(record, translation)
        return [outputs[record.number] for record in chunk.records]

    def _output(self, record: Record, translation: Translation) -> Output:
        try:
            summary = self._summary(translation)
        except (ConfigError, ModelError):
            raise
        except MTError as error:
            return failed(record, type(error).__name__, str(error))
        if summary is None:
            answer = translation_json(translation, self._notice)
        else:
            digest = Digest(translation, summary, notice=self._notice)
            answer = digest_json(digest)
            del answer["seconds"]  # the one thing that differs from run to run
            self._write_dossier(record, digest)
        return {**answer, "id": record.id, "input": record.fields}

    def _write_dossier(self, record: Record, digest: Digest) -> None:
        if self._dossiers:
            made = datetime.fromisoformat(self._setup.made)
            self._dossiers.write(record, render(digest, self._dossiers.form, made))

    def _summary(self, translation: Translation) -> Summary | None:
        how = self._setup.summarizing
        if how is None or self._summarizer is None:
            return None
        body = list(translation.body()) or list(range(len(translation.segments)))
        targets = translation.targets  # which makes them anew each time
        sentences = [targets[i] for i in body]
        summary = self._summarizer.summarize(sentences, how.sentences, translation.title)
        return ground(summary, sentences, keep_unsupported=how.keep_unsupported).citing(body)

    def _written_by(self, name: str) -> Engine:
        if self._writer is None:
            raise ModelNotFound(f"the summarizer {name!r} was not found when the run began; start it again")
        return self._writer


def failed(record: Record, kind: str, message: str) -> Output:
    """The output record of one that could not be done."""
    error = {"kind": kind, "message": message, "where": record.where}
    return {"id": record.id, "error": error, "input": record.fields}


def _refused(record: Record) -> Output | None:
    """The failure of a record that cannot be read, or is not Arabic; None for any other."""
    if record.failure:
        return failed(record, record.failure.kind, record.failure.message)
    try:
        if record.article:
            check_article(record.article)
    except MTError as error:
        return failed(record, type(error).__name__, str(error))
    return None
