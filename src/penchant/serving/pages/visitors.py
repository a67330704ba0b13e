"""Visitors without an account: a random token in a cookie, and their likes."""

from __future__ import annotations

import hashlib
import re
import secrets

from fastapi import Request
from starlette.responses import Response

from penchant.data.ids import Id
from penchant.serving.state import state_of

COOKIE = "penchant_shelf"

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_YEAR = 365 * 24 * 3600


def token_of(request: Request) -> str | None:
    """Return the visitor's token; None if there is none or it is malformed."""
    token = request.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else None


def new_token() -> str:
    """Return a random token of 128 bits."""
    return secrets.token_urlsafe(16)


def person(token: str) -> str:
    """Return the visitor's id in the store, a hash from which the cookie can't be derived."""
    return "visitor-" + hashlib.sha256(token.encode()).hexdigest()[:32]


def likes(request: Request) -> dict[Id, float]:
    """Return the likes of the visitor among the model's items, the newest last."""
    token = token_of(request)
    return {} if token is None else liked_by(request, token)


def liked_by(request: Request, token: str) -> dict[Id, float]:
    """Return the likes of the visitor with a token; see :func:`likes`."""
    state = state_of(request)
    values = state.people.likes(state.reloader.service, person(token))
    return {item: value for item, value in values.items() if value > 0}


def remember(request: Request, answer: Response, token: str) -> None:
    """Set the cookie; scripts can't read it, and other sites can't send it."""
    answer.set_cookie(
        COOKIE,
        token,
        max_age=_YEAR,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
