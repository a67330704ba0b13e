"""From scores to ranked lists: the best items of each query, and similarities of vectors."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant.data.csr import Csr
from penchant.models._arguments import stack
from penchant.models._scoring.index import ItemIndex
from penchant.models._scoring.scorers import FactorScorer, Scorer, TopK

Metric = Literal["cosine", "dot"]


def top_k(scorer: Scorer, k: int, exclude: Csr | None, allow: list[Csr | None] | None) -> TopK:
    """Return the best items of each query, where some are limited to a list and others are not."""
    if allow is None:
        return scorer.top_k(k, exclude=exclude)
    limited = np.array([row is not None for row in allow], dtype=np.bool_)
    if not limited.any():
        return scorer.top_k(k, exclude=exclude)
    lists = stack([row for row in allow if row is not None], scorer.n_items)
    if limited.all():
        return scorer.top_k(k, exclude=exclude, allow=lists)
    parts = []
    for rows, candidates in ((np.flatnonzero(~limited), None), (np.flatnonzero(limited), lists)):
        excluded = None if exclude is None else exclude.take_rows(rows)
        parts.append((rows, scorer.take(rows).top_k(k, exclude=excluded, allow=candidates)))
    return TopK.merge(parts)


def vector_scorer(
    index: ItemIndex, codes: npt.NDArray[Any], metric: Metric, threads: int | None
) -> Scorer:
    """Return a scorer of the similarities of some vectors of an index to all of them.

    The similarity to a zero vector is 0.
    """
    if metric == "cosine":
        index = index.normalized
    return FactorScorer(index.vectors.take(codes, axis=0), index, threads=threads)


def diagonal(codes: npt.NDArray[np.int32], n: int) -> Csr:
    """Return rows with one entry each: the query itself, out of n columns."""
    indptr = np.arange(len(codes) + 1, dtype=np.int64)
    return Csr(indptr, codes, np.ones(len(codes), dtype=np.float32), n)


def check_metric(metric: Metric) -> Metric:
    """Return the metric; raise SettingsError if it is unknown."""
    checks.check_choice("metric", metric, ("cosine", "dot"))
    return metric
