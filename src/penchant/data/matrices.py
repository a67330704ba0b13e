"""Read SciPy and NumPy matrices as sorted rows without zeros, NaN and duplicates."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._settings.checks import check_choice
from penchant.data.csr import Csr, row_pointers
from penchant.data.duplicates import LARGEST, POLICIES
from penchant.data.report import ReadReport
from penchant.errors import DataError

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]


def read_matrix(
    matrix: Any, duplicates: str = "sum", timestamps: npt.ArrayLike | None = None
) -> tuple[Csr, Times | None, ReadReport]:
    """Convert a SciPy sparse matrix or a 2-D array, users × items; it is not changed.

    Parameters
    ----------
    matrix
        The matrix.
    duplicates
        The policy for cells that are stored more than once.
    timestamps
        One for each stored entry, in the order of ``matrix.tocoo()``, or None. A cell keeps its
        latest.

    Returns
    -------
    tuple
        The matrix; its timestamps (int64, shape (nnz,)) or None; what happened to each entry.

    Raises
    ------
    DataError
        If it is not a matrix of real numbers, its arrays contradict each other, a value is
        infinite or too large for a float32, or there are more or fewer timestamps than entries.
    SettingsError
        If the policy for duplicates is unknown.
    """
    import scipy.sparse as sp

    check_choice("duplicates", duplicates, tuple(POLICIES))
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
    times = None if timestamps is None else _timestamps(timestamps, len(values))
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
    times = None if times is None else times[good]
    keys, values, times = _sorted(keys, values[good], times, duplicates)
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    merged = len(keys) - len(begins)
    values = _merged(values, begins, duplicates)
    left = values.astype(np.float32) != 0
    keys, values = keys[begins][left], values[left].astype(np.float32)
    if times is not None and len(times):
        times = np.maximum.reduceat(times, begins)[left]
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
    return csr, times, report


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
    """Refuse row pointers and columns out of bounds: SciPy reads out of bounds with them."""
    if not hasattr(matrix, "check_format"):
        return
    try:
        copy.copy(matrix).check_format(
            full_check=True
        )  # a shallow copy, since the check trims arrays
    except ValueError as error:
        raise DataError(f"this {type(matrix).__name__} is damaged: {error}") from error


def _dense(matrix: Any) -> Any:
    import scipy.sparse as sp

    if isinstance(matrix, np.ma.MaskedArray) and matrix.dtype.kind in "biuf":
        # masked values are missing
        matrix = np.where(np.ma.getmaskarray(matrix), np.nan, matrix.data)
    try:
        array = np.asarray(matrix)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:  # ragged, or not a list
        raise DataError(f"{type(matrix).__name__} is no matrix of numbers: {error}") from error
    if array.ndim != 2:
        raise DataError(f"a matrix has two dimensions, got shape {array.shape}")
    if array.dtype.kind not in "biuf":
        are_columns = 2 <= array.shape[1] <= 4
        raise DataError(
            f"a matrix of real numbers is needed, got dtype {array.dtype}"
            + ("; columns of ids are for Interactions.from_arrays(users, items)" * are_columns)
        )
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype == np.float16:  # SciPy does not support half precision
        array = array.astype(np.float32)
    return sp.coo_array(array)


def _timestamps(timestamps: npt.ArrayLike, n: int) -> Times:
    """Return timestamps as int64; :class:`DataError` if they are not n whole numbers."""
    times = np.asarray(timestamps)
    if times.shape != (n,) or times.dtype.kind not in "iu":
        raise DataError(
            f"{n:,} entries need as many whole numbers as timestamps, got shape {times.shape} of "
            f"{times.dtype}"
        )
    return times.astype(np.int64)


def _sorted(
    keys: npt.NDArray[np.int64], values: Floats, times: Times | None, policy: str
) -> tuple[npt.NDArray[np.int64], Floats, Times | None]:
    """Sort entries by their key; those of one key keep their order, or are ordered by time."""
    if keys.size and not (np.diff(keys) > 0).all():
        if policy == "last" and times is not None:
            order = np.lexsort((times, keys))
        else:
            order = np.argsort(keys, kind="stable")
        keys, values = keys[order], values[order]
        times = None if times is None else times[order]
    return keys, values, times


def _merged(values: Floats, begins: npt.NDArray[np.int64], policy: str) -> Floats:
    """Merge the values of each key, whose entries begin at ``begins``."""
    merged = len(values) - len(begins)
    if merged and policy == "error":
        raise DataError(f"{merged:,} entries repeat a cell: choose another duplicates=")
    if values.size == 0:
        return values
    ends = np.append(begins[1:], len(values))
    if policy == "max":
        cells = np.maximum.reduceat(values, begins)
    elif policy == "last":
        cells = values[ends - 1]
    else:
        cells = np.add.reduceat(values, begins)
    if policy == "mean":
        cells = cells / (ends - begins)
    elif policy == "binary":
        cells = np.sign(cells)
    if np.abs(cells).max() > LARGEST:
        raise DataError("the values of a cell sum to more than a float32 holds")
    return np.asarray(cells)
