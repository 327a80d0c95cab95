"""Model files on disk: `ensure(spec)` is the one door to them.

A model is a directory `<cache>/models/<name>/<version>` with a `manifest.json` that lists every file with its size
and sha256. It is written beside its place and renamed when whole, under a lock, so a directory that exists is
complete, whoever was killed when. Nothing is downloaded or converted here.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mt import __version__
from mt.errors import ConfigError, ModelCorrupt, ModelError, ModelNotFound
from mt.registry import ModelSpec

MANIFEST = "manifest.json"
PART = ".part"  # the end of a directory's name while it is written
Report = Callable[[str, float], None]


def cache_directory() -> Path:
    """Where models live: `KHULASA_CACHE`, else the user's cache directory. Not created here."""
    from platformdirs import user_cache_path

    named = os.environ.get("KHULASA_CACHE")
    try:
        return Path(named).expanduser() if named else user_cache_path("khulasa")
    except RuntimeError as error:  # ~name, and nobody is called that
        raise ConfigError(f"KHULASA_CACHE={named}: {error} Set it to an absolute path.") from error


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model on disk, and the version that its signature shows."""

    spec: ModelSpec
    path: Path
    version: str

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.stat().st_size for file in self.path.iterdir() if file.is_file())


def find(spec: ModelSpec) -> StoredModel | None:
    """The model, if it is on disk; None if it is not, or not in the version this code needs."""
    whole = [model for model in stored(spec) if _is_whole(model.path)]
    return whole[-1] if whole else None


def stored(spec: ModelSpec) -> list[StoredModel]:
    """The directories of the model, by version, whole or not; of the built-in one, the version this code needs."""
    version = "*"
    if spec.source is None:
        from mt.embedded import fingerprint

        version = fingerprint()
    try:
        paths = sorted((cache_directory() / "models" / spec.name).glob(f"{version}/"))  # "/": directories only
    except OSError:  # a place that we may not look into
        return []
    return [StoredModel(spec, path, path.name) for path in paths if path.suffix != PART]


def ensure(spec: ModelSpec, report: Report = lambda what, share: None) -> StoredModel:
    """The model on disk; the built-in one is built first if need be, any other must be there already.

    Raises:
        ModelNotFound: it is not there; the message says what to do.
        ModelError: the cache directory cannot be written.
    """
    if found := find(spec):
        return found
    if spec.source is not None:
        revision = "" if spec.source.revision == "main" else f" --revision {spec.source.revision}"
        raise ModelNotFound(
            f"{spec.name} is not on disk ({cache_directory() / 'models'}). This version cannot download models yet: "
            f"get it with `hf download {spec.source.repo}{revision} --local-dir DIR` and give --model DIR."
        )
    from mt import embedded

    home = cache_directory() / "models" / spec.name / embedded.fingerprint()
    with _locked(home):
        if not _is_whole(home):
            _write(home, lambda directory: embedded.build(directory, report), spec)
            _remove_older(home)
    return StoredModel(spec, home, home.name)


def verify(model: StoredModel) -> None:
    """Return if every file is as it was written, byte for byte; ModelCorrupt names the one that is not."""
    for name, entry in _manifest(model.path).items():
        if wrong := _difference(model.path, name, entry):
            raise ModelCorrupt(f"{model.path}: {name!r} {wrong}. {_anew(model.path)}")


def _difference(home: Path, name: str, entry: _Entry) -> str | None:
    try:
        file = _files(home).get(name)
        if file is None:
            return "is missing"
        return None if _sha256(file) == entry.sha256 else "differs from its checksum"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"


def _anew(home: Path) -> str:
    return f"Delete {home} and run the command again; the built-in model is built anew."


def _is_whole(home: Path) -> bool:
    """Whether the directory has all its files in their sizes; a second of hashing is left to `verify`."""
    try:
        sizes = {name: file.stat().st_size for name, file in _files(home).items()}
        return all(sizes.get(name) == entry.size for name, entry in _manifest(home).items())
    except (OSError, ModelCorrupt):
        return False


def _files(home: Path) -> dict[str, Path]:
    """The files in a directory by name. A manifest's names are looked up here, so that none leads out of it."""
    return {file.name: file for file in home.iterdir() if file.is_file()}


@dataclass(frozen=True, slots=True)
class _Entry:
    """One file in a manifest."""

    size: int
    sha256: str


def _manifest(home: Path) -> dict[str, _Entry]:
    """What a directory should hold, at least one file; ModelCorrupt if it cannot be read as that."""
    path = home / MANIFEST
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["files"]
        entries = {name: _Entry(entry["size"], entry["sha256"]) for name, entry in listed.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ModelCorrupt(f"{path} is no list of a model's files ({error!r}). {_anew(home)}") from error
    if not entries:
        raise ModelCorrupt(f"{path} lists no files. {_anew(home)}")
    return entries


def _write(home: Path, fill: Callable[[Path], None], spec: ModelSpec) -> None:
    """Replace `home` by a directory that `fill` wrote, in one rename; what an earlier death left is cleared first."""
    part = home.with_name(f"{home.name}{PART}")
    try:
        for leftover in (part, home):
            shutil.rmtree(leftover, ignore_errors=True)
        part.mkdir(parents=True)
        fill(part)
        _seal(part, spec)
        part.rename(home)
    except OSError as error:
        raise ModelError(f"cannot write the model to {home}: {error.strerror or error}. Free some space, or set "
                         f"KHULASA_CACHE to a folder that can be written.") from error  # fmt: skip
    finally:
        shutil.rmtree(part, ignore_errors=True)  # there only if something was raised


def _remove_older(home: Path) -> None:
    """Delete the other versions of the model, where possible, and what an earlier death left of them.

    One that another process is writing at the moment is left alone.
    """
    for path in home.parent.glob("*/"):
        version = home.with_name(path.name.removesuffix(PART))
        with suppress(OSError, ModelError):
            if version != home and (path.suffix == PART or (path / MANIFEST).is_file()):
                with _locked(version, wait=False):
                    shutil.rmtree(path, ignore_errors=True)


def _seal(directory: Path, spec: ModelSpec) -> None:
    files = {
        path.name: {"size": path.stat().st_size, "sha256": _sha256(path)}
        for path in sorted(directory.iterdir())
        if path.is_file()
    }
    manifest = {"model": spec.name, "licence": spec.licence, "khulasa": __version__, "files": files}
    manifest["written"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    (directory / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    for path in directory.iterdir():  # the rename must not reach the disk before the bytes do
        with path.open("rb") as file:
            os.fsync(file.fileno())


@contextmanager
def _locked(home: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of one model's directory; the system drops it with the process that held it.

    Raises ModelError if it cannot be had, with `wait=False` also if another process has it.
    """
    from filelock import FileLock

    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(home.with_name(f"{home.name}.lock"))
        lock.acquire(blocking=wait)
    except OSError as error:
        raise ModelError(f"cannot write to the cache directory {home.parent}: {error.strerror or error}. Set "
                         f"KHULASA_CACHE to a folder that can be written.") from error  # fmt: skip
    try:
        yield
    finally:
        lock.release()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
