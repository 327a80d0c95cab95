"""The body of a request, JSON or a form with files → one of the request classes, or a clean error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import Message
from pathlib import PurePosixPath
from typing import Final, Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.types import Message as ASGIMessage

from mt.errors import InputError, InputTooLong, UnsupportedFormat
from serve.api.errors import InvalidRequest, invalid
from serve.api.guard import ENVELOPE
from serve.api.schemas import MOST_TERMS, Glossary
from serve.fetch import TYPES
from serve.reader import FORMATS
from serve.settings import Limits

Asked = TypeVar("Asked", bound=BaseModel, covariant=True)
_ESCAPED: Final = 6  # bytes of a character in JSON, as \u0627
_FIELDS: Final = 30  # of a form, keys of an object; there are not so many options
_FIELD_BYTES: Final = 1 << 20  # of one of them: a glossary
_GLOSSARY: Final = TypeAdapter(Glossary)
_KINDS: Final = {type_: kind for type_, kind in TYPES.items() if kind}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in a form: `kind` as the reader has it, where the name does not say it."""

    name: str
    data: bytes
    kind: str | None


@dataclass(frozen=True, slots=True)
class Body(Generic[Asked]):
    """What a request asks for: `options` of the request's class, or of that of its form, and then its files."""

    options: Asked
    files: dict[str, Upload] = field(default_factory=dict)


async def read(
    request: Request, whole: type[Asked], form: type[Asked], files: Sequence[str], limits: Limits
) -> Body[Asked]:
    """The request: JSON of the class `whole`, or a form with these files and the options of the class `form`.

    Raises:
        UnsupportedFormat: it is neither.
        InputTooLong: it has more bytes than may be; the rest is not read.
        InvalidRequest, InputError: it is not as the class says, or broken.
    """
    kind = _media_type(request.headers.get("content-type"))
    if kind == "application/json":
        most = min(limits.file_bytes, _ESCAPED * limits.characters)  # to parse more costs everyone seconds
        return Body(_json(await _bounded(request, most).body(), whole))
    if kind == "multipart/form-data":
        return await _form(_bounded(request, limits.file_bytes), form, files)
    raise UnsupportedFormat(f"the Content-Type is {kind[:80]}; expected application/json, or multipart/form-data for "
                            "a file")  # fmt: skip


def _media_type(header: str | None) -> str:
    if header is None:
        return "missing"
    message = Message()
    message["content-type"] = header
    return message.get_content_type()


def _bounded(request: Request, most: int) -> Request:
    return Request(request.scope, _Bounded(request, most + ENVELOPE).receive)


class _Bounded:
    """The body of a request, as long as it is not too long."""

    def __init__(self, request: Request, limit: int) -> None:
        self._request, self._limit, self._size = request, limit, 0
        stated = request.headers.get("content-length", "")
        self._stated = int(stated) if stated.isascii() and stated.isdecimal() and len(stated) < 20 else 0

    async def receive(self) -> ASGIMessage:
        """The next piece; raises InputTooLong, before anything is read if the client states the length."""
        self._check(self._stated)
        message = await self._request.receive()
        self._size += len(message.get("body", b""))
        self._check(self._size)
        return message

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise InputTooLong(f"the request has {size:,} bytes or more; this server takes {self._limit:,} at once. "
                               "Send it in parts.")  # fmt: skip


def _json(body: bytes, whole: type[Asked]) -> Asked:
    try:
        _check_keys(body)
        return whole.model_validate_json(body)
    except ValidationError as error:
        raise _invalid(error) from None  # the chained error would hold the text


def _check_keys(body: bytes) -> None:
    """Return if no object has more keys than any may have: pydantic would make an error of each unknown one."""
    try:
        found = from_json(body)
    except ValueError:  # which pydantic says better
        return
    glossary = found.get("glossary") if isinstance(found, dict) else None
    for item in (found, *(glossary[:MOST_TERMS] if isinstance(glossary, list) else ())):
        if isinstance(item, dict) and len(item) > _FIELDS:
            raise InvalidRequest(f"an object has {len(item):,} keys; expected those that /openapi.json names")


async def _form(request: Request, options: type[Asked], files: Sequence[str]) -> Body[Asked]:
    try:
        async with request.form(max_files=len(files), max_fields=_FIELDS, max_part_size=_FIELD_BYTES) as form:
            given = _texts(form, files)
            uploads = {name: await _upload(form[name], name) for name in files}
    except HTTPException as error:
        if error.status_code == 400:
            raise InputError(f"the form cannot be read: {error.detail}") from error
        raise
    except (ValueError, MultiPartException) as error:  # a charset that nobody knows, a boundary that is none
        raise InputError("the form cannot be read: expected what `curl -F file=@article.txt` sends") from error
    try:
        return Body(_asked(options, given), uploads)
    except ValidationError as error:
        raise _invalid(error) from None


def _asked(options: type[Asked], given: dict[str, str]) -> Asked:
    """The options as a form writes them: plain fields, but for the glossary, which is JSON."""
    glossary = given.pop("glossary", None) if "glossary" in options.model_fields else None
    asked = options.model_validate_strings(given)
    if glossary is None:
        return asked
    try:
        return asked.model_copy(update={"glossary": _GLOSSARY.validate_json(glossary)})
    except ValidationError as error:
        raise InvalidRequest(f"glossary: {invalid(error.errors(include_url=False, include_input=False))}; expected "
                             'JSON, as [{"source": "…", "target": "…"}]') from None  # fmt: skip


def _texts(form: FormData, files: Sequence[str]) -> dict[str, str]:
    """The fields that are no files, each once."""
    names = [name for name, _ in form.multi_items()]
    for name in files:
        if name not in names:
            raise InvalidRequest(f"{name}: the form has no such file")
    for name in names:
        if names.count(name) > 1:
            raise InvalidRequest(f"{name[:40]!r} stands in the form twice")
    return {name: _text(name, value) for name, value in form.items() if name not in files}


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidRequest(f"{name[:40]!r} came as a file; expected a plain field")
    return value


async def _upload(value: object, name: str) -> Upload:
    if not isinstance(value, UploadFile):
        raise InvalidRequest(f"{name}: came as a plain field; expected a file, as in `curl -F {name}=@article.txt`")
    shown = _shown(value.filename or "") or "the file"
    media_type = (value.content_type or "").partition(";")[0].strip().lower()
    known = PurePosixPath(shown.lower().removesuffix(".gz")).suffix in FORMATS
    return Upload(shown, await value.read(), None if known else _KINDS.get(media_type))


def _shown(name: str) -> str:
    """A file's name as messages have it: no folders, nothing that cannot be printed, not endless."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable())[-100:]


def _invalid(error: ValidationError) -> InvalidRequest:
    return InvalidRequest(invalid(error.errors(include_url=False, include_input=False)))
