"""How many clauses cut out of FLORES-dev `mt/checks/coverage.py` finds, and how many whole references it flags.

    KHULASA_DATA=… python benchmarks/clauses.py [--fit]

From each line one clause of four words or more is cut by a seeded choice, once from the English (an omission) and once
from the Arabic (what is left of the English is then an addition). `--fit` fits the two models on lines 1–500 and prints
their weights, to be put into `coverage.py`; without it, the models as they stand are counted.
"""

from __future__ import annotations

import argparse
import os
import random
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mt.checks import coverage
from mt.checks.coverage import Evidence, examine

Array = NDArray[np.float64]
Pair = tuple[str, str]

CUTS = {
    "en": re.compile(
        r"[,;:.!?—–()]+\s+|\s+(?=\()"
        r"|\s+(?=(?:and|but|while|which|who|that|when|where|after|before|because|although|if)\s)"
    ),
    "ar": re.compile(
        r"[،؛:.!؟?—–()]+\s+|\s+(?=\()"
        r"|\s+(?=(?:الذي|التي|الذين|حيث|بينما|لكن|ولكن|عندما|بعد|قبل|لأن|كما|إذا|وقد|وكان|وكانت|وهو|وهي)\s)"
    ),
}
FEWEST_WORDS = 4
CHOSEN_ON = 500  # lines; the others only count
RATES = (0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05)


def cut(text: str, lang: str, chance: random.Random) -> str | None:
    """The text without one of its clauses, None where it has but one."""
    edges = [0, *(found.end() for found in CUTS[lang].finditer(text)), len(text)]
    clauses = [(a, b) for a, b in pairwise(edges) if text[a:b].strip()]
    long = [(a, b) for a, b in clauses if len(text[a:b].split()) >= FEWEST_WORDS]
    if len(clauses) < 2 or not long:
        return None
    a, b = chance.choice(long)
    rest = f"{text[:a].rstrip()} {text[b:]}".strip()
    if b == len(text):
        rest = re.sub(r"[\s,;:،؛—–(]+$", "", rest) + "."
    return rest if len(rest.split()) >= FEWEST_WORDS else None


def load() -> tuple[list[str], list[str]]:
    """FLORES-dev, Arabic and English."""
    folder = Path(os.environ["KHULASA_DATA"]) / "dev"
    ar, en = ((folder / f"flores-dev.{lang}").read_text(encoding="utf-8").splitlines() for lang in ("ar", "en"))
    return ar, en


def without_clauses(ar: list[str], en: list[str]) -> dict[str, dict[int, Pair]]:
    """By line: whole pairs, pairs with a clause cut from the target, pairs with one cut from the source."""
    chance = random.Random(8)
    shorter = [cut(text, "en", chance) for text in en]
    chance = random.Random(9)
    shorter_ar = [cut(text, "ar", chance) for text in ar]
    return {
        "whole": dict(enumerate(zip(ar, en, strict=True))),
        "omission": {i: (ar[i], text) for i, text in enumerate(shorter) if text},
        "addition": {i: (text, en[i]) for i, text in enumerate(shorter_ar) if text},
    }


def fit(negative: Array, positive: Array, ridge: float = 3.0) -> Array:
    """Weights of a logistic regression, intercept first, by Newton's method; fields are scaled for the ridge only."""
    values = np.vstack([negative, positive])
    labels = np.repeat([0.0, 1.0], [len(negative), len(positive)])
    mean, scale = values.mean(0), values.std(0) + 1e-9
    design = np.c_[np.ones(len(values)), (values - mean) / scale]
    penalty = ridge * np.diag([0.0, *np.ones(values.shape[1])])
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ weights))
        hessian = (design.T * (chance * (1 - chance))) @ design + penalty
        weights += np.linalg.solve(hessian, design.T @ (labels - chance) - penalty @ weights)
    return np.array([weights[0] - (weights[1:] * mean / scale).sum(), *(weights[1:] / scale)])


def fields(pairs: Iterable[Pair]) -> Array:
    """The numbers that the models see, a row a pair; a pair without any counts as usual."""
    usual = Evidence(0, 0, 1, 1, 0, 0), None, None
    return np.array([(examine(*pair) or usual)[0] for pair in pairs])


def scores(weights: Array, values: Array) -> Array:
    return np.array(weights[0] + values @ weights[1:])


def fit_models(pairs: dict[str, dict[int, Pair]], share: float) -> None:
    """Print weights whose intercept lets this share of the whole references of lines 1–500 be flagged."""
    chosen = {kind: fields(pair for i, pair in rows.items() if i < CHOSEN_ON) for kind, rows in pairs.items()}
    for kind, name in (("omission", "_LEFT_OUT"), ("addition", "_MADE_UP")):
        weights = fit(chosen["whole"], chosen[kind])
        weights[0] -= np.quantile(scores(weights, chosen["whole"]), 1 - share)
        print(f"{name} = ({', '.join(f'{weight:.2f}' for weight in weights)})")


def print_curves(pairs: dict[str, dict[int, Pair]]) -> None:
    """The models as they stand, at other intercepts, on lines 501–997."""
    kept = {kind: fields(pair for i, pair in rows.items() if i >= CHOSEN_ON) for kind, rows in pairs.items()}
    for kind, model in (("omission", coverage._LEFT_OUT), ("addition", coverage._MADE_UP)):
        whole, hurt = (scores(np.array(model), kept[name]) for name in ("whole", kind))
        found = (f"{rate:.2%} {(hurt > np.quantile(whole, 1 - rate)).mean():.1%}" for rate in RATES)
        print(f"{kind}, model alone, flagged whole / found cut: {' · '.join(found)}")


def count(pairs: dict[str, dict[int, Pair]]) -> None:
    """What all of `coverage.check` flags."""
    for part, lines in (("1–500", range(CHOSEN_ON)), ("501–997", range(CHOSEN_ON, 997))):
        for kind, rows in pairs.items():
            chosen = [pair for i, pair in rows.items() if i in lines]
            flagged = [list(coverage.check(*pair)) for pair in chosen]
            right = sum(any(flag.kind == kind for flag in flags) for flags in flagged)
            print(f"{part} {kind}: {sum(map(bool, flagged))} of {len(chosen)} flagged, {right} as {kind}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", type=float, metavar="SHARE", help="fit; flag this share of whole references")
    asked = parser.parse_args()
    everything = without_clauses(*load())
    if asked.fit:
        fit_models(everything, asked.fit)
    else:
        print_curves(everything)
        count(everything)
