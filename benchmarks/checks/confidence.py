"""Show how often the confidence of `mt/checks/confidence.py` is right on labeled segments, and fit it again.

    python benchmarks/checks/confidence.py --data DIR      # or KHULASA_DATA; a minute for decoding

`serious.tsv` says of 185 translations of the embedded model (plain, beam 3) and 100 of opus-mt (KHULASA_DATA) whether
a reader takes a wrong fact from them: read and labeled one by one, by a language model that saw the reference; the
sha256 names the text that was read, and a row whose text has changed since is left out. The weights in use were fitted
on lines 1-500 of opus-mt and of the adapter before this one; so the table is of all lines of this adapter, and of lines
501-997 of opus-mt. A bin of fewer than 20 segments shows no percentage.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from mt.checks import check
from mt.checks.confidence import _INTERCEPT, _WEIGHTS, Features, features
from mt.document import DecodingOptions, Hypothesis, Source
from mt.engine import load_engine
from mt.normalize import normalize
from mt.registry import load_registry

LABELS = Path(__file__).with_name("serious.tsv")
PLAIN = DecodingOptions(beam_size=3, plain=True)
LAST_TO_FIT = 500
PENALTY = 1.0  # of the squared weights (ridge): 150 segments are few
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
FEWEST = 20


@dataclass(frozen=True, slots=True)
class Labeled:
    """A translation that somebody read, and whether it holds a serious error."""

    system: str
    line: int
    source: str
    hypothesis: Hypothesis
    serious: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("KHULASA_DATA", ".")))
    labeled = load_labeled(parser.parse_args().data / "dev")
    seen, right = observe(labeled)
    fitting = np.array([segment.line <= LAST_TO_FIT for segment in labeled])
    intercept, *weights = fit(seen[fitting], right[fitting])
    shown = (f"{name}={weight:.2f}" for name, weight in zip(Features._fields, weights, strict=True))
    print(f"{len(labeled)} segments; fitted anew on {fitting.sum()}: intercept {intercept:.2f}, {', '.join(shown)}\n")
    systems = np.array([segment.system for segment in labeled])
    chance = 1 / (1 + np.exp(-(_INTERCEPT + seen @ np.array(_WEIGHTS))))
    for system, rows in (("embedded", systems == "embedded"), ("opusmt", (systems == "opusmt") & ~fitting)):
        show(system, chance[rows], right[rows])


def load_labeled(dev: Path) -> list[Labeled]:
    """The rows of serious.tsv with their texts, without those whose text is not the one that was read."""
    sources = (dev / "flores-dev.ar").read_text(encoding="utf-8").splitlines()
    with LABELS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    other = (dev / "systems" / "opusmt.en").read_text(encoding="utf-8").splitlines()
    own = translate_lines([int(row["line"]) for row in rows if row["system"] == "embedded"], sources)
    labeled = []
    for row in rows:
        line = int(row["line"])
        hypothesis = own[line] if row["system"] == "embedded" else Hypothesis(other[line - 1])
        if hashlib.sha256(hypothesis.text.encode()).hexdigest()[:8] == row["sha256"]:
            labeled.append(Labeled(row["system"], line, sources[line - 1], hypothesis, row["serious"] == "1"))
    if left_out := len(rows) - len(labeled):
        print(f"{left_out} rows left out: their text is another one by now")
    return labeled


def translate_lines(lines: list[int], sources: list[str]) -> dict[int, Hypothesis]:
    """What the embedded model makes of these lines."""
    engine = load_engine("embedded", "translate", load_registry())
    found = engine.generate([Source(normalize(sources[line - 1])) for line in lines], PLAIN)
    return {lines[index]: hypotheses[0] for index, hypotheses in found}


def observe(labeled: list[Labeled]) -> tuple[np.ndarray, np.ndarray]:
    """The features of the segments, shape (n, 6), and whether each is without a serious error, shape (n,)."""
    rows: list[Features] = []
    for segment in labeled:  # each on its own: they are no article
        flags = check([segment.source], [segment.hypothesis.text])
        quality = "draft" if segment.system == "embedded" else "good"
        rows += features([segment.source], [segment.hypothesis], flags, quality)
    return np.array(rows), np.array([not segment.serious for segment in labeled], dtype=float)


def fit(seen: np.ndarray, right: np.ndarray) -> list[float]:
    """Intercept and weights of the logistic model, by Newton's method; the intercept is not held back."""
    design = np.hstack([np.ones((len(seen), 1)), seen])
    ridge = PENALTY * np.diag([0.0, *np.ones(seen.shape[1])])
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (right - chance) - ridge @ weights
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + ridge
        weights += np.linalg.solve(curve, slope)
    return [float(weight) for weight in weights]


def show(system: str, chance: np.ndarray, right: np.ndarray) -> None:
    """Print how many segments of each bin are right, and how well the chances order and fit them."""
    better = chance[right == 1][:, None] > chance[right == 0][None, :]
    brier, base = np.mean((chance - right) ** 2), np.mean((right.mean() - right) ** 2)
    print(f"{system}: {len(right)} segments, {right.sum():.0f} right; a right one ranks above a wrong one "
          f"{better.mean():.2f}; Brier {brier:.3f}, without the checks {base:.3f}")  # fmt: skip
    for low, high in pairwise(BINS):
        rows = (chance >= low) & (chance < high)
        share = f"{right[rows].mean():.0%}" if rows.sum() >= FEWEST else "too few"
        print(f"  {low:.1f}-{high:.1f}  {right[rows].sum():3.0f} of {rows.sum():3d} right  {share}")


if __name__ == "__main__":
    main()
