"""The store with a tiny builder in place of the real one; the locks, the files and the deaths are real."""

import errno
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mt import embedded, store
from mt.errors import ConfigError, ModelCorrupt, ModelError, ModelNotFound
from mt.registry import load_registry

ROOT = Path(__file__).resolve().parents[1]
REGISTRY = load_registry(ROOT / "models.yaml")
SPEC = REGISTRY.spec("embedded")
VERSION = "0a1b2c3d"
WEIGHTS = bytes(range(256)) * 40

# A process that builds with the tiny builder; the statement in its first argument changes something beforehand.
PROCESS = f"""
import os, resource, signal, sys
from pathlib import Path
from mt import embedded, store
from mt.errors import ModelError
from mt.registry import load_registry

def die(*ignored):
    os.kill(os.getpid(), signal.SIGKILL)

def build(directory, report):
    with (directory / "model.bin").open("wb") as file:
        file.write({WEIGHTS!r})
    (directory / "config.json").write_text("{{}}")

def die_halfway(directory, report):
    with (directory / "model.bin").open("wb") as file:
        file.write({WEIGHTS[:5000]!r})
        file.flush()
        die()

def build_slowly(directory, report):
    print("building", flush=True)
    sys.stdin.readline()
    build(directory, report)

embedded.fingerprint = lambda: {VERSION!r}
embedded.build = build
exec(sys.argv[1])
print("asking", flush=True)
try:
    print(store.ensure(load_registry().spec("embedded")).path)
except ModelError as error:
    sys.exit(str(error))
"""
DEATHS = {
    "before the first file": "embedded.build = die",
    "halfway through model.bin": "embedded.build = die_halfway",
    "before the manifest": "store.manifest.seal = die",
    "before the rename": "Path.rename = die",
    "holding the lock": "store._write = die",
}


