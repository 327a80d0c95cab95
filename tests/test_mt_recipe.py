"""The whole life of a model of the hub: pulled, broken off, gone on with, converted, used offline, damaged, removed."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hub_server import Hub, in_place_of_the_hub, serving, sha256
from tiny_models import build_repository

from mt import hub, store
from mt.document import DecodingOptions, Hypothesis, Source
from mt.engine import Placement, load_engine
from mt.errors import BackendUnavailable, ConfigError, DecodingError, ModelCorrupt, ModelError, ModelNotFound
from mt.hf import TransformersEngine
from mt.recipe import AS_STORED, RECIPE, Recipe
from mt.registry import Example, HubSource, ModelSpec, Registry, load_registry

ROOT = Path(__file__).resolve().parents[1]
REGISTRY = load_registry(ROOT / "models.yaml")
SENTENCE = "أعلنت الحكومة اليوم خطة جديدة"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cache: Path) -> Iterator[Hub]:
    with serving() as running:
        in_place_of_the_hub(running, monkeypatch, tmp_path)
        yield running


@pytest.fixture
def quickmt(server: Hub, tiny_marian: Path) -> ModelSpec:
    """A ready CTranslate2 repository as quickmt lays it out."""
    renamed = {"source.spm": "src.spm.model", "target.spm": "tgt.spm.model"}
    files = {renamed.get(path.name, path.name): path.read_bytes() for path in tiny_marian.iterdir()}
    clutter = {"README.md": b"# quickmt", "eole-config.yaml": b"a: b", "eole-model/config.json": b"{}",
               "eole-model/model.00.safetensors": b"training", ".ipynb_checkpoints/README.md": b"# stray"}  # fmt: skip
    spec = REGISTRY.spec("quickmt-ar-en")
    assert spec.source is not None
    server.add(spec.source.repo, {**files, **clutter})
    return spec


@pytest.fixture
def marian(server: Hub, tiny_marian_transformers: Path) -> ModelSpec:
    """A Marian repository for transformers."""
    spec = REGISTRY.spec("opus-mt-ar-en")
    assert spec.source is not None
    server.add(spec.source.repo, tiny_marian_transformers)
    return spec


def facts(model: store.StoredModel) -> dict[str, object]:
    loaded: dict[str, object] = json.loads((model.path / "manifest.json").read_text(encoding="utf-8"))
    return loaded


def answer(spec: ModelSpec, name: str = "auto", compute_type: str = "default") -> str:
    """What the model on disk makes of a sentence."""
    task = spec.tasks[0]
    engine = load_engine(name, task, Registry((spec,), {task: (spec.name,)}, Path("models.yaml")),
                         Placement("cpu", compute_type, 1))  # fmt: skip
    options = DecodingOptions(beam_size=2, min_decoding_length=3, max_decoding_length=20)
    source = Source(SENTENCE if task == "translate" else "The government announced a new plan for schools today.")
    ((_, hypotheses),) = engine.generate([source], options)
    return hypotheses[0].text


def left(cache: Path) -> list[str]:
    """What is in the cache besides whole models, and locks."""
    return sorted(path.name for path in cache.glob("*/*/*") if path.suffix == store.PART or "downloads" in path.parts)


# --- from the first byte to the last

OTHERS = {"README.md": b"# A card", ".gitattributes": b"* lfs", "modeling_own.py": b"raise SystemExit",
          "tf_model.h5": b"1", "flax_model.msgpack": b"2", "rust_model.ot": b"3", "onnx/model.onnx": b"4"}  # fmt: skip
LIVES = {  # model → its small repository, and the file that is cut
    "opus-mt-ar-en": ("marian", "pytorch_model.bin"),
    "m2m100_418M": ("m2m100", "pytorch_model.bin"),
    "nllb-200-distilled-600M": ("nllb", "pytorch_model.bin"),
    "bart-large-cnn": ("bart", "model.safetensors"),
    "pegasus-xsum": ("pegasus", "pytorch_model.bin"),
    "flan-t5-base": ("flan", "model.safetensors"),
    "mT5_multilingual_XLSum": ("mt5", "pytorch_model.bin"),
    "quickmt-ar-en": (None, "model.bin"),
}


@pytest.mark.parametrize("name", LIVES)
def test_the_life_of_a_model(
    name: str, server: Hub, quickmt: ModelSpec, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built, weights = LIVES[name]
    converted = "-int8" if built else ""
    spec = REGISTRY.spec(name)
    assert spec.source is not None
    if built:
        server.add(spec.source.repo, build_repository(built, tmp_path / built))
        server.repositories[spec.source.repo].files.update(OTHERS)
    repository = server.repositories[spec.source.repo]
    # cut halfway, and the process gives up
    server.cuts[weights] = [hub.CHUNK]
    with monkeypatch.context() as patch:
        patch.setattr(hub, "SETBACKS", -1)
        with pytest.raises(ModelError, match="it goes on where it stopped"):
            store.pull(spec)
    assert (store.find(spec), store.waiting(spec) > hub.CHUNK) == (None, True)
    # resumed: only the rest is asked for
    assert server.downloaded().isdisjoint(OTHERS)
    server.requests.clear()
    told: list[tuple[str, float]] = []
    pulled = store.pull(spec, report=lambda what, share: told.append((what, share)))
    assert server.asked(weights) == [f"bytes={hub.CHUNK}-"]
    assert told[-1] == ("done", 1.0)
    assert [share for _, share in told] == sorted(share for _, share in told)
    assert (pulled.version, store.waiting(spec), left(cache)) == (f"{repository.commit[:12]}{converted}", 0, [])
    # the server is switched off
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert store.find(spec) == pulled
    assert answer(spec)
    store.verify(pulled)
    # one byte flipped
    content = bytearray((pulled.path / "model.bin").read_bytes())
    content[len(content) // 2] ^= 1
    (pulled.path / "model.bin").write_bytes(content)
    with pytest.raises(ModelCorrupt, match=rf"'model\.bin' differs from its checksum.*`khulasa models pull {name}`"):
        store.verify(pulled)
    # and away
    store.remove(spec)
    assert {path.name for path in cache.rglob("*")} == {"models", f"{name}.lock"}
    with pytest.raises(ModelNotFound, match=f"`khulasa models pull {name}`"):
        store.ensure(spec)


def test_a_ready_model_is_taken_as_it_is(quickmt: ModelSpec, tiny_marian: Path) -> None:
    pulled = store.pull(quickmt)
    assert {path.name for path in pulled.path.iterdir()} == {
        "config.json", "manifest.json", "model.bin", "shared_vocabulary.json", "src.spm.model", "tgt.spm.model"
    }  # fmt: skip
    assert (pulled.path / "model.bin").read_bytes() == (tiny_marian / "model.bin").read_bytes()
    assert answer(quickmt, compute_type="float32") == answer(quickmt, str(tiny_marian)) != ""


def test_the_manifest_says_where_it_comes_from(server: Hub, quickmt: ModelSpec) -> None:
    assert quickmt.source is not None
    pulled = store.pull(quickmt)
    manifest = facts(pulled)
    versions = manifest.pop("versions")
    assert isinstance(versions, dict)
    assert set(versions) == {"ctranslate2", "torch", "transformers"}
    files = manifest.pop("files")
    assert isinstance(files, dict)
    weights = server.repositories[quickmt.source.repo].files["model.bin"]
    assert files["model.bin"] == {"size": len(weights), "sha256": sha256(weights)}
    assert str(manifest.pop("written")).endswith("Z")
    assert manifest.pop("khulasa")
    assert manifest == {
        "model": "quickmt-ar-en", "backend": "ct2", "compute_type": AS_STORED, "source": "quickmt/quickmt-ar-en",
        "revision": "main", "commit": server.repositories[quickmt.source.repo].commit, "weights": "CTranslate2",
        "licence": "CC-BY-4.0", "commercial": True, "recipe": RECIPE,
    }  # fmt: skip


def test_a_transformers_model_is_converted_and_translates(server: Hub, marian: ModelSpec, cache: Path) -> None:
    pulled = store.pull(marian)
    assert [facts(pulled)[name] for name in ("backend", "compute_type", "weights")] == ["ct2", "int8", "safetensors"]
    assert (pulled.path / "model.bin").is_file()
    assert left(cache) == []
    assert store.find(marian) == pulled
    assert answer(marian) != ""


def test_another_arithmetic_replaces_the_model_and_the_same_does_nothing(
    server: Hub, marian: ModelSpec, cache: Path
) -> None:
    small = store.pull(marian)
    size = (small.path / "model.bin").stat().st_size
    server.requests.clear()
    assert store.pull(marian, compute_type="int8") == small
    assert server.downloaded() == set()
    large = store.pull(marian, compute_type="float32")
    assert (small.version, large.version) == (f"{large.version[:12]}-int8", f"{small.version[:12]}-float32")
    assert not small.path.exists()
    assert (large.path / "model.bin").stat().st_size > 1.5 * size
    assert facts(large)["compute_type"] == "float32"
    assert left(cache) == []


def test_a_model_kept_for_transformers_is_known_as_such(server: Hub, marian: ModelSpec) -> None:
    store.pull(marian)
    kept = store.pull(marian, backend="hf")
    assert kept.spec == replace(marian, backend="hf")
    found = store.find(marian)
    assert found == kept
    assert (kept.path / "model.safetensors").is_file()
    assert not (kept.path / "model.bin").exists()
    assert facts(kept)["compute_type"] == AS_STORED
    ((_, hypotheses),) = TransformersEngine(kept, Placement()).generate([Source(SENTENCE)], DecodingOptions())
    assert hypotheses[0].text != ""


def test_a_newer_commit_takes_the_place_of_the_older(server: Hub, quickmt: ModelSpec) -> None:
    assert quickmt.source is not None
    older = store.pull(quickmt)
    repository = server.repositories[quickmt.source.repo]
    changed = b'{"add_source_eos": false, "add_source_bos": false}'
    server.add(quickmt.source.repo, {**repository.files, "config.json": changed})
    newer = store.pull(quickmt)
    assert newer.version != older.version
    assert store.stored(quickmt) == [newer]
    # a newer one that fails leaves the older
    server.add(quickmt.source.repo, {**repository.files, "config.json": b"3"})
    server.served["config.json"] = b"4"
    with pytest.raises(ModelCorrupt, match=r"config\.json of quickmt/quickmt-ar-en came with other bytes"):
        store.pull(quickmt)
    assert store.find(quickmt) == newer


def test_a_damaged_model_is_pulled_again(server: Hub, quickmt: ModelSpec) -> None:
    pulled = store.pull(quickmt)
    content = (pulled.path / "model.bin").read_bytes()
    (pulled.path / "model.bin").write_bytes(content[::-1])
    assert store.pull(quickmt) == pulled
    store.verify(pulled)


def test_two_pulls_at_a_time_do_the_work_once(server: Hub, quickmt: ModelSpec) -> None:
    told: list[str] = []
    first_byte, go_on = threading.Event(), threading.Event()

    def slow(what: str, share: float) -> None:
        first_byte.set()
        go_on.wait(10)

    def second(what: str, share: float) -> None:
        told.append(what)
        go_on.set()

    pulls = [threading.Thread(target=store.pull, args=(quickmt, None, None, report)) for report in (slow, second)]
    pulls[0].start()
    assert first_byte.wait(10)
    pulls[1].start()
    for thread in pulls:
        thread.join(20)
    assert told == ["waiting for another process that writes quickmt-ar-en",
                    "nothing to do: it is on disk as its repository has it now"]  # fmt: skip
    assert server.asked("model.bin") == [None]
    assert store.find(quickmt) is not None


KILLED = """
import os, signal
from mt import hub, store
from mt.registry import load_registry

