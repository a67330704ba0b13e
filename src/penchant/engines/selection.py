"""The engine of a fit for which none is named."""

from __future__ import annotations

from typing import Any

from penchant.data.interactions import Interactions
from penchant.engines.base import Engine
from penchant.engines.blocks.engine import Blocks
from penchant.engines.limits import memory_limit
from penchant.engines.local import LocalEngine

SHARE = 0.25
"""The share of the memory limit that the rows of both sides may take in memory."""

_BYTES_PER_ENTRY, _BYTES_PER_ROW = 8, 8  # a column and a value; a row pointer


def engine_for(data: Interactions, threads: int | None) -> Engine[Any, Any]:
    """Return the engine of this machine that trains on some data.

    Data on disk are read block by block if their rows, in both orientations, would take more than
    a quarter of the memory that this process may use. All other data are held in memory.

    Parameters
    ----------
    data
        The interactions.
    threads
        The number of threads; None: all cores this process may use.
    """
    if data.blocks is None:
        return LocalEngine(threads)
    limit = memory_limit()
    is_large = limit is not None and size_in_memory(data) > SHARE * limit
    return Blocks(threads=threads) if is_large else LocalEngine(threads)


def size_in_memory(data: Interactions) -> int:
    """Return the bytes of the rows of users and of items in memory."""
    return 2 * _BYTES_PER_ENTRY * data.nnz + _BYTES_PER_ROW * (data.n_users + data.n_items)
