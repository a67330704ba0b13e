"""Durations and times as settings."""

from __future__ import annotations

import pytest

from penchant._settings.times import check_duration, check_time
from penchant.errors import SettingsError


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (0.5, 0.5),
        ("90s", 90),
        ("12h", 43_200),
        ("1.5d", 129_600),
        ("8w", 4_838_400),
        ("3m", 180),
        ("2 Hours", 7_200),
    ],
)
def test_durations(value, expected) -> None:
    assert check_duration("age", value) == expected


@pytest.mark.parametrize(
    "value", [0, -1, None, True, "", "d", "3", "3ms", "2 years", "nand", "1e999d", "-1d"]
)
def test_no_durations(value) -> None:
    with pytest.raises(SettingsError, match="age must be"):
        check_duration("age", value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-5, -5),
        ("1970-01-02", 86_400),
        ("1970-01-02T00:00:30", 86_430),
        ("1970-01-02 02:00+02:00", 86_400),
        ("1d", 1_000_000 - 86_400),
    ],
)
def test_times(value, expected) -> None:
    assert check_time("at", value, newest=1_000_000) == expected


@pytest.mark.parametrize("value", [1.0, None, True, "", "now", "1970", "1970-02-30", "0d", "1e30w"])
def test_no_times(value) -> None:
    with pytest.raises(SettingsError, match="at must be"):
        check_time("at", value, newest=0)
