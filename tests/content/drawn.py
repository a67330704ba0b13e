"""Small pictures to test with."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image


def png(color: tuple[int, ...] = (200, 30, 30), size: tuple[int, int] = (20, 16)) -> bytes:
    """One color all over."""
    return saved(Image.new("RGBA" if len(color) == 4 else "RGB", size, color))


def saved(picture: Image.Image, form: str = "PNG") -> bytes:
    out = io.BytesIO()
    picture.save(out, form)
    return out.getvalue()


def noise(seed: int, side: int = 24) -> bytes:
    rng = np.random.default_rng(seed)
    return saved(Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8)))


def square(color: tuple[int, int, int], at: int = 16) -> Image.Image:
    """A square on a pale ground."""
    picture = Image.new("RGB", (96, 96), (246, 244, 240))
    picture.paste(color, (at, at, at + 40, at + 40))
    return picture


def address(raw: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(raw).decode()
