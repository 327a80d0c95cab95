"""What a client of LibreTranslate sends, as JSON, as a form, or in the address, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import UploadFile

from mt.errors import InputError
from mt.normalize import replace_surrogates
from serve.settings import Limits

SOURCES: Final = ("ar", "auto")
TARGET: Final = "en"
MOST_ALTERNATIVES: Final = 10
_FORMATS: Final = ("text", "html")
_FIELDS: Final = 1000  # of a form; each text of a list is one
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in a form."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of a request; each property raises InputError if its own is missing or wrong."""

    values: Mapping[str, Any]
    files: Mapping[str, Upload] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        """What is to be translated: one text, or as many as `batch` has."""
        given = self.values.get("q")
        if given in (None, "", []):
            raise _missing("q")
        texts = [text for text in (given if isinstance(given, list) else [given]) if isinstance(text, str)]
        if len(texts) < (len(given) if isinstance(given, list) else 1):
            raise InputError("Invalid request: q must be a text, or a list of texts")
        return [replace_surrogates(text) for text in texts]

    @property
    def batch(self) -> bool:
        """Whether a list was sent, and a list is to be answered."""
        return isinstance(self.values.get("q"), list)

    @property
    def file(self) -> Upload:
        if "file" not in self.files:
            raise _missing("file")
        return self.files["file"]

    @property
    def source(self) -> str:
        """ar or auto; a request for any other pair of languages raises."""
        source, target = self._text("source"), self._text("target")
        if not source or not target:
            raise _missing("target" if source else "source")
        if source not in SOURCES:
            raise InputError(f"{_shown(source)} is not supported as a source; expected {' or '.join(SOURCES)}")
        if target != TARGET:
            raise InputError(f"{_shown(target)} is not supported as a target; expected {TARGET}")
        return source

    @property
    def markup(self) -> bool:
        """Whether the texts are HTML."""
        name = self._text("format") or "text"
        if name not in _FORMATS:
            raise InputError(f"{_shown(name)} format is not supported; expected {' or '.join(_FORMATS)}")
        return name == "html"

    @property
    def alternatives(self) -> int:
        given = self.values.get("alternatives")
        digits = str(given or 0)
        if isinstance(given, bool | float | list | dict) or not (digits.isascii() and digits.isdecimal()):
            raise InputError("Invalid request: alternatives parameter is not a number")
        if len(digits) > 9 or int(digits) > MOST_ALTERNATIVES:
            raise InputError(f"Invalid request: alternatives parameter must be <= {MOST_ALTERNATIVES}")
        return int(digits)

    @property
    def api_key(self) -> str | None:
        return self._text("api_key") or None

    def _text(self, name: str) -> str:
        value = self.values.get(name)
        if not isinstance(value, str | None):
            raise InputError(f"Invalid request: {name} must be a text")
        return value or ""


async def read(request: Request, limits: Limits) -> Parameters:
    """The parameters of a request; raises InputError for JSON or a form that cannot be read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        return Parameters(_json(await request.body()))
    fields = request.query_params.multi_items()
    files: dict[str, Upload] = {}
    try:
        if kind == "application/x-www-form-urlencoded":
            fields += _urlencoded(await request.body())
        elif kind == "multipart/form-data":
            form = await request.form(max_files=1, max_fields=_FIELDS, max_part_size=limits.file_bytes)
            fields += [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
            files = {name: await _upload(value) for name, value in form.items() if isinstance(value, UploadFile)}
            await form.close()
    except ValueError as error:  # not UTF-8, over a thousand fields, a boundary that is none
        raise InputError("Invalid request: the form cannot be read; expected UTF-8") from error
    given: dict[str, list[str]] = {}
    for name, value in fields:
        given.setdefault(name, []).append(value.replace("\r\n", "\n").replace("\r", "\n"))
    return Parameters({name: values if len(values) > 1 else values[0] for name, values in given.items()}, files)


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form; starlette would take what `curl -d` sends, plain UTF-8, for Latin-1."""
    return parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)


async def _upload(file: UploadFile) -> Upload:
    return Upload(_file_name(file.filename or ""), await file.read())


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InputError("Invalid JSON format") from error
    if not isinstance(given, dict):
        raise InputError("Invalid JSON format: expected an object")
    return given


def _file_name(given: str) -> str:
    """The name without folders, and without what stands badly in an address or a message."""
    last = given.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c if c.isalnum() or c in ".-_ " else "_" for c in replace_surrogates(last)).strip(". ")
    return kept[-_LONGEST_NAME:] or "document"


def _missing(name: str) -> InputError:
    return InputError(f"Invalid request: missing {name} parameter")


def _shown(given: str) -> str:
    return "".join(c for c in replace_surrogates(given) if c.isprintable())[:40]
