"""The transformers backend on the tiny real Marian model: the same words as CTranslate2, its own errors."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mt.document import DecodingOptions, Hypothesis, Source
from mt.engine import Placement
from mt.errors import BackendUnavailable, ConfigError, DecodingError, ModelCorrupt
from mt.registry import Limits, ModelSpec
from mt.store import StoredModel

pytest.importorskip("transformers", reason="needs the extra hub")

from mt.ct2 import CTranslate2Engine
from mt.hf import TransformersEngine

SPEC = ModelSpec(
    name="tiny", tasks=("translate",), backend="hf", architecture="marian", licence="ours", commercial=True,
    languages={"ar": "ar", "en": "en"}, quality="draft", limits=Limits(60, 40), decoding=DecodingOptions(beam_size=1),
)  # fmt: skip
LINES = ["قال الوزير إن المشروع سيبدأ", "ارتفعت أسعار النفط بنسبة 3 في المئة", "نفى", "وصل الرئيس إلى العاصمة", "خطة"]
ONE = Placement(device="cpu", threads=1)
Found = dict[int, tuple[Hypothesis, ...]]


@pytest.fixture(scope="module")
def engine(tiny_marian_transformers: Path) -> TransformersEngine:
    return TransformersEngine(StoredModel(SPEC, tiny_marian_transformers, "local"), ONE)


def decode(engine: TransformersEngine | CTranslate2Engine, lines: list[str], **options: int) -> Found:
    return dict(engine.generate([Source(line) for line in lines], DecodingOptions(**options)))  # type: ignore[arg-type]


def test_greedy_is_the_same_on_both_backends(engine: TransformersEngine, tiny_marian: Path) -> None:
    other = CTranslate2Engine(StoredModel(SPEC, tiny_marian, "local"), ONE)
    ours, theirs = (decode(backend, LINES, max_decoding_length=12) for backend in (engine, other))
    for index in range(len(LINES)):
        # transformers forces an end on a target that hits the limit, CTranslate2 writes one token more
        assert theirs[index][0].text.startswith(ours[index][0].text), index
        assert ours[index][0].complete == theirs[index][0].complete


def test_each_index_once_in_any_batch(engine: TransformersEngine) -> None:
    alone = [decode(engine, [line], max_decoding_length=12)[0][0].text for line in LINES]
    together = decode(engine, [*LINES, "", *LINES], max_decoding_length=12)
    assert sorted(together) == list(range(11))
    assert together[5] == (Hypothesis(""),)
    assert [together[i][0].text for i in (0, 1, 2, 3, 4, 6, 7, 8, 9, 10)] == alone * 2


def test_hypotheses_come_best_first(engine: TransformersEngine) -> None:
    (found,) = decode(engine, LINES[:1], beam_size=4, num_hypotheses=4, max_decoding_length=12).values()
    scores = [hypothesis.score for hypothesis in found]
    assert len(found) == 4
    assert all(score is not None and score < 0 for score in scores)
    best = decode(engine, LINES[:1], beam_size=4, max_decoding_length=12)[0][0]
    assert best.text == found[0].text


def test_a_target_at_the_limit_is_not_complete(engine: TransformersEngine) -> None:
    assert [found[0].complete for found in decode(engine, LINES, max_decoding_length=3).values()] == [False] * 5


def test_a_source_over_the_limit_is_refused_by_index(engine: TransformersEngine) -> None:
    with pytest.raises(DecodingError, match=r"source 1 has [0-9]+ tokens, tiny takes 60; cut it first"):
        decode(engine, ["نفى", "كلمة " * 60])


def test_the_signature_says_who_and_how(engine: TransformersEngine) -> None:
    assert engine.signature == "ar-en-tiny@local|hf|float32"


@pytest.mark.parametrize(
    ("architecture", "compute_type", "message"),
    [
        ("marian", "int8", "computes in float32, float16, bfloat16; auto and default choose"),
        ("t5", "float16", "t5 models overflow in it"),
    ],
)
def test_arithmetic_that_does_not_work_is_refused(
    tiny_marian_transformers: Path, architecture: str, compute_type: str, message: str
) -> None:
    spec = replace(SPEC, architecture=architecture)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=message):
        TransformersEngine(StoredModel(spec, tiny_marian_transformers, "local"), Placement("cpu", compute_type))


def test_a_language_that_the_tokenizer_lacks_is_named(tiny_marian_transformers: Path) -> None:
    spec = replace(SPEC, architecture="nllb", languages={"ar": "arb_Arab", "en": "eng_Latn"})
    with pytest.raises(ConfigError, match="tiny: its tokenizer has no language 'eng_Latn'"):
        TransformersEngine(StoredModel(spec, tiny_marian_transformers, "local"), ONE)


def test_a_directory_without_a_model_is_corrupt(tmp_path: Path) -> None:
    with pytest.raises(ModelCorrupt, match="cannot be loaded by transformers"):
        TransformersEngine(StoredModel(SPEC, tmp_path, "local"), ONE)


def test_without_the_extra_the_message_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(BackendUnavailable, match=r"transformers.*: pip install transformers torch accelerate"):
        TransformersEngine(StoredModel(SPEC, tmp_path, "local"), ONE)


@pytest.mark.parametrize("device", ["cuda:99", "tpu", "meta"])
def test_a_device_that_is_not_here_is_a_wrong_option(tiny_marian_transformers: Path, device: str) -> None:
    with pytest.raises(ConfigError, match=rf"--device {device}: .*; expected auto, cpu, or a device that is here"):
        TransformersEngine(StoredModel(SPEC, tiny_marian_transformers, "local"), Placement(device))


def test_the_device_is_checked_before_the_model_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--device cuda:99"):
        TransformersEngine(StoredModel(SPEC, tmp_path, "local"), Placement("cuda:99"))


def test_arithmetic_is_chosen_where_it_is_left_open(tiny_marian_transformers: Path) -> None:
    model = StoredModel(SPEC, tiny_marian_transformers, "local")
    assert TransformersEngine(model, Placement("cpu", "auto", 1)).signature == "ar-en-tiny@local|hf|float32"


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "vocab.json", "source.spm"])
@pytest.mark.parametrize("content", [b"", b"junk" * 100, None], ids=["empty", "junk", "truncated"])
def test_a_damaged_file_is_corrupt(
    tiny_marian_transformers: Path, tmp_path: Path, name: str, content: bytes | None
) -> None:
    broken = shutil.copytree(tiny_marian_transformers, tmp_path / "broken")
    half = (broken / name).read_bytes()[: (broken / name).stat().st_size // 2]
    (broken / name).write_bytes(half if content is None else content)
    with pytest.raises(ModelCorrupt, match="broken cannot be loaded by transformers"):
        TransformersEngine(StoredModel(SPEC, broken, "local"), ONE)


def test_a_package_that_only_this_model_needs_is_named(
    tiny_marian_transformers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import transformers

    def lack(*arguments: object, **options: object) -> None:
        raise ImportError("this tokenizer requires the tiktoken library")

    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", lack)
    with pytest.raises(BackendUnavailable, match="needs another package: this tokenizer requires the tiktoken library"):
        TransformersEngine(StoredModel(SPEC, tiny_marian_transformers, "local"), ONE)
