"""Rendering of templates; all texts are escaped and freed of control characters."""

from __future__ import annotations

import functools
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import Request
from jinja2 import Environment
from markupsafe import Markup
from starlette.responses import HTMLResponse

from penchant import __version__
from penchant.data.ids import Id
from penchant.rendering.cards import placeholder
from penchant.rendering.templates import create_environment
from penchant.serving.catalog.views import address_of, picture_address
from penchant.serving.pages import visitors
from penchant.serving.pages.assets import asset
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
    """Render a page or a part of one.

    Parameters
    ----------
    request
        The request.
    template
        The template; ``content`` are its variables.
    status
        The HTTP status.
    liked
        The visitor's likes; None: they are looked up.
    """
    state = state_of(request)
    service = state.reloader.service
    body = (
        environment()
        .get_template(template)
        .render(
            **content,
            path=request.scope["path"],
            has_map=service.has_item_vectors,
            liked=visitors.likes(request) if liked is None else liked,
            likeable=service.likes.items,
            keeps_pictures=state.pictures is not None,
            version=__version__,
        )
    )
    return HTMLResponse(body.encode("utf-8", "replace"), status, _HEADERS)


_HEADERS = {"cache-control": "no-store", "vary": "cookie, hx-request"}


@functools.cache
def environment() -> Environment:
    """Return the template environment, with the functions and filters of templates."""
    env = create_environment(_HERE / "templates")
    env.globals |= {
        "asset": asset,
        "chart": _chart,
        "like_url": functools.partial(address_of, "/shelf"),
        "map_url": functools.partial(address_of, "/map"),
        "item_url": functools.partial(address_of, "/item"),
        "picture_url": functools.partial(address_of, "/picture"),
        "person_url": functools.partial(address_of, "/person"),
        "picture": picture_address,
        "placeholder": placeholder,
    }
    env.filters |= {"share": "{:.0%}".format, "count": "{:,}".format}
    return env


def _chart(chart: Chart, number: int) -> Markup:
    from penchant.report.chart import draw  # slow to import

    return draw(chart, number)


def is_fragment(request: Request) -> bool:
    """Return whether a script requests a part of a page."""
    return "hx-request" in request.headers
