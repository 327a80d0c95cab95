"""The user's own terms, from a CSV, TSV or TMX file.

A table has the columns `source` and `target`, and may have `kind` and `note`, in any order, named in its first line.
`kind` says how strict a term is:

- `required`: the translation must have it; its absence is an error
- `preferred`, also where no kind is given: offered to the model; its absence is mentioned
- `forbidden`: the translation must not have it

Several targets of one source are all accepted, and the first is offered. A TMX file's units are `preferred`; units
of other languages than Arabic and English are left out. Text is UTF-8, or UTF-16 with its byte order mark.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mt.errors import ConfigError
from mt.terms.match import Entry, fold, spellings

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

KINDS = ("required", "preferred", "forbidden")
MOST_BYTES = 32 << 20
_ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d3]")
_CODES = {"bpt", "ept", "ph", "it", "ut"}  # TMX 1.4b: what they hold is the markup of another format
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class Row(NamedTuple):
    """A line of a table, or a unit of a TMX file, and where it stands, for messages."""

    source: str
    target: str
    kind: str
    where: str


def load_glossary(path: Path) -> dict[str, Entry]:
    """The entries of a glossary by their folded keys.

    Raises ConfigError, naming the file and the line, for what cannot be understood.
    """
    if path.suffix.lower() in (".tmx", ".xml"):
        rows = _units(path)
    else:
        rows = read_table(path, required=("source", "target"), optional=("kind", "note"))
    return entries(rows)


def entries(rows: Iterable[Row]) -> dict[str, Entry]:
    """The entries of checked rows by their folded keys; raises ConfigError where one is asked for and forbidden."""
    found: dict[str, Entry] = {}
    for row in rows:
        known = found.get(fold(row.source), Entry(row.source, (), "term", "glossary"))
        for key in spellings(fold(row.source)):
            found[key] = _with(known, row)
    return found


def _with(known: Entry, row: Row) -> Entry:
    """The entry with one more row of the same source."""
    if row.target in (known.targets if row.kind == "forbidden" else known.forbidden):
        raise ConfigError(f"{row.where}: {row.target!r} is both forbidden and asked for; remove one of the two lines")
    if row.kind == "forbidden":
        return replace(known, forbidden=(*known.forbidden, row.target))
    if row.kind == "required" and not known.required:  # what is required goes before what is preferred
        return replace(known, targets=(row.target, *known.targets), required=True)
    return replace(known, targets=(*known.targets, row.target))


def read_table(path: Path, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> Iterator[Row]:
    """The rows of a CSV or TSV file with these columns; blank lines are left out.

    Raises ConfigError, naming the file and the line.
    """
    text = _decode(path)
    header = text.partition("\n")[0]
    delimiter = max("\t,;", key=header.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = _columns([name.strip().lower() for name in next(lines, [])], path, required, optional)
        for cells in lines:
            if any(cell.strip() for cell in cells):
                yield _row(
                    dict(zip(columns, cells, strict=False)), len(cells) - len(columns), f"{path}:{lines.line_num}"
                )
    except csv.Error as error:
        raise ConfigError(f"{path}:{lines.line_num}: {error}; expected columns separated by {delimiter!r}, and quotes "
                          "closed") from error  # fmt: skip


def _columns(columns: list[str], path: Path, required: tuple[str, ...], optional: tuple[str, ...]) -> list[str]:
    expected = f"expected a first line with {' and '.join(required)}"
    expected += f", and perhaps {' and '.join(optional)}" if optional else ""
    if missing := [name for name in required if name not in columns]:
        raise ConfigError(f"{path}:1: no column {missing[0]!r}; {expected}")
    if unknown := [name for name in columns if name not in (*required, *optional)]:
        raise ConfigError(f"{path}:1: unknown column {unknown[0]!r}; {expected}")
    if len(set(columns)) < len(columns):
        raise ConfigError(f"{path}:1: a column stands there twice; {expected}")
    return columns


def _row(cells: dict[str, str], surplus: int, where: str) -> Row:
    if surplus > 0:
        raise ConfigError(f"{where}: {surplus} more cells than columns; put quotes around a text with the separator")
    source, target, kind = (" ".join(cells.get(name, "").split()) for name in ("source", "target", "kind"))
    row = Row(source, target, kind.lower() or "preferred", where)
    if row.kind not in KINDS:
        raise ConfigError(f"{where}: kind {row.kind!r}; expected {', '.join(KINDS)} or nothing")
    return checked(row)


def checked(row: Row) -> Row:
    """The row, if its source is Arabic and it has a target."""
    if not _ARABIC.search(row.source) or len(fold(row.source)) < 2:
        raise ConfigError(f"{row.where}: source {row.source!r}; expected an Arabic word of two letters or more")
    if not row.target:
        raise ConfigError(f"{row.where}: no target for {row.source!r}; expected how it is written in English")
    return row


def _decode(path: Path) -> str:
    content = _read(path)
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not {'UTF-16' if wide else 'UTF-8'}; save it as UTF-8") from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(content) > MOST_BYTES:
        raise ConfigError(f"{path} is larger than {MOST_BYTES >> 20} MiB; keep the terms that matter")
    return content


def _units(path: Path) -> Iterator[Row]:
    """The units of a TMX file that have an Arabic and an English side; formatting codes are left out."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(_read(path))
    except ParseError as error:
        raise ConfigError(f"{path}:{error.position[0]}: not well-formed XML: {error}; expected a TMX file") from error
    except (DefusedXmlException, ValueError, LookupError) as error:  # entities; an encoding nobody knows
        raise ConfigError(f"{path}: {error}; expected a TMX file without entity declarations") from error
    if root.tag != "tmx":
        raise ConfigError(f"{path}: begins with <{root.tag}>; expected a TMX file, which begins with <tmx>")
    for number, unit in enumerate(root.iter("tu"), 1):
        texts = {}
        for variant in unit.iter("tuv"):
            lang = (variant.get(_XML_LANG) or variant.get("lang") or "").lower().partition("-")[0].partition("_")[0]
            segment = variant.find("seg")
            texts[lang] = _text(segment) if segment is not None else ""
        if "ar" in texts and "en" in texts:
            yield checked(Row(texts["ar"], texts["en"], "preferred", f"{path}: unit {number}"))


def _text(segment: Element) -> str:
    for element in list(segment.iter()):
        if element.tag in _CODES:
            tail = element.tail
            element.clear()
            element.tail = tail
    return " ".join("".join(segment.itertext()).split())
