"""A folder of documents → rows, in the order of their names."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from mt.errors import InputError, MTError, SourceUnreadable
from mt.normalize import replace_surrogates
from serve.batch.readers import Row
from serve.batch.storage import PACKED, ZSTD, Place, base_name, reading, unpacked
from serve.reader import MAX_FILE, parse


@dataclass(frozen=True, slots=True)
class Document:
    """A file of a folder, by its path in there."""

    name: str
    place: Place
    regular: bool  # no link to a folder, no pipe


def documents(folder: Place) -> list[Document]:
    """The files in and below the folder, by name; those that are hidden, or in a hidden folder, are left out."""
    with reading(folder.name):
        return sorted(_below(folder, folder.path), key=lambda document: document.name)


def _below(root: Place, folder: str) -> Iterator[Document]:
    for about in root.system.ls(folder, detail=True):  # not `find`, which leaves out in silence what it may not see
        path = about["name"].rstrip("/")
        if path == folder or base_name(path).startswith("."):
            continue
        if about["type"] == "directory":
            yield from _below(root, path)
        else:
            name = path[len(root.path.rstrip("/")) + 1 :]
            yield Document(name, Place(root.system, path, replace_surrogates(name)), _is_file(root.system, about))


def _is_file(system: Any, about: dict[str, Any]) -> bool:
    """Whether it is a file, or a link to one; a link to a folder may lead round in a circle, and a pipe never ends."""
    try:
        return bool(about["type"] == "file" or system.info(about["name"])["type"] == "file")
    except OSError:
        return False


class Folder:
    """The documents of a folder as rows, and the checksum of names and bytes as they were read."""

    def __init__(self, place: Place) -> None:
        self._place, self._digest = place, hashlib.sha256()

    def sha256(self) -> str:
        return self._digest.hexdigest()

    def rows(self, *, parsed: bool = True) -> Iterator[Row]:
        """A row for each document; without `parsed`, none: only the checksum is made."""
        for document in documents(self._place):
            data: bytes | InputError
            try:
                data, checksum = _read(document)
            except InputError as error:  # a permission, say: the others can be read
                data, checksum = error, "unreadable"
            self._digest.update(f"{checksum} {document.name}\n".encode("utf-8", "surrogateescape"))
            if parsed:
                yield _row(document, data)


def checksum(folder: Place) -> str:
    """The checksum of the names and bytes of a folder."""
    read = Folder(folder)
    for _ in read.rows(parsed=False):
        pass
    return read.sha256()


def _read(document: Document) -> tuple[bytes, str]:
    """The file's bytes, as many as one article may have and one more, and the checksum of all."""
    if not document.regular:
        raise SourceUnreadable(f"{document.place.name} is no file (a pipe, or a link to a folder or to nothing)")
    with document.place.opened() as file:
        data = io.BufferedReader(file).read(MAX_FILE + 1)
        return data, file.sha256()


def _row(document: Document, data: bytes | InputError) -> Row:
    name = document.place.name
    try:
        if isinstance(data, InputError):
            raise data
        if data.startswith(ZSTD):
            data, name = unpacked(io.BytesIO(data), name).read(MAX_FILE + 1), PACKED.sub("", name)
        article = parse(data, name)
    except MTError as error:
        return Row(document.place.name, id=document.name, error=error)
    return Row(document.place.name, id=document.name, article=replace(article, id=document.name))
