"""The parameters of Ranking for one side: a vector and a bias for each feature."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.csr import Csr
from penchant.data.features import Features
from penchant.data.ids import IdMap
from penchant.errors import DataError
from penchant.models._arguments import codes_in

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Embeddings:
    """The features of one side with their vectors and biases; training returns new objects.

    Attributes
    ----------
    ids
        The users or the items.
    names
        The names of the features that have one, the first rows of the tables; None: there are
        no such features.
    rows
        The features of each id; None: each id has a single feature, its own, in order.
    vectors
        float32, shape (n_features, factors + 1): vectors, and biases in the last column.
    squares
        Of the same shape: the sums of squared gradients of the schedule.
    steps
        Of the same shape: the sums of squared steps of AdaDelta; None under AdaGrad.
    """

    ids: IdMap
    names: IdMap | None
    rows: Csr | None
    vectors: F32
    squares: F32
    steps: F32 | None

    @classmethod
    def start(
        cls,
        ids: IdMap,
        features: Features | None,
        warm: npt.NDArray[np.bool_],
        *,
        factors: int,
        identity: bool,
        adadelta: bool,
        seed: list[int],
    ) -> Embeddings:
        """Draw small random vectors for the features of ids with interactions.

        The vectors of other features are zero: they add nothing to scores.

        Parameters
        ----------
        ids
            The users or the items.
        features
            Their features, or None.
        warm
            bool, shape (n_ids,): which ids have interactions.
        factors
            The length of the vectors.
        identity
            Whether each id has a feature of its own.
        adadelta
            Whether the schedule is AdaDelta, which needs one more table.
        seed
            The seed of the random numbers.

        Raises
        ------
        DataError
            If there are no features at all.
        """
        names, rows = None, None
        if features is not None:
            identity = identity or features.identity
            names, rows = features.names, features.with_identity(identity).aligned(ids)
        elif not identity:
            raise DataError(
                f"without identity {ids.kind}s need features, and these interactions hold none: "
                f"pass interactions.with_{ids.kind}_features(…), or identity=True"
            )
        n = len(ids) if rows is None else rows.n_columns
        vectors = np.zeros((n, factors + 1), dtype=np.float32)
        drawn = np.random.default_rng(seed).random((n, factors), dtype=np.float32)
        vectors[:, :factors] = (drawn - np.float32(0.5)) / np.float32(factors)
        vectors[~_touched(rows, warm)] = 0
        squares = np.full_like(vectors, 0 if adadelta else 1)
        steps = np.zeros_like(vectors) if adadelta else None
        return cls(ids, names, rows, vectors, squares, steps)

    def resumed_from(self, old: Embeddings) -> Embeddings:
        """Return the embeddings with the rows of fitted ones, matched by id and feature name.

        Raises
        ------
        DataError
            If the ids are of another type than the fitted ones.
        """
        new_rows, old_rows = self._matches(old)
        fitted = old.vectors[old_rows].any(axis=1)  # zero vectors were never trained
        new_rows, old_rows = new_rows[fitted], old_rows[fitted]
        tables = {}
        for name in ("vectors", "squares", "steps"):
            table, old_table = getattr(self, name), getattr(old, name)
            if table is not None and old_table is not None:
                table[new_rows] = old_table[old_rows]
            tables[name] = table
        return dataclasses.replace(self, **tables)

    def _matches(self, old: Embeddings) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the rows of features that both have, in these tables and in the old ones."""
        own = codes_in(old.ids, self.ids), self.n_named, old.n_named
        pairs = [own] if self.has_own and old.has_own else []
        if self.names is not None and old.names is not None:
            pairs.append((codes_in(old.names, self.names), 0, 0))
        new = [np.flatnonzero(codes >= 0) + here for codes, here, _ in pairs]
        matched = [codes[codes >= 0] + there for codes, _, there in pairs]
        none = np.empty(0, dtype=np.int64)
        return np.concatenate([none, *new]), np.concatenate([none, *matched])

    @property
    def n_named(self) -> int:
        """The number of features with a name."""
        return 0 if self.names is None else len(self.names)

    @property
    def has_own(self) -> bool:
        """Whether each id has a feature of its own."""
        return len(self.vectors) > self.n_named or self.names is None

    @property
    def factors(self) -> int:
        """The length of the vectors, without the bias."""
        return int(self.vectors.shape[1]) - 1

    def to_native(self, decay: float) -> _kernels.RankingSide:
        """Copy the tables for native code, which changes them; ``decay`` is the L2 penalty."""
        rows = self.rows
        return _kernels.RankingSide(
            _kernels.ranking_table(self.vectors, 0),
            _kernels.ranking_table(self.squares, 1),
            None if self.steps is None else _kernels.ranking_table(self.steps, 0),
            None if rows is None else (rows.indptr, rows.indices, rows.values),
            decay,
        )

    def from_native(self, tables: _kernels.RankingSide) -> Embeddings:
        """Return embeddings of the same features with tables that native code has changed."""
        n = self.factors + 1
        return dataclasses.replace(
            self,
            vectors=tables.vectors[:, :n],
            squares=tables.squares[:, :n],
            steps=None if tables.steps is None else tables.steps[:, :n],
        )

    def sums(self) -> F32:
        """Sum the vectors and biases over the features of each id: (n_ids, factors + 1)."""
        if self.rows is None:
            return np.ascontiguousarray(self.vectors)
        return weighted_sums(self.rows, self.vectors)

    def sums_of(self, rows: Csr) -> F32:
        """Sum the vectors and biases of named features, for rows that are not among the ids."""
        return weighted_sums(rows, self.vectors[: self.n_named])

    def arrays(self, side: str) -> dict[str, npt.NDArray[Any]]:
        """Return the tables by name, for a model file."""
        kept = {"vectors": self.vectors, "squares": self.squares, "steps": self.steps}
        return {
            f"{side}_{name}": np.ascontiguousarray(table)
            for name, table in kept.items()
            if table is not None
        }

    def restored(self, side: str, arrays: Any) -> Embeddings:
        """Return the embeddings with the tables of a model file.

        Raises
        ------
        ValueError
            If the type or shape of a table does not fit.
        """
        tables = {name: arrays[f"{side}_{name}"] for name in ("vectors", "squares")}
        tables["steps"] = None if self.steps is None else arrays[f"{side}_steps"]
        for name, table in tables.items():
            if table is not None and (
                table.shape != self.vectors.shape or table.dtype != np.float32
            ):
                raise ValueError(
                    f"{side}_{name} is {table.dtype} of shape {table.shape} for "
                    f"{len(self.vectors):,} features"
                )
        return dataclasses.replace(self, **tables)


def as_queries(users: F32) -> F32:
    """Return vectors and biases of users as queries for :func:`as_factors`: x, 1, b."""
    vectors, biases = users[:, :-1], users[:, -1:]
    return np.hstack([vectors, np.ones_like(biases), biases])


def as_factors(items: F32) -> F32:
    """Return vectors and biases of items so that inner products are scores: y, b, 1."""
    return np.hstack([items, np.ones_like(items[:, -1:])])


def weighted_sums(rows: Csr, table: F32) -> F32:
    """Compute Σ_j weight_j · table[j] over the entries of each row, float32."""
    import scipy.sparse as sp

    shape = (rows.n_rows, rows.n_columns)
    matrix = sp.csr_array((rows.values, rows.indices, rows.indptr), shape=shape)
    return np.ascontiguousarray(matrix @ table, dtype=np.float32)


def _touched(rows: Csr | None, warm: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which features belong to an id with interactions."""
    if rows is None:
        return warm
    touched = np.zeros(rows.n_columns, dtype=np.bool_)
    touched[rows.indices[warm[rows.row_of_entry]]] = True
    return touched