told = []

def report(what, share):
    told.append(what)
    if len([what for what in told if "model.bin" in what]) == 2:
        os.kill(os.getpid(), signal.SIGKILL)

store.pull(load_registry().spec("quickmt-ar-en"), report=report)
"""


def test_a_killed_pull_is_gone_on_with(server: Hub, quickmt: ModelSpec, cache: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path / "hf"), "PYTHONPATH": str(ROOT)}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED], env=environment, capture_output=True, text=True, check=False
    )
    assert killed.returncode == -9, killed.stderr
    assert not (tmp_path / "hf").exists()
    assert store.find(quickmt) is None
    assert store.waiting(quickmt) > 0
    server.requests.clear()
    store.verify(store.pull(quickmt))
    assert server.asked("model.bin") == [f"bytes={2 * hub.CHUNK}-"]
    assert left(cache) == []


# --- what fails leaves nothing


class Answers:
    """Stands in for an engine."""

    def __init__(self, answer: str | DecodingError) -> None:
        self.answer = answer

    def generate(self, sources: list[Source], options: DecodingOptions) -> Iterator[tuple[int, tuple[Hypothesis, ...]]]:
        if isinstance(self.answer, DecodingError):
            raise self.answer
        yield 0, (Hypothesis(self.answer),)


EXAMPLE = Example("يا!دعونا نتعلم معا", "Hey! Let's learn together")


@pytest.mark.parametrize("answer", ["Hey! Let's learn together", "hey let s  LEARN, together.", "Let's study together"])
def test_a_model_that_knows_its_example_is_taken(
    answer: str, quickmt: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mt.ct2.CTranslate2Engine", lambda model, placement: Answers(answer))
    spec = replace(quickmt, example=EXAMPLE)
    assert store.find(spec) is None
    assert store.pull(spec) == store.find(spec)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("the the the the", r"says 'the the the the' for '.*'; expected \"Hey! Let's learn together\"\. Its"),
        ("", r"says '' for"),
        (DecodingError("no memory"), "cannot translate its example: no memory"),
    ],
    ids=["nonsense", "silence", "error"],
)  # fmt: skip
def test_a_model_that_does_not_know_its_example_is_refused_and_nothing_is_left(
    answer: str | DecodingError, message: str, quickmt: ModelSpec, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mt.ct2.CTranslate2Engine", lambda model, placement: Answers(answer))
    with pytest.raises(ModelCorrupt, match=message):
        store.pull(replace(quickmt, example=EXAMPLE))
    assert left(cache) == []
    assert store.stored(quickmt) == []
    assert store.waiting(quickmt) == 0


def test_a_real_model_with_random_weights_does_not_know_the_example(quickmt: ModelSpec, cache: Path) -> None:
    with pytest.raises(ModelCorrupt, match="Its files do not fit together"):
        store.pull(replace(quickmt, example=EXAMPLE))


def test_a_repository_that_cannot_be_converted_leaves_nothing(server: Hub, marian: ModelSpec, cache: Path) -> None:
    assert marian.source is not None
    files = server.repositories[marian.source.repo].files
    server.add(marian.source.repo, {**files, "model.safetensors": b"no tensors"})
    with pytest.raises(ModelCorrupt):
        store.pull(marian)
    assert (left(cache), store.waiting(marian), store.stored(marian)) == ([], 0, [])


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
            r"cannot write the model to .*No space left on device\.",
        ),
        (ModelError("it does not fit into the memory"), "does not fit into the memory"),
    ],
)
def test_what_the_machine_lacks_for_a_conversion_leaves_the_download_alone(
    failure: Exception, message: str, server: Hub, marian: ModelSpec, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(directory: Path, target: Path, spec: ModelSpec, compute_type: str) -> None:
        (target / "model.bin").write_bytes(b"half")
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr("mt.convert.convert", fail)
        with pytest.raises(ModelError, match=message):
            store.pull(marian)
    assert store.stored(marian) == []
    assert list(cache.glob("models/*/*")) == []
    server.requests.clear()
    store.pull(marian)
    assert (server.downloaded(), left(cache)) == (set(), [])


def test_a_model_of_an_older_recipe_is_made_anew(
    server: Hub, quickmt: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("mt.recipe.RECIPE", "0")
        store.pull(quickmt)
    pulled = store.pull(quickmt)
    assert facts(pulled)["recipe"] == RECIPE
    assert store.stored(quickmt) == [pulled]


def test_an_interrupted_conversion_keeps_the_download(
    server: Hub, marian: ModelSpec, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mt.convert.convert", interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.pull(marian)
    server.requests.clear()
    store.pull(marian)
    assert server.downloaded() == set()
    assert left(cache) == []


# --- settings that a model cannot have


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("quickmt-ar-en", {"compute_type": "float16"}, "is a CTranslate2 model and taken as it is"),
        ("quickmt-ar-en", {"backend": "hf"}, "is a CTranslate2 model and taken as it is"),
        ("opus-mt-ar-en", {"compute_type": "int4"}, "--compute-type int4: expected one of int8, "),
        ("opus-mt-ar-en", {"backend": "ort"}, "cannot be had for the backend 'ort'; expected ct2 or hf"),
        ("opus-mt-ar-en", {"backend": "hf", "compute_type": "int8"}, "kept for transformers in the type of its"),
        ("embedded", {"backend": "ct2"}, "is built here, in one form: leave --compute-type and --backend out"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_had(name: str, settings: dict[str, str], message: str, cache: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        store.pull(REGISTRY.spec(name), **settings)  # type: ignore[arg-type]
    assert not cache.exists()


def test_a_missing_library_is_told_before_a_download(
    server: Hub, marian: ModelSpec, quickmt: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(BackendUnavailable, match=r"opus-mt-ar-en is read by .*torch.*: pip install '\.\[hub\]'"):
        store.pull(marian)
    assert server.downloaded() == set()
    store.pull(quickmt)


def test_pulling_the_built_in_model_builds_it(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = REGISTRY.spec("embedded")
    monkeypatch.setattr("mt.store.ensure", lambda spec, report: store.StoredModel(spec, cache, "built"))
    assert store.pull(spec).version == "built"


def test_every_model_of_the_list_can_be_pulled_in_its_own_way() -> None:
    for spec in REGISTRY:
        if spec.source:
            assert isinstance(spec.source, HubSource)
            recipe = Recipe.of(spec, None, None)
            assert (recipe.spec, recipe.compute_type) == (spec, AS_STORED if recipe.takes_it_as_it_is else "int8")
