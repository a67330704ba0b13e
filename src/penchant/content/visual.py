"""Describe a picture without a network: histograms of its colors and of its edges.

Histograms of colors (Swain & Ballard 1991, "Color indexing") and of gradients by position (Dalal &
Triggs 2005, "Histograms of oriented gradients"). Pixels that differ from the picture's border weigh
most, since most pictures of things have a plain background.
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
"""Pictures are scaled to this many pixels a side."""
_CELLS, _ANGLES = 6, 8  # cells per side of the picture, and bins of angles in half a turn
_HUES, _LEVELS, _GRAYS = 12, 3, 6  # bins of hue, of lightness of hues, and of gray
_GRAY_WEIGHT = 0.25  # of pixels without a hue, so that shadows don't outweigh colors
_CONTRAST = 0.3  # the distance from the background at which a pixel weighs half
_BACKGROUND = 0.01  # the weight of the background
_FAINT = 0.1  # edges of this share of the strongest cell's weigh half
_TAIL = 0.01  # the share of the weight that is cropped on each side
_MARGIN = 0.05  # around the crop, as a share of its size

F64 = npt.NDArray[np.float64]
LENGTH = _HUES * _LEVELS + _GRAYS + _CELLS * _CELLS * _ANGLES


class _Axis(NamedTuple):
    """One axis of a histogram: values 0…1, the number of bins, and whether it is circular."""

    values: F64
    bins: int
    circular: bool = False

    def shares(self) -> list[tuple[npt.NDArray[np.intp], F64]]:
        """Return the two bins next to each value, and the share of the value in each."""
        position = self.values * (self.bins if self.circular else self.bins - 1)
        low = np.floor(position).astype(np.intp)
        part = position - low
        if self.circular:
            return [(low % self.bins, 1 - part), ((low + 1) % self.bins, part)]
        return [(low, 1 - part), (np.minimum(low + 1, self.bins - 1), part)]


def histograms(picture: Image.Image) -> npt.NDArray[np.float32]:
    """Compute the vector of an RGB picture: float32, shape (LENGTH,).

    Colors and edges each make up half of its squared norm (edges 0 if there are none).
    """
    pixels = _pixels(picture)
    weight = _foreground(pixels)
    figure = _pixels(picture, _bounding_box(weight))
    both = np.concatenate([_colors(pixels, weight + _BACKGROUND), _edges(figure.mean(axis=2))])
    return np.asarray(both * np.sqrt(0.5), dtype=np.float32)


def _pixels(picture: Image.Image, frame: tuple[float, float, float, float] = (0, 0, 1, 1)) -> F64:
    """Scale a part of the picture, whose sides are shares: float64, 0…1, shape (SIDE, SIDE, 3)."""
    box = tuple(share * side for share, side in zip(frame, picture.size * 2, strict=True))
    small = picture.resize((SIDE, SIDE), 2, box=box, reducing_gap=3.0)  # type: ignore[arg-type]
    return np.asarray(small, dtype=np.float64) / 255


def _foreground(pixels: F64) -> F64:
    """Weight each pixel by its difference from the border, about 0…1."""
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    distance: F64 = np.square(pixels - np.median(border, axis=0)).sum(axis=2)
    return distance / (distance + _CONTRAST**2)


def _bounding_box(weight: F64) -> tuple[float, float, float, float]:
    """Return the sides of nearly all the weight with a margin: left, top, right, bottom."""
    (top, bottom), (left, right) = (_ends(weight.sum(axis=axis)) for axis in (1, 0))
    return left, top, right, bottom


def _ends(weight: F64) -> tuple[float, float]:
    if not weight.any():
        return 0.0, 1.0
    cumulative = np.cumsum(weight) / weight.sum()
    first, last = np.searchsorted(cumulative, (_TAIL, 1 - _TAIL))
    margin = _MARGIN * (last + 1 - first)  # includes the figure's own outline
    return max(0.0, first - margin) / SIDE, min(last + 1 + margin, SIDE) / SIDE


def _colors(pixels: F64, weight: F64) -> F64:
    """Histogram of hues by hue and lightness, and of grays by lightness; of norm 1."""
    high, low = pixels.max(axis=2), pixels.min(axis=2)
    chroma, light = high - low, (high + low) / 2
    hued = _histogram(
        weight * chroma, [_Axis(_hue(pixels, high, chroma), _HUES, True), _Axis(light, _LEVELS)]
    )
    plain = _histogram(weight * (1 - chroma) * _GRAY_WEIGHT, [_Axis(light, _GRAYS)])
    both = np.concatenate([hued, plain])
    return np.asarray(np.sqrt(both / both.sum()))


def _hue(pixels: F64, high: F64, chroma: F64) -> F64:
    """Return the hue of each pixel, 0…1 around the color circle, from red."""
    red, green, blue = np.moveaxis(pixels, 2, 0)
    divisor = np.where(chroma > 0, chroma, 1.0)
    turn = np.where(
        high == red,
        (green - blue) / divisor,
        np.where(high == green, (blue - red) / divisor + 2, (red - green) / divisor + 4),
    )
    return np.asarray(np.mod(turn / 6, 1.0))


def _edges(gray: F64) -> F64:
    """Histogram of the directions of edges in each cell, with strengths compressed; of norm 1."""
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
    """Sum the weights by bin, the last axis fastest."""
    size = int(np.prod([axis.bins for axis in axes]))
    total = np.zeros(size)
    for corner in itertools.product(*(axis.shares() for axis in axes)):
        code, part = np.zeros(weight.shape, dtype=np.intp), weight
        for axis, (bins, share) in zip(axes, corner, strict=True):
            code, part = code * axis.bins + bins, part * share
        total += np.bincount(code.ravel(), part.ravel(), size)
    return total
