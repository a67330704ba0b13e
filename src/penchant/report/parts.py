"""What all pages are built of: the frame with its style and fences, sections, facts, tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from penchant.rendering import cards
from penchant.rendering.markup import Markup, tag

_CSS = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
# a second fence: even markup that got in could neither run nor call home
_CLOSED = "default-src 'none'; img-src data:{web}; style-src 'unsafe-inline'"


def page(title: str, sections: Iterable[object], *, pictures_from_web: bool = False) -> str:
    """A whole page without scripts, in the common style.

    Parameters
    ----------
    title
        Of the window.
    sections
        The content; what is not markup is escaped.
    pictures_from_web
        Whether it may show pictures by their web address; nothing else is ever fetched.
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
    """The headline, and a sentence below it."""
    return tag("header", tag("h1", title), tag("p", lead, class_="lead") if lead else Markup())


def section(title: str, *parts: Markup) -> Markup:
    """A part of the page under its title; left out if it is empty."""
    return tag("section", tag("h2", title), *parts) if any(parts) else Markup()


def facts(pairs: Iterable[tuple[str, object]]) -> Markup:
    """Labels and values as tiles; empty if there are none."""
    tiles = [tag("div", tag("dt", label), tag("dd", value)) for label, value in pairs]
    return tag("dl", *tiles, class_="facts") if tiles else Markup()


def scrolling(content: Markup, label: str) -> Markup:
    """What may be wider than the screen, to be moved by touch and by keys."""
    return tag("div", content, class_="scroll", tabindex=0, role="group", aria_label=label)


def measures(
    caption: str, head: Sequence[object], rows: Sequence[Sequence[object]], *, texts: bool = False
) -> Markup:
    """A table of figures, or of texts, the first column its rows' names; scrolls if too wide."""
    top = tag("tr", *(tag("th", one, scope="col") for one in head))
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
