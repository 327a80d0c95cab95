"""A model directory that no registry knows → its specification, its version, and the loaded model."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_models import ARABIC, ENGLISH

from mt.document import DecodingOptions, Source
from mt.engine import Placement, load_engine
from mt.errors import ConfigError, ModelCorrupt, ModelError, ModelNotFound
from mt.gemma import Shape
from mt.local import local_spec, local_version
from mt.registry import Limits, load_registry

Repository = Callable[[str], Path]
SHORT = DecodingOptions(
    beam_size=2, length_penalty=1.0, no_repeat_ngram_size=3, min_decoding_length=1, max_decoding_length=10
)


def directory(tmp_path: Path, config: object, *files: str, name: str = "some-model") -> Path:
    home = tmp_path / name
    for file in ("config.json", *files):
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).touch()
    (home / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return home


def write(home: Path, name: str, content: object) -> Path:
    (home / name).write_text(json.dumps(content), encoding="utf-8")
    return home


# --- what it is


@pytest.mark.parametrize(
    ("config", "files", "expected"),
    [
        ({"model_type": "marian", "max_position_embeddings": 512}, [], ("hf", "marian", "translate", 512, "en")),
        ({"model_type": "m2m_100", "max_position_embeddings": 1024}, [], ("hf", "nllb", "translate", 1024, "eng_Latn")),
        ({"model_type": "m2m_100"}, ["vocab.json"], ("hf", "m2m100", "translate", 512, "__en__")),
        ({"model_type": "mbart"}, [], ("hf", "mbart", "translate", 512, "en_XX")),
        ({"model_type": "bart", "max_position_embeddings": 1024}, [], ("hf", "bart", "summarize", 1024, "en")),
        ({"model_type": "bart", "max_position_embeddings": 128}, [], ("hf", "bart", "summarize", 128, "en")),
        ({"model_type": "t5", "n_positions": 512}, [], ("hf", "t5", "summarize", 512, "en")),
        ({"model_type": "mt5", "n_positions": 10**9}, [], ("hf", "mt5", "summarize", 1024, "en")),
        ({"model_type": "mt5", "n_positions": True}, [], ("hf", "mt5", "summarize", 1024, "en")),
        ({}, ["model.bin", "source.spm"], ("ct2", "marian", "translate", 240, "en")),
        ({}, ["model.bin", "src.spm.model"], ("ct2", "ct2-sentencepiece", "translate", 256, "en")),
        ({}, ["model.onnx", "tokenizer.json"], ("ort", "embedded", "translate", 240, "en")),
    ],
)
def test_what_a_directory_holds(tmp_path: Path, config: object, files: list[str], expected: tuple[object, ...]) -> None:
    spec = local_spec(directory(tmp_path, config, *files))
    assert (spec.backend, spec.architecture, spec.tasks[0], spec.limits.source_tokens, spec.languages["en"]) == expected
    assert (spec.name, spec.quality, spec.commercial) == ("some-model", "unknown", False)
    assert spec.prefix == ("summarize: " if spec.architecture == "t5" else None)


@pytest.mark.parametrize(
    ("architecture", "task", "code", "limits"),
    [("nllb", "translate", "eng_Latn", Limits(240, 480)), ("marian", "translate", "en", Limits(240, 480)),
     ("pegasus", "summarize", "en", Limits(512, 512)), ("t5", "summarize", "en", Limits(512, 512))],
)  # fmt: skip
def test_a_conversion_knows_what_it_was(
    tmp_path: Path, architecture: str, task: str, code: str, limits: Limits
) -> None:
    home = directory(tmp_path, {}, "model.bin")
    spec = local_spec(write(home, "khulasa.json", {"architecture": architecture}))
    assert (spec.backend, spec.architecture, spec.tasks, spec.languages["en"], spec.limits) == (
        "ct2", architecture, (task,), code, limits,
    )  # fmt: skip
    assert spec.decoding == DecodingOptions(), "its own settings are in the same file, for the engine"


@pytest.mark.parametrize(
    ("params", "prefix"),
    [({"summarization": {"prefix": "tl;dr: "}}, "tl;dr: "), (None, "summarize: "), ([], "summarize: "),
     ({"summarization": 3}, "summarize: "), ({"summarization": {"prefix": 5}}, "summarize: ")],
)  # fmt: skip
def test_the_prefix_of_t5_is_the_one_of_its_task(tmp_path: Path, params: object, prefix: str) -> None:
    spec = local_spec(directory(tmp_path, {"model_type": "t5", "task_specific_params": params}))
    assert (spec.prefix, spec.decoding) == (prefix, DecodingOptions())


def test_a_prompt_and_its_translation_fit_into_the_positions_of_the_graph(tmp_path: Path) -> None:
    limits = local_spec(directory(tmp_path, {}, "model.onnx")).limits
    assert (limits.source_tokens, limits.target_tokens) == (240, 240)
    assert limits.source_tokens + limits.target_tokens <= Shape().positions


@pytest.mark.parametrize(
    ("path", "name"),
    [("a model|beam:4\n", "a-model-beam-4"), ("نموذج", "local"), ("x" * 150, "x" * 100),
     ("models--Helsinki-NLP--opus-mt-ar-en/snapshots/0123abcd", "opus-mt-ar-en"), ("snapshots/0123abcd", "0123abcd")],
)  # fmt: skip
def test_a_name_can_stand_in_a_signature(tmp_path: Path, path: str, name: str) -> None:
    assert local_spec(directory(tmp_path, {"model_type": "mt5"}, name=path)).name == name


# --- what it is not


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"model_type": "gpt2"}, "config.json says model_type 'gpt2'; supported are m2m_100, marian, mbart, bart"),
        ({"model_type": ["bart"]}, "says model_type list"),
        ({}, "says model_type None"),
        ([1], "config.json holds no object"),
    ],
)
def test_what_is_not_supported_is_named(tmp_path: Path, config: object, message: str) -> None:
    with pytest.raises(ModelCorrupt, match=message):
        local_spec(directory(tmp_path, config))


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "khulasa.json", "metadata.json"])
@pytest.mark.parametrize("content", [b"", b"\xff{" + b"[" * 100_000, b"{", b"[" * 100_000])
def test_a_broken_file_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    files = {"khulasa.json": ["model.bin"], "metadata.json": ["model/model.bin", "sentencepiece.model"]}
    home = directory(tmp_path, {"model_type": "marian"}, *files.get(name, []))
    (home / name).write_bytes(content)
    with pytest.raises(ModelCorrupt, match=rf"some-model cannot be loaded: {name} cannot be read"):
        local_spec(home)


def test_a_conversion_to_nothing_we_know_is_corrupt(tmp_path: Path) -> None:
    home = write(directory(tmp_path, {}, "model.bin"), "khulasa.json", {"architecture": "gpt2"})
    with pytest.raises(ModelCorrupt, match=r"khulasa\.json says architecture 'gpt2'; convert the model again"):
        local_spec(home)


def test_an_empty_directory_holds_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"holds no model\.bin \(CTranslate2\), no config\.json"):
        local_spec(tmp_path)


@pytest.mark.parametrize(("source", "target"), [("en", "ar"), ("ar", "fr"), ("de", "en")])
def test_another_language_pair_is_refused_by_name(tmp_path: Path, source: str, target: str) -> None:
    argos = directory(tmp_path, {}, "model/model.bin", "sentencepiece.model", name="argos")
    write(argos, "metadata.json", {"from_code": source, "to_code": target})
    marian = directory(tmp_path, {"model_type": "marian"}, name="marian")
    write(marian, "tokenizer_config.json", {"source_lang": source, "target_lang": target})
    for home in (argos, marian):
        with pytest.raises(ConfigError, match=f"translates from '{source}' to '{target}'; expected one from 'ar'"):
            local_spec(home)


@pytest.mark.parametrize("codes", [{}, {"from_code": "ar"}, {"from_code": 1, "to_code": "en"}])
def test_an_argos_package_says_its_languages(tmp_path: Path, codes: dict[str, object]) -> None:
    home = write(directory(tmp_path, {}, "model/model.bin", "sentencepiece.model"), "metadata.json", codes)
    with pytest.raises(ModelCorrupt, match=r"metadata\.json says .*; expected the codes of two languages"):
        local_spec(home)


@pytest.mark.parametrize("lacking", ["sentencepiece.model", "model/model.bin"])
def test_an_argos_package_is_whole(tmp_path: Path, lacking: str) -> None:
    home = directory(tmp_path, {}, "model/model.bin", "sentencepiece.model")
    write(home, "metadata.json", {"from_code": "ar", "to_code": "en"})
    (home / lacking).unlink()
    with pytest.raises(ModelCorrupt, match=f"lacks {lacking}; expected an unpacked Argos package"):
        local_spec(home)


# --- its version


def test_a_version_follows_the_content_and_not_the_place(tmp_path: Path) -> None:
    home = directory(tmp_path, {"model_type": "mt5"})
    big = bytearray(os.urandom(3 * 1024 * 1024))
    (home / "model.safetensors").write_bytes(big)
    version = local_version(home)
    assert len(version) == 8
    for name in ("README.md", ".gitattributes", "tf_model.h5", "manifest.json"):
        (home / name).write_text("x")
    assert local_version(Path(shutil.copytree(home, tmp_path / "elsewhere"))) == version
    for position in (0, len(big) // 3 * 2 // 65536 * 65536, len(big) - 1):  # other weights differ everywhere
        other = big.copy()
        other[position : position + 200_000] = bytes(len(other[position : position + 200_000]))
        (home / "model.safetensors").write_bytes(other)
        assert local_version(home) != version
    (home / "model.safetensors").write_bytes(big)
    write(home, "config.json", {"model_type": "mt5", "num_beams": 2})
    assert local_version(home) != version, "a setting changes what comes out"


def test_a_version_of_gigabytes_is_cheap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = directory(tmp_path, {})
    with (home / "pytorch_model.bin").open("wb") as file:
        file.truncate(20 * 1024**3)  # sparse: takes no room
    read = list[int]()
    real = Path.open

    class Counting:
        def __init__(self, file: object) -> None:
            self.file = file

        def __enter__(self) -> Counting:
            return self

        def __exit__(self, *error: object) -> None:
            self.file.close()  # type: ignore[attr-defined]

        def seek(self, position: int) -> None:
            self.file.seek(position)  # type: ignore[attr-defined]

        def read(self, size: int) -> bytes:
            block: bytes = self.file.read(size)  # type: ignore[attr-defined]
            read.append(len(block))
            return block

    monkeypatch.setattr(Path, "open", lambda path, mode: Counting(real(path, mode)))
    local_version(home)
    assert sum(read) < 1_100_000


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = directory(tmp_path, {})

    def refuse(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ModelError, match=r"some-model/config\.json cannot be read: Permission denied"):
        local_version(home)


# --- loaded


def outputs(home: Path, task: str, lines: list[str]) -> tuple[str, list[str]]:
    engine = load_engine(str(home), task, load_registry(), Placement("cpu", "float32", 1))  # type: ignore[arg-type]
    found = dict(engine.generate([Source(line) for line in lines], SHORT))
    return engine.signature, [found[index][0].text for index in range(len(lines))]


@pytest.mark.parametrize("name", ["marian", "m2m100", "nllb", "mbart", "bart", "pegasus", "t5", "mt5"])
def test_a_directory_of_transformers_and_its_conversion_say_the_same(
    repository: Repository, tmp_path: Path, name: str
) -> None:
    from mt.convert import convert

    task, lines = (
        ("translate", ARABIC[:3]) if name in ("marian", "m2m100", "nllb", "mbart") else ("summarize", ENGLISH[:3])
    )
    converted = tmp_path / name
    converted.mkdir()
    convert(repository(name), converted, local_spec(repository(name)), "float32")
    signature, texts = outputs(repository(name), task, lines)
    other_signature, other_texts = outputs(converted, task, lines)
    languages = "en" if task == "summarize" else "ar-en"
    assert signature == f"{languages}-{name}@{local_version(repository(name))}|hf|float32"
    assert other_signature == f"{languages}-{name}@{local_version(converted)}|ct2|float32"
    assert texts == other_texts
    assert any(texts)


def test_an_argos_package_translates(tiny_marian: Path, tmp_path: Path) -> None:
    home = tmp_path / "translate-ar_en-1_0"
    shutil.copytree(tiny_marian, home / "model")
    shutil.copy(tiny_marian / "source.spm", home / "sentencepiece.model")
    write(home, "metadata.json", {"package_version": "1.0", "from_code": "ar", "to_code": "en", "from_name": "Arabic"})
    signature, texts = outputs(home, "translate", ARABIC[:2])
    assert signature == f"ar-en-translate-ar_en-1_0@{local_version(home)}|ct2|float32"
    assert all(texts)


def test_quickmts_layout_translates(tiny_marian: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(tiny_marian, tmp_path / "quickmt-ar-en"))
    (home / "source.spm").rename(home / "src.spm.model")
    (home / "target.spm").rename(home / "tgt.spm.model")
    assert all(outputs(home, "translate", ARABIC[:2])[1])


def test_two_models_of_one_name_have_two_signatures(repository: Repository, tmp_path: Path) -> None:
    homes = [Path(shutil.copytree(repository(name), tmp_path / name / "model")) for name in ("t5", "flan")]
    first, second = (outputs(home, "summarize", ENGLISH[:1])[0] for home in homes)
    assert first.startswith("en-model@")
    assert first != second
