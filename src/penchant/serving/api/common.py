"""What the endpoints of the API share: error documentation, ids, filters and JSON responses.

Lists are encoded by joining the JSON of items, which :class:`~penchant.serving.catalog.views.Views`
caches: 24 µs for a page of 20 items, against 55 µs with msgspec, whose records can't contain
encoded fields. The schema tests compare the responses with :mod:`penchant.serving.schemas`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from penchant.data.ids import Id, IdMap
from penchant.serving import schemas
from penchant.serving.catalog.filters import Filters
from penchant.serving.security import check_token
from penchant.serving.service import Service
from penchant.serving.state import state_of

T = TypeVar("T")

_SMALL = 8_000_000  # models of up to this many numbers answer on the event loop, without a thread
_SHORT = 500  # and histories of up to this many items

PREFIX = "/api/v1"
BEARER: dict[str, Any] = {"security": [{"bearer": []}]}
BEARER_FOR_PEOPLE: dict[str, Any] = {"security": [{"bearer": []}, {}]}  # needed beyond loopback
_ERRORS = {
    400: "The request can't be parsed.",
    401: "The token is missing or wrong.",
    403: "A page of another site sent the request.",
    404: "There is no such item or person.",
    405: "The address does not support this method.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    414: "The address is too long.",
    421: "The Host header does not name this server.",
    422: "A value is missing, out of its range, or contradicts others.",
    429: "Too many requests.",
    431: "The headers are too large.",
    500: "An internal error.",
    503: "The store is not available.",
}
_ALWAYS = (400, 405, 408, 413, 414, 421, 422, 429, 431, 500, 503)


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the error responses of an endpoint: the given ones, and those that all have."""
    return {status: error_response(_ERRORS[status]) for status in sorted({*_ALWAYS, *statuses})}


def error_response(description: str) -> dict[str, Any]:
    """Document an error response.

    By reference, not as a model: FastAPI would create a validator of the model for every use, which
    took a third of the start.
    """
    schema = {"$ref": f"#/components/schemas/{schemas.Problem.__name__}"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def needs_token(request: Request) -> None:
    """Reject requests without a valid bearer token, if the server has a token."""
    check_token(dict(request.scope["headers"]), state_of(request).settings.token)


def needs_token_for_people(request: Request) -> None:
    """Reject requests for a person's data without the token, where other machines may send them."""
    settings = state_of(request).settings
    if settings.is_reachable and not settings.public_people:
        needs_token(request)


async def run_blocking(service: Service, work: Callable[[], T], n_items: int = 0) -> T:
    """Call a function, in a thread where other requests would wait for it.

    That is so where the model is large, or a history of ``n_items`` is.
    """
    if service.size <= _SMALL and n_items <= _SHORT:
        return work()
    return await run_in_threadpool(work)


# --- JSON -------------------------------------------------------------------------------


def json_response(body: bytes) -> Response:
    """Return a response of encoded JSON."""
    return Response(body, media_type="application/json")


def item_json(service: Service, item: Id) -> bytes:
    """Encode an item as :class:`schemas.ItemOut`."""
    return b"{%b}" % service.views.json(item)


def scored_json(service: Service, ids: Sequence[Id], scores: Sequence[float]) -> bytes:
    """Encode items and scores as a comma-separated list of :class:`schemas.ScoredOut`."""
    pairs = zip(map(service.views.json, ids), scores, strict=True)
    return b",".join([b'{%b,"score":%.7g}' % pair for pair in pairs])


def page_response(
    service: Service, ids: Sequence[Id], scores: Sequence[float], params: schemas.PageParams
) -> Response:
    """Return a response of :class:`schemas.Page`."""
    items = scored_json(service, ids, scores)
    return json_response(b'{"items":[%b],"k":%d,"offset":%d}' % (items, params.k, params.offset))


# --- values of requests -----------------------------------------------------------------


def as_id(value: Id, ids: IdMap) -> Id:
    """Convert an id of a request to the type of a model's ids."""
    if isinstance(value, str):
        return ids.parse(value)
    return value if ids.are_integers else str(value)


def filters(service: Service, source: schemas.TagsParam | schemas.FilterIn) -> Filters:
    """Return the filters of a request."""
    if isinstance(source, schemas.FilterParams | schemas.FilterIn):
        items = service.likes.items
        return Filters(
            allow=None if source.allow is None else [as_id(x, items) for x in source.allow],
            deny=[as_id(x, items) for x in source.deny or ()],
            tags=source.tags or (),
        )
    return Filters(tags=source.tags or ())


def parse_history(service: Service, entries: Sequence[Id | schemas.Liked]) -> dict[Id, float]:
    """Return the history of a request, item → value.

    Raises
    ------
    UnknownIdError
        If an item is unknown.
    """
    items = service.likes.items
    history: dict[Id, float] = {}
    for entry in entries:
        item, value = (
            (entry.item, entry.value) if isinstance(entry, schemas.Liked) else (entry, 1.0)
        )
        model_id = as_id(item, items)
        service.require_item(model_id)
        if value:
            history[model_id] = value
    return history
