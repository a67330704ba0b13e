"""Item neighbors beside those of irspack and implicit: fit, and ten items for every user.

    python -m benchmarks.neighbors [NAME …] [--neighbors 50] [--threads 2] [--repeats 5]

Interactions count 1; seen items are left out. All keep the same number of neighbors of an item (0:
all of them), and take turns in one process; medians count. ``--fit-only`` leaves the lists out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

import numpy as np

import penchant
from benchmarks import datasets
from benchmarks.slim import of_rows
from penchant.data.csr import Csr

NAMES = ("lastfm-2k", "ml-1m", "sketchfab", "ml-20m")
BETA, K1, B = 0.6, 1.2, 0.75
TOP = 10
BATCH = 1024


class Job(NamedTuple):
    """What is compared, for one data set."""

    data: penchant.Interactions
    matrix: Any
    neighbors: int | None
    threads: int


class Contender(NamedTuple):
    """A model: how to fit it, its similarities item × neighbor, and its lists."""

    fit: Callable[[], Any]
    similarities: Callable[[Any], Any]
    recommend: Callable[[Any], Any]


def own(job: Job, **settings: Any) -> Contender:
    """Return penchant's model; lists are item codes and scores, as given out in batches."""
    model = penchant.ItemNeighbors(neighbors=job.neighbors, threads=job.threads, **settings)

    def similarities(fitted: Any) -> Any:
        arrays = fitted._arrays()
        parts = arrays["offsets"], arrays["neighbors"], arrays["similarities"]
        return Csr(*parts, len(fitted.items)).to_scipy()

    def recommend(fitted: Any) -> list[Any]:
        return list(fitted.recommend_all(TOP))

    return Contender(lambda: model.fit(job.data), similarities, recommend)


def of_irspack(job: Job) -> Contender:
    """Return irspack's RP3beta; neighbors are those of a column there, with the item itself."""
    from irspack.recommenders.rp3 import RP3betaRecommender

    count = None if job.neighbors is None else job.neighbors + 1

    def fit() -> Any:
        model = RP3betaRecommender(
            job.matrix, alpha=1.0, beta=BETA, top_k=count, n_threads=job.threads
        )
        return model.learn()

    def recommend(fitted: Any) -> list[Any]:
        lists = []
        for begin in range(0, job.matrix.shape[0], BATCH):
            end = min(begin + BATCH, job.matrix.shape[0])
            scores = fitted.get_score_remove_seen_block(begin, end)
            codes = np.argpartition(-scores, TOP, axis=1)[:, :TOP]
            best = np.take_along_axis(scores, codes, 1)
            order = np.argsort(-best, axis=1)
            lists.append(tuple(np.take_along_axis(part, order, 1) for part in (codes, best)))
        return lists

    return Contender(fit, lambda fitted: fitted.W.T.tocsr(), recommend)


def of_implicit(job: Job, similarity: str) -> Contender:
    """Return implicit's model; an item is one of its own neighbors there."""
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender

    count = job.matrix.shape[1] if job.neighbors is None else job.neighbors + 1
    options = {"K": count, "num_threads": job.threads}

    def fit() -> Any:
        if similarity == "bm25":
            model = BM25Recommender(K1=K1, B=B, **options)
        else:
            model = {"cosine": CosineRecommender, "tfidf": TFIDFRecommender}[similarity](**options)
        model.fit(job.matrix, show_progress=False)
        return model

    def recommend(fitted: Any) -> list[Any]:
        return [fitted.recommend(np.arange(job.matrix.shape[0]), job.matrix, N=TOP)]

    return Contender(fit, lambda fitted: fitted.similarity, recommend)


def pairs_of(job: Job) -> dict[str, tuple[Contender, Contender, Contender]]:
    """Return name → penchant's model, the peer's, and penchant's for the check of neighbors."""
    walk = {"similarity": "rp3beta", "common_exponent": 1.0}
    pairs = {
        "irspack RP3beta": (
            own(job, **walk, source_exponent=1.0, target_exponent=BETA),
            of_irspack(job),
            own(job, **walk, source_exponent=BETA, target_exponent=1.0),
        )
    }
    for similarity in ("cosine", "tfidf", "bm25"):
        model = own(job, similarity=similarity, k1=K1, b=B)
        pairs[f"implicit {similarity}"] = model, of_implicit(job, similarity), model
    return pairs


def timed(work: Callable[[], Any]) -> tuple[Any, tuple[float, float]]:
    """Return a result, its processor seconds of all threads, and its seconds."""
    processor, began = time.process_time(), time.perf_counter()
    result = work()
    return result, (time.process_time() - processor, time.perf_counter() - began)


def difference(ours: Any, theirs: Any, top: int | None) -> float:
    """Return the largest relative difference of the sorted similarities of an item.

    Equal similarities are ties, whose order is free; an item is no neighbor of its own here.
    """
    worst = 0.0
    for row in range(0, ours.shape[0], max(1, ours.shape[0] // 2000)):
        values = [_row(matrix, row, top) for matrix in (ours, theirs)]
        size = max(map(len, values))
        first, second = (np.pad(part, (0, size - len(part))) for part in values)
        if size:
            worst = max(worst, float(np.abs(first - second).max() / max(first.max(), 1e-30)))
    return worst


def _row(matrix: Any, row: int, top: int | None) -> Any:
    begin, end = matrix.indptr[row : row + 2]
    values = matrix.data[begin:end][matrix.indices[begin:end] != row]
    values = np.sort(values[values > 0])[::-1]
    return values if top is None else values[:top]


def compare(name: str, job: Job, repeats: int, fit_only: bool) -> None:
    """Print the rows of a data set: processor seconds and seconds of both, and their ratios."""
    for label, (mine, peer, checked) in pairs_of(job).items():
        spent: dict[str, list[tuple[float, float]]] = {}
        for _ in range(repeats):
            for who, contender in (("own", mine), ("peer", peer)):
                fitted, taken = timed(lambda contender=contender: contender.fit())
                spent.setdefault(f"{who} fit", []).append(taken)
                if not fit_only:
                    call = lambda c=contender, f=fitted: c.recommend(f)  # noqa: E731
                    spent.setdefault(f"{who} lists", []).append(timed(call)[1])
        theirs = peer.similarities(fitted)
        error = difference(checked.similarities(checked.fit()), theirs, job.neighbors)
        for work in ("fit",) if fit_only else ("fit", "lists"):
            a, b = (np.median(spent[f"{who} {work}"], axis=0) for who in ("peer", "own"))
            print(
                f"| {name} | {job.neighbors or 'all'} | {label} | {work} | {a[0]:.3f} | {b[0]:.3f} "
                f"| {a[0] / b[0]:.1f} | {a[1]:.3f} | {b[1]:.3f} | {a[1] / b[1]:.1f} "
                f"| {error:.0e} |",
                flush=True,
            )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(NAMES))
    parser.add_argument("--neighbors", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--fit-only", action="store_true")
    options = parser.parse_args()
    print(
        "| data set | neighbors | peer | work | peer, CPU s | CPU s | ratio | peer, s | s | ratio | difference |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name in options.names:
        data = of_rows(name)
        job = Job(data, _matrix(data), options.neighbors or None, options.threads)
        compare(name, job, options.repeats, options.fit_only)


def _matrix(data: penchant.Interactions) -> Any:
    """Return the matrix as the peers take it."""
    import scipy.sparse as sp

    return sp.csr_matrix(data.to_scipy())


if __name__ == "__main__":
    main()
