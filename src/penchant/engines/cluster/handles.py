"""Rows and factors in the files of a folder, as an engine's handles."""

from __future__ import annotations

import contextlib
import posixpath
import tempfile
import uuid
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant.data.blocks import BlockedRows, MemoryBlocks
from penchant.engines.base import Bounds, Factors, Penalties
from penchant.engines.block_progress import OnBlock
from penchant.engines.blocks.blockwise import BlockwiseEngine, slices_of
from penchant.engines.cluster import files
from penchant.engines.cluster.files import File, Place
from penchant.engines.cluster.folder import absolute, folder_of
from penchant.engines.local import LocalEngine
from penchant.engines.memory import draw_normal
from penchant.errors import DatasetError


@dataclass(frozen=True, eq=False)
class ClusterRows:
    """Weighted rows in blocks, the files that hold them for workers, and λ of each row.

    Attributes
    ----------
    source
        The rows.
    file
        The file of the rows in blocks.
    penalties
        The file of λ of each block.
    regularization
        λ of all rows.
    """

    source: BlockedRows
    file: File
    penalties: tuple[File, ...]
    regularization: Penalties


@dataclass(eq=False)
class ClusterFactors:
    """The factors of a side: a file for each block. The files of a change are new ones."""

    blocks: tuple[File, ...]
    bounds: Bounds
    f: int
    dtype: str

    @property
    def slices(self) -> list[slice]:
        """The rows of each block."""
        return slices_of(self.bounds)

    def replace(self, blocks: Sequence[File]) -> None:
        """Take the files of changed blocks, and delete those before."""
        before, self.blocks = set(self.blocks), tuple(blocks)
        files.delete(sorted(before - set(blocks)))


class FileEngine(BlockwiseEngine[ClusterRows, ClusterFactors]):
    """The part of an engine that keeps rows and factors in the files of a folder.

    Parameters
    ----------
    folder
        The path or the address in which a new folder is made; None: that of this machine for
        temporary files.
    entries_per_block, checkpoint, resume, on_block
        As for :class:`BlockwiseEngine`.

    Attributes
    ----------
    folder
        The folder that was named, as an absolute path or an address.
    """

    def __init__(
        self,
        folder: str | Path | None,
        *,
        entries_per_block: int,
        checkpoint: str | Path | None,
        resume: bool,
        on_block: OnBlock | None,
    ) -> None:
        super().__init__(
            LocalEngine(),
            entries_per_block=entries_per_block,
            checkpoint=checkpoint,
            resume=resume,
            on_block=on_block,
        )
        self.folder = absolute(tempfile.gettempdir() if folder is None else folder)
        address = posixpath.join(self.folder, f"penchant-training-{uuid.uuid4().hex}")
        own = folder_of(address)
        own.create()
        self._finalizer = weakref.finalize(self, own.remove)
        self._place = Place.within(address)

    def close(self) -> None:
        """Remove the files of the training; the engine can't train any more."""
        self._finalizer()

    @contextlib.contextmanager
    def _shared(self, value: object) -> Iterator[File]:
        """Write an object that all tasks of a step need to one file, and delete it afterwards."""
        file = files.write_object(self._place, value)
        try:
            yield file
        finally:
            files.delete([file])

    @contextlib.contextmanager
    def _step(self) -> Iterator[Place]:
        """Give a step a place for its files, which are deleted if it fails."""
        place = Place.within(self._place.folder)
        try:
            yield place
        except BaseException:
            with contextlib.suppress(DatasetError):
                place.tidy()
            raise

    # --- handles -------------------------------------------------------------------

    def load_blocks(self, rows: BlockedRows, regularization: Penalties) -> ClusterRows:
        """See :meth:`BlockEngine.load_blocks`; rows in memory are written to files."""
        shared = files.FileBlocks(self._place, rows) if isinstance(rows, MemoryBlocks) else rows
        penalties = tuple(
            files.write(self._place, regularization[part]) for part in slices_of(rows.bounds)
        )
        file = files.write_object(self._place, shared)
        return ClusterRows(rows, file, penalties, regularization)

    def create_factors(self, bounds: Bounds, f: int, dtype: str) -> ClusterFactors:
        """See :meth:`Engine.create_factors`."""
        blocks = [
            files.write(self._place, np.zeros((rows.stop - rows.start, f), dtype))
            for rows in slices_of(bounds)
        ]
        return ClusterFactors(tuple(blocks), bounds, f, dtype)

    def from_numpy(self, factors: Factors, bounds: Bounds) -> ClusterFactors:
        """See :meth:`Engine.from_numpy`."""
        blocks = [files.write(self._place, factors[rows]) for rows in slices_of(bounds)]
        return ClusterFactors(tuple(blocks), bounds, factors.shape[1], factors.dtype.name)

    def to_numpy(self, factors: ClusterFactors) -> Factors:
        """See :meth:`Engine.to_numpy`; reads all blocks into the memory of this process."""
        whole = np.zeros((factors.bounds[-1], factors.f), factors.dtype)
        for rows, path in zip(factors.slices, factors.blocks, strict=True):
            whole[rows] = files.read(path)[0]
        return whole

    def copy_factors(self, factors: ClusterFactors) -> ClusterFactors:
        """See :meth:`Engine.copy_factors`."""
        blocks = [files.write(self._place, files.read(path)[0]) for path in factors.blocks]
        return ClusterFactors(tuple(blocks), factors.bounds, factors.f, factors.dtype)

    def initialize(
        self, factors: ClusterFactors, *, seed: int | Sequence[int], scale: float
    ) -> None:
        """See :meth:`Engine.initialize`; draws in this process, a block at a time."""
        random, blocks = np.random.default_rng(seed), []
        for rows in factors.slices:
            block = np.empty((rows.stop - rows.start, factors.f), factors.dtype)
            draw_normal(block, random, scale)
            blocks.append(files.write(self._place, block))
        factors.replace(blocks)

    def assign_rows(
        self,
        factors: ClusterFactors,
        values: Factors,
        positions: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """See :meth:`Engine.assign_rows`."""
        at = np.ones(factors.bounds[-1], dtype=bool) if positions is None else positions
        taken, blocks = 0, []
        for rows, path in zip(factors.slices, factors.blocks, strict=True):
            block, here = files.read_factors(path), at[rows]
            count = int(here.sum())
            block[here] = values[taken : taken + count]
            taken += count
            blocks.append(files.write(self._place, block))
        factors.replace(blocks)

    def clear_empty_rows(self, rows: ClusterRows, factors: ClusterFactors) -> None:
        """See :meth:`Engine.clear_empty_rows`."""
        empty = rows.source.row_counts == 0
        if empty.any():
            zeros = np.zeros((int(empty.sum()), factors.f), factors.dtype)
            self.assign_rows(factors, zeros, empty)

    def previous_to_arrays(self, previous: Any) -> list[npt.NDArray[Any]]:
        """See :meth:`Engine.previous_to_arrays`; reads all blocks."""
        blocks = [files.read(path) for path in previous]
        return [np.concatenate(parts) for parts in zip(*blocks, strict=True)]

    def previous_from_arrays(self, arrays: list[npt.NDArray[Any]], factors: ClusterFactors) -> Any:
        """See :meth:`Engine.previous_from_arrays`."""
        like = np.zeros((1, factors.f), factors.dtype)
        kept = self._local.previous_from_arrays(arrays, like)
        whole = self._local.previous_to_arrays(kept)
        return [
            files.write(self._place, *(array[rows] for array in whole)) for rows in factors.slices
        ]
