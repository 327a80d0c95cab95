"""Gemma 3 as an ONNX graph in int8, built from numpy arrays, without torch (arXiv 2503.19786).

One graph reads prompts and continues them. It gets M tokens, R of each of B sources: a prompt's tokens, or the last
token of every beam. `seen` (B, R, R + C) says what each of them attends to: of these R tokens, and of C tokens whose
keys and values an earlier run gave and the caller kept, in any order.

    tokens, positions (M) · seen (B, R, R + C) · past.0 … (B, C, head_dim): keys, values of each layer in turn
    rows (K): which of the M tokens to continue · count (1): with how many candidates
    → new (2 · layers · B, R, head_dim): what to keep · logits (K, V) · log_probs, candidates (K, count), best first

Matrices are int8 with one scale for each output. Their inputs are quantized on the way, each row on its own: divided
by its largest magnitude, which is multiplied back in. So a row's result does not depend on the rows beside it. This
is CTranslate2's arithmetic; ONNX Runtime has the faster product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, external_data_helper, helper, numpy_helper, save_model

FILE = "model.onnx"
WEIGHTS = "model.onnx.data"
CONTRIB = "com.microsoft"  # the operators that ONNX Runtime adds to the standard
EPSILON = 1e-6
LARGEST = 127  # of int8, without -128
HIDDEN, BARRED = np.float32(-1e9), np.float32(-1e9)  # like -inf in a softmax, but never makes a nan

Array = NDArray[np.float32]
Weight = Callable[[str], Array]  # a weight by its name in transformers: norms zero-centred, matrices (out, in)


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a Gemma 3 with one key and value head; attention reaches everywhere, so texts stay in the window."""

    layers: int = 18
    heads: int = 4
    head_dim: int = 256
    positions: int = 512  # a prompt and its continuation; within the window of the local layers
    global_every: int = 6
    rope_global: float = 1e6
    rope_local: float = 1e4


def save_gemma(directory: Path, shape: Shape, weight: Weight, barred: NDArray[np.bool_]) -> None:
    """Write model.onnx and model.onnx.data into `directory`; the tokens `barred` are never a candidate."""
    model = _Builder(shape, weight).model(barred)
    external_data_helper.convert_model_to_external_data(model, location=WEIGHTS, size_threshold=1024)
    save_model(model, directory / FILE)
    (directory / WEIGHTS).chmod((directory / FILE).stat().st_mode)  # onnx makes it the owner's alone


