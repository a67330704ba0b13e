"""Lists, ranges and fixed values, and what is drawn from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import penchant
from penchant.errors import SettingsError
from penchant.tuning.space import Space


def test_a_grid_holds_every_combination_once() -> None:
    space = Space(penchant.ALS, {"factors": [2, 4, 8], "alpha": [1.0, 5.0], "confidence": "log"})
    points = space.grid(0)
    assert sorted((one["factors"], one["alpha"]) for one in points) == [
        *((2, 1.0), (2, 5.0), (4, 1.0), (4, 5.0), (8, 1.0), (8, 5.0))
    ]
    assert space.fixed == {"confidence": "log"}
    assert space.grid(0) == points != space.grid(1)


def test_what_is_drawn_depends_on_seed_and_number_only() -> None:
    given = {"factors": (2, 64), "alpha": (0.1, 100, "log"), "confidence": ["log", "linear"]}
    space = Space(penchant.ALS, given)
    points = [space.draw(3, number) for number in range(200)]
    assert points == [Space(penchant.ALS, given).draw(3, number) for number in range(200)]
    assert {type(one["factors"]) for one in points} == {int}
    assert {one["confidence"] for one in points} == {"log", "linear"}
    assert min(one["factors"] for one in points) < 6
    assert max(one["factors"] for one in points) > 60
    assert 0.8 < np.exp(np.mean(np.log([one["alpha"] for one in points]))) < 12  # √10 ≈ 3.2


def test_whole_ends_of_a_setting_that_takes_fractions() -> None:
    space = Space(penchant.ALS, {"alpha": (1, 3), "factors": (1, 3)})
    assert not space.ranges["alpha"].whole
    assert space.ranges["factors"].whole


@given(low=st.integers(1, 50), more=st.integers(1, 50), share=st.floats(0, 1), log=st.booleans())
def test_a_range_keeps_to_its_ends(low: int, more: int, share: float, log: bool) -> None:
    whole, fraction = penchant.Range(low, low + more, log), penchant.Range(low / 7, low + more, log)
    assert low <= whole.at(share) <= low + more
    assert isinstance(whole.at(share), int)
    assert low / 7 <= fraction.at(share) <= low + more


@pytest.mark.parametrize(
    ("space", "told"),
    [
        ({}, "must name settings"),
        ({"factor": [2]}, "did you mean 'factors'"),
        ({"factors": []}, "no values"),
        ({"factors": [2, 2]}, "a value twice"),
        ({"factors": (2,)}, "a tuple is a range"),
        ({"factors": (2, 4, 8)}, "a tuple is a range"),
        ({"factors": (4, 2)}, "from low to high"),
        ({"alpha": (0.0, 2.0, "log")}, "start above 0"),
        ({"alpha": (0.0, float("inf"))}, "finite"),
        ({"iterations": [5, 10]}, "every trial is a learning curve"),
        ({"factors": [object()]}, "can't be tuned"),
    ],
)
def test_invalid_spaces_are_refused(space, told) -> None:
    with pytest.raises(SettingsError, match=told):
        Space(penchant.ALS, space)


def test_a_grid_of_a_range_is_refused() -> None:
    with pytest.raises(SettingsError, match="alpha has a range"):
        Space(penchant.ALS, {"alpha": (1.0, 2.0)}).grid(0)
