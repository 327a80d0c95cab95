"""The Hugging Face hub: what a model needs of a repository, and those files on disk, byte for byte.

`resolve` asks once which commit a revision is and what it holds; `download` fetches from that commit only what the
architecture needs. Names are taken from the lists here, never from the server, so neither code nor a path that leads
elsewhere reaches the disk. The hub's client brings addresses, tokens and the session; the bytes are fetched here,
because its own downloaders throw half a file away when a process ends, check no checksum and know no bound.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mt.errors import ModelCorrupt, ModelError
from mt.hub_errors import asked_to_wait, endpoint, explained
from mt.layout import choose
from mt.registry import Architecture, HubSource
from mt.store import Report

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoSibling

Told = Callable[[int], None]  # bytes of a file that are there
TIMEOUT = 20.0  # seconds without a byte
CHUNK = 1 << 16  # bytes
SETBACKS = 5  # breaks in a row, without a chunk of progress, before a download is given up
LONGEST_WAIT = 60  # seconds that a server may ask us to wait
PASSING = (408, 429, 500, 502, 503, 504)  # answers that may be others a moment later


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository, its size, and its digest: sha256 where the hub keeps it in LFS, else git's sha1."""

    name: str
    size: int
    digest: str

    @property
    def part(self) -> str:
        """What it is called on disk until it is whole; another content has another name."""
        return f"{self.name}.{self.digest[:12]}.part"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files that a model needs, at one commit of its repository."""

    source: HubSource
    commit: str
    files: tuple[RemoteFile, ...]
    ready: bool  # a CTranslate2 model: nothing is converted

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def pickled(self) -> bool:
        """Whether the weights are a pickle, which could hold more than tensors."""
        return any(file.name.startswith("pytorch_model") for file in self.files)


def resolve(source: HubSource, architecture: Architecture) -> Snapshot:
    """What the revision is at this moment; nothing is downloaded.

    Raises:
        ModelNotFound: no such repository or revision, or it is not for everyone.
        ModelCorrupt: the repository does not have what the architecture needs.
        ModelError: offline, no network, or not a hub that answers.
    """
    with explained(source):
        from huggingface_hub import HfApi

        info = HfApi(endpoint=endpoint()).model_info(
            source.repo, revision=source.revision, files_metadata=True, timeout=TIMEOUT
        )
        siblings = {sibling.rfilename: sibling for sibling in info.siblings or ()}
        commit = _matching(r"[0-9a-f]{40}", info.sha)
    try:
        names = choose(siblings.keys(), architecture)
    except ModelCorrupt as error:
        raise ModelCorrupt(f"{source.repo} at {source.revision} {error}. Check `source` and `architecture` in "
                           f"models.yaml") from error  # fmt: skip
    with explained(source):
        files = tuple(_remote_file(siblings[name]) for name in sorted(names))
    return Snapshot(source, commit, files, architecture == "ct2-sentencepiece")


def download(snapshot: Snapshot, directory: Path, report: Report) -> None:
    """Leave exactly the snapshot's files in the directory, each compared with its checksum.

    What an earlier call left there is kept and gone on with. Raises ModelError, and ModelCorrupt for a file that is
    not what the hub says it is.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _clear(directory, {name for file in snapshot.files for name in (file.name, file.part)})
        _check_space(snapshot, directory)
        done = 0
        for file in sorted(snapshot.files, key=lambda file: file.size):
            with explained(snapshot.source):
                _fetch(snapshot, file, directory, _teller(report, file, done, snapshot.size))
            done += file.size
    except OSError as error:
        raise ModelError(f"cannot write the download to {directory}: {error.strerror or error}. Free some space and "
                         f"run the command again: it goes on where it stopped.") from error  # fmt: skip
    finally:
        for folder in (directory, directory.parent):
            with suppress(OSError):  # only if nothing has come
                folder.rmdir()


def _remote_file(sibling: RepoSibling) -> RemoteFile:
    lfs = sibling.lfs
    size = lfs.size if lfs else sibling.size
    if not isinstance(size, int) or size < 0:
        raise ValueError(f"{sibling.rfilename} has the size {size!r}")
    digest = _matching(r"[0-9a-f]{64}", lfs.sha256) if lfs else _matching(r"[0-9a-f]{40}", sibling.blob_id)
    return RemoteFile(sibling.rfilename, size, digest)


