"""How the server is, and what it serves."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from penchant.serving import schemas
from penchant.serving.api.common import PREFIX, json_of, told
from penchant.serving.api.quick import QuickRoute
from penchant.serving.state import state_of

router = APIRouter(prefix=PREFIX, tags=["server"], route_class=QuickRoute)


@router.get(
    "/models",
    summary="The models in use",
    response_model=schemas.ModelsOut,
    responses=told(),
)
async def models(request: Request) -> Response:
    """What each was made with and from, and how good it was found to be."""
    summary = {"models": state_of(request).holder.service.summary()}
    return json_of(json.dumps(summary, ensure_ascii=False).encode("utf-8", "replace"))


@router.get(
    "/health",
    summary="Whether the server runs",
    response_model=schemas.StatusOut,
    responses=told(),
)
async def health() -> Response:
    """For a supervisor that restarts what hangs."""
    return json_of(b'{"status":"ok"}')


@router.get(
    "/ready",
    summary="Whether the server can answer",
    response_model=schemas.StatusOut,
    responses=told(),
)
async def ready(request: Request) -> Response:
    """For a balancer: the models are open and the store answers."""
    await run_in_threadpool(state_of(request).store.check)
    return json_of(b'{"status":"ready"}')
