"""The HTTP API as one application, without the page and without the guard."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from mt import __version__
from serve.api import errors, health, libretranslate, schemas, v1
from serve.desk import Desk


def build_api(desk: Desk) -> FastAPI:
    """Every route but the page's: /v1, health, and LibreTranslate's; /openapi.json describes them.

    Swagger's and ReDoc's pages are off: they load their scripts from another host.
    """
    api = Api(
        title="khulasa",
        version=__version__,
        summary="Arabic news articles in; English translations, summaries, and what to doubt about them, out.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect to a Host that the client made up
    )
    errors.install(api)
    for router in (v1.router(desk), health.router(desk), libretranslate.router(desk)):
        api.include_router(router)
    return api


class Api(FastAPI):
    """FastAPI that also describes the classes which the routes of /v1 read by themselves."""

    def openapi(self) -> dict[str, Any]:
        """The description, made once."""
        if not self.openapi_schema:
            described = super().openapi()
            _, definitions = models_json_schema(
                [(model, "validation") for model in (schemas.TranslateRequest, schemas.ArticleRequest,
                                                     schemas.CheckRequest)],
                ref_template="#/components/schemas/{model}",
            )  # fmt: skip
            described["components"]["schemas"].update(definitions["$defs"])
        return self.openapi_schema or {}
