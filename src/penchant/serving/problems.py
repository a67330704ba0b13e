"""Failures as answers: one shape for all, ``{"error": {"kind", "message", "details"}}``."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from penchant.errors import (
    DataError,
    PenchantError,
    SettingsError,
    StoreError,
    UnknownIdError,
    UnsupportedError,
)

log = logging.getLogger("penchant")

_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (UnknownIdError, 404),
    (SettingsError, 422),
    (DataError, 422),
    (UnsupportedError, 422),
    (StoreError, 503),
)
_MOST_DETAILS = 20


class Refused(HTTPException):  # the framework lets these through, and turns others into 400
    """A request that is turned away.

    Parameters
    ----------
    status
        The HTTP status.
    message
        What was found, and what to do.
    headers
        More headers of the answer.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, message, dict(headers or {}))


def problem(
    status: int,
    kind: str,
    message: str,
    details: list[dict[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer that tells a failure."""
    told = {"error": {"kind": kind, "message": message, "details": details or []}}
    body = json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, status, dict(headers or {}), media_type="application/json")


def answer_to(error: Exception) -> Response:
    """The answer to what was raised; what nobody foresaw is logged, and not told."""
    if isinstance(error, HTTPException):
        kind = _kind(error.status_code)
        return problem(error.status_code, kind, error.detail, headers=error.headers)
    for cls, status in _STATUS:
        if isinstance(error, cls):
            if status >= 500:
                log.error("%s: %s", type(error).__name__, error)
                return problem(status, type(error).__name__, "the store can't be used at present")
            return problem(status, type(error).__name__, str(error))
    log.error("a request failed", exc_info=error)
    return problem(500, "Fault", "a fault of the server's own; its log tells more")


def install(app: FastAPI) -> None:
    """Have an application tell its failures in this shape."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _raised)
    app.add_exception_handler(PenchantError, _raised)


async def _raised(_: Request, error: Exception) -> Response:
    return answer_to(error)


async def _invalid(_: Request, error: Exception) -> Response:
    """Parameters or a body that are not as the document says."""
    assert isinstance(error, RequestValidationError)
    details = [
        {"where": [str(part) for part in one["loc"]], "message": str(one["msg"])}
        for one in error.errors()[:_MOST_DETAILS]
    ]
    first = details[0] if details else {"where": [], "message": "it can't be read"}
    message = f"{' → '.join(first['where'])}: {first['message']}"
    return problem(422, "Invalid", message, details)


def _kind(status: int) -> str:
    """``NotFound`` for 404, and so on."""
    return HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")
