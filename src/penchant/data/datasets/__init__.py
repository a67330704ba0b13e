"""Known data sets by name: found in a local copy or the cache, or fetched from their publisher.

Environment variables: ``PENCHANT_DATA``, a folder of local copies; ``PENCHANT_DATA_MIRROR``, an
address to fetch from instead of the publishers'; ``PENCHANT_CACHE``, the cache folder.
"""

from __future__ import annotations

import difflib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from penchant.data.datasets.archives import SUFFIXES, is_archive, unpack
from penchant.data.datasets.download import Progress, fetch, sum_of
from penchant.data.datasets.registry import KNOWN, Known, Source
from penchant.data.interactions import Interactions
from penchant.errors import DataError, DownloadError, SettingsError

log = logging.getLogger("penchant")


def names() -> list[str]:
    """The names that :func:`load` knows."""
    return sorted(KNOWN)


def available() -> list[Known]:
    """What :func:`load` knows: names, descriptions, licenses, sizes, homepages."""
    return [KNOWN[name] for name in names()]


def describe(name: str) -> Known:
    """What is known of one: description, license, size, homepage.

    Raises
    ------
    SettingsError
        If the name is not known; the message names a close match.
    """
    return _known(name)


def shapes(n_items: int = 2000, n_users: int = 6000, seed: int = 0) -> Interactions:
    """A made-up catalog of little drawn solids, and people with hidden tastes who like them.

    Nothing is fetched. The same numbers make the same likes; items have names, pictures (drawn
    when asked for) and tags: color, form, finish. Things that the same people like look alike.
    ``penchant.demo.shapes.make`` tells the truth behind it as well.

    Parameters
    ----------
    n_items, n_users
        How many things and how many people, 1 or more.
    seed
        Which world, 0 or more.

    Raises
    ------
    SettingsError
        If a number is not a whole number in its range.
    """
    from penchant.demo import shapes as world

    return world.make(n_items, n_users, seed).interactions


def load(
    name: str,
    path: str | os.PathLike[str] | None = None,
    *,
    cache: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    timeout: float = 60.0,
    min_rating: float | None = None,
) -> Interactions:
    """A known data set, with a catalog of its items where the publisher gives one.

    It is looked for in ``path``; else in ``PENCHANT_DATA``, a folder with a folder or an archive
    of each data set, by penchant's name or the publisher's (``movielens-1m``, ``ml-1m``,
    ``ml-1m.zip``); else in the cache; else it is fetched into the cache from its publisher, or
    from ``PENCHANT_DATA_MIRROR/`` and the publisher's file name.

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
        Called with the bytes that are here and the bytes of the whole (or None) while a file
        is being fetched.
    timeout
        Seconds of the server's silence after which an attempt is given up.
    min_rating
        For MovieLens: None keeps every rating as the value of its pair; a number keeps the
        ratings from it on, as likes of 1 (0 makes every pair a like). A local copy of
        MovieLens 1M as a table of pairs without ratings gives each pair the value 1, and takes
        no other ``min_rating`` than 0.

    Raises
    ------
    SettingsError
        If the name is not known, or ``min_rating`` means nothing for it.
    DataError
        If the local copy lacks a file, or its archive or a file is broken.
    DownloadError
        If it could not be fetched whole and right. What came is kept where it can be resumed.
    """
    known = _known(name)
    if min_rating is not None and not known.rated:
        raise SettingsError(f"min_rating is for the MovieLens data sets, not for {name}")
    if known.read is None:
        if path is not None:
            raise SettingsError(f"{name} is made, not read: it takes no path")
        return shapes()
    copy = Path(path).expanduser() if path is not None else _from_environment(known)
    if copy is not None and copy.name in known.files:
        copy = copy.parent
    if copy is not None and copy.is_file():
        return _read_archive(known, copy, min_rating)
    if copy is not None:
        return known.read(_folder_with_files(known, copy), min_rating)
    return known.read(_cached(known, cache_folder(cache), progress, timeout), min_rating)


