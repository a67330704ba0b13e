"""Events of several types: read once, weighted as often as one likes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import penchant
from penchant import Events, Interactions, read_events
from penchant.errors import (
    ColumnError,
    DataError,
    EmptyDataError,
    SettingsError,
    UnknownIdError,
)

LOG = """user,item,what,at
ann,x,play,0
ann,x,play,100
ann,y,like,50
bob,x,skip,100
bob,y,play,
cat,y,,7
"""


@pytest.fixture
def events(tmp_path: Path) -> Events:
    path = tmp_path / "log.csv"
    path.write_text(LOG, encoding="utf-8")
    return read_events(path, event="what")


@pytest.fixture
def timed(tmp_path: Path) -> Events:
    path = tmp_path / "log.csv"
    path.write_text(LOG, encoding="utf-8")
    return read_events(path, event="what", timestamp="at")


def cells(data: Interactions) -> dict[object, dict[object, float]]:
    return {user: history for user in data.users if (history := data.history(user))}


def test_types_are_counted_and_rows_without_one_left_out(events: Events) -> None:
    assert events.counts() == {"like": 1, "play": 3, "skip": 1}
    assert events.notes == (
        "read 6 rows of log.csv; 1 incomplete, left out",
        "user from 'user', item from 'item', event from 'what'",
        "not used: 'at'",
    )


def test_weighted_events_are_summed(events: Events) -> None:
    data = events.weighted({"play": 1, "like": 5, "skip": -2})
    assert cells(data) == {"ann": {"x": 2, "y": 5}, "bob": {"x": -2, "y": 1}}


def test_views_share_users_and_items(events: Events) -> None:
    plays, likes = events.weighted({"play": 1}), events.weighted({"like": 1})
    assert cells(likes) == {"ann": {"y": 1}}
    assert (plays.users, plays.items) == (likes.users, likes.items)


def test_without_weights_all_types_are_alike(events: Events) -> None:
    assert cells(events.weighted()) == {"ann": {"x": 2, "y": 1}, "bob": {"x": 1, "y": 1}}


def test_events_that_cancel_are_no_interaction(events: Events) -> None:
    both = Events(
        events.users, events.items, events.types,
        *(np.array(codes, dtype=np.int32) for codes in ([0, 0, 1], [0, 0, 1], [0, 1, 1])),
        np.ones(3, dtype=np.float32), np.arange(3),
    )  # fmt: skip
    data = both.weighted({"like": 1, "play": -1})
    assert cells(data) == {"bob": {"y": -1}}
    assert data.timestamps is not None
    assert data.timestamps.tolist() == [2]


def test_every_event_counts_half_after_the_half_life(timed: Events) -> None:
    data = timed.weighted({"play": 1, "like": 4}, half_life=50)
    assert cells(data) == {"ann": {"x": pytest.approx(1 + 0.25), "y": pytest.approx(2)}}
    assert data.timestamps is not None
    assert data.timestamps.tolist() == [100, 50]
    later = timed.weighted({"play": 1, "like": 4}, half_life=50, now=150)
    np.testing.assert_allclose(later.csr.values, data.csr.values / 2, rtol=1e-6)


def test_values_multiply_the_weights() -> None:
    frame = pd.DataFrame({"user": [1, 1], "item": [5, 6], "kind": ["a", "b"], "n": [3, 4]})
    data = read_events(frame, "user", "item", "kind", "n").weighted({"a": 2, "b": 0.5})
    assert cells(data) == {1: {5: 6, 6: 2}}


def test_models_learn_from_a_view(events: Events) -> None:
    model = penchant.Popularity().fit(events.weighted({"play": 1, "like": 3}))
    assert model.recommend("bob", k=2, exclude_seen=False).ids == ["y", "x"]
    likes = events.weighted({"like": 1})
    assert model.scorer(likes).n_queries == 2


def test_errors_of_weights(events: Events, tmp_path: Path) -> None:
    with pytest.raises(UnknownIdError, match=r"unknown event type 'plays'.*'play'"):
        events.weighted({"plays": 1})
    with pytest.raises(SettingsError, match=r"weights\['play'\]"):
        events.weighted({"play": float("nan")})
    with pytest.raises(EmptyDataError, match="no event"):
        events.weighted({"play": 0})
    with pytest.raises(DataError, match="needs timestamps"):
        events.weighted(half_life=3)
    with pytest.raises(SettingsError, match="event="):
        read_events(tmp_path / "log.csv")
    with pytest.raises(ColumnError, match="another role"):
        read_events(tmp_path / "log.csv", event="item")
    with pytest.raises(ColumnError, match=r"no column 'whet'.*'what'"):
        read_events(tmp_path / "log.csv", event="whet")


def test_a_half_life_must_fit_the_times(timed: Events) -> None:
    with pytest.raises(SettingsError, match="before the newest"):
        timed.weighted(half_life=3, now=99)
    with pytest.raises(SettingsError, match="half_life must be"):
        timed.weighted(half_life=0)


def test_interactions_decay_by_the_age_of_their_newest_event() -> None:
    rows = [("a", "x", 2, 0), ("a", "y", 3, 10), ("b", "x", -1, 10), ("b", "y", 1, -40_000)]
    data = penchant.read_interactions(rows)
    old = data.decayed(10)
    assert old.history("a") == {"x": 1, "y": 3}
    assert old.history("b") == {"x": -1}  # what came to nothing is gone
    assert old.timestamps is not None
    assert len(old.timestamps) == 3
    assert data.history("a") == {"x": 2, "y": 3}
    with pytest.raises(DataError, match="needs timestamps"):
        penchant.read_interactions([("a", "x")]).decayed(1)
