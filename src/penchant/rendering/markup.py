"""Texts as HTML that shows them literally, and web addresses that are safe to link to."""

from __future__ import annotations

import re

import markupsafe
from markupsafe import Markup as Markup

from penchant.rendering.plain import plain

_ADDRESS = re.compile(r"https?://[^\s\x00-\x20\x7f\"'<>`\\]+", re.IGNORECASE)


def escape(value: object) -> Markup:
    """Return a text as HTML that shows it literally; markup stays as it is."""
    return value if isinstance(value, Markup) else markupsafe.escape(plain(value))


def address(candidate: str) -> str | None:
    """Return a web address that is safe to link to (http or https only), or None."""
    candidate = candidate.strip()
    return candidate if _ADDRESS.fullmatch(candidate) else None
