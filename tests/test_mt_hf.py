"""The transformers backend on every architecture, made small: what holds of all, then what each brings along."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_models import ARABIC, ENGLISH, REPOSITORIES

from mt.document import DecodingOptions, Hypothesis, Source
from mt.engine import Placement
from mt.errors import BackendUnavailable, ConfigError, DecodingError, ModelCorrupt
from mt.registry import Limits, ModelSpec
from mt.store import StoredModel

pytest.importorskip("transformers", reason="needs the extra hub")

from mt.hf import TransformersEngine

Repository = Callable[[str], Path]
LANGUAGES = {"nllb": ("arb_Arab", "eng_Latn"), "m2m100": ("__ar__", "__en__"), "mbart": ("ar_AR", "en_XX")}
TRANSLATORS = ("marian", "marian-separate", *LANGUAGES)
ONE = Placement(device="cpu", threads=1)
GREEDY = DecodingOptions(
    beam_size=1, min_decoding_length=1, max_decoding_length=14, no_repeat_ngram_size=0, length_penalty=1.0
)
BEAM = replace(GREEDY, beam_size=4)


def spec_of(name: str, **changes: Any) -> ModelSpec:
    ar, en = LANGUAGES.get(name, ("ar", "en"))
    architecture: Any = {"marian-separate": "marian", "distilbart": "bart", "flan": "t5"}.get(name, name)
    spec = ModelSpec(
        name="tiny", tasks=("translate",) if name in TRANSLATORS else ("summarize",), backend="hf",
        architecture=architecture, licence="ours", commercial=True, languages={"ar": ar, "en": en}, quality="draft",
        limits=Limits(120, 40), prefix="summarize: " if architecture == "t5" else None,
    )  # fmt: skip
    return replace(spec, **changes)


def load(directory: Path, name: str, placement: Placement = ONE, **changes: Any) -> Any:
    return TransformersEngine(StoredModel(spec_of(name, **changes), directory, "1"), placement)


def lines_of(name: str) -> list[str]:
    lines = ARABIC if name in TRANSLATORS else ENGLISH
    return [*lines[:4], *(" ".join(line.split()[2:6]) for line in lines[3:])]


def decode(engine: Any, lines: Sequence[str], options: DecodingOptions = GREEDY) -> list[tuple[Hypothesis, ...]]:
    pairs = list(engine.generate([Source(line) for line in lines], options))
    assert sorted(index for index, _ in pairs) == list(range(len(lines))), "each index once"
    return [found for _, found in sorted(pairs, key=lambda pair: pair[0])]


@pytest.fixture(scope="module", params=list(REPOSITORIES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def engine(name: str, repository: Repository) -> Any:
    return load(repository(name), name)


# --- what holds of all


def test_n_sources_give_n_answers_and_a_blank_one_an_empty_one(engine: Any, name: str) -> None:
    lines = lines_of(name)
    found = decode(engine, [lines[0], "", *lines, " \n", lines[0]])
    assert [len(hypotheses) for hypotheses in found] == [1] * (len(lines) + 4)
    assert found[1] == found[-2] == (Hypothesis(""),)
    assert found[0] == found[2] == found[-1]
    assert len({hypotheses[0].text for hypotheses in found}) > len(lines) * 0.7, "an answer depends on its source"
    assert decode(engine, []) == []


def test_greedy_is_what_transformers_generates(engine: Any, name: str, repository: Repository) -> None:
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(repository(name))
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(repository(name)).eval()
    model.generation_config.update(max_length=None, min_length=None, no_repeat_ngram_size=0, num_beams=1)
    first = model.generation_config.forced_bos_token_id
    if name in LANGUAGES:
        source, target = LANGUAGES[name]
        tokenizer.src_lang = source.strip("_")
        first = tokenizer.convert_tokens_to_ids(target)
    for line, (ours,) in zip(lines_of(name), decode(engine, lines_of(name)), strict=True):
        ids = tokenizer(f"{engine.spec.prefix or ''}{line}", return_tensors="pt").input_ids
        assert engine.count_tokens(Source(line)) == ids.shape[1]
        target = model.generate(ids, max_new_tokens=14, min_new_tokens=1, forced_bos_token_id=first)[0]
        text = tokenizer.decode(target, skip_special_tokens=True).replace("__en__", "").replace("<n>", " ")
        assert ours.text.replace("⁇", "").split() == text.split()


def test_the_score_is_the_mean_log_probability_of_what_was_written(engine: Any, name: str) -> None:
    import torch

    model = engine._model
    for line, (best,) in zip(lines_of(name), decode(engine, lines_of(name)), strict=True):
        ids = torch.tensor([engine._ids(line)])
        forced = [model.generation_config.decoder_start_token_id]
        forced += [] if engine._first is None else [engine._first]
        target, total, steps = torch.tensor([forced]), 0.0, 0
        while len(target[0]) <= 14 - engine._forces_end:
            with torch.no_grad():
                logits = model(input_ids=ids, decoder_input_ids=target).logits[0, -1]
            logits[[number for (number,) in model.generation_config.bad_words_ids or ()]] = -torch.inf
            if len(target[0]) == 1:  # at least one token
                logits[model.generation_config.eos_token_id] = -torch.inf
            total, steps = total + float(logits.log_softmax(-1).max()), steps + 1
            target = torch.cat([target, logits.argmax()[None, None]], dim=1)
            if target[0, -1] == model.generation_config.eos_token_id:
                break
        assert best.score == pytest.approx(total / steps, abs=1e-4)
        assert best.complete == (target[0, -1] == model.generation_config.eos_token_id)


def test_the_company_in_a_batch_changes_nothing(engine: Any, name: str) -> None:
    lines = lines_of(name)
    together, alone = decode(engine, lines, BEAM), [decode(engine, [line], BEAM)[0] for line in lines]
    backwards = decode(engine, lines[::-1], BEAM)[::-1]
    for other in (alone, backwards):  # texts to the letter, scores up to what padding does to a float's last digits
        assert [found[0].text for found in other] == [found[0].text for found in together]
        assert [found[0].score for found in other] == pytest.approx([found[0].score for found in together], abs=1e-4)


def test_the_best_is_the_first_of_n_and_scores_fall(engine: Any, name: str) -> None:
    lines = lines_of(name)[:6]
    several = decode(engine, lines, replace(BEAM, num_hypotheses=4))
    assert [found[0] for found in several] == [found[0] for found in decode(engine, lines, BEAM)]
    assert {len({hypothesis.text for hypothesis in found}) for found in several} <= {3, 4}
    equal = decode(engine, lines, replace(BEAM, num_hypotheses=4, min_decoding_length=8, max_decoding_length=8))
    for found in equal:  # all have the same length, so the order of their means is that of the search
        scores = [hypothesis.score or 0.0 for hypothesis in found]
        assert scores == sorted(scores, reverse=True)
        assert scores[0] < 0


def test_what_is_cut_is_not_complete(engine: Any, name: str) -> None:
    whole = decode(engine, lines_of(name), replace(GREEDY, max_decoding_length=40))
    cut = decode(engine, lines_of(name), replace(GREEDY, max_decoding_length=5))
    assert {found[0].complete for found in whole} >= {True}
    assert {found[0].complete for found in cut} >= {False}
    for (full,), (part,) in zip(whole, cut, strict=True):
        assert part == full if part.complete else full.text.startswith(part.text)


MARKERS = [
    "</s>",
    "<s>",
    "<pad>",
    "<unk>",
    "<mask>",
    ">>fra<<",
    "eng_Latn",
    "__en__",
    "en_XX",
    "<extra_id_0>",
    "＜/s＞",
]


def test_a_special_token_that_an_author_wrote_is_text(engine: Any, name: str) -> None:
    special = {*engine._tokenizer.all_special_ids, *getattr(engine._tokenizer, "id_to_lang_token", {})}
    special -= {engine._tokenizer.unk_token_id}
    line = lines_of(name)[0]
    before, behind = len(engine._before), len(engine._behind)
    for marker in MARKERS:
        for text in (f"{marker} {line}", f"{line} {marker} {line}", marker):
            ids = engine._ids(text)
            assert not special & set(ids[before : len(ids) - behind]), text
            assert len(ids) > before + behind + 1, "nothing of it is lost"


def test_a_source_over_the_limit_is_refused_by_index(engine: Any, name: str) -> None:
    with pytest.raises(DecodingError, match=r"source 1 has [0-9]+ tokens, tiny takes 120; cut it first"):
        decode(engine, [lines_of(name)[0], "word " * 130])


# --- what each brings along


def test_more_hypotheses_than_beams_widen_the_beam(repository: Repository) -> None:
    engine = load(repository("marian"), "marian")
    few = decode(engine, ARABIC[:2], replace(GREEDY, beam_size=2, num_hypotheses=4))
    assert few == decode(engine, ARABIC[:2], replace(GREEDY, beam_size=4, num_hypotheses=4))


@pytest.mark.parametrize("name", ["marian", "nllb", "t5"])
def test_threads_at_once_get_what_each_would_get_alone(repository: Repository, name: str) -> None:
    engine = load(repository(name), name)
    halves = lines_of(name)[:4], lines_of(name)[4:8]
    expected = [decode(engine, half) for half in halves]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda half: decode(engine, half), halves * 3))
    assert found == expected * 3


@pytest.mark.parametrize("name", list(LANGUAGES))
def test_the_source_language_stands_in_front_and_the_target_begins_with_its_own(
    repository: Repository, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load(repository(name), name)
    source, target = map(engine._tokenizer.convert_tokens_to_ids, LANGUAGES[name])
    ids = engine._ids(ARABIC[0])
    assert (ids[0], ids[-1], ids.count(source)) == (source, engine._tokenizer.eos_token_id, 1)
    seen: list[list[int]] = []
    monkeypatch.setattr(engine, "_text", lambda ids: seen.append(ids) or "")
    decode(engine, ARABIC, BEAM)
    assert {ids[1] for ids in seen} == {target}


@pytest.mark.parametrize("languages", [{"ar": "xxx_Arab", "en": "eng_Latn"}, {"ar": "arb_Arab", "en": "xxx_Arab"}])
def test_a_language_that_the_tokenizer_lacks_is_named(repository: Repository, languages: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="tiny: its tokenizer has no language 'xxx_Arab'"):
        load(repository("nllb"), "nllb", languages=languages)


def test_a_model_with_several_targets_is_told_which(repository: Repository) -> None:
    with pytest.raises(ConfigError, match="tiny: its tokenizer has no token '>>xyz<<'"):
        load(repository("marian"), "marian", prefix=">>xyz<<")
    engine = load(repository("marian"), "marian", prefix="▁")  # any token of its vocabulary
    assert engine._ids("نفى")[0] == engine._tokenizer.convert_tokens_to_ids("▁")


def test_the_call_goes_before_models_yaml_and_that_before_the_models_own_settings(repository: Repository) -> None:
    def written(engine: Any, **options: Any) -> list[list[int]]:
        seen: list[list[int]] = []
        engine._text = lambda ids: seen.append([i for i in ids[1:] if i != engine._tokenizer.pad_token_id]) or ""
        decode(engine, ENGLISH[:2], DecodingOptions(**options))
        return seen

    own = load(repository("bart"), "bart", limits=Limits(120, 200))
    for ids in written(own):
        assert ids[0] == own._tokenizer.bos_token_id, "forced_bos_token_id 0"
        assert 55 <= len(ids) <= 141, "min_length 56, max_length 142"
        assert len(set(zip(ids, ids[1:], ids[2:], strict=False))) == len(ids) - 2, "no_repeat_ngram_size 3"
        assert len(set(ids)) < len(ids)
    listed = DecodingOptions(min_decoding_length=30, max_decoding_length=30, no_repeat_ngram_size=1)
    yaml = load(repository("bart"), "bart", decoding=listed)
    for ids in written(yaml):
        assert len(set(ids)) == len(ids) == 29, "room for the end that is forced"
    assert {len(ids) for ids in written(yaml, min_decoding_length=12, max_decoding_length=12)} == {11}
    called = written(yaml, no_repeat_ngram_size=3, min_decoding_length=100, max_decoding_length=100)
    assert all(len(set(ids)) < len(ids) for ids in called)


def test_models_yaml_goes_before_the_models_own_settings_and_both_are_told(repository: Repository) -> None:
    engine = load(repository("bart"), "bart", decoding=DecodingOptions(beam_size=2, max_decoding_length=30))
    assert engine.spec.decoding == DecodingOptions(2, 1, 2.0, None, 3, 55, 30)


def test_a_word_that_the_vocabulary_lacks_shows(repository: Repository) -> None:
    engine = load(repository("t5"), "t5")
    ids = engine._tokenizer.convert_tokens_to_ids(["<pad>", "▁th", "<unk>", "e", "</s>"])
    assert engine._text(ids) == "th ⁇ e"


def test_pegasus_line_breaks_are_spaces(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = load(repository("pegasus"), "pegasus")
    monkeypatch.setattr(engine._tokenizer, "decode", lambda ids, **options: "One.<n>Two.")
    assert engine._text([5]) == "One. Two."


# --- where it runs, and what goes wrong


def test_the_signature_says_who_and_how(repository: Repository) -> None:
    assert load(repository("marian"), "marian").signature == "ar-en-tiny@1|hf|float32"
    assert load(repository("nllb"), "nllb", Placement("cpu", "bfloat16", 1)).signature == "ar-en-tiny@1|hf|bfloat16"


@pytest.mark.parametrize(
    ("name", "compute_type", "message"),
    [
        ("marian", "int8", "computes in float32, float16, bfloat16; auto and default choose"),
        ("t5", "float16", "tiny would be computed in float16, in which t5 models overflow; choose"),
    ],
)
def test_arithmetic_that_does_not_work_is_refused(
    repository: Repository, name: str, compute_type: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        load(repository(name), name, Placement("cpu", compute_type))


@pytest.mark.parametrize("device", ["cuda:99", "tpu", "meta"])
def test_a_device_that_is_not_here_is_a_wrong_option(tmp_path: Path, device: str) -> None:
    with pytest.raises(ConfigError, match=rf"--device {device}: .*; expected auto, cpu, or a device that is here"):
        load(tmp_path, "marian", Placement(device))  # before any file is read


def test_without_the_extra_the_message_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(BackendUnavailable, match=r"tiny needs .*transformers.*: pip install '\.\[hub\]' in"):
        load(tmp_path, "marian")


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (MemoryError(), DecodingError, "tiny: no memory left for a batch of 1: use a smaller --beam-size"),
        (RuntimeError("CUDA out of memory. Tried"), DecodingError, "no memory left"),
        (RuntimeError("expected scalar type"), DecodingError, "tiny failed on a batch of 1: expected scalar type"),
        (AttributeError(), DecodingError, "tiny failed on a batch of 1: AttributeError"),
    ],
)
def test_what_torch_raises_is_one_of_ours(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[Exception], message: str
) -> None:
    engine = load(repository("marian"), "marian")

    def fail(**options: Any) -> None:
        raise error

    monkeypatch.setattr(engine._model, "generate", fail)
    with pytest.raises(kind, match=message):
        decode(engine, ARABIC[:1])


def test_an_option_out_of_range_is_a_wrong_option(repository: Repository) -> None:
    with pytest.raises(ConfigError, match=r"tiny cannot decode with DecodingOptions\(.*repetition_penalty=-1"):
        decode(load(repository("marian"), "marian"), ARABIC[:1], replace(GREEDY, repetition_penalty=-1.0))


def test_a_tokenizer_that_cannot_be_used_is_corrupt(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(tokenizer: Any, model: StoredModel) -> None:
        raise KeyError("vocab")

    monkeypatch.setattr("mt.hf._encoder", fail)
    with pytest.raises(ModelCorrupt, match=r"cannot be used with transformers \('vocab'\); get it again"):
        load(repository("nllb"), "nllb")