def cache_folder(cache: str | os.PathLike[str] | None = None) -> Path:
    """The folder that fetched data sets are kept in; see :func:`load`."""
    chosen = cache or os.environ.get("PENCHANT_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "penchant"


def _known(name: str) -> Known:
    if name in KNOWN:
        return KNOWN[name]
    close = difflib.get_close_matches(str(name), KNOWN, n=1, cutoff=0.4)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise SettingsError(f"unknown data set {name!r}{hint}; known are: {', '.join(names())}")


# --- local copies -----------------------------------------------------------------


def _from_environment(known: Known) -> Path | None:
    """The data set's folder or archive in PENCHANT_DATA, if there is one."""
    root = os.environ.get("PENCHANT_DATA")
    if not root:
        return None
    folder = Path(root).expanduser()
    if not folder.is_dir():
        raise DataError(f"PENCHANT_DATA names {folder}, which is not a folder")
    called = [known.name, *known.folders]
    places = [folder / name for name in called]
    places += [folder / f"{name}{suffix}" for name in called for suffix in SUFFIXES]
    found = next((place for place in places if place.exists()), None)
    if found is None:
        log.info("PENCHANT_DATA has no %s; looking in the cache", " or ".join(called))
    return found


def _folder_with_files(known: Known, place: Path) -> Path:
    """Where below a folder the files are: in it, or in one that is called as its publisher does.

    Raises
    ------
    DataError
        If they are not all there; the message says what is.
    """
    if not place.is_dir():
        raise DataError(
            f"{place} is not there: path must be a folder or an archive with {_needed(known)}"
        )
    inside = [place / name for name in (*known.folders, known.name, "data")]
    for folder in (place, *inside):
        if not _missing(known, _present(known, folder)):
            return folder
    here = sorted(entry.name for entry in place.iterdir())
    shown = ", ".join(here[:8]) + (", …" if len(here) > 8 else "") or "nothing"
    raise DataError(
        f"{place} is no whole copy of {known.name}: it lacks "
        f"{_either(_missing(known, _present(known, place)))} and holds {shown}. "
        f"See {known.homepage}"
    )


def _read_archive(known: Known, archive: Path, min_rating: float | None) -> Interactions:
    assert known.read is not None
    with tempfile.TemporaryDirectory(prefix="penchant-") as temporary:
        folder = Path(temporary) / known.name
        lacking = _missing(known, unpack(archive, known.files, folder))
        if lacking:
            raise DataError(f"{archive} is not {known.name}: it lacks {_either(lacking)}")
        return known.read(folder, min_rating)


def _present(known: Known, folder: Path) -> list[str]:
    return [name for name in known.files if (folder / name).is_file()]


def _missing(known: Known, present: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Of each group of names that one is needed of, those with none present."""
    there = set(present)
    return tuple(names for names in known.needs if not there.intersection(names))


def _either(groups: Iterable[tuple[str, ...]]) -> str:
    return " and ".join(" or ".join(names) for names in groups)


def _needed(known: Known) -> str:
    return _either(known.needs)


# --- the cache ------------------------------------------------------------------
# CACHE/NAME/            what was fetched, and FILE.sha256 beside each file
# CACHE/NAME/files/      what was unpacked from it, and sums.json


def _cached(known: Known, cache: Path, progress: Progress | None, timeout: float) -> Path:
    """The folder in the cache with the data set's files; fetched first if need be."""
    home = cache / known.name
    files = home / "files"
    if _is_intact(known, files):
        return files
    fetched = [_fetch(known, source, home, progress, timeout) for source in known.sources]
    if not any(is_archive(one) for one in fetched):
        return home
    lacking = _missing(known, _unpack_fetched(known, fetched[0], files))
    if lacking:
        shutil.rmtree(files)
        raise DownloadError(
            f"{fetched[0]}, fetched from {_address(known.sources[0])}, lacks {_either(lacking)}: "
            "the publisher has changed it. Give a local copy with path="
        )
    return files


def _fetch(
    known: Known, source: Source, home: Path, progress: Progress | None, timeout: float
) -> Path:
    try:
        return fetch(
            _address(source),
            home / source.file,
            checksum=source.checksum,
            progress=progress,
            timeout=timeout,
        )
    except DownloadError as error:
        raise DownloadError(
            f"can't fetch {known.name}: {error}. You can fetch {source.file} by hand (see "
            f"{known.homepage}) and give its folder or archive with path= or PENCHANT_DATA"
        ) from error


def _address(source: Source) -> str:
    mirror = os.environ.get("PENCHANT_DATA_MIRROR")
    return f"{mirror.rstrip('/')}/{source.file}" if mirror else source.url


def _unpack_fetched(known: Known, archive: Path, files: Path) -> list[str]:
    try:
        found = unpack(archive, known.files, files)
    except DataError as error:
        raise DownloadError(f"{error}; delete it to have it fetched again") from error
    sums = {name: sum_of(files / name) for name in found}
    (files / "sums.json").write_text(json.dumps(sums, indent=1), encoding="utf-8")
    return found


def _is_intact(known: Known, files: Path) -> bool:
    """Whether the unpacked files are all there and as they were; if not, they are made anew."""
    try:
        sums = json.loads((files / "sums.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if _missing(known, sums):
        return False
    altered = [
        name
        for name, expected in sums.items()
        if not (files / name).is_file() or sum_of(files / name) != expected
    ]
    if altered:
        log.warning("%s: %s altered; unpacking again", files, ", ".join(altered))
    return not altered
