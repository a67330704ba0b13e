"""Endpoints for administrators: reload models, override items, delete people."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from penchant.errors import ArtifactError
from penchant.serving import records, schemas
from penchant.serving.api.common import (
    BEARER,
    PREFIX,
    as_id,
    error_response,
    json_response,
    needs_token,
    responses,
)
from penchant.serving.problems import problem
from penchant.serving.state import state_of
from penchant.serving.store.base import Override

router = APIRouter(prefix=PREFIX, tags=["admin"], dependencies=[Depends(needs_token)])

_CHECK_FAILED: dict[int | str, dict[str, Any]] = {
    409: error_response("The new model fails its check; the old one stays in use.")
}


@router.post(
    "/admin/reload",
    summary="Reload the model files",
    responses=responses(records.StatusOut, 401, 403) | _CHECK_FAILED,
    openapi_extra=BEARER,
)
async def reload(request: Request) -> Response:
    """No request is dropped; other processes of the server reload within about a second."""
    try:
        # a thread of its own: those of the pool answer requests
        await asyncio.to_thread(state_of(request).reloader.reload)
    except ArtifactError as error:
        return problem(409, type(error).__name__, str(error))
    return json_response(records.StatusOut("reloaded"))


@router.put(
    "/admin/items",
    summary="Override the fields of an item",
    responses=responses(records.StatusOut, 401, 403, 404),
    openapi_extra=BEARER,
)
async def override(request: Request, body: schemas.OverrideIn) -> Response:
    """Replaces earlier overrides of the item; without any field, the catalog's values return."""
    state = state_of(request)
    service = state.reloader.service
    item = as_id(body.item, service.likes.items)
    service.require_item(item)
    fields = body.model_dump(exclude={"item"})
    tags = None if body.tags is None else tuple(body.tags)
    is_empty = all(value is None or value is False for value in fields.values())
    value = None if is_empty else Override(**{**fields, "tags": tags})
    await run_in_threadpool(state.store.set_override, item, value)
    await asyncio.to_thread(state.reloader.poll)
    return json_response(records.StatusOut("ok"))


@router.delete(
    "/admin/people",
    summary="Delete a person",
    responses=responses(records.ReceiptOut, 401, 403),
    openapi_extra=BEARER,
)
async def forget(
    request: Request, person: Annotated[str, Query(min_length=1, max_length=1000)]
) -> Response:
    """Deletes the person's events and erases them from the files of the database.

    From now on the person is unknown to the server, even where the model was fitted on the events.
    The next `penchant update` writes a model without the person; delete older model files. What
    the person does from now on counts as that of a new person.
    """
    state = state_of(request)
    user = state.reloader.service.parse_user(person)
    # a thread of its own: those of the pool answer requests
    receipt = await asyncio.to_thread(state.people.forget, user)
    return json_response(
        records.ReceiptOut("forgotten", records.Receipt(**dataclasses.asdict(receipt)))
    )
