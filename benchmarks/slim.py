"""SLIM beside irspack's at equal penalties: processor seconds and objectives, in one process.

    python -m benchmarks.slim [NAME …] [--sequences FILE] [--threads 2] [--repeats 2]

Interactions count 1. ``--sequences`` adds a file with a line for each user: the user, then items.
The two take turns, and the least time of each counts. irspack stops when no weight changes by more
than its tolerance in a sweep, penchant by the duality gap; objectives say how far each came.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import penchant
from benchmarks import datasets

PENALTIES = {"ml-1m": (5.0, 200.0), "lastfm-2k": (1.0, 20.0)}
SPARSE = (0.5, 5.0)
"""The penalties l1 and l2 of other data sets."""


def objective(X: Any, W: Any, l1: float, l2: float) -> float:
    """Compute ½‖X − XW‖² + ½ l2 ‖W‖² + l1 Σ|w_ij|, some columns at a time."""
    X, W = X.astype(np.float64).tocsc(), W.astype(np.float64).tocsc()
    total = 0.5 * l2 * (W.data**2).sum() + l1 * np.abs(W.data).sum()
    for begin in range(0, W.shape[1], 512):
        residuals = X[:, begin : begin + 512] - X @ W[:, begin : begin + 512]
        total += 0.5 * (residuals.data**2).sum()
    return float(total)


def own(data: penchant.Interactions, l1: float, l2: float, tolerance: float, threads: int) -> Any:
    """Fit penchant's model; return W."""
    model = penchant.SLIM(l1=l1, l2=l2, tolerance=tolerance, threads=threads)
    return model.fit(data).weights


def peer(data: penchant.Interactions, l1: float, l2: float, tolerance: float, threads: int) -> Any:
    """Fit irspack's model, whose penalties are in units of the number of users; return W."""
    import scipy.sparse as sp
    from irspack.recommenders.slim import SLIMRecommender

    X = sp.csr_matrix(data.to_scipy())
    model = SLIMRecommender(
        X,
        alpha=(l1 + l2) / X.shape[0],
        l1_ratio=l1 / (l1 + l2),
        tol=tolerance,
        n_threads=threads,
    )
    return model.learn().W


def timed(fit: Callable[[], Any]) -> tuple[Any, float]:
    """Return a result, and the processor seconds of all threads."""
    began = time.process_time()
    result = fit()
    return result, time.process_time() - began


def compare(name: str, data: penchant.Interactions, threads: int, repeats: int) -> str:
    """Return a row of the table for one data set."""
    l1, l2 = PENALTIES.get(name, SPARSE)
    contenders = {
        "default": lambda: own(data, l1, l2, 1e-4, threads),
        "exact": lambda: own(data, l1, l2, 1e-6, threads),
        "peer": lambda: peer(data, l1, l2, 1e-4, threads),
    }
    seconds = dict.fromkeys(contenders, np.inf)
    weights = {}
    for _ in range(repeats):
        for label, fit in contenders.items():
            weights[label], taken = timed(fit)
            seconds[label] = min(seconds[label], taken)
    X = data.to_scipy()
    values = {label: objective(X, W, l1, l2) for label, W in weights.items()}
    above = [f"{values[label] / values['peer'] - 1:+.1e}" for label in ("default", "exact")]
    return (
        f"| {name} | {l1:g}, {l2:g} | {seconds['peer']:.2f} "
        f"| {seconds['default']:.2f} | {above[0]} | {seconds['peer'] / seconds['default']:.1f} "
        f"| {seconds['exact']:.2f} | {above[1]} | {seconds['peer'] / seconds['exact']:.1f} |"
    )


def of_rows(name: str) -> penchant.Interactions:
    """Return a data set of the benchmarks; every interaction counts 1."""
    matrix = datasets.load(datasets.prepare(name)).scipy()
    matrix.data[:] = 1
    return penchant.Interactions.from_scipy(matrix)


def of_sequences(path: Path) -> penchant.Interactions:
    """Read a line for each user: the user, then items."""
    import scipy.sparse as sp

    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    items = {
        item: code for code, item in enumerate(sorted({i for line in lines for i in line[1:]}))
    }
    codes = [np.unique([items[item] for item in line[1:]]) for line in lines]
    indptr = np.cumsum([0, *map(len, codes)])
    parts = np.ones(indptr[-1], dtype=np.float32), np.concatenate(codes), indptr
    return penchant.Interactions.from_scipy(sp.csr_array(parts, shape=(len(lines), len(items))))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(PENALTIES))
    parser.add_argument("--sequences", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=2)
    options = parser.parse_args()
    print(
        "| data set | l1, l2 | irspack, CPU s | CPU s | objective | ratio "
        "| CPU s, 1e-6 | objective | ratio |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    sets = {name: of_rows(name) for name in options.names}
    if options.sequences is not None:
        sets[options.sequences.parent.name] = of_sequences(options.sequences)
    for name, data in sets.items():
        print(compare(name, data, options.threads, options.repeats), flush=True)


if __name__ == "__main__":
    main()
