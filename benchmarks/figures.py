"""Reduce the records of a run to one figure per engine and case: the median of its rounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

Case = tuple[str, str, int | None]
"""Work, data set, factors."""

CLOSE = 1.001  # times the converged loss counts as converged


@dataclass(frozen=True)
class Point:
    """A number of epochs, the seconds of fitting, and the loss."""

    number: int
    seconds: float
    loss: float | None


def epoch_slopes(epochs: list[dict[str, Any]]) -> list[float]:
    """Return seconds of each epoch; the first also transposes the matrix, and counts only alone."""
    slopes = [
        (later["seconds"] - earlier["seconds"]) / (later["number"] - earlier["number"])
        for earlier, later in pairwise(epochs)
    ]
    return slopes or [epochs[0]["seconds"] / epochs[0]["number"]]


class Figures:
    """The records of a run, by case."""

    def __init__(self, result: dict[str, Any]) -> None:
        self.result = result
        self.records: list[dict[str, Any]] = result["records"]

    def cases(self, *works: str) -> list[Case]:
        """Return (work, dataset, factors) of the measured cases, in order."""
        cases = {(r["work"], r["dataset"], r["factors"]): None for r in self.records}
        return [case for case in cases if not works or case[0] in works]

    def engines(self, case: Case) -> list[str]:
        return list(dict.fromkeys(r["engine"] for r in self._of(case)))

    def processors(self, case: Case) -> list[str]:
        """Return the processors of the records of a case that name one."""
        return list(dict.fromkeys(r["processor"] for r in self._of(case) if "processor" in r))

    def of(self, case: Case, engine: str) -> list[dict[str, Any]]:
        """Return the records of an engine without failures."""
        failed = ("error", "over", "absent")
        return [
            r for r in self._of(case) if r["engine"] == engine and not any(f in r for f in failed)
        ]

    def trouble(self, case: Case, engine: str) -> str | None:
        """Return the error if all rounds failed."""
        if self.of(case, engine):
            return None
        for r in self._of(case):
            if r["engine"] == engine:
                if "over" in r:
                    return f"over {r['over']:.0f} s"
                return str(r.get("absent") or "failed")
        return None

    def _of(self, case: Case) -> list[dict[str, Any]]:
        return [r for r in self.records if (r["work"], r["dataset"], r["factors"]) == case]

    # --- figures -----------------------------------------------------------------

    def seconds(self, case: Case, engine: str) -> float | None:
        """Return the seconds of an epoch of a fit, or of the whole of other work."""
        times: list[float] = []
        for record in self.of(case, engine):
            times += epoch_slopes(record["epochs"]) if record.get("epochs") else record["times"]
        return median(times) if times else None

    def loss(self, case: Case, engine: str, after: int) -> float | None:
        """Return the training loss after a number of epochs."""
        return next((p.loss for p in self.curve(case, engine) if p.number == after), None)

    def curve(self, case: Case, engine: str) -> list[Point]:
        """Return loss against time, of the first round."""
        records = self.of(case, engine)
        if not records or not records[0].get("epochs"):
            return []
        return [Point(e["number"], e["seconds"], e["loss"]) for e in records[0]["epochs"]]

    def memory(self, case: Case, engine: str) -> float | None:
        """Return the peak of memory in bytes."""
        peaks = [r["memory"] for r in self.of(case, engine) if "memory" in r]
        return median(peaks) if peaks else None

    def lowest_loss(self, case: Case, engines: Iterable[str] | None = None) -> float | None:
        """Return the lowest loss of any engine, or of any of some."""
        engines = self.engines(case) if engines is None else engines
        losses = [p.loss for e in engines for p in self.curve(case, e) if p.loss is not None]
        return min(losses) if losses else None

    def converged_loss(self, case: Case) -> float | None:
        """Return the lowest loss of any peer; that of penchant is lower, out of their reach."""
        peers = [e for e in self.engines(case) if not e.startswith("penchant")]
        return self.lowest_loss(case, peers)

    def seconds_to_converge(self, case: Case, engine: str) -> float | None:
        """Return the time until the loss was within 0.1 % of the converged one; None if never."""
        lowest = self.converged_loss(case)
        for point in self.curve(case, engine):
            if lowest and point.loss is not None and point.loss <= lowest * CLOSE:
                return point.seconds
        return None

    def fastest(self, case: Case, engines: Iterable[str]) -> tuple[str, float] | None:
        """Return the fastest of some engines, and its seconds."""
        timed = [(e, s) for e in engines if (s := self.seconds(case, e)) is not None]
        return min(timed, key=lambda pair: pair[1]) if timed else None
