"""The only importer of the native extension: checks dtype, shape and order, then calls.

Every function here takes and returns NumPy arrays. Native code never sees an array that was
not checked here, lets go of the GIL while it works, and stops at Ctrl-C between chunks.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
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
    """The instruction set in use: ``"baseline"``, ``"avx2"`` or ``"avx512"``.

    Raises
    ------
    SettingsError
        If the environment variable ``TACIT_ISA`` names one that is not available here.
    """
    try:
        return _native.current_isa()
    except ValueError as error:
        raise SettingsError(f"the environment variable TACIT_ISA: {error}") from error


current_isa()  # at once, not in the middle of a fit


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


def lay_out(factors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same factors, shape (n, f), with rows as far apart as native code walks them.

    Rows are whole vectors of the instruction set in use, filled up with zeros. What is laid out
    so already is returned as it is; else a copy is.

    Parameters
    ----------
    factors
        float32 or float64, shape (n, f).
    """
    if factors.ndim != 2 or factors.dtype not in FACTOR_DTYPES:
        raise ValueError(
            f"factors must be float32 or float64 of shape (n, f), "
            f"got {factors.dtype} of {factors.shape}"
        )
    if _rows_laid_out(factors) is not None:
        return factors
    n, f = factors.shape
    whole = np.zeros((n, _stride(f, factors.dtype)), dtype=factors.dtype)
    whole[:, :f] = factors
    return whole[:, :f]


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
    _native.gram(_whole_rows(lay_out(Y)), out, precise, threads)
    return out


def half_step(
    indptr: I64,
    indices: I32,
    excess: F32,
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
) -> None:
    """Solve every row's least-squares problem with the other side fixed, in place.

    Afterwards both sides are in the coordinates of the eigenvectors: their products, which are
    all that counts, are those of a half step in any coordinates.

    Parameters
    ----------
    indptr, indices, excess
        The rows: int64 (m + 1,), int32 (nnz,) and float32 (nnz,), what each observed cell weighs
        above an unobserved one, negative for dislikes.
    fixed
        Y, shape (n, f), as :func:`lay_out` gives it; turned.
    eigenvalues, eigenvectors
        Λ (f,) and Q (f, f) of YᵀY.
    regularization
        λ of each row, float64, shape (m,).
    solved
        X, shape (m, f), as :func:`lay_out` gives it, of the type of Y: where conjugate gradients
        start from, and where the solutions go; rows without entries become zero.
    unobserved_weight, solver, cg_steps, threads
        See :class:`tacit.ALS`.

    Raises
    ------
    ValueError
        If arrays don't fit each other.
    KeyboardInterrupt
        At Ctrl-C, between chunks of rows: each row of X is then either solved or as it was.
    """
    rows = _weighted_rows(indptr, indices, excess, len(fixed))
    turned = _spectrum(eigenvalues, eigenvectors, fixed)
    _native.half_step(
        *rows,
        _whole_rows(fixed),
        *turned,
        _array(regularization, np.float64, "regularization", len(indptr) - 1),
        float(unobserved_weight),
        SOLVERS.index(solver),
        int(cg_steps),
        _fitting(solved, len(indptr) - 1, fixed),
        threads,
    )


