"""Shapes made tiny: the sizes that were asked for, in both forms, and rows that all write what is forced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mt.document import DecodingOptions
from mt.engine import Placement
from mt.errors import BackendUnavailable, DecodingError, ModelError, UnknownModel

pytest.importorskip("transformers", reason="needs the extra hub")

from eval.bench import load_articles
from eval.contenders import BareDecoder, Work
from eval.shapes import SHAPES, Built, Shape, build, shape_named

TINY = {
    "marian": Shape("marian", (2, 1), 32, 64, 4, 1500, 64, "swish"),
    "nllb": Shape("nllb", (1, 2), 32, 64, 4, 1500, 64, "relu"),
    "bart": Shape("bart", (2, 1), 32, 64, 4, 1500, 1024, "gelu"),
}
ONE = Placement("cpu", "int8", 1)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A short article of each language."""
    folder = tmp_path_factory.mktemp("texts")
    for name, text in (
        ("ar", "أعلنت الوزارة خطة للمياه. وقال الوزير إنها تبدأ غدا.\n\nلم تذكر الكلفة.\n"),
        ("en", "The ministry announced a water plan. The minister said it starts tomorrow.\n\nNo cost was given.\n"),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    return {"translate": folder / "ar", "summarize": folder / "en"}


@pytest.fixture(scope="module", params=list(TINY))
def built(request: pytest.FixtureRequest, texts: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Built:
    import torch

    torch.set_num_threads(1)
    shape = TINY[request.param]
    articles = load_articles([texts[shape.task]], shape.task)
    return build("tiny", shape, tmp_path_factory.mktemp("shapes"), articles, "int8")


def test_both_forms_have_the_size(built: Built) -> None:
    config = json.loads((built.original.path / "config.json").read_text(encoding="utf-8"))
    assert config["vocab_size"] == 1500
    assert (config["encoder_layers"], config["decoder_layers"]) == built.shape.layers
    vocabulary = json.loads((built.converted.path / "shared_vocabulary.json").read_text(encoding="utf-8"))
    assert len(vocabulary) == 1500 - (built.shape.architecture == "marian")  # the converter drops Marian's <pad>
    assert (built.original.spec.backend, built.converted.spec.backend) == ("hf", "ct2")


def test_the_tokenizer_knows_the_texts(built: Built) -> None:
    for units, tokens in zip(built.articles, built.tokens, strict=True):
        for unit, pieces in zip(units, tokens, strict=True):
            assert "<unk>" not in pieces
            assert len(pieces) >= len(unit.split())


def test_every_row_writes_what_is_forced(built: Built) -> None:
    work = Work(built.articles, DecodingOptions(beam_size=2, plain=True), ONE, built.lengths)
    rows = built.rows(work)
    assert [row.label for row in rows] == [
        "khulasa, CTranslate2", "bare translate_batch", "bare translate_batch, split",
        "khulasa, transformers", "bare generate",
    ]  # fmt: skip
    decoders = [row.load() for row in rows]
    for decoder in decoders:
        decoder.decode(0)  # a bare one says if a target is longer or shorter
    assert {decoder.count_tokens() for decoder in decoders} == {built.lengths[0] * len(built.articles[0])}
    assert [decoder.signature.rpartition("|")[2] for decoder in decoders] == ["int8_float32"] * 3 + ["float32"] * 2


def test_a_target_of_another_length_is_no_measurement() -> None:
    decoder = BareDecoder("lazy", Work((("a b",),), lengths=(9,)), lambda article: [4])
    with pytest.raises(DecodingError, match=r"lazy wrote targets of \[4\] tokens; 9 were forced"):
        decoder.decode(0)


def test_a_unit_that_the_model_cannot_read_whole_is_cut(texts: dict[str, Path], tmp_path: Path) -> None:
    articles = (("كلمة " * 300,),)
    made = build("tiny", TINY["marian"], tmp_path, articles, "int8")
    assert len(made.articles[0]) > 1
    assert " ".join(made.articles[0]).split() == ["كلمة"] * 300
    assert all(len(tokens) <= 64 for tokens in made.tokens[0])


def test_a_shape_is_built_once(built: Built) -> None:
    weights = built.original.path / "model.safetensors"
    before = weights.stat().st_mtime_ns
    again = build("tiny", built.shape, built.original.path.parents[1], built.articles, "int8")
    assert weights.stat().st_mtime_ns == before
    assert again == built


def test_a_build_that_was_stopped_begins_anew(tmp_path: Path) -> None:
    part = tmp_path / "tiny" / "transformers.part"
    part.mkdir(parents=True)
    (part / "config.json").write_text("{}")
    made = build("tiny", TINY["marian"], tmp_path, (("كلمة أخرى",),), "int8")
    assert (made.original.path / "model.safetensors").is_file()
    assert list((tmp_path / "tiny").glob("*.part")) == []


def test_lengths_are_in_proportion_to_the_sources_and_within_the_positions(built: Built) -> None:
    if built.shape.task == "summarize":
        assert built.lengths == (100,)
    else:
        mean = sum(map(len, built.tokens[0])) / len(built.tokens[0])
        assert built.lengths == (round(1.2 * mean),)


def test_an_unknown_shape_lists_those_there_are() -> None:
    with pytest.raises(UnknownModel, match=r"no shape is called 'gpt'; there are: opus-mt-ar-en, .*bart-large"):
        shape_named("gpt")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match=r"file/tiny cannot be written: .*; name another place with --scratch DIR"):
        build("tiny", TINY["marian"], tmp_path / "file", (("كلمة",),), "int8")


def test_without_the_extra_the_message_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(BackendUnavailable, match=r"transformers.*pip install '.\[hub\]'"):
        build("tiny", TINY["marian"], tmp_path, (("كلمة",),), "int8")


@pytest.mark.parametrize(
    ("name", "millions"),
    [("opus-mt-ar-en", 76), ("opus-mt-tc-big", 239), ("nllb-200-600M", 615), ("distilbart-12-6", 306),
     ("bart-large", 406)],
)  # fmt: skip
def test_the_shapes_have_as_many_parameters_as_the_models(name: str, millions: int) -> None:
    shape = SHAPES[name]
    d, ffn = shape.d_model, shape.ffn
    attention, forward, norm = 4 * d * (d + 1), 2 * d * ffn + d + ffn, 2 * d
    encoder, decoder = attention + forward + 2 * norm, 2 * attention + forward + 3 * norm
    learned = 2 * shape.positions * d if shape.architecture == "bart" else 0  # others compute their positions
    count = shape.vocabulary * d + shape.layers[0] * encoder + shape.layers[1] * decoder + learned
    assert round(count / 1e6) == pytest.approx(millions, rel=0.01)
