"""The CTranslate2 backend: what transformers gives, what it refuses, and when it stops."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from mt.ct2 import BATCH_TOKENS, CTranslate2Engine, ModelSettings, load_settings, storage
from mt.document import DecodingOptions, Hypothesis, Source
from mt.embedded import DATA
from mt.engine import Placement, load_engine
from mt.errors import ConfigError, DecodingError, ModelCorrupt, ModelError
from mt.registry import Limits, load_registry
from mt.store import StoredModel
from mt.tokenizer import load_sentencepiece_pair

OPENINGS = ["قال", "نفى الجيش", "في 3 مايو", "«اليوم»", "OPEC:", "ارتفعت أسعار النفط", "😀", "هل", "!", "١٢٫٥"]
ENDINGS = ["الحكومة في المدارس.", "إلى العاصمة مساء الأحد؟", "the president", "خسائر"]
LINES = [f"{opening} {ending}" for opening, ending in product(OPENINGS, ENDINGS)]
LONGEST = 24
GREEDY = DecodingOptions(beam_size=1, max_decoding_length=LONGEST)


def load(directory: Path, placement: Placement = Placement(device="cpu", threads=1)) -> Any:
    return load_engine(str(directory), "translate", load_registry(), placement)


@pytest.fixture(scope="module")
def engine(tiny_marian: Path) -> Any:
    return load(tiny_marian)


@pytest.fixture
def broken(tiny_marian: Path, tmp_path: Path) -> Path:
    """A copy of the model to be damaged."""
    return shutil.copytree(tiny_marian, tmp_path / "broken")


def generate(engine: Any, texts: list[str], options: DecodingOptions) -> list[Hypothesis]:
    found = dict(engine.generate([Source(text) for text in texts], options))
    return [found[i][0] for i in range(len(texts))]


def test_greedy_is_what_transformers_generates_token_for_token(
    engine: Any, tiny_marian_transformers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers import MarianMTModel, MarianTokenizer

    model = MarianMTModel.from_pretrained(tiny_marian_transformers)
    tokenizer = MarianTokenizer.from_pretrained(tiny_marian_transformers)
    decode = engine._tokenizer.decode
    monkeypatch.setattr(engine._tokenizer, "decode", " ".join)
    ours = generate(engine, LINES, GREEDY)
    for line, hypothesis in zip(LINES, ours, strict=True):
        inputs = tokenizer([line], return_tensors="pt")
        assert engine.count_tokens(Source(line)) == inputs.input_ids.shape[1]
        result = model.generate(
            **inputs, num_beams=1, do_sample=False, max_new_tokens=LONGEST, return_dict_in_generate=True,
            output_scores=True, min_new_tokens=1,  # as is CTranslate2's default
        )  # fmt: skip
        theirs = tokenizer.convert_ids_to_tokens(result.sequences[0])[1:]
        scores = model.compute_transition_scores(result.sequences, result.scores, normalize_logits=True)[0]
        tokens = hypothesis.text.split(" ")
        assert hypothesis.complete == (tokens[-1] == "</s>")
        if hypothesis.complete:
            assert tokens == theirs
            assert hypothesis.score == pytest.approx(float(torch.mean(scores)), rel=1e-3)
            assert decode(tokens) == " ".join(tokenizer.decode(result.sequences[0], skip_special_tokens=True).split())
        else:
            assert tokens[:-1] == theirs[:-1]  # at the limit transformers forces </s>
    # What was compared is not forty times the same.
    assert len({hypothesis.text for hypothesis in ours}) >= 25
    assert 5 <= sum(hypothesis.complete for hypothesis in ours) <= 35


def test_batches_are_of_like_length_and_bounded(engine: Any) -> None:
    tokens = [["x"] * length for length in (3, 240, 0, 50, 50, 240, 1, 200, 240, 240, 240)]
    batches = list(engine._batches(tokens, [[]] * len(tokens)))
    assert sorted(index for batch in batches for index, *_ in batch) == [0, 1, 3, 4, 5, 6, 7, 8, 9, 10]
    sizes = [[len(source) for _, source, _ in batch] for batch in batches]
    assert sizes == [[240, 240, 240, 240], [240, 200, 50, 50], [3, 1]]
    assert all(max(lengths) * len(lengths) <= BATCH_TOKENS for lengths in sizes)


def test_every_worker_gets_a_batch(tiny_marian: Path) -> None:
    engine = load(tiny_marian, Placement(device="cpu", threads=4))
    assert [len(batch) for batch in engine._batches([["x"]] * 10, [[]] * 10)] == [3, 3, 3, 1]


def test_closing_stops_before_the_next_batch(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    submitted: list[int] = []
    submit = engine._submit

    def counting(batch: Any, options: DecodingOptions) -> Any:
        submitted.append(len(batch))
        return submit(batch, options)

    monkeypatch.setattr(engine, "_submit", counting)
    sources = [Source(" ".join(["قال"] * 40))] * 100
    results = engine.generate(sources, DecodingOptions(beam_size=1, max_decoding_length=2))
    next(results)
    started = len(submitted)
    results.close()
    assert 1 <= started <= 3
    assert len(submitted) == started
    assert len(list(engine.generate(sources, DecodingOptions(beam_size=1, max_decoding_length=2)))) == 100
    assert len(submitted) - started > 3


@pytest.mark.parametrize("text", ["\u200b", "\u00ad\u200f", "\u2060 \ufeff"])
def test_a_source_without_a_piece_has_an_empty_hypothesis(engine: Any, text: str) -> None:
    (hypothesis,) = generate(engine, [text], GREEDY)
    assert hypothesis.text == "" or hypothesis.score is not None
    assert [h.text for h in generate(engine, [LINES[0], text, LINES[1]], GREEDY)[::2]] == [
        h.text for h in generate(engine, LINES[:2], GREEDY)
    ]


@pytest.mark.parametrize("text", ["</s>", "</s></s>", ">>fra<<", "<pad>", "<unk>"])
def test_a_stretch_of_unknown_characters_never_becomes_a_token_of_the_model(engine: Any, text: str) -> None:
    """These letters are unknown to the vocabulary: whatever they spell is one and the same unknown word."""
    with_marker, with_signs = generate(engine, [f"قال {text} اليوم", "قال ☂☃☄ اليوم"], GREEDY)
    assert with_marker == with_signs


@pytest.mark.parametrize(
    ("placement", "message"),
    [
        (Placement(device="cuda"), "--device cuda: CTranslate2 finds no GPU"),
        (Placement("cuda", threads=1), "--device cuda: CTranslate2 finds no GPU"),  # asked a second time
        (Placement(device="tpu"), "--device tpu: unsupported device tpu"),
        (Placement("cpu", "int3"), "--compute-type int3: expected one of auto, default, float32, int8"),
        (Placement("cpu", ""), "--compute-type : expected one of"),
    ],
)
def test_a_device_or_arithmetic_that_is_not_there_is_a_wrong_option(
    tiny_marian: Path, placement: Placement, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        load(tiny_marian, placement)


def test_the_signature_shows_the_arithmetic_that_was_chosen(tiny_marian: Path) -> None:
    signature = load(tiny_marian, Placement("cpu", "int8", 1)).signature
    assert re.fullmatch(r"ar-en-tiny@\w+\|ct2\|int8_float32", signature)


@pytest.mark.parametrize(("asked", "chosen"), [("default", "int8_float32"), ("float32", "float32")])
def test_floats_that_were_taken_as_they_are_become_bytes_on_a_cpu(broken: Path, asked: str, chosen: str) -> None:
    for name, other in (("source.spm", "src.spm.model"), ("target.spm", "tgt.spm.model")):
        (broken / name).rename(broken / other)
    engine = load(broken, Placement("auto" if asked == "default" else "cpu", asked, 1))
    assert engine.spec.architecture == "ct2-sentencepiece"
    assert engine.signature.endswith(f"|ct2|{chosen}")


@pytest.mark.parametrize(
    ("gpus", "architecture", "stored"),
    [(0, "marian", "int8"), (1, "marian", "int8_float16"), (1, "t5", "int8"), (0, "t5", "int8")],
)
def test_what_is_stored_is_for_the_machine(
    gpus: int, architecture: Any, stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctranslate2.get_cuda_device_count", lambda: gpus)
    assert storage(architecture) == stored


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (DecodingOptions(repetition_penalty=-1.0), "repetition penalty"),
        (DecodingOptions(num_hypotheses=0), "number of hypotheses"),
        (DecodingOptions(min_decoding_length=9, max_decoding_length=3), "min_decoding_length of 9"),
        (DecodingOptions(no_repeat_ngram_size=-1), "a value is out of range"),
    ],
)
def test_an_impossible_option_is_a_wrong_option(engine: Any, options: DecodingOptions, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"tiny cannot decode with .*{message}"):
        generate(engine, LINES[:2], options)
    assert generate(engine, LINES[:1], GREEDY)[0].text


def test_a_failure_of_the_engine_names_the_source(engine: Any) -> None:
    beyond = DecodingOptions(min_decoding_length=590, max_decoding_length=600)  # the model has 512 positions
    with pytest.raises(DecodingError, match=r"tiny failed on source 1: .*position"):
        list(engine.generate([Source(""), Source(LINES[0])], beyond))


def test_no_source_is_cut_in_silence(tiny_marian: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = load(tiny_marian)
    monkeypatch.setattr(engine, "spec", replace(engine.spec, limits=Limits(2000, 10)))
    source = Source("ا" * 1500)
    last = engine.count_tokens(source) - 1
    assert last > 1024  # where CTranslate2 would cut it
    with pytest.raises(DecodingError, match=rf"got position {last}"):
        list(engine.generate([source], GREEDY))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_truncated_model_is_corrupt(broken: Path, share: float) -> None:
    data = (broken / "model.bin").read_bytes()
    (broken / "model.bin").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ModelCorrupt, match=r"broken cannot be loaded: .*(model\.bin|payload)"):
        load(broken)


@pytest.mark.parametrize("name", ["config.json", "shared_vocabulary.json"])
@pytest.mark.parametrize("content", [None, b"", b'{"a":', b"\xff\xfe"])
def test_a_damaged_file_beside_it_is_corrupt(broken: Path, name: str, content: bytes | None) -> None:
    if content is None:
        (broken / name).unlink()
    else:
        (broken / name).write_bytes(content)
    with pytest.raises(ModelCorrupt, match=r"broken cannot be loaded"):
        load(broken)


@pytest.mark.parametrize("name", ["source.spm", "target.spm"])
def test_a_missing_tokenizer_is_named(broken: Path, name: str) -> None:
    (broken / name).unlink()
    with pytest.raises(ModelCorrupt, match=r"broken has no tokenizer: expected source\.spm and target\.spm"):
        load(broken)


def test_a_tokenizer_json_beside_the_pair_changes_nothing(broken: Path) -> None:
    (broken / "tokenizer.json").write_text(json.dumps({}), encoding="utf-8")
    assert generate(load(broken), LINES[:1], GREEDY)[0].text


def test_a_tokenizer_json_alone_is_not_taken(broken: Path) -> None:
    for name in ("source.spm", "target.spm"):
        (broken / name).unlink()
    shutil.copy(DATA / "tokenizer.json", broken)
    with pytest.raises(ModelCorrupt, match=r"broken has no tokenizer: expected source\.spm and target\.spm"):
        load(broken)


def test_a_source_ends_once_whoever_adds_the_end(engine: Any, broken: Path) -> None:
    config = json.loads((broken / "config.json").read_text(encoding="utf-8"))
    (broken / "config.json").write_text(json.dumps({**config, "add_source_eos": True}), encoding="utf-8")
    assert generate(load(broken), LINES[:8], GREEDY) == generate(engine, LINES[:8], GREEDY)


def test_pieces_under_the_other_names_are_found(broken: Path) -> None:
    for name, other in (("source.spm", "src.spm.model"), ("target.spm", "tgt.spm.model")):
        (broken / name).rename(broken / other)
    engine = load(broken)
    assert isinstance(engine, CTranslate2Engine)
    assert engine.count_tokens(Source(LINES[0])) == len(load_sentencepiece_pair(broken).encode(Source(LINES[0])))


# --- what a model wants


def with_settings(directory: Path, settings: ModelSettings, decoding: DecodingOptions = DecodingOptions()) -> Any:
    """The model with settings of its own, and others in models.yaml; `decode` shows its tokens."""
    settings.save(directory)
    spec = replace(load(directory).spec, decoding=decoding)
    engine = CTranslate2Engine(StoredModel(spec, directory, "1"), Placement("cpu", "default", 1))
    engine._tokenizer.decode = " ".join  # type: ignore[method-assign]
    return engine


def lengths(engine: Any, options: DecodingOptions) -> set[int]:
    return {len(hypothesis.text.split(" ")) for hypothesis in generate(engine, LINES, options)}


def test_the_callers_options_go_before_those_of_the_list_and_these_before_the_models_own(broken: Path) -> None:
    own = ModelSettings("marian", DecodingOptions(beam_size=1, min_decoding_length=5, max_decoding_length=5))
    assert lengths(with_settings(broken, own), DecodingOptions()) == {5}
    listed = DecodingOptions(min_decoding_length=4, max_decoding_length=4)
    assert lengths(with_settings(broken, own, listed), DecodingOptions()) == {4}
    asked = DecodingOptions(min_decoding_length=3, max_decoding_length=3)
    assert lengths(with_settings(broken, own, listed), asked) == {3}


def test_a_models_minimum_gives_way_to_the_limit_of_a_call(broken: Path) -> None:
    own = ModelSettings("marian", DecodingOptions(min_decoding_length=55, max_decoding_length=141))
    assert lengths(with_settings(broken, own), replace(GREEDY, max_decoding_length=7)) == {7}


def test_an_end_that_is_forced_takes_the_place_of_the_last_token(broken: Path) -> None:
    engine = with_settings(broken, ModelSettings("marian", forces_end=True))
    found = generate(engine, LINES, replace(GREEDY, min_decoding_length=9, max_decoding_length=9))
    assert {len(hypothesis.text.split(" ")) for hypothesis in found} == {8}
    assert not any(hypothesis.complete for hypothesis in found)
    assert lengths(engine, replace(GREEDY, max_decoding_length=1)) == {1}


def test_what_a_model_must_not_write_is_not_written(engine: Any, broken: Path) -> None:
    free = with_settings(broken, ModelSettings("marian"))
    written = [token for found in generate(free, LINES, GREEDY) for token in found.text.split(" ") if token != "</s>"]
    often = max(set(written), key=written.count)
    bound = with_settings(broken, ModelSettings("marian", suppressed=((often,),)))
    assert not any(often in found.text.split(" ") for found in generate(bound, LINES, GREEDY))


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"architecture": "marian"}', '{"decoding": {"beam": 1}}', "[" * 100_000]
)
def test_settings_that_cannot_be_read_are_corrupt(broken: Path, content: str) -> None:
    (broken / "khulasa.json").write_text(content)
    with pytest.raises(ModelCorrupt, match=r"khulasa\.json is not what a conversion writes"):
        load_settings(broken)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA failed with error out of memory")])
def test_a_full_memory_is_no_damage(tiny_marian: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    import ctranslate2

    def full(*arguments: Any, **options: Any) -> Any:
        raise error

    monkeypatch.setattr(ctranslate2, "Translator", full)
    with pytest.raises(ModelError, match=r"does not fit into the memory: .*out of memory.*int8") as raised:
        load(tiny_marian)
    assert not isinstance(raised.value, ModelCorrupt)


def test_a_batch_without_memory_is_named(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pending:
        def result(self) -> Any:
            raise MemoryError

    monkeypatch.setattr(engine, "_submit", lambda batch, options: [(index, 0, Pending()) for index, *_ in batch])
    with pytest.raises(DecodingError, match="tiny failed on source 0: out of memory"):
        generate(engine, LINES[:1], GREEDY)


@pytest.mark.parametrize("metadata", [{}, {"target_prefix": "▁t"}])
def test_an_argos_package_is_decoded(tiny_marian: Path, tmp_path: Path, metadata: dict[str, str]) -> None:
    package = tmp_path / "translate-ar_en"
    shutil.copytree(tiny_marian, package / "model")
    shutil.copy(tiny_marian / "source.spm", package / "sentencepiece.model")
    (package / "metadata.json").write_text(json.dumps({"from_code": "ar", "to_code": "en", **metadata}))
    spec = replace(load(tiny_marian).spec, architecture="ct2-sentencepiece")
    engine = CTranslate2Engine(StoredModel(spec, package, "1"), Placement("cpu", "float32", 1))
    engine._tokenizer.decode = " ".join  # type: ignore[method-assign]
    sources = [engine._tokenizer.encode(Source(text)) for text in LINES]
    prefix = [[metadata["target_prefix"]]] * len(LINES) if metadata else None
    bare = ctranslate2_translator(package / "model").translate_batch(
        sources, prefix, beam_size=1, max_decoding_length=LONGEST, disable_unk=True, return_end_token=True
    )
    skipped = 1 if metadata else 0
    expected = [" ".join(result.hypotheses[0][skipped:]) for result in bare]
    assert [found.text for found in generate(engine, LINES, GREEDY)] == expected


def ctranslate2_translator(directory: Path) -> Any:
    import ctranslate2

    return ctranslate2.Translator(str(directory), device="cpu", intra_threads=1)
