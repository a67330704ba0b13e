"""Rendering of templates; all texts are escaped and freed of control characters."""

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
            path=request.url.path,
            has_map=service.has_item_vectors,
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
    """Return the template environment, with the functions and filters of templates."""
    env = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_sanitize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals |= {
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
    env.filters |= {"share": "{:.0%}".format, "count": "{:,}".format, "listed": listed}
    return env


def _sanitize(value: Any) -> Any:
    """Remove control characters from texts, such as those that change the text direction."""
    return plain(value) if type(value) is str else value


@functools.cache
def asset(name: str) -> str:
    """Return the address of a static file, with a hash: browsers may cache it for ever."""
    content = (_HERE / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def _chart(chart: Chart, number: int) -> Markup:
    from penchant.report.chart import draw  # slow to import

    return Markup(draw(chart, number))  # noqa: S704  built by functions that escape


def listed(names: Sequence[Markup]) -> Markup:
    """Join names as in ``a, b and c``."""
    if len(names) < 2:
        return Markup("").join(names)
    return Markup(", ").join(names[:-1]) + " and " + names[-1]


def is_fragment(request: Request) -> bool:
    """Return whether a script requests a part of a page."""
    return "hx-request" in request.headers
