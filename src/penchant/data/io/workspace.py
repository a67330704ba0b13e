"""The DuckDB connection and the scratch folder that reading works in.

Rows are checked, numbered and merged inside DuckDB, in a scratch database with a memory limit,
so that a log of any size needs no more memory than its result.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from penchant.errors import DataError, SettingsError

FETCHED_AT_ONCE = 1_000_000
# the separator of a list's entries (an item's tags) once the list is a text
LIST_SEPARATOR = "\x1f"


class Workspace(NamedTuple):
    """A DuckDB connection on a scratch database, and a scratch folder."""

    con: Any
    scratch: Path


@contextlib.contextmanager
def workspace(memory_limit: str) -> Iterator[Workspace]:
    """Open a workspace; the database and the folder are removed at the end.

    Raises
    ------
    SettingsError
        If DuckDB can't read the memory limit.
    DataError
        If DuckDB fails on the data, or needs more memory than it may have.
    """
    import duckdb

    with tempfile.TemporaryDirectory(prefix="penchant-") as folder:
        scratch = Path(folder)
        try:
            con = duckdb.connect(
                str(scratch / "rows.duckdb"),
                config={
                    "memory_limit": memory_limit,
                    "temp_directory": str(scratch / "spill"),
                    "autoinstall_known_extensions": "false",
                    "python_enable_replacements": "false",
                },
            )
        except duckdb.Error as error:
            raise SettingsError(f"memory_limit={memory_limit!r}: {_first_line(error)}") from error
        try:
            con.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
            con.execute("PRAGMA disable_checkpoint_on_shutdown")  # the file is thrown away
            yield Workspace(con, scratch)
        except OSError as error:
            raise DataError(f"can't read or copy {error.filename}: {error.strerror}") from error
        except duckdb.OutOfMemoryException as error:
            raise DataError(
                f"reading needs more than memory_limit={memory_limit!r}: raise it"
            ) from error
        except duckdb.Error as error:
            raise DataError(f"the data can't be read: {_first_line(error)}") from error
        finally:
            con.close()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
