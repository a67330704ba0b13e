"""HTML of items as cards and of contributions as bars, for notebooks and reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from penchant.rendering.markup import Markup, escape, join, link, tag, text
from penchant.rendering.plain import plain
from penchant.rendering.thumbnails import thumbnail

CSS = Path(__file__).with_name("cards.css").read_text(encoding="utf-8")
"""The styles of cards and contributions inside an element of the class ``penchant``."""


@dataclass(frozen=True)
class Card:
    """One item: plain texts, which are escaped when rendered."""

    name: str
    picture: str = ""
    link: str = ""
    note: str = ""
    is_input: bool = False


@dataclass(frozen=True)
class Contribution:
    """One item of a user's history and its share in a score."""

    name: str
    picture: str
    link: str
    share: float
    note: str


def cards(items: Iterable[Card]) -> Markup:
    """Return a grid of cards."""
    return tag("ul", *map(_card, items), class_="cards")


def _card(card: Card) -> Markup:
    return tag(
        "li",
        tag("span", thumbnail(card.picture, card.name), class_="thumb"),
        _name(card.name, card.link),
        tag("span", card.note, class_="note"),
        class_="card input" if card.is_input else "card",
    )


def contributions(items: Iterable[Contribution]) -> Markup:
    """Return a list of contributions, each with a bar of the length of its share."""
    return tag("ul", *map(_contribution, items), class_="reasons")


def _contribution(contribution: Contribution) -> Markup:
    length = min(1.0, abs(contribution.share))
    bar = tag(
        "i", class_="against" if contribution.share < 0 else None, style=f"width: {length:.1%}"
    )
    return tag(
        "li",
        tag("span", thumbnail(contribution.picture, contribution.name), class_="thumb"),
        _name(contribution.name, contribution.link),
        tag("span", bar, class_="bar"),
        tag("span", contribution.note, class_="note"),
    )


def _name(name: str, href: str) -> Markup:
    # the full name on hover, since long names are cut off
    return tag("span", link(href, text(name)), class_="name", title=plain(name))


def fragment(*parts: object) -> Markup:
    """Return parts of a notebook output with their styles."""
    return tag("div", tag("style", Markup(CSS)), join(*parts), class_="penchant")


def heading(title: object) -> Markup:
    """Return a title above cards."""
    return tag("h4", escape(title))


def remark(line: str) -> Markup:
    """Return a small line of text; empty for an empty one."""
    return tag("p", line, class_="more") if line else Markup()
