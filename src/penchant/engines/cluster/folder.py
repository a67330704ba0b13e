"""The folder of a training, which all workers share: a mounted one, or in an object store."""

from __future__ import annotations

import contextlib
import errno
import posixpath
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path

from penchant.data.disk.retries import retried
from penchant.data.disk.storage import LocalStorage, RemoteStorage, Storage, storage_of
from penchant.errors import DatasetError, reason_of


class Folder(ABC):
    """A folder of files, by its address.

    A file appears when it is complete. Accesses that fail for a moment are repeated.

    Attributes
    ----------
    address
        A path, or an address such as ``s3://bucket/trainings``.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage, self.address = storage, storage.address

    @abstractmethod
    def create(self) -> None:
        """Make the folder.

        Raises
        ------
        DatasetError
            If it can't be made.
        """

    @abstractmethod
    def write(self, name: str, parts: Sequence[bytes | memoryview]) -> None:
        """Write a file; after an error there is none.

        Raises
        ------
        DatasetError
            If it can't be written.
        """

    def read(self, name: str, begin: int = 0, end: int | None = None) -> bytes:
        """Return the bytes of a file from ``begin`` to ``end``.

        Raises
        ------
        DatasetError
            If it can't be read.
        """
        return self._storage.read(name, begin, end)

    def read_into(self, name: str, out: memoryview, begin: int = 0) -> int:
        """Read the bytes of a file from ``begin`` on into memory; return how many were read.

        Raises
        ------
        DatasetError
            If it can't be read.
        """
        return self._storage.read_into(name, out, begin)

    def names(self) -> list[str]:
        """Return the names of all files.

        Raises
        ------
        DatasetError
            If they can't be listed.
        """
        return sorted(self._storage.sizes())

    @abstractmethod
    def delete(self, names: Iterable[str]) -> None:
        """Delete files, where they are still there and can be deleted."""

    @abstractmethod
    def remove(self) -> None:
        """Remove the folder with all its files, as far as they can be removed."""


class LocalFolder(Folder):
    """A folder that is mounted at the same path everywhere."""

    def __init__(self, storage: LocalStorage) -> None:
        super().__init__(storage)
        self._path = storage.folder

    def create(self) -> None:
        """See :class:`Folder`; others than the user can't read it."""
        try:
            self._path.mkdir(parents=True, mode=0o700)
        except OSError as error:
            raise DatasetError(f"can't make the folder {self._path}: {error.strerror}") from error

    def write(self, name: str, parts: Sequence[bytes | memoryview]) -> None:
        """See :class:`Folder`."""
        path = self._path / name
        draft = path.with_name(f"{name}.part")

        def write() -> None:
            try:
                with draft.open("wb") as file:
                    file.writelines(parts)
                draft.replace(path)
            except BaseException:
                with contextlib.suppress(OSError):
                    draft.unlink()
                raise

        try:
            retried(write, f"writing {path}")
        except OSError as error:
            raise _unwritten(str(path), error) from error

    def delete(self, names: Iterable[str]) -> None:
        """See :class:`Folder`."""
        for name in names:
            with contextlib.suppress(OSError):
                (self._path / name).unlink()

    def remove(self) -> None:
        """See :class:`Folder`."""
        shutil.rmtree(self._path, ignore_errors=True)


class RemoteFolder(Folder):
    """A prefix of an object store, through fsspec."""

    def __init__(self, storage: RemoteStorage) -> None:
        super().__init__(storage)
        self._remote = storage

    def create(self) -> None:
        """See :class:`Folder`; object stores have no folders, and a bucket is never made."""
        if self._remote.is_object_store:
            return
        with contextlib.suppress(Exception):  # the first file will tell
            self._remote.fs.makedirs(self._remote.root, exist_ok=True)

    def write(self, name: str, parts: Sequence[bytes | memoryview]) -> None:
        """See :class:`Folder`."""
        fs, path, content = self._remote.fs, self._remote.path(name), b"".join(parts)
        address = posixpath.join(self.address, name)
        try:
            retried(lambda: fs.pipe_file(path, content), f"writing {address}")
        except Exception as error:
            with contextlib.suppress(Exception):
                fs.rm_file(path)
            raise _unwritten(address, error) from error

    def delete(self, names: Iterable[str]) -> None:
        """See :class:`Folder`."""
        paths = [self._remote.path(name) for name in names]
        if paths:
            with contextlib.suppress(Exception):
                self._remote.fs.rm(paths)

    def remove(self) -> None:
        """See :class:`Folder`."""
        with contextlib.suppress(Exception):
            self._remote.fs.invalidate_cache()
            self._remote.fs.rm(self._remote.root, recursive=True)


def _unwritten(address: str, error: Exception) -> DatasetError:
    is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    advice = "make room there, or name another folder" if is_full else "see the storage's own log"
    reason = getattr(error, "strerror", None) or reason_of(error)
    return DatasetError(f"can't write {address}: {reason}; {advice}")


def folder_of(address: str) -> Folder:
    """Return the folder of a path or an address.

    Raises
    ------
    MissingExtraError
        If the library for such addresses is not installed.
    DatasetError
        If there is no file system for such addresses.
    """
    storage = storage_of(address)
    if isinstance(storage, LocalStorage):
        return LocalFolder(storage)
    assert isinstance(storage, RemoteStorage)
    return RemoteFolder(storage)


def absolute(folder: str | Path) -> str:
    """Return the address of a folder, which names the same one from any working directory."""
    storage = storage_of(folder)
    if isinstance(storage, LocalStorage):
        return str(storage.folder.absolute())
    return storage.address
