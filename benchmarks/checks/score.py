"""What the checks find and what they flag without cause: written pairs, broken references, untouched references.

KHULASA_DATA=… python benchmarks/checks/score.py                # everything; some minutes
python benchmarks/checks/score.py --parts pairs --show          # the written pairs alone, with what was missed
python benchmarks/checks/score.py --kinds number --json FILE

README.md beside this says what each number means. Only errors and warnings count as flags, on every side.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.checks.breaking import BREAKERS, SEED, Broken, break_pair, load_pairs
from mt.document import Flag

PAIRS = Path(__file__).parent / "pairs.jsonl"
PARTS = ("pairs", "broken", "untouched")
HALVES = ("1-500", "501-997")
SAME = {"name": {"name", "term"}}  # a wrong name may be seen through the gazetteer or a glossary

Checker = Callable[[str, str], Sequence[Flag]]


def flags(source: str, target: str) -> list[Flag]:
    """What the product flags in this pair: the one place that calls it."""
    from mt.checks import check

    return list(check([source], [target])[0])


@dataclass(frozen=True, slots=True)
class Pair:
    """A written pair; `expected` names the kinds of flag one of which a wrong one must get."""

    id: str
    kind: str
    notation: str
    source: str
    target: str
    wrong: bool
    expected: tuple[str, ...]
    what: str


@dataclass(frozen=True, slots=True)
class PairScore:
    """Counts of the pairs of one kind.

    `alarms` are its right pairs with any flag, `own` those of them with one of this kind; `strays` are pairs of other
    kinds with a flag of this kind that they do not ask for.
    """

    kind: str
    wrong: int
    found: int
    right: int
    alarms: int
    own: int
    strays: int

    @property
    def recall(self) -> float:
        return self.found / max(self.wrong, 1)

    @property
    def precision(self) -> float:
        return self.found / max(self.found + self.alarms, 1)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many lines: found ones of the broken, flagged ones of the untouched."""

    part: str
    kind: str
    how: str
    lines: str
    flagged: int
    total: int


@dataclass(frozen=True, slots=True)
class Example:
    """A pair on which the checks were wrong, and what they said."""

    title: str
    what: str
    source: str
    target: str
    flags: tuple[Flag, ...]

    def __str__(self) -> str:
        said = [f"  {flag.kind} {flag.severity}: {flag.message}" for flag in self.flags]
        return "\n".join((f"{self.title}: {self.what}", f"  {self.source}", f"  {self.target}", *said, ""))


def read_pairs(path: Path = PAIRS) -> list[Pair]:
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [Pair(**{**row, "expected": tuple(row["expected"])}) for row in rows]


def serious(found: Iterable[Flag]) -> set[str]:
    """The kinds of the flags that are more than a hint."""
    return {flag.kind for flag in found if flag.severity != "info"}


def answers(expected: Iterable[str], kinds: set[str]) -> bool:
    return any(kinds & SAME.get(kind, {kind}) for kind in expected)


def score_pairs(pairs: Sequence[Pair], checker: Checker) -> tuple[list[PairScore], list[Example]]:
    """The counts of each kind of pair, and the pairs that were missed or flagged without cause."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    examples = []
    for pair in pairs:
        said = checker(pair.source, pair.target)
        kinds, count = serious(said), counts[pair.kind]
        found = answers(pair.expected, kinds)
        count["wrong" if pair.wrong else "right"] += 1
        count["found"] += found
        count["alarms"] += bool(not pair.wrong and kinds)
        count["own"] += bool(not pair.wrong and answers([pair.kind], kinds))
        for kind in kinds - {pair.kind, *pair.expected}:
            counts[kind]["strays"] += 1
        if found != pair.wrong or (kinds and not pair.wrong):
            title = f"{'missed' if pair.wrong else 'false'} {pair.id} ({pair.notation})"
            examples.append(Example(title, pair.what, pair.source, pair.target, tuple(said)))
    columns = ("wrong", "found", "right", "alarms", "own", "strays")
    return [PairScore(kind, *(count[column] for column in columns)) for kind, count in counts.items()], examples


def half(line: int) -> str:
    return HALVES[line > 500]


def score_broken(cases: Iterable[Broken], checker: Checker) -> tuple[list[Share], list[Example]]:
    """How many of the broken references of each kind and way get a flag of their kind, by half of the data."""
    counts: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    examples = []
    for case in cases:
        said = checker(case.source, case.target)
        found = answers([case.kind], serious(said))
        for how in (case.how, "all"):
            count = counts[case.kind, how, half(case.line)]
            count[0] += found
            count[1] += 1
        if not found:
            title = f"missed line {case.line}"
            examples.append(Example(title, f"{case.kind} {case.how}", case.source, case.target, tuple(said)))
    ways = [(kind, how) for kind, breakers in BREAKERS.items() for how in (*breakers, "all")]
    keys = sorted(counts, key=lambda key: ways.index(key[:2]))
    return [Share("broken", *key, *counts[key]) for key in keys], examples


def score_untouched(
    pairs: Sequence[tuple[str, str]], kinds: Sequence[str], checker: Checker
) -> tuple[list[Share], list[Example]]:
    """How many of the references themselves get a flag of each kind, by half of the data."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    sizes = {lines: sum(half(line) == lines for line in range(1, len(pairs) + 1)) for lines in HALVES}
    examples = []
    for line, (source, reference) in enumerate(pairs, 1):
        said = [flag for flag in checker(source, reference) if flag.severity != "info"]
        for kind in serious(said) | ({"any"} if said else set()):
            counts[kind, half(line)] += 1
        if said:
            examples.append(Example(f"false line {line}", "untouched", source, reference, tuple(said)))
    rows = [*sorted({*kinds, *(kind for kind, _ in counts)} - {"any"}), "any"]
    return [
        Share("untouched", kind, "", lines, counts[kind, lines], sizes[lines]) for kind in rows for lines in HALVES
    ], examples


