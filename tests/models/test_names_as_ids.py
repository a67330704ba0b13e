"""A name of the catalog where an id is needed, or a matrix: the error says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import penchant
from penchant.errors import SettingsError, UnknownIdError


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.similar_items("Wine 3"),
        lambda model: model.similar_items([10, "wine 3"]),
        lambda model: model.recommend(history=[10, "Wine 3"]),
        lambda model: model.explain("ann", "Wine 3"),
    ],
)
def test_the_error_names_the_id(ask: Callable[[penchant.Model], object]) -> None:
    catalog = penchant.Catalog([10, 13], names=["Wine 0", "Wine 3"])
    likes = penchant.read_interactions([("ann", 10), ("bo", 13)]).with_catalog(catalog)
    model = penchant.ItemNeighbors().fit(likes)
    wanted = r"(?i)unknown item 'wine 3': it is the name of 13; give ids, which model.catalog.find"
    with pytest.raises(UnknownIdError, match=wanted):
        ask(model)
    with pytest.raises(UnknownIdError, match="item ids are integers here, such as 10"):
        model.similar_items("Wine 9")


def test_a_matrix_in_the_place_of_the_length() -> None:
    likes = penchant.read_interactions([("ann", 10), ("bo", 13)])
    model = penchant.ItemNeighbors().fit(likes)
    with pytest.raises(SettingsError, match=r"takes no matrix.*as in recommend\(user, k=10\)"):
        model.recommend("ann", likes.to_scipy())  # type: ignore[arg-type]
