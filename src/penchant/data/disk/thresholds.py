"""Choose the users and items that are kept: those with pairs, and with enough of them.

It runs in this process, in DuckDB, which keeps tables that exceed its memory on disk.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from penchant.data.disk.layout import SIDES, Side
from penchant.data.disk.merging import Cells
from penchant.data.disk.progress import run
from penchant.data.disk.reading import copy
from penchant.data.disk.work import Result, WorkFolder
from penchant.data.disk.workers import Limits
from penchant.data.steps import Step, check_left, threshold_step

_CODE: dict[Side, str] = {"users": "(key >> 32)", "items": "(key & 4294967295)"}


def keep(
    name: str,
    work: WorkFolder,
    limits: Limits,
    cells: Cells,
    ids: Result,
    minima: tuple[int, int],
    *,
    with_empty: bool = False,
) -> Result:
    """Number the users and items that are kept, in their order.

    Parameters
    ----------
    name
        The name of the result.
    work
        Where it is stored.
    limits
        What DuckDB may use.
    cells
        The merged pairs.
    ids
        The numbers of all users and items.
    minima
        The least number of items of a user, and of users of an item.
    with_empty
        Whether users and items without pairs stay where there are no minima, as those of events
        without weight do.

    Returns
    -------
    Result
        For each side a file of the codes that are kept with their new ones, or no files if all are
        kept; the numbers of users, items and pairs; the step, if minima were applied.

    Raises
    ------
    EmptyDataError
        If nothing is left.
    """
    sizes = (ids.value["users"], ids.value["items"], cells.n)
    drops_empty = cells.cancelled and not with_empty
    if max(minima) <= 1 and not drops_empty:
        return work.complete(name, {"sizes": sizes, "step": None})
    with limits.workspace() as space:
        con = space.con
        con.execute(f"CREATE VIEW live AS SELECT key FROM {cells.sql('users')}")
        if drops_empty:  # ids are left out whose pairs all came to 0
            _number(con, {side: f"SELECT DISTINCT {_CODE[side]} AS code FROM live"
                          for side in SIDES})  # fmt: skip
        else:
            _number(con, {side: f"SELECT range AS code FROM range({ids.value[side]})"
                          for side in SIDES})  # fmt: skip
        before = (_count(con, "kept_users"), _count(con, "kept_items"), cells.n)
        step, after = None, before
        if max(minima) > 1:
            n_left = _drop_rare(con, minima, cells.n)
            after = (_count(con, "kept_users"), _count(con, "kept_items"), n_left)
            step = vars(threshold_step(minima, before, after))
        files: dict[str, Path] = {
            side: copy(con, f"SELECT code, rowid AS new FROM kept_{side} ORDER BY rowid",
                       work.draft(f"{name}-{side}"))
            for side in SIDES
        }  # fmt: skip
    return work.complete(name, {"sizes": after, "step": step}, files)


def step_of(kept: Result) -> Step | None:
    """Return the step of the minima that were applied, or None."""
    step = kept.value["step"]
    if step is None:
        return None
    return Step(step["what"], *(tuple(step[name]) for name in ("users", "items", "interactions")))


def _number(con: Any, codes: dict[Side, str]) -> None:
    """Number codes in their order: the rowid of ``kept_…``."""
    for side, query in codes.items():
        run(con, f"CREATE TABLE next_{side} AS SELECT code FROM ({query}) ORDER BY code")
        con.execute(f"DROP TABLE IF EXISTS kept_{side}")
        con.execute(f"ALTER TABLE next_{side} RENAME TO kept_{side}")


def _drop_rare(con: Any, minima: tuple[int, int], n_before: int) -> int:
    """Leave out users and items with too few pairs in turn; return how many pairs are left."""
    of_side = dict(zip(SIDES, minima, strict=True))
    for side in SIDES:
        con.execute(f"CREATE TABLE out_{side} (code BIGINT)")
    left = (
        f"(SELECT key FROM live WHERE {_CODE['users']} NOT IN (SELECT code FROM out_users) "
        f"AND {_CODE['items']} NOT IN (SELECT code FROM out_items))"
    )
    changed = True
    while changed:
        changed = False
        for side, minimum in of_side.items():
            already_out = _count(con, f"out_{side}")
            run(
                con,
                f"INSERT INTO out_{side} SELECT {_CODE[side]} AS code FROM {left} "
                f"GROUP BY code HAVING count(*) < {minimum}",
            )
            changed |= _count(con, f"out_{side}") > already_out
    n_left = _count(con, left)
    check_left(minima, n_before, n_left)
    # with a minimum of 0, users without any of the items that are left stay
    _number(con, {side: f"SELECT DISTINCT {_CODE[side]} AS code FROM {left}"
                  for side, minimum in of_side.items() if minimum})  # fmt: skip
    return n_left


def _count(con: Any, relation: str) -> int:
    return int(con.execute(f"SELECT count(*) FROM {relation}").fetchone()[0])
