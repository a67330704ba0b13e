"""The data that a model was fitted on, as far as the model has it."""

from __future__ import annotations

import dataclasses
from typing import Any

from penchant.data.catalog import Catalog
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.errors import NotFittedError
from penchant.models._outline import KEPT, Kept, Outline, Use, check_use, not_kept, outline_of

_SAVE_ALL = "fit it again and save it with interactions='all'"


class TrainedOn:
    """The part of a fitted model that holds its training data, or an outline of it."""

    _interactions: Interactions | None = None

    @property
    def uses_interactions(self) -> Use:
        """What the fitted model needs the interactions for, see :meth:`save`.

        ``"seen"``: only to leave out seen items; ``"histories"``: scores of its users are computed
        from their histories; ``"all"``: every score is computed from the interactions.
        """
        return "all"

    @property
    def interactions(self) -> Interactions:
        """The interactions that the model was fitted on.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        UnsupportedError
            If it was saved without its interactions.
        """
        data = self._trained_on
        if isinstance(data, Outline):
            raise not_kept(data.kept, "its interactions are not in the file", _SAVE_ALL)
        return data

    @property
    def _trained_on(self) -> Interactions:
        """The ids, catalog and features of the training data; the interactions may be missing.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        """
        if self._interactions is None:
            raise NotFittedError(
                f"this {type(self).__name__} is not fitted yet: call .fit(interactions) first"
            )
        return self._interactions

    @property
    def kept_interactions(self) -> Kept:
        """What the model has of its interactions, ``"all"`` or what it was saved with."""
        data = self._trained_on
        return data.kept if isinstance(data, Outline) else "all"

    @property
    def newest(self) -> int | None:
        """The newest timestamp of the training data, or None; kept by every file."""
        return self._trained_on.newest

    @property
    def users(self) -> IdMap:
        """The users of the training data, in the order of their codes."""
        return self._trained_on.users

    @property
    def items(self) -> IdMap:
        """The items of the training data, in the order of their codes."""
        return self._trained_on.items

    @property
    def catalog(self) -> Catalog | None:
        """The catalog of the items, or None."""
        return self._trained_on.catalog

    def _data_to_save(self, interactions: Kept) -> Interactions:
        """Return the interactions, or the outline that a file keeps of them."""
        kept, has = interactions, self.kept_interactions
        check_use(type(self).__name__, self.uses_interactions, kept)
        if KEPT.index(kept) < KEPT.index(has):
            raise not_kept(
                has,
                "the file does not have the rest of its interactions",
                f"use interactions={has!r} again",
            )
        data = self._trained_on
        if kept == has:
            return data
        if isinstance(data, Outline):  # the rest stays as it is
            return dataclasses.replace(data, seen=None)
        return outline_of(data, kept, self._facts())

    def _facts(self) -> dict[str, Any]:
        """Return what was computed from the interactions and answers need, as plain JSON.

        It is saved where the interactions are not, and is then in the outline's ``facts``.
        """
        return {}
