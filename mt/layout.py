"""Which files of a repository a model needs, by architecture: never code, never the weights of other frameworks."""

from __future__ import annotations

import re
from collections.abc import Collection

from mt.errors import ModelCorrupt
from mt.registry import Architecture
from mt.tokenizer import PAIRS

# The ways an architecture can have its tokenizer: one must be there, the files of each that is are taken.
_SPIECE = ({"spiece.model"}, {"tokenizer.json"})
_BPE_MODEL = ({"sentencepiece.bpe.model"}, {"tokenizer.json"})
_TOKENIZERS: dict[Architecture, tuple[set[str], ...]] = {
    "marian": ({"source.spm", "target.spm", "vocab.json"},),
    "m2m100": ({"sentencepiece.bpe.model", "vocab.json"},),
    "nllb": _BPE_MODEL,
    "mbart": _BPE_MODEL,
    "bart": ({"vocab.json", "merges.txt"}, {"tokenizer.json"}),
    "pegasus": _SPIECE,
    "t5": _SPIECE,
    "mt5": _SPIECE,
    "ct2-sentencepiece": tuple(set(pair) for pair in PAIRS),
}
_VOCABULARIES = tuple(
    {f"{name}_vocabulary.{end}" for name in names}
    for names in (("shared",), ("source", "target"))
    for end in ("json", "txt")
)
_OPTIONAL = {"generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
             "target_vocab.json"}  # fmt: skip


def choose(names: Collection[str], architecture: Architecture) -> set[str]:
    """The names, of those in a repository, that a model of the architecture needs.

    Raises ModelCorrupt if one is missing: a predicate of the repository, with what was expected and what is there.
    """
    names, ready = set(names), architecture == "ct2-sentencepiece"
    weights = {"model.bin"} & names if ready else _weights(names)
    if not weights:
        expected = "model.bin" if ready else "model.safetensors or pytorch_model.bin, or all their parts with an index"
        raise ModelCorrupt(f"has no weights that can be used: expected {expected}, found {_shown(names)}")
    chosen = weights | (_OPTIONAL & names)
    for ways in (({"config.json"},), _TOKENIZERS[architecture], *((_VOCABULARIES,) if ready else ())):
        there = [way for way in ways if way <= names]
        if not there:
            expected = " or ".join(" + ".join(sorted(way)) for way in ways)
            raise ModelCorrupt(f"is no {architecture} model as we know it: expected {expected}, found {_shown(names)}")
        chosen = chosen.union(*there)
    return chosen


def _weights(names: set[str]) -> set[str]:
    """The files of the weights for PyTorch, safetensors before a pickle; empty if none are complete."""
    for stem, end in (("model", "safetensors"), ("pytorch_model", "bin")):
        whole = f"{stem}.{end}"
        if whole in names:
            return {whole}
        if f"{whole}.index.json" not in names:
            continue
        shards = {name for name in names if re.fullmatch(rf"{stem}-\d{{5}}-of-\d{{5}}\.{end}", name, re.ASCII)}
        if shards == {f"{stem}-{i:05}-of-{len(shards):05}.{end}" for i in range(1, len(shards) + 1)} != set():
            return {f"{whole}.index.json", *shards}
    return set()


def _shown(names: set[str]) -> str:
    listed = ", ".join(repr(name[:60]) for name in sorted(names)[:20])
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"{listed}{more}" or "nothing"
