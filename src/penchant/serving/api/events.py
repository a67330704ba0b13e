"""Events: who liked what, stored durably."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import Response

from penchant.serving import schemas
from penchant.serving.api.common import BEARER, PREFIX, as_id, json_of, needs_token, told
from penchant.serving.state import State, state_of
from penchant.serving.store.base import Event

router = APIRouter(prefix=PREFIX, tags=["events"], dependencies=[Depends(needs_token)])


@router.post(
    "/events",
    summary="Store an event",
    response_model=schemas.StoredOut,
    responses=told(401, 403),
    openapi_extra=BEARER,
)
async def add_event(
    request: Request,
    event: schemas.EventIn,
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=200, description="In place of `key`.")
    ] = None,
) -> Response:
    """It is durable once this answers, and counts at once: recommendations change with it.

    Whoever gives a key may safely try again.
    """
    if event.key is None and idempotency_key is not None:
        event = event.model_copy(update={"key": idempotency_key})
    return await _stored(state_of(request), [event])


@router.post(
    "/events/batch",
    summary="Store several events",
    response_model=schemas.StoredOut,
    responses=told(401, 403),
    openapi_extra=BEARER,
)
async def add_events(request: Request, asked: schemas.EventsIn) -> Response:
    """Up to 1,000, stored all or not at all."""
    return await _stored(state_of(request), asked.events)


async def _stored(state: State, given: Sequence[schemas.EventIn]) -> Response:
    """Store events under the ids that the model knows people and items by."""
    likes = state.holder.service.likes
    events = [
        Event(
            **{
                **vars(one),
                "person": as_id(one.person, likes.users),
                "item": as_id(one.item, likes.items),
            }
        )
        for one in given
    ]
    stored = await state.people.add(events)
    state.metrics.add("events_stored", sum(stored))
    state.metrics.add("events_known", len(stored) - sum(stored))
    told = b",".join([b"true" if one else b"false" for one in stored])
    return json_of(b'{"stored":[%b]}' % told)
