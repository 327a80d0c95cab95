"""Reading a transformers directory of a stranger: nothing random, nothing run, nothing printed, each failure named."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_mt_parity import spec_of

from mt.errors import BackendUnavailable, ModelCorrupt, ModelError

pytest.importorskip("transformers", reason="needs the extra hub")

from mt.document import DecodingOptions
from mt.pretrained import OwnSettings, load_pretrained, own_settings

Repository = Callable[[str], Path]


@pytest.fixture
def copy(repository: Repository, tmp_path: Path) -> Repository:
    return lambda name: Path(shutil.copytree(repository(name), tmp_path / name))


def weights_of(directory: Path) -> dict[str, Any]:
    import torch

    weights: dict[str, Any] = torch.load(directory / "pytorch_model.bin", weights_only=True)
    return weights


def put(directory: Path, weights: Any) -> None:
    import torch

    torch.save(weights, directory / "pytorch_model.bin")
    (directory / "model.safetensors").unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("marian", "model.encoder.layers.1.fc1.weight"),
        ("nllb", "model.decoder.layer_norm.bias"),
        ("bart", "model.encoder.embed_positions.weight"),
        ("pegasus", "model.decoder.layers.0.self_attn.k_proj.weight"),
        ("t5", "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"),
        ("mt5", "decoder.block.1.layer.2.DenseReluDense.wi_1.weight"),
    ],
)
def test_a_weight_that_no_file_holds_is_named(copy: Repository, name: str, tensor: str) -> None:
    directory = copy(name)
    weights = weights_of(directory)
    del weights[tensor]
    put(directory, weights)
    with pytest.raises(ModelCorrupt, match=rf"its files lack 1 of the model's weights, {tensor} among them"):
        load_pretrained(directory)


def test_a_weight_that_safetensors_lack_is_named(copy: Repository) -> None:
    from safetensors.torch import load_file, save_file

    path = copy("flan") / "model.safetensors"
    weights = load_file(path)
    del weights["encoder.final_layer_norm.weight"]
    save_file(weights, path, {"format": "pt"})
    with pytest.raises(ModelCorrupt, match=r"files lack 1 of .*encoder\.final_layer_norm\.weight"):
        load_pretrained(path.parent)


@pytest.mark.parametrize("name", ["pegasus", "marian", "m2m100", "nllb", "mbart"])
def test_what_is_tied_or_computed_may_be_left_out(repository: Repository, copy: Repository, name: str) -> None:
    directory = copy(name)
    full = load_pretrained(repository(name))[1].state_dict()
    tied = ("lm_head.weight", "model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight")
    put(directory, {key: value for key, value in weights_of(directory).items() if key not in tied})
    lean = load_pretrained(directory)[1].state_dict()
    assert [key for key in full if not full[key].equal(lean[key])] == []


def test_weights_of_another_shape_are_named(copy: Repository) -> None:
    directory = copy("nllb")
    weights = weights_of(directory)
    weights["model.encoder.layers.0.fc1.weight"] = weights["model.encoder.layers.0.fc1.weight"][:-1].clone()
    put(directory, weights)
    with pytest.raises(ModelCorrupt, match=r"other shapes than its config\.json says, .*layers\.0\.fc1\.weight among"):
        load_pretrained(directory)


class Command:
    """Runs when it is unpickled by a reader who trusts it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.path),))


def test_a_pickle_with_more_than_tensors_is_not_run(copy: Repository, tmp_path: Path) -> None:
    directory = copy("nllb")
    put(directory, {**weights_of(directory), "extra": Command(tmp_path / "owned")})
    with pytest.raises(
        ModelCorrupt, match="pickled weights hold more than tensors, or are damaged, and are not loaded"
    ):
        load_pretrained(directory)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("content", [[1, 2], {"a": {"b": 1}}], ids=["list", "nested"])
def test_a_pickle_of_something_else_is_corrupt(copy: Repository, content: Any) -> None:
    directory = copy("nllb")
    put(directory, content)
    with pytest.raises(ModelCorrupt, match="nllb cannot be loaded by transformers"):
        load_pretrained(directory)


@pytest.mark.parametrize(
    ("name", "file"),
    [("marian", "pytorch_model.bin"), ("marian", "config.json"), ("marian", "vocab.json"), ("marian", "source.spm"),
     ("bart", "model.safetensors"), ("nllb", "tokenizer.json"), ("mt5", "spiece.model"), ("m2m100", "vocab.json")],
)  # fmt: skip
@pytest.mark.parametrize("content", [b"", b"junk" * 100, None], ids=["empty", "junk", "truncated"])
def test_a_damaged_file_is_corrupt(copy: Repository, name: str, file: str, content: bytes | None) -> None:
    path = copy(name) / file
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] if content is None else content)
    with pytest.raises(ModelCorrupt, match=name):
        load_pretrained(path.parent)


@pytest.mark.parametrize(
    ("name", "files"),
    [("marian", ["source.spm"]), ("nllb", ["tokenizer.json", "sentencepiece.bpe.model"]), ("mt5", ["spiece.model"]),
     ("distilbart", ["merges.txt"]), ("t5", ["tokenizer.json", "spiece.model"]), ("m2m100", ["vocab.json"])],
)  # fmt: skip
def test_a_tokenizer_that_is_not_there_is_not_made_up(copy: Repository, name: str, files: list[str]) -> None:
    directory = copy(name)
    for file in files:
        (directory / file).unlink()
    with pytest.raises(ModelCorrupt, match=name):
        load_pretrained(directory)


