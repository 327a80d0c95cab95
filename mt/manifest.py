"""What a model's directory should hold: `manifest.json`, with size and sha256 of every file, and how it was made."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mt import __version__
from mt.errors import ModelCorrupt

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of a model, at least one, and what was written down about them; a stranger may have written it."""

    files: Mapping[str, Entry]
    facts: Mapping[str, Any]

    def fact(self, name: str) -> str | None:
        """What was written down under that name, if it is text."""
        value = self.facts.get(name)
        return value if isinstance(value, str) else None


def read(directory: Path) -> Manifest:
    """The manifest of a directory; ModelCorrupt if it cannot be read as one."""
    path = directory / MANIFEST
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        entries = {name: Entry(entry["size"], entry["sha256"]) for name, entry in facts["files"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ModelCorrupt(f"{path} is no list of a model's files ({error!r})") from error
    if not entries:
        raise ModelCorrupt(f"{path} lists no files")
    return Manifest(entries, facts)


def seal(directory: Path, facts: Mapping[str, object]) -> None:
    """Write the manifest of what is in the directory, and have all of it on the disk."""
    files = {
        path.name: {"size": path.stat().st_size, "sha256": _sha256(path)}
        for path in sorted(directory.iterdir())
        if path.is_file()
    }
    written = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    manifest = {**facts, "khulasa": __version__, "written": written, "files": files}
    (directory / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
    for path in directory.iterdir():  # the rename must not reach the disk before the bytes do
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def is_whole(directory: Path) -> bool:
    """Whether the directory has all its files in their sizes; a second of hashing is left to `damage`."""
    try:
        sizes = {name: file.stat().st_size for name, file in _files(directory).items()}
        return all(sizes.get(name) == entry.size for name, entry in read(directory).files.items())
    except (OSError, ModelCorrupt):
        return False


def damage(directory: Path) -> Iterator[str]:
    """What is not as it was written, byte for byte: a phrase for each file."""
    for name, entry in read(directory).files.items():
        try:
            file = _files(directory).get(name)
            if file is None:
                yield f"{name!r} is missing"
            elif _sha256(file) != entry.sha256:
                yield f"{name!r} differs from its checksum"
        except OSError as error:
            yield f"{name!r} cannot be read: {error.strerror or error}"


def _files(directory: Path) -> dict[str, Path]:
    """The files in a directory by name. A manifest's names are looked up here, so that none leads out of it."""
    return {file.name: file for file in directory.iterdir() if file.is_file()}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
