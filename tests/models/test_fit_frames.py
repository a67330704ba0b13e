"""Fitting a frame: it is read where its columns are unambiguous."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.conftest import random_interactions

import penchant
from penchant.errors import DataError


@pytest.mark.parametrize("convert", ["to_pandas", "to_polars", "to_arrow"])
def test_a_frame_is_read(convert: str) -> None:
    data = random_interactions(12, 9).drop_empty()
    frame = getattr(data, convert)()
    wanted = penchant.ALS(factors=3, iterations=2).fit(data)
    model = penchant.ALS(factors=3, iterations=2).fit(frame)
    assert model.users == data.users
    np.testing.assert_array_equal(model.item_factors, wanted.item_factors)
    assert penchant.Popularity().fit(frame).items == data.items


def test_ambiguous_frames_show_the_call_to_make() -> None:
    pandas: Any = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": ["u"], "b": ["x"], "c": [1], "d": [2]})
    with pytest.raises(DataError, match=r"Popularity\.fit can't tell .*from_pandas\(frame, user="):
        penchant.Popularity().fit(frame)
    with pytest.raises(DataError, match=r"got Series"):
        penchant.Popularity().fit(frame["a"])
