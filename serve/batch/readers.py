"""Files → rows, one after the other: JSON Lines and CSV. Folders are in folder.py, Parquet in parquet.py.

What is wrong with one row is said in its place and the next one is read; only what concerns the whole file is raised.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from mt.document import Article
from mt.errors import InputTooLong, MTError, UnsupportedFormat
from serve.batch.storage import CutShort

MAX_LINE = 16 * 2**20  # bytes: the longest article, with every letter written as \uXXXX, and its other fields
_SKIPPED = 2**30  # bytes of one line that are read past; what has none for so long has no lines
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ARRAY = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*\{")
_NOT_UTF8 = re.compile("[\udc80-\udcff]")  # how "surrogateescape" shows bytes that are not UTF-8
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Row:
    """What stands in one place of an input: values by field, or a document, or why neither can be had."""

    where: str
    values: dict[str, Any] = field(default_factory=dict)
    id: str | None = None  # of a document
    article: Article | None = None
    error: MTError | None = None


class Lines:
    """Lines that end with \\n, nothing else: U+2028 and U+0085 may stand in a text. InputTooLong skips one line."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.number = 0  # of the line that came last

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> bytes:
        self.number += 1
        line = self._file.readline(MAX_LINE)
        if not line:
            self.number -= 1
            raise StopIteration
        if len(line) == MAX_LINE and not line.endswith(b"\n"):
            self._skip()
            raise InputTooLong(f"the line has over {MAX_LINE:,} bytes, the most that a record may have; split it")
        return line.removeprefix(b"\xef\xbb\xbf") if self.number == 1 else line

    def _skip(self) -> None:
        for _ in range(_SKIPPED // MAX_LINE):
            rest = self._file.readline(MAX_LINE)
            if len(rest) < MAX_LINE or rest.endswith(b"\n"):
                return
        raise CutShort(f"the line has over {_SKIPPED:,} bytes; it and what follows it were not read")


def jsonl_rows(file: IO[bytes], name: str) -> Iterator[Row]:
    """A row for each line that is not blank."""
    _check_start(file, name, array=True)
    lines = Lines(file)
    while True:
        try:
            line = next(lines, None)
            if line is None:
                return
            if line.strip():
                yield Row(f"{name}:{lines.number}", _json_object(line))
        except CutShort as error:
            yield Row(f"{name}:{lines.number}", error=error)
            return
        except (InputTooLong, UnsupportedFormat) as error:  # not a disk or a network that fails: that ends all
            yield Row(f"{name}:{lines.number}", error=error)


def _check_start(file: IO[bytes], name: str, *, array: bool = False) -> None:
    """Raise UnsupportedFormat where every line would fail for one reason."""
    try:
        start: bytes = file.peek(1024)  # type: ignore[attr-defined]  # a BufferedReader
    except CutShort:  # the first line will say so, in its place
        return
    if start.startswith(_UTF16):
        raise UnsupportedFormat(f"{name} is UTF-16; save it as UTF-8 and try again")
    if array and _ARRAY.match(start):
        raise UnsupportedFormat(f"{name} is one JSON array; expected an object a line: "
                                f"`jq -c '.[]' {name} > lines.jsonl` makes such a file")  # fmt: skip


def _json_object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise UnsupportedFormat(f"not UTF-8 (the byte 0x{line[error.start]:02x} at {error.start + 1}); save the "
                                f"text as UTF-8") from error  # fmt: skip
    except (ValueError, RecursionError) as error:  # not only JSONDecodeError: a number of over 4,300 digits
        raise UnsupportedFormat(f"not JSON ({error}); expected one object on the line") from error
    if not isinstance(value, dict):
        raise UnsupportedFormat(f"JSON, but no object ({line[:20].decode(errors='replace').strip()} …); expected "
                                f'one such as {{"text": "…"}}')  # fmt: skip
    return value


def csv_rows(file: IO[bytes], name: str, needed: str) -> Iterator[Row]:
    """A row for each record below the header, fields of several lines included; `where` is its first line.

    Raises UnsupportedFormat if the header cannot be read, or has no column `needed`.
    """
    _check_start(file, name)
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE))  # for the whole process; the default is 128 KiB
    lines = _Decoded(Lines(file))
    try:
        header, delimiter = _header(lines, name, needed)
        rows = csv.reader(
            lines, delimiter=delimiter, strict=True
        )  # not strict, it glues rows together at a stray quote
    except CutShort as error:
        yield Row(f"{name}:1", error=error)
        return
    while True:
        begin = lines.number + 1
        try:
            cells = next(rows, None)
            if cells is None:
                return
            if cells:
                yield Row(f"{name}:{begin}", _checked(cells, header))
        except csv.Error as error:
            yield Row(f"{name}:{begin}", error=_broken(error, begin, lines.number))
        except CutShort as error:
            yield Row(f"{name}:{begin}", error=error)
            return
        except (InputTooLong, UnsupportedFormat) as error:
            yield Row(f"{name}:{begin}", error=error)


class _Decoded:
    """Lines as text, for the csv module; what is not UTF-8 is kept, to be found in its field."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    @property
    def number(self) -> int:
        return self._lines.number

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._lines).decode(errors="surrogateescape")


def _header(lines: Iterator[str], name: str, needed: str) -> tuple[list[str], str]:
    """The names of the columns, and the delimiter that gives most of them."""
    try:
        line = next(lines, "")
        found = {mark: next(csv.reader([line], delimiter=mark, strict=True), []) for mark in _DELIMITERS}
    except (csv.Error, InputTooLong) as error:
        raise UnsupportedFormat(f"{name}: the header cannot be read ({error}); expected the names of the columns") \
            from error  # fmt: skip
    delimiter = max(_DELIMITERS, key=lambda mark: len(found[mark]))
    header = found[delimiter]
    if line:
        check_columns(header, needed, name)
    return header, delimiter


def check_columns(columns: list[str], needed: str, name: str) -> None:
    """Raise UnsupportedFormat if a table lacks the column of the texts, or has two of one name."""
    if twice := {column for column in columns if columns.count(column) > 1}:
        raise UnsupportedFormat(f"{name} has two columns of the name {min(twice)!r}; rename one")
    if needed not in columns:
        shown = ", ".join(map(repr, columns[:20])) + (", …" if len(columns) > 20 else "")
        raise UnsupportedFormat(f"{name} has no column {needed!r}; it has {shown or 'none'}. Name the one of the texts "
                                f"with --text-field")  # fmt: skip


def _checked(cells: list[str], header: list[str]) -> dict[str, Any]:
    if any(_NOT_UTF8.search(cell) for cell in cells):
        raise UnsupportedFormat("not UTF-8; save the file as UTF-8 (in Excel: CSV UTF-8)")
    if len(cells) != len(header):
        raise UnsupportedFormat(f"{len(cells)} fields where the header has {len(header)}; put fields with a delimiter "
                                f"or a line break in quotes")  # fmt: skip
    return dict(zip(header, cells, strict=True))


def _broken(error: csv.Error, begin: int, end: int) -> UnsupportedFormat:
    lines = f"line {begin}" if end <= begin else f"lines {begin} to {end}"
    return UnsupportedFormat(f"{lines}: no CSV record ({error}); write quotes in a quoted field twice")
