"""``open_dataset``: from the folder of a data set to interactions."""

from __future__ import annotations

import os

from penchant._boundary import checked
from penchant._scratch import PREFIX as SCRATCH_PREFIX
from penchant.data.disk.files import StoredFiles
from penchant.data.disk.layout import DATA_PREFIX, MANIFEST, Manifest, ManifestError, from_json
from penchant.data.disk.storage import Storage, storage_of
from penchant.data.disk.stored import StoredInteractions
from penchant.data.disk.work import PREFIX as WORK_PREFIX
from penchant.data.interactions import Interactions
from penchant.errors import DatasetError


@checked
def open_dataset(path: str | os.PathLike[str]) -> Interactions:
    """Open a data set on disk, which :func:`penchant.ingest` or `penchant ingest` wrote.

    Only its manifest is read. Ids and matrices are mapped at their first use, so that they need
    not fit into memory; ``blocks`` reads rows a block at a time, with their checksums. A data set
    in an object store is read by blocks; its matrices are mapped in a copy in the cache
    (``PENCHANT_CACHE``).

    Parameters
    ----------
    path
        The folder, or its address: ``s3://bucket/likes.dataset``.

    Raises
    ------
    DatasetError
        If it is no data set, is incomplete or damaged, or of a later version of penchant.
    MissingExtraError
        If the library for such addresses is not installed.
    """
    return StoredInteractions(open_files(path))


def open_files(path: str | os.PathLike[str]) -> StoredFiles:
    """Read the manifest of a data set, and compare the sizes of its files.

    Raises
    ------
    DatasetError
        As for :func:`open_dataset`.
    """
    storage = storage_of(path)
    files = StoredFiles(storage, read_manifest(storage))
    files.check_sizes()
    return files


def read_manifest(storage: Storage) -> Manifest:
    """Read the manifest of a data set.

    Raises
    ------
    DatasetError
        If there is none, or it can't be used.
    """
    names = storage.sizes()
    if MANIFEST not in names:
        if any(name.startswith((DATA_PREFIX, SCRATCH_PREFIX, WORK_PREFIX)) for name in names):
            raise DatasetError(
                f"{storage.address} is incomplete: it is being written, or its ingest was "
                "interrupted; start the same ingest again, which continues"
            )
        what = "is no data set: it has no manifest.json" if names else "does not exist"
        raise DatasetError(f"{storage.address} {what}")
    try:
        return from_json(storage.read(MANIFEST))
    except ManifestError as error:
        raise DatasetError(f"{storage.address} can't be opened: {error}") from None
