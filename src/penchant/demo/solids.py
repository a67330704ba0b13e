"""The forms of the shapes catalog, as signed distances of points from the surface.

Each form takes float32 coordinates x, y (up) and z of equal shape and returns the distance,
negative inside; it fits in a ball of radius 1.2 about the origin. A distance may be too short
(the drawing then takes more steps), but not much too long.
"""

# NumPy's stubs give Any for most functions of arrays:
# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.floating]  # float32, which NumPy's stubs lose at the first product
Distance = Callable[[F32, F32, F32], F32]


class Stance(NamedTuple):
    """A variant of a form: its word, proportions, and angles of leaning and turning."""

    word: str
    scale: tuple[float, float, float]
    lean: float = 0.0
    turn: float = 0.45


STANCES = (
    Stance("big", (1.0, 1.0, 1.0)),
    Stance("little", (0.7, 0.7, 0.7), turn=0.7),
    Stance("tall", (0.74, 1.03, 0.74), turn=0.25),
    Stance("squat", (1.04, 0.78, 1.04), turn=0.6),
    Stance("leaning", (0.88, 0.88, 0.88), lean=0.35, turn=0.35),
    Stance("turned", (0.92, 0.92, 0.92), turn=-0.5),
)


# --- forms ----------------------------------------------------------------------


def ball(x: F32, y: F32, z: F32) -> F32:
    """A sphere."""
    return _length(x, y, z) - np.float32(0.85)


def cube(x: F32, y: F32, z: F32) -> F32:
    """A box with rounded edges."""
    return _box(x, y, z, 0.55, 0.55, 0.55) - np.float32(0.11)


def cylinder(x: F32, y: F32, z: F32) -> F32:
    """An upright drum with rounded rims."""
    return _extrude(_length(x, z) - np.float32(0.55), y, 0.68) - np.float32(0.07)


def cone(x: F32, y: F32, z: F32) -> F32:
    """A cone with a slightly blunt tip."""
    slant = np.float32(0.9) * _length(x, z) + np.float32(0.436) * (y - np.float32(0.85))
    return np.maximum(slant, -np.float32(0.75) - y) - np.float32(0.06)


def torus(x: F32, y: F32, z: F32) -> F32:
    """A ring that stands on its rim."""
    return _length(_length(x, y) - np.float32(0.65), z) - np.float32(0.27)


def star(x: F32, y: F32, z: F32) -> F32:
    """A thick star with five points."""
    flat = _polar_fold(x, y, 5)
    return _extrude(_star_edge(*flat), z, 0.11) - np.float32(0.14)


def pebble(x: F32, y: F32, z: F32) -> F32:
    """A flat stone: an ellipsoid with a few gentle hollows."""
    bumps = np.sin(3 * x + 1) * np.sin(2.5 * z) * np.float32(0.06) + np.sin(4 * x - 2 * z) * (
        np.float32(0.03)
    )
    shape = _length(x / np.float32(1.05), y / np.float32(0.5), z / np.float32(0.8)) - 1
    return (shape + bumps) * np.float32(0.5)


def gem(x: F32, y: F32, z: F32) -> F32:
    """An octahedron, a little cut at its edges."""
    total = np.abs(x) + np.abs(y) * np.float32(0.85) + np.abs(z)
    sharp = (total - np.float32(0.93)) * np.float32(0.6)
    return np.maximum(sharp, _length(x, y, z) - np.float32(0.98)) - np.float32(0.03)


def drop(x: F32, y: F32, z: F32) -> F32:
    """A drop of water: round below, drawn out to a tip above."""
    low, blunt, height = np.float32(0.6), np.float32(0.04), np.float32(1.2)
    # a ball and a little ball, and the cone that touches both
    slope = (low - blunt) / height
    flank = np.sqrt(1 - slope * slope)
    radius, y = _length(x, z), y + np.float32(0.4)
    along = flank * y - slope * radius
    cone_part = flank * radius + slope * y - low
    tip = _length(radius, y - height) - blunt
    base = _length(radius, y) - low
    return np.where(along < 0, base, np.where(along > flank * height, tip, cone_part))


def heart(x: F32, y: F32, z: F32) -> F32:
    """A puffed heart."""
    x, y, z = (part / np.float32(1.25) for part in (x, y, z))
    raised = y * np.float32(1.05) - np.float32(0.62) * np.sqrt(np.abs(x) + np.float32(0.02))
    raised = raised + np.float32(0.32)
    flat = _length(x * np.float32(1.12), raised) - np.float32(0.72)
    puffed = _length(np.maximum(flat, -0.42) + np.float32(0.42), z * np.float32(1.1))
    return puffed * np.float32(0.77) - np.float32(0.325)


