"""Read and decode pictures: files, data: addresses and bytes."""

from __future__ import annotations

import base64
import io
import stat
import urllib.parse
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from penchant.errors import DataError
from penchant.rendering.thumbnails import FORMATS, MAX_PIXELS

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES = 64 * 2**20
SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif"}
)  # fmt: skip

Picture = str | Path | bytes
"""A local path, a ``data:`` address, or the bytes of a file."""


def read(picture: Picture) -> bytes:
    """Return the bytes of a picture.

    Raises
    ------
    DataError
        If they can't be read; the message says why in a few words.
    """
    if isinstance(picture, bytes):
        return picture
    address = str(picture).strip()
    if not address:
        raise DataError("there is no picture")
    if address[:5].lower() == "data:":
        return _read_data_address(address)
    if address.lower().startswith(("http://", "https://")):
        raise DataError("it is on the web: fetch it first, and name the file")
    return _read_file(address)


def _read_data_address(address: str) -> bytes:
    head, comma, body = address.partition(",")
    if not comma or len(body) > 2 * MAX_BYTES:
        raise DataError("its data: address holds no picture, or too large a one")
    if not head.lower().endswith(";base64"):
        return urllib.parse.unquote_to_bytes(body)
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise DataError(f"its data: address is damaged: {error}") from None


def _read_file(path: str) -> bytes:
    try:
        status = Path(path).stat()
        # only regular files: reading a pipe could block for ever
        if not stat.S_ISREG(status.st_mode):
            raise DataError(f"{path} is not a file")
        if status.st_size > MAX_BYTES:
            raise DataError(f"{path} is larger than {MAX_BYTES >> 20} MiB")
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        if isinstance(error, DataError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path} can't be read: {reason}") from None


def decode(raw: bytes, min_side: int = 512) -> Image.Image:
    """Decode a picture to RGB, upright, with transparent parts on white.

    Parameters
    ----------
    raw
        The bytes of a file in one of ``FORMATS``; the first frame of an animation is used.
    min_side
        The sides in pixels to which a large JPEG may be reduced while it is decoded.

    Raises
    ------
    DataError
        If it is not a picture, is damaged, or would have more than ``MAX_PIXELS`` when decoded.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    size = f"{picture.width:,} × {picture.height:,}"
                    raise DataError(f"it has {size} pixels, more than {MAX_PIXELS:,}")
                picture.draft("RGB", (min_side, min_side))
                return _to_rgb(ImageOps.exif_transpose(picture))
    except DataError:
        raise
    except Exception as error:  # decoders raise many types of errors for damaged pictures
        reason = str(error) if not isinstance(error, UnidentifiedImageError) else "unknown format"
        raise DataError(f"it is not a picture that can be read: {reason}") from None


def _to_rgb(picture: Image.Image) -> Image.Image:
    """Convert any color mode to RGB, with transparent parts on white."""
    from PIL import Image

    if picture.mode.startswith("I;16"):  # convert() would clip these to white
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer).convert("RGB")
