"""Slow, readable answers to what native code answers fast: whole rows, plain loops."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from penchant.data.interactions import Csr


def csr_of(lists, n_columns, values=None) -> Csr:
    """Rows given as lists of columns."""
    lists = [sorted(row) for row in lists]
    indptr = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    indices = np.array([c for row in lists for c in row], dtype=np.int32)
    if values is None:
        values = np.ones(len(indices))
    return Csr(indptr, indices, np.asarray(values, dtype=np.float32), n_columns)


def rows_of(csr: Csr) -> list[list[int]]:
    return [csr.indices[a:b].tolist() for a, b in pairwise(csr.indptr)]


def lists_of(top) -> list[list[int]]:
    return [top.indices[a:b].tolist() for a, b in pairwise(top.indptr)]


def top_k(scores, k, exclude=None, allow=None) -> list[list[int]]:
    """The best columns of each row: highest score first, then lowest column."""
    answers = []
    for row, line in enumerate(np.asarray(scores, dtype=float)):
        candidates = range(len(line)) if allow is None else allow[row]
        candidates = [
            c
            for c in candidates
            if not (exclude and c in exclude[row])
            and not math.isnan(line[c])
            and line[c] != -np.inf
        ]
        answers.append(sorted(candidates, key=lambda c: (-line[c], c))[:k])
    return answers


def ranks(scores, targets, exclude=None):
    """For each target (above, tied), and the candidates of each row."""
    found, sizes = [], []
    for row, line in enumerate(np.asarray(scores, dtype=float)):
        line = [-np.inf if math.isnan(s) else s for s in line]
        out = set(exclude[row]) - set(targets[row]) if exclude else set()
        candidates = [c for c in range(len(line)) if c not in out]
        sizes.append(len(candidates))
        for target in targets[row]:
            others = [line[c] for c in candidates if c != target]
            above = sum(s > line[target] for s in others)
            found.append((above, sum(s == line[target] for s in others)))
    return found, sizes


def metrics(ranked, scores, relevant, exclude, k) -> dict[str, float]:
    """Every metric of one user, from its definition.

    ``ranked`` is the whole ranking of the candidates, ``relevant`` maps item → value.
    """
    n = len(scores)
    candidates = [c for c in range(n) if c in relevant or c not in exclude]
    top = ranked[:k]
    hits = [item in relevant for item in top]
    best = min(k, len(relevant))
    dcg = sum(1 / math.log2(j + 2) for j, hit in enumerate(hits) if hit)
    precisions = [sum(hits[: j + 1]) / (j + 1) for j, hit in enumerate(hits) if hit]
    losers = [c for c in candidates if c not in relevant]
    wins = [
        (scores[a] > scores[b]) + (scores[a] == scores[b]) / 2 for a in relevant for b in losers
    ]
    standing = {
        item: sum(scores[c] > scores[item] for c in candidates)
        + (sum(scores[c] == scores[item] for c in candidates) - 1) / 2
        for item in relevant
    }
    weight = sum(relevant.values())
    preference = np.array([1.0 if c in relevant else 0.0 for c in range(n)])
    return {
        "precision": sum(hits) / min(k, len(candidates)),
        "recall": sum(hits) / len(relevant),
        "ndcg": dcg / sum(1 / math.log2(j + 2) for j in range(best)),
        "map": sum(precisions) / best,
        "mrr": 1 / (hits.index(True) + 1) if any(hits) else 0.0,
        "hit_rate": float(any(hits)),
        "auc": sum(wins) / len(wins) if wins else math.nan,
        "percentile_rank": sum(r * standing[i] for i, r in relevant.items())
        / weight
        / (len(candidates) - 1)
        if len(candidates) > 1
        else math.nan,
        "mse": float(np.mean((preference - np.asarray(scores, dtype=float)) ** 2)),
    }
