"""Which files are taken, on the file lists of real repositories."""

from __future__ import annotations

import pytest

from mt.errors import ModelCorrupt
from mt.layout import choose
from mt.registry import Architecture

OTHERS = {".gitattributes", "README.md", "tf_model.h5", "flax_model.msgpack", "rust_model.ot", "tf_weights_dict.pkl",
          "onnx/model.onnx", "modeling_own.py", "benchmark_results.txt", "benchmark_translations.zip",
          "generation_config_for_summarization.json"}  # fmt: skip
NLLB = {"config.json", "generation_config.json", "sentencepiece.bpe.model", "tokenizer.json", "tokenizer_config.json",
        "special_tokens_map.json"}  # fmt: skip
SPIECE = {"config.json", "spiece.model", "tokenizer_config.json", "special_tokens_map.json"}
QUICKMT = {"config.json", "model.bin", "source_vocabulary.json", "target_vocabulary.json", "src.spm.model",
           "tgt.spm.model"}  # fmt: skip


def shards(stem: str, end: str, count: int) -> set[str]:
    return {f"{stem}-{i:05}-of-{count:05}.{end}" for i in range(1, count + 1)} | {f"{stem}.{end}.index.json"}


TAKEN: list[tuple[Architecture, set[str], set[str]]] = [
    (
        "marian",
        {"config.json", "source.spm", "target.spm", "vocab.json", "tokenizer_config.json", "pytorch_model.bin"},
        set(),
    ),
    (
        "marian",
        {"config.json", "source.spm", "target.spm", "vocab.json", "target_vocab.json", "pytorch_model.bin"},
        set(),
    ),
    (
        "marian",
        {"config.json", "source.spm", "target.spm", "vocab.json", "special_tokens_map.json", "model.safetensors"},
        {"pytorch_model.bin"},
    ),
    ("m2m100", {"config.json", "sentencepiece.bpe.model", "vocab.json", "pytorch_model.bin"}, set()),
    ("nllb", NLLB | {"pytorch_model.bin"}, set()),
    ("nllb", NLLB | shards("pytorch_model", "bin", 3), set()),
    ("nllb", NLLB | shards("model", "safetensors", 2), shards("pytorch_model", "bin", 3)),
    ("nllb", NLLB | {"pytorch_model.bin"}, shards("model", "safetensors", 2) - {"model-00002-of-00002.safetensors"}),
    ("nllb", NLLB | {"model.safetensors"}, {"model.safetensors.index.json"}),
    ("bart", {"config.json", "merges.txt", "vocab.json", "tokenizer.json", "model.safetensors"}, {"pytorch_model.bin"}),
    ("bart", {"config.json", "merges.txt", "vocab.json", "tokenizer_config.json", "pytorch_model.bin"}, set()),
    ("bart", {"config.json", "tokenizer.json", "pytorch_model.bin"}, {"vocab.json"}),
    ("pegasus", SPIECE | {"pytorch_model.bin"}, set()),
    ("t5", SPIECE | {"tokenizer.json", "model.safetensors"}, {"pytorch_model.bin"}),
    ("mt5", SPIECE | {"pytorch_model.bin"}, set()),
    ("mbart", {"config.json", "sentencepiece.bpe.model", "pytorch_model.bin"}, set()),
    ("ct2-sentencepiece", QUICKMT, {"eole-config.yaml", "eole-model/config.json", "eole-model/model.00.safetensors",
                                    "eole-model/vocab.json", ".ipynb_checkpoints/README-checkpoint.md",
                                    "pytorch_model.bin"}),
]  # fmt: skip


@pytest.mark.parametrize(("architecture", "taken", "left"), TAKEN)
def test_what_the_architecture_needs_is_taken(architecture: Architecture, taken: set[str], left: set[str]) -> None:
    assert choose(taken | left | OTHERS, architecture) == taken


@pytest.mark.parametrize(
    ("architecture", "names", "message"),
    [
        ("marian", OTHERS | {"config.json"}, r"no weights that can be used: expected model\.safetensors or py"),
        ("marian", set(), r"no weights .*, found nothing$"),
        ("marian", shards("model", "safetensors", 3) - {"model-00002-of-00003.safetensors"}, "no weights"),
        ("marian", shards("model", "safetensors", 3) - {"model.safetensors.index.json"}, "no weights"),
        ("marian", {"model.safetensors.index.json"}, "no weights"),
        ("marian", {"adapter_model.safetensors", "config.json"}, "no weights"),
        ("ct2-sentencepiece", QUICKMT - {"model.bin"}, r"no weights .*: expected model\.bin, found 'config"),
        ("ct2-sentencepiece", QUICKMT - {"source_vocabulary.json"}, r"expected shared_vocabulary\.json or .* or sou"),
        ("ct2-sentencepiece", QUICKMT - {"tgt.spm.model"}, r" or src\.spm\.model \+ tgt\.spm\.model or sent"),
        ("marian", {"pytorch_model.bin", "source.spm", "target.spm", "vocab.json"}, r"expected config\.json, found '"),
        ("marian", {"pytorch_model.bin", "config.json", "tokenizer.json"}, r"no marian model .*source\.spm \+ target"),
        ("m2m100", {"pytorch_model.bin", "config.json", "tokenizer.json"}, r"expected sentencepiece\.bpe\.model \+ vo"),
        ("nllb", {"pytorch_model.bin", "config.json", "vocab.json"}, r"sentencepiece\.bpe\.model or tokenizer\.json"),
        ("bart", {"pytorch_model.bin", "config.json", "vocab.json"}, r"expected merges\.txt \+ vocab\.json or tok"),
        ("t5", {f"x{i}" for i in range(30)}, "and 10 more$"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named_with_what_is_there(architecture: Architecture, names: set[str], message: str) -> None:
    with pytest.raises(ModelCorrupt, match=message):
        choose(names, architecture)


def test_no_name_of_the_servers_choosing_is_taken() -> None:
    good = NLLB | {"pytorch_model.bin"}
    hostile = {f"../{name}" for name in good} | {f"/etc/{name}" for name in good} | {f"{name}\n" for name in good}
    hostile |= {"model-00001-of-00001.safetensors/../../x", "model-٠٠٠٠١-of-٠٠٠٠١.safetensors", "config.json/x.py"}
    assert choose(good | hostile, "nllb") == good
