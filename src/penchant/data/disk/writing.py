"""Write the arrays of a data set, then its manifest."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from penchant.data.blocks import block_bounds
from penchant.data.disk.layout import (
    ENTRY_ARRAYS,
    Side,
    StoredBlock,
    StoredSide,
    dtype_of,
    item_size,
)
from penchant.data.disk.sorting import SortedEntries
from penchant.data.disk.storage import LocalStorage
from penchant.data.string_buffer import Texts


class SideWriter:
    """Writes ids and rows of the users or the items.

    Parameters
    ----------
    folder
        Where the files are made.
    side
        What the rows are.

    Attributes
    ----------
    n_negative
        How many values that were written are below 0.
    newest
        The newest time that was written, or None.
    """

    def __init__(self, folder: Path, side: Side) -> None:
        self._folder, self._side = folder, side
        self.n_negative = 0
        self.newest: int | None = None
        self._n = self._text_bytes = 0
        self._id_type = "integer"

    def write_ids(self, parts: Iterable[npt.NDArray[Any]]) -> None:
        """Write the ids, in the order of their codes."""
        with contextlib.ExitStack() as files:
            opened: dict[str, IO[bytes]] = {}

            def put(array: str, numbers: npt.NDArray[Any]) -> None:
                if array not in opened:
                    opened[array] = files.enter_context(self._path(array).open("xb"))
                _write(opened[array], numbers, f"{self._side}.{array}")

            for part in parts:
                self._n += len(part)
                if part.dtype.kind == "i":
                    put("ids", part)
                    continue
                self._id_type = "text"
                texts = Texts.of(part.tolist())
                offsets = texts.offsets + self._text_bytes
                put("text", texts.blob)
                put("offsets", offsets[1:] if "offsets" in opened else offsets)
                self._text_bytes = int(offsets[-1])

    def write_rows(self, parts: Iterable[SortedEntries]) -> None:
        """Write the entries, in the order of their rows."""
        arrays: dict[str, IO[bytes]] = {}
        next_row = n_entries = 0
        with contextlib.ExitStack() as files:
            for array in ("indptr", *ENTRY_ARRAYS[:2]):
                arrays[array] = files.enter_context(self._path(array).open("xb"))
            for part in parts:
                last = int(part.rows[-1])
                pointers = np.searchsorted(part.rows, np.arange(next_row, last + 1)) + n_entries
                self._put(arrays, "indptr", pointers)
                self._put(arrays, "indices", part.columns)
                self._put(arrays, "values", part.values)
                if part.times is not None:
                    if "times" not in arrays:
                        arrays["times"] = files.enter_context(self._path("times").open("xb"))
                    self._put(arrays, "times", part.times)
                    newest = int(part.times.max())
                    self.newest = newest if self.newest is None else max(newest, self.newest)
                self.n_negative += int((part.values < 0).sum())
                next_row, n_entries = last + 1, n_entries + len(part.rows)
            self._put(arrays, "indptr", np.full(self._n + 1 - next_row, n_entries))

    def _put(self, files: dict[str, IO[bytes]], array: str, numbers: npt.NDArray[Any]) -> None:
        _write(files[array], numbers, f"{self._side}.{array}")

    def finish(self) -> StoredSide:
        """Read the files again, and return the blocks with their checksums."""
        storage = LocalStorage(self._folder)
        sizes = storage.sizes()

        def checksum(array: str, begin: int, end: int) -> int:
            file = f"{self._side}.{array}"
            return storage.checksum(file, begin * item_size(file), end * item_size(file))

        blocks: list[StoredBlock] = []
        begin = 0
        names = [name for name in ("indptr", *ENTRY_ARRAYS) if f"{self._side}.{name}" in sizes]
        for rows in block_bounds(storage.map(f"{self._side}.indptr", dtype_of(".indptr"))):
            block = StoredBlock(rows, begin, {})
            sums = {name: checksum(name, *block.span(name)) for name in names}
            blocks.append(StoredBlock(rows, begin, sums))
            begin += rows.nnz
        files = {name: f"{self._side}.{name}" for name in ("ids", "text", "offsets")}
        id_sums = {
            name: storage.checksum(file, 0, sizes[file] or 0)
            for name, file in files.items()
            if file in sizes
        }
        return StoredSide(self._n, self._id_type, self._text_bytes, tuple(blocks), id_sums)

    def _path(self, array: str) -> Path:
        return self._folder / f"{self._side}.{array}"


def _write(file: IO[bytes], numbers: npt.NDArray[Any], name: str) -> None:
    file.write(np.ascontiguousarray(numbers, dtype=dtype_of(name)).view(np.uint8).data)


def sync(folder: Path) -> None:
    """Flush the files of a folder, and its entry, to the disk."""
    for path in [*_files(folder), folder]:
        with contextlib.suppress(PermissionError, IsADirectoryError):  # folders on Windows
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.is_file())
