"""The data sets, real and synthetic, as rows of users × items in .npy files of the cache."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.generate import Shape, make

GENERATED = {
    "sketchfab": Shape(15_274, 25_655, 547_477, least_per_item=5, spread=1.1),
    "ml-20m": Shape(138_493, 26_744, 20_000_263, least_per_user=20, spread=1.0),
    "lastfm-360k": Shape(358_868, 292_385, 17_535_655, least_per_user=49, spread=0.0, plays=True),
}
REAL = {"lastfm-2k": "lastfm-2k", "ml-1m": "movielens-1m"}
NAMES = (*REAL, *GENERATED)
FIFTH = "fifth-of-"
"""Before the name of a generated one: a fifth of its users and interactions."""
PARTS = ("indptr", "indices", "values")
VERSION = 1  # version of the prepared arrays: a new number invalidates the cache


@dataclass(frozen=True)
class Rows:
    """A users × items matrix by rows; values are weights, 1 in the mean."""

    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    n_columns: int

    @property
    def n_rows(self) -> int:
        return len(self.indptr) - 1

    def scipy(self, scale: float = 1.0, shift: float = 0.0) -> Any:
        """Return a scipy.sparse.csr_matrix of ``shift + scale · value``."""
        import scipy.sparse as sp

        data = (shift + scale * self.values).astype(np.float32)
        index = np.int32 if len(self.indices) < 2**31 else np.int64
        parts = data, self.indices.astype(index), self.indptr.astype(index)
        return sp.csr_matrix(parts, shape=(self.n_rows, self.n_columns))


def folder() -> Path:
    """Return the folder of prepared data: PENCHANT_CACHE, else the user's cache folder."""
    home = os.environ.get("PENCHANT_CACHE") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "penchant-bench"


def prepare(name: str) -> Path:
    """Return the folder of a data set's arrays; prepare them if they are missing.

    Raises
    ------
    penchant.errors.PenchantError
        If a real one is not to be had.
    """
    place = folder() / f"{name}-{VERSION}"
    if (place / "facts.json").exists():
        return place
    arrays, n_items = _real(name) if name in REAL else _made(name)
    place.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        np.save(place / f"{part}.npy", arrays[part])
    facts = {
        "name": name,
        "made": name not in REAL,
        "users": len(arrays["indptr"]) - 1,
        "items": n_items,
        "interactions": len(arrays["indices"]),
    }
    (place / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    return place


def facts(place: Path) -> dict[str, Any]:
    """Return name, size, and whether the data set is synthetic."""
    stored: dict[str, Any] = json.loads((place / "facts.json").read_text(encoding="utf-8"))
    return stored


def load(place: Path) -> Rows:
    """Read the arrays of :func:`prepare`; counts become log(1 + count), and the mean weight 1."""
    arrays = {part: np.load(place / f"{part}.npy") for part in PARTS}
    values = arrays["values"]
    if values.max() > 1:
        values = np.log1p(values)
        values /= values.mean(dtype=np.float64)
    return Rows(
        arrays["indptr"], arrays["indices"], values.astype(np.float32), facts(place)["items"]
    )


def _real(name: str) -> tuple[dict[str, npt.NDArray[Any]], int]:
    import penchant

    data = penchant.datasets.load(REAL[name])
    csr = data.csr
    return {part: np.asarray(getattr(csr, part)) for part in PARTS}, data.n_items


def _made(name: str) -> tuple[dict[str, npt.NDArray[Any]], int]:
    shape = _shape(name)
    return make(shape), shape.n_items


def _shape(name: str) -> Shape:
    if name.startswith("scale-"):
        return scaled(int(float(name[6:])))
    if name.startswith(FIFTH):
        whole = GENERATED[name.removeprefix(FIFTH)]
        return replace(whole, n_users=whole.n_users // 5, nnz=whole.nnz // 5)
    return GENERATED[name]


def scaled(nnz: int) -> Shape:
    """Return the shape of data with 50 items per user and 50 users per item, for a given size."""
    return Shape(nnz // 50, nnz // 50, nnz, least_per_user=20, spread=0.6)
