"""Your shelf: what a visitor likes, kept without an account, and what follows from it."""

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
from penchant.serving.state import state_of
from penchant.serving.store.base import Event, Kind

router = APIRouter(include_in_schema=False)

_SUGGESTED, _TO_BEGIN = 12, 18
_KINDS: tuple[Kind, ...] = ("like", "unlike")


@router.get("/shelf")
def shelf(request: Request, did: str = "", item: str = "") -> HTMLResponse:
    """What the visitor likes, and what that leads to; ``did`` tells what was just done."""
    service = state_of(request).reloader.service
    parsed = service.parse_item(item)
    told = did in _KINDS and parsed in service.likes.items
    return page(
        request,
        "shelf.html",
        **_rows(request),
        did=did if told else "",
        item=service.views.view(parsed) if told else None,
    )


@router.get("/shelf/rows")
def rows(request: Request) -> HTMLResponse:
    """The part of the shelf that changes with each heart."""
    return page(request, "shelf-rows.html", **_rows(request))


@router.post("/shelf")
async def change(request: Request, id: str) -> Response:  # noqa: A002
    """Like an item, or take that back; both last once this answers."""
    state = state_of(request)
    service = state.reloader.service
    item = service.parse_item(id)
    service.require_item(item)
    done = _kind((await request.body()).decode("utf-8", "replace"))
    token = visitors.token_of(request) or visitors.new_token()
    await state.people.add([Event(visitors.person(token), item, done)])
    answer: Response
    if is_fragment(request):
        answer = await run_in_threadpool(_told, request, item, done, token)
    else:
        told = urlencode({"did": done, "item": str(item)}, errors="replace")
        answer = RedirectResponse(f"/shelf?{told}", status_code=303)
    visitors.remember(request, answer, token)
    return answer


def _told(request: Request, item: Id, done: Kind, token: str) -> Response:
    """What was done, with its undoing; scripts hear of it, and ask for the rows anew."""
    likes = visitors.liked_by(request, token)
    view = state_of(request).reloader.service.views.view(item)
    answer = page(request, "told.html", liked=likes, item=view, did=done)
    what = {"url": address_of("/shelf", item), "did": done, "count": len(likes)}
    answer.headers["hx-trigger"] = json.dumps({"shelf": what})
    return answer


def _kind(form: str) -> Kind:
    """What a form asks for.

    Raises
    ------
    DataError
        If it is neither of the two.
    """
    try:
        given = parse_qs(form, max_num_fields=10).get("kind", [""])[0]
    except ValueError:  # too many fields
        given = ""
    for kind in _KINDS:
        if given == kind:
            return kind
    raise DataError(f"kind must be like or unlike, got {given[:40]!r}")


def _rows(request: Request) -> dict[str, Any]:
    service = state_of(request).reloader.service
    likes = visitors.likes(request)
    view = service.views.view
    return {
        "mine": [view(one) for one in reversed(likes)],
        "suggestions": suggestions(service, None, likes, _SUGGESTED) if likes else [],
        "begin": [] if likes else service.diverse(_TO_BEGIN),
    }
