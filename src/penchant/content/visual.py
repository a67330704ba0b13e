"""What a picture looks like without any network: its colors, and where its edges run.

Histograms of colors (Swain & Ballard 1991, "Color indexing") and of gradients by place (Dalal &
Triggs 2005, "Histograms of oriented gradients"), where what differs from the picture's border
counts most: things are mostly shown before a plain ground.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL import Image

SIDE = 48
"""Pictures are looked at in this many pixels a side."""
_CELLS, _ANGLES = 6, 8  # a side of the picture has so many cells; half a turn so many angles
_HUES, _LEVELS, _GREYS = 12, 3, 6
_GREY_WEIGHT = 0.25  # of what has no hue, so that shades and shadows don't hide colors
_CONTRAST = 0.3  # how far from the ground a color stands out
_GROUND = 0.01  # what the ground counts
_FAINT = 0.1  # edges of this part of the strongest cell's count half
_REST = 0.01  # what is cut off of a figure on each side
_MARGIN = 0.05  # of a figure's size, around it

F64 = npt.NDArray[np.float64]
LENGTH = _HUES * _LEVELS + _GREYS + _CELLS * _CELLS * _ANGLES


class _Axis(NamedTuple):
    """One axis of a histogram: values 0…1, how many bins, and whether the last meets the first."""

    values: F64
    bins: int
    around: bool = False

    def shares(self) -> list[tuple[npt.NDArray[np.intp], F64]]:
        """Bins and shares: each value is divided between the two bins it lies between."""
        at = self.values * (self.bins if self.around else self.bins - 1)
        low = np.floor(at).astype(np.intp)
        part = at - low
        if self.around:
            return [(low % self.bins, 1 - part), ((low + 1) % self.bins, part)]
        return [(low, 1 - part), (np.minimum(low + 1, self.bins - 1), part)]


def looks(picture: Image.Image) -> npt.NDArray[np.float32]:
    """A vector of a picture in red, green and blue: float32, shape (LENGTH,).

    Half of its square length is of colors, half of edges (nothing, where there are none).
    """
    pixels = _pixels(picture)
    weight = _standing_out(pixels)
    figure = _pixels(picture, _frame(weight))
    both = np.concatenate([_colors(pixels, weight + _GROUND), _edges(figure.mean(axis=2))])
    return np.asarray(both * np.sqrt(0.5), dtype=np.float32)


def _pixels(picture: Image.Image, frame: tuple[float, float, float, float] = (0, 0, 1, 1)) -> F64:
    """float64, 0…1, shape (SIDE, SIDE, 3): a part of the picture, its sides given as shares."""
    box = tuple(share * side for share, side in zip(frame, picture.size * 2, strict=True))
    small = picture.resize((SIDE, SIDE), 2, box=box, reducing_gap=3.0)  # type: ignore[arg-type]
    return np.asarray(small, dtype=np.float64) / 255


def _standing_out(pixels: F64) -> F64:
    """How much each pixel differs from the border, about 0…1."""
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    apart: F64 = np.square(pixels - np.median(border, axis=0)).sum(axis=2)
    return apart / (apart + _CONTRAST**2)


def _frame(weight: F64) -> tuple[float, float, float, float]:
    """What holds nearly all the weight, and a margin: left, top, right, bottom, as shares."""
    (top, bottom), (left, right) = (_ends(weight.sum(axis=axis)) for axis in (1, 0))
    return left, top, right, bottom


def _ends(weight: F64) -> tuple[float, float]:
    if not weight.any():
        return 0.0, 1.0
    reached = np.cumsum(weight) / weight.sum()
    first, last = np.searchsorted(reached, (_REST, 1 - _REST))
    margin = _MARGIN * (last + 1 - first)  # so that a figure's own outline is within
    return max(0.0, first - margin) / SIDE, min(last + 1 + margin, SIDE) / SIDE


def _colors(pixels: F64, weight: F64) -> F64:
    """Of what has a hue, by hue and lightness; of the rest by lightness; unit length."""
    high, low = pixels.max(axis=2), pixels.min(axis=2)
    chroma, light = high - low, (high + low) / 2
    hued = _histogram(
        weight * chroma, [_Axis(_hue(pixels, high, chroma), _HUES, True), _Axis(light, _LEVELS)]
    )
    plain = _histogram(weight * (1 - chroma) * _GREY_WEIGHT, [_Axis(light, _GREYS)])
    both = np.concatenate([hued, plain])
    return np.asarray(np.sqrt(both / both.sum()))


def _hue(pixels: F64, high: F64, chroma: F64) -> F64:
    """0…1 round the circle of colors, from red."""
    red, green, blue = np.moveaxis(pixels, 2, 0)
    some = np.where(chroma > 0, chroma, 1.0)
    turn = np.where(
        high == red,
        (green - blue) / some,
        np.where(high == green, (blue - red) / some + 2, (red - green) / some + 4),
    )
    return np.asarray(np.mod(turn / 6, 1.0))


def _edges(gray: F64) -> F64:
    """Of directions of edges in each cell, strong and faint ones brought nearer; unit length."""
    down, right = np.gradient(gray)
    strength = np.hypot(down, right)
    angle = np.mod(np.arctan2(down, right) / np.pi, 1.0)
    place = np.clip(((np.arange(SIDE) + 0.5) / SIDE * _CELLS - 0.5) / (_CELLS - 1), 0, 1)
    rows, columns = np.meshgrid(place, place, indexing="ij")
    axes = [_Axis(rows, _CELLS), _Axis(columns, _CELLS), _Axis(angle, _ANGLES, True)]
    cells = _histogram(strength, axes).reshape(-1, _ANGLES)
    size = np.linalg.norm(cells, axis=1, keepdims=True)
    if not size.any():
        return cells.ravel()
    cells *= np.sqrt(size) / (size + _FAINT * size.max())
    return (cells / np.linalg.norm(cells)).ravel()


def _histogram(weight: F64, axes: Sequence[_Axis]) -> F64:
    """The weights by bin, the last axis fastest."""
    size = int(np.prod([axis.bins for axis in axes]))
    total = np.zeros(size)
    for corner in itertools.product(*(axis.shares() for axis in axes)):
        code, part = np.zeros(weight.shape, dtype=np.intp), weight
        for axis, (bins, share) in zip(axes, corner, strict=True):
            code, part = code * axis.bins + bins, part * share
        total += np.bincount(code.ravel(), part.ravel(), size)
    return total
