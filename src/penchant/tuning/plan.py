"""What a search is to do: its arguments, checked, and what tells it from other searches."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from penchant.data.interactions import Interactions
from penchant.errors import SettingsError
from penchant.models.base import Model
from penchant.split import Split
from penchant.tuning.measure import MeasureBoth, measurer
from penchant.tuning.results import better_of
from penchant.tuning.sampler import Kind
from penchant.tuning.space import Space, plain


@dataclass(frozen=True, eq=False)
class Plan:
    """A search's arguments; see :func:`penchant.tune`, which checks them.

    Attributes
    ----------
    metrics
        Full names; the first one is compared.
    total
        How many trials there are to be; None: as many as there is time for.
    """

    model: type[Model]
    space: Space
    splits: tuple[Split, ...]
    metrics: tuple[str, ...]
    epochs: tuple[int, ...]
    sampler: Kind
    total: int | None
    prune: bool
    patience: int | None
    exclude_seen: bool
    seed: int
    final: Split | None

    @property
    def metric(self) -> str:
        """What is compared."""
        return self.metrics[0]

    @property
    def better(self) -> Literal["higher", "lower"]:
        """Which end of it is the good one."""
        return better_of(self.metric)

    @cached_property
    def measures(self) -> tuple[MeasureBoth, ...]:
        """How to measure on each split."""
        return tuple(
            measurer(split, self.metrics, exclude_seen=self.exclude_seen) for split in self.splits
        )

    def made(self, point: Mapping[str, Any], split: int) -> Model:
        """The model of a trial, for one of the splits (0, 1, …)."""
        if split not in self._shared:
            self._shared[split] = self.model.precompute(self.space.fixed, self.splits[split].train)
        return self.model(**{**self.space.fixed, **self._shared[split], **point})

    @cached_property
    def _shared(self) -> dict[int, dict[str, Any]]:
        """What models of a split share, learned when the first of them is made."""
        return {}

    def identity(self) -> dict[str, Any]:
        """What must be the same for a search to go on: all that its figures depend on."""
        fixed = {name: value for name, value in self.space.fixed.items() if name != "threads"}
        return {
            "model": self.model.kind,
            "space": self.space.described(),
            "fixed": plain(fixed),
            "metrics": list(self.metrics),
            "epochs": list(self.epochs),
            "sampler": self.sampler,
            "prune": self.prune,
            "patience": self.patience,
            "exclude_seen": self.exclude_seen,
            "seed": self.seed,
            "data": [digest(split) for split in self.splits],
        }

    def about(self) -> dict[str, Any]:
        """The search, for people and reports."""
        return {
            "data": self.splits[0].train.name,
            "fingerprints": [digest(split) for split in self.splits],
            "splits": [described(split) for split in self.splits],
            "final": None if self.final is None else described(self.final),
            "sampler": self.sampler,
            "prune": self.prune,
            "patience": self.patience,
            "epochs": list(self.epochs),
            "exclude_seen": self.exclude_seen,
            "seed": self.seed,
            "space": self.space.described(),
            "total": self.total,
        }


def described(split: Split) -> str:
    """A split in words."""
    told = ", ".join(f"{name}={value}" for name, value in split.settings.items())
    return (
        f"{split.kind.replace('_', '-')} ({told}): {split.train.nnz:,} to learn from, "
        f"{split.test.nnz:,} held out"
    )


def digest(split: Split) -> str:
    """A short name for what is in a split; ids aside, which figures don't depend on."""
    parts = (split.train, split.test, split.fold_in)
    return hashlib.blake2b(
        b"".join(_digest(part) for part in parts if part is not None), digest_size=16
    ).hexdigest()


def _digest(part: Interactions) -> bytes:
    made = hashlib.blake2b(repr((part.n_users, part.n_items)).encode())
    for array in (part.csr.indptr, part.csr.indices, part.csr.values):
        made.update(np.ascontiguousarray(array).data)
    return made.digest()


def check_unseen(final: Split, splits: Sequence[Split]) -> None:
    """Refuse a final test part that the search would see.

    Raises
    ------
    SettingsError
        If it shares likes with what is searched on.
    """
    hidden = _pairs(final.test)
    for split in splits:
        parts = [part for part in (split.train, split.test, split.fold_in) if part is not None]
        for part in parts:
            shared = len(np.intersect1d(hidden, _pairs(part, final.test)))
            if shared:
                raise SettingsError(
                    f"the search would see {shared:,} of the {len(hidden):,} likes of the final "
                    "test part: split first for the end (final = split(data)), then what is left "
                    "for the search (split(final.train))"
                )


def _pairs(part: Interactions, ids: Interactions | None = None) -> Any:
    """(user, item) as numbers, in the codes of ``ids``; what it does not know is left out."""
    users, items = part.csr.row_of_entry.astype(np.int64), part.csr.indices.astype(np.int64)
    if ids is not None:
        users = _codes(part.users, ids.users)[users]
        items = _codes(part.items, ids.items)[items]
        known = (users >= 0) & (items >= 0)
        users, items = users[known], items[known]
    return users * (part if ids is None else ids).n_items + items


def _codes(ids: Any, other: Any) -> Any:
    """The code in ``other`` of each of some ids; −1 where it is not there."""
    if ids == other:
        return np.arange(len(ids))
    found: Mapping[Any, int] = {one: code for code, one in enumerate(other)}
    return np.array([found.get(one, -1) for one in ids], dtype=np.int64)
