"""Endpoints for items: similar ones, popular ones, search by name, and single items."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from penchant.serving import records, schemas
from penchant.serving.api.common import (
    PREFIX,
    filters,
    json_response,
    page_response,
    responses,
    run_blocking,
)
from penchant.serving.api.quick import QuickRoute
from penchant.serving.query import MAX_RESULTS
from penchant.serving.state import state_of

router = APIRouter(prefix=PREFIX, tags=["items"], route_class=QuickRoute)


@router.get(
    "/similar",
    summary="Items similar to an item",
    responses=responses(records.Page, 404),
)
async def similar(request: Request, params: Annotated[schemas.SimilarParams, Query()]) -> Response:
    """By one of the models; `/models` lists those available."""
    service = state_of(request).reloader.service
    chosen = filters(service, params)
    item = service.parse_item(params.item)
    ids, scores = await run_blocking(
        service,
        lambda: service.rank_similar(
            item, params.role, k=params.k, offset=params.offset, filters=chosen
        ),
    )
    return page_response(service, ids, scores, params)


@router.get(
    "/popular",
    summary="The items that most people like",
    responses=responses(records.Page),
)
async def popular(request: Request, params: Annotated[schemas.PopularParams, Query()]) -> Response:
    """The score is how many people like the item."""
    service = state_of(request).reloader.service
    scored = service.popular(params.k, params.offset, filters(service, params))
    ids, scores = [entry.item.id for entry in scored], [entry.score for entry in scored]
    return page_response(service, ids, scores, params)


@router.get(
    "/search",
    summary="Search items by name",
    responses=responses(records.SearchOut),
)
async def search(
    request: Request,
    q: Annotated[str, Query(max_length=200, description="The text to search for.")],
    k: Annotated[int, Query(ge=1, le=100, description="How many items.")] = 10,
) -> Response:
    """Beginnings of names match as well, and typing errors are corrected."""
    service = state_of(request).reloader.service
    views = await run_in_threadpool(service.search, q, k)
    return json_response(records.SearchOut([service.views.record(view.id) for view in views]))


@router.get(
    "/items",
    summary="All items, page by page",
    responses=responses(records.ItemsOut),
)
async def items(
    request: Request,
    k: Annotated[int, Query(ge=1, le=MAX_RESULTS, description="How many items.")] = 100,
    offset: Annotated[int, Query(ge=0, le=2**31, description="How many items to skip.")] = 0,
) -> Response:
    """In the order of the model, without hidden items."""
    service = state_of(request).reloader.service
    hidden = service.views.hidden
    page = service.likes.items[offset : offset + k].tolist()
    listed = [service.views.record(item) for item in page if item not in hidden]
    return json_response(records.ItemsOut(listed, len(service.likes.items), k, offset))


@router.get(
    "/items/{item:path}",
    summary="An item",
    responses=responses(records.ItemOut, 404),
)
async def item(
    request: Request, item: Annotated[str, Path(min_length=1, max_length=1000)]
) -> Response:
    """Its name, link, picture and tags."""
    service = state_of(request).reloader.service
    return json_response(service.views.record(service.item(service.parse_item(item)).id))
