"""What /openapi.json says of these routes: the bodies are read by hand, since each comes in three ways."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Response

from serve.api.libretranslate.parameters import MOST_ALTERNATIVES, SOURCES, TARGET

Json = dict[str, Any]

_ERROR: Final[Json] = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
_STATES: Final = {
    400: "What was sent is wrong, too long, of no format that is read, or not Arabic; the message says which.",
    403: "The key is missing or wrong, or the server does not do that.",
    404: "There is no such file, or no more.",
    408: "The body stopped coming.",
    413: "The body is larger than the server takes.",
    429: "As many requests are in work as the server takes, or as the key may send.",
    500: "The model failed.",
    503: "The model cannot be loaded, or the server is going down.",
    504: "It took longer than the server allows.",
}
_KEY: Final[Json] = {"type": ["string", "null"], "description": "A key of this server, where it asks for one."}
_TEXTS: Final[Json] = {
    "description": "A text, or a list of texts.",
    "oneOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
    "example": "أعلنت الوزارة خطة جديدة للمياه.",
}
_PAIR: Final[Json] = {
    "source": {"type": "string", "enum": list(SOURCES), "example": "ar"},
    "target": {"type": "string", "enum": [TARGET]},
    "api_key": _KEY,
}
_COUNT: Final[Json] = {
    "oneOf": [
        {"type": "integer", "minimum": 0, "maximum": MOST_ALTERNATIVES},
        {"type": "string", "pattern": r"^0*(10|[0-9])?$"},
        {"type": "null"},
    ],
    "default": 0,
    "description": "Other translations of each text, at most; none of HTML.",
}
_LANGUAGE: Final[Json] = {
    "type": "object",
    "required": ["confidence", "language"],
    "properties": {
        "confidence": {"type": "number", "minimum": 0, "maximum": 100},
        "language": {"type": "string"},
    },
}
_STRING: Final[Json] = {"type": "string"}


def _list_or_one(item: Json) -> Json:
    return {"oneOf": [item, {"type": "array", "items": item}]}


def _object(properties: Json, *required: str) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


def _described(answer: Json, body: Json | None, *statuses: int, only_form: bool = False) -> Json:
    """The keyword arguments of a route."""
    errors = {
        status: {"description": _STATES[status], "content": {"application/json": {"schema": _ERROR}}}
        for status in statuses
    }
    kinds = ["multipart/form-data"] if only_form else ["application/json", "application/x-www-form-urlencoded"]
    extra = {"requestBody": {"required": True, "content": {kind: {"schema": body} for kind in kinds}}} if body else {}
    success = {200: {"description": "Done.", "content": {"application/json": {"schema": answer}}}} if answer else {}
    return {"response_model": None, "responses": {**success, **errors}, "openapi_extra": extra}


_WORK: Final = (400, 403, 408, 413, 429, 500, 503, 504)

TRANSLATE: Final = _described(
    _object(
        {
            "translatedText": _list_or_one(_STRING),
            "detectedLanguage": _list_or_one(_LANGUAGE),
            "alternatives": {"type": "array", "items": _list_or_one(_STRING)},
        },
        "translatedText",
    ),
    _object(
        {
            "q": _TEXTS,
            **_PAIR,
            "format": {"enum": ["text", "html", "", None], "default": "text"},
            "alternatives": _COUNT,
        },
        "q",
        "source",
        "target",
    ),
    *_WORK,
)
DETECT: Final = _described({"type": "array", "items": _LANGUAGE}, _object({"q": _TEXTS, "api_key": _KEY}, "q"), *_WORK)
TRANSLATE_FILE: Final = _described(
    _object({"translatedFileUrl": {"type": "string"}}, "translatedFileUrl"),
    _object({"file": {"type": "string", "format": "binary"}, **_PAIR}, "file", "source", "target"),
    *_WORK,
    only_form=True,
)
DOWNLOAD_FILE: Final = _described({}, None, 403, 404) | {"response_class": Response}
LANGUAGES: Final = _described(
    {
        "type": "array",
        "items": _object(
            {"code": _STRING, "name": _STRING, "targets": {"type": "array", "items": _STRING}},
            "code", "name", "targets",
        ),
    },
    None,
    403,
)  # fmt: skip
SETTINGS: Final = _described({"type": "object"}, None, 403)
SUGGEST: Final = _described({}, None, 403)
