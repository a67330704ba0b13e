"""SQL literals, and the table function that reads the lines of a file."""

from __future__ import annotations

from pathlib import Path


def lines_sql(path: Path, spare: str, skip: int) -> str:
    """Return the SQL of a table function over a plain file's lines, blank ones as NULL."""
    return (
        f"read_csv({sql_text(literal_path(path))}, columns={{'line': 'VARCHAR'}}, "
        f"delim={sql_text(spare)}, quote='', escape='', comment='', header=false, "
        "auto_detect=false, strict_mode=false, "
        f"compression='none', max_line_size=4194304, skip={skip})"
    )


def sql_text(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def literal_path(path: Path) -> str:
    """Return a path with the characters escaped that are wildcards to DuckDB."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))
