"""Files of a data set: in a local folder, or in an object store through fsspec."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import posixpath
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from penchant._scratch import scratch_folder
from penchant.data.disk.retries import retried
from penchant.data.paths import cache_folder, is_remote, local_path
from penchant.errors import DatasetError, reason_of, require

UseT = TypeVar("UseT")

log = logging.getLogger("penchant")

_AT_ONCE = 1 << 24  # bytes of a checksum that are read at a time
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss"})
_EXTRAS = {"s3": ("s3fs", "s3"), "gs": ("gcsfs", "gcs"), "gcs": ("gcsfs", "gcs")}


class Storage(ABC):
    """A folder of files, by its address; names may lead into folders below it.

    Attributes
    ----------
    address
        How it is shown in messages.
    """

    address: str

    @abstractmethod
    def sizes(self, folder: str = "") -> dict[str, int | None]:
        """Return name → bytes of the files in a folder, None for folders; empty if it is missing.

        Raises
        ------
        DatasetError
            If it can't be listed.
        """

    @abstractmethod
    def read(self, name: str, begin: int = 0, end: int | None = None) -> bytes:
        """Return the bytes of a file from ``begin`` to ``end``; fewer if it ends before.

        Raises
        ------
        DatasetError
            If it can't be read.
        """

    def read_into(self, name: str, out: memoryview, begin: int = 0) -> int:
        """Read the bytes of a file from ``begin`` on into memory; return how many were read.

        They are fewer than ``out`` has room for if the file ends before.

        Raises
        ------
        DatasetError
            If it can't be read.
        """
        content = self.read(name, begin, begin + len(out))
        out[: len(content)] = content
        return len(content)

    def checksum(self, name: str, begin: int, end: int) -> int:
        """Return the CRC-32 of the bytes of a file from ``begin`` to ``end``.

        Raises
        ------
        DatasetError
            If it can't be read.
        """
        checksum = 0
        for at in range(begin, end, _AT_ONCE):
            checksum = zlib.crc32(self.read(name, at, min(at + _AT_ONCE, end)), checksum)
        return checksum

    @abstractmethod
    def map(self, name: str, dtype: str) -> npt.NDArray[Any]:
        """Return the numbers of a file as a read-only array that is read on use.

        Raises
        ------
        DatasetError
            If it can't be mapped.
        """


class LocalStorage(Storage):
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.address = folder, str(folder)

    def sizes(self, folder: str = "") -> dict[str, int | None]:
        """See :class:`Storage`."""
        try:
            with os.scandir(self.folder / folder) as entries:
                return {e.name: None if e.is_dir() else e.stat().st_size for e in entries}
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise DatasetError(f"can't list {self.address}: {error.strerror}") from error

    def read(self, name: str, begin: int = 0, end: int | None = None) -> bytes:
        """See :class:`Storage`."""
        return self._opened(name, begin, lambda file: file.read(-1 if end is None else end - begin))

    def read_into(self, name: str, out: memoryview, begin: int = 0) -> int:
        """See :class:`Storage`; the bytes are not copied."""
        return self._opened(name, begin, lambda file: file.readinto(out))

    def _opened(self, name: str, begin: int, use: Callable[[io.BufferedReader], UseT]) -> UseT:
        """Open a file, go to a place in it, and use it; again if that fails for a moment."""
        path = self.folder / name

        def attempt() -> UseT:
            with path.open("rb") as file:
                file.seek(begin)
                return use(file)

        try:
            return retried(attempt, f"reading {path}")
        except OSError as error:
            raise DatasetError(f"can't read {path}: {error.strerror or error}") from error

    def map(self, name: str, dtype: str) -> npt.NDArray[Any]:
        """See :class:`Storage`."""
        path = self.folder / name
        try:
            if not path.stat().st_size:
                return np.empty(0, dtype=dtype)
            return np.memmap(path, dtype=dtype, mode="r").view(np.ndarray)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise DatasetError(
                f"can't map {path}: {reason}. Blocks can be read without mapping the files: see "
                "the attribute blocks"
            ) from error


class RemoteStorage(Storage):
    """A prefix of an object store, through fsspec.

    Whole arrays are mapped in a copy, which is made at their first use.

    Parameters
    ----------
    address
        Such as ``s3://bucket/likes.dataset``.

    Attributes
    ----------
    is_object_store
        Whether a file appears once all of it has arrived, and there are no folders; else it is a
        file system on another machine.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self.fs, self.root = filesystem(self.address)
        self.is_object_store = _scheme(self.address) in _OBJECT_STORES

    def __reduce__(self) -> tuple[Any, ...]:
        return RemoteStorage, (self.address,)

    def path(self, name: str) -> str:
        """Return the path of a file in its file system."""
        return posixpath.join(self.root, name).rstrip("/")

    def sizes(self, folder: str = "") -> dict[str, int | None]:
        """See :class:`Storage`."""
        with self.translated_errors("list"):
            try:
                entries = retried(lambda: self._list(folder), f"listing {self.address}")
            except (FileNotFoundError, NotADirectoryError):
                return {}
        return {
            posixpath.basename(entry["name"].rstrip("/")): (
                None if entry["type"] == "directory" else int(entry["size"])
            )
            for entry in entries
        }

    def read(self, name: str, begin: int = 0, end: int | None = None) -> bytes:
        """See :class:`Storage`."""
        if begin == end:
            return b""
        path = self.path(name)
        with self.translated_errors("read", name):
            return retried(
                lambda: bytes(self.fs.cat_file(path, start=begin or None, end=end)),
                f"reading {self.address}/{name}",
            )

    def _list(self, folder: str) -> Any:
        self.fs.invalidate_cache()
        return self.fs.ls(self.path(folder), detail=True)

    def map(self, name: str, dtype: str) -> npt.NDArray[Any]:
        """See :class:`Storage`."""
        copy = cache_folder() / "mapped" / name
        if not copy.exists():
            log.info("copying %s/%s to %s", self.address, name, copy.parent)
            with self.translated_errors("copy", name):
                copy.parent.mkdir(parents=True, exist_ok=True)
                with scratch_folder(within=copy.parent) as scratch:
                    self.fs.get_file(self.path(name), str(scratch / copy.name))
                    (scratch / copy.name).replace(copy)
        return LocalStorage(copy.parent).map(copy.name, dtype)

    @contextlib.contextmanager
    def translated_errors(self, verb: str, name: str = "") -> Iterator[None]:
        """Convert the errors of a file system, which are of any type, to :class:`DatasetError`."""
        try:
            yield
        except (KeyboardInterrupt, SystemExit, DatasetError):
            raise
        except Exception as error:
            where = f"{self.address}/{name}".rstrip("/")
            raise DatasetError(f"can't {verb} {where}: {reason_of(error)}") from error


def storage_of(source: str | os.PathLike[str]) -> Storage:
    """Return the folder of a path or an address.

    Raises
    ------
    MissingExtraError
        If the library for such addresses is not installed.
    """
    if is_remote(source):
        address = os.fspath(source)
        if address.startswith("file://"):
            from urllib.request import url2pathname  # it imports http.client

            return LocalStorage(Path(url2pathname(urlsplit(address).path)))
        return RemoteStorage(address)
    return LocalStorage(local_path(source))


def filesystem(address: str) -> tuple[Any, str]:
    """Return the file system of an address, and the path in it.

    Raises
    ------
    MissingExtraError
        If the library for such addresses is not installed.
    DatasetError
        If no file system has such addresses, or it can't be opened.
    """
    scheme = _scheme(address)
    module, extra = _EXTRAS.get(scheme, ("fsspec", "s3"))
    require(module, extra=extra, what=f"{scheme}:// addresses")
    import fsspec.core

    try:
        fs, path = fsspec.core.url_to_fs(address)
    except Exception as error:
        raise DatasetError(f"can't open {address}: {reason_of(error)}") from error
    return fs, str(path)


def _scheme(address: str) -> str:
    return address.partition("://")[0].lower()
