"""Builder of HTML elements; every text is escaped unless it is :class:`Markup` already.

Our own code: notebook output needs ten small elements, and Jinja2 is an optional extra (``serve``).
"""

from __future__ import annotations

import html
import re

from penchant.rendering.plain import plain

_ADDRESS = re.compile(r"https?://[^\s\x00-\x20\x7f\"'<>`\\]+", re.IGNORECASE)
_VOID = {"img", "br", "meta"}


class Markup(str):
    """Text that is HTML."""

    __slots__ = ()


def escape(value: object) -> Markup:
    """Return a text as HTML that shows it literally."""
    return value if isinstance(value, Markup) else Markup(html.escape(plain(value)))


def join(*parts: object) -> Markup:
    """Concatenate pieces; those that are not markup are escaped."""
    return Markup("".join(map(escape, parts)))


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return one element.

    Parameters
    ----------
    name
        Such as ``"div"``.
    children
        The content; escaped unless it is markup.
    attributes
        ``class_`` stands for ``class``, ``data_x`` for ``data-x``; attributes that are None are
        left out.
    """
    rendered = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{rendered}>")
    return Markup(f"<{name}{rendered}>{join(*children)}</{name}>")


def text(value: object) -> Markup:
    """Return a text isolated in ``<bdi>``, so that its writing direction has no effect outside."""
    return tag("bdi", value)


def address(candidate: str) -> str | None:
    """Return a web address that is safe to link to (http or https only), or None."""
    candidate = candidate.strip()
    return candidate if _ADDRESS.fullmatch(candidate) else None


def link(href: str, *children: object) -> Markup:
    """Return a link that opens a new page; without a safe address, only its content."""
    target = address(href)
    if target is None:
        return join(*children)
    return tag("a", *children, href=target, target="_blank", rel="noopener noreferrer")


def data_table(head: list[str], rows: list[list[object]], *, numbers: set[int]) -> Markup:
    """Return a table; the columns in ``numbers`` are flush right."""

    def row(cells: list[object], kind: str) -> Markup:
        return tag(
            "tr",
            *(
                tag(kind, cell, class_="number" if at in numbers else None)
                for at, cell in enumerate(cells)
            ),
        )

    body = join(*(row(cells, "td") for cells in rows))
    return tag("table", tag("thead", row(list(head), "th")), tag("tbody", body))
