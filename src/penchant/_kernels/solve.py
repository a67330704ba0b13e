"""Facade of ``solve.hpp``: the half step of alternating least squares, and the loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _native
from penchant._kernels.aligned import (
    fitting_rows,
    padded_rows,
    rows_or_copy,
    unfitting,
    whole_rows,
)
from penchant._kernels.arrays import F32, F64, I32, I64, as_native

WeightedRows = _native.WeightedRows
RowObjective = _native.RowObjective

SOLVERS = {
    "exact": _native.Solver.exact,
    "cg": _native.Solver.cg,
    "auto": _native.Solver.auto,
}

# overloaded by the precision of the factors, which is known at run time only
_gram: Any = _native.gram
_half_step: Any = _native.half_step
_rotate: Any = _native.rotate
_solve_rotated: Any = _native.solve_rotated
_whitened_half_step: Any = _native.whitened_half_step
_fold_in: Any = _native.fold_in
_observed_loss: Any = _native.observed_loss


def weighted_rows(
    indptr: I64,
    indices: I32,
    confidence_delta: F32,
    n_columns: int,
    *,
    validated: bool = False,
    whole: I64 | None = None,
) -> WeightedRows:
    """Make the record of the rows of one side, after checking its arrays.

    Parameters
    ----------
    indptr, indices
        The rows: int64 (m + 1,) and int32 (nnz,).
    confidence_delta
        float32 (nnz,): the weight c − α0 of each observed cell above that of an unobserved one,
        negative for dislikes.
    n_columns
        The number of columns: that of the rows of the fixed factors.
    validated
        Whether rows and columns were checked before: checking them takes some hundredths of a
        half step.
    whole
        Row pointers of all rows that these are a part of: a half step of the part gives the bits
        of one of all. None: these are all.

    Raises
    ------
    ValueError
        If rows do not lie within their arrays, or a column is not below ``n_columns``.
    """
    indptr = as_native(indptr, np.int64, "indptr", None)
    nnz = int(indptr[-1])
    indices = as_native(indices, np.int32, "indices", nnz)
    confidence_delta = as_native(confidence_delta, np.float32, "confidence_delta", nnz)
    if not validated:
        if indptr[0] != 0 or (np.diff(indptr) < 0).any():
            raise ValueError("indptr must begin with 0 and never fall")
        if nnz and (indices.min() < 0 or indices.max() >= n_columns):
            raise ValueError(f"indices must lie in 0…{n_columns - 1}")
    if whole is not None:
        whole = as_native(whole, np.int64, "whole", None)
        if not len(whole) or (np.diff(whole) < 0).any():
            raise ValueError("whole must hold row pointers, which never fall")
    return WeightedRows(indptr, indices, confidence_delta, n_columns=n_columns, whole_indptr=whole)


def row_objective(
    regularization: F64, *, unobserved_weight: float, solver: str = "exact", cg_steps: int = 0
) -> RowObjective:
    """Make the record of the objective of rows.

    Parameters
    ----------
    regularization
        λ of each row, float64, shape (m,).
    unobserved_weight, solver, cg_steps
        See :class:`penchant.ALS`.
    """
    return RowObjective(
        as_native(regularization, np.float64, "regularization", None),
        unobserved_weight=float(unobserved_weight),
        solver=SOLVERS[solver],
        cg_steps=min(int(cg_steps), 2**31 - 1),
    )


def gram(Y: npt.NDArray[Any], *, precise: bool = True, threads: int) -> F64:
    """Compute the Gram matrix YᵀY, float64, shape (f, f).

    Parameters
    ----------
    Y
        float32 or float64, shape (n, f).
    precise
        Whether every sum is in float64; else blocks of 64 rows are summed in the type of Y.
    threads
        The number of threads; the result does not depend on it.
    """
    f = Y.shape[1]
    out = np.empty((f, f), dtype=np.float64)
    _gram(rows_or_copy(Y), out=out, precise=precise, threads=threads)
    return out


def half_step(
    rows: WeightedRows,
    fixed: npt.NDArray[Any],
    spectrum: tuple[F64, F64],
    solved: npt.NDArray[Any],
    objective: RowObjective,
    *,
    threads: int,
) -> tuple[float, float]:
    """Solve the least-squares problem of every row with the other side fixed, in place.

    Both sides are rotated to the coordinates of the eigenvectors. Their products, which are the
    model, are those of a half step in any coordinates.

    Parameters
    ----------
    rows
        The m rows, over n columns.
    fixed
        Y, shape (n, f), from :func:`align_rows`; rotated.
    spectrum
        Eigenvalues Λ, shape (f,), and eigenvectors Q, shape (f, f), of YᵀY.
    solved
        X, shape (m, f), from :func:`align_rows`, of the type of Y: the start of conjugate
        gradients, overwritten by the solutions; zero for rows without entries.
    objective
        The regularization of each row, the weight of unobserved cells, and the solver.
    threads
        The number of threads; the result does not depend on it.

    Returns
    -------
    tuple of float
        Processor seconds of the changes of coordinates, and of the solutions of rows.

    Raises
    ------
    ValueError
        If shapes or types differ.
    KeyboardInterrupt
        At Ctrl-C, between chunks of rows: each row of X is then either solved or as it was.
    """
    seconds: tuple[float, float] = _half_step(
        rows,
        fixed=whole_rows(fixed),
        spectrum=_native_spectrum(spectrum, fixed),
        objective=objective,
        solved=fitting_rows(solved, rows.n_rows, fixed),
        threads=threads,
    )
    return seconds


def whitened_half_step(
    rows: WeightedRows,
    fixed: npt.NDArray[Any],
    whitening: tuple[F64, F64],
    solved: npt.NDArray[Any],
    objective: RowObjective,
    *,
    workspace: npt.NDArray[Any],
    threads: int,
) -> tuple[float, float]:
    """Solve the least-squares problem of every row without a rotation of either side.

    As :func:`half_step`, for rows that all have the same λ, with ``fixed`` unchanged.

    Parameters
    ----------
    rows, solved, objective, threads
        As for :func:`half_step`.
    fixed
        Y, shape (n, f), from :func:`align_rows`.
    whitening
        The Cholesky factor L of α0 YᵀY + λI and its inverse, lower triangular, shape (f, f).
    workspace
        Rows from :func:`padded_rows`, at least n; overwritten.
    """
    f = fixed.shape[1]
    factor, inverse = (as_native(part, fixed.dtype, "whitening", f, f) for part in whitening)
    seconds: tuple[float, float] = _whitened_half_step(
        rows,
        fixed=whole_rows(fixed),
        factor=factor,
        inverse=inverse,
        workspace=workspace,
        objective=objective,
        solved=fitting_rows(solved, rows.n_rows, fixed),
        threads=threads,
    )
    return seconds


def rotate(
    spectrum: tuple[F64, F64],
    fixed: npt.NDArray[Any],
    solved: npt.NDArray[Any],
    *,
    threads: int,
) -> None:
    """Rotate both sides to the coordinates of the eigenvectors, in place.

    It is not interrupted. The result of a row depends on that row alone, so that blocks of rows
    that are rotated one by one are equal to a side that is rotated at once.

    Parameters
    ----------
    spectrum
        Eigenvalues Λ, shape (f,), and eigenvectors Q, shape (f, f).
    fixed, solved
        Factors of shapes (n, f) and (m, f), from :func:`align_rows`.
    threads
        The number of threads; the result does not depend on it.
    """
    _rotate(
        _native_spectrum(spectrum, fixed),
        fixed=whole_rows(fixed),
        solved=fitting_rows(solved, len(solved), fixed),
        threads=threads,
    )


def solve_rotated(
    rows: WeightedRows,
    fixed: npt.NDArray[Any],
    spectrum: tuple[F64, F64],
    solved: npt.NDArray[Any],
    objective: RowObjective,
    *,
    threads: int,
) -> None:
    """Solve rows whose factors, and those of the fixed side, :func:`rotate` has rotated.

    The arguments and errors are those of :func:`half_step`; ``fixed`` is read only, and ``solved``
    may be a block of the rows of a side.
    """
    _solve_rotated(
        rows,
        fixed=whole_rows(fixed),
        spectrum=_native_spectrum(spectrum, fixed),
        objective=objective,
        solved=fitting_rows(solved, rows.n_rows, fixed),
        threads=threads,
    )


def fold_in(
    rows: WeightedRows,
    fixed: npt.NDArray[Any],
    spectrum: tuple[F64, F64],
    objective: RowObjective,
    *,
    threads: int,
) -> npt.NDArray[Any]:
    """Solve some rows exactly, shape (m, f), in the coordinates of the fixed side.

    The arguments are those of :func:`half_step`; nothing is changed, and the solver is not used.
    """
    f = fixed.shape[1]
    out = padded_rows(rows.n_rows, f, fixed.dtype)
    _fold_in(
        rows,
        fixed=rows_or_copy(fixed),
        spectrum=_native_spectrum(spectrum, fixed),
        objective=objective,
        out=out,
        threads=threads,
    )
    return out[:, :f]


def count_exact_rows(entries: I64, f: int, dtype: npt.DTypeLike, cg_steps: int) -> int:
    """Count the rows that ``solver="auto"`` solves exactly.

    Parameters
    ----------
    entries
        The numbers of entries of rows, int64, shape (m,).
    f, dtype
        The number and the type of the factors.
    cg_steps
        The steps of conjugate gradients.
    """
    stride = padded_rows(0, f, np.dtype(dtype)).shape[1]
    return _native.count_exact_rows(
        as_native(entries, np.int64, "entries", None),
        stride=stride,
        cg_steps=min(int(cg_steps), 2**31 - 1),
    )


def observed_loss(
    rows: WeightedRows,
    X: npt.NDArray[Any],
    Y: npt.NDArray[Any],
    *,
    unobserved_weight: float,
    threads: int,
) -> float:
    """Compute Σ c (p − x·y)² − α0 (x·y)² over the stored cells of rows."""
    if X.shape != (rows.n_rows, Y.shape[1]) or X.dtype != Y.dtype:
        raise unfitting(X, rows.n_rows, Y)
    loss: float = _observed_loss(
        rows,
        X=rows_or_copy(X),
        Y=rows_or_copy(Y),
        unobserved_weight=float(unobserved_weight),
        threads=threads,
    )
    return loss


def _native_spectrum(
    spectrum: tuple[F64, F64], fixed: npt.NDArray[Any]
) -> _native.Spectrum32 | _native.Spectrum64:
    f = fixed.shape[1]
    eigenvalues = as_native(spectrum[0], np.float64, "eigenvalues", f)
    eigenvectors = as_native(spectrum[1], fixed.dtype, "eigenvectors", f, f)
    if fixed.dtype == np.float64:
        return _native.Spectrum64(eigenvalues, eigenvectors)
    return _native.Spectrum32(eigenvalues, eigenvectors)
