"""Items: what is like them, what most people like, by name, one by one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from penchant.serving import schemas
from penchant.serving.api.common import (
    PREFIX,
    IdList,
    K,
    Offset,
    Tags,
    TextId,
    filters,
    item_json,
    json_of,
    page,
    run_blocking,
    told,
)
from penchant.serving.api.quick import QuickRoute
from penchant.serving.process.loader import Role
from penchant.serving.state import state_of

router = APIRouter(prefix=PREFIX, tags=["items"], route_class=QuickRoute)


@router.get(
    "/similar",
    summary="What is like an item",
    response_model=schemas.Page,
    responses=told(404),
)
async def similar(
    request: Request,
    item: TextId,
    row: Annotated[
        Role, Query(description="Liked by the same, by tags too, or by looks.")
    ] = "likes",
    k: K = 20,
    offset: Offset = 0,
    allow: IdList = None,
    deny: IdList = None,
    tags: Tags = None,
) -> Response:
    """By one of the models; which there are is told under `/models`."""
    service = state_of(request).holder.service
    chosen = filters(service, allow, deny, tags)
    one = service.parse_item(item)
    found = await run_blocking(
        service, lambda: service.similar(one, row, k=k, offset=offset, filters=chosen)
    )
    ids, scores = [at.item.id for at in found], [at.score for at in found]
    return page(service, ids, scores, k, offset)


@router.get(
    "/popular",
    summary="What most people like",
    response_model=schemas.Page,
    responses=told(),
)
async def popular(request: Request, k: K = 20, offset: Offset = 0, tags: Tags = None) -> Response:
    """The score is how many people like it."""
    service = state_of(request).holder.service
    found = service.popular(k, offset, filters(service, None, None, tags))
    return page(service, [one.item.id for one in found], [one.score for one in found], k, offset)


@router.get(
    "/search",
    summary="Items by name",
    response_model=schemas.FoundOut,
    responses=told(),
)
async def search(
    request: Request,
    q: Annotated[str, Query(max_length=200, description="What somebody types.")],
    k: Annotated[int, Query(ge=1, le=100)] = 10,
) -> Response:
    """While one types: names are completed, and slips forgiven."""
    service = state_of(request).holder.service
    found = await run_in_threadpool(service.search, q, k)
    return json_of(b'{"items":[%b]}' % b",".join(item_json(service, one.id) for one in found))


@router.get(
    "/items",
    summary="All items, page by page",
    response_model=schemas.ItemsOut,
    responses=told(),
)
async def items(
    request: Request,
    k: K = 100,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> Response:
    """In the order of their ids, those that are hidden left out."""
    service = state_of(request).holder.service
    hidden = service.views.hidden
    ids = [one for one in service.likes.items[offset : offset + k].tolist() if one not in hidden]
    told = b",".join(item_json(service, one) for one in ids)
    numbers = (told, len(service.likes.items), k, offset)
    return json_of(b'{"items":[%b],"total":%d,"k":%d,"offset":%d}' % numbers)


@router.get(
    "/items/{item:path}",
    summary="An item",
    response_model=schemas.ItemOut,
    responses=told(404),
)
async def item(
    request: Request, item: Annotated[str, Path(min_length=1, max_length=1000)]
) -> Response:
    """What is known of it."""
    service = state_of(request).holder.service
    return json_of(item_json(service, service.item(service.parse_item(item)).id))
