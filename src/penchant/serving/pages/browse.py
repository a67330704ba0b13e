"""Pages of items and people: home, search, an item, a person."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from penchant.data.ids import Id
from penchant.errors import UnknownIdError
from penchant.serving.api.common import needs_token_for_people
from penchant.serving.pages.answers import suggestions
from penchant.serving.pages.templating import is_fragment, page
from penchant.serving.pages.visitors import likes
from penchant.serving.people import Profile
from penchant.serving.process.loader import Role
from penchant.serving.service import ScoredItem, Service
from penchant.serving.state import state_of

router = APIRouter(include_in_schema=False)

_SHELF, _ROW, _LISTED, _SEARCHED, _MAX_LIKES = 12, 12, 8, 48, 24
_ROWS: tuple[tuple[Role, str, str], ...] = (
    ("likes", "Liked by the same people", "People who like this also like these."),
    ("hybrid", "Likes and tags", "Similar by who likes it and by the words that describe it."),
    ("visual", "Similar pictures", "Similar by its picture alone."),
)


@router.get("/")
def home(request: Request) -> HTMLResponse:
    """Popular items, diverse items, and recommendations for a visitor who has liked some."""
    service = state_of(request).reloader.service
    liked = likes(request)
    popular = service.popular(_SHELF)
    popular_ids = {scored.item.id for scored in popular}
    others = [s for s in service.diverse(2 * _SHELF) if s.item.id not in popular_ids]
    return page(
        request,
        "home.html",
        suggestions=suggestions(service, Profile(None, liked), _SHELF) if liked else [],
        popular=popular,
        diverse=others[:_SHELF],
        n_items=len(service.likes.items),
        n_people=len(service.likes.users),
    )


@router.get("/search")
def search(request: Request, q: str = "") -> HTMLResponse:
    """Items by name: a list below the search box while a visitor types, else a page."""
    service = state_of(request).reloader.service
    fragment = is_fragment(request)
    results = service.search(q, _LISTED if fragment else _SEARCHED) if q.strip() else []
    template = "search-results.html" if fragment else "search.html"
    person = None if fragment else _person_called(request, service, q.strip())
    return page(request, template, q=q.strip()[:200], results=results, person=person)


def _person_called(request: Request, service: Service, text: str) -> Id | None:
    """Return the user with an id, where pages of people are shown without a token."""
    state = state_of(request)
    if not text or not state.settings.shows_people:
        return None
    user = service.parse_user(text)
    return user if state.people.has_user(service, user) else None


@router.get("/item")
def item(request: Request, id: str) -> HTMLResponse:  # noqa: A002
    """An item, and similar items by each of the models."""
    service = state_of(request).reloader.service
    view = service.item(service.parse_item(id))
    rows = [(title, text, _similar(service, view.id, role)) for role, title, text in _ROWS]
    return page(request, "item.html", item=view, rows=[row for row in rows if row[2]])


@router.get("/card")
def card(request: Request, id: str) -> HTMLResponse:  # noqa: A002
    """An item as a card, which the map shows for a point."""
    service = state_of(request).reloader.service
    return page(request, "card.html", item=service.item(service.parse_item(id)))


@router.get("/person")
def person(request: Request, id: str) -> HTMLResponse:  # noqa: A002
    """A user of the model: likes, recommendations, and their reasons."""
    state = state_of(request)
    service = state.reloader.service
    needs_token_for_people(request)
    user = service.parse_user(id)
    if not state.people.has_user(service, user):  # shelves of visitors are private
        raise UnknownIdError(f"unknown person {id[:100]!r}")
    profile = state.people.resolve(service, user)
    history = state.people.likes(service, user)
    liked = sorted((i for i in history if history[i] > 0), key=lambda i: -history[i])
    return page(
        request,
        "person.html",
        person=user,
        likes=[service.views.view(i) for i in liked[:_MAX_LIKES]],
        n_likes=len(liked),
        suggestions=suggestions(service, profile, _ROW),
    )


def _similar(service: Service, item: Id, role: Role) -> list[ScoredItem]:
    return service.similar(item, role, k=_ROW) if role in service.models else []
