"""Weigh events by their type and their age, once all pieces are read, when they are merged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from penchant.data.decay import NEEDS_TIMES, time_of_age_0
from penchant.data.disk.reading import Rows, scan
from penchant.data.disk.workers import Limits
from penchant.data.ids import IdMap
from penchant.data.io.merge import number_ids
from penchant.data.weighting import Weighting
from penchant.errors import DataError

MOST_TYPES = 1 << 20
"""How many types of events there may be: they are looked up in memory."""


@dataclass(frozen=True)
class EventWeights:
    """The weights of the events of a log.

    Attributes
    ----------
    of_type
        Types, as the log has them, with their weights; others are left out. None: all weigh 1.
    half_life
        The age at which an event weighs half, or None.
    now
        The time from which ages are counted, or None.
    is_whole
        Whether weighted values are whole numbers whose sums are exact as doubles.
    """

    of_type: tuple[tuple[str, float], ...] | None
    half_life: float | None
    now: int | None
    is_whole: bool

    def view(self, con: Any, rows: str, columns: str) -> None:
        """Make the view ``good`` of the events that weigh something.

        Parameters
        ----------
        con
            A connection of DuckDB.
        rows
            The SQL of events with the columns ``e``, ``v`` and, if ages matter, ``t``.
        columns
            The other columns of the view.
        """
        value = "v"
        if self.of_type is not None:
            con.execute("CREATE TABLE weights (e VARCHAR, weight DOUBLE)")
            for pair in self.of_type:
                con.execute("INSERT INTO weights VALUES (?, ?)", list(pair))
            rows += " JOIN weights USING (e)"
            value += " * weight"
        if self.half_life is not None:
            age = f"({self.now}::DOUBLE - t::DOUBLE)"
            value += f" * pow(2::DOUBLE, -{age} / '{self.half_life!r}'::DOUBLE)"
        con.execute(
            f"CREATE VIEW good AS SELECT * FROM (SELECT {columns}, {value} AS v FROM {rows}) "
            "WHERE v <> 0"
        )


def check_weighting(weighting: Weighting, *, timed: bool) -> None:
    """Refuse, before anything is read, weights that no log could have.

    Raises
    ------
    SettingsError
        If a weight, the half-life or the time is out of its range.
    DataError
        If ages need times, and no column of them is named.
    """
    if weighting.checked().half_life is not None and not timed:
        raise DataError(f"half_life= {NEEDS_TIMES}")


def event_weights(rows: Rows, weighting: Weighting, limits: Limits) -> EventWeights:
    """Return the weights of the events of all pieces.

    Raises
    ------
    UnknownIdError
        If no event is of a type that has a weight.
    SettingsError
        If an event is later than the time from which ages are counted.
    DataError
        If there are too many types.
    """
    plain = weighting.checked()
    of_type = None
    if weighting.weights is not None:
        types = _types(rows, limits)
        weights = weighting.of_types(types)
        of_type = tuple((str(types[code]), float(weights[code])) for code in weights.nonzero()[0])
    half_life = None if plain.half_life is None else float(plain.half_life)
    now = None
    if half_life is not None and rows.newest is not None:
        now = time_of_age_0(rows.newest, plain.now)
    numbers = np.array([1.0] if of_type is None else [weight for _, weight in of_type])
    is_whole = (
        half_life is None
        and rows.precision == "whole"
        and bool((numbers == np.trunc(numbers)).all())
        and rows.total * np.abs(numbers).max(initial=0.0) < 2.0**53
    )
    return EventWeights(of_type, half_life, now, is_whole)


def _types(rows: Rows, limits: Limits) -> IdMap:
    """Return the distinct types of all pieces, in their order."""
    with limits.workspace() as space:
        n = number_ids(space.con, "types", scan(rows.files["types"]), "types of events")
        if n > MOST_TYPES:
            raise DataError(f"there are {n:,} types of events: name the column of types by event=")
        ids = space.con.execute("SELECT id FROM types ORDER BY rowid").fetchnumpy()["id"]
    return IdMap.trusted(np.ma.getdata(ids), "event type")
