"""Small log files and what was read of them."""

from __future__ import annotations

from pathlib import Path

from penchant.data.interactions import Interactions


def write(folder: Path, data: bytes | str, name: str = "log.tsv") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def triples(data: Interactions) -> dict[tuple[object, object], float]:
    """Return (user, item) → value."""
    return {(u, i): v for u in data.users for i, v in data.history(u).items()}
