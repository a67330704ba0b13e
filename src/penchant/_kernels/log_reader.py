"""Facade of ``log_reader.hpp``: rows of delimited text, read in parallel and merged."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _native
from penchant._kernels.arrays import F32, I32, I64, as_native
from penchant._kernels.parallel import thread_count

LineCounts = _native.LineCounts
Merged = _native.Merged

MERGE_POLICIES = {
    "binary": _native.MergePolicy.binary,
    "sum": _native.MergePolicy.sum,
    "max": _native.MergePolicy.max,
    "mean": _native.MergePolicy.mean,
    "last": _native.MergePolicy.last,
}


class LogReader:
    """Reads regular lines of delimited text into memory and merges them into a matrix.

    Parameters
    ----------
    roles
        Which of ``"user"``, ``"item"``, ``"value"`` and ``"timestamp"`` are read.
    memory
        The most bytes that rows and ids may take.
    """

    def __init__(self, roles: Collection[str], memory: int) -> None:
        self._timed, self._valued = "timestamp" in roles, "value" in roles
        self._memory = memory
        self._log = _native.LogReader(valued=self._valued, timed=self._timed, memory=memory)

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
        """Read a file from an offset on.

        Parameters
        ----------
        path, begin
            The file and the offset.
        sep, width
            The separator, and the number of fields of a line.
        places
            The field of each role, from 0.
        chunk
            Bytes that a thread reads at once; None: chosen from the memory.

        Returns
        -------
        bool
            False if the rows exceed the memory or too many lines are irregular.
        """
        threads = thread_count(None)
        if max(places.values()) >= width:
            raise ValueError(f"no column {max(places.values())} in {width}")
        layout = _native.LineLayout(
            sep=sep,
            width=width,
            user=places["user"],
            item=places["item"],
            value=places.get("value", -1),
            time=places.get("timestamp", -1),
        )
        return self._log.read(
            os.fsencode(path),
            begin=begin,
            end=path.stat().st_size,
            layout=layout,
            chunk=chunk or min(max(self._memory // (16 * threads), 1 << 16), 1 << 18),
            threads=threads,
        )

    def take_irregular(self) -> tuple[I64, bytes]:
        """Return numbers (from 0, in their file) and text of the irregular lines not yet taken."""
        lines, text = self._log.take_irregular()
        return np.frombuffer(lines, dtype=np.int64), text

    def fill(
        self,
        irregular: npt.NDArray[Any],
        users: Iterable[str],
        items: Iterable[str],
        values: npt.NDArray[Any],
        times: npt.NDArray[Any],
    ) -> None:
        """Put rows in the place of irregular lines, by their number among all taken so far."""
        irregular = as_native(irregular, np.int64, "irregular", None)
        n = len(irregular)
        self._log.fill(
            irregular,
            users="\n".join(users),
            items="\n".join(items),
            values=as_native(values, np.float64, "values", n) if self._valued else None,
            times=as_native(times, np.int64, "times", n) if self._timed else None,
        )

    def counts(self) -> LineCounts:
        """Return how many lines were read, and how many are valid, blank, zero and irregular."""
        return self._log.counts()

    def ids(self) -> tuple[list[str], list[str]]:
        """Return the sorted ids of users and items; nothing can be read afterwards."""
        self._log.sort_ids(thread_count(None))
        return _texts(self._log.users()), _texts(self._log.items())

    def merge(self, policy: str) -> tuple[I64, I32, F32, I64 | None, Merged]:
        """Return the matrix (row pointers, columns, values), timestamps, and counts of rows."""
        n_valid = self._log.counts().valid
        indptr = np.empty(self._log.n_users + 1, dtype=np.int64)
        indices, values = np.empty(n_valid, dtype=np.int32), np.empty(n_valid, dtype=np.float32)
        times = np.empty(n_valid, dtype=np.int64) if self._timed else None
        merged = self._log.merge(
            MERGE_POLICIES[policy],
            indptr=indptr,
            indices=indices,
            values=values,
            times=times,
            threads=thread_count(None),
        )
        for array in (indices, values, times):
            if array is not None:  # free the memory that merged rows left unused at the end
                array.resize(int(indptr[-1]), refcheck=False)
        return indptr, indices, values, times, merged


def _texts(joined: bytes) -> list[str]:
    return joined.decode().split("\n") if joined else []
