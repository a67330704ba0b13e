"""Keep fetched data sets in a cache folder.

``CACHE/NAME/`` holds what was fetched, with ``FILE.sha256`` beside each file;
``CACHE/NAME/files/`` holds what was unpacked from it, with ``sums.json``.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from pathlib import Path

from penchant.data.datasets.archives import is_archive, unpack
from penchant.data.datasets.download import Progress, fetch, sum_of
from penchant.data.datasets.local_copy import in_words, missing_files
from penchant.data.datasets.registry import Dataset, RemoteFile
from penchant.errors import DataError, DownloadError

log = logging.getLogger("penchant")


def cached_folder(dataset: Dataset, cache: Path, progress: Progress | None, timeout: float) -> Path:
    """Return the folder in the cache that holds the data set's files; fetch them if needed.

    Raises
    ------
    DownloadError
        If they can't be fetched, or the publisher's archive lacks a file.
    """
    home = cache / dataset.name
    files = home / "files"
    if _is_intact(dataset, files):
        return files
    paths = [_fetch(dataset, source, home, progress, timeout) for source in dataset.sources]
    if not any(is_archive(path) for path in paths):
        return home
    missing = missing_files(dataset, _unpack(dataset, paths[0], files))
    if missing:
        shutil.rmtree(files)
        raise DownloadError(
            f"{paths[0]}, fetched from {_address(dataset.sources[0])}, lacks {in_words(missing)}: "
            "the publisher has changed it. Give a local copy with path="
        )
    return files


def _fetch(
    dataset: Dataset, source: RemoteFile, home: Path, progress: Progress | None, timeout: float
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
            f"can't fetch {dataset.name}: {error}. You can fetch {source.file} by hand (see "
            f"{dataset.homepage}) and give its folder or archive with path= or PENCHANT_DATA"
        ) from error


def _address(source: RemoteFile) -> str:
    mirror = os.environ.get("PENCHANT_DATA_MIRROR")
    return f"{mirror.rstrip('/')}/{source.file}" if mirror else source.url


def _unpack(dataset: Dataset, archive: Path, files: Path) -> list[str]:
    try:
        names = unpack(archive, dataset.files, files)
    except DataError as error:
        raise DownloadError(f"{error}; delete it to have it fetched again") from error
    sums = {name: sum_of(files / name) for name in names}
    (files / "sums.json").write_text(json.dumps(sums, indent=1), encoding="utf-8")
    return names


def _is_intact(dataset: Dataset, files: Path) -> bool:
    """Return whether all unpacked files are present with their checksums."""
    try:
        sums = json.loads((files / "sums.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if missing_files(dataset, sums):
        return False
    altered = [
        name
        for name, expected in sums.items()
        if not (files / name).is_file() or sum_of(files / name) != expected
    ]
    if altered:
        log.warning("%s: %s altered; unpacking again", files, ", ".join(altered))
    return not altered
