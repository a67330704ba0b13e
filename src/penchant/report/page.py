"""What a report holds, and the page it becomes: a pure function from one to the other."""

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
    """A mean and, where known, the bounds of its interval."""

    mean: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Metric:
    """A column of the table of measures.

    Attributes
    ----------
    name
        Such as ``"NDCG@10"``.
    higher_is_better
        Which way is good.
    meaning
        What it measures, in a few words.
    """

    name: str
    higher_is_better: bool = True
    meaning: str = ""


@dataclass(frozen=True)
class Measured:
    """A row of the table of measures: one model; metrics it lacks stay blank."""

    model: str
    values: Mapping[str, Estimate]
    is_baseline: bool = False


@dataclass(frozen=True)
class Person:
    """Someone's likes beside what they get.

    Attributes
    ----------
    name
        What to call them: ``"user 42"``.
    likes
        The items of their past, the most telling first.
    recommendations
        What they get: a single list.
    explanations
        Item → why they get it; may lack items.
    """

    name: str
    likes: Sequence[Id]
    recommendations: Recommendations
    explanations: Mapping[Id, Explanation] = field(default_factory=dict)


class Alike(NamedTuple):
    """What is like an item in one way.

    Attributes
    ----------
    label
        In which way: ``"Visually similar"``.
    how
        Who says so: ``"Content, from pictures alone"``.
    found
        A single list.
    """

    label: str
    how: str
    found: Recommendations


@dataclass(frozen=True)
class Likeness:
    """An item, and rows of what is like it: one for each model that there is."""

    item: Id
    rows: Sequence[Alike]


@dataclass(frozen=True)
class Report:
    """All that the page shows; an empty part leaves its section out.

    Attributes
    ----------
    title, lead
        The headline, and a sentence below it.
    facts
        The data in a few numbers: label, value.
    summary
        What happened to the data, line by line.
    metrics, measured
        The columns and the rows of the table of measures.
    measured_how
        A sentence on how it was measured: the split, the interval.
    similar
        Items, and what is like them in several ways.
    people
        Some people, with their likes and recommendations.
    charts
        The training curve and the like.
    footer
        How the page was made.
    """

    title: str
    lead: str = ""
    facts: Sequence[tuple[str, str]] = ()
    summary: str = ""
    metrics: Sequence[Metric] = ()
    measured: Sequence[Measured] = ()
    measured_how: str = ""
    similar: Sequence[Likeness] = ()
    people: Sequence[Person] = ()
    charts: Sequence[Chart] = ()
    footer: str = ""


def render(report: Report) -> str:
    """The report as one HTML page.

    It needs no script and asks no server for anything, save for pictures that a catalog names
    by their web address.
    """
    return page(report.title, _sections(report), pictures_from_web=True)


def _sections(report: Report) -> list[Markup]:
    return [
        heading(report.title, report.lead),
        _data(report),
        _measures(report),
        section("Items and what is like them", *map(_similar, report.similar)),
        section("People and what they get", *map(_person, report.people)),
        _training(report.charts),
        tag("footer", report.footer) if report.footer else Markup(),
    ]


# --- data -------------------------------------------------------------------------------


def _data(report: Report) -> Markup:
    # line by line: a newline is an escape like any other to escape()
    lines = Markup("\n".join(map(escape, report.summary.splitlines())))
    summary = tag("details", tag("summary", "What happened to the data"), tag("pre", lines))
    return section("Data", facts(report.facts), summary if lines else Markup())


# --- measures ---------------------------------------------------------------------------


def _measures(report: Report) -> Markup:
    if not report.measured:
        return Markup()
    head = [
        tag("th", one.name, _arrow(one), scope="col", title=one.meaning or None)
        for one in report.metrics
    ]
    rows = [_measured(one, report) for one in report.measured]
    table = tag(
        "table",
        tag("thead", tag("tr", tag("th", "Model", scope="col"), *head)),
        tag("tbody", *rows),
        class_="measures",
    )
    meanings = [tag("li", tag("b", one.name), f" {one.meaning}") for one in report.metrics]
    known = any(one.meaning for one in report.metrics)
    return section(
        "How good it is",
        scrolling(table, "Measures"),
        tag("p", report.measured_how, class_="more") if report.measured_how else Markup(),
        tag("ul", *meanings, class_="meanings") if known else Markup(),
    )


