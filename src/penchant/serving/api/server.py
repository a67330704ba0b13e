"""Endpoints for the models in use and the state of the server."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from penchant.serving import records
from penchant.serving.api.common import PREFIX, json_response, responses
from penchant.serving.api.quick import QuickRoute
from penchant.serving.state import state_of

router = APIRouter(prefix=PREFIX, tags=["server"], route_class=QuickRoute)


@router.get(
    "/models",
    summary="The models in use",
    responses=responses(records.ModelsOut),
)
async def models(request: Request) -> Response:
    """Settings, data, metrics and training of each model."""
    return json_response(records.ModelsOut(state_of(request).reloader.service.summary()))


@router.get(
    "/health",
    summary="Whether the server runs",
    responses=responses(records.StatusOut),
)
async def health() -> Response:
    """For a supervisor that restarts processes that hang."""
    return json_response(records.StatusOut("ok"))


@router.get(
    "/ready",
    summary="Whether the server can answer",
    responses=responses(records.StatusOut),
)
async def ready(request: Request) -> Response:
    """For a load balancer: the models are loaded and the store is available."""
    await run_in_threadpool(state_of(request).store.check)
    return json_response(records.StatusOut("ready"))
