"""Text to the tokens a model reads and back, special tokens included; one class for each convention of input.

What an author wrote is text: no spelling of a special token ("</s>", "eng_Latn", ">>fra<<") becomes that token.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from mt.document import Source
from mt.errors import ConfigError, ModelCorrupt
from mt.registry import ModelSpec

UNKNOWN = "<unk>"
UNKNOWN_SIGN = "⁇"  # what SentencePiece shows for it: a word that was lost is not lost in silence
UNUSED = "<unused "  # begins the made-up names of rows that a vocabulary does not name
MULTILINGUAL = ("nllb", "m2m100", "mbart")  # the architectures whose targets begin with a language
_MARK = "\ufdd0"  # no character (Unicode 23.7): stands before special tokens where only text may be found
_LANGUAGE = re.compile(r"__\w+__")
PAIRS = (("source.spm", "target.spm"), ("src.spm.model", "tgt.spm.model"), ("sentencepiece.model",) * 2)


class Tokenizer(Protocol):
    """What stands between text and an engine's tokens."""

    end: str  # the token that ends a target
    target_prefix: tuple[str, ...]  # what every target begins with; the engine gives it to the model

    def encode(self, source: Source) -> list[str]:
        """The whole prompt or encoder input, its special tokens in place; empty for a blank source."""

    def encode_target(self, text: str) -> list[str]:
        """What the model would write for the beginning of a target, without special tokens."""

    def decode(self, tokens: Sequence[str]) -> str:
        """The text of a target, without prefix and special tokens, on one line."""


class SentencePiecePair:
    """Marian's convention: pieces of the source model, then `</s>`; targets are pieces of the target model.

    `begin` is a token before them, `>>fra<<` where a model has several target languages. With `adds_end=False` the
    source's `</s>` is left to the engine.
    """

    end = "</s>"

    def __init__(
        self, source: Path, target: Path, *, begin: str | None = None, adds_end: bool = True, target_prefix: str = ""
    ) -> None:
        self._first = [begin] if begin else []
        self._last = [self.end] if adds_end else []
        self.target_prefix: tuple[str, ...] = (target_prefix,) if target_prefix else ()
        self._dropped = {self.end, *self.target_prefix}
        self._source, self._target = _load_pieces(source), _load_pieces(target)

    def encode(self, source: Source) -> list[str]:
        pieces = _pieces(self._source, source.text)
        return [*self._first, *pieces, *self._last] if pieces else []

    def encode_target(self, text: str) -> list[str]:
        return _pieces(self._target, text)

    def decode(self, tokens: Sequence[str]) -> str:
        text: str = self._target.decode([token for token in tokens if token not in self._dropped])
        # A joint vocabulary lets the model write source pieces, which the target's SentencePiece gives as they are.
        return " ".join(text.replace("▁", " ").split())


class LanguagePieces:
    """M2M100's convention: `__ar__`, the pieces, `</s>`; a target begins with `__en__`; one SentencePiece model."""

    end = "</s>"

    def __init__(self, path: Path, source_language: str, target_language: str) -> None:
        self._language = source_language
        self.target_prefix: tuple[str, ...] = (target_language,)
        self._model = _load_pieces(path)

    def encode(self, source: Source) -> list[str]:
        pieces = _pieces(self._model, source.text)
        return [self._language, *pieces, self.end] if pieces else []

    def encode_target(self, text: str) -> list[str]:
        return _pieces(self._model, text)

    def decode(self, tokens: Sequence[str]) -> str:
        text: str = self._model.decode([token for token in tokens if not self._is_special(token)])
        return " ".join(text.replace("▁", " ").split())

    def _is_special(self, token: str) -> bool:
        return token in ("<s>", "<pad>", self.end) or token.startswith(UNUSED) or bool(_LANGUAGE.fullmatch(token))


class PlainTokenizer:
    """The convention of models with a tokenizer.json: tokens before the text, its tokens, `</s>`.

    The file is what `plain_tokenizer` made: it knows tokens of text alone, so that one it does not know is special.
    `prefix` is text that every source begins with, `newline` how the model spells a line break.
    """

    end = "</s>"

    def __init__(
        self,
        path: Path,
        before: tuple[str, ...] = (),
        target_prefix: tuple[str, ...] = (),
        prefix: str = "",
        newline: str = "\n",
    ) -> None:
        self._tokenizer = _load_tokenizer(path)
        self._decoder = self._tokenizer.decoder
        self._before, self.target_prefix, self._prefix, self._newline = before, target_prefix, prefix, newline

    def encode(self, source: Source) -> list[str]:
        if not source.text.strip():
            return []
        pieces = self.encode_target(f"{self._prefix}{source.text}")
        return [*self._before, *pieces, self.end] if pieces else []

    def encode_target(self, text: str) -> list[str]:
        # By way of ids: what is unknown comes as it is written otherwise, and could spell a special token.
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        return [str(self._tokenizer.id_to_token(number)).removeprefix(_MARK) for number in ids]

    def decode(self, tokens: Sequence[str]) -> str:
        known = [UNKNOWN_SIGN if token == UNKNOWN else token for token in tokens
                 if token == UNKNOWN or self._tokenizer.token_to_id(token) is not None]  # fmt: skip
        text: str = self._decoder.decode(known) if self._decoder else " ".join(known)
        return " ".join(text.replace(self._newline, " ").split())


