"""What a data set on disk holds, and whether its files are as they were written."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from penchant.data.disk.layout import SIDES, StoredSide
from penchant.data.disk.opening import open_files


def describe(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what the manifest of a data set says, as plain values.

    Raises
    ------
    DatasetError
        If it is no data set, is incomplete, or a file is missing or has another size.
    """
    files = open_files(path)
    manifest = files.manifest
    sides: dict[str, Any] = {side: _side(stored) for side, stored in manifest.sides.items()}
    return {
        "name": manifest.name,
        "created": manifest.created,
        "penchant_version": manifest.penchant_version,
        "bytes": sum(manifest.sizes().values()),
        "interactions": manifest.nnz,
        "dislikes": manifest.n_dislikes,
        "timestamps": manifest.is_timed,
        "newest": manifest.newest,
        **sides,
        "notes": list(manifest.lines()),
        "steps": [vars(step) for step in manifest.steps],
        "files": manifest.sizes(),
    }


def check(
    path: str | os.PathLike[str], on_progress: Callable[[int, int, str], None] | None = None
) -> None:
    """Read all files of a data set and compare their checksums.

    Parameters
    ----------
    path
        The folder or the address.
    on_progress
        Called with the blocks that were read, the number of all, and the file.

    Raises
    ------
    DatasetError
        At the first block that is damaged, with its file.
    """
    files = open_files(path)
    n_all = sum(len(files.manifest.sides[side].blocks) for side in SIDES)
    n_read = 0
    for side in SIDES:
        for array, checksum in files.manifest.sides[side].id_checksums.items():
            files.check_file(f"{side}.{array}", checksum)
        rows = files.blocks(side)
        for number in range(len(rows.blocks)):
            rows.read(number)
            n_read += 1
            if on_progress is not None:
                on_progress(n_read, n_all, side)


def _side(stored: StoredSide) -> dict[str, Any]:
    return {
        "n": stored.n,
        "ids": stored.id_type,
        "blocks": len(stored.blocks),
        "largest_block": max((block.rows.nnz for block in stored.blocks), default=0),
    }