def print_pair_scores(scores: Sequence[PairScore]) -> None:
    columns = ("wrong", "found", "recall", "right", "false", "own", "precision", "strays")
    print(f"{'written pairs':14}" + "".join(f"{column:>10}" for column in columns))
    for score in scores:
        print(
            f"{score.kind:14}{score.wrong:10}{score.found:10}{score.recall:10.3f}{score.right:10}{score.alarms:10}"
            f"{score.own:10}{score.precision:10.3f}{score.strays:10}"
        )


def print_shares(shares: Sequence[Share]) -> None:
    """One row for each kind and way, the two halves of the data beside each other."""
    rows: dict[tuple[str, str, str], dict[str, Share]] = defaultdict(dict)
    for share in shares:
        rows[share.part, share.kind, share.how][share.lines] = share
    print(f"\n{'FLORES-dev':34}" + "".join(f"{'lines ' + lines:>24}" for lines in HALVES))
    for name, by_half in rows.items():
        cells = [by_half.get(lines) for lines in HALVES]
        shown = [
            f"{cell.flagged:6} of {cell.total:4} {cell.flagged / cell.total:8.3f}" if cell else "-" for cell in cells
        ]
        print(f"{' '.join(name):34}" + "".join(f"{cell:>24}" for cell in shown))


def score_flores(given: argparse.Namespace) -> tuple[list[Share], list[Example]]:
    """The broken and the untouched references, as asked for on the command line."""
    lines = load_pairs(given.data)
    shares, shown = list[Share](), list[Example]()
    if "broken" in given.parts:
        cases = (case for line, pair in enumerate(lines, 1) for case in break_pair(line, *pair, given.seed))
        found, examples = score_broken((case for case in cases if case.kind in (given.kinds or BREAKERS)), flags)
        shares, shown = shares + found, shown + examples[: given.show]
    if "untouched" in given.parts:
        found, examples = score_untouched(lines, given.kinds or list(BREAKERS), flags)
        shares, shown = shares + found, shown + examples[: given.show]
    return shares, shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--kinds", nargs="+", help="only these kinds of pairs and of broken references")
    parser.add_argument("--pairs", type=Path, default=PAIRS)
    parser.add_argument("--data", help="the folder of flores-dev.ar and flores-dev.en; default: KHULASA_DATA")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--show", type=int, nargs="?", const=1_000_000, default=0, metavar="N",
                        help="print what was missed or flagged without cause, at most N of each part")  # fmt: skip
    parser.add_argument("--json", type=Path, help="where the numbers are written too")
    given = parser.parse_args()
    scores, shares, shown = list[PairScore](), list[Share](), list[Example]()
    if "pairs" in given.parts:
        pairs = [pair for pair in read_pairs(given.pairs) if not given.kinds or pair.kind in given.kinds]
        scores, examples = score_pairs(pairs, flags)
        shown += examples[: given.show]
        print_pair_scores(scores)
    if {"broken", "untouched"} & set(given.parts):
        shares, examples = score_flores(given)
        shown += examples
        print_shares(shares)
    for example in shown:
        print(f"\n{example}", end="")
    if given.json:
        pair_rows = [asdict(score) | {"recall": score.recall, "precision": score.precision} for score in scores]
        rows = {"pairs": pair_rows, "flores": [asdict(share) for share in shares]}
        given.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
