"""A sparse matrix of users × items with the ids of its rows and columns."""

from __future__ import annotations

import weakref
from abc import ABC
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from penchant._boundary import checked_methods
from penchant.data.csr import Csr
from penchant.data.histories import History, histories_to_csr
from penchant.data.ids import Id, IdMap
from penchant.errors import DataError

if TYPE_CHECKING:
    import scipy.sparse as sp


@dataclass(frozen=True, eq=False)
@checked_methods
class UserItemMatrix(ABC):
    """A sparse matrix of users × items with the ids of its rows and columns; immutable.

    Its arrays become read-only.

    Attributes
    ----------
    csr
        Users × items.
    users, items
        The ids of rows and columns.

    Raises
    ------
    DataError
        If the parts don't fit each other.
    """

    csr: Csr
    users: IdMap
    items: IdMap

    def __post_init__(self) -> None:
        if (self.csr.n_rows, self.csr.n_columns) != (len(self.users), len(self.items)):
            raise DataError(
                f"the matrix has {self.csr.n_rows:,} rows and {self.csr.n_columns:,} columns for "
                f"{len(self.users):,} users and {len(self.items):,} items; rows are users"
            )
        _check_bounds(self.csr)
        self._freeze()

    def _freeze(self) -> None:
        """Make the arrays read-only."""
        for array in (self.csr.indptr, self.csr.indices, self.csr.values):
            array.setflags(write=False)

    def __getstate__(self) -> dict[str, Any]:
        return {name: part for name, part in self.__dict__.items() if name != "_by_item"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a copy, deep or through pickle, as immutable as the original."""
        self.__dict__.update(state)
        self._freeze()

    # --- size ---------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of users (rows) and items (columns)."""
        return self.n_users, self.n_items

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

    # --- rows ---------------------------------------------------------------------------

    def by_item(self) -> Csr:
        """Return the same entries as items × users.

        They take as much memory as the interactions themselves. So they are cached only while a
        caller holds them, and computed again after that: callers that need them often keep them.
        """
        reference = self.__dict__.get("_by_item")
        transposed: Csr | None = reference() if reference else None
        if transposed is None:
            transposed = self.csr.transpose()
            for array in (transposed.indptr, transposed.indices, transposed.values):
                array.setflags(write=False)
            self.__dict__["_by_item"] = weakref.ref(transposed)
        return transposed

    def history(self, user: Id) -> dict[Id, float]:
        """Return the items of a user with their values: item → value.

        Raises
        ------
        UnknownIdError
            If there is no such user.
        """
        row = self.users.code(user)
        span = slice(self.csr.indptr[row], self.csr.indptr[row + 1])
        items = self.items[self.csr.indices[span]].tolist()
        return dict(zip(items, self.csr.values[span].tolist(), strict=True))

    def rows_of(self, histories: Iterable[History]) -> Csr:
        """Convert histories with outside ids to rows over this data set's items.

        Parameters
        ----------
        histories
            Each is a list of items (each worth 1), a mapping item → value, or a mapping
            item → (value, time), with times in the unit of the timestamps.

        Raises
        ------
        UnknownIdError
            If there is no such item.
        DataError
            If a value is not a finite number.
        """
        return histories_to_csr(histories, self.items)

    def to_scipy(self) -> sp.csr_array:
        """Return a ``scipy.sparse.csr_array``, users × items, that shares no memory with this."""
        import scipy.sparse as sp

        parts = (self.csr.values.copy(), self.csr.indices.copy(), self.csr.indptr.copy())
        return sp.csr_array(parts, shape=(self.n_users, self.n_items))


def _check_bounds(csr: Csr) -> None:
    """Refuse row pointers and columns with which native code would read out of bounds."""
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
