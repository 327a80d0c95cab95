"""Translation quality on sets that nothing was trained on: BLEU and chrF with sacreBLEU's signatures.

python benchmarks/quality.py                       # samples/, and FLORES-dev 501-997 if KHULASA_DATA is set
python benchmarks/quality.py --flores 1-500        # lines for choosing; 501-997 are only for reporting
python benchmarks/quality.py --model DIR --beam-size 1 --plain
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from sacrebleu.metrics import BLEU, CHRF

from mt.document import DecodingOptions
from mt.engine import Engine, Placement, load_engine
from mt.registry import load_registry
from mt.translate import translate, translate_lines
from serve.reader import read_article

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="auto")
    parser.add_argument("--flores", default="501-997", metavar="FIRST-LAST", help="lines of FLORES-dev, counted from 1")
    parser.add_argument("--beam-size", type=int)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--compute-type", default="default")
    parser.add_argument("--output", type=Path, help="where the FLORES hypotheses are written, a line each")
    given = parser.parse_args()
    engine = load_engine(given.model, "translate", load_registry(), Placement(compute_type=given.compute_type))
    options = DecodingOptions(beam_size=given.beam_size, plain=given.plain)
    print_samples(engine, options)
    if data := os.environ.get("KHULASA_DATA"):
        first, last = (int(number) for number in given.flores.split("-"))
        hypotheses = print_flores(engine, options, Path(data) / "dev", first, last)
        if given.output:
            given.output.write_text("".join(f"{line}\n" for line in hypotheses), encoding="utf-8")
    else:
        print("FLORES-dev: skipped, KHULASA_DATA is not set")


def print_samples(engine: Engine, options: DecodingOptions) -> None:
    """One score over the paragraphs of the project's own articles."""
    hypotheses, references = list[str](), list[str]()
    for source in sorted(SAMPLES.glob("*.ar.txt")):
        reference = read_article(str(source).replace(".ar.txt", ".en.txt"))
        (translation,) = translate([read_article(str(source))], engine, options)
        hypotheses += [translation.title or "", *translation.paragraphs]
        references += [reference.title or "", *reference.paragraphs]
    print_scores("samples/, by paragraph", hypotheses, references)


def print_flores(engine: Engine, options: DecodingOptions, folder: Path, first: int, last: int) -> list[str]:
    sources, references = (
        (folder / f"flores-dev.{lang}").read_text(encoding="utf-8").split("\n")[first - 1 : last]
        for lang in ("ar", "en")
    )
    begun = time.perf_counter()
    hypotheses, translation = translate_lines(sources, engine, options)
    seconds = time.perf_counter() - begun
    print_scores(f"FLORES-dev, lines {first}-{last}", hypotheses, references)
    words = sum(len(line.split()) for line in hypotheses)
    print(f"  {translation.system}: {seconds:.0f} s, {words / seconds:.0f} English words a second")
    return hypotheses


def print_scores(name: str, hypotheses: list[str], references: list[str]) -> None:
    print(name)
    for metric in (BLEU(), CHRF()):
        print(f"  {metric.corpus_score(hypotheses, [references])}  {metric.get_signature()}")


if __name__ == "__main__":
    main()
