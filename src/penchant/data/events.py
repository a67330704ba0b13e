"""A log of events of several types, kept whole: any weighting of it is a view, made at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant.data.csr import Csr, row_pointers
from penchant.data.decay import decay
from penchant.data.duplicates import LARGEST
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.errors import DataError, EmptyDataError


@dataclass(frozen=True, eq=False)
class Events:
    """Who did what with which item, and when: one entry an event; immutable.

    :meth:`weighted` makes interactions of it. All of them have the same users and items in the
    same order, so that a model fitted on one view can be asked about, or measured on, another.

    Attributes
    ----------
    users, items, types
        The outside ids that the codes below are of.
    user, item, type
        int32, shape (n,): codes, in the order of the source.
    values
        float32, shape (n,): the size of an event; 1 where none was read.
    timestamps
        int64, shape (n,), as in :class:`Interactions`, or None.
    name
        What to call the data set.
    notes
        Lines that say what happened to every row of the source when it was read.

    Raises
    ------
    DataError
        If the arrays are not of one length, or a code is of nobody.
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
        """How many events there are of each type."""
        found = np.bincount(self.type, minlength=len(self.types)).tolist()
        return dict(zip(map(str, self.types), found, strict=True))

    def weighted(
        self,
        weights: Mapping[str, float] | None = None,
        *,
        half_life: float | None = None,
        now: int | None = None,
    ) -> Interactions:
        """Interactions: for each user and item the sum of the weighted events.

        Parameters
        ----------
        weights
            Type → what one event of it is worth; below 0 it tells of dislike. Types that are not
            named are left out. None: every type is worth 1.
        half_life
            The age at which an event counts half, in the unit of the timestamps (seconds where
            the log had dates). None: age does not matter.
        now
            From when ages are counted; None: the newest event. No event may be newer.

        Returns
        -------
        Interactions
            Users and items without any weight stay, with empty rows (``drop_empty`` removes
            them). A pair's timestamp is that of its newest event that counts.

        Raises
        ------
        UnknownIdError
            If there is no such type.
        SettingsError
            If a weight or the half-life is out of its range.
        DataError
            If there are no timestamps to tell ages by.
        EmptyDataError
            If nothing is left.
        """
        worth = self._worth(weights)
        values = self.values * worth[self.type]
        if half_life is not None:
            values *= decay(self.timestamps, half_life, now)
        kept = np.flatnonzero(values)
        keys = self.user[kept] * np.int64(len(self.items)) + self.item[kept]
        order = np.argsort(keys, kind="stable")
        csr, times = self._summed(keys[order], values[kept[order]], kept[order])
        if csr.nnz == 0:
            raise EmptyDataError(f"no event of {self.name!r} is left with the weights {weights!r}")
        told = "all types alike" if weights is None else f"types weighted {dict(weights)}"
        note = f"{len(kept):,} of {len(self):,} events, {told}"
        note += "" if half_life is None else f", halved in value every {half_life:g}"
        return Interactions(
            csr, self.users, self.items, times, name=self.name, notes=(*self.notes, note)
        )

    def _worth(self, weights: Mapping[str, float] | None) -> npt.NDArray[np.float64]:
        """The weight of each type; 0 for those left out."""
        if weights is None:
            return np.ones(len(self.types))
        worth = np.zeros(len(self.types))
        for kind, weight in weights.items():
            worth[self.types.code(kind)] = checks.number(f"weights[{kind!r}]", weight, -LARGEST)
        return worth

    def _summed(
        self,
        keys: npt.NDArray[np.int64],
        values: npt.NDArray[np.float64],
        events: npt.NDArray[np.int64],
    ) -> tuple[Csr, npt.NDArray[np.int64] | None]:
        """Cells from the sorted keys of the events that count; sums of 0 are no cells."""
        begins = np.flatnonzero(np.diff(keys, prepend=-1))
        sums = np.add.reduceat(values, begins) if len(keys) else values
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
