"""Failures as pages, for those who look at them in a browser."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tacit.errors import TacitError
from tacit.serving.pages.templating import is_part, page

_Handler = Callable[[Request, Exception], Awaitable[Response]]

_WORDS = {
    404: ("Nothing here", "What you look for is not in this catalogue, or has moved."),
    422: ("That can't be right", "The address is not one that this site gives out."),
    503: ("Back in a moment", "What people like can't be looked up right now. Try again."),
}
_OTHER = ("That did not work", "The server could not answer this.")


def install(app: FastAPI) -> None:
    """Have browsers get pages where programs get JSON; the statuses stay the same."""
    for kind in (RequestValidationError, HTTPException, TacitError):
        told = cast(_Handler, app.exception_handlers[kind])
        app.add_exception_handler(kind, _as_page(told))


def _as_page(told: _Handler) -> _Handler:
    async def answer(request: Request, error: Exception) -> Response:
        found = await told(request, error)
        if not _wants_page(request):
            return found
        title, words = _WORDS.get(found.status_code, _OTHER)
        message = json.loads(bytes(found.body))["error"]["message"]
        return page(
            request,
            "failure.html",
            status=found.status_code,
            title=title,
            words=words,
            message=message if found.status_code < 500 else "",
            code=found.status_code,
            liked=(),  # it may be the store that fails
        )

    return answer


def _wants_page(request: Request) -> bool:
    by_program = request.url.path.startswith(("/api/", "/admin/")) or is_part(request)
    return not by_program and "text/html" in request.headers.get("accept", "")
