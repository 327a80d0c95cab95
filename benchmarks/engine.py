"""Speed of the translation engine, side by side in one run: beams, workers × threads, and a bare CTranslate2 loop.

    python benchmarks/engine.py                 # the three sample articles, five rounds, alternating
    python benchmarks/engine.py --json OUT.json --rounds 9

Every row decodes the same segments; rows alternate within a round, so that a busy moment of the machine hits all
of them. Medians, with the fastest and slowest round.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import ctranslate2

from mt.ct2 import CTranslate2Engine
from mt.document import Article, DecodingOptions, Source
from mt.engine import Placement, resolve
from mt.normalize import normalize
from mt.registry import load_registry
from mt.store import ensure
from mt.tokenizer import load_tokenizer
from mt.translate import translate
from serve.reader import read_article

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", nargs="*", type=Path, default=sorted(SAMPLES.glob("*.ar.txt")))
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--beams", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    articles = [read_article(str(path)) for path in given.articles]
    rows = contenders(given.model, articles, given.beams)
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    words = 0
    for round_number in range(given.rounds + 1):
        for name, run in rows.items():
            begun = time.perf_counter()
            words = run() or words
            if round_number:  # the first round warms up
                seconds[name].append(time.perf_counter() - begun)
    table = [
        {"row": name, "median": statistics.median(took), "fastest": min(took), "slowest": max(took),
         "words_per_second": words / statistics.median(took)}
        for name, took in seconds.items()
    ]  # fmt: skip
    for row in table:
        print("{row:44} {median:7.2f} s  ({fastest:.2f}-{slowest:.2f})  {words_per_second:6.0f} words/s".format(**row))
    if given.json:
        given.json.write_text(json.dumps({"words": words, "rows": table}, indent=1))


def contenders(model: str, articles: list[Article], beams: list[int]) -> dict[str, Callable[[], int]]:
    stored = ensure(resolve(model, "translate", load_registry()))
    cores = Placement().cores
    engine = CTranslate2Engine(stored, Placement())
    rows: dict[str, Callable[[], int]] = {}
    for beam in beams:
        options = DecodingOptions(beam_size=beam)
        rows[f"khulasa, beam {beam}"] = lambda options=options: _words(articles, engine, options)
    plain = DecodingOptions(beam_size=beams[-1], plain=True)
    rows[f"khulasa, beam {beams[-1]}, --plain"] = lambda: _words(articles, engine, plain)
    texts = [part.text for translation in translate(articles, engine, plain) for part in translation.segments]
    tokenizer = load_tokenizer(stored.path)
    prompts = [tokenizer.encode(Source(normalize(text))) for text in texts]
    for workers, threads in {(cores, 1), (1, cores)}:
        bare = ctranslate2.Generator(
            str(stored.path), device="cpu", compute_type="default", inter_threads=workers, intra_threads=threads
        )
        name = f"bare CTranslate2, beam {beams[-1]}, {workers} × {threads} threads"
        rows[name] = lambda bare=bare: _bare(bare, prompts, beams[-1], stored.spec.limits.target_tokens, tokenizer.end)
    return rows


def _words(articles: list[Article], engine: CTranslate2Engine, options: DecodingOptions) -> int:
    return sum(len(translation.text.split()) for translation in translate(articles, engine, options))


def _bare(generator: ctranslate2.Generator, prompts: list[list[str]], beam: int, longest: int, end: str) -> int:
    generator.generate_batch(
        prompts, max_batch_size=1024, batch_type="tokens", beam_size=beam, max_length=longest, end_token=end,
        include_prompt_in_result=False,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    main()
