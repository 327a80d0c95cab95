"""An input → records: an article each, or the reason why there is none, in the order in which they stand there."""

from __future__ import annotations

import functools
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, cast

from mt.document import Article
from mt.errors import MTError, SourceUnreadable, UnsupportedFormat
from mt.normalize import replace_surrogates
from serve.batch import folder
from serve.batch.article import Fields, build_article, other_fields
from serve.batch.parquet import parquet_rows
from serve.batch.readers import Row, csv_rows, jsonl_rows
from serve.batch.spool import spooled
from serve.batch.storage import PACKED, Hashed, Place, place, unpacked, unwritable

__all__ = ["FORMS", "Failure", "Fields", "Input", "Record", "open_input"]

Form = Literal["jsonl", "csv", "parquet", "folder"]
FORMS: dict[str, Form] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv", ".tsv": "csv", ".parquet": "parquet",
}  # fmt: skip
_USUAL = Fields()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a record cannot be done: `kind` is the name of an error, `where` a file and line."""

    kind: str
    message: str
    where: str


@dataclass(frozen=True, slots=True)
class Record:
    """One place of the input; it has either an article or a failure."""

    number: int  # from 0, in the order of the input
    where: str
    id: str | None
    article: Article | None
    fields: dict[str, Any] = field(default_factory=dict)  # the other fields, as JSON can say them
    failure: Failure | None = None


class Input:
    """What a batch reads, as often as need be; only ever as much of it in memory as a few records have."""

    def __init__(self, place: Place, form: Form, fields: Fields = _USUAL) -> None:
        self.place, self.form, self.fields = place, form, fields
        self.name = replace_surrogates(place.name)

    @functools.cached_property
    def sha256(self) -> str:
        """The checksum of the bytes as they were when this was first asked for; of a folder, of names and bytes."""
        return folder.checksum(self.place) if self.form == "folder" else self.place.sha256()

    def records(self) -> Iterator[Record]:
        """Every record, in order.

        Raises:
            UnsupportedFormat, SourceUnreadable: before the first record, where nothing can be read at all.
            SourceUnreadable: after the last one, if the input is not what `sha256` says, since it was changed.
        """
        expected = self.sha256
        with self._rows() as (rows, sha256):
            for number, row in enumerate(rows):
                yield self._record(number, row)
            if sha256() != expected:
                raise SourceUnreadable(f"{self.name} was changed while it was read; what was made of it may not fit "
                                       f"together: run the command again with --restart")  # fmt: skip

    @contextmanager
    def _rows(self) -> Iterator[tuple[Iterator[Row], Any]]:
        """The rows, and what tells the checksum of them once they have all been read."""
        if self.form == "folder":
            read = folder.Folder(self.place)
            yield read.rows(), read.sha256
            return
        with ExitStack() as stack:
            file = stack.enter_context(self.place.opened())
            if self.form == "parquet":
                seekable = stack.enter_context(_seekable(file, self.name))
                yield parquet_rows(seekable, self.name, self.fields.text), self.place.sha256
            elif self.form == "csv":
                yield csv_rows(unpacked(file, self.name), self.name, self.fields.text), file.sha256
            else:
                yield jsonl_rows(unpacked(file, self.name), self.name), file.sha256

    def _record(self, number: int, row: Row) -> Record:
        where = replace_surrogates(row.where)
        if row.article:
            return Record(number, where, row.id, row.article)
        given = row.values.get(self.fields.id)
        id_ = given if isinstance(given, str) and given else row.id
        fields = dict[str, Any]()
        try:
            if row.error:
                raise row.error
            fields, warnings = other_fields(row.values, self.fields)
            return Record(number, where, id_, build_article(row.values, self.fields, id_, warnings), fields)
        except MTError as error:
            kind = "SourceUnreadable" if isinstance(error, SourceUnreadable) else type(error).__name__
            return Record(number, where, id_, None, fields, Failure(kind, str(error), where))


def open_input(path: str, fields: Fields = _USUAL, form: str | None = None, spool: Path | None = None) -> Input:
    """The input that a path, a URL or `-` (standard input, JSON Lines) means; `form` where its name does not say it.

    Standard input is first written into the folder `spool`, so that it can be read again.

    Raises:
        SourceUnreadable: it cannot be read; BackendUnavailable: a package for it is missing.
        UnsupportedFormat: it is of no form that is known.
        EmptyInput, ConfigError: see `serve.batch.spool`.
    """
    if path == "-":
        return Input(spooled(sys.stdin.buffer, spool or Path()), _known(form or "jsonl"), fields)
    found = place(path)
    if found.is_folder:
        return Input(found, "folder", fields)
    suffix = Path(PACKED.sub("", found.name)).suffix.lower()
    return Input(found, _known(form or FORMS.get(suffix) or found.name), fields)


def _known(form: str) -> Form:
    if form not in ("jsonl", "csv", "parquet"):
        raise UnsupportedFormat(f"{form!r} is no input that a batch can read; expected a folder of documents, or "
                                f"{', '.join(FORMS)}, also as .gz or .zst; or say what it is with --input-format"
                                )  # fmt: skip
    return cast(Form, form)


@contextmanager
def _seekable(file: Hashed, name: str) -> Iterator[IO[bytes]]:
    """The file, unpacked on the disk first if it is packed: Parquet is read from its end."""
    content = unpacked(file, name)
    if content.raw is file:
        yield content
        return
    try:
        with tempfile.TemporaryFile() as unpacked_file:
            shutil.copyfileobj(content, unpacked_file)
            unpacked_file.seek(0)
            yield unpacked_file
    except OSError as error:
        raise unwritable(tempfile.gettempdir(), error) from error
