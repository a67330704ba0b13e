"""Who did what how often: a sparse matrix, the ids of its rows and columns, and a catalogue."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tacit.data.catalogue import Catalogue
from tacit.data.ids import Id, IdMap
from tacit.errors import DataError, EmptyDataError, SettingsError

if TYPE_CHECKING:
    import scipy.sparse as sp

log = logging.getLogger("tacit")


@dataclass(frozen=True)
class Csr:
    """Compressed sparse rows: what the engines work on.

    Attributes
    ----------
    indptr
        int64, shape (n_rows + 1,): row r holds the entries ``indptr[r]:indptr[r + 1]``.
    indices
        int32, shape (nnz,): columns, rising within a row.
    values
        float32, shape (nnz,).
    n_columns
        The number of columns.
    """

    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    n_columns: int

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return len(self.indptr) - 1

    @property
    def nnz(self) -> int:
        """The number of stored entries."""
        return len(self.indices)

    @cached_property
    def row_counts(self) -> npt.NDArray[np.int64]:
        """int64, shape (n_rows,): the number of entries of each row."""
        return np.diff(self.indptr)

    @property
    def row_of_entry(self) -> npt.NDArray[np.int32]:
        """int32, shape (nnz,): the row of each entry (made at each use, as large as indices)."""
        return np.repeat(np.arange(self.n_rows, dtype=np.int32), self.row_counts)

    def transpose(self) -> Csr:
        """The same entries by column."""
        import scipy.sparse as sp

        turned = sp.csr_array(
            (self.values, self.indices, self.indptr), shape=(self.n_rows, self.n_columns)
        ).tocsc()
        return Csr(
            turned.indptr.astype(np.int64, copy=False),
            turned.indices.astype(np.int32, copy=False),
            turned.data,
            self.n_rows,
        )

    def entries_of(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """int64: where the entries of some rows (int codes) lie, row after row."""
        counts = self.row_counts[rows]
        shift = self.indptr[rows] - (np.cumsum(counts) - counts)
        return np.repeat(shift, counts) + np.arange(counts.sum())

    def take_rows(self, rows: npt.NDArray[Any]) -> Csr:
        """Some rows, by number (int array), in that order."""
        entries = self.entries_of(rows)
        indptr = np.concatenate([[0], np.cumsum(self.row_counts[rows])]).astype(np.int64)
        return Csr(indptr, self.indices[entries], self.values[entries], self.n_columns)


@dataclass(frozen=True)
class Step:
    """One thing that was done to the data, with what was counted before and after."""

    what: str
    users: tuple[int, int]
    items: tuple[int, int]
    interactions: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Interactions:
    """Who did what how often; immutable.

    Attributes
    ----------
    csr
        Users × items: a value above 0 is a like (its size a count or a strength), one below 0
        a dislike; no stored value is 0 or NaN.
    users, items
        The outside ids of rows and columns.
    timestamps
        int64, shape (nnz,), in the log's own unit (seconds where it had dates), or None.
    catalogue
        What is known of the items, or None.
    name
        What to call the data set.
    notes
        Lines that say what happened to every row of the source when it was read.
    steps
        What was done to the data since.
    """

    csr: Csr
    users: IdMap
    items: IdMap
    timestamps: npt.NDArray[np.int64] | None = None
    catalogue: Catalogue | None = None
    name: str = "interactions"
    notes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        if (self.csr.n_rows, self.csr.n_columns) != (len(self.users), len(self.items)):
            raise DataError(
                f"the matrix has {self.csr.n_rows:,} rows and {self.csr.n_columns:,} columns for "
                f"{len(self.users):,} users and {len(self.items):,} items; rows are users"
            )
        for array in (self.csr.indptr, self.csr.indices, self.csr.values, self.timestamps):
            if array is not None:
                array.setflags(write=False)

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

    def to_matrix(self) -> sp.csr_array:
        """A ``scipy.sparse.csr_array``, users × items, that shares no memory with this."""
        import scipy.sparse as sp

        parts = (self.csr.values.copy(), self.csr.indices.copy(), self.csr.indptr.copy())
        return sp.csr_array(parts, shape=(self.n_users, self.n_items))

    def by_item(self) -> Csr:
        """The same entries, items × users (made once, then kept)."""
        return self._by_item

    @cached_property
    def _by_item(self) -> Csr:
        return self.csr.transpose()

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

    def with_catalogue(self, catalogue: Catalogue | None) -> Interactions:
        """The same interactions with another catalogue."""
        return dataclasses.replace(self, catalogue=catalogue)

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
        """The entries where ``keep`` (bool, shape (nnz,)) holds; users and items stay."""
        counts = np.concatenate([[0], np.cumsum(keep)])
        csr = Csr(
            counts[self.csr.indptr].astype(np.int64),
            self.csr.indices[keep],
            self.csr.values[keep],
            self.n_items,
        )
        times = None if self.timestamps is None else self.timestamps[keep]
        return dataclasses.replace(self, csr=csr, timestamps=times)

    def take_users(self, rows: npt.NDArray[Any]) -> Interactions:
        """Some users, by code or by mask, in that order; items stay."""
        rows = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        times = self.timestamps
        return dataclasses.replace(
            self,
            csr=self.csr.take_rows(rows),
            users=self.users.subset(rows),
            timestamps=None if times is None else times[self.csr.entries_of(rows)],
        )

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
            If a minimum is negative.
        EmptyDataError
            If nothing is left.
        """
        for label, minimum in (("min_per_user", min_per_user), ("min_per_item", min_per_item)):
            if minimum < 0:
                raise SettingsError(f"{label} must be 0 or more, got {minimum}")
        rows, columns = self.csr.row_of_entry, self.csr.indices
        users = np.ones(self.n_users, dtype=np.bool_)
        items = np.ones(self.n_items, dtype=np.bool_)
        while True:
            kept = users[rows] & items[columns]
            users_now = users & (np.bincount(rows[kept], minlength=self.n_users) >= min_per_user)
            kept = users_now[rows] & items[columns]
            items_now = items & (np.bincount(columns[kept], minlength=self.n_items) >= min_per_item)
            if (users_now == users).all() and (items_now == items).all():
                break
            users, items = users_now, items_now
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
        log.info("%s", _describe(step))
        return dataclasses.replace(left, steps=(*self.steps, step))

    def summary(self) -> str:
        """What was read, what was done to it, and what is left, as lines of text."""
        lines = [f"{self.name}"]
        lines += [f"  {note}" for note in self.notes]
        for step in self.steps:
            lines += [f"  {line}" for line in _describe(step).splitlines()]
        lines.append(
            f"  {self.n_users:,} users × {self.n_items:,} items, "
            f"{self.nnz:,} interactions, density {self.density:.3%}"
        )
        negative = int((self.csr.values < 0).sum())
        if negative:
            lines.append(f"  {negative:,} of them dislikes (negative values)")
        return "\n".join(lines)

    def _item_counts(self) -> npt.NDArray[np.int64]:
        return np.bincount(self.csr.indices, minlength=self.n_items)

    def _compact(self, users: npt.NDArray[np.bool_], items: npt.NDArray[np.bool_]) -> Interactions:
        kept = self.select(users[self.csr.row_of_entry] & items[self.csr.indices])
        new_column = np.cumsum(items, dtype=np.int32) - np.int32(1)
        csr = Csr(
            np.concatenate([[0], np.cumsum(kept.csr.row_counts[users])]).astype(np.int64),
            new_column[kept.csr.indices],
            kept.csr.values,
            int(items.sum()),
        )
        return dataclasses.replace(
            kept, csr=csr, users=self.users.subset(users), items=self.items.subset(items)
        )


