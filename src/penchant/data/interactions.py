"""Interactions: a sparse matrix of users × items, the ids of both, and a catalog."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked_methods
from penchant._settings.checks import check_int
from penchant._settings.times import dates_of
from penchant.data.blocks import BlockedMatrix
from penchant.data.catalog import Catalog, match_catalog
from penchant.data.conversions import Conversions
from penchant.data.csr import Csr as Csr
from penchant.data.csr import row_pointers
from penchant.data.decay import decay
from penchant.data.features import Features, match_features
from penchant.data.histories import histories_to_csr as histories_to_csr
from penchant.data.ids import Id, IdMap
from penchant.data.report import ReadReport
from penchant.data.steps import Step as Step
from penchant.data.steps import check_left, describe, threshold_step
from penchant.data.tabular import Columns
from penchant.data.thresholding import Mask, compact, not_empty, stable_core
from penchant.data.user_item_matrix import UserItemMatrix
from penchant.errors import DataError

log = logging.getLogger("penchant")


@checked_methods
@dataclass(frozen=True, eq=False)
class Interactions(UserItemMatrix, Conversions):
    """Likes, plays or purchases: a value for each pair of a user and an item; immutable.

    The constructor takes the arrays over and makes them read-only. :meth:`from_pandas`,
    :meth:`from_scipy` and the other constructors copy; :func:`penchant.read_interactions` reads
    files and databases too.

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
        Names, links, pictures and tags of the items, or None.
    name
        The name of the data set.
    notes
        Lines that say what happened to every row of the source when it was read.
    steps
        The filters that were applied since.
    report
        The counts of what happened to every row when it was read; None if nothing was read.
    item_features, user_features
        Features of items and users, for models that take them, or None.

    Raises
    ------
    DataError
        If the parts don't fit each other.
    """

    timestamps: npt.NDArray[np.int64] | None = None
    catalog: Catalog | None = None
    name: str = "interactions"
    notes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    report: ReadReport | None = None
    item_features: Features | None = None
    user_features: Features | None = None

    def __post_init__(self) -> None:
        if self.csr.times is not self.timestamps:
            object.__setattr__(self, "csr", dataclasses.replace(self.csr, times=self.timestamps))
        super().__post_init__()
        if self.timestamps is not None and self.timestamps.shape != (self.csr.nnz,):
            raise DataError(
                f"{self.timestamps.size:,} timestamps for {self.csr.nnz:,} interactions"
            )

    def _freeze(self) -> None:
        super()._freeze()
        if self.timestamps is not None:
            self.timestamps.setflags(write=False)

    @property
    def blocks(self) -> BlockedMatrix | None:
        """The blocks of a data set on disk, which are read one at a time; None in memory."""
        return None

    @cached_property
    def newest(self) -> int | None:
        """The newest timestamp, or None."""
        times = self.timestamps
        return None if times is None or not len(times) else int(times.max())

    @property
    def n_dislikes(self) -> int:
        """The number of negative values."""
        return int((self.csr.values < 0).sum())

    def _with(self, **parts: Any) -> Interactions:
        """Return the same interactions with other parts, by the names of the attributes."""
        return dataclasses.replace(self, **parts)

    def __repr__(self) -> str:
        return (
            f"<Interactions {self.name!r}: {self.n_users:,} users × {self.n_items:,} items, "
            f"{self.nnz:,} interactions ({self.density:.3%})>"
        )

    def _repr_html_(self) -> str:
        from penchant.rendering import cards  # not at the top: reads the styles

        notes = [*self.notes, *(step.what for step in self.steps)]
        shown = cards.table([], _facts(self), numeric={1})
        return str(cards.fragment(cards.heading(self.name), shown, *map(cards.remark, notes)))

    # --- conversions --------------------------------------------------------------------

    @classmethod
    def _from_parts(
        cls,
        csr: Csr,
        users: IdMap,
        items: IdMap,
        timestamps: npt.NDArray[np.int64] | None,
        *,
        name: str,
        report: ReadReport,
        catalog: Catalog | None,
    ) -> Self:
        data = cls(csr, users, items, timestamps, name=name, notes=report.notes(), report=report)
        return dataclasses.replace(data, catalog=match_catalog(catalog, items))

    def columns(self) -> Columns:
        """Return the interactions as columns: user, item, value and, if there is one, timestamp.

        There is one entry for each interaction; users and items without any are left out.
        """
        columns: dict[str, npt.NDArray[Any]] = {
            "user": self.users.array[self.csr.row_of_entry],
            "item": self.items.array[self.csr.indices],
            "value": self.csr.values,
        }
        return columns if self.timestamps is None else columns | {"timestamp": self.timestamps}

    # --- other parts --------------------------------------------------------------------

    def with_catalog(self, catalog: Catalog | None) -> Interactions:
        """Return the same interactions with another catalog.

        Where the ids of one are integers and those of the other are texts ("12"), the catalog
        gets the ids of the interactions. A catalog without any of the items is accepted with a
        warning.

        Raises
        ------
        DataError
            If it is not a catalog.
        """
        return self._with(catalog=match_catalog(catalog, self.items))

    def with_item_features(self, features: Features | None) -> Interactions:
        """Return the same interactions with other features of items, for models that take them.

        The features may have more or fewer items. Ids that are integers on one side and texts on
        the other are converted as for a catalog.

        Raises
        ------
        DataError
            If they are not features.
        """
        return self._with(item_features=match_features(features, self.items))

    def with_user_features(self, features: Features | None) -> Interactions:
        """Return the same interactions with other features of users; see `with_item_features`."""
        return self._with(user_features=match_features(features, self.users))

    def with_items(self, ids: Iterable[Id]) -> Interactions:
        """Return the same interactions with more items, which have none, after the others.

        Items that exist already are skipped. A model that scores cold items
        (:class:`penchant.HybridALS`) can then recommend them by their features.

        Raises
        ------
        DataError
            If ids are of another type, or one comes twice.
        """
        new = [item for item in ids if item not in self.items]
        items = IdMap([*self.items, *new], self.items.kind)
        csr = dataclasses.replace(self.csr, n_columns=len(items))
        return self._with(csr=csr, items=items)

    # --- parts and filters --------------------------------------------------------------

    def select(self, keep: Mask) -> Interactions:
        """Return the entries where ``keep`` (bool, shape (nnz,)) holds; users and items stay.

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
        return self._with(csr=csr, timestamps=times)

    def take_users(self, rows: npt.NDArray[Any]) -> Interactions:
        """Return some users, by code or by mask (bool, shape (n_users,)), in order; items stay.

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
            _check_mask(rows.astype(np.bool_), self.n_users)
            rows = np.flatnonzero(rows)
        elif rows.size and not 0 <= rows.min() <= rows.max() < self.n_users:
            raise DataError(f"codes of users must lie in 0…{self.n_users - 1:,}")
        times = self.timestamps
        return self._with(
            csr=self.csr.take_rows(rows),
            users=self.users.subset(rows),
            timestamps=None if times is None else times[self.csr.entries_of(rows)],
        )

    def decayed(self, half_life: float | str, *, now: int | None = None) -> Interactions:
        """Halve the values for every ``half_life`` of age.

        It is in the unit of the timestamps, or a text such as ``"30d"``, in seconds. The age of a
        pair is that of its newest event; to weight each event by its own age, read the log with
        :func:`penchant.read_events`. Ages are counted from ``now``; None: from the newest
        timestamp. Models with a setting ``half_life`` weigh interactions by age and leave their
        values as they are.

        Raises
        ------
        DataError
            If there are no timestamps.
        SettingsError
            If the half-life is not above 0, or a timestamp is later than ``now``.
        """
        values = self.csr.values * decay(self.timestamps, half_life, now).astype(np.float32)
        csr = dataclasses.replace(self.csr, values=values)
        return self._with(csr=csr).select(values != 0)

    def drop_empty(self) -> Interactions:
        """Remove the users and items that have no interactions."""
        return self._compact(*not_empty(self.csr))

    def threshold(self, min_per_user: int = 1, min_per_item: int = 1) -> Interactions:
        """Keep users and items with enough interactions.

        Users with fewer than ``min_per_user`` items and items with fewer than ``min_per_item``
        users are removed in turn until nothing changes. :meth:`summary` shows the sizes before
        and after.

        Raises
        ------
        SettingsError
            If a minimum is negative or not a whole number.
        EmptyDataError
            If nothing is left.
        """
        for label, minimum in (("min_per_user", min_per_user), ("min_per_item", min_per_item)):
            check_int(label, minimum, 0)
        left = self._compact(*stable_core(self.csr, min_per_user, min_per_item))
        minima = (min_per_user, min_per_item)
        check_left(minima, self.nnz, left.nnz)
        before, after = ((part.n_users, part.n_items, part.nnz) for part in (self, left))
        step = threshold_step(minima, before, after)
        log.info("%s", describe(step))
        return left._with(steps=(*self.steps, step))

    def _compact(self, users: Mask, items: Mask) -> Interactions:
        """Keep the users and items where the masks hold."""
        kept = self.select(users[self.csr.row_of_entry] & items[self.csr.indices])
        return kept._with(
            csr=compact(kept.csr, users, items),
            users=self.users.subset(users),
            items=self.items.subset(items),
        )

    def summary(self) -> str:
        """Describe what was read, the filters applied to it, and what is left, in lines of text."""
        lines = [f"{self.name}"]
        lines += [f"  {note}" for note in self.notes]
        for step in self.steps:
            lines += [f"  {line}" for line in describe(step).splitlines()]
        lines.append(
            f"  {self.n_users:,} users × {self.n_items:,} items, "
            f"{self.nnz:,} interactions, density {self.density:.3%}"
        )
        negative = self.n_dislikes
        if negative:
            lines.append(f"  {negative:,} of them dislikes (negative values)")
        return "\n".join(lines)


def need_interactions(data: object, caller: str) -> Interactions:
    """Check that an argument is :class:`Interactions`, and return it.

    Parameters
    ----------
    data
        The argument.
    caller
        The function that needs it, for the message.

    Raises
    ------
    DataError
        If it is anything else.
    """
    if isinstance(data, Interactions):
        return data
    hint = "penchant.read_interactions makes them of a file, a frame or a matrix"
    if isinstance(getattr(data, "train", None), Interactions):
        hint = "pass its .train"
    raise DataError(f"{caller} needs penchant.Interactions, got {type(data).__name__}: {hint}")


def _facts(data: Interactions) -> list[list[str]]:
    """Return the size of the data, its values and its other parts, by name."""
    values, times = data.csr.values, data.timestamps
    facts = {
        "users": f"{data.n_users:,}",
        "items": f"{data.n_items:,}",
        "interactions": f"{data.nnz:,}",
        "density": f"{data.density:.3%}",
    }
    if data.nnz:
        low, high = values.min(), values.max()
        facts["values"] = f"{low:g} … {high:g}" if low < high else f"all {low:g}"
    if dislikes := data.n_dislikes:
        facts["dislikes"] = f"{dislikes:,}"
    if times is not None and len(times):
        spanned = int(times.min()), int(times.max())
        facts["timestamps"] = " … ".join(map(str, dates_of(*spanned) or spanned))
    if data.catalog is not None:
        facts["catalog"] = ", ".join(data.catalog.fields())
    for side, features in (("item", data.item_features), ("user", data.user_features)):
        if features is not None:
            facts[f"{side} features"] = f"{features.n_features:,}"
    return [list(fact) for fact in facts.items()]


def _check_mask(mask: Mask, n: int) -> None:
    if np.shape(mask) != (n,):
        raise DataError(f"a mask of shape ({n},) is needed, got shape {np.shape(mask)}")
