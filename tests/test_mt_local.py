"""A model directory that no registry knows → its specification."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mt.errors import ModelCorrupt, ModelNotFound
from mt.gemma import Shape
from mt.local import local_spec


def directory(tmp_path: Path, config: object, *files: str) -> Path:
    home = tmp_path / "some-model"
    home.mkdir()
    (home / "config.json").write_text(json.dumps(config), encoding="utf-8")
    for name in files:
        (home / name).touch()
    return home


@pytest.mark.parametrize(
    ("config", "files", "expected"),
    [
        ({"model_type": "marian", "max_position_embeddings": 512}, [], ("hf", "marian", "translate", 512, "en")),
        ({"model_type": "m2m_100", "max_position_embeddings": 1024}, [], ("hf", "nllb", "translate", 1024, "eng_Latn")),
        ({"model_type": "m2m_100"}, ["vocab.json"], ("hf", "m2m100", "translate", 512, "__en__")),
        ({"model_type": "mbart"}, [], ("hf", "mbart", "translate", 512, "en_XX")),
        ({"model_type": "bart", "max_position_embeddings": 1024}, [], ("hf", "bart", "summarize", 1024, "en")),
        ({"model_type": "t5", "n_positions": 512}, [], ("hf", "t5", "summarize", 512, "en")),
        ({"model_type": "mt5", "n_positions": 10**9}, [], ("hf", "mt5", "summarize", 1024, "en")),
        ({}, ["model.bin", "source.spm"], ("ct2", "marian", "translate", 240, "en")),
        ({}, ["model.onnx", "tokenizer.json"], ("ort", "embedded", "translate", 240, "en")),
    ],
)
def test_what_a_directory_holds(tmp_path: Path, config: object, files: list[str], expected: tuple[object, ...]) -> None:
    spec = local_spec(directory(tmp_path, config, *files))
    assert (spec.backend, spec.architecture, spec.tasks[0], spec.limits.source_tokens, spec.languages["en"]) == expected
    assert (spec.name, spec.quality, spec.commercial) == ("some-model", "unknown", False)
    assert spec.prefix == ("summarize: " if spec.architecture == "t5" else None)


def test_a_prompt_and_its_translation_fit_into_the_positions_of_the_graph(tmp_path: Path) -> None:
    limits = local_spec(directory(tmp_path, {}, "model.onnx")).limits
    assert (limits.source_tokens, limits.target_tokens) == (240, 240)
    assert limits.source_tokens + limits.target_tokens <= Shape().positions


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"model_type": "gpt2"}, "config.json says model_type 'gpt2'; supported are m2m_100, marian, mbart, bart"),
        ({}, "says model_type 'None'"),
        ([1], "config.json holds no object"),
    ],
)
def test_what_is_not_supported_is_named(tmp_path: Path, config: object, message: str) -> None:
    with pytest.raises(ModelCorrupt, match=message):
        local_spec(directory(tmp_path, config))


def test_broken_json_is_corrupt(tmp_path: Path) -> None:
    home = directory(tmp_path, {})
    (home / "config.json").write_bytes(b"\xff{" + b"[" * 100_000)
    with pytest.raises(ModelCorrupt, match=r"config\.json cannot be read"):
        local_spec(home)


def test_an_empty_directory_holds_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"holds no model\.bin \(CTranslate2\), no config\.json"):
        local_spec(tmp_path)