def histories_to_csr(histories: Iterable[Iterable[Id] | Mapping[Id, float]], items: IdMap) -> Csr:
    """Histories given by outside ids, as rows over ``items``; see ``Interactions.rows_of``."""
    indptr, columns, values = [0], [], []
    for history in histories:
        if isinstance(history, str):
            raise DataError(f"a history is a list of items, got the single text {history!r}")
        weights = history if isinstance(history, Mapping) else dict.fromkeys(history, 1.0)
        row = {}
        for item, weight in weights.items():
            if not np.isfinite(weight):
                raise DataError(f"the value of item {item!r} in a history is {weight!r}")
            if weight != 0:
                row[items.code(item)] = float(weight)
        for code in sorted(row):
            columns.append(code)
            values.append(row[code])
        indptr.append(len(columns))
    return Csr(
        np.array(indptr, dtype=np.int64),
        np.array(columns, dtype=np.int32),
        np.array(values, dtype=np.float32),
        len(items),
    )


def _describe(step: Step) -> str:
    """Before and after, in the words of the article this grew from."""

    def size(at: Callable[[tuple[int, int]], int]) -> str:
        n_users, n_items, nnz = at(step.users), at(step.items), at(step.interactions)
        density = nnz / (n_users * n_items) if n_users and n_items else 0.0
        return f"{n_users:,} users, {n_items:,} items, {nnz:,} interactions, density {density:.3%}"

    return "\n".join(
        [
            step.what,
            f"  before: {size(lambda pair: pair[0])}",
            f"  after:  {size(lambda pair: pair[1])}",
        ]
    )
