"""Parts shared by all reports: the page with its style and policy, sections, facts, tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from penchant.rendering import cards
from penchant.rendering.markup import Markup, tag

_CSS = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
# a second barrier besides escaping: injected markup could neither run nor load anything
_CLOSED = "default-src 'none'; img-src data:{web}; style-src 'unsafe-inline'"


def page(title: str, sections: Iterable[object], *, pictures_from_web: bool = False) -> str:
    """Return a complete page without scripts, in the shared style.

    Parameters
    ----------
    title
        The title of the window.
    sections
        The content; anything but markup is escaped.
    pictures_from_web
        Whether it may load pictures from the web; nothing else is ever loaded.
    """
    policy = _CLOSED.format(web=" https: http:" if pictures_from_web else "")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("title", title),
        tag("style", Markup(cards.CSS + _CSS)),
    )
    body = tag("body", tag("main", *sections, class_="penchant"))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def heading(title: str, lead: str) -> Markup:
    """Return the headline with a sentence below it."""
    return tag("header", tag("h1", title), tag("p", lead, class_="lead") if lead else Markup())


def section(title: str, *parts: Markup) -> Markup:
    """Return a section with its title; empty if all parts are empty."""
    return tag("section", tag("h2", title), *parts) if any(parts) else Markup()


def facts(pairs: Iterable[tuple[str, object]]) -> Markup:
    """Return labels and values as tiles; empty if there are none."""
    tiles = [tag("div", tag("dt", label), tag("dd", value)) for label, value in pairs]
    return tag("dl", *tiles, class_="facts") if tiles else Markup()


def scrolling(content: Markup, label: str) -> Markup:
    """Return content that scrolls if wider than the screen, by touch and by keyboard."""
    return tag("div", content, class_="scroll", tabindex=0, role="group", aria_label=label)


def metric_table(
    caption: str, head: Sequence[object], rows: Sequence[Sequence[object]], *, texts: bool = False
) -> Markup:
    """Return a table of numbers, or of texts, with row names in the first column; may scroll."""
    top = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    body = [
        tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest))
        for first, *rest in rows
    ]
    table = tag(
        "table",
        tag("caption", caption),
        tag("thead", top),
        tag("tbody", *body),
        class_="measures texts" if texts else "measures",
    )
    return scrolling(table, caption)