def fold_in(
    indptr: I64,
    indices: I32,
    excess: F32,
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
    fixed = lay_out(fixed)
    rows = _weighted_rows(indptr, indices, excess, len(fixed))
    m, f = len(indptr) - 1, fixed.shape[1]
    out = lay_out(np.zeros((m, f), dtype=fixed.dtype))
    _native.fold_in(
        *rows,
        _whole_rows(fixed),
        *_spectrum(eigenvalues, eigenvectors, fixed),
        _array(regularization, np.float64, "regularization", m),
        float(unobserved_weight),
        _whole_rows(out),
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
    rows = _weighted_rows(indptr, indices, excess, len(Y))
    X, Y = lay_out(X), lay_out(Y)
    whole = _fitting(X, len(indptr) - 1, Y)
    return _native.observed_loss(*rows, whole, _whole_rows(Y), float(unobserved_weight), threads)


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
    whole = factors.base
    if not isinstance(whole, np.ndarray) or whole.shape != (n, stride):
        return None
    same = whole.dtype == factors.dtype and whole.flags.c_contiguous
    begins = whole.__array_interface__["data"][0] == factors.__array_interface__["data"][0]
    return whole if same and begins and not whole[:, f:].any() else None


def _whole_rows(factors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    whole = _rows_laid_out(factors)
    if whole is None:
        raise ValueError("factors must be as lay_out gives them")
    return whole


def _fitting(factors: npt.NDArray[Any], n: int, other: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The whole rows of factors that must be n and of the other side's type and length."""
    if factors.shape != (n, other.shape[1]) or factors.dtype != other.dtype:
        raise ValueError(
            f"factors of shape {factors.shape}, {factors.dtype}, where ({n}, {other.shape[1]}), "
            f"{other.dtype}, are needed"
        )
    return _whole_rows(factors)


def _spectrum(
    eigenvalues: F64, eigenvectors: F64, fixed: npt.NDArray[Any]
) -> tuple[F64, npt.NDArray[Any]]:
    f = fixed.shape[1]
    values = _array(eigenvalues, np.float64, "eigenvalues", f)
    return values, _array(eigenvectors, fixed.dtype, "eigenvectors", f, f)


def _weighted_rows(indptr: I64, indices: I32, excess: F32, n_columns: int) -> tuple[I64, I32, F32]:
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


# --- data: files looked through, logs read, matrices turned --------------------------

Survey = _native.Survey
Merged = _native.Merged
RowCounts = _native.RowCounts
POLICIES = ("binary", "sum", "max", "mean", "last")


def transpose(
    indptr: I64, indices: I32, values: F32, n_columns: int, *, threads: int | None = None
) -> tuple[I64, I32, F32]:
    """Compressed sparse rows by column: int64 pointers, row numbers that rise, values.

    Raises
    ------
    ValueError
        If rows don't lie within the indices, or an index not within the columns.
    """
    indptr = _array(indptr, np.int64, "indptr", None)
    if not len(indptr) or indptr[0] != 0:
        raise ValueError("indptr must begin with 0")
    nnz = int(indptr[-1])
    indices = _array(indices, np.int32, "indices", nnz)
    values = _array(values, np.float32, "values", nnz)
    out = (
        np.empty(n_columns + 1, dtype=np.int64),
        np.empty(nnz, dtype=np.int32),
        np.empty(nnz, dtype=np.float32),
    )
    _native.transpose(indptr, indices, values, *out, thread_count(threads))
    return out


def survey(
    path: Path, begin: int, *, quote: str | None, longest: int, chunk: int = 1 << 20
) -> Survey:
    """Look at every byte of a file from an offset on; see native/include/tacit/survey.hpp."""
    end, threads = path.stat().st_size, thread_count(None)
    return _native.survey(os.fsencode(path), begin, end, quote or "", longest, chunk, threads)


class RowLog:
    """Rows of delimited text, read in parallel; see native/include/tacit/rowlog.hpp.

    Parameters
    ----------
    roles
        Which of ``"user"``, ``"item"``, ``"value"`` and ``"timestamp"`` are read.
    memory
        What rows and ids may take, in bytes.
    """

    def __init__(self, roles: Collection[str], memory: int) -> None:
        self._timed, self._valued = "timestamp" in roles, "value" in roles
        self._memory = memory
        self._log = _native.RowLog(self._valued, self._timed, memory)

    def read(
        self,
        path: Path,
        begin: int,
        sep: str,
        width: int,
        places: Mapping[str, int],
        *,
        chunk: int | None = None,
    ) -> bool:
        """Read a file from an offset on; False if it is too much for this way of reading."""
        threads = thread_count(None)
        if max(places.values()) >= width:
            raise ValueError(f"no column {max(places.values())} in {width}")
        chunk = chunk or min(max(self._memory // (16 * threads), 1 << 16), 1 << 18)
        return self._log.read(
            os.fsencode(path), begin, path.stat().st_size, sep, width, places["user"],
            places["item"], places.get("value", -1), places.get("timestamp", -1), chunk, threads,
        )  # fmt: skip

    def take_odd(self) -> tuple[I64, bytes]:
        """Numbers (from 0, in their file) and text of the odd lines since the last call."""
        lines, text = self._log.take_odd()
        return np.frombuffer(lines, dtype=np.int64), text

    def fill(
        self,
        odd: npt.NDArray[Any],
        users: Iterable[str],
        items: Iterable[str],
        values: npt.NDArray[Any],
        times: npt.NDArray[Any],
    ) -> None:
        """Put rows in the place of odd lines, by their number among all odd lines so far."""
        odd = _array(odd, np.int64, "odd", None)
        self._log.fill(
            odd,
            "\n".join(users),
            "\n".join(items),
            _array(values, np.float64, "values", len(odd)) if self._valued else None,
            _array(times, np.int64, "times", len(odd)) if self._timed else None,
        )

    def counts(self) -> RowCounts:
        """Lines read, and how many of them are good, blank, zeros and odd."""
        return self._log.counts()

    def ids(self) -> tuple[list[str], list[str]]:
        """The ids of users and items in their order; nothing can be read afterwards."""
        self._log.put_in_order(thread_count(None))
        return _texts(self._log.users()), _texts(self._log.items())

    def merge(self, policy: str) -> tuple[I64, I32, F32, I64 | None, Merged]:
        """The matrix (row pointers, columns, values), timestamps, and what became of rows."""
        good = self._log.counts().good
        indptr = np.empty(self._log.n_users + 1, dtype=np.int64)
        indices, values = np.empty(good, dtype=np.int32), np.empty(good, dtype=np.float32)
        times = np.empty(good, dtype=np.int64) if self._timed else None
        merged = self._log.merge(
            POLICIES.index(policy), indptr, indices, values, times, thread_count(None)
        )
        for array in (indices, values, times):
            if array is not None:  # what merged rows left free at the end is given back
                array.resize(int(indptr[-1]), refcheck=False)
        return indptr, indices, values, times, merged


def _texts(joined: bytes) -> list[str]:
    return joined.decode().split("\n") if joined else []


# --- top-k, ranks and what metrics are made of ---------------------------------------

Rows = tuple[I64, I32]
"""Row pointers (shape (n_rows + 1,), any start) and columns that rise within a row."""


def factor_top_k(
    queries: npt.NDArray[Any],
    items: npt.NDArray[Any],
    k: int,
    exclude: Rows | None = None,
    allow: Rows | None = None,
    *,
    prune: bool | None = None,
    threads: int | None = None,
) -> tuple[I64, I32, F32]:
    """The k best items of each query by q·y: row pointers, item codes and scores, best first.

    Parameters
    ----------
    queries, items
        Shapes (m, f) and (n, f), both float32 or both float64.
    k
        1 or more. Rows are shorter where there are fewer candidates.
    exclude, allow
        Rows (a query each) of items that are no candidates, and of the only ones that are.
    prune
        Whether to rule items out by rounded factors before they are scored; None: where it should
        pay. The answers are the same, bit for bit.
    threads
        How many to use; None: see :func:`thread_count`.

    Raises
    ------
    ValueError
        If shapes don't fit, or a row holds an item that is not there or does not rise.
    """
    queries, items = _factor_pair(queries, items)
    m = len(queries)
    codes, scores, counts = _top_k_arrays(m, min(int(k), len(items)))
    _native.factor_top_k(
        queries,
        items,
        *_row_lists(exclude, m),
        *_optional(allow, m),
        codes,
        scores,
        counts,
        0 if prune is None else 1 + bool(prune),
        thread_count(threads),
    )
    return _ragged(codes, scores, counts)


def dense_top_k(
    scores: F32,
    k: int,
    exclude: Rows | None = None,
    allow: Rows | None = None,
    *,
    threads: int | None = None,
) -> tuple[I64, I32, F32]:
    """:func:`factor_top_k` over scores that are there already: float32, shape (m, n)."""
    scores = _array(scores, np.float32, "scores", None, None)
    m = len(scores)
    codes, out, counts = _top_k_arrays(m, min(int(k), scores.shape[1]))
    _native.dense_top_k(
        scores,
        *_row_lists(exclude, m),
        *_optional(allow, m),
        codes,
        out,
        counts,
        thread_count(threads),
    )
    return _ragged(codes, out, counts)


def factor_cells(
    queries: npt.NDArray[Any], items: npt.NDArray[Any], cells: Rows, *, threads: int | None = None
) -> F32:
    """float32: q·y of every entry of ``cells`` (a row a query), the very numbers of top-k."""
    queries, items = _factor_pair(queries, items)
    indptr, indices = _row_lists(cells, len(queries))
    out = np.empty(int(indptr[-1] - indptr[0]), dtype=np.float32)
    _native.factor_cells(queries, items, indptr, indices, out, thread_count(threads))
    return out


def factor_ranks(
    queries: npt.NDArray[Any],
    items: npt.NDArray[Any],
    targets: Rows,
    exclude: Rows | None = None,
    *,
    threads: int | None = None,
) -> tuple[I32, I32, I64]:
    """Where targets stand by q·y among the items not excluded: above, tied, candidates.

    A target is a candidate even where ``exclude`` names it. A score of NaN counts as −∞.
    Shapes as in :func:`factor_top_k`; the first two arrays have an entry each target, the third
    one each query.
    """
    queries, items = _factor_pair(queries, items)
    m = len(queries)
    above, tied, candidates = _rank_arrays(targets)
    _native.factor_ranks(
        queries,
        items,
        *_row_lists(targets, m),
        *_row_lists(exclude, m),
        above,
        tied,
        candidates,
        thread_count(threads),
    )
    return above, tied, candidates


def dense_ranks(
    scores: F32, targets: Rows, exclude: Rows | None = None, *, threads: int | None = None
) -> tuple[I32, I32, I64]:
    """:func:`factor_ranks` over scores that are there already: float32, shape (m, n)."""
    scores = _array(scores, np.float32, "scores", None, None)
    m = len(scores)
    above, tied, candidates = _rank_arrays(targets)
    _native.dense_ranks(
        scores,
        *_row_lists(targets, m),
        *_row_lists(exclude, m),
        above,
        tied,
        candidates,
        thread_count(threads),
    )
    return above, tied, candidates


def list_gains(
    lists: Rows, relevant: Rows, k: int, n_items: int, *, threads: int | None = None
) -> tuple[I32, I32, F64, F64]:
    """What ranking metrics are made of, an entry a list, from its first k answers.

    Returns
    -------
    hits, first, dcg, precisions
        Relevant answers (int32); the place of the first, from 1, or 0 (int32); the sums over the
        hits of 1 / log2(place + 1) and of the precision at their place (float64).
    """
    m = len(lists[0]) - 1
    hits, first = np.empty(m, dtype=np.int32), np.empty(m, dtype=np.int32)
    dcg, precisions = np.empty(m, dtype=np.float64), np.empty(m, dtype=np.float64)
    _native.list_gains(
        *_row_lists(lists, m),
        *_row_lists(relevant, m),
        int(k),
        int(n_items),
        hits,
        first,
        dcg,
        precisions,
        thread_count(threads),
    )
    return hits, first, dcg, precisions


def resampled_sums(values: F64, *, resamples: int, seed: int, threads: int | None = None) -> F64:
    """Sums of columns over rows drawn with replacement, as many as there are, again and again.

    Parameters
    ----------
    values
        float64, shape (n, n_columns); all columns share the same draws.
    resamples
        How many times.
    seed
        0…2⁶⁴ − 1; the same one gives the same draws, whatever the threads.

    Returns
    -------
    ndarray
        float64, shape (resamples, n_columns).
    """
    values = _array(values, np.float64, "values", None, None)
    if len(values) >= 2**32:
        raise ValueError(f"there can be at most {2**32 - 1} rows, got {len(values)}")
    out = np.empty((resamples, values.shape[1]), dtype=np.float64)
    _native.resampled_sums(values, seed, out, thread_count(threads))
    return out


def _top_k_arrays(n_queries: int, k: int) -> tuple[I32, F32, I32]:
    """Room for k answers a query, as native code fills it: codes, scores, counts."""
    codes = np.empty((n_queries, k), dtype=np.int32)
    return codes, np.empty((n_queries, k), dtype=np.float32), np.zeros(n_queries, dtype=np.int32)


def _ragged(codes: I32, scores: F32, counts: I32) -> tuple[I64, I32, F32]:
    """The same without the room that was not used: row pointers, codes, scores."""
    indptr = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=indptr[1:])
    if indptr[-1] == codes.size:
        return indptr, codes.reshape(-1), scores.reshape(-1)
    there = np.arange(codes.shape[1]) < counts[:, None]
    return indptr, codes[there], scores[there]


def _factor_pair(
    queries: npt.NDArray[Any], items: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Both as C-ordered arrays of one precision, float64 if either has it."""
    double = np.result_type(queries, items) == np.float64
    dtype = np.float64 if double else np.float32
    items = _array(items, dtype, "items", None, None)
    return _array(queries, dtype, "queries", None, items.shape[1]), items


def _row_lists(rows: Rows | None, n_rows: int) -> Rows:
    if rows is None:
        return np.zeros(n_rows + 1, dtype=np.int64), np.empty(0, dtype=np.int32)
    indptr, indices = rows
    return _array(indptr, np.int64, "indptr", n_rows + 1), _array(
        indices, np.int32, "indices", None
    )


def _optional(rows: Rows | None, n_rows: int) -> tuple[I64 | None, I32 | None]:
    return (None, None) if rows is None else _row_lists(rows, n_rows)


def _rank_arrays(targets: Rows) -> tuple[I32, I32, I64]:
    n = int(targets[0][-1] - targets[0][0])
    counts = np.empty(len(targets[0]) - 1, dtype=np.int64)
    return np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32), counts
