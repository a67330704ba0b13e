"""Failures as pages, for those who look at them in a browser."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from penchant.errors import PenchantError
from penchant.serving import problems
from penchant.serving.pages.templating import is_fragment, page

log = logging.getLogger("penchant")

_Handler = Callable[[Request, Exception], Awaitable[Response]]

_WORDS = {
    403: ("Not from there", "Only pages of this site may change what is kept here."),
    404: ("Nothing here", "What you look for is not in this catalog, or has moved."),
    405: ("That can't be done here", "The address is one to look at, or one to send a form to."),
    413: ("Too much at once", "What was sent is larger than this server takes."),
    421: ("Another name", "This server does not go by the name in the address."),
    422: ("That can't be right", "The address is not one that this site gives out."),
    429: ("A little slower, please", "Too many requests came from you. Wait a moment, try again."),
    503: ("Back in a moment", "What people like can't be looked up right now. Try again."),
}
_OTHER = ("That did not work", "The server could not answer this.")
_OF_JSON = {"content-length", "content-type"}


def install(app: FastAPI) -> None:
    """Have browsers get pages where programs get JSON; the statuses stay the same."""
    for kind in (RequestValidationError, HTTPException, PenchantError):
        told = cast(_Handler, app.exception_handlers[kind])
        app.add_exception_handler(kind, _as_page(told))


def response_for(request: Request, error: Exception) -> Response:
    """The answer to what was raised, as :func:`problems.response_for`, or as a page."""
    return _shown(request, problems.response_for(error))


def _as_page(told: _Handler) -> _Handler:
    async def answer(request: Request, error: Exception) -> Response:
        return _shown(request, await told(request, error))

    return answer


def _shown(request: Request, found: Response) -> Response:
    """An answer that tells a failure as a page, or as a part of one, where that was asked for."""
    part = is_fragment(request)
    if not part and not _wants_page(request):
        return found
    title, words = _WORDS.get(found.status_code, _OTHER)
    message = json.loads(bytes(found.body))["error"]["message"]
    try:
        shown = page(
            request,
            "failure-part.html" if part else "failure.html",
            status=found.status_code,
            title=title,
            words=words,
            message=message if found.status_code < 500 else "",
            code=found.status_code,
            liked=(),  # it may be the store that fails
        )
    except Exception:  # it may be the pages that fail
        log.exception("the page that tells a failure can't be made")
        return found
    told = {name: value for name, value in found.headers.items() if name not in _OF_JSON}
    shown.headers.update(told)  # when to try again, which methods there are
    return shown


def _wants_page(request: Request) -> bool:
    by_program = request.url.path.startswith(("/api/", "/metrics"))
    return not by_program and "text/html" in request.headers.get("accept", "")
