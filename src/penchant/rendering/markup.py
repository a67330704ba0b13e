"""HTML from a few functions. Every text is escaped unless it is :class:`Markup` already."""

from __future__ import annotations

import html
import re

from penchant.rendering.plain import plain

_ADDRESS = re.compile(r"https?://[^\s\x00-\x20\x7f\"'<>`\\]+", re.IGNORECASE)
_VOID = {"img", "br", "meta"}


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escape(value: object) -> Markup:
    """A text from outside as HTML that shows it, character by character."""
    return value if isinstance(value, Markup) else Markup(html.escape(plain(value)))


def join(*parts: object) -> Markup:
    """Several pieces one after another; those that are not markup are escaped."""
    return Markup("".join(map(escape, parts)))


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """One element.

    Parameters
    ----------
    name
        Such as ``"div"``.
    children
        What is in it; escaped where it is not markup.
    attributes
        ``class_`` stands for ``class``, ``data_x`` for ``data-x``; those that are None are left
        out.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{told}>")
    return Markup(f"<{name}{told}>{join(*children)}</{name}>")


def text(value: object) -> Markup:
    """A text from outside in an element of its own, so its direction of writing stays inside."""
    return tag("bdi", value)


def address(candidate: str) -> str | None:
    """A web address that is safe to link to (http and https only), or None."""
    candidate = candidate.strip()
    return candidate if _ADDRESS.fullmatch(candidate) else None


def link(href: str, *children: object) -> Markup:
    """A link to another page; without a safe address, only what would be linked."""
    target = address(href)
    if target is None:
        return join(*children)
    return tag("a", *children, href=target, target="_blank", rel="noopener noreferrer")


def data_table(head: list[str], rows: list[list[object]], *, numbers: set[int]) -> Markup:
    """A table; the columns in ``numbers`` are flush right."""

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
