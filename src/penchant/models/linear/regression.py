"""Sparse weights of items: a regression of each item on the others, from the Gram matrix."""

from __future__ import annotations

import logging
from typing import NamedTuple

import numpy as np

from penchant import _kernels
from penchant.data.csr import Csr, row_pointers
from penchant.errors import SettingsError
from penchant.models._scoring.sparse_scorer import sparse_rows
from penchant.models.linear.autoencoder import squares
from penchant.models.linear.inverse import OnStep

log = logging.getLogger("penchant")

ENTRY_BYTES = 8  # of a sparse matrix: a column and a value
_COLUMNS_AT_ONCE = 512
_LOST = 1e-7  # a penalty below this share of the largest Σ x² is lost in the rounding of XᵀX


class Resources(NamedTuple):
    """The limits of a regression, and the callback of its progress."""

    max_memory: float
    """Of the Gram matrix, in GB."""

    threads: int | None = None
    on_step: OnStep | None = None
    """Called with the completed and the total number of blocks of items."""


def item_weights(X: Csr, problem: _kernels.ElasticNet, resources: Resources) -> Csr:
    """Solve an elastic net for each item: W, a row for each item of a history.

    Parameters
    ----------
    X
        A row for each user, a column for each item.
    problem
        The penalties and the accuracy.
    resources
        Its number of threads does not change the result.

    Raises
    ------
    SettingsError
        If the Gram matrix takes too much memory, or a penalty is lost in its rounding.
    """
    largest = squares(X).max(initial=0.0)
    if largest > np.finfo(np.float32).max or problem.l2.min(initial=np.inf) < _LOST * largest:
        raise SettingsError(
            "the L2 penalty is lost in the rounding, since values are large: raise it, or take "
            "confidence='binary' or 'log'"
        )
    gram, nonnegative = _gram(X, resources), bool((X.values >= 0).all())
    n, parts, unfinished = X.n_columns, [], 0
    spans = [range(at, min(at + _COLUMNS_AT_ONCE, n)) for at in range(0, n, _COLUMNS_AT_ONCE)]
    for completed, span in enumerate(spans, start=1):
        indptr, indices, values, missed = _kernels.elastic_net(
            sparse_rows(gram),
            problem,
            span,
            gram_nonnegative=nonnegative,
            validated=True,
            threads=resources.threads,
        )
        parts.append((np.diff(indptr), indices, values))
        unfinished += missed
        if resources.on_step is not None:
            resources.on_step(completed, len(spans))
    if unfinished:
        log.warning(
            "the weights of %s of %s items are not within tolerance=%g after %s sweeps: "
            "raise the L2 penalty, or the tolerance",
            f"{unfinished:,}",
            f"{n:,}",
            problem.tolerance,
            f"{problem.max_sweeps:,}",
        )
    counts, indices, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Csr(row_pointers(counts), indices, values, n).transpose()


def _gram(X: Csr, resources: Resources) -> Csr:
    """Compute XᵀX, float32; values of likes are exact."""
    limit = int(resources.max_memory * 1e9) // ENTRY_BYTES
    items = X.transpose()
    entries = _kernels.spgemm(
        sparse_rows(items),
        sparse_rows(X),
        X.n_columns,
        max_entries=limit,
        validated=items.is_validated and X.is_validated,
        threads=resources.threads,
    )
    if entries is None:
        most = ENTRY_BYTES * min((X.row_counts**2).sum(), X.n_columns**2) / 1e9
        raise SettingsError(
            f"the Gram matrix takes {ENTRY_BYTES} bytes for each pair of items with a user in "
            f"common: more than {resources.max_memory:g} GB here, {most:,.1f} GB at most, and "
            f"max_memory is {resources.max_memory:g}: leave out rare items or users of very many "
            "items (.threshold), or raise max_memory if there is so much memory"
        )
    return Csr(*entries, X.n_columns)
