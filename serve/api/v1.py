"""The routes of /v1: what the command line does, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from mt.decode import Progress
from serve.admission import Job
from serve.api import answers, schemas
from serve.api.body import Body, read
from serve.api.events import stream
from serve.api.jobs import run
from serve.desk import Desk

Asked = TypeVar("Asked", bound=schemas.Options)
Work = Callable[[Desk, Body[Any], Job, Progress], dict[str, Any]]
Responses = dict[int | str, dict[str, Any]]

TEXT: Final = "أعلنت الوزارة خطة جديدة للمياه\n\nقال الوزير إن الكلفة 300 مليون دولار."
EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "text": {"text": TEXT},
    "segments": {"segments": ["قال الوزير إن الكلفة 300 مليون دولار.", ""]},
    "check": {"source": "قال الوزير إن الكلفة 300 مليون دولار.", "translation": "It costs 200 million dollars."},
}
_ERRORS: Final = {
    400: "The text cannot be used: empty, not Arabic, or the two texts do not pair.",
    401: "The server asks for a key, and none, or a wrong one, came.",
    403: "The server was not started to do that: to fetch addresses, to answer pages of other origins.",
    404: "There is no model of that name.",
    408: "The body stopped coming.",
    413: "More than the server takes at once; the message says how much that is.",
    415: "Not JSON and not a form, or a file that is no text, Markdown, HTML, Word document or PDF.",
    422: "Not as this page says (the message names the key), or a file or address that cannot be read.",
    429: "As many requests are in work as the server takes, or as the key may send.",
    500: "The model failed.",
    503: "The model cannot be loaded, or the server is going down.",
    504: "It took longer than the server allows.",
}
_IN_JSON: Final = {"glossary": {"contentType": "application/json"}}
_EVENT: Final = {
    "description": "With `stream`: progress (done and total), at last result (the same object) or error.",
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "event": {"enum": ["progress", "result", "error"]},
        "data": {"type": "string", "description": "JSON."},
    },
    "example": {"event": "progress", "data": '{"done": 3, "total": 13}'},
}
_RETRY: Final = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
ERRORS: Final[Responses] = {
    status: {"model": schemas.ErrorAnswer, "description": text} | ({"headers": _RETRY} if status == 429 else {})
    for status, text in _ERRORS.items()
}


def router(desk: Desk) -> APIRouter:
    """The routes /v1/translate, /v1/summarize, /v1/article, /v1/check and /v1/models."""
    routes = APIRouter(prefix="/v1", tags=["khulasa"])
    limits = desk.settings.limits

    async def answer(request: Request, work: Work, whole: type[Asked], form: type[Asked], files: list[str]) -> Response:
        return await _answer(desk, request, await read(request, whole, form, files, limits), work)

    @routes.post(
        "/translate",
        summary="Translate Arabic into English",
        responses=_answers(schemas.TranslationAnswer),
        openapi_extra=_body(schemas.TranslateRequest, schemas.DecodingOptions, ["file"], ["text", "segments"]),
    )
    async def translate(request: Request) -> Response:
        return await answer(request, answers.translate, schemas.TranslateRequest, schemas.DecodingOptions, ["file"])

    @routes.post(
        "/article",
        summary="Translate an Arabic article and summarize it in English",
        responses=_answers(schemas.ArticleAnswer),
        openapi_extra=_body(schemas.ArticleRequest, schemas.SummaryOptions, ["file"], ["text"]),
    )
    async def article(request: Request) -> Response:
        return await answer(request, answers.digest, schemas.ArticleRequest, schemas.SummaryOptions, ["file"])

    @routes.post(
        "/summarize",
        summary="Summarize a text, English as it is, Arabic by way of its translation",
        responses=_answers(schemas.ArticleAnswer | schemas.EnglishSummaryAnswer),
        openapi_extra=_body(schemas.ArticleRequest, schemas.SummaryOptions, ["file"], ["text"]),
    )
    async def summarize(request: Request) -> Response:
        return await answer(request, answers.summarize, schemas.ArticleRequest, schemas.SummaryOptions, ["file"])

    @routes.post(
        "/check",
        summary="Check a translation made by someone else; no model is asked",
        responses=_answers(schemas.CheckAnswer),
        openapi_extra=_body(schemas.CheckRequest, schemas.Options, ["source", "translation"], ["check"]),
    )
    async def check(request: Request) -> Response:
        return await answer(request, answers.check, schemas.CheckRequest, schemas.Options, ["source", "translation"])

    @routes.get(
        "/models",
        summary="What models there are, and which are installed",
        response_model=schemas.ModelsAnswer,
        responses={status: ERRORS[status] for status in (401, 403, 500)},
    )
    def models() -> dict[str, Any]:
        return answers.models(desk)

    return routes


async def _answer(desk: Desk, request: Request, body: Body[schemas.Options], work: Work) -> Response:
    """The JSON that the work gives, or a stream of events that ends with it."""

    def written(job: Job, progress: Progress) -> bytes:
        found = json.dumps(work(desk, body, job, progress), ensure_ascii=False, allow_nan=False)
        return found.encode("utf-8", "backslashreplace")  # half a character, from a PDF, is an escape of JSON

    if body.options.stream:
        return await stream(desk, request, written)
    return Response(await run(desk, request, lambda job: written(job, lambda done, total: None)),
                    media_type="application/json")  # fmt: skip


def _answers(model: Any) -> Responses:
    return {200: {"model": model, "content": {"text/event-stream": {"schema": _EVENT}}}, **ERRORS}


def _body(whole: type[BaseModel], form: type[BaseModel], files: list[str], examples: list[str]) -> dict[str, Any]:
    """What /openapi.json says of the body: the JSON class, or a form of files and the options; see `definitions`."""
    shown = {name: {"value": EXAMPLES[name]} for name in examples}
    content = {
        "application/json": {"schema": _ref(whole), "examples": shown},
        "multipart/form-data": {"schema": _form(form, files), "encoding": _IN_JSON},
    }
    return {"requestBody": {"required": True, "content": content}}


def _form(options: type[BaseModel], files: list[str]) -> dict[str, Any]:
    """The options of a form as plain fields, and its files."""
    schema = options.model_json_schema(ref_template="#/components/schemas/{model}")
    properties = {name: {"type": "string", "format": "binary"} for name in files}
    for name, shown in schema["properties"].items():
        properties[name] = {**shown, **shown.pop("anyOf", [{}])[0]}  # no field of a form is null
    return {"type": "object", "properties": properties, "required": files, "additionalProperties": False}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
