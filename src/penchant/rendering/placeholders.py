"""Geometry of placeholder pictures, for items without a picture."""

from __future__ import annotations

import zlib
from typing import NamedTuple


class Placeholder(NamedTuple):
    """A square with two discs, a ring and a letter; the template ``items.html`` draws it.

    Attributes
    ----------
    hue, second_hue
        Of the square and of the larger disc, in degrees.
    x, y
        The center of the larger disc, within 0…63.
    size
        The radius of the smaller disc, within 18…33.
    letter
        The initial of the name.
    """

    hue: int
    second_hue: int
    x: int
    y: int
    size: int
    letter: str


def placeholder_of(key: object, name: str) -> Placeholder:
    """Return the placeholder of an item, always the same for the same key and name."""
    seed = zlib.crc32(repr(key).encode("utf-8", "replace"))
    hue = seed % 360
    letter = next((character for character in name if character.isalnum()), "·")
    return Placeholder(
        hue,
        (hue + 35 + (seed >> 25 & 31)) % 360,
        seed >> 9 & 63,
        seed >> 15 & 63,
        18 + (seed >> 21 & 15),
        letter.upper()[:1],
    )
