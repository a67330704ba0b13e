"""Facade of ``cooccurrence.hpp``: nearest neighbors by weighted counts of common columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from penchant import _native
from penchant._kernels.arrays import F32, I32, I64, as_native
from penchant._kernels.parallel import thread_count
from penchant._kernels.rows import Rows, native_rows
from penchant._kernels.topk import TopKArrays


class CommonWeights(NamedTuple):
    """Weights of a similarity by common columns, 0 or more, float32.

    The similarity of row i of left to column j of right is (Σ_u common_u) source_i target_j, over
    the columns u of row i that are rows of right with column j.
    """

    common: F32
    """Shape (columns of left,), which are the rows of right."""

    source: F32
    """Shape (rows of left,)."""

    target: F32
    """Shape (columns of right,)."""


def nearest_by_cooccurrence(
    left: Rows,
    right: Rows,
    weights: CommonWeights,
    k: int,
    exclude: Rows | None = None,
    *,
    validated: bool = False,
    threads: int | None = None,
) -> tuple[I64, I32, F32]:
    """Find the k greatest positive similarities of each row of left to the columns of right.

    Parameters
    ----------
    left, right
        Rows whose entries count 1.
    weights
        They also give the numbers of rows and columns. Sums are in float32, in the order of the
        columns of left.
    k
        1 or more. Lists are shorter where there are fewer positive similarities.
    exclude
        Rows (one for each row of left) of columns of right that are left out.
    validated
        Whether all rows are known to be valid; otherwise they are checked.
    threads
        The number of threads; the result has the same bits on any number of them, and on any
        instruction set.

    Returns
    -------
    tuple
        Row pointers, columns and similarities, greatest first; of equal ones the lower column
        comes first.

    Raises
    ------
    ValueError
        If rows don't lie within the indices, or don't hold rising columns that exist.
    """
    common, source, target = (
        as_native(array, np.float32, name, None)
        for name, array in zip(weights._fields, weights, strict=True)
    )
    lists = TopKArrays(len(source), min(int(k), len(target)))
    _native.nearest_by_cooccurrence(
        native_rows(left, len(source)),
        native_rows(right, len(common)),
        common=common,
        source=source,
        target=target,
        exclude=native_rows(exclude, len(source)),
        codes=lists.codes,
        scores=lists.scores,
        counts=lists.counts,
        validated=validated,
        threads=thread_count(threads),
    )
    return lists.closed()
