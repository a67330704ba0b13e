"""Data sets on disk of random rows, written without an ingest, which would take much longer."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import penchant
from penchant.data.csr import Csr, row_pointers
from penchant.data.disk.layout import SIDES
from penchant.data.disk.opening import read_manifest
from penchant.data.disk.storage import LocalStorage
from penchant.data.disk.target import target_of
from penchant.data.disk.work import Result
from penchant.data.disk.writing import RangeWriter, SideWriter, SortedEntries

PER_USER, USERS_PER_ITEM = 100, 500
_ROWS = 1 << 14  # written at a time


def draw(path: Path, interactions: int, seed: int = 0) -> Path:
    """Write about as many interactions; users have 100 items each, items 500 users on average."""
    by_user = _rows(interactions // PER_USER, max(interactions // USERS_PER_ITEM, PER_USER), seed)
    with tempfile.TemporaryDirectory(dir=path.parent) as temp, target_of(path, None) as target:
        few = Path(temp) / "few.dataset"
        penchant.ingest(penchant.datasets.shapes(n_items=20, n_users=30).to_pandas(), few)
        folder, sides = target.create(), {}
        for side, rows in zip(SIDES, (by_user, by_user.transpose()), strict=True):
            writer = SideWriter(folder, side)
            writer.write_ids([np.arange(rows.n_rows, dtype=np.int64)])
            writer.join_rows([_written(rows, Path(temp) / side)])
            sides[side] = writer.finish()
        manifest = read_manifest(LocalStorage(few))
        target.publish(
            dataclasses.replace(
                manifest,
                data=target.data,
                nnz=by_user.nnz,
                sides=sides,
                is_timed=False,
                newest=None,
                n_dislikes=0,
            )
        )
    return path


def _rows(n_users: int, n_items: int, seed: int) -> Csr:
    rng = np.random.default_rng(seed)
    widest = n_items // PER_USER
    columns = np.concatenate(
        [
            rng.integers(1, widest + 1, (min(_ROWS, n_users - first), PER_USER), np.int32)
            .cumsum(axis=1, dtype=np.int32)
            .ravel()
            for first in range(0, n_users, _ROWS)
        ]
    )
    values = rng.integers(1, 6, len(columns)).astype(np.float32)
    return Csr(row_pointers(np.full(n_users, PER_USER)), columns - 1, values, n_items)


def _written(rows: Csr, prefix: Path) -> Result:
    writer = RangeWriter(prefix, (0, rows.n_rows), is_timed=False)
    writer.write(_parts(rows))
    return Result(writer.value(), {array: str(file) for array, file in writer.files().items()})


def _parts(rows: Csr) -> Iterator[SortedEntries]:
    for first in range(0, rows.n_rows, _ROWS):
        stop = min(first + _ROWS, rows.n_rows)
        entries = slice(int(rows.indptr[first]), int(rows.indptr[stop]))
        numbers = np.repeat(np.arange(first, stop, dtype=np.int32), rows.row_counts[first:stop])
        if len(numbers):
            yield SortedEntries(numbers, rows.indices[entries], rows.values[entries], None)