def _arrow(metric: Metric) -> Markup:
    up = metric.higher_is_better
    return tag("span", " ↑" if up else " ↓", title=f"{'higher' if up else 'lower'} is better")


def _measured(row: Measured, report: Report) -> Markup:
    best = {one.name: _best(one, report.measured) for one in report.metrics}
    cells = [_cell(row.values.get(name), mean) for name, mean in best.items()]
    kind = "baseline" if row.is_baseline else None
    return tag("tr", tag("th", row.model, scope="row"), *cells, class_=kind)


def _best(metric: Metric, rows: Sequence[Measured]) -> float | None:
    means = [row.values[metric.name].mean for row in rows if metric.name in row.values]
    choose = max if metric.higher_is_better else min
    return choose(means, default=None)


def _cell(value: Estimate | None, best: float | None) -> Markup:
    if value is None:
        return tag("td", "–")
    mean = _number(value.mean)
    # equal as printed is equal: a reader sees no difference
    wins = best is not None and mean == _number(best)
    bounds = Markup()
    if value.low is not None and value.high is not None:
        bounds = tag("small", f"{_number(value.low)}–{_number(value.high)}")
    return tag("td", tag("b", mean) if wins else mean, bounds)


def _number(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"


# --- items and people -------------------------------------------------------------------


def _similar(likeness: Likeness) -> Markup:
    if not likeness.rows:
        return Markup()
    card = _card(likeness.rows[0].found.catalog, likeness.item)
    return tag(
        "article",
        tag("h3", text(card.name)),
        tag(
            "div",
            cards.cards([replace(card, is_input=True)]),
            tag("div", *map(_alike, likeness.rows), class_="rows"),
            class_="alike",
        ),
    )


def _alike(row: Alike) -> Markup:
    shown = [
        replace(_card(row.found.catalog, one.id), note=f"{one.score:.2f}") for one in row.found
    ]
    told = cards.cards(shown) if shown else cards.remark("nothing is like it")
    title = tag("h4", row.label, tag("small", row.how))
    return join(title, scrolling(told, row.label))


def _person(person: Person) -> Markup:
    catalog = person.recommendations.catalog
    liked = [_card(catalog, item) for item in person.likes[:_MAX_LIKES]]
    likes = tag(
        "div",
        tag("h4", f"What they like ({len(person.likes):,})"),
        cards.cards(liked),
        cards.remark(more(len(person.likes) - _MAX_LIKES, "item")),
        class_="likes",
    )
    answers = [_answer(person, row.id, row.score) for row in person.recommendations]
    gets = tag(
        "div", tag("h4", "What they get"), tag("ol", *answers, class_="answers"), class_="gets"
    )
    return tag("article", tag("h3", person.name), tag("div", likes, gets, class_="beside"))


def _card(catalog: Catalog | None, item: Id) -> Card:
    if catalog is None:
        return Card(str(item))
    return Card(catalog.name(item), catalog.picture(item), catalog.link(item))


def _answer(person: Person, item: Id, score: float) -> Markup:
    card = _card(person.recommendations.catalog, item)
    because = person.explanations.get(item)
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
    """The past items that spoke for it most: at most three, none that spoke against it."""
    told = zip(explanation.ids, explanation.shares.tolist(), strict=True)
    reasons = [_reason(explanation.catalog, item, share) for item, share in told if share > 0]
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
    drawn = [tag("div", tag("h3", one.title), draw(one, at)) for at, one in enumerate(charts)]
    return section("Training", tag("div", *drawn, class_="charts") if drawn else Markup())
