"""Named, weighted features of items or users."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked_methods
from penchant._settings.checks import check_choice
from penchant.data.catalog import Catalog
from penchant.data.csr import Csr, row_pointers
from penchant.data.feature_rows import (
    LARGEST,
    FeatureRow,
    Norm,
    as_weights,
    dense_to_csr,
    normalize,
    sort_key,
    to_csr,
    with_identity_columns,
)
from penchant.data.ids import Id, IdMap, is_list
from penchant.errors import DataError

log = logging.getLogger("penchant")


@checked_methods
@dataclass(frozen=True, eq=False)
class Features:
    """Named, weighted features of items or of users; immutable.

    They have their own ids, so they may have more or fewer items than a data set;
    :meth:`aligned` returns the rows in a data set's order.

    Attributes
    ----------
    ids
        The ids of the rows.
    names
        The names of the columns.
    weights
        ids × names; float32.
    identity
        Whether :meth:`aligned` adds a feature for each id that only this id has.
    norm
        The norm that the rows of :meth:`aligned` and :meth:`rows_of` are divided by: ``"l1"``,
        ``"l2"``, or None for no division.

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
            check_choice("norm", self.norm, ("l1", "l2"))
        for array in (self.weights.indptr, self.weights.indices, self.weights.values):
            array.setflags(write=False)

    # --- constructors -------------------------------------------------------------------

    @classmethod
    def of(cls, rows: Mapping[Id, FeatureRow], *, kind: str = "item") -> Features:
        """Build features from id → names, or id → {name: weight}.

        Names are numbered in sorted order, ids in the order of the mapping.

        Raises
        ------
        DataError
            If a row is neither a list nor a mapping, or a weight is not finite.
        """
        weighted = [as_weights(row) for row in rows.values()]
        names = IdMap(sorted({name for row in weighted for name in row}, key=sort_key), "feature")
        weights, _ = to_csr(weighted, names)
        return cls(IdMap(list(rows), kind), names, weights)

    @classmethod
    def of_tags(cls, catalog: Catalog) -> Features:
        """Build features from the tags of a catalog, each of weight 1."""
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
        """Build features from a vector per id, such as a network computes of pictures or texts.

        Parameters
        ----------
        ids
            The ids of the vectors.
        vectors
            Real numbers, shape (n ids, d).
        names
            The names of the d columns; None: 0…d−1.
        kind
            ``"item"`` or ``"user"``, for messages.

        Raises
        ------
        DataError
            If the shapes don't fit, or a number is not finite as a float32.
        """
        array = np.asarray(vectors)
        if array.ndim != 2 or array.dtype.kind not in "biuf":
            raise DataError(
                f"vectors must be real numbers, one row an id; got {array.dtype} of "
                f"shape {array.shape}"
            )
        if array.size and not float(np.abs(array.astype(np.float64)).max()) <= LARGEST:
            raise DataError("vectors must hold finite numbers that a float32 can hold")
        columns = IdMap.range(array.shape[1], "feature") if names is None else names
        id_map = ids if isinstance(ids, IdMap) else IdMap(ids, kind)
        return cls(id_map, _named(columns), dense_to_csr(array.astype(np.float32)))

    @classmethod
    def from_scipy(
        cls,
        ids: Sequence[Id] | IdMap,
        matrix: Any,
        names: Sequence[Id] | IdMap | None = None,
        *,
        kind: str = "item",
    ) -> Features:
        """Build features from a SciPy sparse matrix, ids × features, such as TF-IDF of texts.

        The matrix is copied; zeros and NaN are dropped, and cells stored twice are summed.

        Raises
        ------
        DataError
            If it is not a matrix of real numbers, or the ids or names don't fit its shape.
        """
        from penchant.data.matrices import read_matrix

        csr, _, _ = read_matrix(matrix)
        columns = IdMap.range(csr.n_columns, "feature") if names is None else names
        id_map = ids if isinstance(ids, IdMap) else IdMap(ids, kind)
        return cls(id_map, _named(columns), csr)

    # --- size ---------------------------------------------------------------------------

    @property
    def n_features(self) -> int:
        """The number of named features, without those of ``identity``."""
        return len(self.names)

    @property
    def nnz(self) -> int:
        """The number of stored weights."""
        return self.weights.nnz

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        options = ["identity"] * self.identity + ([self.norm] if self.norm else [])
        return (
            f"<Features: {len(self):,} {self.ids.kind}s × {self.n_features:,} features, "
            f"{self.nnz:,} weights{', ' if options else ''}{', '.join(options)}>"
        )

    # --- views --------------------------------------------------------------------------

    def with_identity(self, identity: bool = True) -> Features:
        """Return the same features, with or without a feature that only one id has, for each id."""
        return dataclasses.replace(self, identity=identity)

    def normalized(self, norm: Norm | None = "l1") -> Features:
        """Return the same features with rows divided by their norm, the identity included."""
        return dataclasses.replace(self, norm=norm)

    def at_least(self, n: int) -> Features:
        """Remove the features that fewer than ``n`` ids have."""
        counts = np.bincount(self.weights.indices, minlength=self.n_features)
        return self.select(counts >= n)

    def select(self, columns: npt.NDArray[np.bool_]) -> Features:
        """Return the features where ``columns`` (bool, shape (n_features,)) holds; ids stay."""
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
        """Return the same features over other names, such as those a model was fitted with.

        Features with other names are left out, and a warning with their number is logged.
        """
        if names == self.names:
            return self
        codes = np.array([-1 if (code := names.get(n)) is None else code for n in self.names])
        _warn_of([name for name, code in zip(self.names, codes, strict=True) if code < 0])
        kept = self.select(codes >= 0)
        codes = codes[codes >= 0]
        row, column = kept.weights.row_of_entry, codes[kept.weights.indices].astype(np.int32)
        order = np.lexsort((column, row))
        weights = Csr(kept.weights.indptr, column[order], kept.weights.values[order], len(names))
        return dataclasses.replace(self, names=names, weights=weights)

    # --- rows for a model ---------------------------------------------------------------

    def aligned(self, ids: IdMap) -> Csr:
        """Return the rows of some ids in their order; unknown ids have empty rows.

        Returns
        -------
        Csr
            Shape (len(ids), n_features), or with ``identity`` (len(ids), n_features + len(ids)):
            only the id with the code c has a 1 in column n_features + c.
        """
        codes = self._codes(ids)
        present = np.flatnonzero(codes >= 0)
        missing = len(ids) - len(present)
        if missing:
            log.info("%s of %s %ss have no features", f"{missing:,}", f"{len(ids):,}", ids.kind)
        counts = np.zeros(len(ids), dtype=np.int64)
        counts[present] = self.weights.row_counts[codes[present]]
        entries = self.weights.entries_of(codes[present])
        rows = Csr(
            row_pointers(counts),
            self.weights.indices[entries],
            self.weights.values[entries],
            self.n_features,
        )
        return normalize(with_identity_columns(rows) if self.identity else rows, self.norm)

    def missing(self, ids: IdMap) -> int:
        """Return how many of some ids have no row here."""
        return int((self._codes(ids) < 0).sum())

    def rows_of(self, rows: Iterable[FeatureRow]) -> Csr:
        """Convert features of new items or users to rows over the names of these features.

        Unknown features are left out, and a warning with their number is logged.

        Parameters
        ----------
        rows
            For each item or user: names of features (each of weight 1) or a mapping
            name → weight.

        Returns
        -------
        Csr
            Shape (n, n_features), without the features of ``identity``.

        Raises
        ------
        DataError
            If a row is neither a list nor a mapping, or a weight is not finite.
        """
        if not is_list(rows):
            raise DataError(f"a list of rows of features is needed, got {type(rows).__name__}")
        csr, unknown = to_csr([as_weights(row) for row in rows], self.names)
        _warn_of(list(unknown))
        return normalize(csr, self.norm)

    def row(self, entity: Id) -> dict[Id, float]:
        """Return the features of an id, name → weight, before normalization.

        Raises
        ------
        UnknownIdError
            If there is no such id.
        """
        code = self.ids.code(entity)
        span = slice(self.weights.indptr[code], self.weights.indptr[code + 1])
        names = self.names[self.weights.indices[span]].tolist()
        return dict(zip(names, self.weights.values[span].tolist(), strict=True))

    def _codes(self, ids: IdMap) -> npt.NDArray[np.int64]:
        """Return the row of each id, −1 for those without one."""
        if not isinstance(ids, IdMap):
            raise DataError(f"ids are an IdMap, got {type(ids).__name__}: penchant.IdMap(ids)")
        if ids == self.ids:
            return np.arange(len(ids))
        codes = (self.ids.get(entity) for entity in ids)
        return np.array([-1 if code is None else code for code in codes], dtype=np.int64)


def match_features(features: Features | None, ids: IdMap) -> Features | None:
    """Check features, and write their ids as those of a data set are: integers or texts.

    A warning is logged if they have none of the data set's ids.

    Raises
    ------
    DataError
        If they are not features.
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
