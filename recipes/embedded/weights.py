"""The embedded model's weights in each of their forms: the installed GGUF, directories to train from, the adapter.

    python recipes/embedded/weights.py base WORK          # the GGUF's kept tokens → WORK/base, a transformers model
    python recipes/embedded/weights.py start WORK         # WORK/base + the adapter in mt/data/embedded → WORK/start
    python recipes/embedded/weights.py adapter WORK OUT   # averaged weights in WORK/state.safetensors → OUT/adapter-*

A training begins at WORK/start; to begin at the base itself, copy WORK/base there. The state file holds `steps`
and, of each weight, `master.NAME` as it is and `mean.NAME` averaged over the last steps.

The adapter is what the averaged weights add to the base: of a vector the difference, of a matrix two factors of
`--rank` in four bits with a scale for each row (mt/embedded.py reads them). The factors are not those that are nearest
to the matrix, but those whose product with what the matrix is really multiplied by is (inputs.py measures that, and
comes first). The average is not rounded to bfloat16 before.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from inputs import EMBEDDING, Inputs, Weighing, load_inputs
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save, save_file
from torch import Tensor
from transformers import Gemma3TextConfig

from mt import embedded
from mt.errors import MTError

STATE = "state.safetensors"
MODEL = "model.safetensors"
PIECE_BYTES = 10_500_000  # of a file of the adapter, at most
HEADER_BYTES = 128  # of a tensor in a file's header, at most: name, type, shape, place
ROWS = 64  # the embedding gets rows up to a multiple of it, as matrix products like it
OVERSAMPLING, ITERATIONS = 24, 3  # of the randomized SVD (arXiv 0909.4061)
CLIPS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)  # of a row's largest number; what lies beyond is cut to it

TOKENIZER = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>", "pad_token": "<pad>",
}  # fmt: skip

Weights = dict[str, Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("base", "start"):
        commands.add_parser(name).add_argument("work", type=Path)
    command = commands.add_parser("adapter")
    command.add_argument("work", type=Path)
    command.add_argument("out", type=Path)
    command.add_argument("--rank", type=int, default=144)
    command.add_argument("--embedding-rank", type=int, default=64, help="its rows are many, and little is lost in it")
    command.add_argument("--state", type=Path, help=f"instead of WORK/{STATE}: of another training, or an average")
    given = parser.parse_args()
    if given.command == "adapter" and any(rank < 2 or rank % 2 for rank in (given.rank, given.embedding_rank)):
        parser.error("--rank and --embedding-rank must be even, 2 or more: a byte holds two numbers")
    try:
        _run(given)
    except MTError as error:  # no base is installed, or not the one
        sys.exit(str(error))


def _run(given: argparse.Namespace) -> None:
    if given.command == "base":
        save_model(given.work / "base", base_weights())
    elif given.command == "start":
        base = load_base(given.work)
        save_model(given.work / "start", merged(base, load_adapter(embedded.adapter_pieces())))
    else:
        state = load_state(given.state or given.work / STATE)
        ranks = Ranks(given.rank, given.embedding_rank)
        write_adapter(given.out, load_base(given.work), state.mean, ranks, load_inputs(given.work))


# --- the base and the start


class _Base(embedded._Weights):
    """The base's weights as the product reads them, before the adapter is added."""

    def vector(self, name: str, base_name: str) -> NDArray[np.float32]:
        return self._dequantized(base_name) - 1

    def matrix(self, name: str, base_name: str, rows: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        return self._dequantized(base_name, rows)


def base_weights() -> Weights:
    """The base by transformers' names, in bfloat16; the embedding has rows of the kept tokens, and a few to spare."""
    from mt.gemma import Shape

    layers = [f"model.layers.{n}.{part}" for n in range(Shape().layers) for part in embedded.LAYER_WEIGHTS]
    with tempfile.TemporaryDirectory() as scratch:
        base = _Base(embedded._base_file(Path(scratch)))
        names = ["model.embed_tokens", *layers, "model.norm"]
        weights = {f"{name}.weight": torch.from_numpy(base.weight(name)).bfloat16() for name in names}
    rows = weights["model.embed_tokens.weight"]
    spare = rows[:1].expand(-len(rows) % ROWS, -1)
    return {**weights, "model.embed_tokens.weight": torch.cat([rows, spare])}


def load_base(work: Path) -> Weights:
    """The base's weights from WORK/base, which is made first if it is missing."""
    directory = work / "base"
    if not (directory / MODEL).exists():
        save_model(directory, base_weights())
    return load_file(directory / MODEL)


def save_model(directory: Path, weights: Weights) -> None:
    """Write a transformers directory: weights, config, tokenizer."""
    directory.mkdir(parents=True, exist_ok=True)
    _config(weights).save_pretrained(directory)
    (directory / "tokenizer_config.json").write_text(json.dumps(TOKENIZER, indent=2))
    shutil.copyfile(embedded.DATA / "tokenizer.json", directory / "tokenizer.json")
    _save(weights, directory / MODEL, {"format": "pt"})
    print(f"{directory}: {sum(weight.numel() for weight in weights.values()):,} weights")


def _save(tensors: Weights, path: Path, metadata: dict[str, str] | None = None) -> None:
    """Write the file in the place of an older one, which stays until the new one is whole."""
    part = path.with_suffix(".part")
    save_file(tensors, part, metadata)
    part.replace(path)


def _config(weights: Weights) -> Gemma3TextConfig:
    """What Gemma 3 270M is, with as many tokens as are kept."""
    from mt.gemma import Shape

    shape = Shape()
    rows, width = weights["model.embed_tokens.weight"].shape
    return Gemma3TextConfig(
        architectures=["Gemma3ForCausalLM"], vocab_size=rows, hidden_size=width,
        intermediate_size=len(weights["model.layers.0.mlp.gate_proj.weight"]), num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads, num_key_value_heads=1, head_dim=shape.head_dim,
        query_pre_attn_scalar=shape.head_dim, sliding_window=shape.positions, max_position_embeddings=32768,
        pad_token_id=0, eos_token_id=1, bos_token_id=2, dtype="bfloat16",
    )  # fmt: skip


# --- the state of a training


@dataclass(frozen=True, slots=True)
class State:
    """The steps that were taken, the weights, and their average; weights by name, in float32."""

    steps: int
    master: Weights
    mean: Weights


def load_state(path: Path) -> State:
    """The state in the file."""
    try:
        tensors = load_file(path)
        steps = int(tensors["steps"])
    except (OSError, SafetensorError, KeyError) as error:
        sys.exit(f"{path} is no state of a training ({error}); train.py writes them")
    return State(steps, _part(tensors, "master."), _part(tensors, "mean."))


def _part(tensors: Weights, prefix: str) -> Weights:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def save_state(path: Path, state: State) -> None:
    """Write the state into the file."""
    tensors = {"steps": torch.tensor(state.steps)}
    for prefix, weights in (("master.", state.master), ("mean.", state.mean)):
        tensors |= {f"{prefix}{name}": weight for name, weight in weights.items()}
    _save(tensors, path)


def shapes(weights: Weights) -> dict[str, torch.Size]:
    """What tells the weights of one model from those of another."""
    return {name: weight.shape for name, weight in weights.items()}


# --- the adapter


@dataclass(frozen=True, slots=True)
class Ranks:
    """How many pairs of vectors stand for the change of a matrix; even numbers, as two are in a byte."""

    layers: int
    embedding: int


def write_adapter(out: Path, base: Weights, mean: Weights, ranks: Ranks, inputs: Inputs) -> None:
    """Write the adapter of these weights into the folder, in the place of one that was there."""
    if shapes(mean) != shapes(base):
        sys.exit("the state and WORK/base are of two different models")
    adapter, kept = low_rank(base, mean, ranks, inputs)
    pieces = list(split(adapter))
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("adapter-*.safetensors"):
        old.unlink()
    for number, piece in enumerate(pieces, 1):
        (out / f"adapter-{number}-of-{len(pieces)}.safetensors").write_bytes(save(piece))
    size = sum(tensor.nbytes for tensor in adapter.values()) / 1e6
    print(f"{out}: rank {ranks.layers}, {kept:.3f} of the energy kept, {size:.1f} MB in {len(pieces)} files")


def low_rank(base: Weights, mean: Weights, ranks: Ranks, inputs: Inputs) -> tuple[Weights, float]:
    """The adapter, and its share of the energy: of the squares of what the matrices' differences put out."""
    torch.manual_seed(0)  # of the randomized SVD
    adapter: Weights = {}
    energy = lost = 0.0
    for name, weight in base.items():
        difference = mean[name] - weight.float()
        if difference.ndim == 1:
            adapter[f"{name}.delta"] = difference
            continue
        weighing = inputs.weighing(name, len(difference))
        parts = factors(difference, ranks.embedding if name == EMBEDDING else ranks.layers, weighing)
        adapter |= {f"{name}.{part}": tensor for part, tensor in parts.items()}
        energy += float(weighing.put_on(difference).square().sum())
        lost += float(weighing.put_on(difference - product(parts)).square().sum())
    return adapter, 1 - lost / (energy or 1)


def factors(difference: Tensor, rank: int, weighing: Weighing) -> Weights:
    """B and A of which B·A does what the matrix does as nearly as the rank allows, in four bits, with rows' scales.

    The best factors of the weighed matrix are those of its SVD (arXiv 2403.07378).
    """
    weighed = weighing.put_on(difference)
    left, strength, right = torch.svd_lowrank(weighed, min(rank + OVERSAMPLING, *difference.shape), ITERATIONS)
    b, a = weighing.taken_off(left[:, :rank], (right * strength)[:, :rank].T)
    shared = (b.norm(dim=0) / a.norm(dim=1).clamp_min(1e-12)).clamp_min(1e-12).sqrt()  # both of a pair alike in size
    b, b_scale = _four_bits(b / shared)
    a, a_scale = _four_bits(a * shared[:, None])
    return {"B": b, "B.scale": b_scale, "A": a, "A.scale": a_scale}


def product(parts: Weights) -> Tensor:
    """The matrix that the factors stand for."""
    b, a = (_numbers(parts[side]) * parts[f"{side}.scale"][:, None] for side in "BA")
    return b @ a


def _four_bits(rows: Tensor) -> tuple[Tensor, Tensor]:
    """The rows as numbers from -7 to 7, two in a byte, and their scales: those of CLIPS that lose least."""
    largest = rows.abs().amax(1, keepdim=True).clamp_min(1e-12) / 7
    scales = torch.stack([largest * clip for clip in CLIPS])
    lost = torch.stack([(_rounded(rows, scale) * scale - rows).square().sum(1, keepdim=True) for scale in scales])
    scale = scales.gather(0, lost.argmin(0, keepdim=True)).squeeze(0)
    numbers = (_rounded(rows, scale) + 8).to(torch.uint8)
    return (numbers[:, ::2] | numbers[:, 1::2] << 4).contiguous(), scale.squeeze(1)


def _rounded(rows: Tensor, scale: Tensor) -> Tensor:
    return (rows / scale).round().clamp(-7, 7)


def _numbers(pairs: Tensor) -> Tensor:
    """What the bytes hold."""
    return torch.stack([pairs & 15, pairs >> 4], dim=-1).flatten(1).float() - 8


def split(adapter: Weights) -> Iterator[Weights]:
    """The adapter in pieces that are files of at most PIECE_BYTES, a tensor in one of them."""
    piece: Weights = {}
    free = PIECE_BYTES
    for name, tensor in adapter.items():
        size = tensor.nbytes + HEADER_BYTES
        if size > PIECE_BYTES:
            sys.exit(f"{name} has {tensor.nbytes:,} bytes, a file {PIECE_BYTES:,}; choose a smaller --rank")
        if size > free:
            yield piece
            piece, free = {}, PIECE_BYTES
        piece[name] = tensor
        free -= size
    yield piece


def load_adapter(pieces: Iterable[Path]) -> Weights:
    """The tensors of an adapter."""
    return {name: tensor for piece in pieces for name, tensor in load_file(piece).items()}


def merged(base: Weights, adapter: Weights) -> Weights:
    """The base with the adapter added, in the base's precision."""
    return {name: (weight.float() + _added(name, adapter)).to(weight.dtype) for name, weight in base.items()}


def _added(name: str, adapter: Weights) -> Tensor:
    if f"{name}.delta" in adapter:
        return adapter[f"{name}.delta"]
    return product({part: adapter[f"{name}.{part}"] for part in ("B", "B.scale", "A", "A.scale")})


if __name__ == "__main__":
    main()
