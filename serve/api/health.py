"""What the machines around a server ask: is it alive, may requests come, and its numbers."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from serve.desk import Desk


def router(desk: Desk) -> APIRouter:
    """The routes /healthz, /readyz and /metrics."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz", summary="Whether the process answers")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get(
        "/readyz",
        summary="Whether requests may come: the model is loaded, and the server is not going down",
        responses={503: {"description": "Loading the model, or going down."}},
    )
    async def readyz() -> JSONResponse:
        state = desk.admission.state
        return JSONResponse({"status": state}, 200 if state == "ready" else 503)

    @routes.get(
        "/metrics",
        summary="Requests, latencies, batches, segments, tokens and the queue, for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}},
    )
    async def metrics() -> Response:
        body, content_type = desk.metrics.render()
        return Response(body, media_type=content_type)

    return routes
