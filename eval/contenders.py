"""What can be compared: models on our engines, and bare loops on the libraries below them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Protocol

from mt.document import DecodingOptions, Source
from mt.engine import Engine, Placement, load, locate
from mt.errors import DecodingError
from mt.pretrained import quiet
from mt.registry import ModelSpec, Task, load_registry
from mt.segment import segment
from mt.store import StoredModel

Units = tuple[str, ...]  # an article as an engine gets it: its sentences; to be summarized, all of it as one
Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """What every row of a comparison decodes, and how; `lengths` forces the target tokens of an article's units."""

    articles: tuple[Units, ...]
    options: DecodingOptions = DecodingOptions(plain=True)
    placement: Placement = Placement()
    lengths: tuple[int, ...] = ()

    def options_of(self, article: int) -> DecodingOptions:
        """How to decode the article; a forced length is that of the target before its end."""
        if not self.lengths:
            return self.options
        length = self.lengths[article]
        return replace(self.options, min_decoding_length=length, max_decoding_length=length + 1)

    @property
    def words(self) -> int:
        """Words of the sources."""
        return sum(len(unit.split()) for units in self.articles for unit in units)

    @property
    def forced_tokens(self) -> int | None:
        """Target tokens of all articles, where their length is forced."""
        if not self.lengths:
            return None
        return sum(length * len(units) for length, units in zip(self.lengths, self.articles, strict=True))


class Decoder(Protocol):
    """A loaded row; lives in a process of its own."""

    @property
    def signature(self) -> str: ...

    def decode(self, article: int) -> None:
        """Decode all units of the article together."""

    def count_tokens(self) -> int | None:
        """Target tokens of all articles as last decoded; None if nobody can say."""


class Row(Protocol):
    """What is compared, before it is loaded; picklable."""

    @property
    def label(self) -> str: ...

    def load(self) -> Decoder: ...


@dataclass(frozen=True, slots=True)
class Model:
    """A row: a model of the registry, `auto`, or a directory, on its own engine."""

    label: str
    task: Task
    work: Work
    models_file: Path | None = None

    def load(self) -> Decoder:
        model = locate(self.label, self.task, load_registry(self.models_file))
        return EngineDecoder(load(model, self.work.placement), self.work, model.path)


class EngineDecoder:
    """A Decoder on any Engine; a unit that the model cannot take whole is cut as a translation would cut it."""

    def __init__(self, engine: Engine, work: Work, directory: Path) -> None:
        self.signature = engine.signature
        self._engine, self._work, self._directory = engine, work, directory
        self._sources = [
            [Source(text) for text in cut(units, fits_in(engine.spec, lambda text: engine.count_tokens(Source(text))))]
            for units in work.articles
        ]
        self._targets: dict[int, list[str]] = {}

    def decode(self, article: int) -> None:
        found = self._engine.generate(self._sources[article], self._work.options_of(article))
        self._targets[article] = [hypotheses[0].text for _, hypotheses in found]

    def count_tokens(self) -> int | None:
        if self._work.lengths:
            return self._work.forced_tokens
        count = load_target_counter(self._directory)
        return count and sum(count(text) + 1 for texts in self._targets.values() for text in texts)


def fits_in(spec: ModelSpec, count_tokens: Callable[[str], int]) -> Callable[[str], bool]:
    """Whether the model takes a text whole."""
    return lambda text: count_tokens(text) <= spec.limits.source_tokens


def cut(units: Units, fits: Callable[[str], bool]) -> Units:
    """The units, those that do not fit in pieces that do."""
    return tuple(
        piece
        for unit in units
        for piece in ([unit] if fits(unit) else [part.text for part in segment(unit, None, fits)])
    )


def load_target_counter(directory: Path) -> Callable[[str], int] | None:
    """Counts the tokens of a target, without its end, as the model's own tokenizer cuts it; None if it has none."""
    for name in ("target.spm", "tgt.spm.model", "sentencepiece.bpe.model", "sentencepiece.model", "spiece.model"):
        if (directory / name).is_file():
            from sentencepiece import SentencePieceProcessor

            pieces = SentencePieceProcessor(model_file=str(directory / name))
            return lambda text: len(pieces.encode(text))
    if (directory / "tokenizer.json").is_file():
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
        return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)
    return None


