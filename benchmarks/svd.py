"""The truncated SVD beside SciPy's: seconds, processor seconds and the largest difference.

    python -m benchmarks.svd [NAME …] [--factors 256] [--threads 2]

The matrices hold 1 for each interaction of the data sets (benchmarks/datasets.py).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import datasets
from penchant.data.csr import Csr
from penchant.models.spectral.svd import truncated_svd

NAMES = ("lastfm-2k", "ml-1m", "sketchfab")


def timed(compute: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return a result, its seconds, and the processor seconds of all threads."""
    seconds, processor = time.perf_counter(), time.process_time()
    result = compute()
    return result, time.perf_counter() - seconds, time.process_time() - processor


def compare(name: str, factors: int, threads: int) -> str:
    """Return a row of the table for one data set."""
    import scipy.sparse.linalg

    rows = datasets.load(datasets.prepare(name))
    ones = np.ones(len(rows.indices), dtype=np.float32)
    matrix = Csr(rows.indptr, rows.indices, ones, rows.n_columns)
    reference = matrix.to_scipy().astype(np.float64)
    own, seconds, processor = timed(lambda: truncated_svd(matrix, factors, threads=threads))
    peer, peer_seconds, peer_processor = timed(
        lambda: scipy.sparse.linalg.svds(reference, k=factors, return_singular_vectors=True)
    )
    error = np.abs(own.values / np.sort(peer[1])[::-1] - 1).max()
    return (
        f"| {name} | {seconds:.2f} | {processor:.2f} | {peer_seconds:.2f} | {peer_processor:.2f} "
        f"| {peer_processor / processor:.1f} | {error:.1e} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--factors", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    print("| data set | s | CPU s | svds, s | svds, CPU s | ratio of CPU s | difference |")
    print("|---|---|---|---|---|---|---|")
    for name in options.names:
        print(compare(name, options.factors, options.threads), flush=True)


if __name__ == "__main__":
    main()
