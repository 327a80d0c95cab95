"""API keys: who may ask a server, and how often. A file holds their hashes; a key itself is shown once, when made."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from mt.errors import ConfigError

LARGEST_FILE = 1 << 20  # bytes; some five thousand keys
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")  # stands in logs, so nothing that could look like another line
_RATE = re.compile(r"[1-9][0-9]{0,8} ?(?:/|per) ?(?:[1-9][0-9]{0,3} ?)?(?:second|minute|hour|day)s?")
_HASH = re.compile(r"[0-9a-f]{64}")

_log = logging.getLogger("khulasa.server")


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of one key.

    A key is 256 random bits, which nobody guesses: one SHA-256 hides it as well as a slow hash would. Slow hashes are
    for passwords, and would let strangers keep this server busy with wrong ones.
    """

    name: str
    sha256: str
    rate: str = ""  # as "60/minute"; empty: what the server gives every key
    created: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(f"{self.name[:80]!r} cannot name a key; expected up to 64 letters, digits, or . _ - @")
        if not _HASH.fullmatch(self.sha256):
            raise ConfigError(f"the key {self.name!r} has no SHA-256 hash; remove it and make it again")
        check_rate(self.rate)


def check_rate(rate: str) -> str:
    """The rate itself, if it is one, or empty; else ConfigError."""
    if rate and not _RATE.fullmatch(rate):
        raise ConfigError(f"{rate[:80]!r} is no rate; expected a number and a time, as in 60/minute or 1000/day")
    return rate


def load_keys(path: Path) -> tuple[Key, ...]:
    """The keys of a file.

    Raises ConfigError, naming the file and what is wrong with it.
    """
    advice = f"make one with `khulasa keys create NAME --file {path}`"
    try:
        if not path.is_file():  # a device may never end
            raise ConfigError(f"{path}: no such file; {advice}")
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}; let the server's user read it") from error
    if len(raw) > LARGEST_FILE:
        raise ConfigError(f"{path} has more than {LARGEST_FILE} bytes, so it is no file of keys; {advice}")
    try:
        return _parse(json.loads(raw))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not JSON ({error}); {advice}") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def create_key(path: Path, name: str, rate: str = "") -> str:
    """A new key, whose hash is now in the file; nobody can read it there again.

    Raises ConfigError: the name is taken, the file cannot be read or written, or is no file of keys.
    """
    secret = f"khulasa_{secrets.token_urlsafe(32)}"
    key = Key(name, _hash(secret), rate, datetime.now(UTC).isoformat(timespec="seconds"))
    with _locked(path):
        keys = load_keys(path) if path.exists() else ()
        if any(other.name == name for other in keys):
            raise ConfigError(f"{path} has a key {name!r}; choose another name, or remove that one first")
        _write(path, (*keys, key))
    return secret


def remove_key(path: Path, name: str) -> None:
    """Return when no key of that name is in the file; ConfigError if there was none."""
    with _locked(path):
        keys = load_keys(path)
        kept = tuple(key for key in keys if key.name != name)
        if len(kept) == len(keys):
            known = ", ".join(key.name for key in keys) or "none"
            raise ConfigError(f"{path} has no key {name[:80]!r}; it has: {known}")
        _write(path, kept)


class Keyring:
    """The keys of a file as it is now: a key made or removed counts from the next request on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._stamp()
        self._keys = load_keys(path)
        if not self._keys:
            raise ConfigError(f"{path} has no key, so nobody could ask; "
                              f"make one with `khulasa keys create NAME --file {path}`")  # fmt: skip

    def find(self, secret: str) -> Key | None:
        """The key that this is; None for any other text. How long it takes tells nothing about the keys."""
        self._refresh()
        given, found = _hash(secret), None
        for key in self._keys:  # all of them, whichever it is
            if hmac.compare_digest(given, key.sha256):
                found = key
        return found

    def _refresh(self) -> None:
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._keys = load_keys(self._path)
        except ConfigError as error:  # a slip of the administrator's must not lock everybody out
            _log.error("the keys stay as they were: %s", error)

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _parse(value: Any) -> tuple[Key, ...]:
    """The keys in what a file says; ConfigError for anything else than a list of them."""
    entries = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        raise ConfigError('expected {"keys": [{"name": …, "sha256": …}]}')
    keys = []
    for entry in entries:
        if not isinstance(entry, dict) or not all(isinstance(part, str) for part in entry.values()):
            raise ConfigError("expected each key to be an object of texts")
        try:
            keys.append(Key(**entry))
        except TypeError as error:
            raise ConfigError("expected each key to have name and sha256, and perhaps rate and created") from error
    if len({key.name for key in keys}) < len(keys):
        raise ConfigError("a name stands twice; remove one of the two")
    return tuple(keys)


def _locked(path: Path) -> FileLock:
    """A lock for one change of the file: two administrators at once would lose a key."""
    if not path.parent.is_dir():
        raise ConfigError(f"the folder {path.parent} does not exist; make it, or name another --file")
    return FileLock(f"{path}.lock", mode=0o600)


def _write(path: Path, keys: Sequence[Key]) -> None:
    """Replace the file in one step, readable by its owner only."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    text = json.dumps({"keys": [asdict(key) for key in keys]}, indent=1) + "\n"
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}; name another --file") from error
