"""Honest splits of interactions into what a model may see and what it is measured on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tacit.data.interactions import Interactions


@dataclass(frozen=True, eq=False)
class Split:
    """A training part and a test part that share no (user, item) pair.

    Attributes
    ----------
    train
        What models are fitted on.
    test
        What they are measured on. Its items are those of ``train``, in the same order. Its users
        are those of ``train`` too, unless ``fold_in`` is given.
    fold_in
        For strong generalisation: the known past of the test users, none of whom is in ``train``;
        its users are those of ``test``, in the same order. None for splits within users.
    kind
        The name of the function that made it.
    settings
        What it was called with, the seed included.
    """

    train: Interactions
    test: Interactions
    fold_in: Interactions | None = None
    kind: str = "custom"
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def seen(self) -> Interactions:
        """What the model knows of the test users: ``fold_in`` if there is one, else ``train``."""
        return self.train if self.fold_in is None else self.fold_in
