"""The embedded model for CTranslate2: what it is compared with. Shipped until ONNX Runtime turned out to be faster."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from mt import embedded
from mt.gemma import Shape


def build(directory: Path) -> None:
    """Write the same merged weights as a CTranslate2 int8 decoder into `directory`."""
    with tempfile.TemporaryDirectory() as scratch:
        spec = _specification(embedded._Weights(embedded._base_file(Path(scratch))))
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(directory))


def _specification(weights: Any) -> Any:
    from ctranslate2.specs import common_spec, transformer_spec

    shape = Shape()
    spec = transformer_spec.TransformerDecoderModelSpec.from_config(
        shape.layers, shape.heads, activation=common_spec.Activation.GELUTanh, pre_norm=True, ffn_glu=True,
        rms_norm=True, rotary_dim=shape.head_dim, rotary_interleave=False, rotary_base=shape.rope_local,
        num_heads_kv=1, head_dim=shape.head_dim, sliding_window=shape.positions, pre_post_layer_norm=True, qk_norm=True,
    )  # fmt: skip
    decoder = spec.decoder
    decoder.scale_embeddings, decoder.start_from_zero_embedding = True, False
    decoder.embeddings.weight = weights.weight("model.embed_tokens")
    decoder.projection.weight = decoder.embeddings.weight
    _fill_norm(decoder.layer_norm, weights.weight("model.norm"))
    for number, layer in enumerate(decoder.layer):
        _fill_layer(layer, lambda name, number=number: weights.weight(f"model.layers.{number}.{name}"))
        sees_all = (number + 1) % shape.global_every == 0
        layer.self_attention.rotary_base = np.float32(shape.rope_global if sees_all else shape.rope_local)
        layer.self_attention.sliding_window = np.int32(0 if sees_all else shape.positions)
    spec.register_vocabulary(embedded._tokens(len(embedded._kept_ids())))
    spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = "<bos>", "<eos>", "<unk>"
    spec.config.layer_norm_epsilon = 1e-6
    return spec


def _fill_layer(layer: Any, weight: Any) -> None:
    for name in ("input", "post_attention", "pre_feedforward", "post_feedforward"):
        _fill_norm(getattr(layer, f"{name}_layer_norm"), weight(f"{name}_layernorm"))
    _fill_norm(layer.self_attention.q_norm, weight("self_attn.q_norm"))
    _fill_norm(layer.self_attention.k_norm, weight("self_attn.k_norm"))
    layer.self_attention.linear[0].weight = np.concatenate([weight(f"self_attn.{part}_proj") for part in "qkv"])
    layer.self_attention.linear[1].weight = weight("self_attn.o_proj")
    layer.ffn.linear_0.weight = weight("mlp.gate_proj")
    layer.ffn.linear_0_noact.weight = weight("mlp.up_proj")
    layer.ffn.linear_1.weight = weight("mlp.down_proj")


def _fill_norm(norm: Any, weight: Any) -> None:
    norm.gamma = weight
    norm.layer_norm_use_residual = True  # the runtime computes with 1 + gamma
