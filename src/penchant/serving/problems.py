"""Error responses of one shape, ``{"error": {"kind", "message", "details"}}``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus

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
from penchant.serving.records import Detail, ErrorInfo, Problem, encode

log = logging.getLogger("penchant")

_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (UnknownIdError, 404),
    (SettingsError, 422),
    (DataError, 422),
    (UnsupportedError, 422),
    (StoreError, 503),
)
_MAX_DETAILS = 20


class RejectedRequest(HTTPException):  # FastAPI turns exceptions of other types into status 400
    """A request that the server rejects.

    Parameters
    ----------
    status
        The HTTP status.
    message
        What was found, and what to do.
    headers
        Additional headers of the response.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, message, dict(headers or {}))


def problem(
    status: int,
    kind: str,
    message: str,
    details: list[Detail] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an error response."""
    body = encode(Problem(ErrorInfo(kind, message, details or [])))
    return Response(body, status, dict(headers or {}), media_type="application/json")


def response_for(error: Exception) -> Response:
    """Return the response to an exception; unexpected ones are logged and not disclosed."""
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        kind = _kind(error.status_code)
        return problem(error.status_code, kind, error.detail, headers=error.headers)
    for cls, status in _STATUS:
        if isinstance(error, cls):
            if status >= 500:
                log.error("%s: %s", type(error).__name__, error)
                return problem(status, type(error).__name__, "the store is not available")
            return problem(status, type(error).__name__, str(error))
    log.error("a request failed", exc_info=error)
    return problem(500, "Fault", "internal error: see the server's log")


def install(app: FastAPI) -> None:
    """Register the handlers that return errors in this shape."""
    for kind in (RequestValidationError, HTTPException, PenchantError):
        app.add_exception_handler(kind, _raised)


async def _raised(_: Request, error: Exception) -> Response:
    return response_for(error)


def _invalid(error: RequestValidationError) -> Response:
    """Return the response to parameters or a body that violate the schema."""
    details = [
        Detail([str(part) for part in entry["loc"]], str(entry["msg"]))
        for entry in error.errors()[:_MAX_DETAILS]
    ]
    first = details[0] if details else Detail([], "the request can't be read")
    message = f"{' → '.join(first.where)}: {first.message}"
    return problem(422, "Invalid", message, details)


def _kind(status: int) -> str:
    """Return the name of a status: ``NotFound`` for 404, and so on."""
    return HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")
