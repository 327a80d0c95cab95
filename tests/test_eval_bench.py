"""The bench on rows that do nothing, then on tiny real models: turns, measures, texts, errors."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from eval.bench import bench_models, compare, describe_machine, load_articles, report_json
from eval.contenders import EngineDecoder, Work, cut, load_target_counter
from mt.document import DecodingOptions
from mt.engine import Placement
from mt.errors import (
    DecodingError,
    EmptyInput,
    InputError,
    InputTooLong,
    ModelCorrupt,
    ModelNotFound,
    SourceUnreadable,
    UnknownModel,
    UnsupportedFormat,
)

WORK = Work((("one two", "three"), ("four",)), DecodingOptions(beam_size=1, plain=True))


@dataclass(frozen=True)
class Noted:
    """A row that writes down who it is, where it runs and what it is asked for."""

    label: str
    log: Path
    seconds: float = 0.0

    signature = "noted|1"

    def load(self) -> Noted:
        self._note("load")
        return self

    def decode(self, article: int) -> None:
        time.sleep(self.seconds)
        self._note(str(article))

    def count_tokens(self) -> int | None:
        return 30

    def _note(self, what: str) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.write(f"{self.label} {os.getpid()} {what}\n")


@dataclass(frozen=True)
class Failing:
    """A row that cannot be loaded: with an error of ours, with one of a library, or since its process ends."""

    label: str
    how: str

    def load(self) -> Noted:
        if self.how == "dies":
            os._exit(9)
        raise ModelCorrupt("model.bin is no model") if self.how == "ours" else RuntimeError("no such thing")


def test_rows_take_turns_each_in_a_process_of_its_own(tmp_path: Path) -> None:
    log = tmp_path / "log"
    steps: list[tuple[int, int]] = []
    compare("x", "translate", WORK, [Noted("a", log), Noted("b", log)], 2, lambda *step: steps.append(step))
    lines = [line.split() for line in log.read_text(encoding="utf-8").splitlines()]
    warm_up = ["a load", "a 0", "b load", "b 0"]
    round_ = ["a 0", "b 0", "a 1", "b 1"]
    assert [f"{label} {what}" for label, _, what in lines] == [*warm_up, *round_, *round_]
    processes = {label: {process for who, process, _ in lines if who == label} for label in "ab"}
    assert len(processes["a"]) == len(processes["b"]) == 1
    assert len({*processes["a"], *processes["b"], str(os.getpid())}) == 3
    assert steps == [(done, 8) for done in range(8)]


def test_what_is_told_is_what_was_measured(tmp_path: Path) -> None:
    rows = [Noted("fast", tmp_path / "log", 0.01), Noted("slow", tmp_path / "log", 0.03)]
    told = report_json(describe_machine(), {"rounds": 3}, [compare("x", "translate", WORK, rows, 3)])
    assert list(told) == ["schema", "khulasa", "machine", "settings", "comparisons"]
    assert told["machine"]["cores"] >= 1
    assert told["machine"]["versions"]["ctranslate2"][0].isdigit()
    (comparison,) = told["comparisons"]
    assert comparison["decoding"] == "beam:1|plain:yes"
    assert comparison["input"] == {"articles": 2, "units": 3, "words": 4, "forced_tokens": None}
    fast, slow = comparison["rows"]
    assert (fast["row"], fast["system"], fast["target_tokens"]) == ("fast", "noted|1", 30)
    assert len(fast["seconds"]) == len(fast["cpu_seconds"]) == 3
    assert all(took >= 0.02 for took in fast["seconds"])  # two articles
    for row in (fast, slow):
        middle = sorted(row["seconds"])[1]
        assert row["seconds_per_article"]["median"] == middle / 2
        assert row["source_words_per_second"]["median"] == pytest.approx(4 / middle)
        assert row["target_tokens_per_second"]["median"] == pytest.approx(30 / middle)
        assert row["source_words_per_second"]["min"] == 4 / max(row["seconds"])
        assert 5e6 < row["peak_memory"] < 5e8
        assert 0 <= row["load_seconds"] < 60
        assert max(row["cpu_seconds"]) < max(row["seconds"])  # it slept
    assert fast["relative_time"] == {"median": 1, "min": 1, "max": 1}
    ratios = [mine / its for mine, its in zip(slow["seconds"], fast["seconds"], strict=True)]
    assert slow["relative_time"] == {"median": sorted(ratios)[1], "min": min(ratios), "max": max(ratios)}


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ("ours", ModelCorrupt, "^model.bin is no model$"),
        ("theirs", DecodingError, r"^b failed: RuntimeError\('no such thing'\)$"),
        ("dies", DecodingError, "^b: its process died, as one does that is out of memory. Compare fewer"),
    ],
)
def test_what_goes_wrong_in_a_process_is_raised_here(
    tmp_path: Path, how: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        compare("x", "translate", WORK, [Noted("a", tmp_path / "log"), Failing("b", how)], 1)


def test_a_model_that_is_not_on_disk_is_told_before_anything_is_loaded(cache: Path) -> None:
    with pytest.raises(ModelNotFound, match="opus-mt-ar-en is not on disk"):
        bench_models(["opus-mt-ar-en"], "translate", [], 1, DecodingOptions(), Placement())


def test_a_model_is_measured_on_its_own_engine(tiny_marian: Path, tmp_path: Path) -> None:
    text = tmp_path / "article.txt"
    text.write_text("قال الوزير إن المشروع سيبدأ. نفى المتحدث.\n\nوصل الرئيس إلى العاصمة\n", encoding="utf-8")
    options, placement = DecodingOptions(beam_size=1, max_decoding_length=12, plain=True), Placement("cpu", "int8", 1)
    made = bench_models([str(tiny_marian)] * 2, "translate", [text], 1, options, placement)
    assert made.work.articles == (("قال الوزير إن المشروع سيبدأ.", "نفى المتحدث.", "وصل الرئيس إلى العاصمة"),)
    first, second = made.rows
    assert first.system == second.system
    assert re.fullmatch(r"ar-en-tiny@\w+\|ct2\|int8_float32", first.system)
    assert first.target_tokens is not None
    assert first.target_tokens == second.target_tokens
    assert first.target_tokens > 3
    assert first.seconds[0] > 0


def test_an_unknown_model_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match="no model is called 'nonesuch'"):
        bench_models(["nonesuch"], "translate", [], 1, DecodingOptions(), Placement())


def test_forced_lengths_are_those_of_the_article() -> None:
    work = Work((("a", "b"), ("c",)), DecodingOptions(beam_size=2), lengths=(7, 9))
    assert work.forced_tokens == 2 * 7 + 9
    options = work.options_of(1)
    assert (options.beam_size, options.min_decoding_length, options.max_decoding_length) == (2, 9, 10)
    assert WORK.options_of(0) == WORK.options
    assert WORK.forced_tokens is None


def test_sources_are_decoded_as_given_and_too_long_ones_in_pieces(fake_engine) -> None:  # type: ignore[no-untyped-def]
    engine = fake_engine(limit=3)
    decoder = EngineDecoder(engine, Work((("one two", "one two three four five"),)), Path())
    decoder.decode(0)
    ((sources, _),) = engine.calls
    assert sources[0] == "one two"
    assert len(sources) > 2
    assert " ".join(sources) == "one two one two three four five"
    assert decoder.count_tokens() is None  # no tokenizer lies there


def test_units_that_fit_are_left_alone() -> None:
    assert cut(("قال. نعم.",), lambda text: True) == ("قال. نعم.",)


def test_targets_are_counted_by_the_models_own_tokenizer(tiny_marian: Path, tmp_path: Path) -> None:
    from sentencepiece import SentencePieceProcessor
    from tokenizers import Tokenizer, models, pre_tokenizers

    count = load_target_counter(tiny_marian)
    assert count is not None
    target = SentencePieceProcessor(model_file=str(tiny_marian / "target.spm"))
    assert count("the minister said") == len(target.encode("the minister said"))
    tokenizer = Tokenizer(models.WordLevel({"oil": 0, "prices": 1}, unk_token="oil"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    count = load_target_counter(tmp_path)
    assert count is not None
    assert count("oil prices oil") == 3


def test_the_samples_are_the_default_text() -> None:
    arabic, english = load_articles([], "translate"), load_articles([], "summarize")
    assert len(arabic) == len(english) == 3
    assert all(len(units) > 8 for units in arabic)  # sentences
    assert [len(units) for units in english] == [1, 1, 1]  # a summary is made of the whole
    assert english[0][0].split()[0].isascii()


def test_without_samples_a_text_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("eval.bench.SAMPLES", tmp_path)
    with pytest.raises(SourceUnreadable, match="has no sample articles: name a text with --text FILE"):
        load_articles([], "translate")


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (None, SourceUnreadable, "text cannot be read: No such file"),
        (b"\xc7\xe1", UnsupportedFormat, "text is no UTF-8 text .* at byte 0"),
        (b" \n\n ", EmptyInput, "text has no text"),
        ("\u200f\n".encode(), EmptyInput, "text has no text"),
        (b"a" * 2_000_001, InputTooLong, "text is longer than 2000000 bytes"),
    ],
)
def test_a_text_that_is_none_is_named(
    tmp_path: Path, content: bytes | None, error: type[InputError], message: str
) -> None:
    if content is not None:
        (tmp_path / "text").write_bytes(content)
    with pytest.raises(error, match=message):
        load_articles([tmp_path / "text"], "translate")


def test_a_cut_character_at_the_limit_is_still_too_long(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("م" * 1_000_001, encoding="utf-8")
    with pytest.raises(InputTooLong):
        load_articles([tmp_path / "text"], "translate")


def test_rows_of_any_number(tmp_path: Path) -> None:
    rows: Sequence[Noted] = [Noted("only", tmp_path / "log")]
    assert [row.label for row in compare("x", "summarize", WORK, rows, 1).rows] == ["only"]
