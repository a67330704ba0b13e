"""Visitors without an account: a random name in a cookie, and what they like."""

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
    """The visitor's token; None where there is none, or none of ours."""
    given = request.cookies.get(COOKIE, "")
    return given if _TOKEN.fullmatch(given) else None


def new_token() -> str:
    """A token that nobody can guess: 128 bits."""
    return secrets.token_urlsafe(16)


def person(token: str) -> str:
    """Who a visitor is in the store: from there nobody can get back to the cookie."""
    return "visitor-" + hashlib.sha256(token.encode()).hexdigest()[:32]


def likes(request: Request) -> dict[Id, float]:
    """What the visitor who asks likes, of the model's items, the newest last."""
    token = token_of(request)
    return {} if token is None else liked_by(request, token)


def liked_by(request: Request, token: str) -> dict[Id, float]:
    """What the visitor with a token likes; see :func:`likes`."""
    state = state_of(request)
    found = state.people.likes(state.reloader.service, person(token))
    return {item: value for item, value in found.items() if value > 0}


def remember(request: Request, answer: Response, token: str) -> None:
    """Have the browser keep a token; scripts can't read it, other sites can't send it."""
    answer.set_cookie(
        COOKIE,
        token,
        max_age=_YEAR,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
