"""What the addresses of the API share: parameters, filters, and answers put together by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from penchant.data.ids import Id, IdMap
from penchant.serving import schemas
from penchant.serving.catalog.filters import Filters
from penchant.serving.security import check_token
from penchant.serving.service import MOST, Service
from penchant.serving.state import state_of

T = TypeVar("T")

_SMALL = 8_000_000  # numbers of a model that are gone through at once, without another thread

TextId = Annotated[str, Query(min_length=1, max_length=1000)]
K = Annotated[int, Query(ge=1, le=MOST, description="How many answers.")]
Offset = Annotated[int, Query(ge=0, le=MOST - 1, description="How many better ones to skip.")]
IdList = Annotated[list[str] | None, Query(max_length=schemas.MOST_LISTED)]
Tags = Annotated[list[str] | None, Query(max_length=20, description="Items with all of these.")]

PREFIX = "/api/v1"
BEARER: dict[str, Any] = {"security": [{"bearer": []}]}


def told(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What may come back beside the answer, for the document."""
    meanings = {
        400: "The request can't be understood.",
        401: "The token is missing or wrong.",
        403: "A page of another site sent it.",
        404: "There is no such item or person.",
        405: "The address does not know this method.",
        413: "The body is too large.",
        421: "The server is not called so.",
        422: "A value is missing, out of its range, or does not go with the others.",
        429: "Too many requests.",
        500: "A fault of the server's own.",
        503: "The store can't be used at present.",
    }
    always = (400, 405, 413, 421, 422, 429, 500, 503)
    return {one: failure(meanings[one]) for one in sorted({*always, *statuses})}


def failure(description: str) -> dict[str, Any]:
    """What a failure is, for the document.

    By name, and not as a model: the framework would make a validator of it for each time that it
    is told of, which took a third of the start.
    """
    schema = {"$ref": f"#/components/schemas/{schemas.Problem.__name__}"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def needs_token(request: Request) -> None:
    """Turn away who does not bear the server's token, if it has one."""
    check_token(dict(request.scope["headers"]), state_of(request).settings.token)


def json_of(body: bytes) -> Response:
    """An answer of JSON that is put together already."""
    return Response(body, media_type="application/json")


def item_json(service: Service, item: Id) -> bytes:
    """An item as :class:`schemas.ItemOut` tells it."""
    return b"{%b}" % service.views.json(item)


def scored_json(service: Service, item: Id, score: float) -> bytes:
    """An item and its score as :class:`schemas.ScoredOut` tells them."""
    return b'{%b,"score":%.7g}' % (service.views.json(item), score)


def page(
    service: Service, ids: Sequence[Id], scores: Sequence[float], k: int, offset: int
) -> Response:
    """A page of answers: by hand, since this is what is asked for most."""
    json = service.views.json
    found = zip(map(json, ids), scores, strict=True)
    told = b",".join([b'{%b,"score":%.7g}' % one for one in found])
    return json_of(b'{"items":[%b],"k":%d,"offset":%d}' % (told, k, offset))


async def run_blocking(service: Service, work: Callable[[], T]) -> T:
    """Do something at once where the model is small; in a thread where others would wait."""
    if service.size <= _SMALL:
        return work()
    return await run_in_threadpool(work)


def as_id(given: Id, ids: IdMap) -> Id:
    """An id of JSON as the model writes its ids, be they texts or integers."""
    if isinstance(given, str):
        return ids.parse(given)
    return given if ids.are_integers else str(given)


def filters(
    service: Service,
    allow: Sequence[Id] | None,
    deny: Sequence[Id] | None,
    tags: Sequence[str] | None,
) -> Filters:
    """Filters as a request names them."""
    items = service.likes.items
    return Filters(
        allow=None if allow is None else [as_id(one, items) for one in allow],
        deny=[as_id(one, items) for one in deny or ()],
        tags=tags or (),
    )


def history_of(service: Service, given: Sequence[Id | schemas.Liked]) -> dict[Id, float]:
    """A history of a request, item → value; UnknownIdError where an item is not known."""
    items = service.likes.items
    found: dict[Id, float] = {}
    for one in given:
        item, value = (one.item, one.value) if isinstance(one, schemas.Liked) else (one, 1.0)
        known = as_id(item, items)
        service.need_item(known)
        if value:
            found[known] = value
    return found