def test_a_directory_without_a_model_is_corrupt(tmp_path: Path) -> None:
    with pytest.raises(ModelCorrupt, match="cannot be loaded by transformers"):
        load_pretrained(tmp_path)


def test_code_of_a_repository_is_not_asked_for(copy: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = copy("nllb")
    config = json.loads((directory / "config.json").read_text())
    (directory / "config.json").write_text(
        json.dumps({**config, "model_type": "own", "auto_map": {"AutoConfig": "own.Own"}})
    )
    (directory / "own.py").write_text("raise SystemExit('run')\n")
    monkeypatch.setattr("builtins.input", lambda *prompt: pytest.fail("asked"))
    with pytest.raises(ModelCorrupt):
        load_pretrained(directory)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MemoryError(), r"does not fit into the memory \(MemoryError\): free some, or choose a smaller model"),
        (
            RuntimeError("[enforce] DefaultCPUAllocator: can't allocate memory: you tried"),
            "does not fit into the memory",
        ),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "another --compute-type or --device"),
        (PermissionError(13, "Permission denied", "/x/model.bin"), "/x/model.bin may not be read: Permission denied"),
    ],
)
def test_no_memory_and_no_right_are_no_damage(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    import transformers

    def fail(*arguments: Any, **options: Any) -> None:
        raise error

    monkeypatch.setattr(transformers.AutoModelForSeq2SeqLM, "from_pretrained", fail)
    with pytest.raises(ModelError, match=message) as raised:
        load_pretrained(repository("nllb"))
    assert not isinstance(raised.value, ModelCorrupt)


def test_a_package_that_only_this_model_needs_is_named(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    import transformers

    def lack(*arguments: object, **options: object) -> None:
        raise ImportError("this tokenizer requires the tiktoken library")

    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", lack)
    with pytest.raises(BackendUnavailable, match="needs another package: this tokenizer requires the tiktoken library"):
        load_pretrained(repository("nllb"))


def test_loading_says_nothing_and_starts_nothing(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.delenv("DISABLE_SAFETENSORS_CONVERSION", raising=False)
    started: list[str] = []
    start = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", lambda thread: (started.append(thread.name), start(thread)))
    for name in ("marian", "pegasus", "bart", "flan"):  # each of which makes transformers talk
        load_pretrained(repository(name))
    assert [name for name in started if "conver" in name] == []  # others read weights, and are done with
    assert tuple(capfd.readouterr()) == ("", "")
    assert os.environ["DISABLE_SAFETENSORS_CONVERSION"] == "1"


# --- how it wants to be decoded


def settings_of(directory: Path, name: str) -> OwnSettings:
    return own_settings(load_pretrained(directory)[1], spec_of(name), directory)


@pytest.mark.parametrize(
    ("name", "decoding", "first", "forces_end"),
    [
        ("marian", DecodingOptions(4, max_decoding_length=511), None, True),
        ("m2m100", DecodingOptions(5, max_decoding_length=199), None, False),
        ("bart", DecodingOptions(4, 1, 2.0, None, 3, 55, 141), 0, True),
        ("mt5", DecodingOptions(4, 1, 0.6, None, 2, None, 83), None, False),  # no generation_config.json
        ("t5", DecodingOptions(4, 1, 2.0, None, 3, 29, 199), None, False),  # task_specific_params, and nothing else
        ("distilbart", DecodingOptions(4, 1, 2.0, None, 3, 55, 141), None, False),
    ],
)
def test_own_settings_are_found_wherever_they_stand(
    repository: Repository, name: str, decoding: DecodingOptions, first: int | None, forces_end: bool
) -> None:
    assert settings_of(repository(name), name) == OwnSettings(decoding, first, forces_end)


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def test_a_setting_of_a_task_fills_a_gap_and_no_more(copy: Repository) -> None:
    directory = copy("t5")
    rewrite(directory / "generation_config.json", num_beams=2, max_length=60)
    assert settings_of(directory, "t5").decoding == DecodingOptions(2, 1, 2.0, None, 3, 29, 59)


@pytest.mark.parametrize("value", ["4", True, [4], {"a": 1}])
def test_a_setting_that_is_no_number_is_corrupt(copy: Repository, value: Any) -> None:
    directory = copy("t5")
    rewrite(directory / "config.json", task_specific_params={"summarization": {"num_beams": value}})
    with pytest.raises(ModelCorrupt, match=r"t5: its generation settings say num_beams .*; expected a number"):
        settings_of(directory, "t5")


@pytest.mark.parametrize("params", [[], "x", {"summarization": 3}, {"translation_en_to_de": {"num_beams": 9}}])
def test_a_task_without_settings_leaves_them_open(copy: Repository, params: Any) -> None:
    directory = copy("t5")
    rewrite(directory / "config.json", task_specific_params=params)
    assert settings_of(directory, "t5").decoding == DecodingOptions()
