"""Parquet files as one table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from penchant.data.io.formats.relation import typed_table
from penchant.data.io.sql import literal_path, sql_text
from penchant.data.io.table import Table


def open_parquet(con: Any, paths: Sequence[Path]) -> Table:
    """Open Parquet files of the same columns."""
    files = ", ".join(sql_text(literal_path(path)) for path in paths)
    relation = f"read_parquet([{files}], hive_partitioning=false)"
    label = paths[0].name if len(paths) == 1 else f"{len(paths)} files ({paths[0].name}, …)"
    return typed_table(con, relation, label, ("Parquet",))
