"""The pictures of a search for its page: drawn, described in words, and put into the page."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from penchant import plots
from penchant.plots.shapes import Search, distinct, ranked, varied
from penchant.plots.style import figure_of, new_figure, setting, to_svg
from penchant.rendering.markup import Markup, tag
from penchant.rendering.plain import decimals
from penchant.report.parts import scrolling

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Picture(NamedTuple):
    """A picture of the page.

    Attributes
    ----------
    title, says
        What is above it and what is below it.
    alt
        What it shows, for those who don't see it.
    svg
        The picture.
    wide
        Whether it takes the whole width.
    """

    title: str
    says: str
    alt: str
    svg: bytes
    wide: bool = False

    def to_html(self) -> Markup:
        """The picture within the page; as an image, so that its ids and styles stay its own."""
        data = base64.b64encode(self.svg).decode("ascii")
        image = tag("img", src=f"data:image/svg+xml;base64,{data}", alt=self.alt)
        return tag(
            "figure",
            tag("h3", self.title),
            scrolling(image, self.title),
            tag("figcaption", self.says),
            class_="picture wide" if self.wide else "picture",
        )


def pictures(search: Search) -> Iterator[Picture]:
    """All that can be drawn of a search; none of one without figures."""
    trials = ranked(search)
    if not trials:
        return
    shares, best = plots.importances(search), plots.front(search)
    first = _best_curve(search)
    rest: list[Picture] = []
    if varied(trials):
        rest.append(_heat_map(search))
    if shares:
        rest.append(_importance(search, shares))
    if best:
        rest.append(_pareto(search, [one.number for one in best]))
    narrow = len(rest) + (not first.wide)
    every = [first, _traces(search, wide=narrow % 2 == 0), *rest]
    # the wide ones first, and then two in each row
    yield from sorted(every, key=lambda one: not one.wide)


def _best_curve(search: Search) -> Picture:
    best = ranked(search)[0]
    metrics = best.curve.metrics
    return Picture(
        "The best trial as it learned",
        "Test is what was held out, on the split searched on; train is what it learned from. "
        "The dotted line is the best epoch by each metric.",
        f"Train and test figures by epoch of trial {best.number}: {', '.join(metrics)}. Its best "
        f"{search.metric} is {_told(best.value)} at epoch {best.best_epoch}.",
        to_svg(plots.learning_curve(best.curve)),
        wide=len(metrics) > 1,
    )


def _traces(search: Search, *, wide: bool) -> Picture:
    trials = ranked(search)
    return Picture(
        "All trials, fading by rank",
        "Each line is a trial; the better it is, the darker and stronger. Lines that end early "
        "are of trials that were pruned.",
        f"{search.metric} on test by epoch, {len(trials):,} lines; the best trial reaches "
        f"{_told(trials[0].value)}, the last {_told(trials[-1].value)}.",
        _svg(plots.traces(search, ax=new_figure(9.4 if wide else 6.8, 4.2).add_subplot())),
        wide=wide,
    )


def _heat_map(search: Search) -> Picture:
    trials = ranked(search)
    names = list(plots.importances(search)) or varied(trials)
    at = ", ".join(f"{name} {setting(trials[0].settings.get(name))}" for name in names[:2])
    return Picture(
        "The two settings that matter most",
        "Each cell is the best of the trials that have these two values, whatever their other "
        "settings; hatched cells were not tried. The framed one is the best.",
        f"Heat map of {search.metric}; the best cell is at {at}: {_told(trials[0].value)}.",
        _svg(plots.heat_map(search)),
    )


def _importance(search: Search, shares: dict[str, float]) -> Picture:
    told = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
    n = sum(one.state == "complete" for one in ranked(search))
    return Picture(
        "How much each setting matters",
        f"How much of the differences between the {n:,} complete trials the setting explains "
        "alone (ε², an analysis of variance of one factor), in the range that was searched. Where "
        "few were drawn at random, shares may overlap.",
        f"Shares of the variance of {search.metric}: {told}.",
        _svg(plots.importance(search)),
    )


def _pareto(search: Search, numbers: list[int]) -> Picture:
    return Picture(
        "Quality against time",
        "On the line are the trials that no other beats in both; their numbers are those of the "
        "table. The time is of training alone, up to the trial's best epoch.",
        f"{search.metric} against training time. The front from quick to good: trials "
        f"{', '.join(map(str, numbers))}.",
        _svg(plots.pareto(search)),
    )


def _svg(ax: Axes) -> bytes:
    """Without its title, which the page tells above it."""
    ax.set_title("", loc="left")
    return to_svg(figure_of(ax))


def _told(value: float) -> str:
    return f"{value:.{decimals([value])}f}"


def values_tried(search: Search, name: str) -> str:
    """The values that a setting had: a few by themselves, many numbers by their ends."""
    values = distinct(search.trials, name)
    if len(values) > 12:
        return f"{setting(values[0])} … {setting(values[-1])} ({len(values):,} values)"
    return ", ".join(map(setting, values))
