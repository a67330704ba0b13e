"""Item neighbors beside those of irspack and implicit: fit, and ten items for every user.

    python -m benchmarks.neighbors [NAME …] [--neighbors 50] [--threads 2] [--repeats 5]

Interactions count 1; seen items are left out. All keep the same number of neighbors of an item (0:
all of them), and take turns in one process; medians count. ``--fit-only`` leaves the lists out.

The difference is the largest of sorted similarities, or of scores in lists, relative to the first
of a list. Which of several neighbors with the same similarity is kept is free, and irspack keeps
the neighbors of columns: for the comparison of lists the peers get penchant's similarities.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import penchant
from benchmarks.slim import of_rows
from penchant.data.csr import Csr

NAMES = ("lastfm-2k", "ml-1m", "sketchfab", "fifth-of-ml-20m")
COLUMNS = (
    "data set", "neighbors", "peer", "work", "peer, CPU s", "CPU s", "ratio", "peer, s", "s",
    "ratio", "difference",
)  # fmt: skip
BETA, K1, B = 0.6, 1.2, 0.75
TOP, BATCH = 10, 1024
CHECKED = 2000  # items, at most, whose neighbors are compared


class Job(NamedTuple):
    """What is compared, for one data set."""

    data: penchant.Interactions
    matrix: Any
    neighbors: int | None
    threads: int


class Contender(NamedTuple):
    """A model: how to fit it; once fitted its similarities, how to replace them, and lists."""

    fit: Callable[[], Any]
    similarities: Callable[[Any], Any]
    replace: Callable[[Any, Any], None]
    recommend: Callable[[Any], Any]
    scores: Callable[[Any], Any]


class Pair(NamedTuple):
    """penchant's model, the peer's, and penchant's with the neighbors of the peer."""

    own: Contender
    peer: Contender
    same: Contender


def own(job: Job, **settings: Any) -> Contender:
    """Return penchant's model."""
    model = penchant.ItemNeighbors(neighbors=job.neighbors, threads=job.threads, **settings)

    def similarities(fitted: Any) -> Any:
        arrays = fitted._arrays()
        parts = arrays["offsets"], arrays["neighbors"], arrays["similarities"]
        return Csr(*parts, len(fitted.items)).to_scipy()

    def scores(answers: list[Any]) -> Any:
        return np.concatenate([_padded(answer) for answer in answers])

    def recommend(fitted: Any) -> list[Any]:
        return list(fitted.recommend_all(TOP))

    return Contender(lambda: model.fit(job.data), similarities, _unused, recommend, scores)


def _unused(fitted: Any, similarities: Any) -> None:
    raise NotImplementedError


def _padded(answer: Any) -> Any:
    counts = np.diff(answer.offsets)
    scores = np.zeros((len(counts), TOP))
    scores[np.arange(TOP) < counts[:, None]] = answer.scores
    return scores


def of_irspack(job: Job) -> Contender:
    """Return irspack's RP3beta, which has an item among its own neighbors."""
    from irspack.recommenders.rp3 import RP3betaRecommender

    count = None if job.neighbors is None else job.neighbors + 1

    def fit() -> Any:
        return RP3betaRecommender(
            job.matrix, alpha=1.0, beta=BETA, top_k=count, n_threads=job.threads
        ).learn()

    def recommend(fitted: Any) -> list[Any]:
        lists = []
        for begin in range(0, job.matrix.shape[0], BATCH):
            end = min(begin + BATCH, job.matrix.shape[0])
            scores = fitted.get_score_remove_seen_block(begin, end)
            codes = np.argpartition(-scores, TOP, axis=1)[:, :TOP]
            best = np.take_along_axis(scores, codes, 1)
            order = np.argsort(-best, axis=1)
            lists.append([np.take_along_axis(part, order, 1) for part in (codes, best)])
        return lists

    def scores(lists: list[Any]) -> Any:
        return np.concatenate([best for _, best in lists])

    def replace(fitted: Any, similarities: Any) -> None:
        fitted._W = similarities.tocsc()

    return Contender(fit, lambda fitted: fitted.W.T.tocsr(), replace, recommend, scores)


def of_implicit(job: Job, similarity: str) -> Contender:
    """Return implicit's model, which has an item among its own neighbors."""
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender

    count = job.matrix.shape[1] if job.neighbors is None else job.neighbors + 1
    options: dict[str, Any] = {"K": count, "num_threads": job.threads}
    kind = {"bm25": BM25Recommender, "cosine": CosineRecommender, "tfidf": TFIDFRecommender}
    if similarity == "bm25":
        options |= {"K1": K1, "B": B}

    def fit() -> Any:
        model = kind[similarity](**options)
        model.fit(job.matrix, show_progress=False)
        return model

    def recommend(fitted: Any) -> Any:
        return fitted.recommend(np.arange(job.matrix.shape[0]), job.matrix, N=TOP)

    def replace(fitted: Any, similarities: Any) -> None:
        fitted.__setstate__({"similarity": similarities})

    def similarities(fitted: Any) -> Any:
        return fitted.similarity

    return Contender(fit, similarities, replace, recommend, lambda lists: lists[1])


