"""Thumbnails of items as self-contained images, from the pictures that a catalog names."""

from __future__ import annotations

import base64
import functools
import io
import logging
import re
import stat
from pathlib import Path
from typing import BinaryIO

from penchant.rendering.markup import address

log = logging.getLogger("penchant")

SIZE = 160
"""The longer side of a thumbnail in pixels: twice the displayed size, for high-density screens."""

MAX_PIXELS = 50_000_000
# no EPS, PDF or others whose decoders run programs
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")

_MAX_FILE = 32 * 2**20
_MAX_DATA = 2**20
_DATA = re.compile(
    r"data:image/(?:png|jpe?g|gif|webp|avif|bmp|svg\+xml)(?:;[a-z0-9=+-]+)*,[^\s\"'<>\\]+",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)  # two letters at least: not C:\


def source_of(picture: str) -> str | None:
    """Return the ``src`` of a picture, or None if it can't or must not be shown; never raises.

    Parameters
    ----------
    picture
        An http(s) address, which is linked; a ``data:image/…`` address, used unchanged; or the
        path of a local file, which is scaled down and inlined. Anything else is not shown.
    """
    picture = picture.strip()
    remote = address(picture)
    if remote is not None:
        return remote
    if picture[:5].lower() == "data:":
        fits = len(picture) <= _MAX_DATA and _DATA.fullmatch(picture)
        return picture if fits else None
    if not picture or _SCHEME.match(picture):
        return None
    return _inline(picture)


def _inline(path: str) -> str | None:
    try:
        status = Path(path).stat()
    except (OSError, ValueError):  # ValueError: a null character in the path
        return None
    # only regular files: reading a pipe could block forever
    if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_FILE:
        return None
    return _shrunk(path, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=512)
def _shrunk(path: str, _changed: int, _bytes: int) -> str | None:
    """Return a local picture as a data: address; cached until the file changes."""
    content = shrunk(path)
    if content is None:
        return None
    return "data:image/webp;base64," + base64.b64encode(content).decode()


def shrunk(picture: str | BinaryIO, size: int = SIZE) -> bytes | None:
    """Scale a picture down and encode it as WebP; None if it can't be shown.

    The format is detected from the content, not the name; formats that can contain scripts are
    refused.

    Parameters
    ----------
    picture
        The path of a file, or an open one.
    size
        The maximum of the longer side, in pixels.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(picture, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            image.draft("RGB", (size, size))  # lets JPEG decode at a smaller size
            image.thumbnail((size, size))
            small = ImageOps.exif_transpose(image)
            small = small.convert("RGBA" if small.has_transparency_data else "RGB")
        out = io.BytesIO()
        small.save(out, "WEBP", quality=85, method=4)
    except Exception as error:  # decoders of damaged pictures raise nearly anything
        log.debug("no thumbnail of %s: %s", picture, error)
        return None
    return out.getvalue()
