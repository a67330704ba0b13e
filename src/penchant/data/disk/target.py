"""The place where a data set is written: nothing is visible there before it is complete."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

from penchant._scratch import PREFIX as SCRATCH_PREFIX
from penchant.data.disk.layout import DATA_PREFIX, LOCK, MANIFEST, Manifest, to_json
from penchant.data.disk.names import SUFFIX, is_dataset
from penchant.data.disk.opening import read_manifest
from penchant.data.disk.storage import LocalStorage, RemoteStorage, Storage, storage_of
from penchant.data.disk.work import PREFIX as WORK_PREFIX
from penchant.data.disk.writing import sync
from penchant.errors import DatasetError, SettingsError


class Target(ABC):
    """A data set that is being written.

    Attributes
    ----------
    data
        The name of the folder of its arrays.
    work
        Where the folder of the ingest is, with what is complete of it.
    """

    data: str
    work: Path

    @abstractmethod
    def create(self) -> Path:
        """Make the folder of the arrays, and return it.

        Raises
        ------
        OSError
            If it can't be made.
        """

    @abstractmethod
    def publish(self, manifest: Manifest) -> None:
        """Make the data set appear, in the place of an older one.

        Raises
        ------
        DatasetError
            If it can't be written.
        """


@contextlib.contextmanager
def target_of(
    path: str | os.PathLike[str], temp_folder: str | os.PathLike[str] | None
) -> Iterator[Target]:
    """Prepare the place of a data set; arrays that an interrupted ingest left are removed.

    Parameters
    ----------
    path
        The folder or the address of the data set.
    temp_folder
        The folder of temporary files; None: in the folder of the data set, and for an address the
        system's.

    Raises
    ------
    SettingsError
        If its name does not end in ``.dataset``, or there is no such folder for it.
    DatasetError
        If another process is writing it, or there is something else in its place.
    """
    if not is_dataset(path):
        raise SettingsError(f"can't write {path}: the name of a data set ends in {SUFFIX}")
    temp = None if temp_folder is None else Path(temp_folder).expanduser()
    if temp is not None and not temp.is_dir():
        raise SettingsError(f"there is no folder {str(temp)!r} for temporary files")
    storage = storage_of(path)
    if isinstance(storage, LocalStorage):
        prepared = _local(storage.folder, work_path(temp or storage.folder, storage))
    else:
        assert isinstance(storage, RemoteStorage)
        prepared = _remote(storage, work_path(temp or Path(tempfile.gettempdir()), storage))
    with prepared as target:
        yield target


def work_path(parent: Path, storage: Storage) -> Path:
    """Return the folder of the ingests to a place, which is the same in each run."""
    address = storage.address
    if isinstance(storage, LocalStorage):
        address = str(storage.folder.absolute())
    name = address.replace("\\", "/").rstrip("/").rpartition("/")[2].removesuffix(SUFFIX)
    digest = hashlib.sha256(address.encode()).hexdigest()
    return parent.absolute() / f"{WORK_PREFIX}{name}-{digest[:8]}"


@contextlib.contextmanager
def _local(folder: Path, work: Path) -> Iterator[Target]:
    from filelock import FileLock, Timeout

    if not folder.parent.is_dir():
        raise SettingsError(f"can't write {folder}: there is no folder {folder.parent}")
    _check_contents(LocalStorage(folder), is_file=folder.is_file())
    try:
        folder.mkdir(exist_ok=True)
        lock = FileLock(folder / LOCK, timeout=0)
        with lock:
            data = _new_name()
            _remove_unused(folder, data)
            try:
                yield _LocalTarget(folder, data, work)
            finally:
                _remove_unused(folder, data)
    except Timeout:
        raise DatasetError(f"another process is writing {folder}: wait for it, or end it") from None
    except OSError as error:
        raise DatasetError(f"can't write {folder}: {error.strerror or error}") from error
    finally:
        _remove_empty(folder)


class _LocalTarget(Target):
    def __init__(self, root: Path, data: str, work: Path) -> None:
        self._root, self.data, self.work = root, data, work
        self._folder = root / data

    def create(self) -> Path:
        """See :class:`Target`."""
        self._folder.mkdir()
        return self._folder

    def publish(self, manifest: Manifest) -> None:
        """See :class:`Target`."""
        sync(self._folder)
        draft = self._folder / MANIFEST
        with draft.open("x", encoding="utf-8") as file:
            file.write(to_json(manifest))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._root / MANIFEST)
        sync(self._root)


def _check_contents(storage: Storage, *, is_file: bool = False) -> None:
    """Refuse a place that holds anything but a data set."""
    other = [
        name
        for name in storage.sizes()
        if name not in (MANIFEST, LOCK)
        and not name.startswith((DATA_PREFIX, SCRATCH_PREFIX, WORK_PREFIX))
    ]
    if other or is_file:
        what = "it is a file" if is_file else f"it holds {other[0]!r}, which is not of a data set"
        raise DatasetError(f"can't write {storage.address}: {what}; give another name")


def _remove_unused(folder: Path, own: str) -> None:
    """Remove folders that the manifest does not name: of interrupted ingests, and replaced ones."""
    storage = LocalStorage(folder)
    for name in _unused(storage, own):
        shutil.rmtree(folder / name, ignore_errors=True)


def _unused(storage: Storage, own: str) -> list[str]:
    """Return the folders that the manifest does not name; only ``own`` if it can't be read.

    The data set of a later version is kept until another one is complete.
    """
    names = storage.sizes()
    made = [name for name in names if name.startswith((DATA_PREFIX, SCRATCH_PREFIX))]
    if MANIFEST not in names:
        return made
    try:
        used = read_manifest(storage).data
    except DatasetError:
        return [name for name in made if name == own or name.startswith(SCRATCH_PREFIX)]
    return [name for name in made if name != used]


def _remove_empty(folder: Path) -> None:
    """Remove the folder of a data set that holds nothing but the lock."""
    with contextlib.suppress(OSError):
        if {entry.name for entry in folder.iterdir()} <= {LOCK}:
            (folder / LOCK).unlink(missing_ok=True)
            folder.rmdir()


def _new_name() -> str:
    return f"{DATA_PREFIX}{secrets.token_hex(8)}"


@contextlib.contextmanager
def _remote(storage: RemoteStorage, work: Path) -> Iterator[Target]:
    _check_contents(storage)
    target = _RemoteTarget(storage, work)
    try:
        yield target
    finally:
        target.remove_unused()


class _RemoteTarget(Target):
    """Arrays are made in the folder of the ingest, and copied when they are complete."""

    def __init__(self, storage: RemoteStorage, work: Path) -> None:
        self._storage, self.data, self.work = storage, _new_name(), work

    def create(self) -> Path:
        """See :class:`Target`."""
        folder = self.work / self.data
        folder.mkdir()
        return folder

    def publish(self, manifest: Manifest) -> None:
        """See :class:`Target`."""
        storage = self._storage
        with storage.translated_errors("write"):
            for path in sorted((self.work / self.data).iterdir()):
                storage.fs.put_file(str(path), storage.path(f"{self.data}/{path.name}"))
            storage.fs.pipe_file(storage.path(MANIFEST), to_json(manifest).encode())

    def remove_unused(self) -> None:
        """Remove arrays that the manifest does not name."""
        storage = self._storage
        with contextlib.suppress(DatasetError):
            for name in _unused(storage, self.data):
                with storage.translated_errors("remove", name):
                    storage.fs.rm(storage.path(name), recursive=True)
