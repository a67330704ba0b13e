"""How a model's scores of (query, item) cells become lists and ranks, block by block.

A model answers every question about its scores through a :class:`Scorer`; nothing of the size
queries × items is ever made.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tacit.data.interactions import Csr


@dataclass(frozen=True)
class TopK:
    """The best items of each query, best first; ties go to the lower item code.

    Attributes
    ----------
    indptr
        int64, shape (n_queries + 1,): a query with fewer than k candidates has fewer rows.
    indices
        int32: item codes.
    scores
        float32.
    """

    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Ranks:
    """Where the target items of each query stand among its candidates.

    Attributes
    ----------
    above
        int32, shape (targets.nnz,): candidates that score higher.
    tied
        int32, shape (targets.nnz,): other candidates that score the same.
    candidates
        int64, shape (n_queries,): how many candidates a query has, its targets included.
    """

    above: npt.NDArray[np.int32]
    tied: npt.NDArray[np.int32]
    candidates: npt.NDArray[np.int64]


class Scorer(ABC):
    """The scores of some queries for all items."""

    n_queries: int
    n_items: int

    @abstractmethod
    def top_k(self, k: int, *, exclude: Csr | None = None, allow: Csr | None = None) -> TopK:
        """The k best candidates of each query.

        Parameters
        ----------
        k
            How many, 1 or more.
        exclude
            Items each query must not get (rows are queries); values don't matter.
        allow
            The only items each query may get; None: all.
        """

    @abstractmethod
    def ranks(self, targets: Csr, *, exclude: Csr | None = None) -> Ranks:
        """Where each target stands among the items that are not excluded."""

    @abstractmethod
    def at(self, cells: Csr) -> npt.NDArray[np.float32]:
        """float32, shape (cells.nnz,): the scores of some cells (rows are queries)."""

    @abstractmethod
    def sum_of_squares(self) -> npt.NDArray[np.float64]:
        """float64, shape (n_queries,): Σ over all items of the squared score."""