class _Builder:
    """The graph in the making: a method adds nodes and returns the name of what the last one computes."""

    def __init__(self, shape: Shape, weight: Weight) -> None:
        self.shape, self.weight = shape, weight
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.new: list[str] = []  # keys, values of each layer in turn
        self.unit, self.middle = self.constant(np.float32(1 / LARGEST)), self.constant(np.uint8(128))

    def model(self, barred: NDArray[np.bool_]) -> ModelProto:
        """The whole graph; see the module for what goes in and out."""
        embeddings = self.weight("model.embed_tokens")
        hidden = self._embedded(embeddings)
        self._prepare_attention()
        normed = self._norm(hidden, "model.layers.0.input_layernorm")
        for number in range(self.shape.layers):
            layer, last = f"model.layers.{number}", number + 1 == self.shape.layers
            following = "model.norm" if last else f"model.layers.{number + 1}.input_layernorm"
            attended = self._norm(self._attention(normed, number), f"{layer}.post_attention_layernorm")
            normed, hidden = self._norm_of_sum(hidden, attended, f"{layer}.pre_feedforward_layernorm")
            fed = self._norm(self._feedforward(normed, f"{layer}.mlp"), f"{layer}.post_feedforward_layernorm")
            normed, hidden = self._norm_of_sum(hidden, fed, following)
        self.node("Concat", *self.new, axis=0, names=["new"])
        chosen = self.node("Gather", normed, "rows")
        logits = self._linear(chosen, embeddings, bias=np.where(barred, BARRED, np.float32(0)), name="logits")
        log_probs = self.node("LogSoftmax", logits, axis=-1)
        self.node("TopK", log_probs, "count", names=["log_probs", "candidates"])
        return self._finished()

    def node(self, operator: str, *inputs: str, names: Sequence[str] = (), domain: str = "", **attributes: Any) -> str:
        """Add a node with outputs of these names, or one of a new name; the first is returned."""
        names = names or [f"{operator}.{len(self.nodes)}"]
        self.nodes.append(helper.make_node(operator, inputs, names, domain=domain, **attributes))
        return names[0]

    def constant(self, value: Any) -> str:
        name = f"constant.{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value).reshape(np.shape(value)), name))
        return name

    def sizes(self, *sizes: int) -> str:
        return self.constant(np.array(sizes, np.int64))

    def _embedded(self, embeddings: Array) -> str:
        table, scale = _quantized(embeddings)
        rows = self.node("Cast", self.node("Gather", self.constant(table), "tokens"), to=TensorProto.FLOAT)
        scale = scale[:, None] * np.float32(embeddings.shape[1] ** 0.5)
        return self.node("Mul", rows, self.node("Gather", self.constant(scale), "tokens"))

    def _linear(self, x: str, matrix: Array, bias: Array | None = None, name: str | None = None) -> str:
        weight, scale = _quantized(matrix)
        largest = self.node("ReduceMax", self.node("Abs", x), self.sizes(-1), keepdims=1)
        largest = self.node("Max", largest, self.constant(np.float32(1e-20)))  # a row of zeros stays one
        rows = self.node("QuantizeLinear", self.node("Div", x, largest), self.unit, self.middle)
        inputs = [rows, self.constant(weight.T), self.unit, self.constant(scale), self.middle]
        if bias is not None:
            inputs += ["", self.constant(bias)]
        product = self.node("MatMulIntegerToFloat", *inputs, domain=CONTRIB)
        return self.node("Mul", product, largest, names=[name] if name else ())

    def _norm(self, x: str, name: str, scale: float = 1) -> str:
        gamma = self.constant((1 + self.weight(name)) * np.float32(scale))
        return self.node("SimplifiedLayerNormalization", x, gamma, axis=-1, epsilon=EPSILON)

    def _norm_of_sum(self, x: str, y: str, name: str) -> tuple[str, str]:
        """The norm of x + y, and x + y."""
        gamma, names = self.constant(1 + self.weight(name)), [f"normed.{len(self.nodes)}", "", "", f"{name}.sum"]
        self.node("SkipSimplifiedLayerNormalization", x, y, gamma, names=names, domain=CONTRIB, epsilon=EPSILON)
        return names[0], names[3]

    def _feedforward(self, x: str, name: str) -> str:
        both = self._linear(x, np.concatenate([self.weight(f"{name}.gate_proj"), self.weight(f"{name}.up_proj")]))
        gate, up = f"{name}.gate", f"{name}.up"
        self.node("Split", both, names=[gate, up], axis=-1, num_outputs=2)
        gated = self.node("Mul", self.node("Gelu", gate, approximate="tanh"), up)
        return self._linear(gated, self.weight(f"{name}.down_proj"))

    def _prepare_attention(self) -> None:
        """What all layers share: the mask for each head, sizes, and the rotations."""
        heads, dim = self.shape.heads, self.shape.head_dim
        sources = self.node("Shape", "seen", start=0, end=1)
        width = self.node("Shape", "seen", start=2, end=3)
        past = self.node("Shape", "past.0", start=1, end=2)
        self.new_and_past = self.node("Concat", self.node("Sub", width, past), past, axis=0)
        self.by_source = self.node("Concat", sources, self.sizes(-1, dim), axis=0)
        mask = self.node("Where", "seen", self.constant(np.float32(0)), self.constant(HIDDEN))
        mask = self.node("Tile", self.node("Unsqueeze", mask, self.sizes(2)), self.sizes(1, 1, heads, 1))
        self.mask = self.node("Reshape", mask, self.node("Concat", sources, self.sizes(-1), width, axis=0))
        self.positions = self.node("Unsqueeze", "positions", self.sizes(1))
        self.by_head, self.joined = self.sizes(0, -1, dim), self.sizes(-1, heads * dim)
        self.rope = {base: self._rotations(base) for base in (self.shape.rope_global, self.shape.rope_local)}

    def _rotations(self, base: float) -> list[str]:
        dim = self.shape.head_dim
        angles = np.arange(self.shape.positions)[:, None] * base ** (-np.arange(0, dim, 2) / dim)
        return [self.constant(wave(angles).astype(np.float32)) for wave in (np.cos, np.sin)]

    def _attention(self, x: str, number: int) -> str:
        name, heads, dim = f"model.layers.{number}.self_attn", self.shape.heads, self.shape.head_dim
        qkv = self._linear(x, np.concatenate([self.weight(f"{name}.{part}_proj") for part in "qkv"]))
        q, k, v = (f"{name}.{part}" for part in "qkv")
        self.node("Split", qkv, self.sizes(heads * dim, dim, dim), names=[q, k, v], axis=-1)
        q = self._norm(self.node("Reshape", q, self.by_head), f"{name}.q_norm", scale=dim**-0.5)
        query = self._rotated(q, number, heads)  # (B, R · heads, head_dim)
        key = self._rotated(self._norm(k, f"{name}.k_norm"), number, 1)
        value = self.node("Reshape", v, self.by_source)
        self.new += [key, value]
        past_key, past_value = f"past.{2 * number}", f"past.{2 * number + 1}"
        scores = [self.node("FusedMatMul", query, keys, domain=CONTRIB, transB=1) for keys in (key, past_key)]
        shares = self.node("Softmax", self.node("Add", self.node("Concat", *scores, axis=-1), self.mask), axis=-1)
        new, past = f"{name}.new", f"{name}.past"
        self.node("Split", shares, self.new_and_past, names=[new, past], axis=-1)
        mixed = self.node("Add", self.node("MatMul", new, value), self.node("MatMul", past, past_value))
        return self._linear(self.node("Reshape", mixed, self.joined), self.weight(f"{name}.o_proj"))

    def _rotated(self, x: str, number: int, heads: int) -> str:
        """Each head turned by its position, which is then in its own row of the source."""
        everywhere = (number + 1) % self.shape.global_every == 0
        rope = self.rope[self.shape.rope_global if everywhere else self.shape.rope_local]
        x = self.node("Reshape", x, self.sizes(-1, 1, heads * self.shape.head_dim))  # M sequences of one token
        x = self.node("RotaryEmbedding", x, self.positions, *rope, domain=CONTRIB, num_heads=heads)
        return self.node("Reshape", x, self.by_source)

    def _finished(self) -> ModelProto:
        def declared(name: str, kind: int, *sizes: str | int) -> Any:
            return helper.make_tensor_value_info(name, kind, sizes)

        integers, floats, dim = TensorProto.INT64, TensorProto.FLOAT, self.shape.head_dim
        inputs = [
            *(declared(name, integers, "M") for name in ("tokens", "positions")),
            declared("seen", TensorProto.BOOL, "B", "R", "S"),
            *(declared(f"past.{slot}", floats, "B", "C", dim) for slot in range(len(self.new))),
            declared("rows", integers, "K"),
            declared("count", integers, 1),
        ]
        outputs = [
            declared("new", floats, "N", "R", dim),
            declared("logits", floats, "K", "V"),
            declared("log_probs", floats, "K", "T"),
            declared("candidates", integers, "K", "T"),
        ]
        graph = helper.make_graph(self.nodes, "gemma3", inputs, outputs, self.constants)
        operators = [helper.make_opsetid("", 20), helper.make_opsetid(CONTRIB, 1)]
        model = helper.make_model(graph, opset_imports=operators, ir_version=10, producer_name="khulasa")
        helper.set_model_props(model, {"positions": str(self.shape.positions)})
        return model


def _quantized(matrix: Array) -> tuple[NDArray[np.int8], Array]:
    """A matrix in int8, and the scale of each row."""
    scale = np.maximum(np.abs(matrix).max(axis=1), np.float32(1e-20)) / np.float32(LARGEST)
    return np.rint(matrix / scale[:, None]).astype(np.int8), scale
