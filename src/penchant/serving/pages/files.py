"""Static files, and pictures of items."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from penchant.rendering.cards import placeholder
from penchant.rendering.markup import address
from penchant.rendering.thumbnails import source_of
from penchant.serving.pages.assets import static_files
from penchant.serving.state import state_of

router = APIRouter(include_in_schema=False)

_CACHE = {"cache-control": "public, max-age=31536000, immutable"}
_PICTURE = {
    "cache-control": "private, max-age=600",
    # an SVG that is opened by itself must not run scripts
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}
_RETRY = {"cache-control": "private, max-age=30"}


@router.get("/static/{name}")
async def static(name: str) -> Response:
    """A style sheet, a script or a symbol."""
    file = static_files().get(name)
    if file is None:
        raise HTTPException(404, "there is no such file")
    return Response(file.content, headers=_CACHE, media_type=file.media_type)


@router.get("/picture")
async def picture(request: Request, id: str) -> Response:  # noqa: A002
    """The picture of an item from the catalog, or else a generated one.

    Only addresses of the catalog are read; pictures are decoded and shrunk.
    """
    state = state_of(request)
    service = state.reloader.service
    item = service.item(service.parse_item(id))
    remote = address(item.picture)
    if remote is None:
        source = await run_in_threadpool(source_of, item.picture)
        result = _decode(source or "")
    else:
        cached = None if state.pictures is None else await state.pictures.get(remote)
        result = None if cached is None else (cached, "image/webp")
    drawing = placeholder(item.id, item.name, standalone=True)
    content, kind = result or (drawing.encode(), "image/svg+xml")
    headers = _PICTURE if result or remote is None else _PICTURE | _RETRY
    return Response(content, headers=headers, media_type=kind)


def _decode(source: str) -> tuple[bytes, str] | None:
    """Return content and type of a ``data:`` address; None for other texts."""
    head, comma, body = source.partition(",")
    if not comma or not head.startswith("data:image/"):
        return None
    plain = unquote_to_bytes(body)
    try:
        content = base64.b64decode(plain) if head.lower().endswith(";base64") else plain
    except binascii.Error:
        return None
    return content, head[5:].split(";")[0]
