"""Real plays, split once, on which models must beat popularity."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import penchant
from penchant.models.base import Model
from penchant.split import Split, leave_k_out


@pytest.fixture(scope="session")
def plays(real_data) -> Split:
    """The plays of Last.fm listeners and artists of ten or more, five left out of each listener."""
    path = real_data("lastfm-2k/user_artists.dat")
    plays = penchant.read_interactions(path, user="userID", item="artistID", value="weight")
    return leave_k_out(plays.threshold(10, 10), 5, seed=0)


@pytest.fixture
def ndcg_on_plays(plays: Split) -> Callable[..., dict[str, float]]:
    """A function that fits models and returns class → NDCG@10."""

    def measured(*models: Model) -> dict[str, float]:
        return {
            type(model).__name__: penchant.evaluate(
                model.fit(plays.train), plays, metrics=["ndcg"], bootstrap=0
            )["ndcg@10"]
            for model in models
        }

    return measured
