"""The content of a report, and its rendering as an HTML page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from penchant._boundary import checked
from penchant.data.catalog import Catalog
from penchant.data.ids import Id
from penchant.rendering.cards import Card
from penchant.rendering.markup import Markup, escape
from penchant.rendering.plain import more
from penchant.report.chart import Chart, draw
from penchant.report.templating import page
from penchant.results import Explanation, Recommendations

_MAX_LIKES = 24
_MAX_REASONS = 3


class Estimate(NamedTuple):
    """A mean and, if known, the bounds of its interval."""

    mean: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class MetricColumn:
    """A column of the table of metrics.

    Attributes
    ----------
    name
        Such as ``"NDCG@10"``.
    higher_is_better
        Whether higher values are better.
    meaning
        What it measures, in a few words.
    """

    name: str
    higher_is_better: bool = True
    meaning: str = ""


@dataclass(frozen=True)
class MetricRow:
    """A row of the table of metrics: one model; missing metrics are shown as a dash."""

    model: str
    values: Mapping[str, Estimate]
    is_baseline: bool = False


@dataclass(frozen=True)
class UserExample:
    """A user's likes beside the recommendations.

    Attributes
    ----------
    name
        The title, such as ``"user 42"``.
    likes
        The items of the history, the most important first.
    recommendations
        A single list.
    explanations
        Item → explanation; items may be missing.
    """

    name: str
    likes: Sequence[Id]
    recommendations: Recommendations
    explanations: Mapping[Id, Explanation] = field(default_factory=dict)


class SimilarItems(NamedTuple):
    """The items similar to an item by one model.

    Attributes
    ----------
    label
        The kind of similarity: ``"Visually similar"``.
    source
        The model: ``"Content, from pictures alone"``.
    items
        A single list.
    """

    label: str
    source: str
    items: Recommendations


@dataclass(frozen=True)
class ItemExample:
    """An item and its similar items, one row for each model."""

    item: Id
    rows: Sequence[SimilarItems]


@dataclass(frozen=True)
class Report:
    """The content of a report page; empty parts are left out.

    Attributes
    ----------
    title, lead
        The headline, and a sentence below it.
    facts
        Key figures of the data: label, value.
    summary
        The steps of data preparation, one per line.
    metrics, measured
        The columns and the rows of the table of metrics.
    measured_how
        A sentence on the evaluation: the split, the interval.
    similar
        Items with their similar items.
    people
        Users with their likes and recommendations.
    charts
        Charts, such as the training curve.
    footer
        The text at the end of the page.
    """

    title: str
    lead: str = ""
    facts: Sequence[tuple[str, str]] = ()
    summary: str = ""
    metrics: Sequence[MetricColumn] = ()
    measured: Sequence[MetricRow] = ()
    measured_how: str = ""
    similar: Sequence[ItemExample] = ()
    people: Sequence[UserExample] = ()
    charts: Sequence[Chart] = ()
    footer: str = ""


@checked
def render(report: Report) -> str:
    """Render the report as one HTML page.

    The page has no script and loads nothing from the network, except pictures that a catalog
    refers to by web address.
    """
    return page(
        "report.html",
        pictures_from_web=True,
        title=report.title,
        lead=report.lead,
        report=report,
        # escape() replaces newlines, so lines are escaped one by one
        preparation=Markup("\n").join(map(escape, report.summary.splitlines())),
        metric_rows=[_metric_row(row, report) for row in report.measured],
        similar=[_similar_items(example) for example in report.similar if example.rows],
        people=[_user_example(user) for user in report.people],
        charts=[(chart, draw(chart, number)) for number, chart in enumerate(report.charts)],
    )


# --- metrics ----------------------------------------------------------------------------


class _MetricCell(NamedTuple):
    mean: str
    is_best: bool
    interval: str


def _metric_row(row: MetricRow, report: Report) -> dict[str, object]:
    best = {metric.name: _best(metric, report.measured) for metric in report.metrics}
    cells = [_metric_cell(row.values.get(name), mean) for name, mean in best.items()]
    return {"model": row.model, "is_baseline": row.is_baseline, "cells": cells}


def _best(metric: MetricColumn, rows: Sequence[MetricRow]) -> float | None:
    means = [row.values[metric.name].mean for row in rows if metric.name in row.values]
    choose = max if metric.higher_is_better else min
    return choose(means, default=None)


def _metric_cell(value: Estimate | None, best: float | None) -> _MetricCell | None:
    if value is None:
        return None
    mean = _number(value.mean)
    interval = ""
    if value.low is not None and value.high is not None:
        interval = f"{_number(value.low)}–{_number(value.high)}"
    # values that print alike are all marked as the best
    return _MetricCell(mean, best is not None and mean == _number(best), interval)


def _number(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"


# --- items and users --------------------------------------------------------------------


def _similar_items(example: ItemExample) -> dict[str, object]:
    item = _card(example.rows[0].items.catalog, example.item)
    rows = [
        {
            "label": row.label,
            "source": row.source,
            "items": [
                replace(_card(row.items.catalog, similar.id), note=f"{similar.score:.2f}")
                for similar in row.items
            ],
        }
        for row in example.rows
    ]
    return {"item": replace(item, is_query=True), "rows": rows}


def _user_example(user: UserExample) -> dict[str, object]:
    catalog = user.recommendations.catalog
    recommendations = [
        {
            **vars(_card(catalog, row.id)),
            "score": f"{row.score:.3f}",
            "reasons": _reasons(user.explanations.get(row.id)),
        }
        for row in user.recommendations
    ]
    return {
        "name": user.name,
        "n_likes": len(user.likes),
        "likes": [_card(catalog, item) for item in user.likes[:_MAX_LIKES]],
        "more_likes": more(len(user.likes) - _MAX_LIKES, "item"),
        "recommendations": recommendations,
    }


def _card(catalog: Catalog | None, item: Id) -> Card:
    if catalog is None:
        return Card(str(item))
    return Card(catalog.name(item), catalog.picture(item), catalog.link(item))


def _reasons(explanation: Explanation | None) -> list[dict[str, str]]:
    """Return up to three past items with the largest positive contributions."""
    if explanation is None:
        return []
    shares = zip(explanation.ids, explanation.shares.tolist(), strict=True)
    reasons = [
        {**vars(_card(explanation.catalog, item)), "share": f"{share:.0%}"}
        for item, share in shares
        if share > 0
    ]
    return reasons[:_MAX_REASONS]
