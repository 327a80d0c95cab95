"""A repository's files to those that the backends load; what is refused, and that nothing of it is executed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import PARALLEL
from test_mt_parity import spec_of
from tiny_models import build_repository

from mt.convert import convert, keep
from mt.ct2 import CTranslate2Engine, load_settings
from mt.document import DecodingOptions, Source
from mt.engine import Placement
from mt.errors import BackendUnavailable, ConfigError, ModelCorrupt, ModelError
from mt.hf import TransformersEngine
from mt.store import StoredModel

BOTH = pytest.mark.parametrize("write", [convert, keep])
Write = Callable[[Path, Path, Any], None]


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A repository by its name, built once; to be copied before it is changed."""
    home, built = tmp_path_factory.mktemp("repositories"), dict[str, Path]()

    def repository(name: str) -> Path:
        if name not in built:
            built[name] = build_repository(name, home / name)
        return built[name]

    return repository


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "target").mkdir()
    return tmp_path / "target"


@pytest.fixture
def bart(repositories: Callable[[str], Path], tmp_path: Path) -> Path:
    return shutil.copytree(repositories("bart"), tmp_path / "bart")


@pytest.fixture
def pegasus(repositories: Callable[[str], Path], tmp_path: Path) -> Path:
    return shutil.copytree(repositories("pegasus"), tmp_path / "pegasus")


def weights_of(directory: Path) -> Any:
    import torch

    return torch.load(directory / "pytorch_model.bin", weights_only=True)


