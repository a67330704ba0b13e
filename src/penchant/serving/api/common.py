"""What the endpoints of the API share: documented responses, ids, filters and JSON responses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from fastapi import Request
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from penchant.data.ids import Id, IdMap
from penchant.serving import records, schemas
from penchant.serving.catalog.filters import ALL, Filters
from penchant.serving.records import ScoredOut
from penchant.serving.security import check_token
from penchant.serving.service import Service
from penchant.serving.state import state_of

T = TypeVar("T")

_SMALL = 8_000_000  # models of up to this many numbers answer on the event loop, without a thread
_SHORT = 500  # and histories of up to this many items
_WITH_LISTS = (schemas.FilterParams, schemas.FilterIn)  # requests with lists of items

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


def responses(record: type[Struct], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the responses of an endpoint: its record, some errors and those that all have."""
    errors = {status: error_response(_ERRORS[status]) for status in {*_ALWAYS, *statuses}}
    return {200: _response("Successful Response", record), **dict(sorted(errors.items()))}


def error_response(description: str) -> dict[str, Any]:
    """Document an error response."""
    return _response(description, records.Problem)


def _response(description: str, record: type[Struct]) -> dict[str, Any]:
    schema = records.reference(record.__name__)
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def needs_token(request: Request) -> None:
    """Reject requests without a valid bearer token, if the server has a token."""
    check_token(dict(request.scope["headers"]), state_of(request).settings.token)


def needs_token_for_people(request: Request) -> None:
    """Reject requests for a person's data without the token, where other machines may send them."""
    if not state_of(request).settings.shows_people:
        needs_token(request)


async def run_blocking(service: Service, work: Callable[[], T], n_items: int = 0) -> T:
    """Call a function, in a thread where other requests would wait for it.

    That is so where the model is large, or a history of ``n_items`` is.
    """
    if service.size <= _SMALL and n_items <= _SHORT:
        return work()
    return await run_in_threadpool(work)


# --- JSON -------------------------------------------------------------------------------


def json_response(record: Struct) -> Response:
    """Return a response of a record."""
    return Response(records.encode(record), media_type="application/json")


def scored(service: Service, ids: Sequence[Id], scores: Sequence[float]) -> list[ScoredOut]:
    """Return the records of items and scores."""
    return [
        ScoredOut(item.id, item.name, item.link, item.picture, item.tags, score)
        for item, score in zip(service.views.records(ids), records.score_texts(scores), strict=True)
    ]


def page_response(
    service: Service, ids: Sequence[Id], scores: Sequence[float], params: schemas.PageParams
) -> Response:
    """Return a page of a list of items."""
    return json_response(records.Page(scored(service, ids, scores), params.k, params.offset))


# --- values of requests -----------------------------------------------------------------


def as_id(value: Id, ids: IdMap) -> Id:
    """Return an id of a request as a model spells it, or in the type of the model's ids."""
    return ids.parse(str(value))


def filters(service: Service, source: schemas.TagsParam | schemas.FilterIn) -> Filters:
    """Return the filters of a request."""
    if not isinstance(source, _WITH_LISTS):
        return Filters(tags=source.tags) if source.tags else ALL
    if source.allow is not None or source.deny or source.tags:
        items = service.likes.items
        return Filters(
            allow=None if source.allow is None else [as_id(x, items) for x in source.allow],
            deny=[as_id(x, items) for x in source.deny or ()],
            tags=source.tags or (),
        )
    return ALL


def parse_history(
    service: Service, entries: Sequence[Id | schemas.Liked], *, skip_unknown: bool
) -> Mapping[Id, float] | Mapping[Id, tuple[float, int]]:
    """Return the history of a request, item → value, or item → (value, time) where it has times.

    Items that the model does not have are left out if ``skip_unknown``.

    Raises
    ------
    UnknownIdError
        If an item is unknown, and is not to be left out.
    """
    items = service.likes.items
    history: dict[Id, Any] = {}
    for entry in entries:
        item, value, time = (
            (entry.item, entry.value, entry.time)
            if isinstance(entry, schemas.Liked)
            else (entry, 1.0, None)
        )
        model_id = as_id(item, items)
        if skip_unknown and model_id not in items:
            continue
        service.require_item(model_id)
        if value:
            history[model_id] = value if time is None else (value, time)
    return history
