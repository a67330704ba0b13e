"""The shelf: likes of a visitor, stored without an account, and recommendations from them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from penchant.data.ids import Id
from penchant.errors import DataError
from penchant.serving.catalog.views import address_of
from penchant.serving.pages import visitors
from penchant.serving.pages.answers import suggestions
from penchant.serving.pages.templating import is_fragment, page
from penchant.serving.people import Profile
from penchant.serving.state import state_of
from penchant.serving.store.base import Event, Kind

router = APIRouter(include_in_schema=False)

_SUGGESTED, _INITIAL = 12, 18
_KINDS: tuple[Kind, ...] = ("like", "unlike")


@router.get("/shelf")
def shelf(request: Request, did: str = "", item: str = "") -> HTMLResponse:
    """Likes of the visitor and recommendations; ``did`` is the action just taken, if any."""
    service = state_of(request).reloader.service
    parsed = service.parse_item(item)
    valid = did in _KINDS and parsed in service.likes.items
    return page(
        request,
        "shelf.html",
        **_rows(request),
        did=did if valid else "",
        item=service.views.view(parsed) if valid else None,
    )


@router.get("/shelf/rows")
def rows(request: Request) -> HTMLResponse:
    """The part of the shelf that changes with each like."""
    return page(request, "shelf-rows.html", **_rows(request))


@router.post("/shelf")
async def change(request: Request, id: str) -> Response:  # noqa: A002
    """Like an item or remove the like; durable once this responds."""
    state = state_of(request)
    service = state.reloader.service
    item = service.parse_item(id)
    service.require_item(item)
    kind = _kind((await request.body()).decode("utf-8", "replace"))
    token = visitors.token_of(request) or visitors.new_token()
    await state.people.add([Event(visitors.person(token), item, kind)])
    answer: Response
    if is_fragment(request):
        answer = await run_in_threadpool(_toast, request, item, kind, token)
    else:
        query = urlencode({"did": kind, "item": str(item)}, errors="replace")
        answer = RedirectResponse(f"/shelf?{query}", status_code=303)
    visitors.remember(request, answer, token)
    return answer


def _toast(request: Request, item: Id, kind: Kind, token: str) -> Response:
    """Return a message with an undo button, and an event by which scripts reload the rows."""
    likes = visitors.liked_by(request, token)
    view = state_of(request).reloader.service.views.view(item)
    answer = page(request, "toast.html", liked=likes, item=view, did=kind)
    event = {"url": address_of("/shelf", item), "did": kind, "count": len(likes)}
    answer.headers["hx-trigger"] = json.dumps({"shelf": event})
    return answer


def _kind(form: str) -> Kind:
    """Return the kind of event that a form sends.

    Raises
    ------
    DataError
        If it is neither of the two.
    """
    try:
        value = parse_qs(form, max_num_fields=10).get("kind", [""])[0]
    except ValueError:  # too many fields
        value = ""
    for kind in _KINDS:
        if value == kind:
            return kind
    raise DataError(f"kind must be like or unlike, got {value[:40]!r}")


def _rows(request: Request) -> dict[str, Any]:
    service = state_of(request).reloader.service
    likes = visitors.likes(request)
    view = service.views.view
    return {
        "likes": [view(item) for item in reversed(likes)],
        "suggestions": suggestions(service, Profile(None, likes), _SUGGESTED) if likes else [],
        "initial": [] if likes else service.diverse(_INITIAL),
    }