def cog(x: F32, y: F32, z: F32) -> F32:
    """A gear wheel with eight teeth and a hole."""
    radius = _length(x, y)
    teeth = np.clip(np.cos(8 * np.arctan2(y, x)) * np.float32(2.2), -1, 1) * np.float32(0.09)
    edge = np.maximum((radius - np.float32(0.8) - teeth) * np.float32(0.75), 0.3 - radius)
    return _extrude(edge + np.float32(0.06), z, 0.15) - np.float32(0.11)


def bowl(x: F32, y: F32, z: F32) -> F32:
    """Half a hollow ball on a foot."""
    shell = np.abs(_length(x, y - np.float32(0.35), z) - np.float32(0.86)) - np.float32(0.05)
    half = np.maximum(shell, y - np.float32(0.35)) - np.float32(0.025)
    foot = _extrude(_length(x, z) - np.float32(0.36), y + np.float32(0.52), 0.08)
    return np.minimum(half, foot - np.float32(0.03))


# in an order where neighbors resemble one another: round, hollow, toothed, edged, pointed
FORMS: dict[str, Distance] = {
    form.__name__: form
    for form in (ball, pebble, bowl, torus, cog, star, gem, cube, cylinder, cone, drop, heart)
}


# --- placement ----------------------------------------------------------


def place(form: Distance, stance: Stance) -> tuple[Distance, Distance]:
    """Return a form in a stance, standing on the plane y = 0, and its own coordinates.

    Returns
    -------
    tuple of Distance
        The signed distance in the scene, and a function that returns the form's own
        coordinates there, for patterns that follow the form.
    """
    sx, sy, sz = (np.float32(part) for part in stance.scale)
    shrink = np.float32(min(stance.scale))
    lean, turn = _rotation(stance.lean), _rotation(stance.turn)

    def own(x: F32, y: F32, z: F32) -> tuple[F32, F32, F32]:
        x, z = turn[0] * x - turn[1] * z, turn[1] * x + turn[0] * z
        x, y = lean[0] * x - lean[1] * y, lean[1] * x + lean[0] * y
        return x / sx, y / sy, z / sz

    def centered(x: F32, y: F32, z: F32) -> F32:
        return form(*own(x, y, z)) * shrink

    lift = np.float32(-_lowest(centered))
    return (
        lambda x, y, z: centered(x, y - lift, z),
        lambda x, y, z: np.stack(own(x, y - lift, z)),
    )


def _lowest(distance: Distance) -> float:
    """Return the height of a form's lowest point, which vertical rays from below hit first."""
    grid = np.linspace(-1.1, 1.1, 45, dtype=np.float32)
    x, z = (part.ravel() for part in np.meshgrid(grid, grid))
    y = np.full_like(x, -1.4)
    for _ in range(40):
        y = np.minimum(y + distance(x, y, z), np.float32(1.4))
    return float(y.min())


def _rotation(angle: float) -> tuple[np.float32, np.float32]:
    return np.float32(np.cos(angle)), np.float32(np.sin(angle))


# --- building blocks ---------------------------------------------------------------------


def _length(*parts: F32) -> F32:
    return np.sqrt(sum(part * part for part in parts))


def _box(x: F32, y: F32, z: F32, a: float, b: float, c: float) -> F32:
    qx, qy, qz = np.abs(x) - np.float32(a), np.abs(y) - np.float32(b), np.abs(z) - np.float32(c)
    outside = _length(np.maximum(qx, 0), np.maximum(qy, 0), np.maximum(qz, 0))
    return outside + np.minimum(np.maximum(qx, np.maximum(qy, qz)), 0)


def _extrude(flat: F32, along: F32, half: float) -> F32:
    """Extrude a plane figure, given by its distance, to a thickness of ``2 * half``."""
    beyond = np.abs(along) - np.float32(half)
    outside = _length(np.maximum(flat, 0), np.maximum(beyond, 0))
    return outside + np.minimum(np.maximum(flat, beyond), 0)


def _polar_fold(x: F32, y: F32, times: int) -> tuple[F32, F32]:
    """Map points to one of ``times`` equal sectors about the upward axis, mirrored to x ≥ 0."""
    sector = np.float32(2 * np.pi / times)
    angle = np.arctan2(x, y)
    angle = np.abs(angle - sector * np.round(angle / sector))
    radius = _length(x, y)
    return radius * np.sin(angle), radius * np.cos(angle)


def _star_edge(x: F32, y: F32) -> F32:
    """Return the distance to the edge from a star's tip (0, 0.73) to its notch, in a sector."""
    tip, notch = np.array([0.0, 0.73]), 0.32 * np.array([np.sin(np.pi / 5), np.cos(np.pi / 5)])
    edge = notch - tip
    normal = np.array([-edge[1], edge[0]]) / np.hypot(*edge)
    return np.float32(normal[0]) * x + np.float32(normal[1]) * (y - np.float32(tip[1]))
