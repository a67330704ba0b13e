"""Endpoints for recommendations and their explanations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from penchant.data.ids import Id
from penchant.errors import SettingsError
from penchant.serving import records, schemas
from penchant.serving.api.common import (
    BEARER_FOR_PEOPLE,
    PREFIX,
    as_id,
    filters,
    json_response,
    needs_token_for_people,
    page_response,
    parse_history,
    responses,
    run_blocking,
    scored,
)
from penchant.serving.api.quick import QuickRoute
from penchant.serving.people import Profile
from penchant.serving.query import RecommendQuery
from penchant.serving.service import Service
from penchant.serving.state import state_of

router = APIRouter(prefix=PREFIX, tags=["people"], route_class=QuickRoute)


@router.get(
    "/recommend",
    summary="Recommend items to a person",
    responses=responses(records.Page, 401, 404),
    openapi_extra=BEARER_FOR_PEOPLE,
)
async def recommend(
    request: Request, params: Annotated[schemas.RecommendParams, Query()]
) -> Response:
    """The person is a user of the model or has stored events, which count at once.

    `k` and `offset` together may be 1,000 at most. `diversity` above 0 re-ranks the best items so
    that they differ from each other.
    """
    state = state_of(request)
    service = state.reloader.service
    needs_token_for_people(request)
    profile = await state.people.profile(service, service.parse_user(params.user))
    return await _recommend(service, profile, params)


@router.post(
    "/recommend",
    summary="Recommend items for a history",
    responses=responses(records.Page, 401, 403, 404),
    openapi_extra=BEARER_FOR_PEOPLE,
)
async def recommend_for(request: Request, body: schemas.RecommendIn) -> Response:
    """Give a `history`, or a `user` as for GET; with neither, popular items are returned.

    Nothing is stored.
    """
    state = state_of(request)
    service = state.reloader.service
    if body.user is not None and body.history is not None:
        raise SettingsError("give a user or a history, not both")
    if body.user is not None:
        needs_token_for_people(request)
        profile = await state.people.profile(service, as_id(body.user, service.likes.users))
    else:
        history = parse_history(service, body.history or [], skip_unknown=body.skip_unknown)
        profile = Profile(None, history)
    return await _recommend(service, profile, body)


@router.get(
    "/explain",
    summary="Explain a recommendation to a person",
    responses=responses(records.ExplanationOut, 401, 404),
    openapi_extra=BEARER_FOR_PEOPLE,
)
async def explain(request: Request, params: Annotated[schemas.ExplainParams, Query()]) -> Response:
    """What each item that the person likes contributes to the item's score, the largest first."""
    state = state_of(request)
    service = state.reloader.service
    needs_token_for_people(request)
    profile = await state.people.profile(service, service.parse_user(params.user))
    return await _explain(service, profile, service.parse_item(params.item), params.k)


@router.post(
    "/explain",
    summary="Explain a recommendation for a history",
    responses=responses(records.ExplanationOut, 403, 404),
)
async def explain_for(request: Request, body: schemas.ExplainIn) -> Response:
    """As for GET, with a history instead of a person."""
    service = state_of(request).reloader.service
    history = parse_history(service, body.history, skip_unknown=body.skip_unknown)
    profile = Profile(None, history)
    return await _explain(service, profile, as_id(body.item, service.likes.items), body.k)


async def _recommend(
    service: Service, profile: Profile, params: schemas.RecommendParams | schemas.RecommendIn
) -> Response:
    query = RecommendQuery(
        profile.user,
        profile.history,
        seen_by=profile.seen_by,
        k=params.k,
        offset=params.offset,
        filters=filters(service, params),
        exclude_seen=params.exclude_seen,
        diversity=params.diversity,
    )
    n_items = len(profile.history or ())
    ids, scores = await run_blocking(service, lambda: service.rank(query), n_items)
    return page_response(service, ids, scores, params)


async def _explain(service: Service, profile: Profile, item: Id, k: int) -> Response:
    n_items = len(profile.history or ())
    explained = await run_blocking(
        service, lambda: service.explain(profile.user, profile.history, item=item, k=k), n_items
    )
    reasons = explained.reasons
    contributions = scored(service, [r.item.id for r in reasons], [r.score for r in reasons])
    [score] = records.score_texts([explained.score])
    record = service.views.record(explained.item.id)
    return json_response(records.ExplanationOut(record, score, contributions))
