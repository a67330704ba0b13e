"""A file of vectors that are kept between runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from penchant.errors import DataError

F32 = npt.NDArray[np.float32]
_KEYS_PER_QUERY = 500


class VectorCache:
    """A SQLite file of vectors; several processes may use it at once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, keys: Sequence[bytes]) -> dict[bytes, F32]:
        """Return the vectors of those keys that are in the file."""
        vectors: dict[bytes, F32] = {}
        for start in range(0, len(keys), _KEYS_PER_QUERY):
            some = keys[start : start + _KEYS_PER_QUERY]
            marks = ", ".join("?" * len(some))
            rows = self._connection.execute(
                f"SELECT key, vector FROM vectors WHERE key IN ({marks})",  # noqa: S608
                some,
            )
            vectors |= {key: np.frombuffer(vector, dtype="<f4") for key, vector in rows}
        return vectors

    def put(self, vectors: dict[bytes, F32]) -> None:
        """Write vectors to the file."""
        rows = [(key, vector.astype("<f4").tobytes()) for key, vector in vectors.items()]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)


@contextmanager
def open_cache(path: str | Path | None) -> Iterator[VectorCache | None]:
    """Open the cache in a file, which is created if it does not exist; None for None.

    Raises
    ------
    DataError
        If the file can't be written, or is of another kind.
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
            f"{path} can't be used as a cache of vectors: {error}; name another file"
        ) from error
