"""Which items may be answered: what a request names, and what the server hides."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict

from penchant.data.catalog import Catalog
from penchant.data.ids import Id

if TYPE_CHECKING:
    from penchant.serving.catalog.views import Views
    from penchant.serving.store.base import Override


@dataclass(frozen=True)
class Filters:
    """Which items may be answered.

    Attributes
    ----------
    allow
        Only these; None: all.
    deny
        Not these.
    tags
        Only what bears every one of these.
    """

    allow: Collection[Id] | None = None
    deny: Collection[Id] = ()
    tags: Sequence[str] = ()


ALL = Filters()


class Lists(TypedDict):
    """Filters as the models take them."""

    allow: Collection[Id] | None
    deny: Collection[Id] | None


class Tags:
    """The items that bear a tag, letter case aside.

    Parameters
    ----------
    catalog
        Where tags are; None: nowhere.
    """

    def __init__(self, catalog: Catalog | None) -> None:
        self._catalog = catalog

    @cached_property
    def _items_of(self) -> dict[str, set[Id]]:
        found: dict[str, set[Id]] = {}
        if self._catalog is not None:
            listed = self._catalog.tags or ()
            for item, tags in zip(self._catalog.items, listed, strict=False):
                for tag in tags:
                    found.setdefault(tag.casefold(), set()).add(item)
        return found

    def bearing(self, tags: Sequence[str], overrides: Mapping[Id, Override]) -> set[Id]:
        """The items that bear every one of some tags, by what stands in the catalog's place."""
        wanted = {tag.casefold() for tag in tags}
        found = set.intersection(*(self._items_of.get(tag, set()) for tag in wanted))
        for item, how in overrides.items():
            if how.tags is not None:
                has = wanted <= {tag.casefold() for tag in how.tags}
                found = found | {item} if has else found - {item}
        return found

    def lists(self, filters: Filters, views: Views) -> Lists:
        """What filters come to, where some items are hidden and others bear other tags."""
        deny = {*filters.deny, *views.hidden} if filters.deny or views.hidden else None
        allow = filters.allow
        if filters.tags:
            bearing = self.bearing(filters.tags, views.overrides)
            allow = bearing if allow is None else bearing & set(allow)
        return {"allow": allow, "deny": deny}
