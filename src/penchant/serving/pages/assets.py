"""Static files of the pages: read once, with addresses that change with their content."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import NamedTuple

from penchant.rendering.stylesheets import stylesheet

_HERE = Path(__file__).parent
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml",
          ".txt": "text/plain"}  # fmt: skip


class StaticFile(NamedTuple):
    """A static file: its content, and its media type."""

    content: bytes
    media_type: str


@functools.cache
def static_files() -> dict[str, StaticFile]:
    """Read the static files once, so that request paths never reach the file system."""
    paths = (path for path in (_HERE / "static").iterdir() if path.suffix in _TYPES)
    files = {path.name: StaticFile(path.read_bytes(), _TYPES[path.suffix]) for path in paths}
    css = stylesheet("tokens", "base", "components", own=_HERE / "pages.css")
    return {**files, "penchant.css": StaticFile(css.encode(), "text/css")}


@functools.cache
def asset(name: str) -> str:
    """Return the address of a static file, with a hash: browsers may cache it forever."""
    digest = hashlib.sha256(static_files()[name].content).hexdigest()
    return f"/static/{name}?v={digest[:12]}"
