"""Names: do the checks see a wrong one, how often do they see one that is right, and do terms help a model?

KHULASA_DATA=… python benchmarks/names.py                     # checks, on FLORES-dev 1-500 and 501-997
KHULASA_DATA=… python benchmarks/names.py --model embedded    # and BLEU, chrF, names found, without terms and with
"""

from __future__ import annotations

import argparse
import os
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from sacrebleu.metrics import BLEU, CHRF

from mt.checks.names import check
from mt.document import DecodingOptions, Source
from mt.engine import Engine, load_engine
from mt.normalize import normalize
from mt.registry import load_registry
from mt.terms import Terms, load_terms, prompted
from mt.terms.gazetteer import load_gazetteer
from mt.terms.match import Entry, Match

Lines = Sequence[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flores", nargs="+", default=["1-500", "501-997"], metavar="FIRST-LAST")
    parser.add_argument("--model", help="translate with this model, without terms and with them")
    parser.add_argument("--kinds", nargs="+", metavar="KIND", help="kinds of names to prompt; default: as in mt.terms")
    given = parser.parse_args()
    terms = load_terms()
    engine = load_engine(given.model, "translate", load_registry()) if given.model else None
    for lines in given.flores:
        first, last = (int(number) for number in lines.split("-"))
        sources, references = (read(lang, first, last) for lang in ("ar", "en"))
        print(f"FLORES-dev {lines}")
        print_checks(terms, sources, references)
        if engine:
            print_translations(engine, terms, sources, references, given.kinds)


def read(lang: str, first: int, last: int) -> Lines:
    path = Path(os.environ["KHULASA_DATA"]) / "dev" / f"flores-dev.{lang}"
    return path.read_text(encoding="utf-8").split("\n")[first - 1 : last]


def print_checks(terms: Terms, sources: Lines, references: Lines) -> None:
    """How many references are flagged as they are, and how many once a name of theirs is another one."""
    begun = time.process_time()
    matches = [terms.find(source) for source in sources]
    flags = [len(list(check(*pair))) for pair in zip(sources, references, matches, strict=True)]
    took = (time.process_time() - begun) / len(sources) * 1000
    flagged = sum(count > 0 for count in flags)
    print(f"  untouched: {flagged} of {len(sources)} flagged, {flagged / len(sources):.1%}; {took:.2f} ms a segment")
    seen, made = Counter[str](), Counter[str]()
    chance, others = random.Random(8), others_by_kind()
    for source, reference, found, before in zip(sources, references, matches, flags, strict=True):
        for match in found:
            if changed := replaced(match, reference, found, others, chance):
                made[match.entry.kind] += 1
                seen[match.entry.kind] += len(list(check(source, changed, found))) > before
    each = ", ".join(f"{kind} {seen[kind]}/{count}" for kind, count in made.most_common())
    print(f"  one name replaced: {seen.total()} of {made.total()} seen, {seen.total() / made.total():.2f} ({each})")


def others_by_kind() -> dict[str, list[str]]:
    found = defaultdict(list)
    for line in load_gazetteer().matcher.values.values():
        _, kind, _, targets, _ = line.split("\t")
        found[kind].append(targets.partition("|")[0])
    return found


def replaced(
    match: Match, reference: str, matches: Sequence[Match], others: dict[str, list[str]], chance: random.Random
) -> str | None:
    """The reference with another name of the same kind wherever it has this one; None if it has not."""
    forms = "|".join(re.escape(form.removeprefix("the ")) for form in match.entry.targets)
    pattern = re.compile(rf"(?<!\w)(?:{forms})(?!\w)")
    if not pattern.search(reference):
        return None
    here = {form for other in matches for form in (*other.entry.targets, *other.entry.related)}
    other = next(name for name in iter(lambda: chance.choice(others[match.entry.kind]), None) if name not in here)
    return pattern.sub(lambda _: other.removeprefix("the "), reference)


def print_translations(
    engine: Engine, terms: Terms, sources: Lines, references: Lines, kinds: Sequence[str] | None
) -> None:
    """BLEU, chrF and the names of the reference that the model has, without terms and with."""
    matches = [terms.find(source) for source in sources]
    shown = [tuple(m for m in found if not kinds or m.entry.kind in kinds) for found in matches]
    runs = {
        "without terms": [Source(normalize(source)) for source in sources],
        "with terms": [Source(normalize(s), prompted(found)) for s, found in zip(sources, shown, strict=True)],
    }
    for name, batch in runs.items():
        begun = time.perf_counter()
        found = dict(engine.generate(batch, DecodingOptions()))
        targets = [found[i][0].text for i in range(len(batch))]
        kept, wanted, each = names_kept(matches, references, targets)
        bleu, chrf = (metric.corpus_score(targets, [list(references)]).score for metric in (BLEU(), CHRF()))
        print(f"  {name}: BLEU {bleu:.1f}, chrF {chrf:.1f}, names {kept} of {wanted}, {kept / wanted:.3f} ({each}); "
              f"{time.perf_counter() - begun:.0f} s")  # fmt: skip


def names_kept(matches: Sequence[Sequence[Match]], references: Lines, targets: Lines) -> tuple[int, int, str]:
    """Of the names whose accepted form stands in the reference, how many stand in the target; and kind by kind."""
    kept, wanted = Counter[str](), Counter[str]()
    for found, reference, target in zip(matches, references, targets, strict=True):
        for entry in dict.fromkeys(match.entry for match in found):
            if has(entry, reference):
                wanted[entry.kind] += 1
                kept[entry.kind] += has(entry, target)
    each = ", ".join(f"{kind} {kept[kind]}/{count}" for kind, count in wanted.most_common())
    return kept.total(), wanted.total(), each


def has(entry: Entry, text: str) -> bool:
    """Whether an accepted form, itself and not only its consonants or a relative, stands in the text."""
    pattern = "|".join(re.escape(form.removeprefix("the ")) for form in entry.targets)
    return bool(re.search(rf"(?<!\w)(?:{pattern})", text))


if __name__ == "__main__":
    main()
