"""What is known of items or users beyond who took to what: named, weighted features of each."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._settings.checks import choice
from penchant.data.catalog import Catalog
from penchant.data.csr import Csr, row_pointers
from penchant.data.feature_rows import (
    LARGEST,
    FeatureRow,
    Norm,
    as_weights,
    dense_to_csr,
    divided,
    in_order,
    to_csr,
    with_own,
)
from penchant.data.ids import Id, IdMap
from penchant.errors import DataError

log = logging.getLogger("penchant")


@dataclass(frozen=True, eq=False)
class Features:
    """Named, weighted features of items or of users; immutable.

    They have their own ids, so that they may know of more or of fewer items than a data set does:
    :meth:`aligned` gives the rows in a data set's order.

    Attributes
    ----------
    ids
        Whom the rows are of.
    names
        What the columns are called.
    weights
        ids × names; float32.
    identity
        Whether :meth:`aligned` gives every id a feature of its own as well.
    norm
        What the rows of :meth:`aligned` and :meth:`rows_of` are divided by: ``"l1"``, the sum of
        the sizes of their weights, ``"l2"``, their length, or None, nothing.

    Raises
    ------
    DataError
        If the parts don't fit each other, or a weight is not finite.
    """

    ids: IdMap
    names: IdMap
    weights: Csr
    identity: bool = False
    norm: Norm | None = None

    def __post_init__(self) -> None:
        shape = (self.weights.n_rows, self.weights.n_columns)
        if shape != (len(self.ids), len(self.names)):
            raise DataError(
                f"the weights have {shape[0]:,} rows and {shape[1]:,} columns for "
                f"{len(self.ids):,} ids and {len(self.names):,} features"
            )
        if not np.isfinite(self.weights.values).all():
            raise DataError("the weights of features must be finite numbers")
        if self.norm is not None:
            choice("norm", self.norm, ("l1", "l2"))
        for array in (self.weights.indptr, self.weights.indices, self.weights.values):
            array.setflags(write=False)

    # --- making them ---------------------------------------------------------------

    @classmethod
    def of(cls, rows: Mapping[Id, FeatureRow], *, kind: str = "item") -> Features:
        """Features written down: id → names, or id → {name: weight}.

        Names are numbered in sorted order, ids in the order given.

        Raises
        ------
        DataError
            If a row is no list or mapping, or a weight no finite number.
        """
        known = [as_weights(row) for row in rows.values()]
        names = IdMap(sorted({name for row in known for name in row}, key=in_order), "feature")
        weights, _ = to_csr(known, names)
        return cls(IdMap(list(rows), kind), names, weights)

    @classmethod
    def of_tags(cls, catalog: Catalog) -> Features:
        """The tags of a catalog, each worth 1."""
        return cls.of({item: catalog.tags_of(item) for item in catalog.items})

    @classmethod
    def dense(
        cls,
        ids: Sequence[Id] | IdMap,
        vectors: npt.ArrayLike,
        names: Sequence[Id] | IdMap | None = None,
        *,
        kind: str = "item",
    ) -> Features:
        """A vector for each id: what a network makes of pictures or texts, for example.

        Parameters
        ----------
        ids
            Whom the vectors are of.
        vectors
            Real numbers, shape (n ids, d).
        names
            What the d columns are called; None: 0…d−1.
        kind
            ``"item"`` or ``"user"``, for messages.

        Raises
        ------
        DataError
            If the shapes don't fit, or a number is not finite as a float32.
        """
        array = np.asarray(vectors)
        if array.ndim != 2 or array.dtype.kind not in "biuf":
            raise DataError(f"vectors must be real numbers, one row an id; got {_told(array)}")
        if array.size and not float(np.abs(array.astype(np.float64)).max()) <= LARGEST:
            raise DataError("vectors must hold finite numbers that a float32 can hold")
        columns = IdMap.range(array.shape[1], "feature") if names is None else names
        known = ids if isinstance(ids, IdMap) else IdMap(ids, kind)
        return cls(known, _named(columns), dense_to_csr(array.astype(np.float32)))

    @classmethod
    def from_matrix(
        cls,
        ids: Sequence[Id] | IdMap,
        matrix: Any,
        names: Sequence[Id] | IdMap | None = None,
        *,
        kind: str = "item",
    ) -> Features:
        """Features from a SciPy sparse matrix, ids × features, such as TF-IDF of texts.

        The matrix is copied; zeros and NaN are left out, and cells stored twice are summed.

        Raises
        ------
        DataError
            If it is no matrix of real numbers, or the ids or names don't fit its shape.
        """
        from penchant.data.matrices import read_matrix

        csr, _, _ = read_matrix(matrix)
        columns = IdMap.range(csr.n_columns, "feature") if names is None else names
        known = ids if isinstance(ids, IdMap) else IdMap(ids, kind)
        return cls(known, _named(columns), csr)

    # --- size ----------------------------------------------------------------------

    @property
    def n_features(self) -> int:
        """How many named features there are; features of its own per id are not counted."""
        return len(self.names)

    @property
    def nnz(self) -> int:
        """How many weights are stored."""
        return self.weights.nnz

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        how = ["identity"] * self.identity + ([self.norm] if self.norm else [])
        return (
            f"<Features: {len(self):,} {self.ids.kind}s × {self.n_features:,} features, "
            f"{self.nnz:,} weights{', ' if how else ''}{', '.join(how)}>"
        )

    # --- views ---------------------------------------------------------------------

    def with_identity(self, identity: bool = True) -> Features:
        """The same, where every id of a data set has a feature of its own beside the named ones."""
        return dataclasses.replace(self, identity=identity)

    def normalized(self, norm: Norm | None = "l1") -> Features:
        """The same with rows divided by their norm, the identity's 1 counted in."""
        return dataclasses.replace(self, norm=norm)

    def at_least(self, n: int) -> Features:
        """Without the features that fewer than ``n`` ids have."""
        counts = np.bincount(self.weights.indices, minlength=self.n_features)
        return self._keep(counts >= n)

    def _keep(self, columns: npt.NDArray[np.bool_]) -> Features:
        kept = columns[self.weights.indices]
        new = np.cumsum(columns, dtype=np.int32) - np.int32(1)
        weights = Csr(
            row_pointers(kept)[self.weights.indptr],
            new[self.weights.indices[kept]],
            self.weights.values[kept],
            int(columns.sum()),
        )
        names = self.names.subset(columns)
        return dataclasses.replace(self, names=names, weights=weights)

    def over(self, names: IdMap) -> Features:
        """The same over other names, such as those that a model was fitted with.

        Features that are not among them are left out, and a warning is logged that counts them.
        """
        if names == self.names:
            return self
        codes = np.array([-1 if (code := names.get(n)) is None else code for n in self.names])
        _warn_of([name for name, code in zip(self.names, codes, strict=True) if code < 0])
        kept = self._keep(codes >= 0)
        codes = codes[codes >= 0]
        row, column = kept.weights.row_of_entry, codes[kept.weights.indices].astype(np.int32)
        order = np.lexsort((column, row))
        weights = Csr(kept.weights.indptr, column[order], kept.weights.values[order], len(names))
        return dataclasses.replace(self, names=names, weights=weights)

    # --- rows for a model ----------------------------------------------------------

    def aligned(self, ids: IdMap) -> Csr:
        """The rows of some ids, in their order; an empty row for who is not known.

        Returns
        -------
        Csr
            Shape (len(ids), n_features), or with ``identity`` (len(ids), n_features + len(ids)):
            column n_features + c is that of the id with the code c alone.
        """
        codes = self._codes(ids)
        known = np.flatnonzero(codes >= 0)
        missing = len(ids) - len(known)
        if missing:
            log.info("%s of %s %ss have no features", f"{missing:,}", f"{len(ids):,}", ids.kind)
        counts = np.zeros(len(ids), dtype=np.int64)
        counts[known] = self.weights.row_counts[codes[known]]
        entries = self.weights.entries_of(codes[known])
        rows = Csr(
            row_pointers(counts),
            self.weights.indices[entries],
            self.weights.values[entries],
            self.n_features,
        )
        return divided(with_own(rows) if self.identity else rows, self.norm)

    def missing(self, ids: IdMap) -> int:
        """How many of some ids have no row here."""
        return int((self._codes(ids) < 0).sum())

    def rows_of(self, rows: Iterable[FeatureRow]) -> Csr:
        """Features of new ones, written down, as rows over the features known here.

        Features that are not known are passed over, and a warning is logged that counts them.

        Parameters
        ----------
        rows
            For each, its features' names (each worth 1) or a mapping name → weight.

        Returns
        -------
        Csr
            Shape (n, n_features): who is new has no feature of its own.

        Raises
        ------
        DataError
            If a row is no list or mapping, or a weight no finite number.
        """
        made, unknown = to_csr([as_weights(row) for row in rows], self.names)
        _warn_of(list(unknown))
        return divided(made, self.norm)

    def row(self, one: Id) -> dict[Id, float]:
        """The features of an id, name → weight, as they were given.

        Raises
        ------
        UnknownIdError
            If it has none here.
        """
        code = self.ids.code(one)
        span = slice(self.weights.indptr[code], self.weights.indptr[code + 1])
        names = self.names[self.weights.indices[span]].tolist()
        return dict(zip(names, self.weights.values[span].tolist(), strict=True))

    def _codes(self, ids: IdMap) -> npt.NDArray[np.int64]:
        """Where each id is here, −1 for those that are not."""
        if ids == self.ids:
            return np.arange(len(ids))
        found = (self.ids.get(one) for one in ids)
        return np.array([-1 if code is None else code for code in found], dtype=np.int64)


