"""Text to the tokens a model reads and back, special tokens included; one class for each convention of input."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from mt.document import Source
from mt.errors import ModelCorrupt


class Tokenizer(Protocol):
    """What stands between text and an engine's tokens."""

    end: str  # the token that ends a target

    def encode(self, source: Source) -> list[str]:
        """The whole prompt or encoder input, its special tokens in place; empty for a blank source."""

    def decode(self, tokens: Sequence[str]) -> str:
        """The text of a target, without special tokens, on one line."""


class SentencePiecePair:
    """Marian's convention: pieces of the source model, then `</s>`; targets are pieces of the target model.

    With `adds_end=False` the source's `</s>` is left to the engine.
    """

    end = "</s>"

    def __init__(self, source: Path, target: Path, *, adds_end: bool = True) -> None:
        from sentencepiece import SentencePieceProcessor

        self._last = [self.end] if adds_end else []
        try:
            self._source, self._target = (SentencePieceProcessor(model_file=str(path)) for path in (source, target))
        except (OSError, RuntimeError) as error:
            raise ModelCorrupt(f"{source} or {target.name} is no SentencePiece model: {error}") from error

    def encode(self, source: Source) -> list[str]:
        # By way of ids: asked for strings, SentencePiece gives what it does not know as it is written, and a "</s>" or
        # a ">>fra<<" of unknown characters would be the model's token of that name.
        pieces: list[str] = self._source.id_to_piece(self._source.encode(source.text))
        return [*pieces, *self._last] if pieces else []

    def decode(self, tokens: Sequence[str]) -> str:
        text: str = self._target.decode([token for token in tokens if token != self.end])
        # A joint vocabulary lets the model write source pieces, which the target's SentencePiece gives as they are.
        return " ".join(text.replace("▁", " ").split())


class PromptTokenizer:
    """The embedded model's convention: `<bos> source [<unused3> ar = en; ar = en] <unused0>`; `<eos>` ends a target."""

    begin, terms, translate, end = "<bos>", "<unused3>", "<unused0>", "<eos>"

    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the Rust library raises plain Exception
            raise ModelCorrupt(f"{path} cannot be read as a tokenizer.json: {error}") from error
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

    def _id(self, token: str) -> int:
        found: int | None = self._tokenizer.token_to_id(token)
        if found is None:
            raise ModelCorrupt(f"the model wrote {token!r}, which its tokenizer.json does not have: they do not belong "
                               f"together; get both from one place")  # fmt: skip
        return found

    def _pieces(self, text: str) -> list[str]:
        tokens: list[str] = self._tokenizer.encode(text, add_special_tokens=False).tokens
        return tokens


def load_sentencepiece_pair(directory: Path) -> SentencePiecePair:
    """The tokenizer of a CTranslate2 model's directory; ModelCorrupt names what was looked for."""
    for source, target in (("source.spm", "target.spm"), ("src.spm.model", "tgt.spm.model")):
        if (directory / source).is_file() and (directory / target).is_file():
            return SentencePiecePair(directory / source, directory / target, adds_end=not _engine_adds_end(directory))
    raise ModelCorrupt(
        f"{directory} has no tokenizer: expected source.spm and target.spm, or src.spm.model and tgt.spm.model. If you "
        f"converted the model yourself, copy them beside model.bin; with a tokenizer.json alone, give the directory "
        f"that was converted as --model DIR instead."
    )


def _engine_adds_end(directory: Path) -> bool:
    """Whether CTranslate2 puts the end behind a source by itself, which its config.json says."""
    try:
        config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
        return bool(config.get("add_source_eos", False))
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise ModelCorrupt(f"{directory} cannot be loaded: its config.json is not what CTranslate2 writes ({error})"
                           ) from error  # fmt: skip
