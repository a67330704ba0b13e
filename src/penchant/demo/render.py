"""Draw the shapes catalog: small shaded solids on a light ground, in NumPy.

A picture is made in two steps. ``trace`` follows rays to a form in a stance (sphere tracing:
Hart, "Sphere tracing", The Visual Computer 12, 1996) and returns the points that they hit;
``draw`` colors these with a finish. Pictures of the same form and stance share the first step,
which is the slow one.
"""

# NumPy's stubs give Any for most functions of arrays:
# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from penchant.demo.solids import F32, FORMS, STANCES, Distance, place

SIZE = 96  # pixels of a picture's side
_FINE = 2  # rays per pixel and direction
_BOUND = 1.45  # no form reaches farther from the point that the camera looks at

GROUND = np.array([0.93, 0.92, 0.90], dtype=np.float32)  # linear light


def _unit(*parts: float) -> F32:
    vector = np.array(parts, dtype=np.float32)
    return vector / np.float32(np.sqrt(float(vector @ vector)))


_TARGET = np.array([0.0, 0.78, 0.0], dtype=np.float32)
_EYE = _unit(0.0, 0.42, 1.0)  # towards the camera
_DISTANCE = 7.5
_LIGHT = _unit(-0.55, 0.95, 0.5)
_STRIP = _unit(0.9, 0.25, 0.45)  # a second, narrow lamp that only shiny things show


@dataclass(frozen=True)
class Trace:
    """The points of one form in one stance that rays hit.

    Attributes
    ----------
    hit
        bool, shape (fine, fine).
    normal, view, own
        float32, shape (3, hits): the surface's direction, the direction to the eye, and the
        place in the form's own coordinates.
    light, open_sky
        float32, shape (hits,), 0…1: how much of the lamp and of the sky is seen from there.
    ground
        float32, shape (fine, fine), 0…1: light that reaches the ground.
    """

    hit: npt.NDArray[np.bool_]
    normal: F32
    view: F32
    own: F32
    light: F32
    open_sky: F32
    ground: F32


# --- tracing -----------------------------------------------------------


@lru_cache(maxsize=len(FORMS) * len(STANCES))
def trace(form: str, stance: int) -> Trace:
    """Follow the rays to ``FORMS[form]`` in ``STANCES[stance]``; a few dozen milliseconds."""
    distance, own = place(FORMS[form], STANCES[stance])
    origin, rays = _camera(SIZE * _FINE)
    where, steps = _march(distance, origin, rays)
    at = origin[:, None] + rays[:, where] * steps
    normal = _normals(distance, at)
    hit = np.zeros(rays.shape[1], dtype=np.bool_)
    hit[where] = True
    side = (SIZE * _FINE,) * 2
    return Trace(
        hit.reshape(side),
        normal,
        -rays[:, where],
        own(*at),
        _lamp_seen(distance, at + normal * np.float32(0.03)),
        _sky_seen(distance, at, normal),
        _ground_light(distance),
    )


def _camera(side: int) -> tuple[F32, F32]:
    """Return the eye and unit rays through ``side * side`` points, by rows: float32 (3, n)."""
    right = _unit(1.0, 0.0, 0.0)
    up = np.cross(_EYE, right).astype(np.float32)
    across = (np.arange(side, dtype=np.float32) + np.float32(0.5)) / side * 2 - 1
    u, v = (part.ravel() * np.float32(1.36) for part in np.meshgrid(across, -across))
    at = _EYE[:, None] * np.float32(-_DISTANCE) + right[:, None] * u + up[:, None] * v
    return _TARGET + _EYE * np.float32(_DISTANCE), at / np.sqrt(_dots(at, at))


