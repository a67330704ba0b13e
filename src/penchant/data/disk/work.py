"""The folder of an ingest that is not complete: what is done, and what it was done with.

A task writes files under new names, then its result, a small JSON file that names them, by an
atomic rename. So whatever has a result is complete, and a second run of the ingest takes it as it
is. Files that no result names are removed at the beginning of the next run.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penchant.errors import DataError, DatasetError, SettingsError, UnknownIdError

log = logging.getLogger("penchant")

PREFIX = "penchant-ingest-"
"""How the name of the folder begins."""
_IDENTITY = "ingest.json"
_LOCK = ".lock"
_RESULT = ".done.json"

Identity = dict[str, Any]
"""What the results follow from: the source, the settings, the versions; as JSON has them."""


@dataclass(frozen=True)
class Result:
    """The result of a task.

    Attributes
    ----------
    value
        What it computed, as JSON has it.
    files
        What a file holds → its path.
    """

    value: dict[str, Any]
    files: dict[str, str]


@dataclass(frozen=True)
class WorkFolder:
    """The results of the tasks of an ingest.

    Attributes
    ----------
    path
        The folder.
    """

    path: Path

    def draft(self, name: str) -> Path:
        """Return the path of a new file, whose name begins so."""
        return self.path / f"{name}-{uuid.uuid4().hex}"

    def complete(
        self, name: str, value: dict[str, Any], files: Mapping[str, Path] | None = None
    ) -> Result:
        """Store the result of a task, whose files are written.

        Raises
        ------
        OSError
            If it can't be written; the task is not complete then.
        """
        files = files or {}
        for path in files.values():
            _flush(path)
        sizes = {part: [path.name, path.stat().st_size] for part, path in files.items()}
        _replace(self.path / f"{name}{_RESULT}", {"value": value, "files": sizes})
        return Result(value, {part: str(path) for part, path in files.items()})

    def result(self, name: str) -> Result | None:
        """Return the stored result of a task; None if there is none, or a file is not as it was."""
        stored = _read(self.path / f"{name}{_RESULT}")
        if stored is None:
            return None
        files = {}
        for part, (file, size) in stored["files"].items():
            path = self.path / file
            if not path.is_file() or path.stat().st_size != size:
                return None
            files[part] = str(path)
        return Result(stored["value"], files)

    @property
    def is_begun(self) -> bool:
        """Whether a task is complete."""
        return any(self.path.glob(f"*{_RESULT}"))

    def begin(self, identity: Identity | None, *, resume: bool) -> bool:
        """Keep the results of an interrupted ingest of the same identity, remove all else.

        Returns
        -------
        bool
            Whether there are results that are kept.
        """
        stored = _read(self.path / _IDENTITY)
        is_same = identity is not None and stored == identity
        if self.is_begun and resume and not is_same:
            log.warning(
                "an ingest was interrupted here, with %s: it is not continued, and what it left "
                "in %s is removed",
                _difference(stored or {}, identity or {"source": None, "settings": {}}),
                self.path,
            )
        self._tidy(keep_results=resume and is_same)
        if identity is not None:
            _replace(self.path / _IDENTITY, identity)
        return self.is_begun

    def _tidy(self, *, keep_results: bool) -> None:
        kept = {_LOCK}
        for marker in self.path.glob(f"*{_RESULT}") if keep_results else ():
            if (result := self.result(marker.name.removesuffix(_RESULT))) is not None:
                kept |= {marker.name, *(Path(path).name for path in result.files.values())}
        for path in self.path.iterdir():
            if path.name not in kept:
                remove(path)


def _difference(old: Identity, new: Identity) -> str:
    """Say what differs between two ingests."""
    if new["source"] is None or old.get("source") != new["source"]:
        return "another source, or one that has changed since"
    ours, theirs = new["settings"], old.get("settings") or {}
    names = [name for name in ours if ours[name] != theirs.get(name)]
    return f"other settings ({', '.join(names)})" if names else "another version of penchant"


@contextlib.contextmanager
def work_folder(
    path: Path, identity: Identity | None, *, resume: bool
) -> Iterator[tuple[WorkFolder, bool]]:
    """Open the folder of an ingest; it is removed at the end, or kept after an interruption.

    The block gets the folder, and whether it continues an ingest that was interrupted.

    Parameters
    ----------
    path
        Where it is.
    identity
        What the results follow from; None: it can't be told, and nothing is kept.
    resume
        Whether the results of an interrupted ingest of the same identity are used.

    Raises
    ------
    DatasetError
        If it can't be made, or another process uses it.
    """
    from filelock import FileLock, Timeout

    _make(path)
    lock = FileLock(path / _LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise DatasetError(f"another process works in {path}: wait for it, or end it") from None
    work = WorkFolder(path)
    try:
        yield work, work.begin(identity, resume=resume)
    except BaseException as error:
        if identity is not None and work.is_begun and _may_be_continued(error):
            _tell(work)
        else:
            _empty(path)
        raise
    else:
        _empty(path)
    finally:
        lock.release()
        _remove_if_empty(path)


def _may_be_continued(error: BaseException) -> bool:
    """Return whether the same ingest may succeed later: not if the data or settings are at fault.

    Errors of the disk and of DuckDB are the cause of a DataError.
    """
    if isinstance(error, SettingsError | UnknownIdError):
        return False
    return not isinstance(error, DataError) or error.__cause__ is not None


def _tell(work: WorkFolder) -> None:
    size = 0
    with contextlib.suppress(OSError):
        size = sum(path.stat().st_size for path in work.path.iterdir())
    log.warning(
        "the ingest is not complete: what is done is kept in %s (%d MB). The same ingest "
        "continues from there; with resume=False it begins again and removes it",
        work.path,
        -(-size // 10**6),
    )


def _make(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        status = path.lstat()
    except OSError as error:
        raise DatasetError(f"can't make the folder {path}: {error.strerror or error}") from error
    if path.is_symlink() or (hasattr(os, "getuid") and status.st_uid != os.getuid()):
        raise DatasetError(f"can't use {path}: it is another user's; name another temp_folder=")


def _empty(path: Path) -> None:
    """Remove everything but the lock, which is held."""
    for entry in path.iterdir():
        if entry.name != _LOCK:
            remove(entry)


def _remove_if_empty(path: Path) -> None:
    with contextlib.suppress(OSError):
        if {entry.name for entry in path.iterdir()} <= {_LOCK}:
            (path / _LOCK).unlink(missing_ok=True)
            path.rmdir()


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is still there."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _read(path: Path) -> dict[str, Any] | None:
    try:
        contents = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return contents if isinstance(contents, dict) else None


def _replace(path: Path, contents: dict[str, Any]) -> None:
    """Write a file of JSON, which appears complete."""
    draft = path.with_name(f"{path.name}-{uuid.uuid4().hex}")
    with draft.open("x", encoding="utf-8") as file:
        json.dump(contents, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
