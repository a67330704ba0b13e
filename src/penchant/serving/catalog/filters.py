"""Filters of items: those of a request, and items that the server hides."""

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
    """Which items may be in an answer.

    Attributes
    ----------
    allow
        Only these; None: all.
    deny
        Without these.
    tags
        Only items with all of these tags.
    """

    allow: Collection[Id] | None = None
    deny: Collection[Id] = ()
    tags: Sequence[str] = ()


ALL = Filters()


class Lists(TypedDict):
    """Filters as the arguments of models."""

    allow: Collection[Id] | None
    deny: Collection[Id] | None


class Tags:
    """Items by tag, ignoring letter case.

    Parameters
    ----------
    catalog
        The catalog with the tags; None: there are no tags.
    """

    def __init__(self, catalog: Catalog | None) -> None:
        self._catalog = catalog

    @cached_property
    def _items_by_tag(self) -> dict[str, set[Id]]:
        items_by_tag: dict[str, set[Id]] = {}
        if self._catalog is not None:
            tag_lists = self._catalog.tags or ()
            for item, tags in zip(self._catalog.items, tag_lists, strict=False):
                for tag in tags:
                    items_by_tag.setdefault(tag.casefold(), set()).add(item)
        return items_by_tag

    def with_all(self, tags: Sequence[str], overrides: Mapping[Id, Override]) -> set[Id]:
        """Return the items with all of some tags, by the catalog and its overrides."""
        wanted = {tag.casefold() for tag in tags}
        items = set.intersection(*(self._items_by_tag.get(tag, set()) for tag in wanted))
        for item, override in overrides.items():
            if override.tags is not None:
                has = wanted <= {tag.casefold() for tag in override.tags}
                items = items | {item} if has else items - {item}
        return items

    def lists(self, filters: Filters, views: Views) -> Lists:
        """Combine filters with hidden items and overridden tags."""
        deny = {*filters.deny, *views.hidden} if filters.deny or views.hidden else None
        allow = filters.allow
        if filters.tags:
            tagged = self.with_all(filters.tags, views.overrides)
            allow = tagged if allow is None else tagged & set(allow)
        return {"allow": allow, "deny": deny}
