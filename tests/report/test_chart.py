from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penchant.report.chart import HEIGHT, WIDTH, Chart, Series, describe, draw, labels, ticks

finite = st.floats(-1e12, 1e12)


def chart(*series: Series) -> Chart:
    return Chart("Loss <by> epoch", "epoch", "loss", series)


def svg(markup: str) -> ET.Element:
    element = ET.fromstring(markup).find("svg")
    assert element is not None
    return element


@given(st.lists(finite, min_size=1, max_size=20), st.integers(2, 8))
def test_ticks_enclose_the_values_evenly(values: list[float], about: int) -> None:
    at = ticks(values, about)
    room = 1e-6 * max(1e-9, at[-1] - at[0])
    assert at[0] <= min(values) + room
    assert at[-1] >= max(values) - room
    assert 2 <= len(at) <= about + 3
    assert len(set(labels(at))) == len(at)


@pytest.mark.parametrize(
    ("values", "whole", "shown"),
    [
        ([1, 15], True, ["0", "2", "4", "6", "8", "10", "12", "14", "16"]),
        ([1, 3], True, ["1", "2", "3"]),
        ([4], True, ["3", "4", "5"]),
        ([0.11, 0.21], False, ["0.10", "0.12", "0.14", "0.16", "0.18", "0.20", "0.22"]),
        ([0, 35_000], False, ["0", "10,000", "20,000", "30,000", "40,000"]),
        (
            [-534.1e9, -535.4e9],
            False,
            ["-5.355e+11", "-5.35e+11", "-5.345e+11", "-5.34e+11"],
        ),
        ([0.0], False, ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
    ],
)
def test_ticks_are_round(values: list[float], whole: bool, shown: list[str]) -> None:
    assert labels(ticks(values, 8 if whole else 5, whole=whole)) == shown


@given(st.lists(st.tuples(st.integers(0, 500), finite), min_size=1, max_size=30))
def test_every_point_is_inside_the_chart(points: list[tuple[int, float]]) -> None:
    series = Series("loss", [x for x, _ in points], [y for _, y in points])
    circles = svg(draw(chart(series))).findall(".//circle")
    assert len(circles) == len(points)
    for circle in circles:
        assert 0 <= float(circle.attrib["cx"]) <= WIDTH
        assert 0 <= float(circle.attrib["cy"]) <= HEIGHT


def test_charts_have_a_text_description() -> None:
    element = svg(draw(chart(Series("ALS", [1, 2], [10, 5.5])), number=3))
    assert element.attrib["role"] == "img"
    named = element.attrib["aria-labelledby"].split()
    texts = {child.attrib.get("id"): child.text for child in element}
    assert [texts[name] for name in named] == [
        "Loss <by> epoch",
        "loss by epoch. ALS: 10 at 1, 5.5 at 2.",
    ]
    shown = [text.text for text in element.findall(".//text")]
    assert {"epoch", "loss"} <= set(shown)


def test_points_that_are_not_finite_are_left_out() -> None:
    series = Series("x", [1, 2, 3], [float("nan"), 2, float("inf")])
    assert series.points == [(2, 2)]
    assert len(svg(draw(chart(series))).findall(".//circle")) == 1


def test_a_chart_without_points() -> None:
    assert "no data" in draw(chart(Series("x", [], [])))
    assert describe(chart(Series("x", [], []))) == "loss by epoch."


def test_several_lines_have_a_legend() -> None:
    two = chart(Series("train", [1, 2], [1, 2]), Series("<test>", [1, 2], [2, 1]))
    assert "legend" in draw(two)
    assert "&lt;test&gt;" in draw(two)
    assert "legend" not in draw(chart(Series("train", [1, 2], [1, 2])))
