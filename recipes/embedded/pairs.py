"""Filter the parallel data by mixture.yaml: WORK/pairs/NAME.tsv, Arabic and English on a line, for each source.

    python recipes/embedded/pairs.py --parallel DIR --work WORK     # DIR has NAME.tsv.xz; five minutes on one core

A source whose file is there is not done again: remove the file to do so. Kept are pairs that are faithful (neither
side has a loaded word, or an agency, that the other lacks), not too short or long, and alike by their sentence vectors.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from parallel import Pair, read_parallel
from synthetic import news

from mt.errors import ConfigError
from mt.strict_yaml import load_yaml
from mt.vectors import encode

MIXTURE = Path(__file__).with_name("mixture.yaml")
SYNTHETIC = "synth_news"  # the one source that is made here
MOST_WORDS = 60  # of either side
ORDER = 3  # seeds the order in which pairs are taken; another one keeps others of the sources that have too many
COMPARED = 1.6  # times the pairs wanted, since some will be dropped
BATCH = 256  # pairs whose vectors are in memory at once

# Words of which no side may have one without the other's: where a translation says it, it took a side.
LOADED = [
    (re.compile("احتلال|محتل"), re.compile("occup", re.IGNORECASE)),
    (re.compile("شهيد|شهداء|استشه"), re.compile("martyr", re.IGNORECASE)),
    (re.compile("إرهاب|ارهاب"), re.compile("terror", re.IGNORECASE)),
]
# "The agency reported", where the Arabic names no source at all
REPORTED = re.compile("(wire|agency) reported", re.IGNORECASE)
SAID = re.compile("وكالة|بحسب|وفق|أفاد|ذكر|نقل|قال|صرح|أعلن|أكد|أشار")


@dataclass(frozen=True)
class Part:
    """A source's part of the mixture; see mixture.yaml."""

    name: str
    licence: str
    pairs: int | None = None
    similarity: float | None = None
    words: int = 3
    copies: int = 1

    def kept(self, work: Path) -> Path:
        """Where its pairs are."""
        return work / "pairs" / f"{self.name}.tsv"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parallel", type=Path, required=True, help="folder of the parallel data: *.tsv.xz")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these sources only")
    given = parser.parse_args()
    mixture = load_mixture()
    names = {part.name for part in mixture}
    if unknown := sorted(set(given.only or ()) - names):
        parser.error(f"{MIXTURE} has no source {unknown[0]}")
    (given.work / "pairs").mkdir(parents=True, exist_ok=True)
    for part in mixture:
        if given.only and part.name not in given.only:
            continue
        if part.kept(given.work).exists():
            print(f"{part.name}: already there")
        else:
            write_pairs(part, given.parallel, given.work)


def load_mixture(path: Path = MIXTURE) -> list[Part]:
    """The parts of the mixture, in the order of the file; raises ConfigError where one cannot be understood."""
    try:
        return [Part(name, **given) for name, given in load_yaml(path)["sources"].items()]
    except (AttributeError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: {error}; expected sources, each with a licence and what the file's first lines "
                          "explain") from error  # fmt: skip


def write_pairs(part: Part, parallel: Path, work: Path) -> None:
    """Write a source's pairs that are kept, whole or not at all, and say what became of the others."""
    kept, dropped = filtered(part, read_pairs(part, parallel))
    path = part.kept(work)
    unfinished = path.with_suffix(".part")
    unfinished.write_text("".join(f"{arabic}\t{english}\n" for arabic, english in kept), encoding="utf-8")
    unfinished.replace(path)
    print(f"{part.name}: {len(kept)} kept;", ", ".join(f"{count} {why}" for why, count in dropped.items()), flush=True)


def read_pairs(part: Part, parallel: Path) -> Iterator[Pair]:
    """All pairs of a source; the seed of those that are made here never changes."""
    if part.name == SYNTHETIC:
        yield from news(parallel, part.pairs or 0, Random(ORDER))
    else:
        yield from read_parallel(parallel, part.name)


def filtered(part: Part, pairs: Iterator[Pair]) -> tuple[list[Pair], dict[str, int]]:
    """The pairs that are kept, in an order that is random and always the same, and how many were dropped why."""
    every = list(pairs)
    faithful = [pair for pair in every if is_faithful(*pair)]
    rows = [pair for pair in faithful if part.words <= len(pair[1].split()) <= MOST_WORDS >= len(pair[0].split())]
    Random(ORDER).shuffle(rows)
    compared = alike = rows
    if part.similarity is not None:
        compared = rows[: int(part.pairs * COMPARED)] if part.pairs else rows
        alike = [pair for pair, value in zip(compared, similarities(compared), strict=True) if value >= part.similarity]
    kept = alike[: part.pairs]
    return kept, {
        "unfaithful": len(every) - len(faithful),
        "too short or long": len(faithful) - len(rows),
        "not alike": len(compared) - len(alike),
        "more than wanted": len(rows) - len(compared) + len(alike) - len(kept),
    }


def is_faithful(arabic: str, english: str) -> bool:
    """Whether neither side has a loaded word or an agency that the other lacks."""
    if REPORTED.search(english) and not SAID.search(arabic):
        return False
    return all(bool(ours.search(arabic)) == bool(theirs.search(english)) for ours, theirs in LOADED)


def similarities(pairs: list[Pair]) -> Iterator[float]:
    """The cosine of the sentence vectors of both sides of each pair."""
    for start in range(0, len(pairs), BATCH):
        arabic, english = zip(*pairs[start : start + BATCH], strict=True)
        yield from (encode(arabic) * encode(english)).sum(axis=1).tolist()


if __name__ == "__main__":
    main()