def fitting(features: Features | None, ids: IdMap) -> Features | None:
    """Features with ids written as a data set's are; a warning is logged where none is known.

    Raises
    ------
    DataError
        If it is no features.
    """
    if features is None:
        return None
    if not isinstance(features, Features):
        raise DataError(
            f"features are needed, got {type(features).__name__}: penchant.read_features reads them"
        )
    renamed = features.ids.written_like(ids)
    if renamed is not features.ids:
        features = dataclasses.replace(features, ids=renamed)
    if len(features) and len(ids) and features.missing(ids) == len(ids):
        log.warning(
            "the features are of none of the %s %ss: their ids are such as %r, theirs %r",
            f"{len(ids):,}", ids.kind, features.ids[0], ids[0],
        )  # fmt: skip
    return features


def _named(names: Sequence[Id] | IdMap) -> IdMap:
    return names if isinstance(names, IdMap) else IdMap(names, "feature")


def _warn_of(unknown: Sequence[Id]) -> None:
    if unknown:
        shown = ", ".join(map(repr, unknown[:5])) + (", …" if len(unknown) > 5 else "")
        log.warning("%s unknown features are ignored: %s", f"{len(unknown):,}", shown)


def _told(array: npt.NDArray[Any]) -> str:
    return f"{array.dtype} of shape {array.shape}"
