"""HTML of items as cards, of contributions as bars and of tables, for notebooks and reports."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from penchant.rendering.markup import Markup
from penchant.rendering.stylesheets import stylesheet
from penchant.rendering.templates import macros

CSS = stylesheet("notebook", "components")
"""The styles of cards and contributions inside an element of the class ``penchant``."""


@dataclass(frozen=True)
class Card:
    """One item: plain texts, which are escaped when rendered."""

    name: str
    picture: str = ""
    link: str = ""
    note: str = ""
    is_query: bool = False


@dataclass(frozen=True)
class Contribution:
    """One item of a user's history and its share in a score."""

    name: str
    picture: str
    link: str
    share: float
    note: str


@dataclass(frozen=True)
class NameCell:
    """A cell of a table: a name with a link, or the empty string for none."""

    name: str
    link: str = ""


def cards(items: Iterable[Card]) -> Markup:
    """Return a grid of cards."""
    markup: Markup = macros().cards(list(items))
    return markup


def contributions(items: Iterable[Contribution]) -> Markup:
    """Return a list of contributions, each with a bar of the length of its share."""
    markup: Markup = macros().contributions(list(items))
    return markup


def table(
    head: Sequence[str], rows: Sequence[Sequence[object]], numeric: Collection[int]
) -> Markup:
    """Return a table; the columns with the indices ``numeric`` are flush right.

    Without a head it has none.
    """
    markup: Markup = macros().table(head, rows, numeric)
    return markup


def thumbnail(picture: str, name: str = "") -> Markup:
    """Return an ``<img>`` of a picture, or a placeholder if it can't be shown; never raises.

    Parameters
    ----------
    picture
        See :func:`penchant.rendering.thumbnails.source_of`.
    name
        The name of the item; the placeholder shows its initial.
    """
    markup: Markup = macros().thumbnail(picture, name)
    return markup


@functools.lru_cache(4096)  # rendering them took half of the time of a page
def placeholder(key: object, name: str, *, standalone: bool = False) -> Markup:
    """Return the placeholder picture of an item as SVG; ``standalone`` as a file of its own."""
    markup: Markup = macros().placeholder(key, name, standalone)
    return markup


def fragment(*parts: Markup) -> Markup:
    """Return parts of a notebook output with their styles."""
    markup: Markup = macros().fragment(Markup(CSS), Markup().join(parts))
    return markup


def heading(title: str) -> Markup:
    """Return a title above cards."""
    markup: Markup = macros().heading(title)
    return markup


def remark(line: str) -> Markup:
    """Return a small line of text; empty for an empty one."""
    markup: Markup = macros().remark(line)
    return markup
