"""The two parts of a split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked_methods
from penchant.data.interactions import Csr, Interactions
from penchant.errors import DataError

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """A training part and a test part that share no (user, item) pair.

    ``train, test = split`` unpacks it, unless the test part has users of its own.

    Attributes
    ----------
    train
        The interactions that models are fitted on.
    test
        The held-out interactions. Its items are those of ``train``, in the same order. Its users
        are those of ``train`` too, unless ``fold_in`` is given.
    fold_in
        For strong generalization: the history of the test users, none of whom is in ``train``;
        its users are those of ``test``, in the same order. None for splits within users.
    kind
        The name of the function that made it.
    settings
        The arguments of that function, the seed included.
    candidates
        The only items that may be recommended when the test part is measured: their codes,
        rising, or a matrix with the codes of each user of ``test``. None: all.
    metrics
        The metrics that :func:`penchant.evaluate` measures by default; None: those of top-k
        lists. Protocols (:mod:`penchant.protocols`) set them.
    note
        A warning that tables of the figures show, or an empty text.
    """

    train: Interactions
    test: Interactions
    fold_in: Interactions | None = None
    kind: str = "custom"
    settings: Mapping[str, object] = field(default_factory=dict)
    candidates: Ints | Csr | None = None
    metrics: tuple[str, ...] | None = None
    note: str = ""

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        users = "" if self.fold_in is None else f" of {self.test.n_users:,} other users"
        return (
            f"<Split {self.kind}({settings}): {self.train.nnz:,} interactions in the training "
            f"part, {self.test.nnz:,} in the test part{users}>"
        )

    def __iter__(self) -> Iterator[Interactions]:
        """Yield the training part and the test part.

        Raises
        ------
        DataError
            If the histories of the test users are in a third part, ``fold_in``.
        """
        if self.fold_in is not None:
            raise DataError(
                "the test users of this split are not in its training part: take split.train, "
                "split.test and split.fold_in, their histories"
            )
        return iter((self.train, self.test))

    @property
    def seen(self) -> Interactions:
        """The history of the test users, ``fold_in`` if there is one, else ``train``."""
        return self.train if self.fold_in is None else self.fold_in


def within_users(
    interactions: Interactions, held_out: Mask, kind: str, settings: Mapping[str, object]
) -> Split:
    """Return the split that holds out the entries of a mask; all users stay in both parts."""
    return Split(
        train=interactions.select(~held_out),
        test=interactions.select(held_out),
        kind=kind,
        settings=settings,
    )
