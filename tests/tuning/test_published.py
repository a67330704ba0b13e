from __future__ import annotations

import math
import re

import pytest

from penchant import plots
from penchant.errors import BadLinesError, DataError, EmptyDataError, SettingsError
from penchant.tuning.published import read_grid_log

RULE = "+------------+------------+------------+------------+------------+"
HEAD = """\
+------------+------------+------------+------------+------------+
|   epochs   | p@k train  |  p@k test  | mse train  |  mse test  |
+============+============+============+============+============+
"""
SMALL = f"""\
alpha: 1 | num_factors: 10 | regularization: 0.0
{HEAD}|     2      |  0.16300   |  0.02233   |  0.00173   |  0.00037   |
{RULE}
|     4      |  0.15612   |  0.02318   |  0.00171   |  0.00037   |
{RULE}
alpha: 50 | num_factors: 10 | regularization: 1e-05
{HEAD}|     2      |  0.2   |  nan   |  0.3   |  0.4   |
{RULE}
"""


def log(tmp_path, text: str):
    path = tmp_path / "grid.log"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_table_becomes_a_trial(tmp_path) -> None:
    found = read_grid_log(log(tmp_path, SMALL))
    first, second = found.trials
    assert (found.metric, found.better) == ("precision@5", "higher")
    assert first.settings == {"alpha": 1, "factors": 10, "regularization": 0.0}
    assert isinstance(first.settings["factors"], int)
    assert (first.state, first.best_epoch, first.value) == ("complete", 4, 0.02318)
    assert first.curve.rows[0].train == {"precision@5": 0.163, "mse": 0.00173}
    assert first.curve.rows[0].test == {"precision@5": 0.02233, "mse": 0.00037}
    assert math.isnan(first.seconds)
    assert second.settings["regularization"] == 1e-5
    assert second.state == "failed"  # no epoch has a known figure
    assert found.best is first


def test_the_length_of_lists_can_be_told(tmp_path) -> None:
    found = read_grid_log(log(tmp_path, SMALL), k=10)
    assert found.metric == "precision@10"
    assert found.best.curve.metrics == ("precision@10", "mse")
    with pytest.raises(SettingsError, match="k must be 1 or more"):
        read_grid_log(log(tmp_path, SMALL), k=0)


def test_a_log_cut_short_keeps_what_it_has(tmp_path) -> None:
    cut = SMALL[: SMALL.index("|     4")] + "alpha: 2 | num_factors: 10 | regularization: 0.1\n"
    first, last = read_grid_log(log(tmp_path, cut)).trials
    assert first.best_epoch == 2
    assert last.state == "failed"
    assert "no epoch" in last.message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("num_factors: 10 | regularization: 0.0", "num_factors: ten", "line 1: expected settings"),
        ("num_factors: 10 | regularization: 0.0", "depth: 3", "line 1: expected settings"),
        ("|  0.00037   |\n", "|\n", "line 5: expected an epoch and four numbers"),
        ("0.02233", "0.0x2", "line 5: expected an epoch and four numbers"),
        ("|     4      |", "|     2      |", "line 7: expected an epoch after 2"),
        ("|     4      |", "|     4.5    |", "line 7: expected an epoch and four numbers"),
        ("alpha: 1 | num_factors: 10 | regularization: 0.0\n", "", "line 2: expected the settings"),
        ("alpha: 1 |", "hello |", "found 'hello | num_factors"),
        ("alpha: 1 |", "alpha: nan |", "line 1: expected settings"),
    ],
)
def test_a_line_that_is_not_understood_is_told_by_number(tmp_path, old, new, message) -> None:
    with pytest.raises(BadLinesError, match=re.escape(message)):
        read_grid_log(log(tmp_path, SMALL.replace(old, new, 1)))


def test_no_trial_and_no_file(tmp_path) -> None:
    with pytest.raises(EmptyDataError, match="holds no trial"):
        read_grid_log(log(tmp_path, "\n"))
    with pytest.raises(DataError, match="can't read the grid log"):
        read_grid_log(tmp_path / "missing.log")
    (tmp_path / "bytes.log").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="can't read the grid log"):
        read_grid_log(tmp_path / "bytes.log")


def test_the_published_grid(real_data) -> None:
    found = read_grid_log(real_data("sketchfab/wrmf_gridsearch.log"))
    assert len(found.trials) == 180
    assert {len(one.curve.rows) for one in found.trials} == {19}
    best = found.best
    assert best.settings == {"alpha": 50, "factors": 40, "regularization": 0.1}
    assert (best.best_epoch, best.value) == (22, 0.04761)
    shares = plots.importances(found)
    assert list(shares)[:2] == ["alpha", "factors"]
    ax = plots.heat_map(found)
    assert [one.get_text() for one in ax.get_xticklabels()] == [
        "1",
        "10",
        "50",
        "100",
        "500",
        "1000",
    ]
    assert len(ax.texts) == 30
