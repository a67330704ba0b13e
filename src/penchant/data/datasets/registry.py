"""Records that describe a known data set, and the registry of them by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from penchant.data.catalog import Catalog


@dataclass(frozen=True)
class RemoteFile:
    """A file that a publisher offers for download.

    Attributes
    ----------
    url
        Its address.
    checksum
        The publisher's checksum (``"md5:…"`` or ``"sha256:…"``), or None if there is none.
    """

    url: str
    checksum: str | None = None

    @property
    def file(self) -> str:
        """The file name at the end of the address."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class TableFile:
    """A table in a data set's folder, and the arguments it is read with.

    Attributes
    ----------
    name
        The file's name.
    options
        Keyword arguments of ``read_interactions`` or ``read_catalog``: columns and text options.
    """

    name: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Dataset:
    """A data set that can be fetched and read by its name.

    Attributes
    ----------
    name
        The name that ``load`` takes.
    description
        What it holds, with the counts of users, items and interactions.
    license
        A summary of the publisher's terms and the article to cite; the publisher's text counts.
    homepage
        The page on which the publisher describes it.
    download_bytes
        The approximate size of the download; None if unknown, 0 if nothing is fetched.
    sources
        The files to fetch: archives, or the tables themselves.
    logs
        Tables of interactions; the first that is present is read, and one of them is required.
    catalogs
        Tables of items; the first that is present is read. Optional.
    link
        A format string that makes an item's link from its id, or None.
    refine
        Called with the catalog and its file to complete the entries, or None.
    folders
        Names of a local copy's folder or archive besides ``name``.
    rated
        Whether the values are ratings, so that ``min_rating`` applies.
    maker
        ``"module:function"`` of a data set that is generated instead of read. It is a name and
        not a function, because the generator lives in a layer above this one.
    """

    name: str
    description: str
    license: str
    homepage: str
    download_bytes: int | None
    sources: tuple[RemoteFile, ...] = ()
    logs: tuple[TableFile, ...] = ()
    catalogs: tuple[TableFile, ...] = ()
    link: str | None = None
    refine: Callable[[Catalog, Path], Catalog] | None = field(default=None, repr=False)
    folders: tuple[str, ...] = ()
    rated: bool = False
    maker: str | None = None

    @property
    def needs(self) -> tuple[tuple[str, ...], ...]:
        """Groups of file names; one file of each group is required."""
        return (tuple(table.name for table in self.logs),) if self.logs else ()

    @property
    def files(self) -> list[str]:
        """The names of all files that reading can use."""
        return list(dict.fromkeys(table.name for table in (*self.logs, *self.catalogs)))


REGISTRY: dict[str, Dataset] = {}
"""Name → data set, filled by the modules of the families."""


def register(*datasets: Dataset) -> None:
    """Add data sets to the registry under their names."""
    REGISTRY.update((dataset.name, dataset) for dataset in datasets)
