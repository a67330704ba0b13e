"""The parts of the blends under test, and data whose users and items have features."""

from __future__ import annotations

from tests.models.contract import data

import penchant
from penchant import ALS, ItemNeighbors, Popularity
from penchant.models.blend.fusion import Fusion

FUSIONS: list[Fusion] = ["z-score", "min-max", "rank", "top-mean"]


def parts() -> dict[str, penchant.models.Model]:
    return {
        "als": ALS(factors=6, iterations=4, alpha=4.0),
        "near": ItemNeighbors(neighbors=10),
        "pop": Popularity(),
    }


def described() -> penchant.Interactions:
    """Users with the town they live in, items with whether their number is odd."""
    interactions = data()
    towns = {user: ["north" if n % 3 else "south"] for n, user in enumerate(interactions.users)}
    kinds = {item: ["odd" if n % 2 else "even"] for n, item in enumerate(interactions.items)}
    return interactions.with_user_features(
        penchant.Features.of(towns, kind="user")
    ).with_item_features(penchant.Features.of(kinds))  # fmt: skip
