"""The solver's kernels: the half step of alternating least squares, and what goes with it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from penchant import _native
from penchant._kernels.common import F32, F64, I32, I64, as_native

SOLVERS = ("exact", "cg", "auto")
CACHE_LINE = 64
FACTOR_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))


def align_rows(factors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same factors, shape (n, f), as native code walks them.

    Rows are whole vectors of the instruction set in use, filled up with zeros, and begin with
    a cache line: a vector across two lines takes twice as long to load. What is laid out so
    already is returned as it is; else a copy is.

    Parameters
    ----------
    factors
        float32 or float64, shape (n, f).
    """
    whole = _rows_laid_out(_checked(factors))
    if whole is not None and whole.ctypes.data % CACHE_LINE == 0:
        return factors
    n, f = factors.shape
    copy = _lines(n, _stride(f, factors.dtype), factors.dtype)
    copy[:, :f] = factors
    return copy[:, :f]


def gram(Y: npt.NDArray[Any], *, precise: bool = True, threads: int) -> F64:
    """The Gram matrix YᵀY, float64, shape (f, f).

    Parameters
    ----------
    Y
        float32 or float64, shape (n, f).
    precise
        Whether every sum is in float64; else blocks of 64 rows are summed in the type of Y.
    threads
        How many to use; the result does not depend on it.
    """
    f = Y.shape[1]
    out = np.empty((f, f), dtype=np.float64)
    _native.gram(_rows_or_copy(Y), out, precise, threads)
    return out


def half_step(
    indptr: I64,
    indices: I32,
    confidence_delta: F32,
    fixed: npt.NDArray[Any],
    eigenvalues: F64,
    eigenvectors: F64,
    regularization: F64,
    solved: npt.NDArray[Any],
    *,
    unobserved_weight: float,
    solver: str,
    cg_steps: int,
    threads: int,
    validated: bool = False,
) -> None:
    """Solve every row's least-squares problem with the other side fixed, in place.

    Afterwards both sides are in the coordinates of the eigenvectors: their products, which are
    all that counts, are those of a half step in any coordinates.

    Parameters
    ----------
    indptr, indices, confidence_delta
        The rows: int64 (m + 1,), int32 (nnz,) and float32 (nnz,), what each observed cell weighs
        above an unobserved one, negative for dislikes.
    fixed
        Y, shape (n, f), as :func:`align_rows` gives it; turned.
    eigenvalues, eigenvectors
        Λ (f,) and Q (f, f) of YᵀY.
    regularization
        λ of each row, float64, shape (m,).
    solved
        X, shape (m, f), as :func:`align_rows` gives it, of the type of Y: where conjugate gradients
        start from, and where the solutions go; rows without entries become zero.
    unobserved_weight, solver, cg_steps, threads
        See :class:`penchant.ALS`.
    validated
        Whether the rows are known to lie within their arrays and the columns within Y: looking
        at every one of them anew takes some hundredths of a half step.

    Raises
    ------
    ValueError
        If arrays don't fit each other.
    KeyboardInterrupt
        At Ctrl-C, between chunks of rows: each row of X is then either solved or as it was.
    """
    rows = _weighted_rows(indptr, indices, confidence_delta, len(fixed), validated=validated)
    turned = _spectrum(eigenvalues, eigenvectors, fixed)
    _native.half_step(
        *rows,
        _whole_rows(fixed),
        *turned,
        as_native(regularization, np.float64, "regularization", len(indptr) - 1),
        float(unobserved_weight),
        SOLVERS.index(solver),
        min(int(cg_steps), 2**31 - 1),
        _fitting(solved, len(indptr) - 1, fixed),
        threads,
    )


def fold_in(
    indptr: I64,
    indices: I32,
    confidence_delta: F32,
    fixed: npt.NDArray[Any],
    eigenvalues: F64,
    eigenvectors: F64,
    regularization: F64,
    *,
    unobserved_weight: float,
    threads: int,
) -> npt.NDArray[Any]:
    """Exact solutions of some rows, shape (m, f), in the coordinates of the fixed side.

    The arguments are those of :func:`half_step`; nothing is changed.
    """
    whole = _rows_or_copy(fixed)
    rows = _weighted_rows(indptr, indices, confidence_delta, len(fixed))
    m, f = len(indptr) - 1, fixed.shape[1]
    out = align_rows(np.zeros((m, f), dtype=fixed.dtype))
    _native.fold_in(
        *rows,
        whole,
        *_spectrum(eigenvalues, eigenvectors, fixed),
        as_native(regularization, np.float64, "regularization", m),
        float(unobserved_weight),
        _whole_rows(out),
        threads,
    )
    return out


def observed_loss(
    indptr: I64,
    indices: I32,
    confidence_delta: F32,
    X: npt.NDArray[Any],
    Y: npt.NDArray[Any],
    *,
    unobserved_weight: float,
    threads: int,
) -> float:
    """Σ over stored cells of c (p − x·y)² − α0 (x·y)²; the arguments are those of `half_step`."""
    rows = _weighted_rows(indptr, indices, confidence_delta, len(Y))
    if X.shape != (len(indptr) - 1, Y.shape[1]) or X.dtype != Y.dtype:
        raise _unfitting(X, len(indptr) - 1, Y)
    wholes = _rows_or_copy(X), _rows_or_copy(Y)
    return _native.observed_loss(*rows, *wholes, float(unobserved_weight), threads)


