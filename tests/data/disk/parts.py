"""Ingests in many small parts, and what data sets hold, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

from tests.data.disk.logs import write_log

PIECE_BYTES = 3000
CONSTANTS = {
    "penchant.data.disk.pieces.PIECE_BYTES": PIECE_BYTES,
    "penchant.data.disk.ingest.PARTITIONED_BYTES": 0,
    "penchant.data.disk.ingest.ROWS_PER_PART": 250,
    "penchant.data.disk.ingest.ROWS_PER_TASK": 250,
}


def cut_small(monkeypatch) -> None:
    """Cut sources, rows and pairs into small parts."""
    for name, value in CONSTANTS.items():
        monkeypatch.setattr(name, value)


def write_logs(folder: Path, n_files: int = 3) -> str:
    """Write some files of a log, each of them a piece, and return their glob."""
    for seed in range(n_files):
        write_log(folder, 300, seed=seed).rename(folder / f"plays{seed}.csv")
    assert all(path.stat().st_size > PIECE_BYTES for path in folder.glob("plays?.csv"))
    return str(folder / "plays?.csv")


def contents(target: Path) -> dict[str, bytes]:
    """Return the bytes of the arrays of a data set, and its manifest without what is its own."""
    manifest = json.loads((target / "manifest.json").read_text())["dataset"]
    arrays = target / manifest.pop("data")
    del manifest["created"]
    files = {path.name: path.read_bytes() for path in arrays.iterdir()}
    return files | {"manifest.json": json.dumps(manifest).encode()}
