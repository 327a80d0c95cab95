"""Training examples as tokens: `<bos> source [<unused3> ar = en; ar = en] <unused0> target <eos>`, in micro-batches."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from hints import Hints
from noise import noisy
from pairs import load_mixture
from parallel import Pair
from tokenizers import Tokenizer

from mt.normalize import normalize
from mt.tokenizer import PromptTokenizer as Prompt

HINTED = 0.6  # of the pairs may have terms in their prompt
LONGEST = 240  # tokens of an example; longer ones are left out: few, and a step would wait for them
BUDGET = 900  # tokens of a micro-batch
BLOCK = 1024  # pairs that are sorted by length, for that budget


@dataclass(frozen=True)
class Example:
    """A pair as tokens; those before `target` are the prompt, and are not to be predicted."""

    tokens: list[int]
    target: int


def batches(
    work: Path, parallel: Path, tokenizer: Tokenizer, seed: int, budget: int = BUDGET
) -> Iterator[list[Example]]:
    """Endless micro-batches of at most about `budget` tokens with padding, each of examples alike in length.

    The pairs are those that pairs.py left in WORK; every round has them in another order, with other noise and terms.
    """
    tokenizer.encode_special_tokens = True  # "<eos>" in a text is text, as for mt.tokenizer
    pairs, hints, rng = mixed_pairs(work), Hints(parallel), Random(seed)
    block = BLOCK * max(1, budget // BUDGET)
    while True:
        rng.shuffle(pairs)
        for start in range(0, len(pairs), block):
            examples = [example(pair, hints, tokenizer, rng) for pair in pairs[start : start + block]]
            made = list(micro_batches(examples, budget))
            rng.shuffle(made)
            yield from made


def mixed_pairs(work: Path) -> list[Pair]:
    """All pairs of the mixture, those of some sources more than once."""
    pairs: list[Pair] = []
    for part in load_mixture():
        path = part.kept(work)
        if not path.exists():
            sys.exit(f"{path} is not there; run pairs.py --work {work}")
        with path.open(encoding="utf-8", newline="\n") as lines:
            kept = [(arabic, english) for arabic, english in (line.rstrip("\n").split("\t") for line in lines)]
        pairs += kept * part.copies
    if not pairs:
        sys.exit(f"the files in {work}/pairs are empty; remove them and run pairs.py again")
    return pairs


def example(pair: Pair, hints: Hints, tokenizer: Tokenizer, rng: Random) -> Example:
    """The pair as the model sees it: its source is cleaned as that of an article is, and then spoiled by typos."""
    source, target = normalize(pair[0]), pair[1]
    terms = hints.pick(source, target, rng) if rng.random() < HINTED else []
    prompt = [_id(tokenizer, Prompt.begin), *_ids(tokenizer, noisy(source, rng))]
    if terms:
        listed = "; ".join(f"{arabic} = {english}" for arabic, english in terms)
        prompt += [_id(tokenizer, Prompt.terms), *_ids(tokenizer, listed)]
    prompt.append(_id(tokenizer, Prompt.translate))
    return Example([*prompt, *_ids(tokenizer, target), _id(tokenizer, Prompt.end)], len(prompt))


def _id(tokenizer: Tokenizer, token: str) -> int:
    found: int | None = tokenizer.token_to_id(token)
    if found is None:
        sys.exit(f"the tokenizer has no {token}; take the one that weights.py writes")
    return found


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return ids


def micro_batches(examples: list[Example], budget: int) -> Iterator[list[Example]]:
    """The examples by length, as many together as fit the budget when all are as long as the longest."""
    batch: list[Example] = []
    for one in sorted(examples, key=lambda example: len(example.tokens)):
        if len(one.tokens) >= LONGEST:
            break
        if batch and (len(batch) + 1) * len(one.tokens) > budget:
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch
