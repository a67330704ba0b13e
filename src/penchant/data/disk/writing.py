"""Write the arrays of a data set, then its manifest."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
from penchant.data.disk.progress import update
from penchant.data.disk.storage import LocalStorage
from penchant.data.disk.work import Result
from penchant.data.string_buffer import Texts

_AT_ONCE = 1 << 24  # bytes of an array that are copied at a time


@dataclass(frozen=True)
class SortedEntries:
    """Consecutive entries of a side's rows.

    Attributes
    ----------
    rows, columns
        int32, shape (n,); rows ascend, and columns within a row.
    values
        float32, shape (n,).
    times
        int64, shape (n,), or None.
    """

    rows: npt.NDArray[np.int32]
    columns: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    times: npt.NDArray[np.int64] | None


class RangeWriter:
    """Writes the entries of a range of rows, whose row pointers begin at 0.

    Parameters
    ----------
    prefix
        How the paths of the files begin.
    rows
        The first row, and the one after the last.
    is_timed
        Whether there are timestamps.
    """

    def __init__(self, prefix: Path, rows: tuple[int, int], *, is_timed: bool) -> None:
        self._prefix, self._rows = prefix, rows
        self._arrays = ["indptr", *(ENTRY_ARRAYS if is_timed else ENTRY_ARRAYS[:2])]
        self._n_entries = self._n_negative = 0
        self._newest: int | None = None

    def write(self, parts: Iterable[SortedEntries]) -> None:
        """Write the entries, in the order of their rows."""
        next_row, end = self._rows
        with contextlib.ExitStack() as stack:
            files = {
                name: stack.enter_context(self._path(name).open("xb")) for name in self._arrays
            }
            for part in parts:
                last = int(part.rows[-1])
                # where the rows before the last of this part end
                ends = np.searchsorted(part.rows, np.arange(next_row, last), side="right")
                _write(files["indptr"], ends + self._n_entries, "indptr")
                _write(files["indices"], part.columns, "indices")
                _write(files["values"], part.values, "values")
                if part.times is not None:
                    _write(files["times"], part.times, "times")
                    newest = int(part.times.max())
                    self._newest = newest if self._newest is None else max(newest, self._newest)
                self._n_negative += int((part.values < 0).sum())
                next_row, self._n_entries = last, self._n_entries + len(part.rows)
            _write(files["indptr"], np.full(end - next_row, self._n_entries), "indptr")

    def value(self) -> dict[str, Any]:
        """Return what was written: the number of entries, of negative ones, the newest time."""
        return {"nnz": self._n_entries, "n_negative": self._n_negative, "newest": self._newest}

    def files(self) -> dict[str, Path]:
        """Return array → its file."""
        return {array: self._path(array) for array in self._arrays}

    def _path(self, array: str) -> Path:
        return self._prefix.with_name(f"{self._prefix.name}.{array}")


class SideWriter:
    """Writes ids and rows of the users or the items.

    Parameters
    ----------
    folder
        Where the files are made.
    side
        What the rows are.

    """

    def __init__(self, folder: Path, side: Side) -> None:
        self._folder, self._side = folder, side
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

    def join_rows(self, ranges: Sequence[Result]) -> None:
        """Write the entries of consecutive ranges of rows; see :class:`RangeWriter`."""
        n_entries = 0
        with contextlib.ExitStack() as stack:
            arrays = [name for name in ENTRY_ARRAYS if name in ranges[0].files]
            files = {name: stack.enter_context(self._path(name).open("xb")) for name in arrays}
            indptr = stack.enter_context(self._path("indptr").open("xb"))
            _write(indptr, np.zeros(1, np.int64), "indptr")
            for number, part in enumerate(ranges):
                update(number / len(ranges))
                for pointers in _numbers(Path(part.files["indptr"]), "indptr"):
                    _write(indptr, pointers + n_entries, "indptr")
                for name in arrays:
                    with Path(part.files[name]).open("rb") as source:
                        shutil.copyfileobj(source, files[name], _AT_ONCE)
                n_entries += part.value["nnz"]

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


def _numbers(path: Path, array: str) -> Iterator[npt.NDArray[Any]]:
    """Yield the numbers of a file, some at a time."""
    with path.open("rb") as file:
        while len(numbers := np.fromfile(file, dtype_of(array), _AT_ONCE // item_size(array))):
            yield numbers


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
