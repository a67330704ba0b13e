"""The DuckDB connection and the scratch folder that reading works in.

Rows are checked, numbered and merged inside DuckDB, in a scratch database with a memory limit,
so that a log of any size needs no more memory than its result. The connection is opened at its
first use: a log whose lines are all read natively needs none. The database of a small source is
in memory (within the same limit), which saves the disk's synchronization after each statement.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from penchant._scratch import scratch_folder
from penchant.errors import DataError, SettingsError, reason_of

FETCHED_AT_ONCE = 1_000_000
# the separator of a list's entries (an item's tags) once the list is a text
LIST_SEPARATOR = "\x1f"

_UNITS = {
    "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40,
}  # fmt: skip


class Workspace:
    """A scratch folder, and a DuckDB connection on a scratch database.

    Parameters
    ----------
    scratch
        The folder.
    memory_limit
        How much memory DuckDB may use, such as ``"512MB"``.
    threads
        How many threads it may use; None: all cores.
    """

    def __init__(self, scratch: Path, memory_limit: str, threads: int | None = None) -> None:
        self.scratch = scratch
        self.memory_limit, self._threads = memory_limit, threads
        self.in_memory = False  # set before the first use of `con`, for small sources

    @cached_property
    def con(self) -> Any:
        """The connection.

        Raises
        ------
        SettingsError
            If DuckDB can't read the memory limit.
        DataError
            If it can't write to the folder.
        """
        import duckdb

        try:
            con = duckdb.connect(
                ":memory:" if self.in_memory else str(self.scratch / "rows.duckdb"),
                config={
                    "memory_limit": self.memory_limit,
                    "temp_directory": str(self.scratch / "spill"),
                    "autoinstall_known_extensions": "false",
                    "python_enable_replacements": "false",
                    **({} if self._threads is None else {"threads": str(self._threads)}),
                },
            )
        except duckdb.IOException as error:
            raise DataError(f"can't write temporary files: {reason_of(error)}") from error
        except duckdb.Error as error:
            message = f"memory_limit={self.memory_limit!r}: {reason_of(error)}"
            raise SettingsError(message) from error
        _hide_progress(con)
        con.execute("SET TimeZone = 'UTC'")
        con.execute("PRAGMA disable_checkpoint_on_shutdown")  # the file is deleted anyway
        return con

    def memory_bytes(self) -> int:
        """Return the memory limit in bytes; 0 if it is written in a way only DuckDB knows.

        Raises
        ------
        SettingsError
            If DuckDB can't read it either.
        """
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]i?B)\s*", self.memory_limit, re.I)
        if match:
            return int(float(match[1]) * _UNITS[match[2].upper()])
        _ = self.con
        return 0

    def close(self) -> None:
        """Close the connection if it was opened."""
        if "con" in vars(self):
            self.con.close()


@contextlib.contextmanager
def workspace(
    memory_limit: str, within: Path | None = None, threads: int | None = None
) -> Iterator[Workspace]:
    """Open a workspace; the database and the folder are removed at the end.

    Parameters
    ----------
    memory_limit
        How much memory DuckDB may use.
    within
        The folder in which its folder is made; None: that of the system for temporary files.
    threads
        How many threads DuckDB may use; None: all cores.

    Raises
    ------
    SettingsError
        If DuckDB can't read the memory limit.
    DataError
        If DuckDB fails on the data, or needs more memory than it may use.
    """
    with scratch_folder(within=within) as folder:
        work = Workspace(folder, memory_limit, threads)
        try:
            yield work
        except OSError as error:
            raise DataError(f"can't read or copy {error.filename}: {error.strerror}") from error
        except Exception as error:
            duckdb = sys.modules.get("duckdb")
            if duckdb is None or not isinstance(error, duckdb.Error):
                raise
            if isinstance(error, duckdb.OutOfMemoryException):
                raise DataError(
                    f"reading needs more than memory_limit={memory_limit!r}: raise it"
                ) from error
            raise DataError(f"the data can't be read: {reason_of(error)}") from error
        finally:
            work.close()


def _hide_progress(con: Any) -> None:
    """Turn DuckDB's progress bar off where it is on.

    In a Jupyter kernel without ipywidgets it is off, and any change of it is an error.
    """
    (is_on,) = con.execute("SELECT current_setting('enable_progress_bar')").fetchone()
    if is_on:
        con.execute("SET enable_progress_bar = false")
