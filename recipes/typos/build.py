"""Build what `mt/typos.py` knows of Arabic spelling, into mt/data/arabic/.

    python recipes/typos/build.py --parallel DIR      # DIR: *.tsv.xz, arabic TAB english

- words.txt.xz: a line for each Zipf frequency in tenths (wordfreq: log10 of occurrences in a billion words), then the
  words that have it. Only words seen at least 100 times in a billion: 20 and above.
- adjectives.txt: pairs «noun adjective», both definite, whose adjective loses a letter and becomes another common
  word («الموارد الطبيعية», not «الموارد الطبيعة»). Counted over all of DIR; a count says nothing about any text.
"""

from __future__ import annotations

import argparse
import lzma
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from wordfreq import get_frequency_dict

DATA = Path(__file__).resolve().parents[2] / "mt" / "data" / "arabic"
WORD = re.compile("[\u0621-\u064a]+")
MARKS = re.compile("[\u064b-\u0652\u0640]")
RAREST = 2.0
COMMON = 3.5
LEAST_COUNT = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parallel", type=Path, required=True)
    directory = parser.parse_args().parallel
    zipf = {word: math.log10(share) + 9 for word, share in get_frequency_dict("ar").items() if WORD.fullmatch(word)}
    tenths: dict[int, list[str]] = defaultdict(list)
    for word, value in zipf.items():
        if value >= RAREST and len(word) > 1:
            tenths[round(value * 10)].append(word)
    lines = [f"{value} {' '.join(sorted(tenths[value]))}\n" for value in sorted(tenths, reverse=True)]
    DATA.mkdir(parents=True, exist_ok=True)
    (DATA / "words.txt.xz").write_bytes(lzma.compress("".join(lines).encode(), preset=9))
    pairs = sorted(_adjectives(_definite_pairs(directory), zipf))
    (DATA / "adjectives.txt").write_text("".join(f"{' '.join(pair)}\n" for pair in pairs), encoding="utf-8")
    print(f"{sum(map(len, tenths.values())):,} words, {len(pairs):,} pairs")


def _definite_pairs(directory: Path) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for line in _lines(directory):
        words = WORD.findall(MARKS.sub("", line))
        counts.update(pair for pair in pairwise(words) if all(word.startswith("ال") for word in pair))
    return counts


def _adjectives(counts: Counter[tuple[str, str]], zipf: dict[str, float]) -> Iterator[tuple[str, str]]:
    for (noun, adjective), count in counts.items():
        short = f"{adjective.removesuffix('ية')}ة"
        seen = adjective.endswith("ية") and count >= LEAST_COUNT and not counts[noun, short]
        if seen and zipf.get(short, 0) >= COMMON:
            yield noun, adjective


def _lines(directory: Path) -> Iterator[str]:
    for path in sorted(directory.glob("*.tsv.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as file:
            yield from dict.fromkeys(line.split("\t")[0] for line in file)


if __name__ == "__main__":
    main()
