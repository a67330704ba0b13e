"""The content of a report, and its rendering as an HTML page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from penchant.data.catalog import Catalog
from penchant.data.ids import Id
from penchant.rendering import cards
from penchant.rendering.cards import Card
from penchant.rendering.markup import Markup, escape, join, link, tag, text
from penchant.rendering.plain import more
from penchant.rendering.thumbnails import thumbnail
from penchant.report.chart import Chart, draw
from penchant.report.parts import facts, heading, page, scrolling, section
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


def render(report: Report) -> str:
    """Render the report as one HTML page.

    The page has no script and loads nothing from the network, except pictures that a catalog
    refers to by web address.
    """
    return page(report.title, _sections(report), pictures_from_web=True)


def _sections(report: Report) -> list[Markup]:
    return [
        heading(report.title, report.lead),
        _data(report),
        _measures(report),
        section("Similar items", *map(_item_example, report.similar)),
        section("Recommendations", *map(_user_example, report.people)),
        _training(report.charts),
        tag("footer", report.footer) if report.footer else Markup(),
    ]


# --- data -------------------------------------------------------------------------------


def _data(report: Report) -> Markup:
    # escape() replaces newlines, so lines are escaped one by one
    lines = Markup("\n".join(map(escape, report.summary.splitlines())))
    summary = tag("details", tag("summary", "Data preparation"), tag("pre", lines))
    return section("Data", facts(report.facts), summary if lines else Markup())


# --- metrics ----------------------------------------------------------------------------


def _measures(report: Report) -> Markup:
    if not report.measured:
        return Markup()
    head = [
        tag("th", metric.name, _arrow(metric), scope="col", title=metric.meaning or None)
        for metric in report.metrics
    ]
    rows = [_measured(row, report) for row in report.measured]
    table = tag(
        "table",
        tag("thead", tag("tr", tag("th", "Model", scope="col"), *head)),
        tag("tbody", *rows),
        class_="measures",
    )
    meanings = [tag("li", tag("b", metric.name), f" {metric.meaning}") for metric in report.metrics]
    has_meanings = any(metric.meaning for metric in report.metrics)
    return section(
        "Metrics",
        scrolling(table, "Metrics"),
        tag("p", report.measured_how, class_="more") if report.measured_how else Markup(),
        tag("ul", *meanings, class_="meanings") if has_meanings else Markup(),
    )


def _arrow(metric: MetricColumn) -> Markup:
    up = metric.higher_is_better
    return tag("span", " ↑" if up else " ↓", title=f"{'higher' if up else 'lower'} is better")


def _measured(row: MetricRow, report: Report) -> Markup:
    best = {metric.name: _best(metric, report.measured) for metric in report.metrics}
    cells = [_cell(row.values.get(name), mean) for name, mean in best.items()]
    kind = "baseline" if row.is_baseline else None
    return tag("tr", tag("th", row.model, scope="row"), *cells, class_=kind)


def _best(metric: MetricColumn, rows: Sequence[MetricRow]) -> float | None:
    means = [row.values[metric.name].mean for row in rows if metric.name in row.values]
    choose = max if metric.higher_is_better else min
    return choose(means, default=None)


def _cell(value: Estimate | None, best: float | None) -> Markup:
    if value is None:
        return tag("td", "–")
    mean = _number(value.mean)
    # values that print alike are all marked as the best
    wins = best is not None and mean == _number(best)
    bounds = Markup()
    if value.low is not None and value.high is not None:
        bounds = tag("small", f"{_number(value.low)}–{_number(value.high)}")
    return tag("td", tag("b", mean) if wins else mean, bounds)


def _number(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"


# --- items and users --------------------------------------------------------------------


def _item_example(example: ItemExample) -> Markup:
    if not example.rows:
        return Markup()
    card = _card(example.rows[0].items.catalog, example.item)
    return tag(
        "article",
        tag("h3", text(card.name)),
        tag(
            "div",
            cards.cards([replace(card, is_input=True)]),
            tag("div", *map(_similar_items, example.rows), class_="rows"),
            class_="alike",
        ),
    )


def _similar_items(row: SimilarItems) -> Markup:
    item_cards = [
        replace(_card(row.items.catalog, item.id), note=f"{item.score:.2f}") for item in row.items
    ]
    content = cards.cards(item_cards) if item_cards else cards.remark("no similar items")
    title = tag("h4", row.label, tag("small", row.source))
    return join(title, scrolling(content, row.label))


def _user_example(user: UserExample) -> Markup:
    catalog = user.recommendations.catalog
    liked = [_card(catalog, item) for item in user.likes[:_MAX_LIKES]]
    likes = tag(
        "div",
        tag("h4", f"Likes ({len(user.likes):,})"),
        cards.cards(liked),
        cards.remark(more(len(user.likes) - _MAX_LIKES, "item")),
        class_="likes",
    )
    answers = [_recommendation(user, row.id, row.score) for row in user.recommendations]
    recommended = tag(
        "div", tag("h4", "Recommendations"), tag("ol", *answers, class_="answers"), class_="gets"
    )
    return tag("article", tag("h3", user.name), tag("div", likes, recommended, class_="beside"))


def _card(catalog: Catalog | None, item: Id) -> Card:
    if catalog is None:
        return Card(str(item))
    return Card(catalog.name(item), catalog.picture(item), catalog.link(item))


def _recommendation(user: UserExample, item: Id, score: float) -> Markup:
    card = _card(user.recommendations.catalog, item)
    because = user.explanations.get(item)
    return tag(
        "li",
        tag("span", thumbnail(card.picture, card.name), class_="thumb"),
        tag(
            "div",
            tag("span", link(card.link, text(card.name)), class_="title"),
            tag("span", f"{score:.3f}", class_="score"),
            _because(because) if because is not None else Markup(),
        ),
    )


def _because(explanation: Explanation) -> Markup:
    """Return up to three past items with the largest positive contributions."""
    shares = zip(explanation.ids, explanation.shares.tolist(), strict=True)
    reasons = [_reason(explanation.catalog, item, share) for item, share in shares if share > 0]
    if not reasons:
        return Markup()
    return tag("div", "because you liked", *reasons[:_MAX_REASONS], class_="because")


def _reason(catalog: Catalog | None, item: Id, share: float) -> Markup:
    card = _card(catalog, item)
    return tag(
        "span",
        tag("span", thumbnail(card.picture, card.name), class_="thumb"),
        text(card.name),
        tag("small", f"{share:.0%}"),
        class_="reason",
    )


# --- training ---------------------------------------------------------------------------


def _training(charts: Sequence[Chart]) -> Markup:
    drawn = [tag("div", tag("h3", chart.title), draw(chart, n)) for n, chart in enumerate(charts)]
    return section("Training", tag("div", *drawn, class_="charts") if drawn else Markup())
