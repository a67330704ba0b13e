"""A map of the items: their vectors embedded in the plane, so that similar items are close.

t-SNE of n items takes n² work. Instead some hundred cluster centers are embedded by t-SNE (van der
Maaten & Hinton 2008), which keeps neighbors together, and each item is placed among its nearest
centers. The result is deterministic. scikit-learn's exact t-SNE takes 3.5 s of CPU time for 5,000
items where this takes 0.7 s, and would add SciPy to every process of a server.
"""

# NumPy's stubs give Any for most functions of arrays:
# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant._blas import one_blas_thread
from penchant.models._scoring.normalize import normalize

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_N_CENTERS = 400
_BLOCK = 4096
_STEPS, _EXAGGERATED = 250, 60
_PERPLEXITY = 20.0


def layout(vectors: npt.NDArray[np.floating]) -> F32:
    """Return coordinates in the plane for vectors; similar directions are close.

    Parameters
    ----------
    vectors
        Shape (n, factors); a zero vector is placed in the middle.

    Returns
    -------
    float32, shape (n, 2), within −1…1.
    """
    units = normalize(np.asarray(vectors, dtype=np.float32))
    n = len(units)
    if n < 3 or not units.any():
        return np.zeros((n, 2), dtype=np.float32)
    with one_blas_thread():  # a server answers other requests meanwhile
        centers = _cluster_centers(units)
        places = _interpolate(units, centers, _tsne(centers))
    places -= places.mean(axis=0)
    reach = np.quantile(np.abs(places), 0.999) or 1.0
    return np.clip(places / reach, -1, 1).astype(np.float32)


def _cluster_centers(units: F32) -> F32:
    """Return cluster centers: a few iterations of spherical k-means, started from even samples."""
    n = min(_N_CENTERS, len(units))
    centers = units[np.linspace(0, len(units) - 1, n).astype(np.int64)]
    if n == len(units):
        return centers
    for _ in range(3):
        nearest = np.concatenate([(block @ centers.T).argmax(axis=1) for block in _blocks(units)])
        order = np.argsort(nearest, kind="stable")
        clusters, begins = np.unique(nearest[order], return_index=True)
        centers[clusters] = np.add.reduceat(units[order], begins, axis=0)
        centers = normalize(centers)
    return centers


def _blocks(rows: F32) -> list[F32]:
    return [rows[begin : begin + _BLOCK] for begin in range(0, len(rows), _BLOCK)]


def _interpolate(units: F32, centers: F32, points: F64) -> F64:
    """Place each item at the mean of its nearest centers, weighted by similarity."""
    n_near = min(8, len(centers))
    places = []
    for block in _blocks(units):
        similarity = block @ centers.T
        near = np.argpartition(-similarity, n_near - 1, axis=1)[:, :n_near]
        best = np.take_along_axis(similarity, near, axis=1).astype(np.float64)
        weight = np.exp((best - best.max(axis=1, keepdims=True)) / 0.06)
        weight /= weight.sum(axis=1, keepdims=True)
        places.append(np.einsum("ij,ijk->ik", weight, points[near]))
    return np.concatenate(places)


# --- t-SNE of some hundred points -------------------------------------------------------


def _tsne(units: F32) -> F64:
    """Embed unit vectors by t-SNE, started from their two principal components."""
    joint = _joint_probabilities(np.maximum(2 - 2 * (units @ units.T).astype(np.float64), 0))
    points = _principal(units)
    velocity, gain = np.zeros_like(points), np.ones_like(points)
    for step in range(_STEPS):
        gradient = _gradient(points, joint * (6.0 if step < _EXAGGERATED else 1.0))
        gain = np.where(np.sign(gradient) == np.sign(velocity), gain * 0.8, gain + 0.2).clip(0.01)
        velocity = (0.5 if step < _EXAGGERATED else 0.8) * velocity - len(
            points
        ) / 12 * gain * gradient
        points = points + velocity
        points -= points.mean(axis=0)
    return points


def _gradient(points: F64, joint: F64) -> F64:
    """Return a quarter of the gradient of the Kullback-Leibler divergence (equation 5)."""
    squares = np.einsum("ij,ij->i", points, points)
    close = 1 / (1 + np.maximum(squares[:, None] + squares - 2 * points @ points.T, 0))
    np.fill_diagonal(close, 0)
    attraction = (joint - close / close.sum()) * close
    return attraction.sum(axis=1)[:, None] * points - attraction @ points


def _joint_probabilities(distances: F64) -> F64:
    """Return joint probabilities; the bandwidth of each point gives it about 20 neighbors."""
    n = len(distances)
    target = np.log(min(_PERPLEXITY, (n - 1) / 3 + 1))
    low, high = np.full(n, 1e-3), np.full(n, 1e5)
    for _ in range(40):  # bisection of all bandwidths at once
        precision = np.sqrt(low * high)
        probability = np.exp(-distances * precision[:, None])
        np.fill_diagonal(probability, 0)
        total = np.maximum(probability.sum(axis=1), 1e-300)
        entropy = np.log(total) + precision * (distances * probability).sum(axis=1) / total
        is_wide = entropy > target
        low, high = np.where(is_wide, precision, low), np.where(is_wide, high, precision)
    probability /= total[:, None]
    return np.maximum((probability + probability.T) / (2 * n), 1e-12)


def _principal(units: F32) -> F64:
    """Return the two principal components, scaled down; fixed signs prevent mirrored maps."""
    centered = (units - units.mean(axis=0)).astype(np.float64)
    _, axes = np.linalg.eigh(centered.T @ centered)
    axes = axes[:, ::-1][:, :2]
    if axes.shape[1] < 2:  # vectors of one component
        axes = np.pad(axes, ((0, 0), (0, 1)))
    axes = axes * np.where(np.take_along_axis(axes, np.abs(axes).argmax(0)[None], 0) < 0, -1, 1)
    points = centered @ axes
    tilt = np.arange(len(points)) % 97 / 97 * 1e-6  # equal points must be able to separate
    return (points / max(points[:, 0].std(), 1e-12) + tilt[:, None] * [1, -1]) * 1e-2
