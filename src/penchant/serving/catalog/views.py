"""Display records of items, from the catalogs and their overrides."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from penchant.data.catalog import Catalog
from penchant.data.ids import Id, IdMap
from penchant.rendering.markup import address

if TYPE_CHECKING:
    from penchant.serving.records import ItemOut
    from penchant.serving.store.base import Override

T = TypeVar("T")

_MAX_CACHED = 100_000  # cached records, about 300 bytes each


@dataclass(frozen=True, slots=True)
class ItemView:
    """The display record of an item.

    Attributes
    ----------
    id
        The outside id.
    name
        Its name; the id as text if it has none. Untrusted: escape it in HTML.
    link
        An address, or the empty string.
    picture
        As in the catalog: an address, embedded data (``data:``), or a path; use
        :func:`picture_address` to show it.
    tags
        Words that describe it, possibly none.
    """

    id: Id
    name: str
    link: str
    picture: str
    tags: tuple[str, ...]


class Views:
    """Display records of items, created on first use and cached.

    Parameters
    ----------
    catalogs
        The catalogs; the first that has an item is used.
    overrides
        Fields that replace those of the catalogs, by item.
    """

    def __init__(
        self, catalogs: Sequence[Catalog], overrides: Mapping[Id, Override] | None = None
    ) -> None:
        self.catalogs, self.overrides = tuple(catalogs), dict(overrides or {})
        self.hidden = frozenset(
            item for item, override in self.overrides.items() if override.hidden
        )
        self._views: dict[Id, ItemView] = {}
        self._records: dict[Id, ItemOut] = {}

    def view(self, item: Id) -> ItemView:
        """Return the record of an item; only its id is known if no catalog has it."""
        view = self._views.get(item)
        if view is None:
            view = self._create(item)
            _cache(self._views, item, view)
        return view

    def record(self, item: Id) -> ItemOut:
        """Return the record of an item in responses of the API."""
        record = self._records.get(item)
        if record is None:
            from penchant.serving.records import ItemOut  # only the API needs msgspec

            view = self.view(item)
            record = ItemOut(view.id, view.name, view.link, picture_address(view), view.tags)
            _cache(self._records, item, record)
        return record

    def records(self, items: Iterable[Id]) -> list[ItemOut]:
        """Return the records of some items in responses of the API."""
        cached = self._records.get
        return [cached(item) or self.record(item) for item in items]

    def _create(self, item: Id) -> ItemView:
        catalog = next((c for c in self.catalogs if item in c.items), None)
        if catalog is None:
            view = ItemView(item, str(item), "", "", ())
        else:
            tags = tuple(catalog.tags_of(item))
            view = ItemView(
                item, catalog.name(item), catalog.link(item), catalog.picture(item), tags
            )
        override = self.overrides.get(item)
        if override is None:
            return view
        fields = ("name", "link", "picture", "tags")
        values = {name: getattr(override, name) for name in fields}
        return dataclasses.replace(view, **{k: v for k, v in values.items() if v is not None})


def spelled_as(maps: Sequence[IdMap], overrides: Mapping[Id, Override]) -> dict[Id, Override]:
    """Return overrides by the ids that models use, whose spelling may differ from the store's."""
    spelled: dict[Id, Override] = {}
    for item, override in overrides.items():
        codes = ((ids, ids.get(item)) for ids in maps)
        own = next((ids[code] for ids, code in codes if code is not None), item)
        spelled[own] = override
    return spelled


def address_of(path: str, item: Id) -> str:
    """Return an address with an id as a parameter: ids may contain dots and slashes."""
    return f"{path}?{urlencode({'id': str(item)}, errors='replace')}"


def picture_address(item: ItemView) -> str:
    """Return the address of the picture of an item for browsers; the empty string if it has none.

    A web address stays as it is; anything else (a path, embedded data, untrusted texts) is read
    and sanitized by this server.
    """
    if not item.picture.strip():
        return ""
    return address(item.picture) or address_of("/picture", item.id)


def _cache(cache: dict[Id, T], item: Id, value: T) -> None:
    if len(cache) < _MAX_CACHED:
        cache[item] = value
