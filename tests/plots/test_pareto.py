from __future__ import annotations

import math

from tests.plots.results import grid, trial, tuning_result

from penchant import plots


def timed(*pairs: tuple[float, float], metric: str = "ndcg@10"):
    return tuning_result(
        *(trial(n, {}, v, seconds=s, metric=metric) for n, (s, v) in enumerate(pairs)),
        metric=metric,
    )


def test_the_front_contains_trials_that_no_other_dominates() -> None:
    result = timed((1, 0.1), (2, 0.3), (3, 0.2), (4, 0.4), (4, 0.35), (0.5, 0.1))
    assert [entry.number for entry in plots.front(result)] == [5, 1, 3]


def test_for_errors_the_lower_is_better() -> None:
    result = timed((1, 0.4), (2, 0.3), (3, 0.35), metric="mse")
    assert [entry.number for entry in plots.front(result)] == [0, 1]


def test_front_and_trials_are_drawn() -> None:
    ax = plots.pareto(timed((1, 0.1), (2, 0.3), (3, 0.2)))
    (front,) = [line for line in ax.get_lines() if line.get_drawstyle() == "steps-post"]
    assert front.get_xdata().tolist() == [1, 2]  # up to the best epoch, not of the whole trial
    assert front.get_ydata().tolist() == [0.1, 0.3]
    assert ax.collections[0].get_offsets().tolist() == [[3, 0.2]]
    assert {text.get_text() for text in ax.texts} == {"0", "1"}
    assert ax.get_xlabel() == "training time to the best epoch (s)"
    assert ax.get_ylabel() == "ndcg@10 (higher is better)"


def test_distant_times_get_a_logarithmic_scale() -> None:
    ax = plots.pareto(timed((0.1, 0.1), (100, 0.2)))
    assert ax.get_xscale() == "log"
    ax.figure.canvas.draw()
    assert "10" in [entry.get_text() for entry in ax.get_xticklabels()]
    assert plots.pareto(grid()).get_xscale() == "linear"


def test_overlapping_labels_are_left_out() -> None:
    crowd = [(1 + at / 1000, 0.1 + at / 1e6) for at in range(50)]
    ax = plots.pareto(timed((0.0, 0.0), *crowd, (10, 0.5)))
    assert "51" in {text.get_text() for text in ax.texts}  # the best keeps its label
    assert len(ax.texts) < 6


def test_labels_without_overlap_are_all_shown() -> None:
    # all in the lower left corner of axes that were not scaled to the data
    ax = plots.pareto(timed((0.001, 0.001), (0.002, 0.002), (0.003, 0.003), (0.004, 0.004)))
    assert {text.get_text() for text in ax.texts} == {"0", "1", "2", "3"}


def test_without_times_a_message_is_shown() -> None:
    for result in (tuning_result(), timed((math.nan, 0.1))):
        ax = plots.pareto(result)
        assert ax.texts[0].get_text() == "no trial has a training time"
        ax.figure.canvas.draw()
