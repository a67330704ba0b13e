"""The finished trials of selections, in a SQLite file, found by what was tried on what data."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from penchant.errors import DataError
from penchant.tuning.storage_path import storage_path

_BUSY = 60  # seconds to wait while another process writes


class Journal:
    """Records by key; a record that was put stays, even if the process is killed.

    Records are found by a hash of all that they depend on, so other data or arguments in the same
    file do no harm.

    Parameters
    ----------
    storage
        A SQLite file, as a path or ``sqlite:///FILE``; None: in memory.
    name
        The name of the selection in the file.
    resume
        False: delete the records of that name first.

    Raises
    ------
    SettingsError
        If the storage is no SQLite file.
    DataError
        If the file can't be used.
    """

    def __init__(self, storage: str | Path | None, name: str, *, resume: bool) -> None:
        self._path, self._name = storage_path(storage), name
        self._records: dict[str, Any] = {}
        with self._readable():
            self._file = sqlite3.connect(self._path or ":memory:", timeout=_BUSY)
            self._file.execute("PRAGMA journal_mode=WAL").close()
            self._file.execute("PRAGMA synchronous=NORMAL").close()
            self._file.execute(
                "CREATE TABLE IF NOT EXISTS model_selection "
                "(name TEXT, key TEXT, record TEXT, PRIMARY KEY (name, key))"
            )
            if not resume:
                self._file.execute("DELETE FROM model_selection WHERE name = ?", (name,))
            self._file.commit()
            rows = self._file.execute(
                "SELECT key, record FROM model_selection WHERE name = ?", (name,)
            )
            self._records = {key: json.loads(record) for key, record in rows}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def get(self, subject: Any) -> dict[str, Any] | None:
        """Return the record of a subject, JSON-compatible data, or None."""
        record: dict[str, Any] | None = self._records.get(_key(subject))
        return record

    def put(self, subject: Any, record: dict[str, Any]) -> None:
        """Store the record of a subject."""
        key, text = _key(subject), json.dumps(record)
        with self._readable():
            self._file.execute(
                "INSERT OR REPLACE INTO model_selection VALUES (?, ?, ?)",
                (self._name, key, text),
            )
            self._file.commit()
        self._records[key] = json.loads(text)

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise DataError(f"can't store trials in {self._path}: {error}") from error


def _key(subject: Any) -> str:
    text = json.dumps(subject, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
