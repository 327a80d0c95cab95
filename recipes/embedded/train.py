"""Train the embedded model: WORK/start at first, then on from WORK/state.safetensors, until it is stopped.

    python recipes/embedded/train.py WORK --parallel DIR --hours 3
    torchrun --nproc-per-node 2 recipes/embedded/train.py WORK --parallel DIR   # two cores, a process for each
    python recipes/embedded/train.py WORK --parallel DIR --device cuda --budget 16000 --accumulation 1 --workers 8

The learning rate is constant; what is used is the exponential average of the weights, so any moment is a good one to
stop. SIGTERM and Ctrl-C write the state and end; it is written every fifteen minutes besides. It holds no moments of
the optimizer, so every start warms up. WORK has what pairs.py and weights.py wrote.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F  # noqa: N812  # its usual name
from examples import Example, batches
from tokenizers import Tokenizer
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info
from transformers import Gemma3ForCausalLM
from transformers.utils import logging
from weights import MODEL, STATE, State, load_state, save_state, shapes

PAD, IGNORED = 0, -100
WARMUP = 40  # steps
REPORT_EVERY = 10  # steps
SAVE_EVERY = 900.0  # seconds
STREAMS = 1000  # at most, in one stretch of a training

Batch = tuple[Tensor, Tensor]  # tokens (examples, width), and the token that each is to predict, or IGNORED


def main() -> None:
    given = _arguments()
    stop = _stop_after(given.hours)
    if "RANK" in os.environ:  # started by torchrun
        dist.init_process_group("nccl" if given.device == "cuda" else "gloo")
    try:
        state = given.state or given.work / STATE
        training = Training(
            given.work / "start", state, _device(given.device), given.learning_rate, given.average_decay
        )
        source = Stream(given.work, given.parallel, _seed(given.seed, training.steps, given.workers), given.budget)
        run(training, prepared(source, given.workers), given.accumulation, stop)
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--parallel", type=Path, required=True, help="folder of the parallel data: *.tsv.xz")
    parser.add_argument("--state", type=Path, help=f"instead of WORK/{STATE}")
    parser.add_argument("--hours", type=float, default=float("inf"), help="until it ends by itself")
    parser.add_argument("--learning-rate", type=float, default=6e-5)
    parser.add_argument("--accumulation", type=int, default=4, help="micro-batches of each process in a step")
    parser.add_argument("--average-decay", type=float, default=0.995, help="of the averaged weights, a step")
    parser.add_argument("--budget", type=int, default=900, help="tokens of a micro-batch, padding included")
    parser.add_argument("--workers", type=int, default=0, help="processes of each that prepare micro-batches ahead")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=0, help="of the order and the noise of the examples")
    given = parser.parse_args()
    if min(given.accumulation, given.budget) < 1 or given.workers < 0:
        parser.error("--accumulation and --budget are 1 or more, --workers 0 or more")
    if not given.parallel.is_dir():
        parser.error(f"--parallel {given.parallel} is no folder")
    if not (given.work / "start" / MODEL).exists():
        sys.exit(f"{given.work}/start has no {MODEL}; run weights.py start {given.work}")
    if not (given.work / "pairs").is_dir():
        sys.exit(f"{given.work} has no pairs; run pairs.py --parallel {given.parallel} --work {given.work}")
    return given


def _stop_after(hours: float) -> Callable[[], bool]:
    """Whether the time is over, or somebody asked to stop."""
    asked, end = threading.Event(), time.monotonic() + hours * 3600
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    return lambda: asked.is_set() or time.monotonic() >= end


# --- what is learned from


@dataclass
class Stream(IterableDataset):
    """Endless micro-batches, made anew for each process that takes some."""

    work: Path
    parallel: Path
    seed: int
    budget: int

    def __iter__(self) -> Iterator[list[Example]]:
        os.environ["TOKENIZERS_PARALLELISM"] = "false"  # else it warns of our processes
        tokenizer = Tokenizer.from_file(str(self.work / "start" / "tokenizer.json"))
        worker = get_worker_info()
        return batches(self.work, self.parallel, tokenizer, self.seed + (worker.id if worker else 0), self.budget)


def prepared(source: Stream, workers: int) -> Iterator[Batch]:
    """The micro-batches as tensors, made ahead by so many processes, here if there are none."""
    return iter(
        DataLoader(source, batch_size=None, collate_fn=padded, num_workers=workers, worker_init_fn=_ignore_signals)
    )


def _ignore_signals(_worker: int) -> None:
    """Leave it to the training to end its workers: one that dies first would end it without a state."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def _seed(seed: int, steps: int, workers: int) -> int:
    """The seed of this process and, with those that follow, of its workers; each stretch of a training has its own."""
    return (seed * 1_000_000 + steps) * STREAMS + _rank() * max(1, workers)


def padded(examples: list[Example]) -> Batch:
    """A micro-batch as tensors; a source, and padding, is not to be predicted."""
    width = max(len(example.tokens) for example in examples)
    tokens = torch.full((len(examples), width), PAD)
    expected = torch.full_like(tokens, IGNORED)
    for row, example in enumerate(examples):
        end = len(example.tokens)
        tokens[row, :end] = torch.tensor(example.tokens)
        expected[row, example.target - 1 : end - 1] = tokens[row, example.target : end]
    return tokens, expected


