"""What to offer to people, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from penchant.data.ids import Id
from penchant.errors import SettingsError
from penchant.serving import schemas
from penchant.serving.api.common import (
    PREFIX,
    IdList,
    K,
    Offset,
    Tags,
    TextId,
    as_id,
    filters,
    history_of,
    item_json,
    json_of,
    page,
    run_blocking,
    scored_json,
    told,
)
from penchant.serving.api.quick import QuickRoute
from penchant.serving.catalog.filters import Filters
from penchant.serving.people import Person
from penchant.serving.service import Service
from penchant.serving.state import state_of

router = APIRouter(prefix=PREFIX, tags=["people"], route_class=QuickRoute)


@router.get(
    "/recommend",
    summary="The best items for a person",
    response_model=schemas.Page,
    responses=told(404),
)
async def recommend(
    request: Request,
    user: TextId,
    k: K = 20,
    offset: Offset = 0,
    allow: IdList = None,
    deny: IdList = None,
    tags: Tags = None,
    exclude_seen: bool = True,
    diversity: Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)] = 0.0,
) -> Response:
    """A person whom the model knows, or of whom events were stored; what they did counts at once.

    `k` and `offset` together may be 1,000 at most. `diversity` above 0 re-ranks the best so that
    they differ from each other.
    """
    state = state_of(request)
    service = state.holder.service
    person = state.people.resolve(service, service.parse_user(user))
    chosen = filters(service, allow, deny, tags)
    return await _recommended(service, person, k, offset, chosen, exclude_seen, diversity)


@router.post(
    "/recommend",
    summary="The best items for somebody who likes this",
    response_model=schemas.Page,
    responses=told(403, 404),
)
async def recommend_for(request: Request, asked: schemas.RecommendIn) -> Response:
    """Give a `history`, or a `user` as for GET; with neither it is what is popular.

    Nothing is stored.
    """
    state = state_of(request)
    service = state.holder.service
    if asked.user is not None and asked.history is not None:
        raise SettingsError("give a user or a history, not both")
    if asked.user is not None:
        person = state.people.resolve(service, as_id(asked.user, service.likes.users))
    else:
        person = Person(None, history_of(service, asked.history or []))
    chosen = filters(service, asked.allow, asked.deny, asked.tags)
    return await _recommended(
        service, person, asked.k, asked.offset, chosen, asked.exclude_seen, asked.diversity
    )


@router.get(
    "/explain",
    summary="Why a person is given an item",
    response_model=schemas.WhyOut,
    responses=told(404),
)
async def explain(request: Request, user: TextId, item: TextId, k: K = 10) -> Response:
    """What each thing they like adds to the score of the item, the most first."""
    state = state_of(request)
    service = state.holder.service
    person = state.people.resolve(service, service.parse_user(user))
    return await _explained(service, person, service.parse_item(item), k)


@router.post(
    "/explain",
    summary="Why somebody who likes this is given an item",
    response_model=schemas.WhyOut,
    responses=told(403, 404),
)
async def explain_for(request: Request, asked: schemas.ExplainIn) -> Response:
    """As for GET, with a history in place of a person."""
    service = state_of(request).holder.service
    person = Person(None, history_of(service, asked.history))
    return await _explained(service, person, as_id(asked.item, service.likes.items), asked.k)


async def _recommended(
    service: Service,
    person: Person,
    k: int,
    offset: int,
    chosen: Filters,
    exclude_seen: bool,
    diversity: float,
) -> Response:
    def work() -> tuple[Sequence[Id], list[float]]:
        return service.ranked(
            *person,
            k=k,
            offset=offset,
            filters=chosen,
            exclude_seen=exclude_seen,
            diversity=diversity,
        )

    ids, scores = await run_blocking(service, work)
    return page(service, ids, scores, k, offset)


async def _explained(service: Service, person: Person, item: Id, k: int) -> Response:
    why = await run_blocking(service, lambda: service.explain(*person, item=item, k=k))
    reasons = b",".join([scored_json(service, one.item.id, one.score) for one in why.reasons])
    told = (item_json(service, why.item.id), b"%.7g" % why.score, reasons)
    return json_of(b'{"item":%b,"score":%b,"reasons":[%b]}' % told)
