"""The arrays of a data set on disk: mapped whole, or read by blocks with their checksums."""

from __future__ import annotations

import zlib
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from penchant.data.blocks import BlockedRows
from penchant.data.csr import Csr
from penchant.data.disk.layout import Manifest, Side, StoredBlock, dtype_of, item_size
from penchant.data.disk.storage import Storage
from penchant.data.id_buffers import IntegerBuffer, TextBuffer
from penchant.data.id_stores import IdStore
from penchant.data.string_buffer import Texts
from penchant.errors import DataError, DatasetError

_OTHER: dict[Side, Side] = {"users": "items", "items": "users"}


class StoredFiles:
    """The arrays of a data set.

    Parameters
    ----------
    storage
        The folder of the data set.
    manifest
        Its manifest.
    """

    def __init__(self, storage: Storage, manifest: Manifest) -> None:
        self.storage, self.manifest = storage, manifest
        self._verified: set[tuple[str, int]] = set()  # files and the first bytes of blocks

    def path(self, file: str) -> str:
        """Return the path of a file in the folder of the data set."""
        return f"{self.manifest.data}/{file}"

    def map(self, side: Side, array: str) -> npt.NDArray[Any]:
        """Map an array.

        Raises
        ------
        DatasetError
            If it can't be mapped, or has another length than the manifest says.
        """
        file = f"{side}.{array}"
        mapped = self.storage.map(self.path(file), dtype_of(file))
        length = self.manifest.lengths()[file]
        if len(mapped) != length:
            self.refuse(file, f"it holds {len(mapped):,} numbers, {length:,} are expected")
        return mapped

    def csr(self, side: Side) -> Csr:
        """Map the rows of a side, and check that no row leads out of them.

        Raises
        ------
        DatasetError
            If they can't be mapped or are damaged.
        """
        arrays = {name: self.map(side, name) for name in ("indptr", *self.manifest.entry_arrays())}
        return self.validated(side, arrays)

    def validated(self, side: Side, arrays: dict[str, npt.NDArray[Any]]) -> Csr:
        """Return rows of a side, and check that none leads out of them.

        Raises
        ------
        DatasetError
            If one does.
        """
        csr = Csr(**arrays, n_columns=self.manifest.sides[_OTHER[side]].n)
        if not csr.is_validated:
            self.refuse(f"{side}.indices", "its rows lead out of the matrix")
        return csr

    def ids(self, side: Side) -> IdStore:
        """Map the ids of a side.

        Raises
        ------
        DatasetError
            If they can't be mapped or are damaged.
        """
        if self.manifest.sides[side].id_type == "integer":
            return IntegerBuffer(self.map(side, "ids"))
        try:
            texts = Texts(self.map(side, "text"), self.map(side, "offsets"))
        except DataError as error:
            self.refuse(f"{side}.offsets", str(error))
        return TextBuffer(texts, is_sorted=True)

    def blocks(self, side: Side) -> StoredRows:
        """Return the blocks of a side."""
        return StoredRows(self, side)

    def read_block(self, side: Side, block: StoredBlock, array: str) -> npt.NDArray[Any]:
        """Read an array of a block.

        Its checksum is compared at the first time: what a training reads again in each epoch comes
        from the memory of the system.

        Raises
        ------
        DatasetError
            If it can't be read or is damaged.
        """
        file = f"{side}.{array}"
        size = item_size(file)
        begin, end = block.span(array)
        numbers = np.empty(end - begin, dtype=dtype_of(file))
        raw = memoryview(numbers.view(np.uint8))  # type: ignore[arg-type]
        where = f"rows {block.rows.start:,} to {block.rows.stop - 1:,}"
        if self.storage.read_into(self.path(file), raw, begin * size) != len(raw):
            self.refuse(file, f"it ends within {where}")
        if (file, begin) not in self._verified:
            if zlib.crc32(raw) != block.checksums[array]:
                self.refuse(file, f"{where} don't match their checksum")
            self._verified.add((file, begin))
        return numbers

    def check_file(self, file: str, checksum: int) -> None:
        """Compare the checksum of a whole file.

        Raises
        ------
        DatasetError
            If it can't be read or is damaged.
        """
        size = self.manifest.sizes()[file]
        if self.storage.checksum(self.path(file), 0, size) != checksum:
            self.refuse(file, "it doesn't match its checksum")

    def check_sizes(self) -> None:
        """Compare the sizes of all files.

        Raises
        ------
        DatasetError
            If one is missing or has another size.
        """
        actual = self.storage.sizes(self.manifest.data)
        for file, size in self.manifest.sizes().items():
            if file not in actual:
                self.refuse(file, "it is missing")
            if actual[file] != size:
                self.refuse(file, f"it has {actual[file]:,} bytes, {size:,} are expected")

    def refuse(self, file: str, fault: str) -> NoReturn:
        """Raise the error for a file that is damaged."""
        raise DatasetError(
            f"{self.storage.address} is damaged: {self.path(file)}: {fault}; copy the data set "
            "again, or ingest it again"
        )


class StoredRows(BlockedRows):
    """Rows of a data set on disk, which are read a block at a time.

    Parameters
    ----------
    files
        The arrays of the data set.
    side
        Whether rows are users or items.
    """

    def __init__(self, files: StoredFiles, side: Side) -> None:
        self._files, self._side = files, side
        sides = files.manifest.sides
        self._stored = sides[side].blocks
        self.blocks = tuple(block.rows for block in self._stored)
        self.n_columns = sides[_OTHER[side]].n

    def read(self, number: int) -> Csr:
        """See :meth:`BlockedRows.read`."""
        block, files, side = self._stored[number], self._files, self._side
        names = ("indptr", *files.manifest.entry_arrays())
        arrays = {name: files.read_block(side, block, name) for name in names}
        arrays["indptr"] = arrays["indptr"] - block.begin
        return files.validated(side, arrays)