# --- what is learned


class Training:
    """The model in bfloat16, its weights in float32 and their average, and what a step does to them."""

    def __init__(self, start: Path, state: Path, device: torch.device, learning_rate: float, decay: float) -> None:
        self.path, self.device, self.learning_rate, self.decay = state, device, learning_rate, decay
        self.model = _load_model(start, device)
        self.weights = dict(self.model.named_parameters())
        self.master = {name: weight.detach().float().clone() for name, weight in self.weights.items()}
        self.mean = {name: weight.clone() for name, weight in self.master.items()}
        self.steps = self._resumed() if state.exists() else 0
        self.begun = self.steps
        self.optimizer = torch.optim.AdamW(
            self.master.values(), lr=learning_rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True
        )

    def _resumed(self) -> int:
        stored = load_state(self.path)
        for own, found in ((self.master, stored.master), (self.mean, stored.mean)):
            if shapes(own) != shapes(found):
                sys.exit(f"{self.path} is of another model than WORK/start; name another --state")
            for name, weight in own.items():
                weight.copy_(found[name])
        self._publish()
        return stored.steps

    @torch.no_grad()
    def _publish(self) -> None:
        for name, weight in self.weights.items():
            weight.copy_(self.master[name])

    def learn(self, tokens: Tensor, expected: Tensor) -> Tensor:
        """Add the gradients of a micro-batch; its loss, summed, and how many targets and tokens it has."""
        asked, real = expected != IGNORED, tokens != PAD
        hidden = self.model.model(input_ids=tokens, attention_mask=real.long()).last_hidden_state
        logits = self.model.lm_head(hidden[asked])  # of these positions only: the vocabulary is most of the work
        loss = F.cross_entropy(logits.float(), expected[asked], reduction="sum")
        loss.backward()
        return torch.stack([loss.detach(), asked.sum(), real.sum()]).double()

    def step(self, targets: float) -> None:
        """Change the weights by the gradients of so many targets, of all processes, and average them."""
        for name, weight in self.weights.items():
            self.master[name].grad = _summed(weight.grad).float() / targets
            weight.grad = None
        norm = torch.nn.utils.clip_grad_norm_(self.master.values(), 1.0)
        if not norm.isfinite():
            sys.exit(f"step {self.steps + 1} has gradients that are no numbers; {self.path} is of a sound step before "
                     "it: go on from there with a lower --learning-rate")  # fmt: skip
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate * min(1, (self.steps - self.begun + 1) / WARMUP)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.steps += 1
        self._publish()
        decay = min(self.decay, (self.steps + 1) / (self.steps + 10))  # the first steps are soon forgotten
        for name, mean in self.mean.items():
            mean.lerp_(self.master[name], 1 - decay)

    def save(self) -> None:
        if _rank() == 0:
            save_state(self.path, State(self.steps, self.master, self.mean))


def _load_model(directory: Path, device: torch.device) -> torch.nn.Module:
    logging.disable_progress_bar()
    model = Gemma3ForCausalLM.from_pretrained(
        directory, dtype=torch.bfloat16, attn_implementation="sdpa", local_files_only=True
    )
    return model.to(device).train()


def run(training: Training, micro_batches: Iterator[Batch], accumulation: int, stop: Callable[[], bool]) -> None:
    """Train until one process is to stop, which is between two micro-batches; the step it was in is left out."""
    recent = torch.zeros(3, dtype=torch.float64, device=training.device)  # loss, targets, tokens
    saved = reported = time.monotonic()
    while True:
        counted = torch.zeros(4, dtype=torch.float64, device=training.device)  # and processes that are to stop
        for _ in range(accumulation):
            if stop():
                counted[3] = 1
                break
            tokens, expected = next(micro_batches)
            counted[:3] += training.learn(tokens.to(training.device), expected.to(training.device))
        _, targets, _, stopping = _summed(counted).tolist()
        if stopping:
            break
        training.step(targets)
        recent += counted[:3]
        now = time.monotonic()
        if training.steps % REPORT_EVERY == 0:
            _report(training.steps, recent, now - reported)
            recent.zero_()
            reported = now
        if now - saved > SAVE_EVERY:
            training.save()
            saved = now
    training.save()
    if _rank() == 0:
        print(f"saved at step {training.steps}", flush=True)


def _report(steps: int, counted: Tensor, seconds: float) -> None:
    if _rank() == 0:
        loss, targets, tokens = counted.tolist()
        print(f"{steps} loss {loss / targets:.3f} {tokens / seconds:.0f} tokens/s", flush=True)


# --- the processes that train together


def _rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def _summed(tensor: Tensor) -> Tensor:
    """The tensor, summed over the processes in place."""
    if dist.is_initialized():
        dist.all_reduce(tensor)
    return tensor


def _device(kind: str) -> torch.device:
    if kind == "cpu":
        return torch.device("cpu")
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    torch.cuda.set_device(device)
    return device


if __name__ == "__main__":
    main()
