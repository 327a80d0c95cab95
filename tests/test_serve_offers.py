"""What people who use a server may choose."""

from __future__ import annotations

from pathlib import Path

import pytest

from mt.errors import ModelNotFound, UnknownModel
from mt.manifest import seal
from mt.registry import load_registry
from serve.offers import chosen, offers

REGISTRY = load_registry()


def install(cache: Path, name: str) -> int:
    """Put a model on disk, as far as anyone looks before it is loaded; its bytes."""
    home = cache / "models" / name / "1"
    home.mkdir(parents=True)
    (home / "model.bin").write_bytes(b"12345")
    seal(home, {"model": name, "written": "2026-01-01"})
    return sum(path.stat().st_size for path in home.iterdir())


def test_on_a_fresh_machine_the_built_in_model_is_the_one_to_choose(cache: Path) -> None:
    found = offers(REGISTRY, "translate")
    assert [offer.name for offer in found if offer.installed] == ["embedded"]
    assert [offer.name for offer in found if offer.default] == ["embedded"]
    assert [offer.name for offer in found] == [spec.name for spec in REGISTRY if "translate" in spec.tasks]
    embedded = found[0]
    assert (embedded.quality, embedded.commercial, embedded.size) == ("draft", True, None)
    assert embedded.label == "embedded (Gemma Terms of Use, draft)"


def test_a_model_on_disk_is_offered_with_its_size(cache: Path) -> None:
    size = install(cache, "opus-mt-ar-en")
    found = {offer.name: offer for offer in offers(REGISTRY, "translate")}
    assert (found["opus-mt-ar-en"].installed, found["opus-mt-ar-en"].size) == (True, size)
    assert [offer.name for offer in found.values() if offer.default] == ["opus-mt-ar-en"]
    assert "CC-BY-NC-4.0, non-commercial" in found["nllb-200-distilled-600M"].label
    assert not found["nllb-200-distilled-600M"].installed


def test_summarizers_that_are_code_come_first(cache: Path) -> None:
    found = offers(REGISTRY, "summarize")
    assert [offer.name for offer in found[:2]] == ["lexrank", "lead"]
    assert [offer.name for offer in found if offer.installed] == ["lexrank", "lead"]
    assert [offer.name for offer in found if offer.default] == ["lexrank"]
    install(cache, "bart-large-cnn")
    assert [offer.name for offer in offers(REGISTRY, "summarize") if offer.default] == ["bart-large-cnn"]


def test_names_and_aliases_are_chosen_in_any_case(cache: Path) -> None:
    install(cache, "opus-mt-tc-big-ar-en")
    assert chosen("auto", "translate", REGISTRY) == "auto"
    assert chosen("built-in", "translate", REGISTRY) == "embedded"
    assert chosen("TC-Big", "translate", REGISTRY) == "opus-mt-tc-big-ar-en"
    assert chosen("lead", "summarize", REGISTRY) == "lead"


def test_a_stranger_names_no_directory(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    for path in ("mine", str(tmp_path / "mine"), ".", "/", "", "~", "mine\0"):
        with pytest.raises(UnknownModel, match=r"no model is called .*; for this, there are here: auto, embedded$"):
            chosen(path, "translate", REGISTRY)


def test_no_path_of_the_machine_is_told(cache: Path) -> None:
    for name in ("nothing", "opus-mt-ar-en", "bart"):
        with pytest.raises((UnknownModel, ModelNotFound)) as raised:
            chosen(name, "translate", REGISTRY)
        assert str(REGISTRY.path.parent) not in str(raised.value)
        assert str(cache) not in str(raised.value)


def test_what_is_not_on_disk_is_not_fetched(cache: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"opus-mt-ar-en is not on this server; .*`khulasa models pull opus-mt-ar"):
        chosen("opus-mt-ar-en", "translate", REGISTRY)
    assert not (cache / "downloads").exists()


def test_a_model_for_another_task_is_none(cache: Path) -> None:
    with pytest.raises(UnknownModel, match=r"bart-large-cnn cannot translate; for this, there are here: auto, emb"):
        chosen("bart", "translate", REGISTRY)
    with pytest.raises(UnknownModel, match="embedded cannot summarize; for this, there are here: auto, lexrank, lead"):
        chosen("embedded", "summarize", REGISTRY)
    with pytest.raises(UnknownModel, match="no model is called 'lead'"):
        chosen("lead", "translate", REGISTRY)
