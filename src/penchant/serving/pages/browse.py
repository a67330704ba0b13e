"""Pages about items and people: home, search, an item, a person."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from penchant.data.ids import Id
from penchant.errors import UnknownIdError
from penchant.serving.pages.answers import suggestions
from penchant.serving.pages.templating import is_fragment, page
from penchant.serving.pages.visitors import likes
from penchant.serving.process.loader import Role
from penchant.serving.service import ScoredItem, Service
from penchant.serving.state import state_of

router = APIRouter(include_in_schema=False)

_SHELF, _ROW, _FOUND, _ALL_FOUND, _MAX_LIKES = 12, 12, 8, 48, 24
_ROWS: tuple[tuple[Role, str, str], ...] = (
    ("likes", "Liked by the same people", "People who like this also like these."),
    ("hybrid", "Likes and tags", "Similar by who likes it and by the words that describe it."),
    ("visual", "Similar pictures", "Similar by its picture alone."),
)


@router.get("/")
def home(request: Request) -> HTMLResponse:
    """What is popular, what is varied, and something for whoever was here before."""
    service = state_of(request).reloader.service
    mine = likes(request)
    popular = service.popular(_SHELF)
    above = {one.item.id for one in popular}
    others = [one for one in service.diverse(2 * _SHELF) if one.item.id not in above]
    return page(
        request,
        "home.html",
        mine=suggestions(service, None, mine, _SHELF) if mine else [],
        popular=popular,
        varied=others[:_SHELF],
        n_items=len(service.likes.items),
        n_people=len(service.likes.users),
    )


@router.get("/search")
def search(request: Request, q: str = "") -> HTMLResponse:
    """Items by name: a list below the box while somebody types, else a page."""
    service = state_of(request).reloader.service
    part = is_fragment(request)
    found = service.search(q, _FOUND if part else _ALL_FOUND) if q.strip() else []
    return page(request, "found.html" if part else "search.html", q=q.strip()[:200], found=found)


@router.get("/item")
def item(request: Request, id: str) -> HTMLResponse:  # noqa: A002
    """An item, and what is like it by each of the models."""
    service = state_of(request).reloader.service
    shown = service.item(service.parse_item(id))
    rows = [(title, what, _like(service, shown.id, role)) for role, title, what in _ROWS]
    return page(request, "item.html", item=shown, rows=[row for row in rows if row[2]])


@router.get("/card")
def card(request: Request, id: str) -> HTMLResponse:  # noqa: A002
    """An item as a card: what the map shows of a point."""
    service = state_of(request).reloader.service
    return page(request, "one-card.html", item=service.item(service.parse_item(id)))


@router.get("/person")
def person(request: Request, id: str) -> HTMLResponse:  # noqa: A002
    """What a person of the model likes, what they get, and because of what."""
    state = state_of(request)
    service = state.reloader.service
    who = service.parse_user(id)
    if not service.has_user(who):  # visitors' shelves are theirs alone
        raise UnknownIdError(f"nobody is called {id[:100]!r} here")
    known = state.people.resolve(service, who)
    taken = known.history if known.history is not None else service.history(who)
    liked = sorted((one for one in taken if taken[one] > 0), key=lambda one: -taken[one])
    return page(
        request,
        "person.html",
        who=who,
        likes=[service.views.view(one) for one in liked[:_MAX_LIKES]],
        n_likes=len(liked),
        suggestions=suggestions(service, *known, _ROW),
    )


def _like(service: Service, item: Id, role: Role) -> list[ScoredItem]:
    return service.similar(item, role, k=_ROW) if role in service.models else []