class QuantizedFactors(NamedTuple):
    """float32 factors as they were, in half their memory: see :func:`quantize_previous`."""

    numbers: npt.NDArray[np.int16]
    """Of each row, shape (n, stride): over its largest, in 16 bits."""
    largest: F32


def quantize_previous(factors: F32, *, threads: int) -> QuantizedFactors:
    """Keep what float32 factors are, to 1/65,534 of the largest number of each row."""
    whole = _whole_rows(factors)
    kept = QuantizedFactors(np.empty(whole.shape, np.int16), np.empty(len(whole), np.float32))
    _native.quantize_previous(whole, *kept, threads)
    return kept


def extrapolate(
    factors: F32, before: QuantizedFactors, turn: F64, momentum: float, *, threads: int
) -> None:
    """Move factors on by ``momentum`` times what parts them from those ``before``, in place.

    Parameters
    ----------
    factors
        F, float32, shape (n, f), as :func:`align_rows` gives it: becomes F + momentum (F − BQ).
    before
        B; becomes what F was.
    turn
        Q, shape (f, f): from the coordinates of B to those of F.
    momentum
        How far.
    threads
        How many to use; the result does not depend on it.
    """
    whole, f = _whole_rows(factors), factors.shape[1]
    if before.numbers.shape != whole.shape or turn.shape != (f, f):
        raise ValueError(
            f"factors of shape {factors.shape}, and before of {before.numbers.shape}, "
            f"turned by {turn.shape}"
        )
    Q = np.ascontiguousarray(turn, np.float32)
    _native.extrapolate(whole, *before, Q, momentum, threads)


def _checked(factors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if factors.ndim != 2 or factors.dtype not in FACTOR_DTYPES:
        raise ValueError(
            f"factors must be float32 or float64 of shape (n, f), "
            f"got {factors.dtype} of {factors.shape}"
        )
    return factors


def _lines(n: int, stride: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Zeros, shape (n, stride), that begin with a cache line."""
    size = n * stride * dtype.itemsize
    memory = np.zeros(size + CACHE_LINE, dtype=np.uint8)
    begin = -memory.ctypes.data % CACHE_LINE
    return memory[begin : begin + size].view(dtype).reshape(n, stride)


def _stride(f: int, dtype: np.dtype[Any]) -> int:
    single = dtype == np.float32
    granule = _native.float_granule() if single else _native.double_granule()
    return -(-f // granule) * granule


def _rows_laid_out(factors: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    """The whole rows behind factors, if they are laid out; zeros beyond the columns included."""
    n, f = factors.shape
    stride = _stride(f, factors.dtype)
    if stride == f:
        return factors if factors.flags.c_contiguous else None
    owner = factors.base
    if not isinstance(owner, np.ndarray) or not owner.flags.c_contiguous:
        return None
    size = factors.dtype.itemsize
    end = factors.ctypes.data + n * stride * size
    if factors.strides != (stride * size, size) or end > owner.ctypes.data + owner.nbytes:
        return None
    whole = np.lib.stride_tricks.as_strided(factors, (n, stride), factors.strides)
    return None if whole[:, f:].any() else whole


def _whole_rows(factors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    whole = _rows_laid_out(factors)
    if whole is None:
        raise ValueError("factors must be as align_rows gives them")
    return whole


def _rows_or_copy(factors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Whole rows for reading, wherever they begin."""
    whole = _rows_laid_out(_checked(factors))
    return _whole_rows(align_rows(factors)) if whole is None else whole


def _fitting(factors: npt.NDArray[Any], n: int, other: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The whole rows of factors that must be n and of the other side's type and length."""
    if factors.shape != (n, other.shape[1]) or factors.dtype != other.dtype:
        raise _unfitting(factors, n, other)
    return _whole_rows(factors)


def _unfitting(factors: npt.NDArray[Any], n: int, other: npt.NDArray[Any]) -> ValueError:
    return ValueError(
        f"factors of shape {factors.shape}, {factors.dtype}, where ({n}, {other.shape[1]}), "
        f"{other.dtype}, are needed"
    )


def _spectrum(
    eigenvalues: F64, eigenvectors: F64, fixed: npt.NDArray[Any]
) -> tuple[F64, npt.NDArray[Any]]:
    f = fixed.shape[1]
    values = as_native(eigenvalues, np.float64, "eigenvalues", f)
    return values, as_native(eigenvectors, fixed.dtype, "eigenvectors", f, f)


def _weighted_rows(
    indptr: I64, indices: I32, confidence_delta: F32, n_columns: int, *, validated: bool = False
) -> tuple[I64, I32, F32]:
    """Sparse rows that native code can walk without leaving its arrays."""
    indptr = as_native(indptr, np.int64, "indptr", None)
    nnz = int(indptr[-1])
    indices = as_native(indices, np.int32, "indices", nnz)
    confidence_delta = as_native(confidence_delta, np.float32, "confidence_delta", nnz)
    if validated:
        return indptr, indices, confidence_delta
    if indptr[0] != 0 or (np.diff(indptr) < 0).any():
        raise ValueError("indptr must begin with 0 and never fall")
    if nnz and (indices.min() < 0 or indices.max() >= n_columns):
        raise ValueError(f"indices must lie in 0…{n_columns - 1}")
    return indptr, indices, confidence_delta
