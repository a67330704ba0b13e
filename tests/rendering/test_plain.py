from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penchant.rendering.plain import decimals, more, plain, shorten, table, width


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Sigur Rós – 東京 🎧", "Sigur Rós – 東京 🎧"),
        ("two\nlines\tand\r", "two\\nlines\\tand\\r"),
        ("\x1b[2J", "\\u001b[2J"),
        ("abc\u202etxt.exe", "abc\\u202etxt.exe"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("half\ud800", "half\\ud800"),
        (7, "7"),
    ],
)
def test_plain(given: object, shown: str) -> None:
    assert plain(given) == shown


@given(st.text(st.characters(), max_size=50))
def test_plain_text_can_be_printed_on_one_line(text: str) -> None:
    shown = plain(text)
    assert shown.encode().decode() == shown
    assert len(shown.splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("東京", 4), ("e\u0301", 1), ("", 0), ("🎧", 2)]
)
def test_width(text: str, columns: int) -> None:
    assert width(text) == columns


@given(st.text(max_size=60), st.integers(1, 30))
def test_shortened_text_fits(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert width(short) <= limit
    assert short == text or short.endswith("…")


def test_columns_are_aligned_whatever_the_script() -> None:
    shown = table(
        ["name", "n"], [["東京事変", "1"], ["Sigur Rós", "22"], ["x" * 50, "3"]], right=[1]
    )
    lines = shown.splitlines()
    assert lines[0].startswith("name")
    assert lines[3] == "x" * 39 + "…   3"
    assert {width(line) for line in lines} == {44}


def test_a_table_of_hostile_text_stays_a_table() -> None:
    assert table(["a"], [["one\ntwo"], ["\x1b[31mred"]]).splitlines() == [
        "a",
        "one\\ntwo",
        "\\u001b[31mred",
    ]


@pytest.mark.parametrize(
    ("values", "digits"),
    [([0.98, 0.1], 3), ([1.0], 3), ([12.3], 2), ([12345.0], 0), ([0.00012], 6), ([0], 3), ([], 3)],
)
def test_decimals(values: list[float], digits: int) -> None:
    assert decimals(values) == digits


def test_decimals_ignore_values_that_are_not_finite() -> None:
    assert decimals([float("nan"), float("inf"), 0.5]) == 3


def test_more() -> None:
    assert more(0, "user") == ""
    assert more(1, "user") == "… and 1 more user"
    assert more(1234, "user") == "… and 1,234 more users"
