from __future__ import annotations

import math

import numpy as np
import pytest
from tests.plots.results import grid, trial, tuning_result

from penchant import plots


def test_settings_are_sorted_by_importance() -> None:
    shares = plots.importances(grid())
    assert list(shares) == ["alpha", "factors", "regularization"]
    assert shares["alpha"] > 0.9
    assert shares["regularization"] == 0  # no more than chance would give it


def test_the_share_is_epsilon_squared() -> None:
    result = tuning_result(
        *(trial(at, {"a": at // 2}, value) for at, value in enumerate((1, 3, 6, 8)))
    )
    # within: 4 over 2 degrees of freedom; in all: 29 over 3
    assert plots.importances(result)["a"] == pytest.approx(1 - (4 / 2) / (29 / 3))


def test_random_values_have_little_importance() -> None:
    rng = np.random.default_rng(1)
    drawn = rng.normal(size=(200, 3)).tolist()
    trials = [trial(n, {"a": a, "b": b}, v + 10) for n, (a, b, v) in enumerate(drawn)]
    assert max(plots.importances(tuning_result(*trials)).values()) < 0.1


def test_an_important_number_is_grouped() -> None:
    rng = np.random.default_rng(1)
    trials = [trial(n, {"a": a, "b": a * 0 + n % 2}, a) for n, a in enumerate(rng.uniform(size=50))]
    shares = plots.importances(tuning_result(*trials))
    assert shares["a"] > 0.9 > 0.2 > shares["b"]


def test_only_complete_trials_count() -> None:
    misleading = [trial(20 + at, {"alpha": 10}, 0.001, state="pruned") for at in range(5)]
    assert plots.importances(tuning_result(*grid().trials, *misleading)) == plots.importances(
        grid()
    )


def test_importances_are_bars() -> None:
    ax = plots.importance(grid())
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["alpha", "factors", "regularization", "interactions and chance"]
    widths = [bar.get_width() for bar in ax.containers[0]]
    assert sum(widths) == pytest.approx(1)
    assert ax.get_xlabel() == "share of the variance of ndcg@10 (ε²)"
    assert ax.texts[0].get_text() == f"{widths[0]:.0%}"


@pytest.mark.parametrize(
    "trials",
    [
        [],
        [trial(0, {"a": 1}, 0.1)],
        [trial(0, {"a": 1}, 0.1), trial(1, {"a": 2}, 0.2)],  # a value each
        [trial(at, {"a": at % 2}, 0.1) for at in range(6)],  # nothing to explain
        [trial(at, {"a": at % 2}, math.nan, state="failed") for at in range(6)],
    ],
    ids=["none", "one", "a value each", "all the same", "failed"],
)
def test_a_message_is_shown_with_too_few_trials(trials) -> None:
    assert plots.importances(tuning_result(*trials)) == {}
    ax = plots.importance(tuning_result(*trials))
    assert "too few trials" in ax.texts[0].get_text()
    ax.figure.canvas.draw()
