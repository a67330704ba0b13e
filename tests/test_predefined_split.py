"""The split of a training log and a test log that the caller made."""

from __future__ import annotations

import pandas as pd
import pytest

import penchant
from penchant import Interactions
from penchant.errors import DataError, SplitError

TRAIN = pd.DataFrame({"user": ["a", "a", "b", "c"], "item": [1, 2, 1, 3], "count": [1, 2, 1, 5]})
TEST = pd.DataFrame({"user": ["a", "b", "d", "a"], "item": [3, 2, 1, 1], "count": [1, 1, 1, 9]})


def pairs(data: Interactions) -> dict[tuple[str, int], float]:
    return {(user, item): n for user in data.users for item, n in data.history(user).items()}


def test_it_is_measured_as_other_splits() -> None:
    train = penchant.read_interactions(TRAIN).with_catalog(
        penchant.Catalog([1, 2, 3], names=["one", "two", "three"])
    )
    split = penchant.split.predefined(train, TEST)
    assert pairs(split.train) == pairs(train)
    assert pairs(split.test) == {("a", 3): 1, ("b", 2): 1, ("d", 1): 1}  # ("a", 1) is trained on
    assert split.settings == {"repeated": 1}
    assert split.train.users == split.test.users
    assert list(split.train.users) == ["a", "b", "c", "d"]
    assert split.train.catalog is not None
    model = penchant.Popularity().fit(split.train)
    assert penchant.evaluate(model, split, k=1, metrics="recall", bootstrap=0).n_users == 3


def test_frames_with_times_keep_them() -> None:
    frames = [
        frame.assign(date=pd.Timestamp("2025-01-01") + pd.to_timedelta(n, unit="D"))
        for n, frame in enumerate((TRAIN, TEST))
    ]
    split = penchant.split.predefined(*frames)
    assert split.test.timestamps is not None
    assert set(split.test.timestamps.tolist()) == {1_735_776_000}


def test_logs_that_make_no_split() -> None:
    with pytest.raises(SplitError, match="4 of its pairs are in the training log"):
        penchant.split.predefined(TRAIN, TRAIN)
    with pytest.raises(DataError, match="items are integers in the training log, such as 1, and"):
        penchant.split.predefined(TRAIN, TEST.assign(item=["x", "y", "z", "x"]))
    with pytest.raises(DataError, match=r"a split needs penchant.Interactions, got list"):
        penchant.split.predefined(TRAIN, [("a", 1)])


def test_evaluate_names_it() -> None:
    model = penchant.Popularity().fit(TRAIN)
    with pytest.raises(DataError, match=r"with penchant\.split\.predefined\(train, test\)"):
        penchant.evaluate(model, TEST)  # type: ignore[arg-type]
