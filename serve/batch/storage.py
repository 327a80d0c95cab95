"""Where bytes lie: files of this machine, and object stores by fsspec. Read with a checksum, written whole or not."""

from __future__ import annotations

import hashlib
import io
import os
import posixpath
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from mt.errors import BackendUnavailable, ConfigError, MTError, SourceUnreadable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"  # how packed files begin
PACKED = re.compile(r"\.(?:gz|gzip|zst|zstd)\Z", re.IGNORECASE)
_BLOCK = 1 << 20
_SIP = 1 << 10  # packed bytes unpacked at once: a zstd block of 4 may hold 128 KiB, so these hold 32 MiB at most
_NAMED = re.compile(r"[A-Za-z0-9]+://")


class CutShort(SourceUnreadable):
    """A packed file that ends too early, or is broken in the middle: what came before is sound."""


def is_url(path: str) -> bool:
    """Whether the path is one for fsspec's plug-ins, as s3://bucket/key."""
    return _NAMED.match(path) is not None


def base_name(path: str) -> str:
    """The last part of a path, without what a URL may hold of passwords and tokens."""
    plain = re.split(r"[?#]", path)[0] if is_url(path) else path
    return posixpath.basename(plain.rstrip("/")) or plain


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder on the file system that it is on; `name` is for messages."""

    system: Any
    path: str  # as the file system calls it
    name: str

    @property
    def is_folder(self) -> bool:
        with reading(self.name):
            return bool(self.system.isdir(self.path))

    def sha256(self) -> str:
        """The checksum of the file's bytes."""
        with self.opened() as file:
            return file.sha256()

    @contextmanager
    def opened(self) -> Iterator[Hashed]:
        """The file's bytes as they lie there, with their checksum so far."""
        with reading(self.name):
            if not self.system.isfile(self.path):  # a pipe would be waited for
                missing = not self.system.exists(self.path)
                raise FileNotFoundError("there is no such file" if missing else "it is no file")
            file = self.system.open(self.path, "rb")
        with file:
            yield Hashed(file, self.name)


def place(path: str) -> Place:
    """The place that a path or URL means.

    Raises:
        BackendUnavailable: a package is missing, which the message names.
        SourceUnreadable: nobody knows such a path.
    """
    name = base_name(path)
    try:
        import fsspec

        if is_url(path):
            system, key = fsspec.core.url_to_fs(path)
            return Place(system, key, name)
        # Absolute: fsspec would look for a file called ~name somewhere else.
        return Place(fsspec.filesystem("file"), str(Path(path).absolute()), name)
    except ImportError as error:
        raise BackendUnavailable(f"{name} is on a storage whose package is missing: {error}. Install it with pip, "
                                 f"beside khulasa's extra: pip install '.[batch]'") from error  # fmt: skip
    except Exception as error:  # each plug-in has errors of its own
        raise SourceUnreadable(f"{name} cannot be reached: {_reason(error)}; expected a file, a folder, or an address "
                               f"such as s3://bucket/key") from error  # fmt: skip


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Whatever a file, a network or a plug-in raises while it is read is a SourceUnreadable that names it."""
    try:
        yield
    except MTError:
        raise
    except Exception as error:
        raise SourceUnreadable(f"{name!r} cannot be read: {_reason(error)}. Expected a file or folder that this "
                               f"user may read; then run the command again.") from error  # fmt: skip


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).partition("\n")[0] or type(error).__name__


class Hashed(io.RawIOBase):
    """A file whose every error is ours, and, if it is read from start to end, the checksum of what was read."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file, self._name = file, name
        self._digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        with reading(self._name):
            return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        with reading(self._name):
            data = self._file.read(len(view))
        self._digest.update(data)
        view[: len(data)] = data
        return len(data)

    def sha256(self) -> str:
        """The checksum of the whole file: reads what has not been read yet."""
        while self.read(_BLOCK):
            pass
        return self._digest.hexdigest()


def unpacked(file: Any, name: str) -> io.BufferedReader[Any]:
    """The file's content, unpacked as it is read if it is gzip or zstd; that it is, its first bytes say.

    Reading raises CutShort where a packed file breaks off; no more than 32 MiB are unpacked at once.
    """
    packed = io.BufferedReader(file, _BLOCK)
    start = packed.peek(4)[:4]
    if start.startswith(GZIP) or start == ZSTD:
        return io.BufferedReader(_Unpacked(packed, name, "gzip" if start.startswith(GZIP) else "zstd"), _BLOCK)
    return packed


class _Unpacked(io.RawIOBase):
    """The content of a gzip or zstd file of any number of members, one behind the other."""

    def __init__(self, packed: IO[bytes], name: str, kind: str) -> None:
        self._packed, self._name, self._kind = packed, name, kind
        self._member: Any = None
        self._rest, self._ready = b"", memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        while not self._ready and self._fill():
            pass
        data = self._ready[: len(view)]
        view[: len(data)] = data
        self._ready = self._ready[len(data) :]
        return len(data)

    def _fill(self) -> bool:
        """Unpack a sip more; False at the end of the file."""
        sip = self._rest or self._packed.read(_SIP)
        if self._member is None:
            if not sip.strip(b"\0"):  # padding, which tapes and some tools leave
                self._rest = b""
                return bool(sip)
            self._member = self._new_member()
        if not sip:
            raise CutShort(f"{self._name} is a {self._kind} file cut short: what follows is missing; get it again")
        try:
            self._ready = memoryview(self._member.decompress(sip))
        except Exception as error:  # zlib.error, or zstandard's, which is imported only where it is needed
            raise CutShort(f"{self._name} is a broken {self._kind} file: what follows cannot be read ({error}); "
                           f"get it again") from error  # fmt: skip
        self._rest = b""
        if self._member.eof:
            self._rest, self._member = self._member.unused_data, None
        return True

    def _new_member(self) -> Any:
        if self._kind == "gzip":
            return zlib.decompressobj(zlib.MAX_WBITS | 16)
        from zstandard import ZstdDecompressor

        return ZstdDecompressor().decompressobj()


@contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes its place on the disk when the block ends, whole; if the block fails, nothing is left of it.

    Raises ConfigError, with the next step, where it cannot be written.
    """
    part = path.with_name(f".{path.name}.tmp")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def unwritable(path: Path | str, error: OSError) -> ConfigError:
    """The error of ours for a place that cannot be written."""
    return ConfigError(f"cannot write {path}: {error.strerror or error}. Free some space there, or give it a folder "
                       f"that can be written; the same command then goes on with what is missing.")  # fmt: skip


def _sync(folder: Path) -> None:
    """Have the names in the folder on the disk, where the system can."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
