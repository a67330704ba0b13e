"""From what a catalog calls a picture to an image in memory, whatever that may hold."""

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

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES = 64 * 2**20
MAX_PIXELS = 50_000_000
# no EPS, PDF or others whose decoders run programs
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif"}
)  # fmt: skip

Picture = str | Path | bytes
"""A local path, a ``data:`` address, or the bytes of a file."""


def read(picture: Picture) -> bytes:
    """The bytes of a picture.

    Raises
    ------
    DataError
        If they can't be had; the message says why in a few words.
    """
    if isinstance(picture, bytes):
        return picture
    given = str(picture).strip()
    if not given:
        raise DataError("there is no picture")
    if given[:5].lower() == "data:":
        return _of_address(given)
    if given.lower().startswith(("http://", "https://")):
        raise DataError("it is on the web: fetch it first, and name the file")
    return _of_file(given)


def _of_address(address: str) -> bytes:
    head, comma, body = address.partition(",")
    if not comma or len(body) > 2 * MAX_BYTES:
        raise DataError("its data: address holds no picture, or too large a one")
    if not head.lower().endswith(";base64"):
        return urllib.parse.unquote_to_bytes(body)
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise DataError(f"its data: address is damaged: {error}") from None


def _of_file(path: str) -> bytes:
    try:
        told = Path(path).stat()
        # only regular files: a pipe would make us wait for ever
        if not stat.S_ISREG(told.st_mode):
            raise DataError(f"{path} is no file")
        if told.st_size > MAX_BYTES:
            raise DataError(f"{path} is larger than {MAX_BYTES >> 20} MiB")
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        if isinstance(error, DataError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path} can't be read: {reason}") from None


def decode(raw: bytes, least: int = 512) -> Image.Image:
    """The picture in red, green and blue, upright, on white where it is transparent.

    Parameters
    ----------
    raw
        The bytes of a file in one of ``FORMATS``; of an animation the first frame counts.
    least
        What its sides must keep, in pixels, if they have as many: JPEG decodes large ones at a
        part of their size.

    Raises
    ------
    DataError
        If it is no picture, is damaged, or would be larger than ``MAX_PIXELS`` when unpacked.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    size = f"{picture.width:,} × {picture.height:,}"
                    raise DataError(f"it has {size} pixels, more than {MAX_PIXELS:,}")
                picture.draft("RGB", (least, least))
                return _plain(ImageOps.exif_transpose(picture))
    except DataError:
        raise
    except Exception as error:  # decoders of damaged pictures raise nearly anything
        what = str(error) if not isinstance(error, UnidentifiedImageError) else "unknown form"
        raise DataError(f"it is no picture that can be read: {what}") from None


def _plain(picture: Image.Image) -> Image.Image:
    from PIL import Image

    if picture.mode.startswith("I;16"):  # which convert() would clip to white
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    seen = picture.convert("RGBA")
    white = Image.new("RGBA", seen.size, "white")
    return Image.alpha_composite(white, seen).convert("RGB")
