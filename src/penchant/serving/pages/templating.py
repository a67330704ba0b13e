"""From templates and records to pages. Every text from outside is escaped, and made harmless."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from penchant import __version__
from penchant.data.ids import Id
from penchant.rendering import markup
from penchant.rendering.plain import plain
from penchant.serving.catalog.views import address_of, picture_address
from penchant.serving.pages import visitors
from penchant.serving.pages.art import tile
from penchant.serving.state import state_of

if TYPE_CHECKING:
    from penchant.report.chart import Chart

_HERE = Path(__file__).parent


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    liked: Collection[Id] | None = None,
    **content: Any,
) -> HTMLResponse:
    """A page, or a part of one, for whoever asked.

    Parameters
    ----------
    request
        Who asked.
    template
        Which; ``content`` is what it shows.
    status
        Of the answer.
    liked
        What the visitor likes; None: it is looked up.
    """
    state = state_of(request)
    service = state.reloader.service
    body = (
        environment()
        .get_template(template)
        .render(
            **content,
            path=request.url.path,
            has_map=hasattr(service.likes, "item_factors"),
            liked=visitors.likes(request) if liked is None else liked,
            heartable=service.likes.items,
            keeps_pictures=state.pictures is not None,
            version=__version__,
        )
    )
    return HTMLResponse(body.encode("utf-8", "replace"), status, _HEADERS)


_HEADERS = {"cache-control": "no-store", "vary": "cookie, hx-request"}


@functools.cache
def environment() -> Environment:
    """The templates, with what they may call."""
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "address": markup.address,
        "asset": asset,
        "chart": _chart,
        "like_url": functools.partial(address_of, "/shelf"),
        "map_url": functools.partial(address_of, "/map"),
        "item_url": functools.partial(address_of, "/item"),
        "picture_url": functools.partial(address_of, "/picture"),
        "person_url": functools.partial(address_of, "/person"),
        "picture": picture_address,
        "tile": tile,
    }
    made.filters |= {"share": "{:.0%}".format, "count": "{:,}".format, "listed": listed}
    return made


def _harmless(value: Any) -> Any:
    """Texts without what could turn the direction of what follows, and the like."""
    return plain(value) if type(value) is str else value


@functools.cache
def asset(name: str) -> str:
    """The address of a style or script; another one when it changes, so that it may be kept."""
    content = (_HERE / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def _chart(chart: Chart, number: int) -> Markup:
    from penchant.report.chart import draw  # what makes reports takes long to import

    return Markup(draw(chart, number))  # noqa: S704  made by our own functions, which escape


def listed(names: Sequence[Markup]) -> Markup:
    """``a, b and c``."""
    if len(names) < 2:
        return Markup("").join(names)
    return Markup(", ").join(names[:-1]) + " and " + names[-1]


def is_fragment(request: Request) -> bool:
    """Whether a script asks for a part of a page."""
    return "hx-request" in request.headers
