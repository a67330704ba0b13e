"""Arrays and objects in the files of a folder that all workers share."""

from __future__ import annotations

import contextlib
import pickle
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np

from penchant import _kernels
from penchant.data.blocks import BlockedRows
from penchant.data.csr import Csr
from penchant.engines.base import Factors
from penchant.errors import DatasetError

ValueT = TypeVar("ValueT")


def write(folder: Path, *arrays: Any) -> Path:
    """Write arrays to a new file, which appears when it is complete, and return its path."""
    with _new_file(folder) as (path, file):
        for array in arrays:
            np.save(file, np.ascontiguousarray(array), allow_pickle=False)
    return path


def read(path: Path) -> list[Any]:
    """Read the arrays of a file.

    Raises
    ------
    DatasetError
        If it can't be read.
    """
    arrays = []
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            while file.tell() < size:
                arrays.append(np.load(file, allow_pickle=False))
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"a block of the training in {path.parent} can't be read: {error}; train again"
        ) from error
    return arrays


def read_factors(path: Path) -> Factors:
    """Read the factors of a block, in the memory layout of the kernels."""
    return _kernels.align_rows(read(path)[0])


def delete(paths: Sequence[Path]) -> None:
    """Delete files, if they are still there."""
    for path in paths:
        path.unlink(missing_ok=True)


def write_object(folder: Path, value: object) -> Path:
    """Write an object for workers of this training to a new file, and return its path.

    The folder belongs to the user who trains, as the workers do that read the file.
    """
    with _new_file(folder) as (path, file):
        pickle.dump(value, file)
    return path


@contextlib.contextmanager
def _new_file(folder: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Open a new file, which gets its name once the block has ended without an error."""
    path = folder / uuid.uuid4().hex
    draft = path.with_suffix(".part")
    with draft.open("wb") as file:
        yield path, file
    draft.replace(path)


def read_object(path: Path) -> Any:
    """Read an object of this training once in each process."""
    return _objects.get(path, lambda: pickle.loads(path.read_bytes()))  # noqa: S301


class Cache:
    """The last objects that a process has read; its threads share them.

    Parameters
    ----------
    size
        How many are kept; the one that was used least recently is dropped first.
    """

    def __init__(self, size: int) -> None:
        self._size, self._lock = size, threading.Lock()
        self._values: dict[object, Any] = {}  # the last used last

    def get(self, key: object, make: Callable[[], ValueT]) -> ValueT:
        """Return the object of a key; while one is made, other threads wait for it."""
        with self._lock:
            if key not in self._values and len(self._values) >= self._size:
                del self._values[next(iter(self._values))]  # before the next takes its memory
            value: ValueT = self._values.pop(key) if key in self._values else make()
            self._values[key] = value
            return value


_objects = Cache(4)


class FileBlocks(BlockedRows):
    """Rows that were in memory, each block in a file."""

    def __init__(self, folder: Path, rows: BlockedRows) -> None:
        self.blocks, self.n_columns = rows.blocks, rows.n_columns
        self._paths = [
            write(folder, block.indptr, block.indices, block.values) for _, block in rows
        ]

    def read(self, number: int) -> Csr:
        """See :meth:`BlockedRows.read`."""
        indptr, indices, values = read(self._paths[number])
        return Csr(indptr, indices, values, self.n_columns)
