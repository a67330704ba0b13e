"""Who did what how often: a sparse matrix, the ids of its rows and columns, and a catalog."""

from __future__ import annotations

import dataclasses
import logging
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked_methods
from penchant._settings.checks import whole
from penchant.data.catalog import Catalog
from penchant.data.csr import Csr as Csr
from penchant.data.csr import row_pointers
from penchant.data.decay import decay
from penchant.data.features import Features, fitting
from penchant.data.histories import histories_to_csr as histories_to_csr
from penchant.data.ids import Id, IdMap
from penchant.data.report import ReadReport
from penchant.data.steps import Step as Step
from penchant.data.steps import describe
from penchant.errors import DataError, EmptyDataError

if TYPE_CHECKING:
    import scipy.sparse as sp

log = logging.getLogger("penchant")


@checked_methods
@dataclass(frozen=True, eq=False)
class Interactions:
    """Who did what how often; immutable.

    The arrays it is made of become its own and read-only; :meth:`from_matrix` copies, and takes
    matrices in any state.

    Attributes
    ----------
    csr
        Users × items: a value above 0 is a like (its size a count or a strength), one below 0
        a dislike; no stored value is 0 or NaN.
    users, items
        The outside ids of rows and columns.
    timestamps
        int64, shape (nnz,), in the log's own unit (seconds where it had dates), or None.
    catalog
        What is known of the items, or None.
    name
        What to call the data set.
    notes
        Lines that say what happened to every row of the source when it was read.
    steps
        What was done to the data since.
    report
        What became of every row when it was read, in numbers; None where nothing was.
    item_features, user_features
        What models that take features are told of items and users, or None.

    Raises
    ------
    DataError
        If the parts don't fit each other.
    """

    csr: Csr
    users: IdMap
    items: IdMap
    timestamps: npt.NDArray[np.int64] | None = None
    catalog: Catalog | None = None
    name: str = "interactions"
    notes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    report: ReadReport | None = None
    item_features: Features | None = None
    user_features: Features | None = None

    def __post_init__(self) -> None:
        if (self.csr.n_rows, self.csr.n_columns) != (len(self.users), len(self.items)):
            raise DataError(
                f"the matrix has {self.csr.n_rows:,} rows and {self.csr.n_columns:,} columns for "
                f"{len(self.users):,} users and {len(self.items):,} items; rows are users"
            )
        if self.timestamps is not None and self.timestamps.shape != (self.csr.nnz,):
            raise DataError(
                f"{self.timestamps.size:,} timestamps for {self.csr.nnz:,} interactions"
            )
        _check_bounds(self.csr)
        self._freeze()

    def _freeze(self) -> None:
        for array in (self.csr.indptr, self.csr.indices, self.csr.values, self.timestamps):
            if array is not None:
                array.setflags(write=False)

    def __getstate__(self) -> dict[str, Any]:
        return {name: part for name, part in self.__dict__.items() if name != "_by_item"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A copy, deep or through pickle, is as immutable as what it is of."""
        self.__dict__.update(state)
        self._freeze()

    # --- size -------------------------------------------------------------------

    @property
    def n_users(self) -> int:
        """The number of users (rows)."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """The number of items (columns)."""
        return len(self.items)

    @property
    def nnz(self) -> int:
        """The number of different (user, item) pairs."""
        return self.csr.nnz

    @property
    def density(self) -> float:
        """The share of cells that hold an interaction, 0…1."""
        cells = self.n_users * self.n_items
        return self.nnz / cells if cells else 0.0

    def __len__(self) -> int:
        return self.nnz

    def __repr__(self) -> str:
        return (
            f"<Interactions {self.name!r}: {self.n_users:,} users × {self.n_items:,} items, "
            f"{self.nnz:,} interactions ({self.density:.3%})>"
        )

    # --- in and out -------------------------------------------------------------

    @classmethod
    def from_matrix(
        cls,
        matrix: Any,
        users: Sequence[Id] | IdMap | None = None,
        items: Sequence[Id] | IdMap | None = None,
        *,
        name: str = "matrix",
        catalog: Catalog | None = None,
        duplicates: str = "sum",
    ) -> Interactions:
        """Interactions from a matrix, users × items; the matrix is copied, never changed.

        Users and items without interactions stay: rows and columns keep their numbers.

        Parameters
        ----------
        matrix
            Any SciPy sparse matrix or array, or a 2-D NumPy array. Zeros and NaN are left out
            and counted in the notes.
        users, items
            What rows and columns are called; None: 0…n−1.
        name, catalog
            What to call the data set, and what is known of its items.
        duplicates
            What to do with a cell stored twice: a policy of ``read_interactions``.

        Raises
        ------
        DataError
            If it is no matrix of real numbers, a value is infinite or too large for a float32,
            or the ids do not fit its shape.
        """
        from penchant.data.matrices import read_matrix

        csr, report = read_matrix(matrix, duplicates)
        user_ids, item_ids = (
            _ids_of(users, "user", csr.n_rows),
            _ids_of(items, "item", csr.n_columns),
        )
        if (len(user_ids), len(item_ids)) != (csr.n_rows, csr.n_columns):
            turned = (len(user_ids), len(item_ids)) == (csr.n_columns, csr.n_rows)
            raise DataError(
                f"the matrix has {csr.n_rows:,} rows and {csr.n_columns:,} columns, but there are "
                f"{len(user_ids):,} users and {len(item_ids):,} items: rows must be users"
                + ("; it lies on its side, pass matrix.T" if turned else "")
            )
        made = cls(csr, user_ids, item_ids, name=name, notes=report.notes(), report=report)
        return made.with_catalog(catalog)

    def to_matrix(self) -> sp.csr_array:
        """A ``scipy.sparse.csr_array``, users × items, that shares no memory with this."""
        import scipy.sparse as sp

        parts = (self.csr.values.copy(), self.csr.indices.copy(), self.csr.indptr.copy())
        return sp.csr_array(parts, shape=(self.n_users, self.n_items))

    def by_item(self) -> Csr:
        """The same entries, items × users.

        They are as large as the interactions themselves, so they are shared for as long as
        anybody holds them, and made anew after that: who asks often keeps what it gets.
        """
        kept = self.__dict__.get("_by_item")
        turned: Csr | None = kept() if kept else None
        if turned is None:
            turned = self.csr.transpose()
            for array in (turned.indptr, turned.indices, turned.values):
                array.setflags(write=False)
            self.__dict__["_by_item"] = weakref.ref(turned)
        return turned

    def history(self, user: Id) -> dict[Id, float]:
        """What a user did: item → value.

        Raises
        ------
        UnknownIdError
            If the user was never seen.
        """
        row = self.users.code(user)
        span = slice(self.csr.indptr[row], self.csr.indptr[row + 1])
        items = self.items[self.csr.indices[span]].tolist()
        return dict(zip(items, self.csr.values[span].tolist(), strict=True))

    def with_catalog(self, catalog: Catalog | None) -> Interactions:
        """The same interactions with another catalog.

        Where one side's ids are integers and the other's are text ("12"), the catalog is
        given the ids of the interactions. A catalog that knows none of the items is taken
        with a warning.

        Raises
        ------
        DataError
            If it is no catalog.
        """
        if catalog is not None and not isinstance(catalog, Catalog):
            raise DataError(
                f"a catalog is needed, got {type(catalog).__name__}: penchant.read_catalog "
                "reads one"
            )
        if catalog is not None and len(catalog) and self.n_items:
            catalog = _with_ids_like(catalog, self.items)
            if not any(item in self.items for item in catalog.items):
                log.warning(
                    "the catalog knows none of the %s items: its ids are such as %r, theirs %r",
                    f"{self.n_items:,}", catalog.items[0], self.items[0],
                )  # fmt: skip
        return dataclasses.replace(self, catalog=catalog)

    def with_item_features(self, features: Features | None) -> Interactions:
        """The same interactions with other features of items, for models that take them.

        They may know of more or of fewer items than there are here. Ids that are integers on one
        side and text on the other are brought together as for a catalog.

        Raises
        ------
        DataError
            If they are no features.
        """
        return dataclasses.replace(self, item_features=fitting(features, self.items))

    def with_user_features(self, features: Features | None) -> Interactions:
        """The same interactions with other features of users; see `with_item_features`."""
        return dataclasses.replace(self, user_features=fitting(features, self.users))

    def rows_of(self, histories: Iterable[Iterable[Id] | Mapping[Id, float]]) -> Csr:
        """Histories given by outside ids, as rows over this data set's items.

        Parameters
        ----------
        histories
            Each a list of items (each worth 1) or a mapping item → value.

        Raises
        ------
        UnknownIdError
            If an item was never seen.
        DataError
            If a value is not a finite number.
        """
        return histories_to_csr(histories, self.items)

    # --- views ------------------------------------------------------------------

    def select(self, keep: npt.NDArray[np.bool_]) -> Interactions:
        """The entries where ``keep`` (bool, shape (nnz,)) holds; users and items stay.

        Raises
        ------
        DataError
            If ``keep`` is of another length.
        """
        _check_mask(keep, self.nnz)
        csr = Csr(
            row_pointers(keep)[self.csr.indptr],
            self.csr.indices[keep],
            self.csr.values[keep],
            self.n_items,
        )
        times = None if self.timestamps is None else self.timestamps[keep]
        return dataclasses.replace(self, csr=csr, timestamps=times)

    def take_users(self, rows: npt.NDArray[Any]) -> Interactions:
        """Some users, by code or by mask (bool, shape (n_users,)), in that order; items stay.

        Raises
        ------
        DataError
            If a code is not 0…n_users − 1, or the mask is of another length.
        """
        rows = np.asarray(rows)
        rows = rows if rows.size else rows.astype(np.int64).reshape(-1)
        if rows.ndim != 1 or rows.dtype.kind not in "biu":
            raise DataError(
                f"codes of users are integers or a mask, got {rows.dtype} of shape {rows.shape}"
            )
        if rows.dtype == np.bool_:
            _check_mask(rows, self.n_users)
            rows = np.flatnonzero(rows)
        elif rows.size and not 0 <= rows.min() <= rows.max() < self.n_users:
            raise DataError(f"codes of users must lie in 0…{self.n_users - 1:,}")
        times = self.timestamps
        return dataclasses.replace(
            self,
            csr=self.csr.take_rows(rows),
            users=self.users.subset(rows),
            timestamps=None if times is None else times[self.csr.entries_of(rows)],
        )

    def decayed(self, half_life: float, *, now: int | None = None) -> Interactions:
        """Values halved for every ``half_life`` of age, in the unit of the timestamps.

        A pair is as old as its newest event: to weigh every event by its own age read the log
        with :func:`penchant.read_events`. ``now`` is from when ages are counted; None: the newest
        timestamp.

        Raises
        ------
        DataError
            If there are no timestamps.
        SettingsError
            If the half-life is not above 0, or a timestamp is later than ``now``.
        """
        left = self.csr.values * decay(self.timestamps, half_life, now).astype(np.float32)
        csr = dataclasses.replace(self.csr, values=left)
        return dataclasses.replace(self, csr=csr).select(left != 0)

    def with_items(self, ids: Iterable[Id]) -> Interactions:
        """With more items, which nobody has taken to yet, behind those that are there.

        Items that are there already are passed over. A model that rates new items
        (:class:`penchant.HybridALS`) can then recommend them by their features.

        Raises
        ------
        DataError
            If ids are of another type, or one comes twice.
        """
        new = [one for one in ids if one not in self.items]
        items = IdMap([*self.items, *new], self.items.kind)
        csr = dataclasses.replace(self.csr, n_columns=len(items))
        return dataclasses.replace(self, csr=csr, items=items)

    def drop_empty(self) -> Interactions:
        """Without the users and items that have no interactions."""
        return self._compact(self.csr.row_counts > 0, self._item_counts() > 0)

    def threshold(self, min_per_user: int = 1, min_per_item: int = 1) -> Interactions:
        """Keep users and items with enough interactions.

        Users with fewer than ``min_per_user`` items and items with fewer than ``min_per_item``
        users are removed in turn until nothing changes. :meth:`summary` tells the sizes before
        and after.

        Raises
        ------
        SettingsError
            If a minimum is negative or no whole number.
        EmptyDataError
            If nothing is left.
        """
        for label, minimum in (("min_per_user", min_per_user), ("min_per_item", min_per_item)):
            whole(label, minimum, 0)
        users, items = self._stable(min_per_user, min_per_item)
        left = self._compact(users, items)
        if left.nnz == 0:
            raise EmptyDataError(
                f"no interactions are left of {self.nnz:,} when every user must have "
                f"{min_per_user} and every item {min_per_item}: lower the minima"
            )
        step = Step(
            f"threshold: {min_per_user} or more per user, {min_per_item} or more per item",
            (self.n_users, left.n_users),
            (self.n_items, left.n_items),
            (self.nnz, left.nnz),
        )
        log.info("%s", describe(step))
        return dataclasses.replace(left, steps=(*self.steps, step))

    def summary(self) -> str:
        """What was read, what was done to it, and what is left, as lines of text."""
        lines = [f"{self.name}"]
        lines += [f"  {note}" for note in self.notes]
        for step in self.steps:
            lines += [f"  {line}" for line in describe(step).splitlines()]
        lines.append(
            f"  {self.n_users:,} users × {self.n_items:,} items, "
            f"{self.nnz:,} interactions, density {self.density:.3%}"
        )
        negative = int((self.csr.values < 0).sum())
        if negative:
            lines.append(f"  {negative:,} of them dislikes (negative values)")
        return "\n".join(lines)

    def _stable(
        self, min_per_user: int, min_per_item: int
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Masks of the users and items of the largest part where all have enough."""
        rows, columns = self.csr.row_of_entry, self.csr.indices
        users = np.ones(self.n_users, dtype=np.bool_)
        items = np.ones(self.n_items, dtype=np.bool_)
        changed = True
        while changed:
            users_now = users & (np.bincount(rows, minlength=self.n_users) >= min_per_user)
            kept = users_now[rows]
            rows, columns = rows[kept], columns[kept]
            items_now = items & (np.bincount(columns, minlength=self.n_items) >= min_per_item)
            kept = items_now[columns]
            rows, columns = rows[kept], columns[kept]
            changed = bool((users_now != users).any() or (items_now != items).any())
            users, items = users_now, items_now
        return users, items

    def _item_counts(self) -> npt.NDArray[np.int64]:
        return np.bincount(self.csr.indices, minlength=self.n_items)

    def _compact(self, users: npt.NDArray[np.bool_], items: npt.NDArray[np.bool_]) -> Interactions:
        kept = self.select(users[self.csr.row_of_entry] & items[self.csr.indices])
        new_column = np.cumsum(items, dtype=np.int32) - np.int32(1)
        csr = Csr(
            row_pointers(kept.csr.row_counts[users]),
            new_column[kept.csr.indices],
            kept.csr.values,
            int(items.sum()),
        )
        return dataclasses.replace(
            kept, csr=csr, users=self.users.subset(users), items=self.items.subset(items)
        )


def need_interactions(given: object, what: str) -> Interactions:
    """What was given, if it is interactions.

    Raises
    ------
    DataError
        If it is anything else; ``what`` needs them, to begin the message with.
    """
    if isinstance(given, Interactions):
        return given
    hint = "penchant.read_interactions makes them of a file, a frame or a matrix"
    if isinstance(getattr(given, "train", None), Interactions):
        hint = "pass its .train"
    raise DataError(f"{what} needs penchant.Interactions, got {type(given).__name__}: {hint}")


def _check_bounds(csr: Csr) -> None:
    """Refuse rows that native code would follow out of the arrays."""
    if csr.is_validated:
        return
    indptr, columns = csr.indptr, csr.indices
    fits = len(indptr) > 0 and indptr[0] == 0 and indptr[-1] == len(columns) == len(csr.values)
    if not fits or (indptr[1:] < indptr[:-1]).any():
        raise DataError(
            f"row pointers must rise from 0 to the number of entries; {len(columns):,} columns "
            f"and {len(csr.values):,} values don't fit them"
        )
    raise DataError(f"columns of entries must lie in 0…{csr.n_columns - 1:,}")


def _check_mask(mask: npt.NDArray[np.bool_], n: int) -> None:
    if np.shape(mask) != (n,):
        raise DataError(f"a mask of shape ({n},) is needed, got shape {np.shape(mask)}")


def _ids_of(ids: Sequence[Id] | IdMap | None, kind: str, n: int) -> IdMap:
    if ids is None:
        return IdMap.range(n, kind)
    return ids if isinstance(ids, IdMap) and ids.kind == kind else IdMap(ids, kind)


def _with_ids_like(catalog: Catalog, items: IdMap) -> Catalog:
    """The catalog with integer ids as text, or the other way, as the items have them."""
    ids = catalog.items.written_like(items)
    return catalog if ids is catalog.items else dataclasses.replace(catalog, items=ids)
