"""Models of the exact size of known ones, with random weights: for speed and memory where weights cannot be had.

Their tokenizers are real, trained on the texts of the bench and filled up with made-up pieces to the exact size.
What they write is nonsense, so its length is forced. The sizes are those of the models' config.json on the hub.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from eval.contenders import GenerateLoop, OnEngine, Row, Tokens, TranslateBatchLoop, Units, Work, cut, fits_in
from mt.convert import convert
from mt.errors import ModelError, UnknownModel
from mt.local import local_spec
from mt.pretrained import quiet, require_packages
from mt.registry import ModelSpec, Task
from mt.store import StoredModel

PIECES = 1100  # trained ones; cuts news text into about as many tokens as the models' own tokenizers do
LENGTH_RATIO = 1.2  # target tokens for one source token, Arabic to English
SUMMARY_TOKENS = 100  # between BART's least and most, 56 and 142


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of an encoder-decoder model."""

    architecture: Literal["marian", "nllb", "bart"]
    layers: tuple[int, int]  # encoder, decoder
    d_model: int
    ffn: int
    heads: int
    vocabulary: int
    positions: int
    activation: str

    @property
    def task(self) -> Task:
        return "summarize" if self.architecture == "bart" else "translate"

    @property
    def begin(self) -> str | None:
        """The token that a target begins with."""
        return {"marian": None, "nllb": "eng_Latn", "bart": "<s>"}[self.architecture]

    @property
    def forces_end(self) -> bool:
        """Whether the last token of a target at the length limit is an end, whatever the model says."""
        return self.architecture != "nllb"


SHAPES = {
    "opus-mt-ar-en": Shape("marian", (6, 6), 512, 2048, 8, 62834, 512, "swish"),
    "opus-mt-tc-big": Shape("marian", (6, 6), 1024, 4096, 16, 61109, 1024, "relu"),
    "nllb-200-600M": Shape("nllb", (12, 12), 1024, 4096, 16, 256206, 1024, "relu"),
    "distilbart-12-6": Shape("bart", (12, 6), 1024, 4096, 16, 50264, 1024, "gelu"),
    "bart-large": Shape("bart", (12, 12), 1024, 4096, 16, 50264, 1024, "gelu"),
}


def shape_named(name: str) -> Shape:
    """The shape; UnknownModel lists those there are."""
    if name not in SHAPES:
        raise UnknownModel(f"no shape is called {name[:100]!r}; there are: {', '.join(SHAPES)}")
    return SHAPES[name]


@dataclass(frozen=True, slots=True)
class Built:
    """A shape on disk in both forms, and the texts of the bench cut to what it takes, also as its tokens."""

    shape: Shape
    original: StoredModel  # transformers, float32
    converted: StoredModel  # CTranslate2
    articles: tuple[Units, ...]
    tokens: tuple[tuple[Tokens, ...], ...]

    @property
    def lengths(self) -> tuple[int, ...]:
        """Target tokens for every unit of an article: in proportion to its sources, the same for all its units."""
        if self.shape.task == "summarize":
            return tuple(min(SUMMARY_TOKENS, self.shape.positions) for _ in self.articles)
        means = (sum(map(len, units)) / len(units) for units in self.tokens)
        return tuple(min(round(LENGTH_RATIO * mean), self.shape.positions) for mean in means)

    def rows(self, work: Work) -> list[Row]:
        """Our two engines on the shape, each beside bare loops on the library that it stands on."""
        plain = replace(work, placement=replace(work.placement, compute_type="float32"))
        bare = (self.shape.begin, self.shape.forces_end)
        converted = (self.converted.path, self.tokens, work, *bare)
        return [
            OnEngine("khulasa, CTranslate2", self.converted, work),
            TranslateBatchLoop("bare translate_batch", *converted),
            TranslateBatchLoop("bare translate_batch, split", *converted, split=True),
            OnEngine("khulasa, transformers", self.original, plain),
            GenerateLoop("bare generate", self.original.path, self.tokens, plain, *bare),
        ]


def build(name: str, shape: Shape, directory: Path, texts: tuple[Units, ...], compute_type: str) -> Built:
    """The shape, written to `directory` unless it is there already, and the texts as its tokens.

    Takes three times the memory of the float32 weights: run it in a process of its own.

    Raises BackendUnavailable without the extra hub, ModelError if it cannot be written.
    """
    require_packages(f"The shape {name}")
    home = directory / name
    original, converted = home / "transformers", home / f"ctranslate2-{compute_type}"
    with quiet():
        try:
            _once(original, lambda part: _write_original(shape, part, [unit for units in texts for unit in units]))
            spec = replace(local_spec(original), name=f"{name}-random")
            _once(converted, lambda part: convert(original, part, spec, compute_type))
        except OSError as error:
            raise ModelError(f"{home} cannot be written: {error}; name another place with --scratch DIR") from error
        articles, tokens = _tokenized(original, spec, texts)
    return Built(
        shape,
        StoredModel(replace(spec, backend="hf"), original, "1"),
        StoredModel(replace(spec, backend="ct2"), converted, "1"),
        articles,
        tokens,
    )


