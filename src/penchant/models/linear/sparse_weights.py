"""Scores by sparse weights of items: Σ_i x_ui w_ij."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._files.arrays import ArraySpec
from penchant.data.csr import Csr
from penchant.models._scoring.scorers import Scorer
from penchant.models._scoring.sparse_scorer import SparseScorer
from penchant.models._scoring.topk import diagonal
from penchant.models.base import Metric


class SparseWeights:
    """The weights W of a linear model, which are mostly 0.

    Parameters
    ----------
    matrix
        A row for each item of a history, a column for each item that is scored.
    threads
        The number of threads; None: all cores this process may use.
    """

    def __init__(self, matrix: Csr, threads: int | None) -> None:
        self.matrix, self._threads = matrix, threads

    @staticmethod
    def specs(needs: str | None = None) -> dict[str, ArraySpec]:
        """Return the declarations of :meth:`arrays`."""
        return {
            "weight_values": ArraySpec("float32", ("?weights",), needs=needs),
            "weight_items": ArraySpec("int32", ("?weights",), min=0, below="n_items", needs=needs),
            "weight_offsets": ArraySpec(
                "int64", ("n_items + 1",), points_into="?weights", needs=needs
            ),
        }

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of a model file."""
        matrix = self.matrix
        return {
            "weight_values": matrix.values,
            "weight_items": matrix.indices,
            "weight_offsets": matrix.indptr,
        }

    @classmethod
    def of_arrays(
        cls, arrays: Mapping[str, npt.NDArray[Any]], threads: int | None
    ) -> SparseWeights:
        """Return the weights of a model file."""
        offsets, items = arrays["weight_offsets"], arrays["weight_items"]
        return cls(Csr(offsets, items, arrays["weight_values"], len(offsets) - 1), threads)

    def scorer(self, rows: Csr) -> Scorer:
        """Return the scores of histories with the values x."""
        return SparseScorer(rows, self.matrix, threads=self._threads)

    def item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        """Return the weights from some items (int codes) to all others, for any metric."""
        return self.scorer(diagonal(np.asarray(items, dtype=np.int32), self.matrix.n_columns))

    def contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        """Compute what each entry of a history, a single row, adds to the score of an item."""
        weights = self.matrix.take_rows(row.indices)
        own = weights.indices == item
        added = np.zeros(row.nnz)
        at = weights.row_of_entry[own]
        added[at] = row.values[at].astype(np.float64) * weights.values[own]
        return added
