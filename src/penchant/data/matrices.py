"""Matrices of any making as sorted rows, without zeros, NaN and duplicates."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._settings.checks import choice
from penchant.data.csr import Csr, row_pointers
from penchant.data.merging import LARGEST, POLICIES
from penchant.data.report import ReadReport
from penchant.errors import DataError

Floats = npt.NDArray[np.float64]


def read_matrix(matrix: Any, duplicates: str = "sum") -> tuple[Csr, ReadReport]:
    """A SciPy sparse matrix or a 2-D array, users × items, as :class:`Csr`; it is not changed.

    Raises
    ------
    DataError
        If it is no matrix of real numbers, its arrays contradict each other, or a value is
        infinite or too large for a float32.
    SettingsError
        If there is no such policy for duplicates.
    """
    import scipy.sparse as sp

    choice("duplicates", duplicates, tuple(POLICIES))
    matrix = _native_order(matrix) if sp.issparse(matrix) else _dense(matrix)
    if matrix.ndim != 2:
        raise DataError(f"a matrix has two dimensions, got shape {matrix.shape}")
    if matrix.dtype.kind not in "biuf":
        raise DataError(f"a matrix of real numbers is needed, got dtype {matrix.dtype}")
    _check_structure(matrix)
    if max(matrix.shape) > np.iinfo(np.int32).max:
        raise DataError(f"a matrix of shape {matrix.shape} has more than 2³¹−1 rows or columns")
    n_users, n_items = matrix.shape
    stored = matrix.tocoo(copy=False)
    rows, columns = stored.coords if hasattr(stored, "coords") else (stored.row, stored.col)
    for numbers, n in ((rows, n_users), (columns, n_items)):
        if len(numbers) and not 0 <= numbers.min() <= numbers.max() < n:
            raise DataError(f"entries of this {type(matrix).__name__} lie outside {matrix.shape}")
    values = stored.data.astype(np.float64)
    missing = np.isnan(values)
    beyond = np.flatnonzero(np.abs(values) > LARGEST)  # NaN compares false
    if beyond.size:
        at = beyond[0]
        raise DataError(
            f"the value in row {rows[at]}, column {columns[at]} is {values[at]}: finite numbers "
            f"up to {LARGEST:.3g} are needed ({beyond.size:,} are not)"
        )
    zeros = ~missing & (values.astype(np.float32) == 0)
    good = ~(missing | zeros)
    keys = rows[good].astype(np.int64) * n_items + columns[good]
    keys, values, merged = _merged(keys, values[good], duplicates)
    left = values.astype(np.float32) != 0
    keys, values = keys[left], values[left].astype(np.float32)
    counts = np.bincount(keys // max(n_items, 1), minlength=n_users)
    csr = Csr(row_pointers(counts), (keys % max(n_items, 1)).astype(np.int32), values, n_items)
    report = ReadReport(
        f"a matrix of {n_users:,} users × {n_items:,} items",
        len(rows),
        csr.nnz,
        valueless=int(missing.sum()),
        zeros=int(zeros.sum()),
        merged=merged,
        cancelled=int((~left).sum()),
        policy=duplicates,
    )
    return csr, report


def _native_order(matrix: Any) -> Any:
    """Return a sparse matrix in this machine's byte order, the only one that SciPy computes in."""
    parts = [name for name in ("data", "indices", "indptr", "offsets") if hasattr(matrix, name)]
    swapped = {
        name: part
        for name in parts
        if isinstance(part := getattr(matrix, name), np.ndarray) and not part.dtype.isnative
    }
    if not swapped:
        return matrix
    native = copy.copy(matrix)
    for name, part in swapped.items():
        setattr(native, name, part.astype(part.dtype.newbyteorder("=")))
    return native


def _check_structure(matrix: Any) -> None:
    """Refuse rows that point outside their arrays: SciPy's own code would follow them."""
    if not hasattr(matrix, "check_format"):
        return
    try:
        copy.copy(matrix).check_format(full_check=True)  # a copy that shares: checking trims
    except ValueError as error:
        raise DataError(f"this {type(matrix).__name__} is damaged: {error}") from error


def _dense(matrix: Any) -> Any:
    import scipy.sparse as sp

    if isinstance(matrix, np.ma.MaskedArray) and matrix.dtype.kind in "biuf":
        # what is masked is not known
        matrix = np.where(np.ma.getmaskarray(matrix), np.nan, matrix.data)
    try:
        array = np.asarray(matrix)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:  # ragged, or not a list
        raise DataError(f"{type(matrix).__name__} is no matrix of numbers: {error}") from error
    if array.ndim != 2:
        raise DataError(f"a matrix has two dimensions, got shape {array.shape}")
    if array.dtype.kind not in "biuf":
        raise DataError(f"a matrix of real numbers is needed, got dtype {array.dtype}")
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype == np.float16:  # SciPy knows no half precision
        array = array.astype(np.float32)
    return sp.coo_array(array)


def _merged(
    keys: npt.NDArray[np.int64], values: Floats, policy: str
) -> tuple[npt.NDArray[np.int64], Floats, int]:
    """Sorted keys, each once, the merged values, and how many were merged away."""
    if keys.size and not (np.diff(keys) > 0).all():
        order = np.argsort(keys, kind="stable")
        keys, values = keys[order], values[order]
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    merged = len(keys) - len(begins)
    if merged and policy == "error":
        raise DataError(f"{merged:,} entries repeat a cell: choose another duplicates=")
    if keys.size == 0:
        return keys, values, 0
    if policy == "max":
        values = np.maximum.reduceat(values, begins)
    elif policy == "last":
        values = values[np.append(begins[1:], len(values)) - 1]
    else:
        values = np.add.reduceat(values, begins)
    if policy == "mean":
        values = values / np.diff(np.append(begins, len(keys)))
    elif policy == "binary":
        values = np.sign(values)
    if np.abs(values).max() > LARGEST:
        raise DataError("the values of a cell sum to more than a float32 holds")
    return keys[begins], values, merged
