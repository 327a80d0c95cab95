"""ROUGE of the extractive summarizers on CNN stories and their highlights, beside the best that extraction can do.

    python benchmarks/summaries.py [--part report|tune] [--data DIR] [--sentences 3]

Needs rouge_score (the extra `eval`). Stories 1 to 125 are there to choose settings on, 126 to 250 only to report.
Scores are F1 times 100, stemmed, plain means over stories; Lsum has one sentence a line. The stories come without
headlines, so the headline's weight has no effect here.
"""

import argparse
import json
import lzma
import os
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import sentencex
from rouge_score.rouge_scorer import RougeScorer

from summarize.extractive import Lead, LexRank

STORIES = "summarization/dev_cnn_highlights.jsonl.xz"
PARTS = {"tune": slice(0, 125), "report": slice(125, 250)}
METRICS = ["rouge1", "rouge2", "rougeLsum"]
SCORER = RougeScorer(METRICS, use_stemmer=True)
BIGRAMS = RougeScorer(["rouge1", "rouge2"], use_stemmer=True)
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def load_stories(data: Path, part: str) -> list[dict]:
    with lzma.open(data / STORIES, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines][PARTS[part]]


def split(document: str) -> list[str]:
    pieces = (piece.strip() for line in document.splitlines() for piece in sentencex.segment("en", line))
    return [piece for piece in pieces if piece]


def rouge(highlights: Sequence[str], summary: Sequence[str]) -> list[float]:
    scores = SCORER.score("\n".join(highlights), "\n".join(summary))
    return [100 * scores[metric].fmeasure for metric in METRICS]


def greedy(sentences: Sequence[str], highlights: Sequence[str], count: int) -> list[str]:
    """Up to `count` sentences, each the one that adds most to ROUGE-1 + ROUGE-2: near the most extraction can get."""
    reference, chosen, best = " ".join(highlights), set[int](), 0.0
    while len(chosen) < count:
        gains = {}
        for index in set(range(len(sentences))) - chosen:
            text = " ".join(sentences[i] for i in sorted(chosen | {index}))
            gains[index] = sum(score.fmeasure for score in BIGRAMS.score(reference, text).values())
        added = max(sorted(gains), key=gains.__getitem__, default=None)
        if added is None or gains[added] <= best:
            break
        chosen, best = chosen | {added}, gains[added]
    return [sentences[i] for i in sorted(chosen)]


def score(summaries: Sequence[Sequence[str]], stories: Sequence[dict]) -> list[float]:
    each = [rouge(story["highlights"], summary) for story, summary in zip(stories, summaries, strict=True)]
    return [fmean(column) for column in zip(*each, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("KHULASA_DATA", DATA)))
    parser.add_argument("--part", choices=PARTS, default="report")
    parser.add_argument("--sentences", type=int, default=3)
    args = parser.parse_args()

    stories = load_stories(args.data, args.part)
    articles = [split(story["document"]) for story in stories]
    print(f"{len(stories)} stories ({args.part}), {fmean(map(len, articles)):.1f} sentences each")
    print(f"{'ROUGE-1':>8} {'-2':>6} {'-Lsum':>6} {'words':>6} {'seconds':>8}  system")

    def show(system: str, summaries: Sequence[Sequence[str]], seconds: float) -> None:
        one, two, lsum = score(summaries, stories)
        words = fmean(len(" ".join(summary).split()) for summary in summaries)
        print(f"{one:8.2f} {two:6.2f} {lsum:6.2f} {words:6.1f} {seconds:8.2f}  {system}", flush=True)

    for summarizer in (Lead(), LexRank()):
        start = time.perf_counter()
        made = [summarizer.summarize(article, args.sentences) for article in articles]
        seconds = time.perf_counter() - start
        show(made[0].system, [[sentence.text for sentence in summary.sentences] for summary in made], seconds)

    show("gold extractive sentences", [story["extractive"] for story in stories], 0.0)
    start = time.perf_counter()
    oracle = [
        greedy(article, story["highlights"], args.sentences) for article, story in zip(articles, stories, strict=True)
    ]
    show(f"greedy oracle|k:{args.sentences}", oracle, time.perf_counter() - start)


if __name__ == "__main__":
    main()
