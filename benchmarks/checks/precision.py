"""How many flags are right, and what silence is worth, by the judgment of a reader.

    python benchmarks/checks/precision.py --data DIR       # or KHULASA_DATA; a minute for decoding

`precision.tsv` judges the flags (errors and warnings) of 150 segments of opus-mt's and the embedded model's real
output, `missed.tsv` names what 150 segments without a flag should have been flagged for; a language model read and
labeled each. The sha256 names the text that was read, and a row whose text has changed since is left out. The table
counts the judged flags that the checks raise today, by kind, and those they raise now that nobody has judged.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
from collections import Counter
from pathlib import Path

from confidence import translate_lines

from mt.checks import check

HERE = Path(__file__).parent
Key = tuple[str, int, str]  # system, line, kind


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("KHULASA_DATA", ".")))
    rows = load_rows("precision.tsv")
    targets = read_targets(rows, parser.parse_args().data / "dev")
    if left_out := sum(key(row) not in targets for row in rows):
        print(f"{left_out} rows left out: their text is another one by now")
    raised = raise_flags(targets)
    right, judged, unjudged = Counter[str](), Counter[str](), Counter[str]()
    labels: dict[Key, list[int]] = {}
    for row in rows:
        labels.setdefault((*key(row), row["kind"]), []).append(int(row["right"]))
    for (system, line, kind), count in raised.items():
        known = labels.get((system, line, kind), [])[:count]
        right[kind] += sum(known)
        judged[kind] += len(known)
        unjudged[kind] += count - len(known)
    for kind in sorted(judged):
        print(f"{kind:14}{right[kind]:4d} of {judged[kind]:3d} right, {unjudged[kind]:3d} not judged")
    total = judged.total()
    print(f"{'all':14}{right.total():4d} of {total:3d} right ({right.total() / total:.0%})\n")
    print_missed()


def key(row: dict[str, str]) -> tuple[str, int]:
    """Which segment of which system a row is of."""
    return row["system"], int(row["line"])


def read_targets(rows: list[dict[str, str]], dev: Path) -> dict[tuple[str, int], tuple[str, str]]:
    """Source and translation of the segments that were read, by system and line; only texts that still are the same."""
    sources = (dev / "flores-dev.ar").read_text(encoding="utf-8").splitlines()
    opusmt = (dev / "systems" / "opusmt.en").read_text(encoding="utf-8").splitlines()
    segments = {key(row): row["sha256"] for row in rows}
    own = translate_lines([line for system, line in segments if system == "embedded"], sources)
    targets = {}
    for (system, line), sha256 in segments.items():
        target = own[line].text if system == "embedded" else opusmt[line - 1]
        if hashlib.sha256(target.encode()).hexdigest()[:8] == sha256:
            targets[system, line] = sources[line - 1], target
    return targets


def raise_flags(targets: dict[tuple[str, int], tuple[str, str]]) -> Counter[Key]:
    """The flags of today, each segment on its own."""
    raised = Counter[Key]()
    for (system, line), (source, target) in targets.items():
        flags = check([source], [target])[0]
        raised.update((system, line, flag.kind) for flag in flags if flag.severity != "info")
    return raised


def print_missed() -> None:
    """Print what was missed in the segments without a flag, by system."""
    for system in ("opusmt", "embedded"):
        rows = [row for row in load_rows("missed.tsv") if row["system"] == system]
        kinds = Counter(kind for row in rows for kind in row["missed"].split(",") if kind)
        wrong = sum(bool(row["missed"]) for row in rows)
        shown = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
        print(f"{system}: {wrong} of {len(rows)} segments without a flag have a serious error ({shown})")


def load_rows(name: str) -> list[dict[str, str]]:
    """The rows of a table beside this file."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


if __name__ == "__main__":
    main()