def _once(directory: Path, fill: Callable[[Path], None]) -> None:
    """Have `fill` write the directory, unless it is there; one that is there is complete."""
    if directory.is_dir():
        return
    part = directory.with_name(f"{directory.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    fill(part)
    part.rename(directory)


def _tokenized(
    directory: Path, spec: ModelSpec, texts: tuple[Units, ...]
) -> tuple[tuple[Units, ...], tuple[tuple[Tokens, ...], ...]]:
    """The texts cut to what the model takes, and the tokens of each unit, special ones included."""
    tokenizer = import_module("transformers").AutoTokenizer.from_pretrained(str(directory), local_files_only=True)
    if spec.architecture == "nllb":
        tokenizer.src_lang = spec.languages["ar"]

    def tokenize(text: str) -> Tokens:
        return tuple(tokenizer.convert_ids_to_tokens(tokenizer(text).input_ids))

    articles = tuple(cut(units, fits_in(spec, lambda text: len(tokenize(text)))) for units in texts)
    return articles, tuple(tuple(tokenize(unit) for unit in units) for units in articles)


def _write_original(shape: Shape, directory: Path, texts: Sequence[str]) -> None:
    """A transformers model with random weights, and its tokenizer."""
    torch, transformers = import_module("torch"), import_module("transformers")
    tokenizer = {"marian": _marian_tokenizer, "nllb": _nllb_tokenizer, "bart": _bart_tokenizer}[shape.architecture]
    tokenizer(shape, directory, texts).save_pretrained(directory)
    sizes: dict[str, Any] = {
        "vocab_size": shape.vocabulary, "d_model": shape.d_model, "max_position_embeddings": shape.positions,
        "encoder_layers": shape.layers[0], "encoder_ffn_dim": shape.ffn, "encoder_attention_heads": shape.heads,
        "decoder_layers": shape.layers[1], "decoder_ffn_dim": shape.ffn, "decoder_attention_heads": shape.heads,
        "activation_function": shape.activation, "scale_embedding": shape.architecture != "bart",
    }  # fmt: skip
    torch.manual_seed(7)
    if shape.architecture == "marian":
        pad = shape.vocabulary - 1
        sizes.update(pad_token_id=pad, decoder_start_token_id=pad, eos_token_id=0, forced_eos_token_id=0)
        model = transformers.MarianMTModel(transformers.MarianConfig(**sizes))
        model.generation_config.update(bad_words_ids=[[pad]], renormalize_logits=True)
    elif shape.architecture == "nllb":
        model = transformers.M2M100ForConditionalGeneration(transformers.M2M100Config(**sizes))
    else:
        model = transformers.BartForConditionalGeneration(transformers.BartConfig(**sizes, forced_bos_token_id=0))
    model.save_pretrained(directory)


# --- tokenizers of an exact size


def _filled(pieces: Sequence[str], size: int) -> dict[str, int]:
    """Piece → id for the pieces and as many made-up ones as `size` asks for."""
    filler = (f"▁filler{number}" for number in range(size - len(pieces)))
    return {piece: number for number, piece in enumerate((*pieces, *filler))}


def _marian_tokenizer(shape: Shape, directory: Path, texts: Sequence[str]) -> Any:
    """One SentencePiece model for both sides; `</s>` first and `<pad>` last in the vocabulary, as Marian has them."""
    from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

    source, target, vocabulary = (directory / name for name in ("source.spm", "target.spm", "vocab.json"))
    with source.open("wb") as file:
        SentencePieceTrainer.train(
            sentence_iterator=iter(texts), model_writer=file, vocab_size=min(PIECES, shape.vocabulary // 2),
            model_type="bpe", hard_vocab_limit=False, max_sentence_length=10**6, num_threads=1, minloglevel=2,
        )  # fmt: skip
    target.write_bytes(source.read_bytes())
    trained = SentencePieceProcessor(model_file=str(source))
    known = [i for i in range(len(trained)) if not trained.is_control(i) and not trained.is_unknown(i)]
    ids = _filled(["</s>", "<unk>", *(trained.id_to_piece(i) for i in known)], shape.vocabulary - 1)
    ids["<pad>"] = shape.vocabulary - 1
    vocabulary.write_text(json.dumps(ids, ensure_ascii=False), encoding="utf-8")
    files = (str(path) for path in (source, target, vocabulary))
    return import_module("transformers").MarianTokenizer(*files, source_lang="ar", target_lang="en")


def _nllb_tokenizer(shape: Shape, directory: Path, texts: Sequence[str]) -> Any:
    from tokenizers.pre_tokenizers import Metaspace

    nllb = import_module("transformers").NllbTokenizer
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    pieces, merges = _trained_pairs(texts, Metaspace(), shape.vocabulary // 2, [])
    added = len(nllb()) - len(special)  # languages and <mask>, which come behind
    return nllb(vocab=_filled([*special, *pieces], shape.vocabulary - added), merges=merges)


def _bart_tokenizer(shape: Shape, directory: Path, texts: Sequence[str]) -> Any:
    from tokenizers.pre_tokenizers import ByteLevel

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    cutter = ByteLevel(add_prefix_space=False)
    pieces, merges = _trained_pairs(texts, cutter, shape.vocabulary // 2, ByteLevel.alphabet())
    vocabulary = _filled([*special, *pieces], shape.vocabulary)
    return import_module("transformers").BartTokenizer(vocab=vocabulary, merges=merges)


def _trained_pairs(
    texts: Sequence[str], cutter: Any, size: int, alphabet: list[str]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Pieces in the order of their ids, and the merges, of byte-pair encoding trained on the texts."""
    from tokenizers import Tokenizer
    from tokenizers.models import BPE
    from tokenizers.trainers import BpeTrainer

    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = cutter
    trainer = BpeTrainer(vocab_size=min(PIECES, size), initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return sorted(model["vocab"], key=model["vocab"].get), [tuple(merge) for merge in model["merges"]]
