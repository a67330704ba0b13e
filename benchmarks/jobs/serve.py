"""Answers for all: recommend, similar items, NDCG; every library serves the same factors."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import datasets
from benchmarks.datasets import Rows
from benchmarks.engines import ENGINES
from benchmarks.engines.base import Factors, Setting

K = 10
TEST_LIKES = 5
EPOCHS = 4


def run(
    engine: str,
    data: str,
    factors: int,
    work: str,
    *,
    threads: int = 2,
    sample: int | None = None,
    repeat: int = 3,
    limit: float = 300.0,
) -> dict[str, Any]:
    """Time ``work`` (recommend, similar, evaluate) ``repeat`` times; the best settles nothing.

    ``sample``: for how many users or items; None: all. penchant is fitted first and leaves its
    factors beside the data for the others.
    """
    rows = datasets.load(Path(data))
    train, test = held_out(rows) if work == "evaluate" else (rows, None)
    kept = Path(data) / f"factors-{'train' if test else 'all'}-{factors}.npz"
    setting = Setting(factors, EPOCHS, threads)
    adapter = ENGINES[engine].adapter()
    if engine.startswith("penchant"):
        served = adapter.serve(train, setting, None)
        X, Y = adapter.fitted[id(served)]
        np.savez(kept, X=X, Y=Y)
    else:
        served = adapter.serve(train, setting, _kept(kept))
    call = getattr(served, work)
    if call is None:
        return {"absent": f"{engine} has no {work}"}
    if test is not None:
        n_queries, answer = int((np.diff(test.indptr) > 0).sum()), lambda: call(test, K)
    else:
        codes = _some(rows.n_columns if work == "similar" else rows.n_rows, sample)
        n_queries, answer = len(codes), lambda: call(codes, K)
    seconds, value = timed(answer, repeat, limit)
    result: dict[str, Any] = {"times": seconds, "asked": n_queries}
    return {**result, "ndcg": value} if work == "evaluate" else result


def timed(call: Callable[[], Any], repeat: int, limit: float) -> tuple[list[float], Any]:
    """Seconds of every call, as many as fit into the limit, and the last answer."""
    seconds: list[float] = []
    value = None
    while len(seconds) < repeat and sum(seconds) < limit:
        begun = time.perf_counter()
        value = call()
        seconds.append(time.perf_counter() - begun)
    return seconds, value


def held_out(rows: Rows) -> tuple[Rows, Rows]:
    """The same split for all."""
    import penchant
    from benchmarks.engines.penchant_als import interactions

    split = penchant.split.leave_k_out(interactions(rows), TEST_LIKES, seed=0)
    parts = (split.train.csr, split.test.csr)
    train, test = (Rows(c.indptr, c.indices, c.values, c.n_columns) for c in parts)
    return train, test


def _kept(file: Path) -> Factors:
    with np.load(file) as held:
        return held["X"], held["Y"]


def _some(n: int, sample: int | None) -> Any:
    if sample is None or sample >= n:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, sample, replace=False))