def pairs_of(job: Job) -> dict[str, Pair]:
    """Return the comparisons by the name of the peer."""
    walk: dict[str, Any] = {"similarity": "rp3beta", "common_exponent": 1.0}
    pairs = {
        "irspack RP3beta": Pair(
            own(job, **walk, source_exponent=1.0, target_exponent=BETA),
            of_irspack(job),
            own(job, **walk, source_exponent=BETA, target_exponent=1.0),
        )
    }
    for similarity in ("cosine", "tfidf", "bm25"):
        model = own(job, similarity=similarity, k1=K1, b=B)
        pairs[f"implicit {similarity}"] = Pair(model, of_implicit(job, similarity), model)
    return pairs


def timed(work: Callable[[], Any]) -> tuple[Any, tuple[float, float]]:
    """Return a result, its processor seconds of all threads, and its seconds."""
    processor, began = time.process_time(), time.perf_counter()
    result = work()
    return result, (time.process_time() - processor, time.perf_counter() - began)


def difference_of_neighbors(ours: Any, theirs: Any, top: int | None) -> float:
    """Compare the sorted similarities of items, without an item to itself; ties are free."""
    worst = 0.0
    for row in range(0, ours.shape[0], max(1, ours.shape[0] // CHECKED)):
        lists = [_sorted_row(matrix, row)[:top] for matrix in (ours, theirs)]
        size = max(map(len, lists))
        if size:
            first, second = (np.pad(part, (0, size - len(part))) for part in lists)
            worst = max(worst, float(np.abs(first - second).max() / first.max()))
    return worst


def _sorted_row(matrix: Any, row: int) -> Any:
    span = slice(*matrix.indptr[row : row + 2])
    values = matrix.data[span][matrix.indices[span] != row]
    return np.sort(values[values > 0])[::-1]


def difference_of_lists(ours: Any, theirs: Any) -> float:
    """Compare the scores of users' lists; those of users with too few items are 0 or less."""
    first, second = np.maximum(ours, 0), np.maximum(theirs, 0)
    return float((np.abs(first - second).max(axis=1) / np.maximum(first[:, 0], 1e-30)).max())


def compare(name: str, job: Job, repeats: int, works: tuple[str, ...]) -> None:
    """Print the rows of a data set: processor seconds and seconds of both, and their ratios."""
    for label, pair in pairs_of(job).items():
        spent: dict[tuple[str, str], list[tuple[float, float]]] = {}
        results = {}
        for _ in range(repeats):
            for who, contender in (("own", pair.own), ("peer", pair.peer)):
                fitted, taken = timed(contender.fit)
                spent.setdefault((who, "fit"), []).append(taken)
                results[who, "fit"] = fitted
                if "lists" in works:
                    lists, taken = timed(partial(contender.recommend, fitted))
                    spent.setdefault((who, "lists"), []).append(taken)
                    results[who, "lists"] = contender.scores(lists)
        for work in works:
            peer, mine = (np.median(spent[who, work], axis=0) for who in ("peer", "own"))
            if work == "fit":
                theirs = pair.peer.similarities(results["peer", "fit"])
                ours = pair.same.similarities(pair.same.fit())
                error = difference_of_neighbors(ours, theirs, job.neighbors)
            else:
                fitted = results["peer", "fit"]
                pair.peer.replace(fitted, _plain(pair.own.similarities(results["own", "fit"])))
                theirs = pair.peer.scores(pair.peer.recommend(fitted))
                error = difference_of_lists(results["own", "lists"], theirs)
            cells = [
                name, str(job.neighbors or "all"), label, work,
                f"{peer[0]:.3f}", f"{mine[0]:.3f}", f"{peer[0] / mine[0]:.1f}",
                f"{peer[1]:.3f}", f"{mine[1]:.3f}", f"{peer[1] / mine[1]:.1f}",
                f"{error:.0e}",
            ]  # fmt: skip
            print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(NAMES))
    parser.add_argument("--neighbors", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--fit-only", action="store_true")
    options = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for name in options.names:
        data = of_rows(name)
        job = Job(data, _matrix(data), options.neighbors or None, options.threads)
        compare(name, job, options.repeats, ("fit",) if options.fit_only else ("fit", "lists"))


def _plain(matrix: Any) -> Any:
    """Return a matrix in the types that the peers take."""
    import scipy.sparse as sp

    parts = matrix.data.astype(np.float64), matrix.indices, matrix.indptr.astype(np.int32)
    out = sp.csr_matrix(parts, shape=matrix.shape)
    out.sort_indices()
    return out


def _matrix(data: penchant.Interactions) -> Any:
    """Return the interactions as the peers take them."""
    import scipy.sparse as sp

    return sp.csr_matrix(data.to_scipy())


if __name__ == "__main__":
    main()
