"""Hub repositories made small: real files, real tokenizers, two layers of seeded random weights.

Each has the file list and the config keys of the repository that it is named after; pickled weights where the hub
has no others. The weights are drawn so that what a model says depends on its input, varies, and comes to an end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tiny_repositories import ARABIC, ENGLISH, REPOSITORIES, Config, write_json

__all__ = ["ARABIC", "ENGLISH", "REPOSITORIES", "build_repository"]
SEEDS = {"m2m100": 2, "nllb": 2, "distilbart": 3, "pegasus": 5, "flan": 3, "mt5": 5}  # the liveliest of a few
SAFETENSORS = ("bart", "t5", "flan")
TIED = ("bart", "distilbart", "pegasus", "mbart", "t5")  # whose files leave the output matrix out


def build_repository(name: str, directory: Path) -> Path:
    """The directory, holding the repository of that name (`REPOSITORIES`) as a pull from the hub would leave it."""
    import torch
    import transformers

    torch.set_num_threads(1)
    directory.mkdir(parents=True, exist_ok=True)
    config = REPOSITORIES[name](directory)
    write_json(directory, "config.json", config)
    torch.manual_seed(SEEDS.get(name, 1))
    model = transformers.AutoModelForSeq2SeqLM.from_config(transformers.AutoConfig.from_pretrained(directory))
    if name == "flan":  # a matrix of its own, which the config class would tie
        model.lm_head.weight = torch.nn.Parameter(torch.empty_like(model.lm_head.weight))
    _draw_weights(model, config, _mute(directory, config["vocab_size"]))
    weights = {key: value.detach().clone() for key, value in model.state_dict().items()}
    if config.get("static_position_embeddings"):  # computed, not learned: the files do not hold them
        weights = {key: value for key, value in weights.items() if "embed_positions" not in key}
    if name in TIED:
        del weights["lm_head.weight"]
    if name == "t5":  # a leftover of the original training code
        bias = weights["decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
        weights["decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"] = bias.clone()
    torch.save(weights, directory / "pytorch_model.bin")
    if name in SAFETENSORS:
        from safetensors.torch import save_file

        save_file(weights, directory / "model.safetensors", metadata={"format": "pt"})
    return directory


def _mute(directory: Path, size: int) -> list[int]:
    """The ids that are no text: special tokens, languages, spare rows, halves of a character."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(directory)
    texts = (tokenizer.decode([number], skip_special_tokens=True) for number in range(min(size, len(tokenizer))))
    spoken = {number for number, text in enumerate(texts) if _is_text(text)}
    return [number for number in range(size) if number not in spoken]


def _is_text(text: str) -> bool:
    return bool(text.strip()) and text.isprintable() and "\ufffd" not in text and "madeupword" not in text


def _draw_weights(model: Any, config: Config, mute: list[int]) -> None:
    """Weights with which a greedy target of some ten words follows from the source.

    Layers have a high gain, so that every word counts. The last norm turns signs about: tied to its embeddings, an
    untrained model would say again what it said last. Rows that are no text are short, so that they are hardly ever
    said; that of the end is longer than any, so that it is, now and then.
    """
    import torch

    t5 = config["model_type"] in ("t5", "mt5")
    width = config["d_model"]
    embedding = width**-0.5 if config.get("scale_embedding") else 1.0
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 2 and name.endswith(("embed_tokens.weight", "shared.weight", "lm_head.weight")):
                weight.normal_(0, embedding)
                weight[mute] *= 0.2
                weight[config["eos_token_id"]] = torch.randn(width) * embedding * 1.8
            elif "embed_positions" in name or "relative_attention_bias" in name:
                weight.normal_(0, 0.7)
            elif weight.ndim == 2:
                kind = name.split(".")[-2]
                gain = 2.5 if kind in ("q_proj", "k_proj", "q", "k") else 4 if kind.startswith(("fc", "w")) else 0.8
                weight.normal_(0, gain * weight.shape[1] ** -0.5)
                if name.endswith(("fc2.weight", "wo.weight")):
                    weight -= weight.mean(1, keepdim=True)  # what comes in is positive on average
                if t5 and name.endswith(".q.weight"):
                    weight *= config["d_kv"] ** -0.5  # attention is not divided by it there
        scale = width**-0.5 if t5 and getattr(model.config, "scale_decoder_outputs", True) else 1.0
        loudness = 4 / (embedding * width**0.5 * scale)
        _last_norm(model).weight.copy_(torch.randn(width).sign() * loudness)


def _last_norm(model: Any) -> Any:
    decoder = model.get_decoder()
    for name in ("layer_norm", "final_layer_norm"):  # behind the layers: M2M100, mBART, Pegasus; T5
        if hasattr(decoder, name):
            return getattr(decoder, name)
    return decoder.layers[-1].final_layer_norm
