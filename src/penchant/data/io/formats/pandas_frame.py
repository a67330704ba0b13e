"""What is special about frames of pandas: their index, and types that only pandas has."""

from __future__ import annotations

from typing import Any


def is_frame(source: object) -> bool:
    """Return whether an object is a frame of pandas."""
    return _is_of_pandas(source) and getattr(source, "ndim", 0) == 2


def is_series(source: object) -> bool:
    """Return whether an object is a series of pandas."""
    return _is_of_pandas(source) and getattr(source, "ndim", 0) == 1


def _is_of_pandas(source: object) -> bool:
    return type(source).__module__.split(".")[0] == "pandas"


def index_advice(frame: Any) -> str:
    """Return what to do if the columns that are missing are in the index; empty without one."""
    names = [name for name in frame.index.names if name is not None]
    if not names:
        return ""
    held = " and ".join(map(repr, names))
    if frame.columns.name is not None and len(names) == 1:
        return (
            f"it has a row for each {held} and a column for each {frame.columns.name!r}: give "
            "frame.stack().reset_index(), a row for each pair"
        )
    return f"its index, which is not read, holds {held}: give frame.reset_index()"


def with_plain_types(con: Any, frame: Any) -> Any:
    """Return a frame in which columns of types that DuckDB does not know hold texts.

    Such are periods and intervals. The caller's frame stays as it is.
    """
    plain = frame.copy(deep=False)
    for place in range(frame.shape[1]):
        column = frame.iloc[:, [place]].set_axis(["c"], axis=1)
        try:
            con.register("probe", column.iloc[:0])
        except Exception:
            dtype = getattr(column["c"].dtype, "subtype", None)
            is_sparse = hasattr(column["c"], "sparse")
            plain.isetitem(place, column["c"].astype(dtype if is_sparse else str))
        else:
            con.unregister("probe")
    return plain
