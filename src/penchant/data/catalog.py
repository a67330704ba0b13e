"""What is known of the items beyond who liked them: names, links, pictures, tags."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from penchant.data.ids import Id, IdMap
from penchant.errors import DataError

log = logging.getLogger("penchant")


@dataclass(frozen=True)
class Catalog:
    """Names, links, pictures and tags of items; immutable.

    Each field is None, or holds one entry an item in the order of ``items``;
    an entry that is not known is the empty string (or the empty tuple).

    Attributes
    ----------
    items
        The outside ids that the entries belong to; a list of them becomes an :class:`IdMap`.
    names
        What to call an item, as its makers wrote it: never trusted as HTML.
    links
        A page about it.
    pictures
        A picture of it: an http(s) address, a data: address or a local path.
    tags
        Words that describe it.

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
                # a tuple of its own: what the caller does with a list later changes nothing here;
                # other sequences are kept, since one may make its entries when they are asked for
                entries = _own(field, list(entries))
                object.__setattr__(self, field, entries)
            if len(entries) != len(self.items):
                raise DataError(
                    f"the catalog has {len(entries):,} {field} for {len(self.items):,} items"
                )

    def __len__(self) -> int:
        return len(self.items)

    def fields(self) -> list[str]:
        """Which fields are known: a part of names, links, pictures, tags."""
        known = (f.name for f in dataclasses.fields(self) if f.name != "items")
        return [name for name in known if getattr(self, name) is not None]

    def name(self, item: Id) -> str:
        """The name of an item, or its id as text where no name is known."""
        return self._entry("names", item) or str(item)

    def link(self, item: Id) -> str:
        """The link of an item, or the empty string."""
        return self._entry("links", item)

    def picture(self, item: Id) -> str:
        """The picture of an item, or the empty string."""
        return self._entry("pictures", item)

    def tags_of(self, item: Id) -> tuple[str, ...]:
        """The tags of an item, possibly none."""
        code = self.items.get(item)
        return () if code is None or self.tags is None else tuple(self.tags[code])

    def find(self, text: str) -> list[Id]:
        """Items whose name is ``text``, letter case and outer spaces aside."""
        wanted = text.strip().casefold()
        return [
            self.items[code]
            for code, name in enumerate(self.names or ())
            if name.strip().casefold() == wanted
        ]

    def subset(self, items: IdMap) -> Catalog:
        """The entries of ``items`` in their order; items not known get empty entries."""
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


def matched(catalog: Catalog | None, items: IdMap) -> Catalog | None:
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


def _own(field: str, entries: list[Any]) -> tuple[Any, ...]:
    """Entries as a tuple, None as the empty entry."""
    empty: Any = () if field == "tags" else ""
    held = tuple(empty if entry is None else entry for entry in entries)
    wanted = (list, tuple) if field == "tags" else str
    wrong = next((entry for entry in held if not isinstance(entry, wanted)), None)
    if wrong is not None:
        what = "lists of texts" if field == "tags" else "texts"
        raise DataError(f"{field} must be {what}, found {wrong!r}")
    return held
