"""From scores to ranked lists: the best of each query, and who is like whom."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant.data.csr import Csr
from penchant.models._arguments import stack
from penchant.models._scoring.normalize import normalize
from penchant.models._scoring.scorers import FactorScorer, Scorer, TopK

Metric = Literal["cosine", "dot"]


def top_k(scorer: Scorer, k: int, exclude: Csr | None, allow: list[Csr | None]) -> TopK:
    """The best of each query, where some are limited to a list and others are not."""
    limited = np.array([row is not None for row in allow], dtype=np.bool_)
    if not limited.any():
        return scorer.top_k(k, exclude=exclude)
    lists = stack([row for row in allow if row is not None], scorer.n_items)
    if limited.all():
        return scorer.top_k(k, exclude=exclude, allow=lists)
    parts = []
    for rows, only in ((np.flatnonzero(~limited), None), (np.flatnonzero(limited), lists)):
        less = None if exclude is None else exclude.take_rows(rows)
        parts.append((rows, scorer.take(rows).top_k(k, exclude=less, allow=only)))
    return TopK.merge(parts)


def vector_scorer(
    vectors: npt.NDArray[Any], codes: npt.NDArray[Any], metric: Metric, threads: int | None
) -> Scorer:
    """How like each of ``vectors`` is to some of them; a zero vector is like nothing (0)."""
    if metric == "cosine":
        vectors = normalize(vectors)
    return FactorScorer(vectors[codes], vectors, threads=threads)


def diagonal(codes: npt.NDArray[np.int32], n: int) -> Csr:
    """One entry a row: the query itself."""
    indptr = np.arange(len(codes) + 1, dtype=np.int64)
    return Csr(indptr, codes, np.ones(len(codes), dtype=np.float32), n)


def checked(metric: Metric) -> Metric:
    """The metric, if there is such a one; SettingsError if not."""
    checks.choice("metric", metric, ("cosine", "dot"))
    return metric
