"""The plots of a tuning report, with titles, captions and descriptions."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from penchant import plots
from penchant.plots.shapes import TuningResultLike, distinct, ranked_trials, varying_settings
from penchant.plots.style import figure_of, new_figure, setting, to_svg
from penchant.rendering.plain import decimals

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Picture(NamedTuple):
    """A plot of the page.

    Attributes
    ----------
    title, caption
        The texts above and below it.
    alt
        A description for screen readers.
    svg
        The plot.
    wide
        Whether it takes the whole width.
    """

    title: str
    caption: str
    alt: str
    svg: bytes
    wide: bool = False

    @property
    def address(self) -> str:
        """The plot as the address of an image, so that its ids and styles stay separate."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg).decode("ascii")


def pictures(result: TuningResultLike) -> Iterator[Picture]:
    """Yield all plots of a tuning result; none if no trial has a value."""
    trials = ranked_trials(result)
    if not trials:
        return
    shares, best = plots.importances(result), plots.front(result)
    first = _best_curve(result)
    rest: list[Picture] = []
    if varying_settings(trials):
        rest.append(_heat_map(result))
    if shares:
        rest.append(_importance(result, shares))
    if best:
        rest.append(_pareto(result, [trial.number for trial in best]))
    n_narrow = len(rest) + (not first.wide)
    plots_ = [first, _traces(result, wide=n_narrow % 2 == 0), *rest]
    # wide plots first, then two in each row
    yield from sorted(plots_, key=lambda picture: not picture.wide)


def _best_curve(result: TuningResultLike) -> Picture:
    best = ranked_trials(result)[0]
    metrics = best.curve.metrics
    return Picture(
        "Learning curve of the best trial",
        "Test: the held-out part of the tuning split; train: the training part. The dotted line "
        "is the best epoch by each metric.",
        f"Train and test metrics by epoch of trial {best.number}: {', '.join(metrics)}. Its best "
        f"{result.metric} is {_number(best.value)} at epoch {best.best_epoch}.",
        to_svg(plots.learning_curve(best.curve)),
        wide=len(metrics) > 1,
    )


def _traces(result: TuningResultLike, *, wide: bool) -> Picture:
    trials = ranked_trials(result)
    return Picture(
        "Learning curves of all trials",
        "Each line is a trial; better trials are darker. Lines that end early are of trials that "
        "were pruned.",
        f"{result.metric} on test by epoch, {len(trials):,} lines; the best trial reaches "
        f"{_number(trials[0].value)}, the last {_number(trials[-1].value)}.",
        _svg(plots.traces(result, ax=new_figure(9.4 if wide else 6.8, 4.2).add_subplot())),
        wide=wide,
    )


def _heat_map(result: TuningResultLike) -> Picture:
    trials = ranked_trials(result)
    names = list(plots.importances(result)) or varying_settings(trials)
    at = ", ".join(f"{name} {setting(trials[0].settings.get(name))}" for name in names[:2])
    return Picture(
        "The two most important settings",
        "Each cell shows the best trial with these two values, whatever its other settings; "
        "hatched cells were not tried. The best cell has a frame.",
        f"Heat map of {result.metric}; the best cell is at {at}: {_number(trials[0].value)}.",
        _svg(plots.heat_map(result)),
    )


def _importance(result: TuningResultLike, shares: dict[str, float]) -> Picture:
    listed = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
    n = sum(trial.state == "complete" for trial in ranked_trials(result))
    return Picture(
        "Importance of settings",
        f"The share of the variance between the {n:,} complete trials that each setting explains "
        "alone (ε² of a one-way analysis of variance), over the values that were tried. With few "
        "random trials, shares may overlap.",
        f"Shares of the variance of {result.metric}: {listed}.",
        _svg(plots.importance(result)),
    )


def _pareto(result: TuningResultLike, numbers: list[int]) -> Picture:
    return Picture(
        "Quality against time",
        "The line is the Pareto front: the trials that no other trial beats in both; their numbers "
        "are those of the table. The time is the training time up to the trial's best epoch.",
        f"{result.metric} against training time. The Pareto front from fast to good: trials "
        f"{', '.join(map(str, numbers))}.",
        _svg(plots.pareto(result)),
    )


def _svg(ax: Axes) -> bytes:
    """Return the plot as SVG without its title, which the page shows above it."""
    ax.set_title("", loc="left")
    return to_svg(figure_of(ax))


def _number(value: float) -> str:
    return f"{value:.{decimals([value])}f}"


def values_tried(result: TuningResultLike, name: str) -> str:
    """Return the values of a setting as text: all if few, else the smallest and the largest."""
    values = distinct(result.trials, name)
    if len(values) > 12:
        return f"{setting(values[0])} … {setting(values[-1])} ({len(values):,} values)"
    return ", ".join(map(setting, values))
