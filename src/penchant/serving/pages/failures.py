"""Error responses as pages, for browsers."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
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

_TEXTS = {
    401: ("Private", "People's histories and recommendations need this server's token."),
    403: ("Not allowed", "Only pages of this site may send this form."),
    404: ("Not found", "This page or item does not exist."),
    405: ("Method not allowed", "This address does not support this kind of request."),
    413: ("Too large", "The request is larger than this server accepts."),
    421: ("Wrong host name", "The address does not name this server."),
    422: ("That can't be right", "A value in the address or form is missing or invalid."),
    429: ("A little slower, please", "You sent too many requests. Wait a moment and try again."),
    503: ("Temporarily unavailable", "The database can't be reached right now. Try again."),
}
_OTHER = ("That did not work", "An internal error occurred.")
_JSON_HEADERS = {"content-length", "content-type"}


def install(app: FastAPI) -> None:
    """Register handlers that return pages to browsers and JSON to programs."""
    for kind in (RequestValidationError, HTTPException, PenchantError):
        handler = cast(_Handler, app.exception_handlers[kind])
        app.add_exception_handler(kind, _as_page(handler))


def response_for(request: Request, error: Exception) -> Response:
    """Return the response to an exception: :func:`problems.response_for`, or a page."""
    return _render(request, problems.response_for(error))


def _as_page(handler: _Handler) -> _Handler:
    async def answer(request: Request, error: Exception) -> Response:
        return _render(request, await handler(request, error))

    return answer


def _render(request: Request, response: Response) -> Response:
    """Turn an error response into a page or a part of one, if the request wants that."""
    fragment = is_fragment(request)
    if not fragment and not _wants_page(request):
        return response
    title, text = _TEXTS.get(response.status_code, _OTHER)
    message = json.loads(bytes(response.body))["error"]["message"]
    try:
        rendered = page(
            request,
            "error-toast.html" if fragment else "error.html",
            status=response.status_code,
            title=title,
            text=text,
            message="" if response.status_code >= 500 or message == _phrase(response) else message,
            code=response.status_code,
            liked=(),  # the store may be what fails
        )
    except Exception:  # the pages may be what fails
        log.exception("the error page can't be rendered")
        return response
    headers = {k: v for k, v in response.headers.items() if k not in _JSON_HEADERS}
    rendered.headers.update(headers)  # Retry-After, Allow
    return rendered


def _phrase(response: Response) -> str:
    """Return the phrase of a status, such as "Not Found": it says no more than the title."""
    return HTTPStatus(response.status_code).phrase


def _wants_page(request: Request) -> bool:
    # not request.url, which can't be made of an address that is not UTF-8
    is_api = request.scope["path"].startswith(("/api/", "/metrics"))
    return not is_api and "text/html" in request.headers.get("accept", "")
