"""Facade of ``bootstrap.hpp``: sums over resampled rows."""

from __future__ import annotations

import numpy as np

from penchant import _native
from penchant._kernels.arrays import F64, as_native
from penchant._kernels.parallel import thread_count


def bootstrap_sums(values: F64, *, resamples: int, seed: int, threads: int | None = None) -> F64:
    """Sum columns over n rows drawn with replacement, ``resamples`` times.

    Parameters
    ----------
    values
        float64, shape (n, n_columns); all columns share the same draws.
    resamples
        The number of resamples.
    seed
        0…2⁶⁴ − 1; the same seed gives the same draws on any number of threads.
    threads
        The number of threads; None: see :func:`thread_count`.

    Returns
    -------
    ndarray
        float64, shape (resamples, n_columns).
    """
    values = as_native(values, np.float64, "values", None, None)
    if len(values) >= 2**32:
        raise ValueError(f"there can be at most {2**32 - 1} rows, got {len(values)}")
    out = np.empty((resamples, values.shape[1]), dtype=np.float64)
    _native.bootstrap_sums(values, seed=seed, out=out, threads=thread_count(threads))
    return out
