"""Where a checkpoint is: a file of this machine, or one in an object store."""

from __future__ import annotations

import contextlib
import posixpath
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

from penchant._scratch import scratch_folder
from penchant.data.disk.retries import retried
from penchant.data.disk.storage import LocalStorage, RemoteStorage, storage_of


class CheckpointPlace(ABC):
    """The file of a checkpoint, which is replaced as a whole."""

    @abstractmethod
    def reading(self) -> contextlib.AbstractContextManager[Path | None]:
        """Give a file of this machine with the checkpoint; None: there is none.

        Raises
        ------
        DatasetError
            If an object store can't be read.
        """

    @abstractmethod
    def writing(self) -> contextlib.AbstractContextManager[Path]:
        """Give a path of this machine; what is written there becomes the checkpoint.

        Raises
        ------
        DatasetError
            If an object store can't be written to.
        """


class _LocalPlace(CheckpointPlace):
    def __init__(self, path: Path) -> None:
        self._path = path

    @contextlib.contextmanager
    def reading(self) -> Iterator[Path | None]:
        """See :class:`CheckpointPlace`."""
        yield self._path if self._path.exists() else None

    @contextlib.contextmanager
    def writing(self) -> Iterator[Path]:
        """See :class:`CheckpointPlace`; the caller replaces the file at once."""
        yield self._path


class _RemotePlace(CheckpointPlace):
    """Copies between a temporary file and an object store, where a file appears as a whole."""

    def __init__(self, address: str) -> None:
        parent, self._name = posixpath.split(address)
        self._storage = RemoteStorage(parent)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Path | None]:
        """See :class:`CheckpointPlace`."""
        storage, path = self._storage, self._storage.path(self._name)
        with scratch_folder() as scratch:
            copy = scratch / "checkpoint"
            with storage.translated_errors("read", self._name):
                storage.fs.invalidate_cache()
                if is_there := retried(lambda: storage.fs.exists(path), f"looking for {path}"):
                    retried(lambda: storage.fs.get_file(path, str(copy)), f"reading {path}")
            yield copy if is_there else None

    @contextlib.contextmanager
    def writing(self) -> Iterator[Path]:
        """See :class:`CheckpointPlace`."""
        storage, path = self._storage, self._storage.path(self._name)
        with scratch_folder() as scratch:
            copy = scratch / "checkpoint"
            yield copy
            with storage.translated_errors("write", self._name):
                retried(lambda: storage.fs.put_file(str(copy), path), f"writing {path}")


def place_of(path: Path | str) -> CheckpointPlace:
    """Return the place of a path, or of an address such as ``s3://bucket/likes.training``."""
    parent = storage_of(path)
    if isinstance(parent, LocalStorage):
        return _LocalPlace(parent.folder)
    return _RemotePlace(str(path))