def start(cache: Path, change: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, change],
        env={**os.environ, "KHULASA_CACHE": str(cache), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


class Builder:
    """Stands in for mt.embedded: counts, and writes two small files."""

    def __init__(self) -> None:
        self.calls, self.version = 0, VERSION

    def build(self, directory: Path, report: store.Report) -> None:
        self.calls += 1
        report("done", 1.0)
        (directory / "model.bin").write_bytes(WEIGHTS)
        (directory / "config.json").write_text("{}")


@pytest.fixture
def home(cache: Path) -> Path:
    """The directory of the model to be."""
    return cache / "models" / "embedded" / VERSION


@pytest.fixture
def builder(home: Path, monkeypatch: pytest.MonkeyPatch) -> Builder:
    builder = Builder()
    monkeypatch.setattr(embedded, "build", builder.build)
    monkeypatch.setattr(embedded, "fingerprint", lambda: builder.version)
    return builder


def fail(error: BaseException) -> Callable[[Path, store.Report], None]:
    def build(directory: Path, report: store.Report) -> None:
        (directory / "model.bin").write_bytes(WEIGHTS[:100])
        raise error

    return build


def directories(home: Path) -> list[str]:
    return sorted(path.name for path in home.parent.iterdir() if path.is_dir())


# --- building


def test_the_model_is_built_once_and_found_again(builder: Builder, home: Path) -> None:
    told: list[tuple[str, float]] = []
    assert store.find(SPEC) is None
    first = store.ensure(SPEC, lambda what, share: told.append((what, share)))
    assert first == store.StoredModel(SPEC, home, VERSION)
    assert store.ensure(SPEC) == store.find(SPEC) == first
    assert builder.calls == 1
    assert told == [("done", 1.0)]
    assert directories(home) == [VERSION]
    store.verify(first)


def test_the_manifest_lists_every_file_with_size_and_checksum(builder: Builder, home: Path) -> None:
    model = store.ensure(SPEC)
    manifest = json.loads((home / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["model"] == "embedded"
    assert manifest["licence"] == SPEC.licence
    assert manifest["files"] == {
        "config.json": {"size": 2, "sha256": hashlib.sha256(b"{}").hexdigest()},
        "model.bin": {"size": len(WEIGHTS), "sha256": hashlib.sha256(WEIGHTS).hexdigest()},
    }
    assert model.size == sum(path.stat().st_size for path in home.iterdir())


def test_another_fingerprint_is_another_model_in_the_place_of_the_old_one(builder: Builder, home: Path) -> None:
    store.ensure(SPEC)
    builder.version = "99999999"
    assert store.find(SPEC) is None
    assert store.ensure(SPEC).path == home.with_name("99999999")
    assert builder.calls == 2
    assert directories(home) == ["99999999"]


def test_what_older_versions_left_is_deleted_and_nothing_else(builder: Builder, home: Path) -> None:
    store.ensure(SPEC)
    os.truncate(home / "model.bin", 1000)
    for name in ("11111111.part", "notes"):
        home.with_name(name).mkdir()
    home.with_name("22222222").symlink_to("notes")  # no file can be deleted through it, and that fails nothing
    (home.with_name("notes") / "manifest").write_text("somebody's own")
    builder.version = "99999999"
    assert store.ensure(SPEC).path == home.with_name("99999999")
    assert directories(home) == ["22222222", "99999999", "notes"]
    assert [path.name for path in home.with_name("notes").iterdir()] == ["manifest"]


def test_a_model_that_is_there_already_deletes_nothing(builder: Builder, home: Path) -> None:
    store.ensure(SPEC)
    home.with_name("11111111.part").mkdir()
    store.ensure(SPEC)
    assert directories(home) == [VERSION, "11111111.part"]


def test_an_old_version_that_cannot_be_deleted_fails_no_build(
    builder: Builder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.ensure(SPEC)
    builder.version = "99999999"
    delete = shutil.rmtree
    monkeypatch.setattr(
        "mt.store.shutil.rmtree", lambda path, ignore_errors: path == home or delete(path, ignore_errors)
    )
    assert store.ensure(SPEC).path == home.with_name("99999999")
    assert directories(home) == [VERSION, "99999999"]


def test_a_second_process_waits_for_the_lock_and_does_not_build(builder: Builder, home: Path) -> None:
    cache = home.parents[2]
    with start(cache, "embedded.build = build_slowly") as first:
        assert first.stdin is not None
        assert first.stdout is not None
        assert [first.stdout.readline() for _ in range(2)] == ["asking\n", "building\n"]
        # it sees no model before it has the lock, and would die if it built
        with start(cache, "store.find = lambda spec: None; embedded.build = die") as second:
            assert second.stdout is not None
            assert second.stdout.readline() == "asking\n"
            assert second.poll() is None
            first.stdin.write("go on\n")
            first.stdin.flush()
            assert [process.stdout and process.stdout.read() for process in (first, second)] == [f"{home}\n"] * 2
    assert (first.returncode, second.returncode) == (0, 0)
    assert store.ensure(SPEC).path == home
    assert builder.calls == 0


# --- dying, failing


@pytest.mark.parametrize("moment", DEATHS)
def test_a_killed_builder_leaves_a_cache_that_the_next_start_repairs(moment: str, builder: Builder, home: Path) -> None:
    with start(home.parents[2], DEATHS[moment]) as process:
        _, complaint = process.communicate()
    assert process.returncode == -signal.SIGKILL, complaint
    assert store.find(SPEC) is None
    store.verify(store.ensure(SPEC))
    assert builder.calls == 1
    assert (home / "model.bin").read_bytes() == WEIGHTS
    assert directories(home) == [VERSION]


@pytest.mark.parametrize("error", [ModelNotFound("no base"), MemoryError(), KeyboardInterrupt()], ids=repr)
def test_a_builder_that_raises_leaves_nothing(
    error: BaseException, builder: Builder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "build", fail(error))
    with pytest.raises(type(error)) as raised:
        store.ensure(SPEC)
    assert raised.value is error
    assert directories(home) == []
    monkeypatch.setattr(embedded, "build", builder.build)
    assert store.ensure(SPEC).path == home  # the lock was given back


def test_a_full_disk_is_told_with_the_next_step(builder: Builder, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "build", fail(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(ModelError, match=r"cannot write the model.*No space left.*Free some space.*KHULASA_CACHE"):
        store.ensure(SPEC)
    assert directories(home) == []


def test_the_systems_own_refusal_to_write_is_told_the_same_way(home: Path) -> None:
    limit = len(WEIGHTS) // 2
    with start(home.parents[2], f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))") as process:
        _, complaint = process.communicate()
    assert process.returncode == 1
    assert complaint == (f"cannot write the model to {home}: {os.strerror(errno.EFBIG)}. Free some space and run "
                         f"the command again, or set KHULASA_CACHE to a folder that can be written.\n")  # fmt: skip
    assert directories(home) == []


def test_a_cache_that_cannot_be_written_is_told_with_the_next_step(
    builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("KHULASA_CACHE", str(tmp_path / "file" / "cache"))
    assert store.find(SPEC) is None
    with pytest.raises(ModelError, match=r"cannot write to the cache directory .*file/cache.*Set KHULASA_CACHE"):
        store.ensure(SPEC)
    assert builder.calls == 0


def test_a_home_that_nobody_has_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHULASA_CACHE", "~nobody-is-called-this/cache")
    with pytest.raises(ConfigError, match=r"KHULASA_CACHE=~nobody-is-called-this/cache.*absolute path"):
        store.cache_directory()


def test_the_cache_is_the_users_own_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KHULASA_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert store.cache_directory().name == "khulasa"
    monkeypatch.setenv("KHULASA_CACHE", "~/elsewhere")
    assert store.cache_directory() == Path.home() / "elsewhere"


# --- damage


def test_a_truncated_file_is_noticed_at_the_next_start_and_built_again(builder: Builder, home: Path) -> None:
    store.ensure(SPEC)
    os.truncate(home / "model.bin", 1000)
    assert store.find(SPEC) is None
    assert store.ensure(SPEC).path == home
    assert builder.calls == 2
    assert (home / "model.bin").read_bytes() == WEIGHTS


def test_a_missing_file_is_noticed_at_the_next_start(builder: Builder, home: Path) -> None:
    model = store.ensure(SPEC)
    (home / "config.json").unlink()
    with pytest.raises(ModelCorrupt, match=r"'config\.json' is missing"):
        store.verify(model)
    assert store.find(SPEC) is None


def test_one_flipped_bit_is_found_by_verify(builder: Builder, home: Path) -> None:
    model = store.ensure(SPEC)
    damaged = bytearray(WEIGHTS)
    damaged[5000] ^= 1
    (home / "model.bin").write_bytes(damaged)
    assert store.find(SPEC) == model  # a start does not hash
    with pytest.raises(
        ModelCorrupt, match=rf"{re.escape(str(home))}: 'model\.bin' differs from its checksum\. Delete "
    ):
        store.verify(model)


def test_a_file_that_the_disk_refuses_to_read_is_corrupt(
    builder: Builder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> str:
        raise OSError(errno.EIO, "Input/output error")

    model = store.ensure(SPEC)
    monkeypatch.setattr("mt.manifest._sha256", refuse)
    with pytest.raises(ModelCorrupt, match=r"'config\.json' cannot be read: Input/output error"):
        store.verify(model)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda home: os.truncate(home / "model.bin", 1000), r"'model\.bin' differs from its checksum"),
        (lambda home: (home / "model.bin").unlink(), r"'model\.bin' is missing"),
        (lambda home: (home / "manifest.json").unlink(), r"manifest\.json is no list of a model's files"),
    ],
)
def test_a_damaged_model_is_stored_though_not_found(
    damage: Callable[[Path], None], message: str, builder: Builder, home: Path
) -> None:
    assert store.stored(SPEC) == []
    model = store.ensure(SPEC)
    damage(home)
    home.with_name("88888888").mkdir()  # of another version
    assert store.find(SPEC) is None
    assert store.stored(SPEC) == [model]
    with pytest.raises(ModelCorrupt, match=message):
        store.verify(model)


def test_a_place_that_cannot_be_looked_into_holds_nothing(
    builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KHULASA_CACHE", str(tmp_path / ("x" * 300)))
    assert store.stored(SPEC) == store.stored(HUB) == []
    with pytest.raises(ModelError, match="cannot write to the cache directory"):
        store.ensure(SPEC)


# --- manifests that `seal` never wrote

SECRET = b"not yours"
ENTRY = {"size": len(SECRET), "sha256": hashlib.sha256(SECRET).hexdigest()}
DIRECTORY = {"size": 4096, "sha256": ""}
HOSTILE = {
    "empty": b"",
    "not JSON": b"{",
    "not UTF-8": b"\xff\xfe{}",
    "not a mapping": b"[]",
    "null": b"null",
    "no files": b'{"files": {}}',
    "files in a list": b'{"files": ["model.bin"]}',
    "a file that is a number": b'{"files": {"model.bin": 3}}',
    "a file without checksum": b'{"files": {"model.bin": {"size": 10240}}}',
    "nested without end": b"[" * 200_000,
    "a number without end": b'{"files": ' + b"9" * 5000 + b"}",
    "half a surrogate": b'{"files": {"\\ud800": {"size": 1, "sha256": ""}}}',
    "a null byte": b'{"files": {"a\\u0000b": {"size": 1, "sha256": ""}}}',
    "upwards": json.dumps({"files": {"../../../../secret": ENTRY}}).encode(),
    "itself": json.dumps({"files": {"": DIRECTORY, ".": DIRECTORY, "..": DIRECTORY}}).encode(),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_manifest_is_never_whole_and_leads_nowhere(content: bytes, builder: Builder, home: Path) -> None:
    home.mkdir(parents=True)
    (home.parents[3] / "secret").write_bytes(SECRET)
    (home / "model.bin").write_bytes(WEIGHTS)
    (home / "manifest.json").write_bytes(content)
    assert store.find(SPEC) is None
    with pytest.raises(ModelCorrupt, match=f"Delete {re.escape(str(home))}"):
        store.verify(store.StoredModel(SPEC, home, VERSION))
    store.verify(store.ensure(SPEC))
    assert builder.calls == 1


def test_an_absolute_name_in_a_manifest_leads_nowhere(builder: Builder, home: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(SECRET)
    home.mkdir(parents=True)
    (home / "manifest.json").write_text(json.dumps({"files": {str(secret): ENTRY}}))
    assert store.find(SPEC) is None
    with pytest.raises(ModelCorrupt, match="is missing"):
        store.verify(store.StoredModel(SPEC, home, VERSION))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["files", "size", "sha256", "model.bin", "..", ""]), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON | st.builds(lambda files: {"files": files}, JSON))
def test_no_manifest_makes_the_store_crash(tmp_path: Path, value: object) -> None:
    (tmp_path / "model.bin").write_bytes(WEIGHTS)
    (tmp_path / "manifest.json").write_text(json.dumps(value))
    with pytest.raises(ModelCorrupt):
        store.verify(store.StoredModel(SPEC, tmp_path, VERSION))


# --- models of the hub

HUB = next(spec for spec in REGISTRY if spec.source is not None)


def test_a_model_that_is_not_on_disk_is_not_found_and_the_message_says_the_command(home: Path) -> None:
    with pytest.raises(ModelNotFound) as raised:
        store.ensure(HUB)
    assert str(raised.value) == (
        f"{HUB.name} is not on disk ({home.parents[1]}): get it with `khulasa models pull {HUB.name}`"
    )


def put(home: Path, written: str, **facts: str) -> None:
    """A model on disk, as a pull leaves it."""
    home.mkdir(parents=True)
    (home / "model.bin").write_bytes(WEIGHTS)
    (home / "manifest.json").write_text(json.dumps({"files": {"model.bin": FILE}, "written": written, **facts}))


FILE = {"size": len(WEIGHTS), "sha256": hashlib.sha256(WEIGHTS).hexdigest()}


def test_the_latest_whole_version_of_a_hub_model_is_found(home: Path) -> None:
    versions = home.parents[1] / HUB.name
    for day, name in enumerate(("2", "1", "3.part", "4"), 1):  # 3 was killed between its manifest and its rename
        put(versions / name, f"2025-01-0{day}T00:00:00Z")
    (versions / "4" / "model.bin").unlink()
    assert [model.version for model in store.stored(HUB)] == ["1", "2", "4"]
    assert store.find(HUB) == store.ensure(HUB) == store.StoredModel(HUB, versions / "1", "1")


@pytest.mark.parametrize(("written", "found"), [("hf", "hf"), ("ct2", "ct2"), ("rm -rf", "ct2"), (None, "ct2")])
def test_a_stored_model_is_for_the_backend_it_was_made_for(written: str, found: str, home: Path) -> None:
    assert HUB.backend == "ct2"
    put(home.parents[1] / HUB.name / "1", "2025", backend=written)
    assert [model.spec.backend for model in (store.ensure(HUB), *store.stored(HUB))] == [found, found]


def test_verify_of_a_damaged_hub_model_says_to_pull_it_again(home: Path) -> None:
    put(home.parents[1] / HUB.name / "1", "2025")
    (home.parents[1] / HUB.name / "1" / "model.bin").write_bytes(WEIGHTS[::-1])
    (model,) = store.stored(HUB)
    with pytest.raises(
        ModelCorrupt, match=rf"'model\.bin' differs .*Get it again with `khulasa models pull {HUB.name}`"
    ):
        store.verify(model)


# --- deleting


def test_a_removed_model_leaves_nothing_and_the_bytes_are_told(home: Path, cache: Path) -> None:
    put(home.parents[1] / HUB.name / "1", "2025")
    waiting = cache / "downloads" / HUB.name / "model.bin.0123.part"
    waiting.parent.mkdir(parents=True)
    waiting.write_bytes(b"half")
    assert store.waiting(HUB) == 4
    listed = (home.parents[1] / HUB.name / "1" / "manifest.json").stat().st_size
    assert store.remove(HUB) == len(WEIGHTS) + listed + 4
    assert [path.name for path in cache.rglob("*")] == ["models", f"{HUB.name}.lock"]
    assert (store.find(HUB), store.waiting(HUB)) == (None, 0)


def test_a_cache_that_may_not_be_looked_into_holds_nothing_to_remove(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **options: bool) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.stat", refuse)
    monkeypatch.setattr("os.stat", refuse)
    with pytest.raises(ModelNotFound, match=f"{HUB.name} is not on disk"):
        store.remove(HUB)


def test_removing_leaves_other_models(builder: Builder, home: Path) -> None:
    built = store.ensure(SPEC)
    built_size = built.size
    put(home.parents[1] / HUB.name / "1", "2025")
    store.remove(HUB)
    assert store.find(SPEC) == built
    assert store.remove(SPEC) == built_size


def test_what_is_not_there_cannot_be_removed(cache: Path) -> None:
    with pytest.raises(ModelNotFound, match=f"{HUB.name} is not on disk; `khulasa models list` shows what is"):
        store.remove(HUB)
    assert not cache.exists()


def test_what_another_process_writes_is_not_removed(builder: Builder, home: Path) -> None:
    with start(home.parents[2], "embedded.build = build_slowly") as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        assert [writer.stdout.readline() for _ in range(2)] == ["asking\n", "building\n"]
        with pytest.raises(ModelError, match="another process is writing embedded: wait for it, or end it"):
            store.remove(SPEC)
        writer.stdin.write("go on\n")
        writer.stdin.flush()
        writer.communicate()
    assert store.find(SPEC) is not None


def test_what_cannot_be_deleted_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    put(home.parents[1] / HUB.name / "1", "2025")
    monkeypatch.setattr("mt.store.shutil.rmtree", refuse)
    with pytest.raises(ModelError, match=rf"cannot be deleted: .*Permission denied.*Delete by hand: .*{HUB.name}"):
        store.remove(HUB)
