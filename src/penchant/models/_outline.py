"""What a model file keeps of the training data where it does not keep the interactions."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant._settings.checks import check_choice
from penchant.data.code_sets import CodeSets
from penchant.data.csr import Csr
from penchant.data.interactions import Interactions
from penchant.errors import UnsupportedError

Kept = Literal["all", "seen", "none"]
"""What a file keeps: the interactions, which items each user has, or neither."""

KEPT: tuple[Kept, ...] = ("all", "seen", "none")

Use = Literal["seen", "histories", "all"]
"""What a fitted model needs the interactions for: to leave out seen items, to score its users by
their histories too, or for every score."""

Counts = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Outline(Interactions):
    """Training data without its interactions: the matrix is empty, the rest is there.

    Models hold it in the place of interactions; ``model.interactions`` raises an error then.

    Attributes
    ----------
    seen
        The items of each user; None: they are not kept.
    n_trained
        The number of interactions.
    newest_time
        The newest timestamp, or None.
    fingerprint
        A hash of the interactions, by which they are recognized.
    item_counts, item_likes
        int32, shape (n_items,): how many interactions, and how many likes, each item has.
    facts
        What the model computed from the interactions and needs for answers, as plain JSON.
    """

    seen: CodeSets | None = None
    n_trained: int = 0
    newest_time: int | None = None
    fingerprint: str = ""
    item_counts: Counts = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    item_likes: Counts = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kept(self) -> Kept:
        """What is kept of the interactions."""
        return "none" if self.seen is None else "seen"

    @cached_property
    def newest(self) -> int | None:
        """The newest timestamp, or None."""
        return self.newest_time

    def __repr__(self) -> str:
        return f"<outline of {self.name!r}: {self.n_users:,} users × {self.n_items:,} items>"


def outline_of(data: Interactions, kept: Kept, facts: Mapping[str, Any]) -> Outline:
    """Return the outline of interactions."""
    parts = {each.name: getattr(data, each.name) for each in dataclasses.fields(Interactions)}
    counts = np.bincount(data.csr.indices, minlength=data.n_items)
    return Outline(
        **{**parts, "csr": empty_matrix(data.n_users, data.n_items), "timestamps": None},
        seen=CodeSets.of(data.csr) if kept == "seen" else None,
        n_trained=data.nnz,
        newest_time=data.newest,
        fingerprint=fingerprint(data.csr),
        item_counts=counts.astype(np.int32),
        item_likes=like_counts(data).astype(np.int32),
        facts=dict(facts),
    )


def empty_matrix(n_rows: int, n_columns: int) -> Csr:
    """Return a matrix without entries."""
    pointers = np.zeros(n_rows + 1, dtype=np.int64)
    return Csr(pointers, np.empty(0, np.int32), np.empty(0, np.float32), n_columns)


def fingerprint(rows: Csr) -> str:
    """Return a hash of the entries of a matrix, 128 bits."""
    digest = hashlib.blake2b(digest_size=16)
    for array in (rows.indptr, rows.indices, rows.values):
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.hexdigest()


def same_entries(rows: Csr, trained: Interactions) -> bool:
    """Whether a matrix over the same items has the entries of the training data."""
    if isinstance(trained, Outline):
        return rows.nnz == trained.n_trained and fingerprint(rows) == trained.fingerprint
    own = trained.csr
    return rows is own or (same_cells(rows, trained) and np.array_equal(rows.values, own.values))


def same_cells(rows: Csr, trained: Interactions) -> bool:
    """Whether a matrix has entries in the cells of the training data; values may differ.

    Without the interactions, values are compared too.
    """
    if isinstance(trained, Outline):
        return same_entries(rows, trained)
    own = trained.csr
    return rows is own or (
        np.array_equal(rows.indptr, own.indptr) and np.array_equal(rows.indices, own.indices)
    )


def n_interactions(data: Interactions) -> int:
    """Return the number of interactions in the training data."""
    return data.n_trained if isinstance(data, Outline) else data.nnz


def met_items(data: Interactions) -> npt.NDArray[np.bool_]:
    """Return which items have interactions, shape (n_items,)."""
    if isinstance(data, Outline):
        return data.item_counts > 0
    return np.bincount(data.csr.indices, minlength=data.n_items) > 0


def like_counts(data: Interactions) -> npt.NDArray[np.int64]:
    """Return how many users like each item, shape (n_items,)."""
    if isinstance(data, Outline):
        return data.item_likes.astype(np.int64)
    liked = data.csr.values > 0
    items = data.csr.indices if liked.all() else data.csr.indices[liked]
    return np.bincount(items, minlength=data.n_items)


def check_use(model: str, use: Use, kept: Kept) -> None:
    """Check that a model can be saved with less than all of its interactions.

    Parameters
    ----------
    model
        The name of its class.
    use
        What it needs the interactions for.
    kept
        What the file is to keep.

    Raises
    ------
    SettingsError
        If ``kept`` is none of the choices.
    UnsupportedError
        If it can't.
    """
    check_choice("interactions", kept, KEPT)
    if kept == "all" or use == "seen" or (use == "histories" and kept == "none"):
        return
    start = f"{model} can't be saved with interactions={kept!r}: "
    if use == "all":
        raise UnsupportedError(
            f"{start}it computes scores from the interactions that it was fitted on; use "
            "interactions='all'"
        )
    raise UnsupportedError(
        f"{start}it computes the scores of a user from the values of the history; use "
        "interactions='all', or interactions='none' and give histories in place of users"
    )


def not_kept(kept: Kept, what: str, advice: str) -> UnsupportedError:
    """Return the error about what is not possible with a file that keeps less than all."""
    return UnsupportedError(f"this model was saved with interactions={kept!r}: {what}; {advice}")
