"""The kernels of data: files looked through, logs read, matrices turned."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _native
from penchant._kernels.common import F32, I32, I64, as_native, thread_count

Scan = _native.Scan
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
    indptr = as_native(indptr, np.int64, "indptr", None)
    if not len(indptr) or indptr[0] != 0:
        raise ValueError("indptr must begin with 0")
    nnz = int(indptr[-1])
    indices = as_native(indices, np.int32, "indices", nnz)
    values = as_native(values, np.float32, "values", nnz)
    out = (
        np.empty(n_columns + 1, dtype=np.int64),
        np.empty(nnz, dtype=np.int32),
        np.empty(nnz, dtype=np.float32),
    )
    _native.transpose(indptr, indices, values, *out, thread_count(threads))
    return out


def survey(
    path: Path, begin: int, *, quote: str | None, longest: int, chunk: int = 1 << 20
) -> Scan:
    """Look at every byte of a file from an offset on; see native/include/penchant/survey.hpp."""
    end, threads = path.stat().st_size, thread_count(None)
    return _native.survey(os.fsencode(path), begin, end, quote or "", longest, chunk, threads)


class LogReader:
    """Rows of delimited text, read in parallel; see native/include/penchant/rowlog.hpp.

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
        self._log = _native.LogReader(self._valued, self._timed, memory)

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
        odd = as_native(odd, np.int64, "odd", None)
        self._log.fill(
            odd,
            "\n".join(users),
            "\n".join(items),
            as_native(values, np.float64, "values", len(odd)) if self._valued else None,
            as_native(times, np.int64, "times", len(odd)) if self._timed else None,
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
