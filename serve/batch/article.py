"""The fields of a record → an article, and the fields that are left over."""

from __future__ import annotations

import math
import re
from base64 import b64encode
from dataclasses import dataclass, replace
from typing import Any

from mt.document import Article
from mt.errors import EmptyInput, InputTooLong, UnsupportedFormat
from mt.normalize import VISIBLE, replace_surrogates
from serve.reader import MAX_BYTES, parse_text

DEEPEST = 50  # levels of a field: whoever writes or sends it needs the interpreter's stack for each
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and line feed: terminals obey them


@dataclass(frozen=True, slots=True)
class Fields:
    """What the fields of a record are called that mean something here; all others are kept."""

    text: str = "text"
    title: str = "title"
    id: str = "id"


def build_article(values: dict[str, Any], fields: Fields, id_: str | None, warnings: tuple[str, ...] = ()) -> Article:
    """The article in a record's fields: a text, or a list of paragraphs, and a headline if there is one.

    Without a headline of its own, a text has the one that the reader of files finds in it.

    Raises EmptyInput, InputTooLong, UnsupportedFormat.
    """
    text, title = values.get(fields.text), _title(values.get(fields.title))
    if text is None:
        raise EmptyInput(f"there is no text: the field {fields.text!r} is missing, or null")
    if isinstance(text, str):
        _check_size(text)
        article = parse_text(_clean(text))
        if title and article.title:  # the record's own headline; what looked like one is a paragraph
            article = Article((article.title, *article.paragraphs))
    elif isinstance(text, list) and all(isinstance(paragraph, str) for paragraph in text):
        _check_size("".join(text))
        cleaned = (_clean(paragraph).strip() for paragraph in text)
        article = Article(tuple(paragraph for paragraph in cleaned if paragraph))
    else:
        raise UnsupportedFormat(f"the field {fields.text!r} is {_kind(text)}; expected a text, or a list of paragraphs")
    article = replace(article, title=title or article.title, id=id_, warnings=warnings)
    if not VISIBLE.search("".join(article.paragraphs)):
        raise EmptyInput(f"the text is empty: there is nothing to see in the field {fields.text!r}")
    return article


def _title(value: Any) -> str | None:
    """The headline in one line; None for what is no text, or an empty one."""
    title = " ".join(_clean(value).split()) if isinstance(value, str) else ""
    return title if VISIBLE.search(title) else None


def _clean(text: str) -> str:
    """As the reader of files gives it: \\n between lines, no control characters, no half ones."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return replace_surrogates(_CONTROLS.sub(lambda found: " " if found[0].isspace() else "", lines))


def _check_size(text: str) -> None:
    size = len(text.encode("utf-8", "replace"))
    if size > MAX_BYTES:
        raise InputTooLong(f"the text has {size:,} bytes; one article may have {MAX_BYTES:,}: split it")


def _kind(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", dict: "an object", list: "a list of others"}
    return names.get(type(value), f"of the type {type(value).__name__}")


def other_fields(values: dict[str, Any], fields: Fields) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields that are no part of the article, as JSON can say them; a warning for each that it cannot.

    Raises UnsupportedFormat for one that is nested too deep.
    """
    title, id_, text = (values.get(name) for name in (fields.title, fields.id, fields.text))
    used = {
        name
        for name, taken in (
            (fields.text, isinstance(text, str | list)),
            (fields.title, _title(title) is not None),
            (fields.id, isinstance(id_, str) and id_ != ""),
        )
        if taken
    }
    kept, warnings = dict[str, Any](), list[str]()
    for name, value in values.items():
        if name not in used:
            lost = list[float]()
            kept[name] = _plain(value, lost)
            if lost:
                warnings.append(f"The field {replace_surrogates(name)!r} holds {lost[0]}, for which JSON has no word: "
                                f"here it is null.")  # fmt: skip
    return kept, tuple(warnings)


def _plain(value: Any, lost: list[float], depth: int = 0) -> Any:
    """The value in types of JSON: numbers and texts as they are, a date in ISO 8601, bytes in base64."""
    if depth > DEEPEST:
        raise UnsupportedFormat(f"a field is nested more than {DEEPEST} levels deep; flatten it")
    if isinstance(value, float) and not math.isfinite(value):
        lost.append(value)
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(item, lost, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, lost, depth + 1) for item in value]
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