def rewrite(directory: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    """The repository with changed weights, and pickled ones alone."""
    import torch

    weights = weights_of(directory)
    change(weights)
    (directory / "model.safetensors").unlink(missing_ok=True)
    torch.save(weights, directory / "pytorch_model.bin")
    return directory


def translations(directory: Path, architecture: str, texts: list[str]) -> list[str]:
    engine = CTranslate2Engine(StoredModel(spec_of(architecture), directory, "1"), Placement("cpu", "default", 1))
    found = dict(
        engine.generate([Source(text) for text in texts], DecodingOptions(beam_size=1, max_decoding_length=12))
    )
    return [found[index][0].text for index in range(len(texts))]


# --- what is refused


class Touch:
    """A pickle of it creates a file when it is loaded carelessly."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.path}",)


@BOTH
def test_a_pickle_that_holds_more_than_tensors_is_not_loaded(
    bart: Path, target: Path, tmp_path: Path, write: Write
) -> None:
    rewrite(bart, lambda weights: weights.update(extra=Touch(tmp_path / "touched")))
    with pytest.raises(ModelCorrupt, match=r"bart: its pickled weights hold more than tensors.*safetensors"):
        write(bart, target, spec_of("bart"))
    assert not (tmp_path / "touched").exists()
    assert list(target.iterdir()) == []


@BOTH
def test_no_code_of_a_repository_is_run(bart: Path, target: Path, tmp_path: Path, write: Write) -> None:
    (bart / "own.py").write_text(f"open({str(tmp_path / 'touched')!r}, 'w')")
    config = json.loads((bart / "config.json").read_text(encoding="utf-8"))
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.A", "AutoModelForSeq2SeqLM": "own.B"}}
    (bart / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelCorrupt, match=r"bart cannot be loaded by transformers"):
        write(bart, target, spec_of("bart"))
    assert not (tmp_path / "touched").exists()


@BOTH
def test_a_weight_that_is_missing_is_not_drawn_at_random(bart: Path, target: Path, write: Write) -> None:
    rewrite(bart, lambda weights: weights.pop("model.decoder.layers.1.fc2.weight"))
    with pytest.raises(ModelCorrupt, match=r"lack 1 of the model's weights, model\.decoder\.layers\.1\.fc2\.weight"):
        write(bart, target, spec_of("bart"))


@BOTH
def test_weights_of_other_shapes_are_named(bart: Path, target: Path, write: Write) -> None:
    config = json.loads((bart / "config.json").read_text(encoding="utf-8"))
    (bart / "config.json").write_text(json.dumps({**config, "decoder_ffn_dim": 24}), encoding="utf-8")
    with pytest.raises(ModelCorrupt, match=r"other shapes than its config\.json says, .*decoder\.layers\.0\.fc1"):
        write(bart, target, spec_of("bart"))


@pytest.mark.parametrize(
    ("name", "content"),
    [("config.json", b"{"), ("config.json", None), ("model.safetensors", b"garbage"), ("tokenizer.json", b"garbage")],
)
@BOTH
def test_a_damaged_file_is_corrupt(bart: Path, target: Path, write: Write, name: str, content: bytes | None) -> None:
    (bart / name).unlink(missing_ok=True)
    if content is not None:
        (bart / name).write_bytes(content)
    with pytest.raises(ModelCorrupt, match="bart cannot be loaded by transformers"):
        write(bart, target, spec_of("bart"))
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("name", ["bart", "pegasus", "mt5", "mbart", "nllb", "marian", "m2m100"])
def test_a_tokenizer_that_is_missing_is_not_made_up(
    repositories: Callable[[str], Path], tmp_path: Path, target: Path, name: str
) -> None:
    directory = shutil.copytree(repositories(name), tmp_path / "copy")
    for pattern in ("tokenizer.json", "vocab.json", "merges.txt", "*.model", "*.spm"):
        for path in directory.glob(pattern):
            path.unlink()
    with pytest.raises(ModelCorrupt, match=r"copy (lacks .* of its tokenizer|cannot be loaded by transformers)"):
        convert(directory, target, spec_of(name))


def test_a_model_of_another_architecture_is_corrupt(bart: Path, target: Path) -> None:
    with pytest.raises(ModelCorrupt, match="bart cannot be converted"):
        convert(bart, target, spec_of("t5"))


@pytest.mark.parametrize(
    ("name", "changes", "token"),
    [
        ("nllb", {"languages": {"ar": "arb_Arab", "en": "eng"}}, "eng"),
        ("m2m100", {"languages": {"ar": "__arb__", "en": "__en__"}}, "__arb__"),
        ("mbart", {"languages": {"en": "en_XX"}}, "None"),
        ("marian", {"prefix": ">>xxx<<"}, ">>xxx<<"),
    ],
)
def test_a_token_that_the_model_does_not_have_is_a_wrong_entry(
    repositories: Callable[[str], Path], target: Path, name: str, changes: dict[str, Any], token: str
) -> None:
    with pytest.raises(ConfigError, match=rf"{name}: the model has no token '?{token}'?; see `languages`"):
        convert(repositories(name), target, replace(spec_of(name), **changes))
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("module", ["torch", "transformers"])
@BOTH
def test_a_missing_package_is_named_with_its_extra(
    bart: Path, target: Path, write: Write, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(BackendUnavailable, match=rf"{module}.*pip install '\.\[hub\]' in the checkout"):
        write(bart, target, spec_of("bart"))


def test_a_full_memory_is_no_damage(bart: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import transformers

    def full(*arguments: Any, **options: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(transformers.AutoModelForSeq2SeqLM, "from_pretrained", full)
    with pytest.raises(ModelError, match="does not fit into the memory") as raised:
        convert(bart, target, spec_of("bart"))
    assert not isinstance(raised.value, ModelCorrupt)


@pytest.mark.parametrize("compute_type", ["int3", "default", ""])
def test_a_compute_type_that_is_none_is_a_wrong_option(bart: Path, target: Path, compute_type: str) -> None:
    with pytest.raises(ConfigError, match=rf"--compute-type {compute_type}: .*int8_float16"):
        convert(bart, target, spec_of("bart"), compute_type)


# --- what comes out


@BOTH
def test_it_is_done_in_silence(bart: Path, target: Path, write: Write, capfd: pytest.CaptureFixture[str]) -> None:
    rewrite(bart, lambda weights: None)
    write(bart, target, spec_of("bart"))
    assert capfd.readouterr() == ("", "")


def test_eight_bits_are_the_default(bart: Path, target: Path, tmp_path: Path) -> None:
    convert(bart, target, spec_of("bart"))
    engine = CTranslate2Engine(StoredModel(spec_of("bart"), target, "1"), Placement("cpu", "default", 1))
    assert engine.signature == "ar-en-bart@1|ct2|int8_float32"


ALONE = """
import sys
from pathlib import Path
sys.modules.update(torch=None, transformers=None)
from mt.ct2 import CTranslate2Engine
from mt.document import DecodingOptions, Source
from mt.engine import Placement
from mt.registry import Limits, ModelSpec
from mt.store import StoredModel
spec = ModelSpec(name="x", tasks=("summarize",), backend="ct2", architecture="bart", licence="ours", commercial=True,
                 languages={"en": "en"}, quality="draft", limits=Limits(120, 120))
engine = CTranslate2Engine(StoredModel(spec, Path(sys.argv[1]), "1"), Placement("cpu", "default", 1))
((_, (best,)),) = engine.generate([Source("The minister said")], DecodingOptions(beam_size=1, max_decoding_length=12))
print(best.text)
"""


def test_a_converted_model_runs_without_torch_and_transformers(bart: Path, target: Path) -> None:
    convert(bart, target, spec_of("bart"))
    command = [sys.executable, "-c", ALONE, str(target)]
    home = Path(__file__).parents[1]
    result = subprocess.run(command, capture_output=True, text=True, cwd=home, timeout=100, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.strip() == translations(target, "bart", ["The minister said"])[0] != ""


def test_positions_that_a_file_leaves_out_are_computed(pegasus: Path, target: Path, tmp_path: Path) -> None:
    import transformers

    assert not any("embed_positions" in key for key in weights_of(pegasus))
    convert(pegasus, target, spec_of("pegasus"), "float32")
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(pegasus)
    (tmp_path / "whole").mkdir()
    model.save_pretrained(tmp_path / "whole")
    for path in pegasus.iterdir():
        if path.suffix in (".model", ".json"):
            shutil.copy(path, tmp_path / "whole")
    (again := tmp_path / "again").mkdir()
    convert(tmp_path / "whole", again, spec_of("pegasus"), "float32")
    assert (again / "model.bin").read_bytes() == (target / "model.bin").read_bytes()


def test_weights_of_half_precision_give_what_they_give_in_transformers(
    bart: Path, target: Path, tmp_path: Path
) -> None:
    texts = ["The minister said the project", "Oil prices rose", "during the week on Sunday"]
    half = {key: value.half() for key, value in weights_of(bart).items()}

    def halve(weights: dict[str, Any]) -> None:
        weights.update(half)

    rewrite(bart, halve)
    config = json.loads((bart / "config.json").read_text(encoding="utf-8"))
    (bart / "config.json").write_text(json.dumps({**config, "torch_dtype": "float16"}), encoding="utf-8")
    convert(bart, target, spec_of("bart"), "float32")
    rewrite(bart, lambda weights: weights.update({key: value.float() for key, value in half.items()}))
    (bart / "config.json").write_text(json.dumps({**config, "torch_dtype": "float32"}), encoding="utf-8")
    (full := tmp_path / "full").mkdir()
    convert(bart, full, spec_of("bart"), "float32")
    assert translations(target, "bart", texts) == translations(full, "bart", texts)


@pytest.mark.parametrize("row", [0.0, 0.7])
def test_a_target_of_marian_begins_with_the_row_of_its_pad(
    repositories: Callable[[str], Path], tmp_path: Path, target: Path, row: float
) -> None:
    """Zeros, as Marian has them, or what training by transformers makes of them."""
    directory = shutil.copytree(repositories("marian"), tmp_path / "marian")

    def change(weights: dict[str, Any]) -> None:
        for key in weights:
            if key.endswith(("embed_tokens.weight", "shared.weight")):
                weights[key][-1] = row

    rewrite(directory, change)
    convert(directory, target, spec_of("marian"), "float32")
    source, options = [Source(text) for text in PARALLEL], DecodingOptions(beam_size=1, max_decoding_length=12)
    model = StoredModel(spec_of("marian"), target, "1"), StoredModel(spec_of("marian"), directory, "1")
    placement = Placement("cpu", "default", 1)
    ours, theirs = (
        sorted(engine.generate(source, options))
        for engine in (CTranslate2Engine(model[0], placement), TransformersEngine(model[1], placement))
    )
    assert [found[0].text for _, found in ours] == [found[0].text for _, found in theirs]
    names = json.loads((target / "source_vocabulary.json" if row else target / "shared_vocabulary.json").read_text())
    assert "<pad>" not in names


def test_the_models_own_settings_go_with_it(bart: Path, target: Path) -> None:
    own = {"num_beams": 3, "length_penalty": 2.0, "no_repeat_ngram_size": 3, "min_length": 6, "max_length": 11,
           "bad_words_ids": [[7], [8, 9], [10**6]], "forced_bos_token_id": 0, "forced_eos_token_id": 2,
           "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1, "decoder_start_token_id": 2}  # fmt: skip
    (bart / "generation_config.json").write_text(json.dumps(own), encoding="utf-8")
    convert(bart, target, spec_of("bart"))
    settings, names = load_settings(target), json.loads((target / "shared_vocabulary.json").read_text())
    assert settings.decoding == DecodingOptions(
        beam_size=3, length_penalty=2.0, no_repeat_ngram_size=3, min_decoding_length=5, max_decoding_length=10
    )
    assert (settings.architecture, settings.target_prefix, settings.forces_end) == ("bart", ("<s>",), True)
    assert settings.suppressed == ((names[7],), (names[8], names[9]))


# --- what is kept


@pytest.mark.parametrize("name", ["bart", "t5", "pegasus", "mt5", "marian", "nllb"])
def test_a_kept_model_is_the_same_model(repositories: Callable[[str], Path], target: Path, name: str) -> None:
    import torch
    import transformers
    from safetensors import safe_open

    directory = repositories(name)
    keep(directory, target, spec_of(name))
    models = [transformers.AutoModelForSeq2SeqLM.from_pretrained(path).state_dict() for path in (directory, target)]
    assert models[0].keys() == models[1].keys()
    assert all(torch.equal(models[0][key], models[1][key]) for key in models[0])
    with safe_open(target / "model.safetensors", "pt") as file:
        assert file.metadata()["format"] == "pt"
    assert len({path.stat().st_mode for path in target.iterdir()}) == 1, "who may read one may read all"
    names = {path.name for path in target.iterdir()}
    assert "pytorch_model.bin" not in names
    for other in {path.name for path in directory.iterdir()} - {"pytorch_model.bin", "model.safetensors"}:
        assert (target / other).read_bytes() == (directory / other).read_bytes()


def test_what_no_backend_needs_is_left_behind(bart: Path, target: Path) -> None:
    for name in ("tf_model.h5", "rust_model.ot", "training_args.bin", "own.py", "pytorch_model.bin.index.json"):
        (bart / name).write_bytes(b"x")
    (bart / "onnx").mkdir()
    keep(bart, target, spec_of("bart"))
    assert {path.suffix for path in target.iterdir()} <= {".json", ".txt", ".safetensors", ".md"}
