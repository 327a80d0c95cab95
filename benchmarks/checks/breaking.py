"""Broken translations of real sentences: FLORES-dev references with one thing made wrong, the same for the same seed.

KHULASA_DATA=… python benchmarks/checks/breaking.py > broken.jsonl      # or --data DIR, --seed N

What can be broken is found in the English alone, by the expressions of this folder and the names of names.tsv, which
know nothing of the product's own. One case for each line and each way (`how`) that applies to it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.checks import sentences, values

SEED = 8
FILES = ("flores-dev.ar", "flores-dev.en")
Breaker = Callable[[str, random.Random], str | None]  # the text with one thing wrong, None where it does not apply

BREAKERS: Mapping[str, Mapping[str, Breaker]] = {
    "number": values.BREAKERS,
    "name": sentences.NAMES,
    "negation": sentences.NEGATION,
    "omission": sentences.OMISSION,
}


@dataclass(frozen=True, slots=True)
class Broken:
    """A reference with one thing made wrong; `line` counts from 1."""

    line: int
    kind: str
    how: str
    source: str
    target: str


def break_pair(line: int, source: str, reference: str, seed: int = SEED) -> Iterator[Broken]:
    """Every way of making this reference wrong; each draws its own chances, so that a new one moves no other."""
    for kind, breakers in BREAKERS.items():
        for how, breaker in breakers.items():
            target = breaker(reference, random.Random(f"{seed} {line} {how}"))
            if target and target != reference:
                yield Broken(line, kind, how, source, target)


def load_pairs(data: str | None) -> list[tuple[str, str]]:
    """The 997 pairs of FLORES-dev in the folder `data`, or KHULASA_DATA."""
    folder = Path(data or os.environ.get("KHULASA_DATA") or ".")
    found = next((place for place in (folder, folder / "dev") if (place / FILES[0]).is_file()), None)
    if found is None:
        sys.exit(f"no {FILES[0]} in {folder}: give the folder with --data or KHULASA_DATA (see README.md beside this)")
    sources, references = ((found / name).read_text(encoding="utf-8").splitlines() for name in FILES)
    return list(zip(sources, references, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="the folder of flores-dev.ar and flores-dev.en; default: KHULASA_DATA")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    for line, (source, reference) in enumerate(load_pairs(given.data), 1):
        for case in break_pair(line, source, reference, given.seed):
            print(json.dumps(asdict(case), ensure_ascii=False))


if __name__ == "__main__":
    main()
