"""The checked arguments of a tuning run, and what identifies it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from penchant.data.interactions import Csr, Interactions
from penchant.errors import SettingsError
from penchant.models.base import Model
from penchant.split import Split
from penchant.tuning.measure import MeasureBoth, train_test_measure
from penchant.tuning.results import better_of
from penchant.tuning.space import Space, plain

if TYPE_CHECKING:
    from penchant.tuning.sampler import Kind


@dataclass(frozen=True, eq=False)
class Plan:
    """The arguments of a tuning run; :func:`penchant.tune` checks them.

    Attributes
    ----------
    metrics
        Full names; trials are compared by the first.
    total
        The number of trials; None: as many as time permits.
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
        """The metric that trials are compared by."""
        return self.metrics[0]

    @property
    def better(self) -> Literal["higher", "lower"]:
        """Whether a higher or a lower value is better."""
        return better_of(self.metric)

    @cached_property
    def measures(self) -> tuple[MeasureBoth, ...]:
        """A measure for each split."""
        return tuple(
            train_test_measure(split, self.metrics, exclude_seen=self.exclude_seen)
            for split in self.splits
        )

    def make_model(self, point: Mapping[str, Any], split: int) -> Model:
        """Return the model of a trial for one of the splits (0, 1, …)."""
        if split not in self._shared:
            self._shared[split] = self.model.precompute(self.space.fixed, self.splits[split].train)
        return self.model(**{**self.space.fixed, **self._shared[split], **point})

    @cached_property
    def _shared(self) -> dict[int, dict[str, Any]]:
        """Settings that all models of a split share, computed for the first of them."""
        return {}

    def identity(self) -> dict[str, Any]:
        """Return all that the results depend on; it must be equal to resume a tuning run."""
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
            "data": [split_digest(split) for split in self.splits],
        }

    def about(self) -> dict[str, Any]:
        """Return a description of the tuning run, for reports."""
        return {
            "data": self.splits[0].train.name,
            "fingerprints": [split_digest(split) for split in self.splits],
            "splits": [describe_split(split) for split in self.splits],
            "final": None if self.final is None else describe_split(self.final),
            "sampler": self.sampler,
            "prune": self.prune,
            "patience": self.patience,
            "epochs": list(self.epochs),
            "exclude_seen": self.exclude_seen,
            "seed": self.seed,
            "space": self.space.described(),
            "total": self.total,
        }


def describe_split(split: Split) -> str:
    """Return a description of a split."""
    settings = ", ".join(f"{name}={value}" for name, value in split.settings.items())
    return (
        f"{split.kind.replace('_', '-')} ({settings}): {split.train.nnz:,} for training, "
        f"{split.test.nnz:,} held out"
    )


def split_digest(split: Split) -> str:
    """Return a hash of the content of a split without ids, which metrics don't depend on."""
    matrices = [part.csr for part in (split.train, split.test, split.fold_in) if part is not None]
    digests = [_digest((part.n_rows, part.n_columns), *_arrays(part)) for part in matrices]
    candidates = split.candidates
    if candidates is not None:
        arrays = _arrays(candidates) if isinstance(candidates, Csr) else (candidates,)
        digests.append(_digest("candidates", *arrays))
    return hashlib.blake2b(b"".join(digests), digest_size=16).hexdigest()


def _arrays(csr: Csr) -> tuple[npt.NDArray[Any], ...]:
    return csr.indptr, csr.indices, csr.values


def _digest(head: object, *arrays: npt.NDArray[Any]) -> bytes:
    state = hashlib.blake2b(repr(head).encode())
    for array in arrays:
        state.update(np.ascontiguousarray(array).data)
    return state.digest()


def check_unseen(final: Split, splits: Sequence[Split]) -> None:
    """Check that the final test part is disjoint from the splits used for tuning.

    Raises
    ------
    SettingsError
        If it shares likes with one of them.
    """
    hidden = _pairs(final.test)
    for split in splits:
        parts = [part for part in (split.train, split.test, split.fold_in) if part is not None]
        for part in parts:
            shared = len(np.intersect1d(hidden, _pairs(part, final.test)))
            if shared:
                raise SettingsError(
                    f"the tuning splits contain {shared:,} of the {len(hidden):,} likes of the "
                    "final test part: make the final split first (final = split(data)), then "
                    "split the rest for tuning (split(final.train))"
                )


def _pairs(part: Interactions, ids: Interactions | None = None) -> Any:
    """Return (user, item) pairs as numbers in the codes of ``ids``, without ids missing there."""
    users, items = part.csr.row_of_entry.astype(np.int64), part.csr.indices.astype(np.int64)
    if ids is not None:
        users = _codes(part.users, ids.users)[users]
        items = _codes(part.items, ids.items)[items]
        present = (users >= 0) & (items >= 0)
        users, items = users[present], items[present]
    return users * (part if ids is None else ids).n_items + items


def _codes(ids: Any, other: Any) -> Any:
    """Return the code in ``other`` of each id; −1 if it is missing."""
    if ids == other:
        return np.arange(len(ids))
    codes: Mapping[Any, int] = {value: code for code, value in enumerate(other)}
    return np.array([codes.get(value, -1) for value in ids], dtype=np.int64)
