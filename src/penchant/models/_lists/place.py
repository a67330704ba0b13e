"""The folder of a run: nothing in it reads as complete before everything is there.

A local folder is made beside its place under another name, and renamed at the end. An object store
can't rename folders: there the files appear one by one, and the manifest at the end, so that a
folder without a manifest is incomplete.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from penchant.data.disk.storage import LocalStorage, RemoteStorage, Storage, storage_of
from penchant.data.disk.writing import sync
from penchant.errors import DataError
from penchant.models._lists.parts import Part, put_bytes, remove

MANIFEST = "_manifest.json"
RUN = "_unfinished.json"
MODEL = "_model.penchant"
HISTORIES = "_histories-"
_LOCK = "_lock"


@dataclass(frozen=True)
class Place(ABC):
    """The place of a run.

    Attributes
    ----------
    storage
        The folder that the files are written to.
    """

    storage: Storage

    @property
    def address(self) -> str:
        """The path or address of the folder that files are written to, for other processes."""
        return self.storage.address

    def begin(self, run: str, settings: dict[str, Any]) -> set[str]:
        """Begin or continue a run.

        Parameters
        ----------
        run
            The identity of the run; what another run left is removed.
        settings
            What the processes that write files need to know.

        Returns
        -------
        set of str
            The files that an interrupted run of the same identity left.
        """
        names = set(self.storage.sizes())
        if RUN in names and _read_json(self.storage, RUN).get("run") == run:
            return {name for name in names if name.startswith("part-")}
        remove(self.storage, [MANIFEST] if MANIFEST in names else [])  # first: it says "complete"
        remove(self.storage, sorted(names - {MANIFEST, _LOCK}))
        put_bytes(self.storage, RUN, json.dumps({"run": run, **settings}).encode())
        return set()

    def finish(self, manifest: dict[str, Any], parts: Sequence[Part]) -> None:
        """Make the lists appear, complete, in the place of older ones."""
        files = [{key: asdict(part)[key] for key in _OF_FILES} for part in parts]
        text = json.dumps({**manifest, "files": files}, indent=1).encode()
        named = {part.name for part in parts}
        remove(self.storage, sorted(set(self.storage.sizes()) - named - {MANIFEST, _LOCK}))
        self._publish(text)

    @abstractmethod
    def _publish(self, manifest: bytes) -> None:
        """Write the manifest, and put the folder in its place."""


_OF_FILES = ("name", "queries", "rows", "size")


@dataclass(frozen=True)
class _LocalPlace(Place):
    target: Path

    def _publish(self, manifest: bytes) -> None:
        assert isinstance(self.storage, LocalStorage)
        folder = self.storage.folder
        put_bytes(self.storage, MANIFEST, manifest)
        (folder / _LOCK).unlink(missing_ok=True)
        sync(folder)
        before = self.target.with_name(f".{self.target.name}.{uuid.uuid4().hex}")
        with contextlib.suppress(FileNotFoundError):
            self.target.rename(before)
        folder.rename(self.target)
        sync(self.target.parent)
        shutil.rmtree(before, ignore_errors=True)


@dataclass(frozen=True)
class _RemotePlace(Place):
    def _publish(self, manifest: bytes) -> None:
        put_bytes(self.storage, MANIFEST, manifest)


def complete_run(to: str | os.PathLike[str], run: str) -> dict[str, Any] | None:
    """Return the manifest of a folder, if it holds all files of a run; else None.

    Raises
    ------
    DataError
        If there is something else in its place.
    """
    storage = storage_of(to)
    sizes = storage.sizes()
    _check_contents(storage, sizes)
    if MANIFEST not in sizes:
        return None
    manifest = _read_json(storage, MANIFEST)
    if manifest.get("run") != run:
        return None
    whole = all(sizes.get(file["name"]) == file["size"] for file in manifest["files"])
    return manifest if whole else None


@contextlib.contextmanager
def place_of(to: str | os.PathLike[str]) -> Iterator[Place]:
    """Prepare the place of a run, and hold it while the block runs.

    Raises
    ------
    DataError
        If it can't be written, or another process is writing it.
    """
    storage = storage_of(to)
    if not isinstance(storage, LocalStorage):
        assert isinstance(storage, RemoteStorage)
        yield _RemotePlace(storage)
        return
    from filelock import FileLock, Timeout

    target = storage.folder.absolute()
    folder = target.with_name(f".{target.name}.partial")
    try:
        folder.mkdir(exist_ok=True)
        with FileLock(folder / _LOCK, timeout=0):
            yield _LocalPlace(LocalStorage(folder), target)
    except Timeout:
        raise DataError(f"another process is writing {to}: wait for it, or end it") from None
    except OSError as error:
        raise DataError(f"can't write {to}: {error.strerror or error}") from error


def _check_contents(storage: Storage, sizes: dict[str, int | None]) -> None:
    """Refuse a place that holds anything but lists."""
    if isinstance(storage, LocalStorage):
        if storage.folder.is_file():
            raise DataError(f"can't write {storage.address}: it is a file")
        if not storage.folder.absolute().parent.is_dir():
            raise DataError(f"can't write {storage.address}: its folder does not exist")
    other = [name for name in sizes if not _is_ours(name)]
    if other or (sizes and not {MANIFEST, RUN} & set(sizes)):
        name = (other or sorted(sizes))[0]
        raise DataError(
            f"can't write {storage.address}: it holds {name!r}, which is not of lists; name a new "
            "folder"
        )


def _is_ours(name: str) -> bool:
    return name.startswith(("part-", ".", HISTORIES)) or name in {MANIFEST, RUN, MODEL, _LOCK}


def _read_json(storage: Storage, name: str) -> dict[str, Any]:
    try:
        contents = json.loads(storage.read(name))
    except ValueError:
        return {}
    return contents if isinstance(contents, dict) else {}
