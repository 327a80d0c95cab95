"""Model files on disk: `ensure(spec)` is the one door to them, `pull(spec)` what brings those of the hub there.

A model is a directory `<cache>/models/<name>/<version>` with a manifest. It is written beside its place and renamed
when whole, under the model's lock, so a directory that exists is complete, whoever was killed when. A download waits
in `<cache>/downloads/<name>` while it is interrupted. Nothing is converted here.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from mt import manifest
from mt.errors import ConfigError, ModelCorrupt, ModelError, ModelNotFound
from mt.registry import Backend, ModelSpec

PART = ".part"  # the end of a directory's name while it is written
Report = Callable[[str, float], None]  # what is done, and which share of it


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
    """A model on disk, and the version that its signature shows; `spec.backend` is the one it was made for."""

    spec: ModelSpec
    path: Path
    version: str

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return _size(self.path)


def find(spec: ModelSpec) -> StoredModel | None:
    """The model, if it is on disk; None if it is not, or not in the version this code needs."""
    whole = (model for model in stored(spec) if manifest.is_whole(model.path))
    return max(whole, key=lambda model: fact(model, "written") or "", default=None)


def fact(model: StoredModel, name: str) -> str | None:
    """What the manifest of the model says under that name, if it is text."""
    try:
        return manifest.read(model.path).fact(name)
    except ModelCorrupt:  # or deleted at this moment
        return None


def stored(spec: ModelSpec) -> list[StoredModel]:
    """The directories of the model, by version, whole or not; of the built-in one, the version this code needs."""
    version = "*"
    if spec.source is None:
        from mt.embedded import fingerprint

        version = fingerprint()
    try:
        paths = sorted(_home(spec).glob(f"{version}/"))  # "/": directories only
    except OSError:  # a place that we may not look into
        return []
    return [_stored(spec, path) for path in paths if path.suffix != PART]


def _stored(spec: ModelSpec, path: Path) -> StoredModel:
    model = StoredModel(spec, path, path.name)
    made_for = fact(model, "backend")
    return next((replace(model, spec=replace(spec, backend=known)) for known in get_args(Backend) if known == made_for),
                model)  # fmt: skip


def waiting(spec: ModelSpec) -> int:
    """Bytes of a download that was interrupted; 0 if there is none."""
    return _size(_downloads(spec))


def ensure(spec: ModelSpec, report: Report = lambda what, share: None) -> StoredModel:
    """The model on disk; the built-in one is built first if need be, any other must have been pulled.

    Raises:
        ModelNotFound: it is not there; the message says the command that gets it.
        ModelError: the cache directory cannot be written.
    """
    if found := find(spec):
        return found
    if spec.source is not None:
        raise ModelNotFound(f"{spec.name} is not on disk ({_home(spec).parent}): get it with "
                            f"`khulasa models pull {spec.name}`")  # fmt: skip
    from mt import embedded

    home = _home(spec) / embedded.fingerprint()
    with _locked(spec, report):
        if not manifest.is_whole(home):
            facts = {"model": spec.name, "licence": spec.licence}
            _write(home, lambda directory: embedded.build(directory, report), facts)
            _remove_older(home)
    return StoredModel(spec, home, home.name)


def pull(
    spec: ModelSpec,
    compute_type: str | None = None,
    backend: Backend | None = None,
    report: Report = lambda what, share: None,
) -> StoredModel:
    """The model of the hub on disk, as its revision is now, made for the backend; nothing is done if it is there.

    An older one, or one made otherwise, is deleted when the new one is whole. Of what fails, the download is kept, to
    be gone on with, unless it is of no use.

    Raises:
        ConfigError: the model cannot be had in that form; see `mt.recipe`.
        ModelError: it cannot be had at all; see `mt.hub` and `mt.convert`.
    """
    from mt import hub
    from mt.recipe import Recipe

    if spec.source is None:
        if compute_type or backend:
            raise ConfigError(f"{spec.name} is built here, in one form: leave --compute-type and --backend out")
        return ensure(spec, report)
    recipe = Recipe.of(spec, compute_type, backend)
    with _locked(spec, report):
        snapshot = hub.resolve(spec.source, spec.architecture)
        home, downloaded = _home(spec) / recipe.version(snapshot), _downloads(spec)
        if done := not recipe.made(home, snapshot) or any(manifest.damage(home)):
            recipe.check_extra()
            hub.download(snapshot, downloaded, lambda what, share: report(what, 0.9 * share))
            try:
                _write(home, lambda directory: recipe.make(downloaded, directory, snapshot, report),
                       recipe.facts(snapshot))  # fmt: skip
            except ModelCorrupt:
                _clear(downloaded)
                raise
        _clear(downloaded)
        _remove_older(home)
    report("done" if done else "nothing to do: it is on disk as its repository has it now", 1.0)
    return StoredModel(recipe.spec, home, home.name)


def remove(spec: ModelSpec) -> int:
    """Delete the model in every version, and what downloads left of it; the bytes that were freed.

    Raises ModelNotFound if nothing of it is there, ModelError if another process is at it, or it cannot be deleted.
    """
    places = [place for place in (_home(spec), _downloads(spec)) if os.path.isdir(place)]  # noqa: PTH112  # raises nothing
    if not places:
        raise ModelNotFound(f"{spec.name} is not on disk; `khulasa models list` shows what is")
    with _locked(spec, None):
        freed = sum(_size(place) for place in places)
        try:
            for place in places:
                shutil.rmtree(place)
        except OSError as error:
            raise ModelError(f"{spec.name} cannot be deleted: {error}. Delete by hand: "
                             f"{', '.join(map(str, places))}") from error  # fmt: skip
        with suppress(OSError):  # other downloads wait in it
            _downloads(spec).parent.rmdir()
    return freed


def verify(model: StoredModel) -> None:
    """Return if every file is as it was written, byte for byte; ModelCorrupt names the one that is not."""
    hub = model.spec.source is not None
    again = (f"Get it again with `khulasa models pull {model.spec.name}`." if hub else
             f"Delete {model.path} and run the command again; the built-in model is built anew.")  # fmt: skip
    try:
        damaged = next(manifest.damage(model.path), None)
    except ModelCorrupt as error:
        raise ModelCorrupt(f"{error}. {again}") from error
    if damaged:
        raise ModelCorrupt(f"{model.path}: {damaged}. {again}")


def _home(spec: ModelSpec) -> Path:
    return cache_directory() / "models" / spec.name


def _downloads(spec: ModelSpec) -> Path:
    return cache_directory() / "downloads" / spec.name


def _size(directory: Path) -> int:
    """Bytes of the files in and below a directory; 0 if it is not there."""
    try:
        return sum(path.lstat().st_size for path in directory.rglob("*") if path.is_file())
    except OSError:  # deleted at this moment, or a place that we may not look into
        return 0


def _clear(directory: Path) -> None:
    """Delete a directory, and the one above it if that was all it held, as far as possible."""
    shutil.rmtree(directory, ignore_errors=True)
    with suppress(OSError):  # others are in it
        directory.parent.rmdir()


def _write(home: Path, fill: Callable[[Path], None], facts: Mapping[str, object]) -> None:
    """Replace `home` by a directory that `fill` wrote, in one rename; what an earlier death left is cleared first."""
    part = home.with_name(f"{home.name}{PART}")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        fill(part)
        manifest.seal(part, facts)
        shutil.rmtree(home, ignore_errors=True)  # there only if it is damaged, or of an older recipe
        part.rename(home)
    except OSError as error:
        raise ModelError(f"cannot write the model to {home}: {error.strerror or error}. Free some space and "
                         f"run the command again, or set KHULASA_CACHE to a folder that can be written."
                         ) from error  # fmt: skip
    finally:
        shutil.rmtree(part, ignore_errors=True)  # there only if something was raised


def _remove_older(home: Path) -> None:
    """Delete the other versions of the model, where possible, and what an earlier death left of them."""
    for path in home.parent.glob("*/"):
        if path != home and (path.suffix == PART or (path / manifest.MANIFEST).is_file()):
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _locked(spec: ModelSpec, report: Report | None) -> Iterator[None]:
    """Hold the lock of one model; the system drops it with the process that held it. Its file stays, for who waits.

    If another process has it, that is reported and waited for; with None for `report` it is a ModelError.
    """
    from filelock import FileLock, Timeout

    path = _home(spec).with_name(f"{spec.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            if report is None:
                raise ModelError(f"another process is writing {spec.name}: wait for it, or end it") from None
            report(f"waiting for another process that writes {spec.name}", 0.0)
            lock.acquire()
    except OSError as error:
        raise ModelError(f"cannot write to the cache directory {path.parent}: {error.strerror or error}. Set "
                         f"KHULASA_CACHE to a folder that can be written.") from error  # fmt: skip
    try:
        yield
    finally:
        lock.release()
