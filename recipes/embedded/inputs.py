"""What the model's matrices are multiplied by, measured on training examples, for factors that keep what matters.

    python recipes/embedded/inputs.py WORK --parallel DIR [--state FILE]      # → WORK/inputs.safetensors

Of each matrix the second moments of its inputs (in, in); of the embedding, which is the output layer too, those of the
last hidden states, and how often each token is read, or thought of: the sum of its probabilities.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from examples import Example, batches
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

INPUTS = "inputs.safetensors"
EMBEDDING = "model.embed_tokens.weight"
TOKENS = 60_000  # to measure on
DAMPING = 0.05  # of the mean moment, added to all: what the examples never show may still come
SHARED = {"k_proj": "q_proj", "v_proj": "q_proj", "up_proj": "gate_proj"}  # matrices with one input


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--parallel", type=Path, required=True, help="folder of the parallel data: *.tsv.xz")
    parser.add_argument("--state", type=Path, help="weights of a training; left out: WORK/start")
    given = parser.parse_args()
    from train import Training

    training = Training(given.work / "start", given.state or given.work / "none", torch.device("cpu"), 0, 0)
    tokenizer = Tokenizer.from_file(str(given.work / "start" / "tokenizer.json"))
    moments, tokens = measured(training.model.eval(), batches(given.work, given.parallel, tokenizer, seed=77))
    save_file(moments, given.work / INPUTS)
    print(f"{given.work / INPUTS}: {len(moments)} moments of {tokens:,} tokens")


@torch.inference_mode()
def measured(model: torch.nn.Module, micro_batches: Iterator[list[Example]]) -> tuple[dict[str, Tensor], int]:
    """The moments by the name of a weight, a mean over tokens, and `uses` by token; and of how many tokens."""
    from train import IGNORED, PAD, padded

    sums: dict[str, Tensor] = {}
    real = torch.empty(0)

    def add(name: str, rows: Tensor) -> None:
        sums[name] = sums.get(name, torch.zeros(())) + rows.float().T @ rows.float()

    hooks = [
        layer.register_forward_pre_hook(lambda _, given, name=name: add(f"{name}.weight", given[0][real]))
        for name, layer in model.named_modules()
        if isinstance(layer, torch.nn.Linear) and name.startswith("model.") and name.rpartition(".")[2] not in SHARED
    ]
    uses = torch.zeros(len(model.get_input_embeddings().weight))
    tokens = 0
    while tokens < TOKENS:
        read, expected = padded(next(micro_batches))
        real, asked = read != PAD, expected != IGNORED
        hidden = model.model(input_ids=read, attention_mask=real.long()).last_hidden_state
        add(EMBEDDING, hidden[asked])
        uses += torch.bincount(read[real], minlength=len(uses))
        uses += model.lm_head(hidden[asked]).float().softmax(-1).sum(0)
        tokens += int(real.sum())
    for hook in hooks:
        hook.remove()
    return {**{name: moment / tokens for name, moment in sums.items()}, "uses": uses / tokens}, tokens


@dataclass(frozen=True, slots=True)
class Weighing:
    """What weighs a matrix's errors: a root of its inputs' moments, lower triangular, and its rows' importance."""

    root: Tensor
    rows: Tensor

    def put_on(self, matrix: Tensor) -> Tensor:
        """The matrix weighed: the squares of its numbers are the squares of what it puts out."""
        return self.rows[:, None] * (matrix @ self.root)

    def taken_off(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        """The factors of a matrix, from those of the matrix weighed."""
        return left / self.rows[:, None], torch.linalg.solve_triangular(self.root, right, upper=False, left=False)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The moments of a model's matrices by their names in transformers."""

    moments: dict[str, Tensor]

    def weighing(self, name: str, rows: int) -> Weighing:
        """How to weigh the errors of that matrix, which has so many rows."""
        kind = name.split(".")[-2]
        moment = self.moments[name.replace(kind, SHARED.get(kind, kind))]
        level = moment.diagonal().mean()
        damped = moment / level + DAMPING * torch.eye(len(moment)) if level else torch.eye(len(moment))
        # The fourth root: a token that is rare in these examples may be frequent in the next article.
        importance = (self.moments["uses"] + 1e-6).pow(0.25) if name == EMBEDDING else torch.ones(rows)
        return Weighing(torch.linalg.cholesky(damped), importance)


def load_inputs(work: Path) -> Inputs:
    """What inputs.py measured."""
    path = work / INPUTS
    if not path.exists():
        sys.exit(f"{path} is not there; run inputs.py {work}")
    return Inputs(load_file(path))


if __name__ == "__main__":
    main()
