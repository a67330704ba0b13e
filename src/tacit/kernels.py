"""The only importer of the native extension: checks dtype, shape and order, then calls.

Every function here takes and returns NumPy arrays. Native code never sees an array that was
not checked here, lets go of the GIL while it works, and stops at Ctrl-C between chunks.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from tacit import _native
from tacit.errors import SettingsError

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


def thread_count(threads: int | None) -> int:
    """The number of threads to use: as asked, else ``TACIT_THREADS``, else all cores we may use.

    Raises
    ------
    SettingsError
        If it is not a positive whole number.
    """
    asked: Any = threads if threads is not None else os.environ.get("TACIT_THREADS")
    if asked is None or asked == "":
        return (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )
    try:
        number = int(asked)
    except ValueError:
        number = 0
    if number < 1 or isinstance(asked, float):
        source = "threads" if threads is not None else "the environment variable TACIT_THREADS"
        raise SettingsError(f"{source} must be a whole number of 1 or more, got {asked!r}")
    return number


def current_isa() -> str:
    """The instruction set in use: ``"baseline"``, ``"avx2"`` or ``"avx512"``."""
    return _native.current_isa()


def available_isas() -> list[str]:
    """The instruction sets that this build holds and this processor runs, the widest last."""
    return _native.available_isas()


def set_isa(name: str) -> None:
    """Force an instruction set from now on (for tests).

    Raises
    ------
    SettingsError
        If it is not available here.
    """
    try:
        _native.set_isa(name)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def _array(array: npt.NDArray[Any], dtype: npt.DTypeLike, name: str, *shape: int | None) -> Any:
    """The array as native code takes it: this dtype, C order, this shape (None: any length).

    The caller's array is never changed; it is copied only where dtype or order differ.
    """
    out = np.ascontiguousarray(array, dtype=dtype)
    if out.ndim != len(shape) or any(
        want is not None and have != want for have, want in zip(out.shape, shape, strict=True)
    ):
        wanted = ", ".join("n" if want is None else str(want) for want in shape)
        raise ValueError(f"{name} must have shape ({wanted}), got {out.shape}")
    return out


# --- solve: the half step of alternating least squares -------------------------------

SOLVERS = ("exact", "cg", "auto")
FACTOR_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))


def gram(Y: npt.NDArray[Any], *, threads: int) -> F64:
    """The Gram matrix YᵀY in float64, whatever the type of Y.

    Parameters
    ----------
    Y
        float32 or float64, shape (n, f).
    threads
        How many to use; the result does not depend on it.
    """
    Y = _factors(Y, "Y")
    out = np.empty((Y.shape[1], Y.shape[1]), dtype=np.float64)
    _native.gram(Y, out, threads)
    return out


def half_step(
    indptr: I64,
    indices: I32,
    excess: F32,
    fixed: npt.NDArray[Any],
    eigenvalues: F64,
    eigenvectors: F64,
    regularization: F64,
    start: npt.NDArray[Any],
    *,
    unobserved_weight: float,
    solver: str,
    cg_steps: int,
    threads: int,
) -> npt.NDArray[Any]:
    """Solve every row's least-squares problem with the other side fixed.

    Parameters
    ----------
    indptr, indices, excess
        The rows: int64 (m + 1,), int32 (nnz,) and float32 (nnz,), what each observed cell weighs
        above an unobserved one, negative for dislikes.
    fixed
        Y, float32 or float64, shape (n, f).
    eigenvalues, eigenvectors
        Λ (f,) and Q (f, f) of YᵀY.
    regularization
        λ of each row, float64, shape (m,).
    start
        Where conjugate gradients start from, shape (m, f), of the type of Y; it is not changed.
    unobserved_weight, solver, cg_steps, threads
        See :class:`tacit.ALS`.

    Returns
    -------
    ndarray
        The new factors, shape (m, f); rows without entries are zero.
    """
    fixed = _factors(fixed, "fixed")
    n, f = fixed.shape
    m = len(indptr) - 1
    out = np.array(start, dtype=fixed.dtype, order="C")
    if out.shape != (m, f):
        raise ValueError(f"start must have shape ({m}, {f}), got {out.shape}")
    _native.half_step(
        *_rows(indptr, indices, excess, n),
        fixed,
        _array(eigenvalues, np.float64, "eigenvalues", f),
        _array(eigenvectors, fixed.dtype, "eigenvectors", f, f),
        _array(regularization, np.float64, "regularization", m),
        float(unobserved_weight),
        SOLVERS.index(solver),
        int(cg_steps),
        out,
        threads,
    )
    return out


def observed_loss(
    indptr: I64,
    indices: I32,
    excess: F32,
    X: npt.NDArray[Any],
    Y: npt.NDArray[Any],
    *,
    unobserved_weight: float,
    threads: int,
) -> float:
    """Σ over stored cells of c (p − x·y)² − α0 (x·y)²; the arguments are those of `half_step`."""
    X, Y = _factors(X, "X"), _factors(Y, "Y")
    if X.dtype != Y.dtype or X.shape[1] != Y.shape[1] or len(X) != len(indptr) - 1:
        raise ValueError(f"X {X.shape} {X.dtype} and Y {Y.shape} {Y.dtype} don't fit")
    rows = _rows(indptr, indices, excess, len(Y))
    return _native.observed_loss(*rows, X, Y, float(unobserved_weight), threads)


def _factors(array: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    if array.dtype not in FACTOR_DTYPES:
        raise ValueError(f"{name} must be float32 or float64, got {array.dtype}")
    return _array(array, array.dtype, name, None, None)


def _rows(indptr: I64, indices: I32, excess: F32, n_columns: int) -> tuple[I64, I32, F32]:
    """Sparse rows that native code can walk without leaving its arrays."""
    indptr = _array(indptr, np.int64, "indptr", None)
    nnz = int(indptr[-1])
    indices = _array(indices, np.int32, "indices", nnz)
    excess = _array(excess, np.float32, "excess", nnz)
    if indptr[0] != 0 or (np.diff(indptr) < 0).any():
        raise ValueError("indptr must begin with 0 and never fall")
    if nnz and (indices.min() < 0 or indices.max() >= n_columns):
        raise ValueError(f"indices must lie in 0…{n_columns - 1}")
    return indptr, indices, excess
