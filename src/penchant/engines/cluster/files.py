"""Arrays and objects in the files of a folder that all workers share."""

from __future__ import annotations

import io
import pickle
import posixpath
import threading
import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.blocks import BlockedRows
from penchant.data.csr import Csr
from penchant.engines.base import Factors
from penchant.engines.cluster.folder import folder_of
from penchant.errors import DatasetError

ValueT = TypeVar("ValueT")

_HEADER = 1024  # bytes that surely hold the header of an array
_AT_ONCE = 1 << 24  # bytes of factors that are read at a time, about


@dataclass(frozen=True, order=True)
class File:
    """A file of a training.

    Attributes
    ----------
    folder
        The address of its folder.
    name
        Its name there.
    """

    folder: str
    name: str

    @property
    def address(self) -> str:
        """The path or the address of the file."""
        return posixpath.join(self.folder, self.name)

    def is_file(self) -> bool:
        """Return whether this process sees the file."""
        try:
            folder_of(self.folder).read(self.name, 0, 1)
        except DatasetError:
            return False
        return True


@dataclass(frozen=True)
class Place:
    """Where the tasks of a step write: a folder, and how the names of their files begin."""

    folder: str
    prefix: str

    @classmethod
    def within(cls, folder: str) -> Place:
        """Return a place in a folder of which no other file is."""
        return cls(folder, uuid.uuid4().hex)

    def new_file(self) -> File:
        """Return the file that is written next."""
        return File(self.folder, f"{self.prefix}-{uuid.uuid4().hex}")

    def tidy(self, keep: Collection[File] = ()) -> None:
        """Delete what lost and repeated tasks wrote, and all else but some files."""
        kept, folder = {file.name for file in keep}, folder_of(self.folder)
        folder.delete(
            name for name in folder.names() if name.startswith(self.prefix) and name not in kept
        )


def write(place: Place, *arrays: Any) -> File:
    """Write arrays to a new file, which appears when it is complete."""
    file = place.new_file()
    parts: list[Any] = []
    for array in arrays:
        whole = np.ascontiguousarray(array)
        header = io.BytesIO()
        fields = np.lib.format.header_data_from_array_1_0(whole)
        np.lib.format.write_array_header_1_0(header, fields)
        parts += [header.getvalue(), whole.reshape(-1).view(np.uint8).data]
    folder_of(file.folder).write(file.name, parts)
    return file


def read(file: File) -> list[Any]:
    """Read the arrays of a file, read-only.

    Raises
    ------
    DatasetError
        If it can't be read.
    """
    raw, arrays, at = folder_of(file.folder).read(file.name), [], 0
    while at < len(raw):
        dtype, shape, begin = _header(file, raw[at : at + _HEADER])
        count = int(np.prod(shape, dtype=np.int64))
        at += begin
        if at + count * dtype.itemsize > len(raw):
            _refuse(file)
        arrays.append(np.frombuffer(raw, dtype, count, at).reshape(shape))
        at += count * dtype.itemsize
    if not arrays:
        _refuse(file)
    return arrays


def _header(file: File, raw: bytes) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """Return the type and the shape of an array, and where its numbers begin."""
    stream = io.BytesIO(raw)
    try:
        np.lib.format.read_magic(stream)
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    except ValueError:
        _refuse(file)
    return dtype, shape, stream.tell()


def _refuse(file: File) -> NoReturn:
    raise DatasetError(f"a block of the training is damaged: {file.address}; train again")


def read_factors(file: File) -> Factors:
    """Read the factors of a block, in the memory layout of the kernels."""
    dtype, (n, f), begin = _header_of(file)
    padded = _kernels.padded_rows(n, f, dtype)[:, :f]
    _read_rows(file, begin, padded)
    return padded


def read_rows(file: File, rows: npt.NDArray[np.int64], out: Factors) -> None:
    """Read some rows of the factors of a block, which rise, a few megabytes at a time."""
    if not len(rows):
        return
    dtype, (_, f), begin = _header_of(file)
    size = dtype.itemsize * f
    step = max(_AT_ONCE // size, 1)
    part = np.empty((min(step, int(rows[-1] - rows[0]) + 1), f), dtype)
    at = 0
    while at < len(rows):
        first = int(rows[at])
        end = int(np.searchsorted(rows, first + step))
        count = int(rows[end - 1]) + 1 - first
        read_to = out[at:end] if count == end - at else part[:count]
        _read_rows(file, begin + first * size, read_to)
        if count != end - at:
            np.take(part, rows[at:end] - first, axis=0, out=out[at:end], mode="clip")
        at = end


def _header_of(file: File) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    return _header(file, folder_of(file.folder).read(file.name, 0, _HEADER))


def _read_rows(file: File, begin: int, out: Factors) -> None:
    """Read as many rows as there is room for from a byte of a file on."""
    whole = out if out.flags.c_contiguous else np.empty_like(out, order="C")
    raw = memoryview(whole.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
    if folder_of(file.folder).read_into(file.name, raw, begin) != len(raw):
        _refuse(file)
    if whole is not out:
        out[:] = whole


def delete(files: Iterable[File]) -> None:
    """Delete files, if they are still there."""
    by_folder: dict[str, list[str]] = {}
    for file in files:
        by_folder.setdefault(file.folder, []).append(file.name)
    for folder, names in by_folder.items():
        folder_of(folder).delete(names)


def write_object(place: Place, value: object) -> File:
    """Write an object for workers of this training to a new file.

    The folder belongs to the user who trains, as the workers do that read the file.
    """
    file = place.new_file()
    folder_of(file.folder).write(file.name, [pickle.dumps(value)])
    return file


def read_object(file: File) -> Any:
    """Read an object of this training once in each process."""
    return _objects.get(file, lambda: load_object(file))


def load_object(file: File) -> Any:
    """Read an object that one task needs: it is not kept for others, see :func:`read_object`."""
    raw = folder_of(file.folder).read(file.name)
    try:
        return pickle.loads(raw)  # noqa: S301
    except (pickle.UnpicklingError, EOFError):
        _refuse(file)


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


_objects = Cache(6)


class FileBlocks(BlockedRows):
    """Rows that were in memory, each block in a file."""

    def __init__(self, place: Place, rows: BlockedRows) -> None:
        self.blocks, self.n_columns = rows.blocks, rows.n_columns
        self._files = [write(place, block.indptr, block.indices, block.values) for _, block in rows]

    def read(self, number: int) -> Csr:
        """See :meth:`BlockedRows.read`."""
        indptr, indices, values = read(self._files[number])
        return Csr(indptr, indices, values, self.n_columns)
