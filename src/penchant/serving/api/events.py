"""Endpoints that store events durably: likes, and likes taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import Response

from penchant.serving import records, schemas
from penchant.serving.api.common import (
    BEARER,
    PREFIX,
    as_id,
    json_response,
    needs_token,
    responses,
)
from penchant.serving.state import State, state_of
from penchant.serving.store.base import Event

router = APIRouter(prefix=PREFIX, tags=["events"], dependencies=[Depends(needs_token)])


@router.post(
    "/events",
    summary="Store an event",
    responses=responses(records.StoredOut, 401, 403),
    openapi_extra=BEARER,
)
async def add_event(
    request: Request,
    event: schemas.EventIn,
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=200, description="Instead of `key`.")
    ] = None,
) -> Response:
    """The event is durable once this responds, and recommendations reflect it at once.

    With a key, a request can safely be repeated.
    """
    if event.key is None and idempotency_key is not None:
        event = event.model_copy(update={"key": idempotency_key})
    return await _store(state_of(request), [event])


@router.post(
    "/events/batch",
    summary="Store several events",
    responses=responses(records.StoredOut, 401, 403),
    openapi_extra=BEARER,
)
async def add_events(request: Request, body: schemas.EventsIn) -> Response:
    """Up to 1,000, stored all or not at all."""
    return await _store(state_of(request), body.events)


async def _store(state: State, entries: Sequence[schemas.EventIn]) -> Response:
    """Store events, with ids of the types that the model uses."""
    likes = state.reloader.service.likes
    events = [
        Event(
            **{
                **vars(entry),
                "person": as_id(entry.person, likes.users),
                "item": as_id(entry.item, likes.items),
            }
        )
        for entry in entries
    ]
    stored = await state.people.add(events)
    state.metrics.add("events_stored", sum(stored))
    state.metrics.add("events_known", len(stored) - sum(stored))
    return json_response(records.StoredOut(stored))
