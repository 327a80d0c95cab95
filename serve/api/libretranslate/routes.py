"""The routes of LibreTranslate, and its form of an error: {"error": "what is wrong"}."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from mt.errors import InputError, MTError
from mt.language import identify
from serve.admission import Busy, Draining, Job
from serve.api.errors import Forbidden, TimedOut, explain
from serve.api.guard import require_key
from serve.api.jobs import run
from serve.api.libretranslate import description
from serve.api.libretranslate.downloads import SECONDS, Downloads
from serve.api.libretranslate.parameters import Parameters, read
from serve.api.libretranslate.passages import Passages
from serve.desk import Desk
from serve.translated import TranslatedFile, translate_file
from serve.translated.html import translate_html

LANGUAGES: Final = [
    {"code": "ar", "name": "Arabic", "targets": ["en"]},
    {"code": "en", "name": "English", "targets": []},
]
FILES: Final = [".txt", ".md", ".html", ".htm", ".docx", ".pdf"]
_TYPING = 500  # milliseconds that LibreTranslate's own page waits for the next key; it has the same default

Answer = Callable[[Request], Coroutine[Any, Any, Response]]


class LibreTranslateRoute(APIRoute):
    """A route whose errors are LibreTranslate's."""

    def get_route_handler(self) -> Answer:
        """The handler with our errors in its client's words; what is no error of ours goes on to the application."""
        route = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await route(request)
            except (MTError, Busy, Draining, TimedOut, RequestValidationError, HTTPException) as error:
                return _refusal(error)

        return answer


def _refusal(error: Exception) -> Response:
    problem, status = explain(error), explain(error).status
    if isinstance(error, InputError) and not isinstance(error, Forbidden):
        status = 400  # LibreTranslate knows no other for what was sent
    elif status == 401:
        status = 403  # which its clients take for a wrong key
    return JSONResponse({"error": problem.message}, status, dict(problem.headers))


def router(desk: Desk) -> APIRouter:
    """The routes /translate, /languages, /detect, /translate_file, /download_file, /frontend/settings, /suggest."""
    routes = APIRouter(tags=["LibreTranslate"], route_class=LibreTranslateRoute)
    downloads = Downloads()
    limits = desk.settings.limits

    @routes.post("/translate", **description.TRANSLATE)
    async def translate(request: Request) -> Response:
        """Translate one text or several, plain or HTML."""
        asked = await read(request, limits)
        require_key(request, asked.api_key)
        answer, told = await run(desk, request, _translation(desk, asked))
        return JSONResponse(answer, headers=told)

    @routes.post("/detect", **description.DETECT)
    async def detect(request: Request) -> Response:
        """Tell the language of a text."""
        asked = await read(request, limits)
        require_key(request, asked.api_key)
        texts = asked.texts
        return JSONResponse([await run(desk, request, lambda job: _detected(texts))])

    @routes.post("/translate_file", **description.TRANSLATE_FILE)
    async def translate_document(request: Request) -> Response:
        """Translate a document; the answer says where it can be fetched for an hour."""
        asked = await read(request, limits)
        require_key(request, asked.api_key)
        file, told = await run(desk, request, _document(desk, asked))
        key = downloads.keep(file)
        asyncio.get_running_loop().call_later(SECONDS + 1, downloads.forget_old)
        url = f"{request.base_url}download_file/{key}.{quote(file.name)}"
        return JSONResponse({"translatedFileUrl": url}, headers=told)

    @routes.get("/download_file/{filename}", **description.DOWNLOAD_FILE)
    async def download_file(filename: str) -> Response:
        """Fetch a translated document."""
        file = downloads.find(filename.partition(".")[0])
        if file is None:
            raise HTTPException(404, "there is no such file; translated files are kept for an hour")
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return Response(file.data, media_type=file.media_type, headers=headers)

    @routes.get("/languages", **description.LANGUAGES)
    async def languages() -> Response:
        """List the languages."""
        return JSONResponse(LANGUAGES)

    @routes.get("/frontend/settings", **description.SETTINGS)
    async def settings() -> Response:
        """Tell a page what this server does."""
        return JSONResponse(_settings(desk))

    @routes.post("/suggest", **description.SUGGEST)
    async def suggest() -> Response:
        """Refuse a better translation: nothing that is sent here is kept."""
        raise Forbidden("suggestions are not taken on this server")

    return routes


def _translation(desk: Desk, asked: Parameters) -> Callable[[Job], tuple[dict[str, Any], dict[str, str]]]:
    """The work of /translate: its answer, and the headers; raises InputError before it begins."""
    texts, source, markup, alternatives = asked.texts, asked.source, asked.markup, asked.alternatives

    def work(job: Job) -> tuple[dict[str, Any], dict[str, str]]:
        passages = Passages(desk, job, 0 if markup else alternatives)
        pages = translate_html(texts, passages) if markup else []
        found = [[page] for page in pages] if markup else passages.hypotheses(texts)
        answer: dict[str, Any] = {"translatedText": [best for best, *_ in found]}
        if source == "auto":
            answer["detectedLanguage"] = [_detected(texts)] * len(texts)
        if alternatives:
            answer["alternatives"] = [others for _, *others in found]
        if not asked.batch:
            answer = {name: value for name, (value,) in answer.items()}
        return answer, passages.told

    return work


def _document(desk: Desk, asked: Parameters) -> Callable[[Job], tuple[TranslatedFile, dict[str, str]]]:
    """The work of /translate_file; raises InputError before it begins."""
    upload, _ = asked.file, asked.source

    def work(job: Job) -> tuple[TranslatedFile, dict[str, str]]:
        passages = Passages(desk, job)
        return translate_file(upload.data, upload.name, passages), passages.told

    return work


def _detected(texts: list[str]) -> dict[str, Any]:
    language = identify("\n".join(texts))
    return {"confidence": round(100 * language.certainty, 1), "language": language.code}


def _settings(desk: Desk) -> dict[str, Any]:
    keys = desk.settings.keys is not None
    return {
        "charLimit": desk.settings.limits.characters,
        "frontendTimeout": _TYPING,
        "apiKeys": keys,
        "keyRequired": keys,
        "suggestions": False,
        "filesTranslation": True,
        "supportedFilesFormat": FILES,
        "language": {
            "source": {"code": "ar", "name": "Arabic"},
            "target": {"code": "en", "name": "English"},
        },
    }
