"""Holding out five likes of every user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import datasets
from benchmarks.engines import ENGINES
from benchmarks.jobs.serve import TEST_LIKES, timed


def run(
    engine: str, data: str, *, repeat: int = 3, limit: float = 60.0, threads: int = 2
) -> dict[str, Any]:
    split = ENGINES[engine].adapter().split(datasets.load(Path(data)), TEST_LIKES)
    return {"times": timed(split, repeat, limit)[0]}
