"""From the records of a run to one figure per engine and case: medians over its rounds."""

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
    """After how many epochs, in how many seconds of fitting, with what loss."""

    number: int
    seconds: float
    loss: float | None


def epoch_slopes(epochs: list[dict[str, Any]]) -> list[float]:
    """Seconds of each epoch; the first, which turns the matrix too, only if there is no other."""
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
        """(work, dataset, factors) of what was measured, in the order it was."""
        cases = {(r["work"], r["dataset"], r["factors"]): None for r in self.records}
        return [case for case in cases if not works or case[0] in works]

    def engines(self, case: Case) -> list[str]:
        return list(dict.fromkeys(r["engine"] for r in self._of(case)))

    def of(self, case: Case, engine: str) -> list[dict[str, Any]]:
        """The records of an engine that did not fail."""
        failed = ("error", "over", "absent")
        return [
            r for r in self._of(case) if r["engine"] == engine and not any(f in r for f in failed)
        ]

    def trouble(self, case: Case, engine: str) -> str | None:
        """What went wrong, if nothing went right."""
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
        """Of an epoch for fits, of the whole for everything else."""
        times: list[float] = []
        for record in self.of(case, engine):
            times += epoch_slopes(record["epochs"]) if record.get("epochs") else record["times"]
        return median(times) if times else None

    def loss(self, case: Case, engine: str, after: int) -> float | None:
        """The training loss after so many epochs."""
        return next((p.loss for p in self.curve(case, engine) if p.number == after), None)

    def curve(self, case: Case, engine: str) -> list[Point]:
        """Loss against time, of the first round."""
        records = self.of(case, engine)
        if not records or not records[0].get("epochs"):
            return []
        return [Point(e["number"], e["seconds"], e["loss"]) for e in records[0]["epochs"]]

    def memory(self, case: Case, engine: str) -> float | None:
        """Bytes at the peak."""
        peaks = [r["memory"] for r in self.of(case, engine) if "memory" in r]
        return median(peaks) if peaks else None

    def lowest_loss(self, case: Case, engines: Iterable[str] | None = None) -> float | None:
        """The lowest that any engine, or any of some, came to."""
        engines = self.engines(case) if engines is None else engines
        losses = [p.loss for e in engines for p in self.curve(case, e) if p.loss is not None]
        return min(losses) if losses else None

    def converged_loss(self, case: Case) -> float | None:
        """The lowest that any peer came to. Penchant goes lower, where peers never arrive."""
        peers = [e for e in self.engines(case) if not e.startswith("penchant")]
        return self.lowest_loss(case, peers)

    def seconds_to_converge(self, case: Case, engine: str) -> float | None:
        """Until the loss was within 0.1 % of the converged one; None if it never was."""
        lowest = self.converged_loss(case)
        for point in self.curve(case, engine):
            if lowest and point.loss is not None and point.loss <= lowest * CLOSE:
                return point.seconds
        return None

    def fastest(self, case: Case, engines: Iterable[str]) -> tuple[str, float] | None:
        """Which of some engines was fastest, and its seconds."""
        timed = [(e, s) for e in engines if (s := self.seconds(case, e)) is not None]
        return min(timed, key=lambda pair: pair[1]) if timed else None
