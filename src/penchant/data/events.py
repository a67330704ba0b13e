"""A log of events of several types, which can be weighted into interactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked_methods
from penchant.data.csr import Csr, row_pointers
from penchant.data.decay import decay
from penchant.data.duplicates import LARGEST
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.data.weighting import Weighting
from penchant.errors import DataError


@checked_methods
@dataclass(frozen=True, eq=False)
class Events:
    """A log of events: who did what with which item, and when; immutable.

    :meth:`weighted` converts it to interactions. All of these have the same users and items in
    the same order, so a model that was fitted on some can be evaluated on others.

    Attributes
    ----------
    users, items, types
        The outside ids of the codes below.
    user, item, type
        int32, shape (n,): the codes of each event, in the order of the source.
    values
        float32, shape (n,): the values of the events; 1 where none were read.
    timestamps
        int64, shape (n,), as in :class:`Interactions`, or None.
    name
        The name of the data set.
    notes
        Lines that say what happened to every row of the source when it was read.

    Raises
    ------
    DataError
        If the arrays differ in length, or a code is out of range.
    """

    users: IdMap
    items: IdMap
    types: IdMap
    user: npt.NDArray[np.int32]
    item: npt.NDArray[np.int32]
    type: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    timestamps: npt.NDArray[np.int64] | None = None
    name: str = "events"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        coded = ((self.user, self.users), (self.item, self.items), (self.type, self.types))
        for codes, ids in coded:
            if codes.shape != self.values.shape:
                raise DataError(f"{codes.size:,} {ids.kind}s for {self.values.size:,} events")
            if codes.size and not 0 <= codes.min() <= codes.max() < len(ids):
                raise DataError(f"codes of {ids.kind}s must lie in 0…{len(ids) - 1:,}")
        if self.timestamps is not None and self.timestamps.shape != self.values.shape:
            raise DataError(f"{self.timestamps.size:,} timestamps for {self.values.size:,} events")

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        shown = ", ".join(f"{count:,} {kind}" for kind, count in self.counts().items())
        size = f"{len(self.users):,} users × {len(self.items):,} items"
        return f"<Events {self.name!r}: {size}, {shown}>"

    def counts(self) -> dict[str, int]:
        """Return type → number of events."""
        counts = np.bincount(self.type, minlength=len(self.types)).tolist()
        return dict(zip(map(str, self.types), counts, strict=True))

    def weighted(
        self,
        weights: Mapping[str, float] | None = None,
        *,
        half_life: float | str | None = None,
        now: int | None = None,
    ) -> Interactions:
        """Sum the weighted events of each user and item.

        Parameters
        ----------
        weights
            Type → the weight of one event; below 0 for dislikes. Other types are left out. None:
            every type weighs 1.
        half_life
            The age at which an event weighs half, in the unit of the timestamps (seconds where
            the log had dates), or a text such as ``"30d"``, in seconds. None: age does not matter.
        now
            The time from which ages are counted; None: that of the newest event. No event may be
            newer.

        Returns
        -------
        Interactions
            Users and items without any weight keep their rows, which are empty (``drop_empty``
            removes them). The timestamp of a pair is that of its newest event of non-zero weight.

        Raises
        ------
        UnknownIdError
            If there is no such type.
        SettingsError
            If a weight or the half-life is out of its range.
        DataError
            If there are no timestamps to compute ages from.
        EmptyDataError
            If nothing is left.
        """
        weighting = Weighting(weights, half_life, now)
        values = self.values * weighting.of_types(self.types)[self.type]
        if half_life is not None:
            values *= decay(self.timestamps, half_life, now)
        kept = np.flatnonzero(values)
        keys = self.user[kept] * np.int64(len(self.items)) + self.item[kept]
        order = np.argsort(keys, kind="stable")
        csr, times = self._summed(keys[order], values[kept[order]], kept[order])
        if csr.nnz == 0:
            raise weighting.nothing_left(self.name)
        notes = (*self.notes, weighting.note(len(kept), len(self)))
        return Interactions(csr, self.users, self.items, times, name=self.name, notes=notes)

    def _summed(
        self,
        keys: npt.NDArray[np.int64],
        values: npt.NDArray[np.float64],
        events: npt.NDArray[np.int64],
    ) -> tuple[Csr, npt.NDArray[np.int64] | None]:
        """Sum events by their sorted keys, in their order; sums of 0 are left out."""
        is_first = np.diff(keys, prepend=-1) != 0
        begins = np.flatnonzero(is_first)
        # reduceat adds in another order than an ingest, where sums that are 0 in one need not be
        sums = np.bincount(np.cumsum(is_first) - 1, weights=values)
        if len(sums) and np.abs(sums).max() > LARGEST:
            raise DataError("the events of a pair sum to more than a float32 holds")
        cells = sums.astype(np.float32)
        held = cells != 0
        user, item = np.divmod(keys[begins[held]], max(len(self.items), 1))
        counts = np.bincount(user, minlength=len(self.users))
        csr = Csr(row_pointers(counts), item.astype(np.int32), cells[held], len(self.items))
        if self.timestamps is None or not len(keys):
            return csr, None
        return csr, np.maximum.reduceat(self.timestamps[events], begins)[held]
