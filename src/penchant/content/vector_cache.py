"""Vectors kept in a file between runs, by what they were made of and how."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from penchant.errors import DataError

F32 = npt.NDArray[np.float32]
_AT_ONCE = 500  # keys of one question


class VectorCache:
    """A SQLite file of vectors; several processes may use it at once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, keys: Sequence[bytes]) -> dict[bytes, F32]:
        """The vectors of those keys that are known."""
        found: dict[bytes, F32] = {}
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            rows = self._connection.execute(
                f"SELECT key, vector FROM vectors WHERE key IN ({marks})",  # noqa: S608
                some,
            )
            found |= {key: np.frombuffer(vector, dtype="<f4") for key, vector in rows}
        return found

    def put(self, vectors: dict[bytes, F32]) -> None:
        """Keep vectors."""
        rows = [(key, vector.astype("<f4").tobytes()) for key, vector in vectors.items()]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)


@contextmanager
def opened(path: str | Path | None) -> Iterator[VectorCache | None]:
    """The cache in a file, which is made if it is not there; None for None.

    Raises
    ------
    DataError
        If the file can't be written, or is another one.
    """
    if path is None:
        yield None
        return
    try:
        with closing(sqlite3.connect(path, timeout=60)) as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"
                " WITHOUT ROWID"
            )
            yield VectorCache(connection)
    except sqlite3.Error as error:
        raise DataError(
            f"{path} can't serve as a cache of vectors: {error}; name another file"
        ) from error
