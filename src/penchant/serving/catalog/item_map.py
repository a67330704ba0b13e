"""A map of the items: their vectors laid out in the plane, so that near means alike.

Laying out n items against each other takes n² work. Instead some hundred centres are laid out by
t-SNE (van der Maaten & Hinton 2008), which keeps neighbors together, and each item is set among
the centres that it is nearest to. All of it is the same at each run.
"""

# NumPy's stubs give Any for most functions of arrays:
# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant.engines.base import one_blas_thread
from penchant.models._scoring.normalize import normalize

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_CENTRES = 400
_BLOCK = 4096
_STEPS, _EAGER = 250, 60
_PERPLEXITY = 20.0


def layout(vectors: npt.NDArray[np.floating]) -> F32:
    """Places in the plane for vectors; near are those whose directions are alike.

    Parameters
    ----------
    vectors
        Shape (n, factors); a zero vector lies in the middle.

    Returns
    -------
    float32, shape (n, 2), within −1…1.
    """
    units = normalize(np.asarray(vectors, dtype=np.float32))
    n = len(units)
    if n < 3 or not units.any():
        return np.zeros((n, 2), dtype=np.float32)
    with one_blas_thread():  # a server has others to answer meanwhile
        centres = _centres(units)
        places = _among(units, centres, _tsne(centres))
    places -= places.mean(axis=0)
    reach = np.quantile(np.abs(places), 0.999) or 1.0
    return np.clip(places / reach, -1, 1).astype(np.float32)


def _centres(units: F32) -> F32:
    """Directions that stand for all: a few rounds of spherical k-means from evenly taken ones."""
    n = min(_CENTRES, len(units))
    centres = units[np.linspace(0, len(units) - 1, n).astype(np.int64)]
    if n == len(units):
        return centres
    for _ in range(3):
        nearest = np.concatenate([(block @ centres.T).argmax(axis=1) for block in _blocks(units)])
        order = np.argsort(nearest, kind="stable")
        held, begins = np.unique(nearest[order], return_index=True)
        centres[held] = np.add.reduceat(units[order], begins, axis=0)
        centres = normalize(centres)
    return centres


def _blocks(rows: F32) -> list[F32]:
    return [rows[begin : begin + _BLOCK] for begin in range(0, len(rows), _BLOCK)]


def _among(units: F32, centres: F32, spots: F64) -> F64:
    """Each item's place: the mean of its nearest centres' places, the nearest counting most."""
    kept = min(8, len(centres))
    places = []
    for block in _blocks(units):
        alike = block @ centres.T
        near = np.argpartition(-alike, kept - 1, axis=1)[:, :kept]
        best = np.take_along_axis(alike, near, axis=1).astype(np.float64)
        weight = np.exp((best - best.max(axis=1, keepdims=True)) / 0.06)
        weight /= weight.sum(axis=1, keepdims=True)
        places.append(np.einsum("ij,ijk->ik", weight, spots[near]))
    return np.concatenate(places)


# --- t-SNE of some hundred points -------------------------------------------------------


def _tsne(units: F32) -> F64:
    """Places for unit vectors by t-SNE, begun from their two principal components."""
    likeness = _likeness(np.maximum(2 - 2 * (units @ units.T).astype(np.float64), 0))
    spots = _principal(units)
    moved, gain = np.zeros_like(spots), np.ones_like(spots)
    for step in range(_STEPS):
        slope = _slope(spots, likeness * (6.0 if step < _EAGER else 1.0))
        gain = np.where(np.sign(slope) == np.sign(moved), gain * 0.8, gain + 0.2).clip(0.01)
        moved = (0.5 if step < _EAGER else 0.8) * moved - len(spots) / 12 * gain * slope
        spots = spots + moved
        spots -= spots.mean(axis=0)
    return spots


def _slope(spots: F64, likeness: F64) -> F64:
    """The gradient of the Kullback-Leibler divergence, a quarter of it (equation 5)."""
    squares = np.einsum("ij,ij->i", spots, spots)
    close = 1 / (1 + np.maximum(squares[:, None] + squares - 2 * spots @ spots.T, 0))
    np.fill_diagonal(close, 0)
    pull = (likeness - close / close.sum()) * close
    return pull.sum(axis=1)[:, None] * spots - pull @ spots


def _likeness(distances: F64) -> F64:
    """Joint probabilities; each point's bandwidth is such that it has about 20 neighbors."""
    n = len(distances)
    target = np.log(min(_PERPLEXITY, (n - 1) / 3 + 1))
    low, high = np.full(n, 1e-3), np.full(n, 1e5)
    for _ in range(40):  # all bandwidths at once, each by halving its interval
        precision = np.sqrt(low * high)
        chance = np.exp(-distances * precision[:, None])
        np.fill_diagonal(chance, 0)
        total = np.maximum(chance.sum(axis=1), 1e-300)
        entropy = np.log(total) + precision * (distances * chance).sum(axis=1) / total
        wide = entropy > target
        low, high = np.where(wide, precision, low), np.where(wide, high, precision)
    chance /= total[:, None]
    return np.maximum((chance + chance.T) / (2 * n), 1e-12)


def _principal(units: F32) -> F64:
    """The two principal components, small; their signs fixed, so that a map is never mirrored."""
    centred = (units - units.mean(axis=0)).astype(np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :2]
    if axes.shape[1] < 2:  # vectors of one number
        axes = np.pad(axes, ((0, 0), (0, 1)))
    axes = axes * np.where(np.take_along_axis(axes, np.abs(axes).argmax(0)[None], 0) < 0, -1, 1)
    spots = centred @ axes
    tilt = np.arange(len(spots)) % 97 / 97 * 1e-6  # equal points must be able to part
    return (spots / max(spots[:, 0].std(), 1e-12) + tilt[:, None] * [1, -1]) * 1e-2