def _march(
    distance: Distance, origin: F32, rays: F32
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Return the indices of the rays that hit the form, in order, and the distances to it."""
    towards = (_TARGET - origin) @ rays
    miss = float((_TARGET - origin) @ (_TARGET - origin)) - towards * towards
    alive = np.flatnonzero(miss < _BOUND**2)
    far = towards[alive] + np.sqrt(_BOUND**2 - miss[alive])
    along = 2 * towards[alive] - far
    hits: list[npt.NDArray[np.int64]] = []
    reached: list[F32] = []
    for _ in range(70):
        step = distance(*(origin[:, None] + rays[:, alive] * along))
        near = step < 0.004
        hits.append(alive[near])
        reached.append(along[near])
        along = along + step * np.float32(0.95)
        go_on = ~near & (along < far)
        alive, along, far = alive[go_on], along[go_on], far[go_on]
        if not len(alive):
            break
    where = np.concatenate(hits)
    order = np.argsort(where)
    return where[order], np.concatenate(reached)[order]


def _normals(distance: Distance, at: F32) -> F32:
    """Return unit gradients of the distance, by differences over the corners of a tetrahedron."""
    total = np.zeros_like(at)
    for corner in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
        k = np.array(corner, dtype=np.float32)[:, None]
        total += k * distance(*(at + k * np.float32(0.004)))
    return total / np.maximum(np.sqrt(_dots(total, total)), np.float32(1e-9))


def _lamp_seen(distance: Distance, at: F32) -> F32:
    """Return how much of a wide lamp is visible from each point, 0…1 (soft shadows)."""
    seen = np.ones(at.shape[1], dtype=np.float32)
    along = np.full_like(seen, 0.05)
    for _ in range(22):
        gap = distance(*(at + _LIGHT[:, None] * along))
        seen = np.minimum(seen, np.float32(5.0) * gap / along)
        along = along + np.clip(gap, np.float32(0.05), np.float32(0.25))
    seen = np.clip(seen, 0, 1)
    return seen * seen * (3 - 2 * seen)


def _sky_seen(distance: Distance, at: F32, normal: F32) -> F32:
    """Return the ambient light of each point, 0…1: less near the form and the ground."""
    shut = np.zeros(at.shape[1], dtype=np.float32)
    for reach, weight in ((0.08, 2.0), (0.2, 1.0), (0.4, 0.5)):
        x, y, z = at + normal * np.float32(reach)
        gap = np.minimum(distance(x, y, z), y)
        shut += np.float32(weight) * np.maximum(np.float32(reach) - gap, 0)
    return np.clip(1 - np.float32(0.9) * shut, np.float32(0.15), 1)


def _ground_light(distance: Distance) -> F32:
    """Return the light on the ground behind each ray, with the shadow of the form, 0…1."""
    origin, rays = _camera(SIZE)
    down = np.minimum(rays[1], np.float32(-0.05))
    at = origin[:, None] + rays * (-origin[1] / down)
    near = np.flatnonzero((at[0] ** 2 + at[2] ** 2) < 3.0**2)
    at = at[:, near]
    at[1] = 0
    foot = np.clip(distance(*at) * np.float32(2.2), 0, 1) * np.float32(0.45) + np.float32(0.55)
    light = np.ones(rays.shape[1], dtype=np.float32)
    light[near] = (np.float32(0.42) + np.float32(0.58) * _lamp_seen(distance, at)) * foot
    return np.kron(light.reshape(SIZE, SIZE), np.ones((_FINE, _FINE), dtype=np.float32))


# --- finishes: how a surface reflects light -----------------------------------------
# each takes a trace and a color, float32 (3, 1) in linear light, and returns the light that
# leaves towards the eye, float32 (3, hits)

Finish = Callable[[Trace, F32], F32]


def matte(seen: Trace, color: F32) -> F32:
    """Unglazed clay: Lambert's law alone."""
    return _soft(seen, color)


def glossy(seen: Trace, color: F32) -> F32:
    """Lacquer: a color below, a clear mirror above."""
    mirror = _mirrored(seen, _rim(seen, 0.05))
    return _soft(seen, color) * np.float32(0.92) + mirror + _spot(seen, 90) * np.float32(1.1)


def metallic(seen: Trace, color: F32) -> F32:
    """Polished metal: a colored mirror of the studio."""
    tint = color * np.float32(0.9) + np.float32(0.06)
    tint = tint + (1 - tint) * _rim(seen, 0.0)
    shade = seen.open_sky * (np.float32(0.55) + np.float32(0.45) * seen.light)
    return tint * (_studio(_bounce(seen)) * shade * np.float32(1.15) + _spot(seen, 40))


def glass(seen: Trace, color: F32) -> F32:
    """Colored glass: the ground shines through, most where the surface faces the eye."""
    facing = _facing(seen)
    tint = np.sqrt(color) * np.float32(0.75) + np.float32(0.22)
    through = GROUND[:, None] * tint ** (np.float32(2.6) - np.float32(1.9) * facing)
    gathered = np.maximum(-_dot(seen.normal, _LIGHT), 0) ** 2 * tint * np.float32(0.5)
    mirror = _mirrored(seen, _rim(seen, 0.06))
    return through + gathered + mirror + _spot(seen, 200) * np.float32(2.0)


def velvet(seen: Trace, color: F32) -> F32:
    """Velvet: deep where it faces the eye, bright towards its outline."""
    outline = (1 - _facing(seen)) ** np.float32(2.2)
    deep = _soft(seen, color * color * np.float32(0.55) + color * np.float32(0.12))
    bright = color * np.float32(0.7) + np.float32(0.3)
    return deep + bright * outline * seen.open_sky * np.float32(0.95)


def pearly(seen: Trace, color: F32) -> F32:
    """Mother-of-pearl: pale, with hues that move across it."""
    turn = np.float32(5.5) * _facing(seen) + np.float32(1.6) * seen.normal[1]
    phase = np.array([0.0, 2.1, 4.2], dtype=np.float32)[:, None]
    play = np.float32(0.5) + np.float32(0.5) * np.cos(turn + phase)
    pale = color * np.float32(0.62) + np.float32(0.32)
    body = _soft(seen, pale * (np.float32(0.7) + np.float32(0.45) * play))
    return body + _mirrored(seen, _rim(seen, 0.06)) * play + _spot(seen, 30) * np.float32(0.4)


def striped(seen: Trace, color: F32) -> F32:
    """Painted bands, cream and the color, across the form's height."""
    band = np.sin(seen.own[1] * np.float32(11.5) + np.float32(0.6)) > 0
    return _painted(seen, color, band)


def dotted(seen: Trace, color: F32) -> F32:
    """Painted cream dots, where the surface cuts a lattice of small balls."""
    cells = seen.own * np.float32(2.6)
    corner = cells - np.round(cells)
    center = cells - np.floor(cells) - np.float32(0.5)
    near = np.minimum(_dots(corner, corner), _dots(center, center))
    return _painted(seen, color, near < 0.075)


FINISHES: dict[str, Finish] = {
    finish.__name__: finish
    for finish in (matte, velvet, striped, dotted, pearly, glossy, metallic, glass)
}


def _painted(seen: Trace, color: F32, cream: npt.NDArray[np.bool_]) -> F32:
    light = np.array([[0.92], [0.88], [0.78]], dtype=np.float32)
    dark = np.array([[0.10], [0.09], [0.10]], dtype=np.float32)
    # on a pale color cream would not show
    other = dark if float(color.mean()) > 0.5 else light
    paint = np.where(cream, other, color)
    return _soft(seen, paint) + _spot(seen, 25) * np.float32(0.12)


def _soft(seen: Trace, color: F32) -> F32:
    """Scattered light: the lamp by Lambert's law, the sky from above, the ground from below."""
    lamp = np.maximum(_dot(seen.normal, _LIGHT), 0) * seen.light * np.float32(0.85)
    up = seen.normal[1] * np.float32(0.5) + np.float32(0.5)
    sky = np.float32(0.2) + np.float32(0.28) * up
    return color * (lamp + sky * seen.open_sky)


def _spot(seen: Trace, power: float) -> F32:
    """The lamp's own reflection (Blinn)."""
    half = seen.view + _LIGHT[:, None]
    half = half / np.sqrt(_dots(half, half))
    return np.maximum(_dots(half, seen.normal), 0) ** np.float32(power) * seen.light


def _mirrored(seen: Trace, share: F32) -> F32:
    return _studio(_bounce(seen)) * share * seen.open_sky


def _bounce(seen: Trace) -> F32:
    """Return the directions of the eye's rays after reflection."""
    return 2 * _dots(seen.view, seen.normal) * seen.normal - seen.view


def _studio(towards: F32) -> F32:
    """Return the light from a direction: a bright ceiling, a dark horizon, two lamps."""
    height = towards[1]
    walls = np.float32(0.16) + np.float32(0.5) * np.clip(height, 0, 1) ** np.float32(1.5)
    floor = np.float32(0.75) * np.clip(-height * np.float32(1.6), 0, 1)
    box = _step(_dot(towards, _LIGHT), 0.82, 0.92) * np.float32(1.5)
    strip = _step(_dot(towards, _STRIP), 0.86, 0.95) * np.float32(0.7)
    return walls + floor + box + strip


def _facing(seen: Trace) -> F32:
    return np.clip(_dots(seen.view, seen.normal), 0, 1)


def _rim(seen: Trace, least: float) -> F32:
    """Return the share of light that a clear surface reflects (Schlick)."""
    return np.float32(least) + np.float32(1 - least) * (1 - _facing(seen)) ** 5


def _dot(vectors: F32, other: F32) -> F32:
    return vectors[0] * other[0] + vectors[1] * other[1] + vectors[2] * other[2]


def _dots(some: F32, others: F32) -> F32:
    """Return inner products of pairs of vectors, float32 (n,)."""
    # slices, since a sum over axis 0 is slow
    return some[0] * others[0] + some[1] * others[1] + some[2] * others[2]


def _step(value: F32, low: float, high: float) -> F32:
    part = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return part * part * (3 - 2 * part)


# --- pictures -----------------------------------------------------------------------


def draw(
    form: str, stance: int, finish: str, color: tuple[float, float, float]
) -> npt.NDArray[np.uint8]:
    """Draw a picture: uint8, shape (SIZE, SIZE, 3), sRGB.

    Parameters
    ----------
    form, finish
        Keys of ``FORMS`` and ``FINISHES``.
    stance
        An index into ``STANCES``.
    color
        Red, green and blue in sRGB, 0…1.
    """
    seen = trace(form, stance)
    # a screen's values are about the square root of light
    linear = np.array(color, dtype=np.float32)[:, None] ** 2
    shadow = 1 - seen.ground[:, :, None]
    if finish == "glass":  # its shadow is lighter, and colored
        shadow = shadow * (1 - np.float32(0.75) * linear[:, 0] - np.float32(0.1))
    image = GROUND * (1 - shadow)
    image[seen.hit] = FINISHES[finish](seen, linear).T
    image = np.minimum(image, 1)
    parts = [image[row::_FINE, column::_FINE] for row in range(_FINE) for column in range(_FINE)]
    return np.rint(np.sqrt(sum(parts) / len(parts)) * 255).astype(np.uint8)


def to_png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Return a picture as the bytes of a PNG file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def to_address(pixels: npt.NDArray[np.uint8]) -> str:
    """Return a picture as a ``data:`` address, usable as a link to a picture."""
    return "data:image/png;base64," + base64.b64encode(to_png(pixels)).decode("ascii")