@dataclass(frozen=True, slots=True)
class OnEngine:
    """A row: a model that was built for the bench, on our engine."""

    label: str
    model: StoredModel
    work: Work

    def load(self) -> Decoder:
        return EngineDecoder(load(self.model, self.work.placement), self.work, self.model.path)


@dataclass(frozen=True, slots=True)
class BareDecoder:
    """A Decoder on a function: number of the article → length of each target, which must be what is forced."""

    signature: str
    work: Work
    run: Callable[[int], list[int]]

    def decode(self, article: int) -> None:
        forced, found = self.work.lengths[article], self.run(article)
        if not {forced, forced + 1}.issuperset(found):  # with or without the end
            raise DecodingError(f"{self.signature} wrote targets of {sorted(set(found))} tokens; {forced} were forced")

    def count_tokens(self) -> int | None:
        return self.work.forced_tokens


@dataclass(frozen=True, slots=True)
class BareLoop:
    """What a row without our engine is made of: a model's directory and the units as tokens."""

    label: str
    directory: Path
    tokens: tuple[tuple[Tokens, ...], ...]
    work: Work
    begin: str | None = None  # the token that a target begins with
    forces_end: bool = False  # whether the end is known to come at the length limit, and need not be computed


@dataclass(frozen=True, slots=True)
class TranslateBatchLoop(BareLoop):
    """A row: what a user of CTranslate2 would write."""

    split: bool = False  # an article in as many batches as cores, each on one; else in one batch on all of them

    def load(self) -> Decoder:
        import ctranslate2

        placement = self.work.placement
        workers = placement.cores if self.split else 1
        model = ctranslate2.Translator(
            str(self.directory), device=placement.device, compute_type=placement.compute_type,
            inter_threads=workers, intra_threads=placement.cores // workers,
        )  # fmt: skip

        def run(article: int) -> list[int]:
            options, units = self.work.options_of(article), self.tokens[article]
            results = model.translate_batch(
                [list(unit) for unit in units], [[self.begin]] * len(units) if self.begin else None,
                max_batch_size=-(-len(units) // workers), beam_size=options.beam_size, max_input_length=0,
                min_decoding_length=options.min_decoding_length,
                max_decoding_length=(options.max_decoding_length or 0) - self.forces_end,
            )  # fmt: skip
            return [len(result.hypotheses[0]) for result in results]

        return BareDecoder(f"ctranslate2 {ctranslate2.__version__}|{model.compute_type}", self.work, run)


@dataclass(frozen=True, slots=True)
class GenerateLoop(BareLoop):
    """A row: what a user of transformers would write; float32, an article is one batch."""

    def load(self) -> Decoder:
        torch, transformers = (import_module(name) for name in ("torch", "transformers"))
        torch.set_num_threads(self.work.placement.cores)
        with quiet():
            tokenizer = transformers.AutoTokenizer.from_pretrained(str(self.directory), local_files_only=True)
            model = transformers.AutoModelForSeq2SeqLM.from_pretrained(str(self.directory), local_files_only=True)
        device = self.work.placement.device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        model.eval().to(device)
        model.generation_config.max_length = None  # it counts otherwise, and warns beside max_new_tokens
        first = {"forced_bos_token_id": tokenizer.convert_tokens_to_ids(self.begin)} if self.begin else {}

        def run(article: int) -> list[int]:
            options = self.work.options_of(article)
            ids = [tokenizer.convert_tokens_to_ids(list(unit)) for unit in self.tokens[article]]
            inputs = tokenizer.pad({"input_ids": ids}, return_tensors="pt").to(device)
            with torch.inference_mode():
                output = model.generate(
                    input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], do_sample=False,
                    num_beams=options.beam_size, min_new_tokens=options.min_decoding_length,
                    max_new_tokens=options.max_decoding_length, **first,
                )  # fmt: skip
            return [len(target) - 1 for target in output]  # without the token that decoding starts from

        return BareDecoder(f"transformers {transformers.__version__}|float32", self.work, run)
