"""What Ranking learns of users or of items: a vector and a bias for each of their features."""

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

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Embeddings:
    """One side's features and what is learned of them; a step makes another one.

    Attributes
    ----------
    ids
        The users or the items.
    names
        What the named features are called: the first rows of the tables; None: there are none.
    rows
        The features of each id; None: each has one, its own, in the order of the ids.
    vectors
        float32, shape (n features, factors + 1): vectors, and biases last.
    squares
        Of the same shape: the schedule's sums of squared gradients.
    steps
        Of the same shape: AdaDelta's sums of squared steps; None under AdaGrad.
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
        """Small random vectors for the features of who is ``warm`` (bool, one an id).

        The others' stay at zero until somebody has them: what nothing is learned of adds nothing.

        Raises
        ------
        DataError
            If there would be no feature at all.
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

    def going_on_from(self, old: Embeddings) -> Embeddings:
        """The same, with what is already learned of these features put in.

        Raises
        ------
        DataError
            If the ids are of another type than those known.
        """
        new, known = self._found_in(old)
        learned = old.vectors[known].any(axis=1)  # the others begin now, if anybody has them
        new, known = new[learned], known[learned]
        tables = {}
        for name in ("vectors", "squares", "steps"):
            table, past = getattr(self, name), getattr(old, name)
            if table is not None and past is not None:
                table[new] = past[known]
            tables[name] = table
        return dataclasses.replace(self, **tables)

    def _found_in(self, old: Embeddings) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Rows of the tables here, and where the same features are in the old ones."""
        own = codes_in(old.ids, self.ids), self.n_named, old.n_named
        pairs = [own] if self.has_own and old.has_own else []
        if self.names is not None and old.names is not None:
            pairs.append((codes_in(old.names, self.names), 0, 0))
        new = [np.flatnonzero(codes >= 0) + here for codes, here, _ in pairs]
        known = [codes[codes >= 0] + there for codes, _, there in pairs]
        nothing = np.empty(0, dtype=np.int64)
        return np.concatenate([nothing, *new]), np.concatenate([nothing, *known])

    @property
    def n_named(self) -> int:
        """How many named features there are."""
        return 0 if self.names is None else len(self.names)

    @property
    def has_own(self) -> bool:
        """Whether each id has a feature of its own."""
        return len(self.vectors) > self.n_named or self.names is None

    @property
    def factors(self) -> int:
        """The length of the vectors, the bias not counted."""
        return int(self.vectors.shape[1]) - 1

    def laid_out(self, decay: float) -> _kernels.RankingSide:
        """Copies of the tables that native code may move."""
        rows = self.rows
        return _kernels.RankingSide(
            _kernels.ranking_table(self.vectors, 0),
            _kernels.ranking_table(self.squares, 1),
            None if self.steps is None else _kernels.ranking_table(self.steps, 0),
            None if rows is None else (rows.indptr, rows.indices, rows.values),
            decay,
        )

    def after(self, moved: _kernels.RankingSide) -> Embeddings:
        """The same features with the tables that native code has moved."""
        n = self.factors + 1
        return dataclasses.replace(
            self,
            vectors=moved.vectors[:, :n],
            squares=moved.squares[:, :n],
            steps=None if moved.steps is None else moved.steps[:, :n],
        )

    def sums(self) -> F32:
        """The vector and bias of each id: the sum over its features; (n ids, factors + 1)."""
        if self.rows is None:
            return np.ascontiguousarray(self.vectors)
        return weighted_sums(self.rows, self.vectors)

    def sums_of(self, rows: Csr) -> F32:
        """Vectors and biases by named features alone, for those who are not among the ids."""
        return weighted_sums(rows, self.vectors[: self.n_named])

    def arrays(self, side: str) -> dict[str, npt.NDArray[Any]]:
        """The tables by name, for a model file."""
        kept = {"vectors": self.vectors, "squares": self.squares, "steps": self.steps}
        return {
            f"{side}_{name}": np.ascontiguousarray(table)
            for name, table in kept.items()
            if table is not None
        }

    def restored(self, side: str, arrays: Any) -> Embeddings:
        """These features with the tables of a model file.

        Raises
        ------
        ValueError
            If the tables are not those of these features.
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


def as_queries(people: F32) -> F32:
    """Vectors and biases of people, (n, f + 1), as queries for :func:`as_factors`: x, 1, b."""
    vectors, biases = people[:, :-1], people[:, -1:]
    return np.hstack([vectors, np.ones_like(biases), biases])


def as_factors(items: F32) -> F32:
    """Vectors and biases of items, (n, f + 1), so that inner products are scores: y, b, 1."""
    return np.hstack([items, np.ones_like(items[:, -1:])])


def codes_in(known: IdMap, ids: IdMap) -> npt.NDArray[np.int64]:
    """Where each id is among the known ones, −1 for those that are not.

    Raises
    ------
    DataError
        If the ids are of another type than those known.
    """
    if len(known) and len(ids) and known.are_integers != ids.are_integers:
        raise DataError(
            f"the model knows {known.kind} ids such as {known[0]!r}, and the new ones are such as "
            f"{ids[0]!r}: ids must be of one type"
        )
    if known == ids:
        return np.arange(len(ids))
    found = (known.get(one) for one in ids)
    return np.array([-1 if code is None else code for code in found], dtype=np.int64)


def weighted_sums(rows: Csr, table: F32) -> F32:
    """float32, (n rows, columns of the table): Σ_j weight_j · table[j] over each row's entries."""
    import scipy.sparse as sp

    shape = (rows.n_rows, rows.n_columns)
    matrix = sp.csr_array((rows.values, rows.indices, rows.indptr), shape=shape)
    return np.ascontiguousarray(matrix @ table, dtype=np.float32)


def _touched(rows: Csr | None, warm: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which features somebody who is warm has."""
    if rows is None:
        return warm
    touched = np.zeros(rows.n_columns, dtype=np.bool_)
    touched[rows.indices[warm[rows.row_of_entry]]] = True
    return touched
