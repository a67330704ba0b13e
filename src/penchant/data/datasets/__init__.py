"""Load known data sets by name, from a local copy, the cache or their publisher.

Environment variables: ``PENCHANT_DATA``, a folder of local copies; ``PENCHANT_DATA_MIRROR``, an
address that replaces the publishers'; ``PENCHANT_CACHE``, the cache folder.
"""

from __future__ import annotations

import difflib
import importlib
import os
from pathlib import Path
from typing import Any

from penchant._boundary import checked
from penchant.data import paths
from penchant.data.datasets import generated, lastfm, movielens, sketchfab  # noqa: F401 - register
from penchant.data.datasets.cache import cached_folder
from penchant.data.datasets.download import Progress
from penchant.data.datasets.local_copy import copy_in_environment, folder_with_files, unpacked
from penchant.data.datasets.registry import REGISTRY, Dataset
from penchant.data.interactions import Interactions
from penchant.errors import SettingsError

__all__ = ["available", "cache_folder", "describe", "load", "names", "shapes"]


@checked
def names() -> list[str]:
    """Return the names that :func:`load` takes, sorted."""
    return sorted(REGISTRY)


@checked
def available() -> list[Dataset]:
    """Return the records of all data sets: names, descriptions, licenses, sizes, homepages."""
    return [REGISTRY[name] for name in names()]


@checked
def describe(name: str) -> Dataset:
    """Return the record of a data set: description, license, size, homepage.

    Raises
    ------
    SettingsError
        If there is no data set of this name; the message names a close match.
    """
    if name in REGISTRY:
        return REGISTRY[name]
    close = difflib.get_close_matches(str(name), REGISTRY, n=1, cutoff=0.4)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise SettingsError(f"unknown data set {name!r}{hint}; known are: {', '.join(names())}")


@checked
def shapes(n_items: int = 2000, n_users: int = 6000, seed: int = 0) -> Interactions:
    """Generate a catalog of drawn solids, and visitors with hidden tastes who like them.

    Nothing is fetched. The same arguments give the same likes; items have names, pictures (drawn
    on first access) and tags: color, form, finish. Items that the same visitors like are similar
    in appearance. ``penchant.demo.shapes.make`` returns the hidden tastes as well.

    Parameters
    ----------
    n_items, n_users
        The number of items and of visitors, 1 or more.
    seed
        The seed of the random generator, 0 or more.

    Raises
    ------
    SettingsError
        If an argument is not a whole number in its range.
    """
    return _generate(REGISTRY["shapes"], n_items, n_users, seed)


@checked
def load(
    name: str,
    path: str | os.PathLike[str] | None = None,
    *,
    cache: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    timeout: float = 60.0,
    min_rating: float | None = None,
) -> Interactions:
    """Load a known data set, with a catalog of its items where the publisher gives one.

    The files are taken from ``path``; else from ``PENCHANT_DATA``, a folder with a folder or an
    archive of each data set, by penchant's name or the publisher's (``movielens-1m``, ``ml-1m``,
    ``ml-1m.zip``); else from the cache; else they are fetched into the cache from the publisher,
    or from ``PENCHANT_DATA_MIRROR/`` and the publisher's file name.

    Parameters
    ----------
    name
        One of :func:`names`.
    path
        A local copy: the folder that holds the files, one of them, or the publisher's archive.
    cache
        The cache folder; by default ``PENCHANT_CACHE``, ``XDG_CACHE_HOME/penchant`` or
        ``~/.cache/penchant``.
    progress
        Called with the bytes received and the bytes of the whole (or None) while a file is
        fetched.
    timeout
        Seconds without data after which an attempt is given up.
    min_rating
        For MovieLens: None uses every rating as the value of its pair; a number selects the
        ratings from it on, as likes of 1 (0 makes every pair a like). A local copy of
        MovieLens 1M as a table of pairs without ratings gives each pair the value 1, and takes
        no other ``min_rating`` than 0.

    Raises
    ------
    SettingsError
        If the name is unknown, or ``min_rating`` does not apply to the data set.
    DataError
        If the local copy lacks a file, or its archive or a file is damaged.
    DownloadError
        If the download failed or its checksum is wrong. A partial download is kept for resuming.
    """
    from penchant.data.datasets.reading import read_dataset

    dataset = describe(name)
    if min_rating is not None and not dataset.rated:
        raise SettingsError(f"min_rating is for the MovieLens data sets, not for {name}")
    if dataset.maker is not None:
        if path is not None:
            raise SettingsError(f"{name} is made, not read: it takes no path")
        return _generate(dataset)
    copy = Path(path).expanduser() if path is not None else copy_in_environment(dataset)
    if copy is not None and copy.name in dataset.files:
        copy = copy.parent
    if copy is not None and copy.is_file():
        with unpacked(dataset, copy) as folder:
            return read_dataset(dataset, folder, min_rating)
    if copy is not None:
        return read_dataset(dataset, folder_with_files(dataset, copy), min_rating)
    folder = cached_folder(dataset, cache_folder(cache), progress, timeout)
    return read_dataset(dataset, folder, min_rating)


@checked
def cache_folder(cache: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder in which fetched data sets are kept; see :func:`load`."""
    return paths.cache_folder(cache)


def _generate(dataset: Dataset, *arguments: Any) -> Interactions:
    """Call the generator that the record names."""
    assert dataset.maker is not None
    module, _, function = dataset.maker.partition(":")
    result = getattr(importlib.import_module(module), function)(*arguments)
    assert isinstance(result, Interactions)
    return result
