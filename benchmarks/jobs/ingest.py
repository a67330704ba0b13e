"""A tab-separated log of user, artist and plays, read into rows with codes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.meter import Memory, highest


def run(engine: str, data: str, *, threads: int = 2) -> dict[str, Any]:
    """``engine`` is "penchant" or "pandas"; the file is made by :func:`write`, beforehand."""
    import numpy as np  # noqa: F401 - both begin with it

    read = _with_penchant if engine == "penchant" else _with_pandas
    memory = Memory()
    begun = time.perf_counter()
    shape, nnz = read(str(log_of(Path(data))))
    seconds = time.perf_counter() - begun
    return {
        "times": [seconds],
        "memory": memory.pause(),
        "whole_memory": highest(),
        "shape": shape,
        "interactions": nnz,
        "bytes": log_of(Path(data)).stat().st_size,
    }


def _with_penchant(path: str) -> tuple[tuple[int, int], int]:
    import penchant

    data = penchant.read_interactions(path, user=0, item=1, value=2, sep="\t", header=False)
    return (data.n_users, data.n_items), data.nnz


def _with_pandas(path: str) -> tuple[tuple[int, int], int]:
    """As a careful person would: no quotes, no missing values made of names."""
    import pandas as pd
    import scipy.sparse as sp

    table = pd.read_csv(
        path, sep="\t", header=None, names=["u", "i", "v"], quoting=3, keep_default_na=False,
        dtype={"u": str, "i": str, "v": "float32"},
    )  # fmt: skip
    users, user_ids = pd.factorize(table["u"])
    items, item_ids = pd.factorize(table["i"])
    shape = len(user_ids), len(item_ids)
    matrix = sp.coo_matrix((table["v"].to_numpy(), (users, items)), shape=shape).tocsr()
    return shape, matrix.nnz


def log_of(data: Path) -> Path:
    """The log file of a data set."""
    return data / "log.tsv"


def write(data: Path) -> Path:
    """The log, users as hashes and items as names, in shuffled order within users; made once."""
    file = log_of(data)
    if file.exists():
        return file
    import duckdb
    import numpy as np

    indptr, indices = np.load(data / "indptr.npy"), np.load(data / "indices.npy")
    u = np.repeat(np.arange(len(indptr) - 1, dtype=np.int32), np.diff(indptr))
    v = np.load(data / "values.npy").astype(np.int64)
    part = file.with_suffix(".part")
    with duckdb.connect() as con:
        con.execute("SET preserve_insertion_order = true")
        cells = {"u": u, "i": indices, "v": v}
        con.register("cells", cells)
        con.execute(
            "COPY (SELECT sha1(u::VARCHAR), 'the artist no. ' || i, v FROM cells) TO "
            f"'{part}' (DELIMITER '\t', HEADER false, QUOTE '')"
        )
    part.rename(file)
    return file
