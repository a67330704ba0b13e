"""Items as cards with a picture, a name and a number; reasons as bars. For notebook and page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from penchant.rendering.markup import Markup, escape, join, link, tag, text
from penchant.rendering.plain import plain
from penchant.rendering.thumbnails import thumbnail

CSS = Path(__file__).with_name("cards.css").read_text(encoding="utf-8")
"""The rules that cards and reasons need, inside an element of the class ``penchant``."""


@dataclass(frozen=True)
class Card:
    """One item to show: plain texts from outside, escaped when drawn."""

    name: str
    picture: str = ""
    link: str = ""
    note: str = ""
    is_input: bool = False


@dataclass(frozen=True)
class Reason:
    """One item of a person's past and its part in a score."""

    name: str
    picture: str
    link: str
    share: float
    note: str


def cards(shown: Iterable[Card]) -> Markup:
    """A grid of cards."""
    return tag("ul", *map(_card, shown), class_="cards")


def _card(card: Card) -> Markup:
    return tag(
        "li",
        tag("span", thumbnail(card.picture, card.name), class_="thumb"),
        _name(card.name, card.link),
        tag("span", card.note, class_="note"),
        class_="card input" if card.is_input else "card",
    )


def reasons(shown: Iterable[Reason]) -> Markup:
    """A list of reasons, each with a bar as long as its share."""
    return tag("ul", *map(_reason, shown), class_="reasons")


def _reason(reason: Reason) -> Markup:
    length = min(1.0, abs(reason.share))
    bar = tag("i", class_="against" if reason.share < 0 else None, style=f"width: {length:.1%}")
    return tag(
        "li",
        tag("span", thumbnail(reason.picture, reason.name), class_="thumb"),
        _name(reason.name, reason.link),
        tag("span", bar, class_="bar"),
        tag("span", reason.note, class_="note"),
    )


def _name(name: str, href: str) -> Markup:
    # the full name on hover, since long ones are cut
    return tag("span", link(href, text(name)), class_="name", title=plain(name))


def fragment(*parts: object) -> Markup:
    """Parts of a notebook's output, with the rules they need."""
    return tag("div", tag("style", Markup(CSS)), join(*parts), class_="penchant")


def heading(title: object) -> Markup:
    """A title above some cards."""
    return tag("h4", escape(title))


def remark(line: str) -> Markup:
    """A small line below; nothing for an empty one."""
    return tag("p", line, class_="more") if line else Markup()
