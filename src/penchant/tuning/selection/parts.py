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

MEASURED_USERS = 10_000
"""The most users of the validation part that are measured."""


@dataclass(frozen=True, eq=False)
class Part:
    """A validation split, with the measure of its models.

    Attributes
    ----------
    split
        The split.
    metric
        The full name of the metric.
    exclude_seen
        As for :func:`penchant.evaluate`.
    """

    split: Split
    metric: str
    exclude_seen: bool

    @property
    def size(self) -> int:
        """The number of interactions for training."""
        return self.split.train.nnz

    @cached_property
    def digest(self) -> str:
        """A hash of the split, for the journal."""
        return split_digest(self.split)

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
        """Return the metric of a model that is fitted on the training part."""
        return float(self._measure(model)["test"].figures[self.metric])


def validation_of(final: Split, seed: int) -> Split:
    """Cut a validation part from the training part, in the way in which ``final`` was made.

    Where that is not possible, for example because too few users have enough likes left, a fifth
    of the likes is held out at random.
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
            log.info("no second %s split (%s): a random fifth is held out", final.kind, error)
        else:
            return split
    return splits.random_fraction(final.train, 0.2, seed=seed)


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
