"""Endpoints for the models in use and the state of the server."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from penchant.serving import schemas
from penchant.serving.api.common import PREFIX, error_responses, json_response
from penchant.serving.api.quick import QuickRoute
from penchant.serving.state import state_of

router = APIRouter(prefix=PREFIX, tags=["server"], route_class=QuickRoute)


@router.get(
    "/models",
    summary="The models in use",
    response_model=schemas.ModelsOut,
    responses=error_responses(),
)
async def models(request: Request) -> Response:
    """Settings, data, metrics and training of each model."""
    summary = {"models": state_of(request).reloader.service.summary()}
    return json_response(json.dumps(summary, ensure_ascii=False).encode("utf-8", "replace"))


@router.get(
    "/health",
    summary="Whether the server runs",
    response_model=schemas.StatusOut,
    responses=error_responses(),
)
async def health() -> Response:
    """For a supervisor that restarts processes that hang."""
    return json_response(b'{"status":"ok"}')


@router.get(
    "/ready",
    summary="Whether the server can answer",
    response_model=schemas.StatusOut,
    responses=error_responses(),
)
async def ready(request: Request) -> Response:
    """For a load balancer: the models are loaded and the store is available."""
    await run_in_threadpool(state_of(request).store.check)
    return json_response(b'{"status":"ready"}')
