"""Arguments out of their range are refused; those in range come back as plain numbers."""

from __future__ import annotations

import numpy as np
import pytest

from penchant._settings import checks
from penchant.errors import SettingsError


def test_what_is_in_range_comes_back() -> None:
    assert checks.check_int("n", np.int64(3), 1, 3) == 3
    assert type(checks.check_int("n", np.int64(3))) is int
    assert checks.check_float("x", 0, 0) == 0.0
    assert checks.check_share("s", 1, up_to_one=True) == 1.0
    checks.check_choice("c", "a", ("a", "b"))


@pytest.mark.parametrize("value", [True, 3.0, "3", None, 0, 11])
def test_what_is_no_whole_number_in_range(value) -> None:
    with pytest.raises(SettingsError, match="n must be"):
        checks.check_int("n", value, 1, 10)


@pytest.mark.parametrize("value", [True, "1", None, float("nan"), float("inf"), -1, 0])
def test_what_is_no_number_above_0(value) -> None:
    with pytest.raises(SettingsError, match="x must be a finite number above 0"):
        checks.check_float("x", value, above=0)


@pytest.mark.parametrize("value", [0, 1, 1.5, -0.1, True, "0.5", float("nan")])
def test_what_is_no_share(value) -> None:
    with pytest.raises(SettingsError, match="s must be a share"):
        checks.check_share("s", value)


def test_what_is_no_choice_is_told_the_choices() -> None:
    with pytest.raises(SettingsError, match="'a', 'b'; got 'z'"):
        checks.check_choice("c", "z", ("a", "b"))
