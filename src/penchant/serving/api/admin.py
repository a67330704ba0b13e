"""For whoever runs the server: other models, other words for items, forgetting people."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from penchant.errors import ArtifactError
from penchant.serving import schemas
from penchant.serving.api.common import (
    BEARER,
    PREFIX,
    TextId,
    as_id,
    failure,
    json_of,
    needs_token,
    told,
)
from penchant.serving.problems import problem
from penchant.serving.state import state_of
from penchant.serving.store.base import Override

router = APIRouter(prefix=PREFIX, tags=["admin"], dependencies=[Depends(needs_token)])

_FAILED: dict[int | str, dict[str, Any]] = {
    409: failure("The new model fails its check; the old one stays in use.")
}


@router.post(
    "/admin/reload",
    summary="Open the model files anew",
    response_model=schemas.StatusOut,
    responses=told(401, 403) | _FAILED,
    openapi_extra=BEARER,
)
async def reload(request: Request) -> Response:
    """No request is dropped; processes beside the one that answers follow within a second or so."""
    try:
        await asyncio.to_thread(state_of(request).holder.reload)  # not in a thread that answers
    except ArtifactError as error:
        return problem(409, type(error).__name__, str(error))
    return json_of(b'{"status":"reloaded"}')


@router.put(
    "/admin/items",
    summary="Show something else of an item",
    response_model=schemas.StatusOut,
    responses=told(401, 403, 404),
    openapi_extra=BEARER,
)
async def override(request: Request, asked: schemas.OverrideIn) -> Response:
    """In place of what the catalog says; with the item alone, the catalog holds again."""
    state = state_of(request)
    service = state.holder.service
    known = as_id(asked.item, service.likes.items)
    service.need_item(known)
    fields = asked.model_dump(exclude={"item"})
    tags = None if asked.tags is None else tuple(asked.tags)
    plain = all(value is None or value is False for value in fields.values())
    made = None if plain else Override(**{**fields, "tags": tags})
    await run_in_threadpool(state.store.set_override, known, made)
    await asyncio.to_thread(state.holder.look)
    return json_of(b'{"status":"ok"}')


@router.delete(
    "/admin/people",
    summary="Forget a person's events",
    response_model=schemas.StatusOut,
    responses=told(401, 403),
    openapi_extra=BEARER,
)
async def forget(request: Request, person: TextId) -> Response:
    """A model that has learned from them keeps what it learned until it is fitted anew."""
    state = state_of(request)
    known = state.holder.service.parse_user(person)
    await run_in_threadpool(state.store.forget, known)
    return json_of(b'{"status":"forgotten"}')
