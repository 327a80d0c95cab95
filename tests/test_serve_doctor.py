"""What `doctor` tells, line by line."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from mt import embedded, store
from mt.engine import Placement
from mt.errors import ModelCorrupt
from mt.registry import load_registry
from serve import doctor

REGISTRY = load_registry()


@pytest.fixture
def model(cache: Path, monkeypatch: pytest.MonkeyPatch) -> store.StoredModel:
    """A built-in model of 2 MB of nothing."""

    def build(directory: Path, report: store.Report) -> None:
        (directory / "model.onnx").write_bytes(bytes(2_000_000))

    monkeypatch.setattr(embedded, "build", build)
    monkeypatch.setattr(embedded, "fingerprint", lambda: "0a1b2c3d")
    return store.ensure(REGISTRY.spec("embedded"))


def lines() -> list[str]:
    return list(doctor.examine(REGISTRY))


def test_versions_and_threads_are_told(cache: Path) -> None:
    told = lines()
    assert f"onnxruntime {metadata.version('onnxruntime')}" in told
    assert f"ctranslate2 {metadata.version('ctranslate2')}" in told
    assert any(line.startswith(f"{Placement().cores} threads; instruction sets: ") for line in told)
    assert any(line.startswith("compute types on the CPU: float32, ") for line in told)
    assert f"models.yaml: {REGISTRY.path}" in told
    assert not any(line.startswith("embedded") for line in told)


def test_a_library_that_is_missing_is_told(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LIBRARIES", ("no-such-library",))
    assert "no-such-library MISSING: pip install no-such-library" in lines()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("flags\t: fpu avx avx2 avx512_vnni avx512f\nflags\t: fpu", "avx2, avx512f, avx512_vnni"),
        ("Features\t: fp asimd crc32", "asimd"),
        ("flags: avx avx512f_other", "none of note"),
        (None, "not known"),
    ],
)
def test_instruction_sets_are_whole_words_of_the_systems_account(
    text: str | None, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "CPU_INFO", tmp_path / "cpuinfo")
    if text is not None:
        (tmp_path / "cpuinfo").write_text(text)
    assert doctor._instruction_sets() == told


def test_a_device_that_is_not_here_computes_nothing() -> None:
    assert doctor._compute_types("tpu") == "none"


def test_a_whole_model_is_told_with_its_size_and_place(model: store.StoredModel) -> None:
    assert f"embedded@0a1b2c3d: 2 MB, ort, whole, {model.path}" in lines()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda home: os.truncate(home / "model.onnx", 1000), "differs from its checksum"),
        (lambda home: (home / "model.onnx").unlink(), "is missing"),
    ],
)
def test_a_damaged_model_is_told_with_the_next_step(
    damage: Callable[[Path], None], told: str, model: store.StoredModel
) -> None:
    damage(model.path)
    (line,) = (line for line in lines() if line.startswith("embedded@"))
    assert line.startswith(f"embedded@0a1b2c3d: DAMAGED ({model.path}: 'model.onnx' {told}. Delete {model.path}")


def test_an_installation_that_lacks_a_part_is_told(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fingerprint() -> str:
        raise ModelCorrupt("kept_ids.npy cannot be read")

    monkeypatch.setattr(embedded, "fingerprint", fingerprint)
    assert "embedded: DAMAGED (kept_ids.npy cannot be read)" in lines()


def test_a_missing_extra_is_got_from_the_checkout_and_from_nobody_else(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == "gradio" else object())
    told = lines()
    assert "extra serve: missing gradio (pip install '.[serve]' in the checkout)" in told
    assert f"extra eval: ok (sacrebleu {metadata.version('sacrebleu')}, " in "\n".join(told)
    assert not any("pip install 'khulasa" in line or "pip install khulasa" in line for line in told)
