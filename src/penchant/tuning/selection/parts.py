"""The parts of the data that a selection uses: test, validation, and smaller ones of it."""

from __future__ import annotations

import dataclasses
import inspect
import logging
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from penchant import split as splits
from penchant.data.interactions import Interactions
from penchant.errors import PenchantError
from penchant.evaluation.candidates import Scorable
from penchant.evaluation.measure import Measure
from penchant.split import Split
from penchant.tuning.plan import split_digest

log = logging.getLogger("penchant")

HELD_OUT = 0.1
"""The share of the likes that a test or validation part has where none was given.

A larger share measures with less noise, but on sparse data the best family with two thirds of the
likes is often not the best with all of them, and the model is fitted on all in the end.
"""
MEASURED_USERS = 10_000
"""The most users of the validation part that are measured."""


@dataclass(frozen=True, eq=False)
class Part:
    """A validation split, or several cuts of the same data, with the measure of their models.

    Attributes
    ----------
    split
        The first split.
    metric
        The full name of the metric.
    exclude_seen
        As for :func:`penchant.evaluate`.
    further
        Further splits of the same data. Values are then means over all splits.
    """

    split: Split
    metric: str
    exclude_seen: bool
    further: tuple[Split, ...] = ()

    @property
    def _splits(self) -> tuple[Split, ...]:
        return self.split, *self.further

    @property
    def size(self) -> int:
        """The number of interactions for training, of all splits together."""
        return sum(split.train.nnz for split in self._splits)

    @cached_property
    def cuts(self) -> tuple[Part, ...]:
        """A part for each split."""
        if not self.further:
            return (self,)
        return tuple(Part(split, self.metric, self.exclude_seen) for split in self._splits)

    @cached_property
    def digest(self) -> str:
        """A hash of the splits, for the journal."""
        return "-".join(map(split_digest, self._splits))

    @cached_property
    def _measure(self) -> Measure:
        return Measure(
            self.split,
            parts="test",
            metrics=[self.metric],
            exclude_seen=self.exclude_seen,
            bootstrap=0,
        )

    def measure(self, model: Scorable) -> float:
        """Return the metric of a model that is fitted on the training part of the first split."""
        return float(self._measure(model)["test"].figures[self.metric])


def validation_of(final: Split, seed: int) -> Split:
    """Cut a validation part from the training part, in the way in which ``final`` was made.

    Where that is not possible, for example because too few users have enough likes left,
    :data:`HELD_OUT` of the likes are held out at random.
    """
    make = getattr(splits, final.kind, None)
    if make is not None:
        accepted = inspect.signature(make).parameters
        settings = {name: value for name, value in final.settings.items() if name in accepted}
        if settings.get("test") is not None:
            settings.pop("at", None)  # the share of what is left, not the same time again
        if "seed" in accepted:
            settings["seed"] = seed
        try:
            split: Split = make(final.train, **settings)
        except (PenchantError, TypeError) as error:
            log.info("no second %s split (%s): a random part is held out", final.kind, error)
        else:
            return split
    return splits.random_fraction(final.train, HELD_OUT, seed=seed)


def measured_part(split: Split, seed: int, most: int | None = None) -> Split:
    """Return a split with at most so many test users, drawn at random.

    None: :data:`MEASURED_USERS`.
    """
    most = MEASURED_USERS if most is None else most
    test = split.test
    users = np.flatnonzero(test.csr.row_counts)
    if len(users) <= most:
        return split
    keep = np.zeros(test.n_users, dtype=np.bool_)
    keep[np.random.default_rng(seed).choice(users, most, replace=False)] = True
    return dataclasses.replace(split, test=test.select(keep[test.csr.row_of_entry]))


def smaller(split: Split, size: int, seed: int) -> Split:
    """Return a split of a random share of the users with about so many interactions to train on.

    All items stay. Where test users have histories of their own, all of them stay too.
    """
    train = split.train
    if train.nnz <= size:
        return split
    order = np.random.default_rng(seed).permutation(train.n_users)
    n = max(2, int(np.searchsorted(np.cumsum(train.csr.row_counts[order]), size)) + 1)
    rows = np.sort(order[:n])
    own = split.fold_in is None
    test: Interactions = split.test.take_users(rows) if own else split.test
    return dataclasses.replace(split, train=train.take_users(rows), test=test)