class PromptTokenizer:
    """The embedded model's convention: `<bos> source [<unused3> ar = en; ar = en] <unused0>`; `<eos>` ends a target."""

    begin, terms, translate, end = "<bos>", "<unused3>", "<unused0>", "<eos>"
    target_prefix: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        self._tokenizer = _load_tokenizer(path)
        self._tokenizer.encode_special_tokens = True  # "<eos>" written by an author is text, never a command

    def encode(self, source: Source) -> list[str]:
        if not source.text.strip():
            return []
        prompt = [self.begin, *self._pieces(source.text)]
        if source.terms:
            listed = "; ".join(f"{term.source} = {term.target}" for term in source.terms)
            prompt += [self.terms, *self._pieces(listed)]
        return [*prompt, self.translate]

    def decode(self, tokens: Sequence[str]) -> str:
        text: str = self._tokenizer.decode([self._id(token) for token in tokens], skip_special_tokens=True)
        return " ".join(text.split())

    def encode_target(self, text: str) -> list[str]:
        return self._pieces(text)

    def _id(self, token: str) -> int:
        found: int | None = self._tokenizer.token_to_id(token)
        if found is None:
            raise ModelCorrupt(f"the model wrote {token!r}, which its tokenizer.json does not have: they do not belong "
                               f"together; get both from one place")  # fmt: skip
        return found

    def _pieces(self, text: str) -> list[str]:
        tokens: list[str] = self._tokenizer.encode(text, add_special_tokens=False).tokens
        return tokens


def load_tokenizer(directory: Path, spec: ModelSpec, forced: tuple[str, ...] = ()) -> Tokenizer:
    """The tokenizer of a CTranslate2 model's directory, by the model's architecture.

    `forced` is what the model's own settings begin a target with (BART's `<s>`). Raises ModelCorrupt, naming what was
    looked for, and ConfigError where the specification lacks a language.
    """
    if spec.architecture in ("marian", "ct2-sentencepiece"):
        return load_sentencepiece_pair(directory, spec.prefix and spec.prefix.strip())
    if spec.architecture == "m2m100":
        return LanguagePieces(directory / "sentencepiece.bpe.model", *_languages(spec))
    path = directory / "tokenizer.json"
    if spec.architecture in ("nllb", "mbart"):
        source, target = _languages(spec)
        return PlainTokenizer(path, (source,), (target,))
    if spec.architecture == "bart":
        return PlainTokenizer(path, ("<s>",), forced, spec.prefix or "")
    newline = "<n>" if spec.architecture == "pegasus" else "\n"  # T5 has none: it knows no line breaks
    return PlainTokenizer(path, (), forced, spec.prefix or "", newline)


def load_sentencepiece_pair(directory: Path, begin: str | None = None) -> SentencePiecePair:
    """The SentencePiece models of a CTranslate2 model's directory or of an unpacked Argos package.

    ModelCorrupt names what was looked for.
    """
    for source, target in PAIRS:
        if (directory / source).is_file() and (directory / target).is_file():
            break
    else:
        raise ModelCorrupt(
            f"{directory} has no tokenizer: expected source.spm and target.spm, or src.spm.model and tgt.spm.model. If "
            f"you converted the model yourself, copy them beside model.bin; with a tokenizer.json alone, give the "
            f"directory that was converted as --model DIR instead."
        )
    if (directory / "metadata.json").is_file():  # Argos: bare pieces; in some packages a token chooses the language
        prefix = read_json(directory / "metadata.json").get("target_prefix") or ""
        return SentencePiecePair(directory / source, directory / target, adds_end=False, target_prefix=str(prefix))
    adds_end = not read_json(directory / "config.json").get("add_source_eos", False)
    return SentencePiecePair(directory / source, directory / target, begin=begin, adds_end=adds_end)


def plain_tokenizer(serialized: str, special: set[str]) -> str:
    """A tokenizer.json that makes text of text alone: its special tokens can neither be found nor be read.

    Unigram models hold them as pieces of the best score, and would find them in what an author wrote.
    """
    state = json.loads(serialized)
    special = special | {token["content"] for token in state["added_tokens"] if token["special"]}
    state["added_tokens"] = [token for token in state["added_tokens"] if token["content"] not in special]
    state |= {"post_processor": None, "truncation": None, "padding": None}
    model = state["model"]

    def renamed(token: str) -> str:
        return f"{_MARK}{token}" if token in special else token

    if isinstance(model["vocab"], dict):
        model["vocab"] = {renamed(token): number for token, number in model["vocab"].items()}
    else:
        model["vocab"] = [[renamed(token), score] for token, score in model["vocab"]]
    if model.get("unk_token"):
        model["unk_token"] = renamed(model["unk_token"])
    return json.dumps(state, ensure_ascii=False)


def _languages(spec: ModelSpec) -> tuple[str, str]:
    try:
        return spec.languages["ar"], spec.languages["en"]
    except KeyError as error:
        raise ConfigError(f"{spec.name}: its languages lack {error}, without which {spec.architecture} cannot "
                          f"translate; add it to its entry in models.yaml") from error  # fmt: skip


def _load_pieces(path: Path) -> Any:
    from sentencepiece import SentencePieceProcessor

    try:
        return SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as error:
        raise ModelCorrupt(f"{path} is no SentencePiece model: {error}") from error


def _load_tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the Rust library raises plain Exception
        raise ModelCorrupt(f"{path} cannot be read as a tokenizer.json: {error}") from error


def _pieces(model: Any, text: str) -> list[str]:
    # By way of ids: asked for strings, SentencePiece gives what it does not know as it is written, and a "</s>" or
    # a ">>fra<<" of unknown characters would be the model's token of that name.
    pieces: list[str] = model.id_to_piece(model.encode(text))
    return pieces


def read_json(path: Path) -> dict[str, Any]:
    """An object that says how a model is fed; ModelCorrupt if it cannot be read."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelCorrupt(f"{path.parent} cannot be loaded: {path.name} cannot be read: {error}") from error
    if not isinstance(read, dict):
        raise ModelCorrupt(f"{path.parent} cannot be loaded: {path.name} holds no object")
    return read
