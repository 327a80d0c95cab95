"""Real seq2seq summarizers, made small: two layers, seeded random weights, a tokenizer of single characters."""

from __future__ import annotations

from pathlib import Path

CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?'-"
ARCHITECTURES = ("bart", "pegasus", "t5", "mt5")


def build_summarizer(architecture: str, directory: Path, positions: int = 128) -> Path:
    """A saved transformers model of the architecture (`ARCHITECTURES`), as a pull from the hub would leave it."""
    import torch
    import transformers

    torch.set_num_threads(1)
    torch.manual_seed(7)
    tokenizer = _build_tokenizer(architecture)
    size = {"d_model": 32, "vocab_size": len(tokenizer)}
    layers = {"encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
              "encoder_ffn_dim": 64, "decoder_ffn_dim": 64,
              "max_position_embeddings": positions, "init_std": 0.3}  # fmt: skip
    t5 = {
        "num_layers": 2,
        "num_heads": 4,
        "d_kv": 8,
        "d_ff": 64,
        "decoder_start_token_id": 0,
        "initializer_factor": 4.0,
    }
    model = {
        "bart": lambda: transformers.BartForConditionalGeneration(transformers.BartConfig(**size, **layers)),
        "pegasus": lambda: transformers.PegasusForConditionalGeneration(
            transformers.PegasusConfig(**size, **layers, pad_token_id=0, eos_token_id=1, decoder_start_token_id=0)
        ),
        "t5": lambda: transformers.T5ForConditionalGeneration(transformers.T5Config(**size, **t5)),
        "mt5": lambda: transformers.MT5ForConditionalGeneration(transformers.MT5Config(**size, **t5)),
    }[architecture]()
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


def _build_tokenizer(architecture: str):  # type: ignore[no-untyped-def]
    import transformers

    if architecture == "bart":
        special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
        vocabulary = {token: number for number, token in enumerate([*special, "Ġ", *CHARACTERS])}
        return transformers.BartTokenizer(vocab=vocabulary, merges=[])
    pieces = [("▁", -2.0), *((character, -3.0) for character in CHARACTERS)]
    if architecture == "pegasus":
        special = ["<pad>", "</s>", "<unk>", "<mask_1>", "<mask_2>"]
        return transformers.PegasusTokenizer(vocab=[*((token, 0.0) for token in special), *pieces], offset=5)
    special = ["<pad>", "</s>", "<unk>"]
    return transformers.T5Tokenizer(vocab=[*((token, 0.0) for token in special), *pieces], extra_ids=0)
