"""Parquet in and out, in streams; the one place of the batch that knows pyarrow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any

from mt.errors import SourceUnreadable, UnsupportedFormat
from mt.normalize import replace_surrogates
from serve.batch.readers import Row, check_columns

_ROWS = 64  # of an input, decoded at once
_GROUP = 1000  # rows of an output's row group: by count, so that the bytes do not depend on how the work was cut


def parquet_rows(file: IO[bytes], name: str, needed: str) -> Iterator[Row]:
    """A row for each row of the table, with the types that it has; `file` is one that can be sought in.

    Raises SourceUnreadable if it is no Parquet file, UnsupportedFormat if it has no column `needed`.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        table = ParquetFile(file)
    except (ArrowException, OSError) as error:
        raise SourceUnreadable(f"{name} cannot be read as Parquet ({_first_line(error)}); get it again") from error
    check_columns(table.schema_arrow.names, needed, name)
    begin = 1
    for group in range(table.num_row_groups):
        number, end = begin, begin + table.metadata.row_group(group).num_rows
        try:
            for batch in table.iter_batches(_ROWS, row_groups=[group]):
                for index in range(batch.num_rows):
                    yield _row(f"{name}:{number}", batch.slice(index, 1))
                    number += 1
        except (ArrowException, OSError) as error:  # one row for all: how many there are, a broken file is not asked
            what = f"the rows {number} to {end - 1} are broken ({_first_line(error)}); get the file again"
            yield Row(f"{name}:{number}", error=SourceUnreadable(what))
        begin = end


def _row(where: str, batch: Any) -> Row:
    try:
        (values,) = batch.to_pylist()
    except (ValueError, OverflowError, ArithmeticError) as error:  # UnicodeDecodeError; dates that Python has not
        return Row(where, error=UnsupportedFormat(f"a value cannot be read ({_first_line(error)})"))
    return Row(where, values)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def write_parquet(records: Iterable[dict[str, Any]], file: IO[bytes]) -> None:
    """Write output records as a table whose columns are the keys of the record, `input` as JSON text.

    Equal records give equal bytes, with one version of pyarrow.
    """
    from pyarrow.parquet import ParquetWriter

    rest = iter(records)
    with ParquetWriter(file, _schema(), compression="zstd") as writer:
        while group := list(islice(rest, _GROUP)):
            writer.write_table(_table(group))


def _table(records: list[dict[str, Any]]) -> Any:
    import pyarrow

    rows = [{**record, "input": json.dumps(record.get("input", {}), ensure_ascii=False)} for record in records]
    try:
        return pyarrow.Table.from_pylist(rows, _schema())
    except UnicodeEncodeError:  # half characters, which JSON can write down and UTF-8 cannot
        return pyarrow.Table.from_pylist([_encodable(row) for row in rows], _schema())


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return replace_surrogates(value)
    if isinstance(value, dict):
        return {key: _encodable(item) for key, item in value.items()}
    return [_encodable(item) for item in value] if isinstance(value, list) else value


def _schema() -> Any:
    """The keys of docs/json.md, with the types that they have."""
    from pyarrow import bool_, float64, int64, list_, schema, string, struct

    def record(**fields: Any) -> Any:
        return struct(list(fields.items()))

    text, texts, span = string(), list_(string()), list_(int64())
    term = record(source=text, target=text, origin=text)
    flag = record(kind=text, severity=text, message=text, source_span=span, target_span=span)
    segment = record(
        paragraph=int64(), source=text, target=text, score=float64(), confidence=float64(), reading=text,
        alternatives=texts, terms=list_(term), flags=list_(flag),
    )  # fmt: skip
    sentence = record(text=text, segments=list_(int64()), supported=bool_(), replaced=text, reason=text)
    return schema(
        {
            "schema": int64(), "id": text, "title": record(source=text, target=text), "source_lang": text,
            "target_lang": text, "segments": list_(segment), "translation": text,
            "systems": record(translate=text, summarize=text), "warnings": texts,
            "summary": record(kind=text, text=text, sentences=list_(sentence)),
            "error": record(kind=text, message=text, where=text), "input": text,
        }
    )  # fmt: skip
