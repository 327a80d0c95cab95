"""Speed of the embedded model, side by side in one run: beams, threads, and the same weights on CTranslate2.

    python benchmarks/engine.py                 # the three sample articles, five rounds, alternating
    python benchmarks/engine.py --json OUT.json --rounds 9

Every row decodes the same segments; rows alternate within a round, so that a busy moment of the machine hits all
of them. Medians, with the fastest and slowest round.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import ctranslate2
import embedded_on_ct2

from mt.document import Article, DecodingOptions, Source
from mt.engine import Engine, Placement, load_engine
from mt.normalize import normalize
from mt.registry import load_registry
from mt.store import ensure
from mt.tokenizer import PromptTokenizer
from mt.translate import translate
from serve.reader import read_article

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", nargs="*", type=Path, default=sorted(SAMPLES.glob("*.ar.txt")))
    parser.add_argument("--beams", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    articles = [read_article(str(path)) for path in given.articles]
    with tempfile.TemporaryDirectory() as scratch:
        rows = contenders(articles, given.beams, Path(scratch))
        table = measured(rows, given.rounds)
    for row in table:
        print("{row:40} {median:7.2f} s  ({fastest:.2f}-{slowest:.2f})  {words_per_second:6.0f} words/s".format(**row))
    if given.json:
        given.json.write_text(json.dumps(table, indent=1))


def contenders(articles: list[Article], beams: list[int], scratch: Path) -> dict[str, Callable[[], int]]:
    """Name → a run that returns the number of English words it wrote."""
    engine, one = (load_engine("embedded", "translate", load_registry(), Placement(threads=n)) for n in (0, 1))
    rows: dict[str, Callable[[], int]] = {}
    for beam in beams:
        options = DecodingOptions(beam_size=beam)
        rows[f"khulasa, beam {beam}"] = lambda options=options: words(articles, engine, options)
    widest = DecodingOptions(beam_size=beams[-1])
    rows[f"khulasa, beam {beams[-1]}, one thread"] = lambda: words(articles, one, widest)
    embedded_on_ct2.build(scratch)
    tokenizer = PromptTokenizer(ensure(engine.spec).path / "tokenizer.json")
    parts = [part.text for made in translate(articles, engine, DecodingOptions(beam_size=1)) for part in made.segments]
    prompts = [tokenizer.encode(Source(normalize(text))) for text in parts]
    bare = ctranslate2.Generator(str(scratch), compute_type="int8", inter_threads=Placement().cores, intra_threads=1)

    def run_bare(beam: int) -> int:
        found = bare.generate_batch(
            prompts, max_batch_size=16, beam_size=beam, max_length=engine.spec.limits.target_tokens,
            end_token=tokenizer.end, include_prompt_in_result=False,
        )  # fmt: skip
        return sum(len(tokenizer.decode(each.sequences[0]).split()) for each in found)

    for beam in beams:
        rows[f"bare CTranslate2, beam {beam}"] = lambda beam=beam: run_bare(beam)
    return rows


def measured(rows: dict[str, Callable[[], int]], rounds: int) -> list[dict[str, object]]:
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    written = dict.fromkeys(rows, 0)
    for number in range(rounds + 1):
        for name, run in rows.items():
            begun = time.perf_counter()
            written[name] = run()
            if number:  # the first round warms up
                seconds[name].append(time.perf_counter() - begun)
    return [
        {"row": name, "median": statistics.median(took), "fastest": min(took), "slowest": max(took),
         "words": written[name], "words_per_second": written[name] / statistics.median(took)}
        for name, took in seconds.items()
    ]  # fmt: skip


def words(articles: list[Article], engine: Engine, options: DecodingOptions) -> int:
    return sum(len(translation.text.split()) for translation in translate(articles, engine, options))


if __name__ == "__main__":
    main()
