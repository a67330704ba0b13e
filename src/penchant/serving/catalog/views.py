"""What is shown of an item: one record, from the catalogs and from what stands in their place."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from penchant.data.catalog import Catalog
from penchant.data.ids import Id
from penchant.rendering.markup import address

if TYPE_CHECKING:
    from penchant.serving.store.base import Override

T = TypeVar("T")

_KEPT = 100_000  # records that are kept once made: some 300 bytes each


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item as it is shown.

    Attributes
    ----------
    id
        The outside id.
    name
        What to call it; its id as text where no name is known. Never to be trusted as HTML.
    link
        An address, or the empty string.
    picture
        As the catalog has it: an address, a picture itself (``data:``), or a path; who shows it
        takes :func:`picture_address`.
    tags
        Words that describe it, possibly none.
    """

    id: Id
    name: str
    link: str
    picture: str
    tags: tuple[str, ...]


class Views:
    """Records of items, made when they are first asked for.

    Parameters
    ----------
    catalogs
        Where to look, the first that knows an item counts.
    overrides
        What stands in place of the catalogs, by item.
    """

    def __init__(
        self, catalogs: Sequence[Catalog], overrides: Mapping[Id, Override] | None = None
    ) -> None:
        self.catalogs, self.overrides = tuple(catalogs), dict(overrides or {})
        self.hidden = frozenset(one for one, how in self.overrides.items() if how.hidden)
        self._views: dict[Id, ItemView] = {}
        self._json: dict[Id, bytes] = {}

    def view(self, item: Id) -> ItemView:
        """The record of an item; one that no catalog knows has only its id."""
        found = self._views.get(item)
        if found is None:
            found = self._make(item)
            _keep(self._views, item, found)
        return found

    def json(self, item: Id) -> bytes:
        """The fields of the record as JSON, without the braces around them."""
        found = self._json.get(item)
        if found is None:
            view = self.view(item)
            told = {
                "id": view.id,
                "name": view.name,
                "link": view.link,
                "picture": picture_address(view),
                "tags": view.tags,
            }
            text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
            found = text[1:-1].encode("utf-8", "replace")
            _keep(self._json, item, found)
        return found

    def _make(self, item: Id) -> ItemView:
        known = next((one for one in self.catalogs if item in one.items), None)
        if known is None:
            made = ItemView(item, str(item), "", "", ())
        else:
            tags = tuple(known.tags_of(item))
            made = ItemView(item, known.name(item), known.link(item), known.picture(item), tags)
        other = self.overrides.get(item)
        if other is None:
            return made
        fields = ("name", "link", "picture", "tags")
        given = {name: getattr(other, name) for name in fields if getattr(other, name) is not None}
        return dataclasses.replace(made, **given)


def address_of(path: str, one: Id) -> str:
    """An address about something. Ids are parameters: they may hold dots and slashes."""
    return f"{path}?{urlencode({'id': str(one)}, errors='replace')}"


def picture_address(item: ItemView) -> str:
    """Where a browser gets the picture of an item; the empty string where there is none.

    A web address as it is; all else that a catalog may hold (a path, a picture itself, what
    would be harmful) is this server's to look at, and to make harmless.
    """
    if not item.picture.strip():
        return ""
    return address(item.picture) or address_of("/picture", item.id)


def _keep(kept: dict[Id, T], item: Id, made: T) -> None:
    if len(kept) < _KEPT:
        kept[item] = made