def _matching(pattern: str, value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ValueError(f"expected {pattern}, found {str(value)[:60]!r}")
    return value


def _teller(report: Report, file: RemoteFile, before: int, total: int) -> Told:
    """What tells how far the download is, when so many bytes of this file are there."""

    def told(have: int) -> None:
        reached = before + have
        report(f"downloading {file.name}, {_mega(reached)} of {_mega(total)} MB", reached / max(1, total))

    return told


# --- the bytes


def _fetch(snapshot: Snapshot, file: RemoteFile, directory: Path, told: Told) -> None:
    """Have the whole file in the directory, its digest compared; breaks are borne as long as there is progress."""
    from httpx2 import HTTPError

    target, part = directory / file.name, directory / file.part
    if target.is_file() and target.stat().st_size == file.size and _digest(target, file) == file.digest:
        told(file.size)
        return
    setbacks, reached = 0, _length(part)
    while not part.exists() or _length(part) < file.size:
        try:
            _append(_address(snapshot, file), part, file.size, told)
        except HTTPError as error:
            setbacks = 0 if _length(part) >= reached + CHUNK else setbacks + 1
            reached = _length(part)
            pause = _pause(error, setbacks)
            if pause is None or setbacks > SETBACKS:
                raise
            time.sleep(pause)
    if _digest(part, file) != file.digest:
        part.unlink()
        raise ModelCorrupt(f"{file.name} of {snapshot.source.repo} came with other bytes than the hub lists for it "
                           f"and was deleted. Run the command again; if that fails too, something in between (a proxy, "
                           f"HF_ENDPOINT) changes files.")  # fmt: skip
    part.rename(target)


def _append(address: str, part: Path, size: int, told: Told) -> None:
    """Add what the server gives to `part`; an HTTPError if it ends before `size`.

    What is too long is left off: no digest will fit it. Each try asks the hub's own address, since the one it
    redirects to is signed for a while only. The client drops the token on the way to another host.
    """
    from httpx2 import RemoteProtocolError
    from huggingface_hub.utils import (  # type: ignore[attr-defined]  # public, though its types do not say so
        build_hf_headers,
        get_session,
        hf_raise_for_status,
    )

    have = _length(part)
    headers = {**build_hf_headers(), "Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
    with get_session().stream("GET", address, headers=headers, timeout=TIMEOUT, follow_redirects=True) as response:
        if response.status_code == 416:  # there are fewer bytes than we have: not what was listed
            part.unlink(missing_ok=True)
        hf_raise_for_status(response)
        resumed = response.status_code == 206
        have = have if resumed else 0
        with part.open("ab" if resumed else "wb") as out:
            for chunk in response.iter_bytes(CHUNK):
                out.write(chunk)
                have += len(chunk)
                told(min(have, size))
                if have > size:
                    return
    if have < size:
        raise RemoteProtocolError(f"the connection ended after {have} of {size} bytes")


def _pause(error: Exception, setbacks: int) -> float | None:
    """Seconds after which to try again: as the server asks, else longer each time; None if it is of no use."""
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, HfHubHTTPError):
        asked = asked_to_wait(error)
        if error.response.status_code not in PASSING or asked > LONGEST_WAIT:
            return None
        if asked:
            return asked
    return float(min(2**setbacks, 8))


def _address(snapshot: Snapshot, file: RemoteFile) -> str:
    from huggingface_hub import hf_hub_url

    return hf_hub_url(snapshot.source.repo, file.name, revision=snapshot.commit, endpoint=endpoint())


def _digest(path: Path, file: RemoteFile) -> str:
    with path.open("rb") as opened:
        if len(file.digest) == 64:
            return hashlib.file_digest(opened, "sha256").hexdigest()
        git = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
        while chunk := opened.read(CHUNK):
            git.update(chunk)
        return git.hexdigest()


def _length(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _clear(directory: Path, wanted: set[str]) -> None:
    """Delete what is neither a file of the snapshot nor a part of one: left by another commit."""
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in wanted:
            path.unlink()


def _check_space(snapshot: Snapshot, directory: Path) -> None:
    there = sum(_length(path) for path in directory.iterdir())
    missing, converted = max(0, snapshot.size - there), 0 if snapshot.ready else snapshot.size
    free = shutil.disk_usage(directory).free
    if missing + converted > free:
        wanted = f"{_mega(missing)} MB to download" + (f", up to {_mega(converted)} MB to convert" if converted else "")
        raise ModelError(f"{directory} has {_mega(free)} MB free, and {snapshot.source.repo} takes {wanted}: free some "
                         f"space, or set KHULASA_CACHE to a folder on a larger disk")  # fmt: skip


def _mega(size: int) -> str:
    return f"{size / 1e6:,.1f}" if size < 10e6 else f"{size / 1e6:,.0f}"
