"""Does what a segment becomes depend on the segments beside it? Byte-identical batches stand on the answer.

    KHULASA_DATA=… python benchmarks/ground.py                      # 500 lines of FLORES-dev, embedded model, beam 3
    KHULASA_DATA=… python benchmarks/ground.py --model DIR --lines 100

The lines are shuffled and decoded in batches of 1, 7 and 32, each size in another order; exit code 1 if any text
differs.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from pathlib import Path

from mt.document import DecodingOptions, Hypothesis, Source
from mt.engine import Engine, Placement, load_engine
from mt.normalize import normalize
from mt.registry import load_registry

SIZES = (32, 7, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--lines", type=int, default=500)
    parser.add_argument("--threads", type=int, default=0)
    given = parser.parse_args()
    path = Path(os.environ["KHULASA_DATA"]) / "dev" / "flores-dev.ar"
    sources = [Source(normalize(line)) for line in path.read_text(encoding="utf-8").splitlines()[: given.lines]]
    engine = load_engine(given.model, "translate", load_registry(), Placement(threads=given.threads))
    found = {size: decoded(engine, sources, size) for size in SIZES}
    wrong = 0
    for size in SIZES[1:]:
        texts = sum(a.text != b.text for a, b in zip(found[SIZES[0]], found[size], strict=True))
        scores = sum(a.score != b.score for a, b in zip(found[SIZES[0]], found[size], strict=True))
        print(f"batches of {size} against {SIZES[0]}: {texts} of {len(sources)} texts differ, {scores} scores")
        wrong += texts
    sys.exit(wrong > 0)


def decoded(engine: Engine, sources: list[Source], size: int) -> list[Hypothesis]:
    """The best hypothesis of each source, decoded in shuffled batches of this size."""
    begun = time.perf_counter()
    order = random.Random(size).sample(range(len(sources)), len(sources))
    best: dict[int, Hypothesis] = {}
    for start in range(0, len(order), size):
        part = order[start : start + size]
        for i, hypotheses in engine.generate([sources[k] for k in part], DecodingOptions(plain=True)):
            best[part[i]] = hypotheses[0]
    print(f"batches of {size}: {time.perf_counter() - begun:.0f} s", flush=True)
    return [best[i] for i in range(len(sources))]


if __name__ == "__main__":
    main()
