"""Names, links, pictures and tags of items."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from penchant._boundary import checked_methods
from penchant.data.ids import Id, IdMap
from penchant.errors import DataError
from penchant.rendering.plain import more, table

if TYPE_CHECKING:
    from penchant.rendering.cards import Card

log = logging.getLogger("penchant")

_SHOWN = 10  # the number of items that are printed


@checked_methods
@dataclass(frozen=True, repr=False)
class Catalog:
    """Names, links, pictures and tags of items; immutable.

    Each field is None, or holds one entry per item in the order of ``items``;
    a missing entry is the empty string (or the empty tuple).

    Attributes
    ----------
    items
        The outside ids of the entries' items; a list of them becomes an :class:`IdMap`.
    names
        The names, as their publishers wrote them: never trusted as HTML.
    links
        Addresses of pages about the items.
    pictures
        Pictures of the items: http(s) addresses, data: addresses or local paths.
    tags
        Words that describe the items.

    Raises
    ------
    DataError
        If a field has not one entry, a text, for each item (tags: a list of texts).
    """

    items: IdMap
    names: Sequence[str] | None = None
    links: Sequence[str] | None = None
    pictures: Sequence[str] | None = None
    tags: Sequence[Sequence[str]] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.items, IdMap):
            object.__setattr__(self, "items", IdMap(self.items, "item"))
        for field in self.fields():
            entries = getattr(self, field)
            if isinstance(entries, str | Mapping | Set):
                raise DataError(
                    f"{field} must be a list, one entry an item, got {repr(entries)[:40]}"
                )
            if isinstance(entries, list) or hasattr(entries, "tolist"):
                # copied, so that later changes of the caller's list have no effect; other sequences
                # are kept, since one may compute its entries at first access
                entries = _copied(field, list(entries))
                object.__setattr__(self, field, entries)
            if len(entries) != len(self.items):
                raise DataError(
                    f"the catalog has {len(entries):,} {field} for {len(self.items):,} items"
                )

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        head, *rows = self._cells()
        lines = table(head, rows).splitlines()
        rest = more(len(self) - _SHOWN, "item")
        return "\n".join([self._title, *(f"  {line}" for line in lines), *([rest] if rest else [])])

    def _repr_html_(self) -> str:
        from penchant.rendering import cards  # not at the top: reads the styles

        rest = cards.remark(more(len(self) - _SHOWN, "item"))
        items = self.items.array[:_SHOWN].tolist()
        if self.pictures is not None:
            shown = cards.cards(self._card(item) for item in items)
            return str(cards.fragment(cards.heading(self._title), shown, rest))
        head, *rows = self._cells()
        if self.names is not None:  # with links
            names = [cards.NameCell(self.name(item), self.link(item)) for item in items]
            rows = [[row[0], name, *row[2:]] for row, name in zip(rows, names, strict=True)]
        shown = cards.table(head, rows, numeric=())
        return str(cards.fragment(cards.heading(self._title), shown, rest))

    def _card(self, item: Id) -> Card:
        from penchant.rendering.cards import Card

        note = ", ".join(self.tags_of(item))
        return Card(self.name(item), self.picture(item), self.link(item), note)

    @property
    def _title(self) -> str:
        return f"catalog of {len(self):,} items: {', '.join(self.fields()) or 'ids only'}"

    def _cells(self) -> list[list[Any]]:
        """Return the heading and the first items: id, name and tags, as far as there are any."""
        columns = {"item": [str(item) for item in self.items.array[:_SHOWN].tolist()]}
        if self.names is not None:
            columns["name"] = [str(name) for name in self.names[:_SHOWN]]
        if self.tags is not None:
            columns["tags"] = [", ".join(tags) for tags in self.tags[:_SHOWN]]
        return [list(columns), *map(list, zip(*columns.values(), strict=True))]

    def fields(self) -> list[str]:
        """Return the fields that are not None: some of names, links, pictures, tags."""
        fields = (f.name for f in dataclasses.fields(self) if f.name != "items")
        return [name for name in fields if getattr(self, name) is not None]

    def name(self, item: Id) -> str:
        """Return the name of an item, or its id as text if it has none."""
        return self._entry("names", item) or str(item)

    def link(self, item: Id) -> str:
        """Return the link of an item, or the empty string."""
        return self._entry("links", item)

    def picture(self, item: Id) -> str:
        """Return the picture of an item, or the empty string."""
        return self._entry("pictures", item)

    def tags_of(self, item: Id) -> tuple[str, ...]:
        """Return the tags of an item; none if it is unknown."""
        code = self.items.get(item)
        return () if code is None or self.tags is None else tuple(self.tags[code])

    def find(self, text: str) -> list[Id]:
        """Return the items whose name is ``text``, ignoring letter case and outer spaces."""
        wanted = text.strip().casefold()
        return [
            self.items[code]
            for code, name in enumerate(self.names or ())
            if name.strip().casefold() == wanted
        ]

    def subset(self, items: IdMap) -> Catalog:
        """Return the entries of ``items`` in their order; unknown items get empty entries."""
        codes = [self.items.get(item) for item in items]
        chosen: dict[str, Any] = {}
        for field in self.fields():
            entries, empty = getattr(self, field), () if field == "tags" else ""
            chosen[field] = [empty if code is None else entries[code] for code in codes]
        return Catalog(items, **chosen)

    def _entry(self, field: str, item: Id) -> str:
        code = self.items.get(item)
        entries = getattr(self, field)
        return "" if code is None or entries is None else str(entries[code])


def match_catalog(catalog: Catalog | None, items: IdMap) -> Catalog | None:
    """Check a catalog, and write its ids as those of the items are: integers or texts.

    A warning is logged if it has none of the items.

    Raises
    ------
    DataError
        If it is not a catalog.
    """
    if catalog is None:
        return None
    if not isinstance(catalog, Catalog):
        raise DataError(
            f"a catalog is needed, got {type(catalog).__name__}: penchant.read_catalog reads one"
        )
    if len(catalog) and len(items):
        ids = catalog.items.written_like(items)
        if ids is not catalog.items:
            catalog = dataclasses.replace(catalog, items=ids)
        if not any(item in items for item in catalog.items):
            log.warning(
                "the catalog knows none of the %s items: its ids are such as %r, theirs %r",
                f"{len(items):,}", catalog.items[0], items[0],
            )  # fmt: skip
    return catalog


def _copied(field: str, entries: list[Any]) -> tuple[Any, ...]:
    """Return entries as a tuple, with None replaced by the empty entry."""
    empty: Any = () if field == "tags" else ""
    held = tuple(empty if entry is None else entry for entry in entries)
    wanted = (list, tuple) if field == "tags" else str
    wrong = next((entry for entry in held if not isinstance(entry, wanted)), None)
    if wrong is not None:
        what = "lists of texts" if field == "tags" else "texts"
        raise DataError(f"{field} must be {what}, found {wrong!r}")
    return held
