"""Find the files of a data set in a local folder or archive."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from penchant._scratch import scratch_folder
from penchant.data.datasets.archives import SUFFIXES, unpack
from penchant.data.datasets.registry import Dataset
from penchant.errors import DataError

log = logging.getLogger("penchant")


def copy_in_environment(dataset: Dataset) -> Path | None:
    """Return the data set's folder or archive in PENCHANT_DATA, or None.

    Raises
    ------
    DataError
        If PENCHANT_DATA does not name a folder.
    """
    root = os.environ.get("PENCHANT_DATA")
    if not root:
        return None
    folder = Path(root).expanduser()
    if not folder.is_dir():
        raise DataError(f"PENCHANT_DATA names {folder}, which is not a folder")
    stems = [dataset.name, *dataset.folders]
    places = [folder / name for name in stems]
    places += [folder / f"{name}{suffix}" for name in stems for suffix in SUFFIXES]
    copy = next((place for place in places if place.exists()), None)
    if copy is None:
        log.info("PENCHANT_DATA has no %s; looking in the cache", " or ".join(stems))
    return copy


def folder_with_files(dataset: Dataset, place: Path) -> Path:
    """Return the folder that holds the files: the given one, or one of the publisher's name in it.

    Raises
    ------
    DataError
        If required files are missing; the message lists what the folder holds.
    """
    if not place.is_dir():
        raise DataError(
            f"{place} is not there: path must be a folder or an archive with "
            f"{in_words(dataset.needs)}"
        )
    inside = [place / name for name in (*dataset.folders, dataset.name, "data")]
    for folder in (place, *inside):
        if not missing_files(dataset, _present(dataset, folder)):
            return folder
    entries = sorted(entry.name for entry in place.iterdir())
    shown = ", ".join(entries[:8]) + (", …" if len(entries) > 8 else "") or "nothing"
    missing = missing_files(dataset, _present(dataset, place))
    raise DataError(
        f"{place} is no whole copy of {dataset.name}: it lacks {in_words(missing)} and holds "
        f"{shown}. See {dataset.homepage}"
    )


@contextlib.contextmanager
def unpacked(dataset: Dataset, archive: Path) -> Iterator[Path]:
    """Unpack an archive into a temporary folder.

    Raises
    ------
    DataError
        If required files are missing in it, or it is damaged.
    """
    with scratch_folder() as temporary:
        folder = temporary / dataset.name
        missing = missing_files(dataset, unpack(archive, dataset.files, folder))
        if missing:
            raise DataError(f"{archive} is not {dataset.name}: it lacks {in_words(missing)}")
        yield folder


def missing_files(dataset: Dataset, present: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return the groups of required files of which none is present."""
    names = set(present)
    return tuple(group for group in dataset.needs if not names.intersection(group))


def in_words(groups: Iterable[tuple[str, ...]]) -> str:
    """Return groups of alternative file names as text for messages."""
    return " and ".join(" or ".join(names) for names in groups)


def _present(dataset: Dataset, folder: Path) -> list[str]:
    return [name for name in dataset.files if (folder / name).is_file()]
