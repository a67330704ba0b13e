"""The targets of penchant relative to its peers, and whether a run reaches them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.engines import ENGINES
from benchmarks.figures import Case, Figures, epoch_slopes

GRID_SECONDS = 15 * 60.0
INGEST_BYTES = 1.5e9
FULL_LOG = 17_000_000  # interactions of a large log


@dataclass(frozen=True)
class Reached:
    """A row: the work, the peer, the ratio and the target.

    ``ratio`` is the peer's figure over penchant's; None where one of them is missing, and then
    ``note`` says why.
    """

    work: str
    case: str
    against: str
    ratio: float | None
    wanted: float
    note: str = ""
    also: bool = True

    @property
    def ok(self) -> bool:
        return self.ratio is not None and self.ratio >= self.wanted and self.also


def epoch_seconds(epochs: list[dict[str, Any]]) -> float:
    """Return the median seconds of the epochs of a fit."""
    return float(median(epoch_slopes(epochs)))


def reached(result: dict[str, Any]) -> list[Reached]:
    """Return the rows of the targets that the run measured, missed ones included."""
    figures = Figures(result)
    return [row for rule in _RULES for row in rule(figures)]


def as_text(rows: list[Reached]) -> str:
    """Return a table to print."""
    lines = [f"{'work':24} {'case':22} {'against':18} {'ratio':>7} {'wanted':>7}  reached"]
    for row in rows:
        ratio = "–" if row.ratio is None else f"{row.ratio:.2f}"
        verdict = "yes" if row.ok else "NO"
        note = f"  ({row.note})" if row.note else ""
        lines.append(
            f"{row.work:24} {row.case:22} {row.against:18} {ratio:>7} {row.wanted:7.1f}  "
            f"{verdict}{note}"
        )
    met = sum(row.ok for row in rows)
    return "\n".join([*lines, f"{met} of {len(rows)} reached"])


# --- the rows -----------------------------------------------------------------------


def _exact(f: Figures) -> Iterator[Reached]:
    for case in f.cases("fit"):
        if case[2] not in (64, 128):
            continue
        yield from _beside(f, case, "exact epoch", "penchant exact", "implicit exact", 10.0)
        wanted = 2.5 if case[1] == "ml-20m" else 4.0
        yield from _beside(f, case, "exact epoch", "penchant exact", "irspack exact", wanted)


def _exact_beside_approximate(f: Figures) -> Iterator[Reached]:
    for case in f.cases("fit"):
        if case[1] in ("sketchfab", "lastfm-360k"):
            peers = [e for e in ("irspack cg", "implicit cg") if e in f.engines(case)]
            if best := f.fastest(case, peers):
                yield from _beside(
                    f, case, "exact beside approximate", "penchant exact", best[0], 1.1
                )


def _auto(f: Figures) -> Iterator[Reached]:
    best_of_all: Reached | None = None
    for case in f.cases("fit"):
        best = f.fastest(case, _peers(f, case))
        mine = f.seconds(case, "penchant auto")
        if best is None or mine is None:
            continue
        peer, seconds = best
        also, note = _no_worse(f, case, peer)
        row = Reached("auto epoch", _name(case), peer, seconds / mine, 2.0, note, also)
        if best_of_all is None or (row.also, row.ratio) > (best_of_all.also, best_of_all.ratio):
            best_of_all = row
        yield row
    if best_of_all:
        b = best_of_all
        yield Reached("auto epoch, the best", b.case, b.against, b.ratio, 3.0, b.note, b.also)


def _converged(f: Figures) -> Iterator[Reached]:
    for case in f.cases("converge"):
        mine = f.seconds_to_converge(case, "penchant auto")
        theirs = {e: f.seconds_to_converge(case, e) for e in _peers(f, case)}
        timed = {e: s for e, s in theirs.items() if s is not None}
        name = "time to loss + 0.1 %"
        if mine is None:
            yield Reached(name, _name(case), "–", None, 3.0, "penchant did not get there")
        elif not timed:
            yield Reached(name, _name(case), "–", None, 3.0, "no peer got there in its epochs")
        else:
            peer = min(timed, key=lambda e: timed[e])
            yield Reached(name, _name(case), peer, timed[peer] / mine, 3.0)


def _ranked(f: Figures) -> Iterator[Reached]:
    """Compare seconds of an epoch, at equal quality after as many epochs (to 1 %)."""
    for case in f.cases("ranking"):
        for row in _beside(f, case, "ranking epoch", "penchant ranking", "lightfm warp", 2.0):
            also, notes = True, [row.note] if row.note else []
            for figure in ("precision", "auc"):
                mine, theirs = (
                    median([r[figure] for r in f.of(case, engine)] or [0.0])
                    for engine in ("penchant ranking", "lightfm warp")
                )
                also = also and mine >= 0.99 * theirs
                notes.append(f"{figure} {mine:.4f} beside {theirs:.4f}")
            note = ", ".join(notes)
            yield Reached(row.work, row.case, row.against, row.ratio, row.wanted, note, also)


def _recommended(f: Figures) -> Iterator[Reached]:
    for case in f.cases("recommend"):
        yield from _beside(f, case, "recommend all, k = 10", "penchant auto", "implicit cg", 5.0)


def _evaluated(f: Figures) -> Iterator[Reached]:
    for case in f.cases("evaluate"):
        if best := f.fastest(case, ["implicit cg", "irspack cg"]):
            yield from _beside(f, case, "evaluate NDCG@10", "penchant auto", best[0], 4.0)


def _ingested(f: Figures) -> Iterator[Reached]:
    for case in f.cases("ingest"):
        mine = f.of(case, "penchant")
        full = f.result["datasets"][case[1]]["interactions"] >= FULL_LOG
        peak = max((r["whole_memory"] for r in mine), default=0)
        note = f"peak {peak / 1e9:.2f} GB" + ("" if full else "; a smaller log than meant")
        for row in _beside(f, case, "log to rows", "penchant", "pandas", 1.0):
            yield Reached(
                row.work, row.case, row.against, row.ratio, 1.0, note, peak < INGEST_BYTES
            )


def _grid(f: Figures) -> Iterator[Reached]:
    for case in f.cases("grid"):
        for record in f.of(case, "penchant auto"):
            part = record["settings"] / record["of"]
            seconds = sum(record["times"]) / part
            origin = "measured" if part == 1 else f"estimated from {record['settings']} settings"
            note = f"{seconds / 60:.1f} minutes, {origin}"
            ratio = GRID_SECONDS / seconds
            yield Reached("the article's grid", case[1], "15 minutes", ratio, 1.0, note)


def _memory(f: Figures) -> Iterator[Reached]:
    for case in f.cases("fit"):
        if case[1] != "lastfm-360k" or case[2] != 128:
            continue
        theirs = {e: m for e in _peers(f, case) if (m := f.memory(case, e))}
        for engine in ("penchant exact", "penchant auto"):
            mine = f.memory(case, engine)
            if mine and theirs:
                peer = min(theirs, key=lambda e: theirs[e])
                note = f"{mine / 2**20:.0f} MiB beside {theirs[peer] / 2**20:.0f}"
                ratio = theirs[peer] / mine
                yield Reached("memory of fit", f"{_name(case)}, {engine}", peer, ratio, 1.0, note)


_RULES = (
    _exact,
    _exact_beside_approximate,
    _auto,
    _converged,
    _ranked,
    _recommended,
    _evaluated,
    _ingested,
    _grid,
    _memory,
)


# --- helpers ------------------------------------------------------------------------


def _beside(
    f: Figures, case: Case, work: str, engine: str, peer: str, wanted: float
) -> Iterator[Reached]:
    there = f.engines(case)
    if engine not in there or peer not in there:
        return
    mine, theirs = f.seconds(case, engine), f.seconds(case, peer)
    ratio = theirs / mine if mine and theirs else None
    note = f.trouble(case, engine) or f.trouble(case, peer) or ""
    yield Reached(work, _name(case), peer, ratio, wanted, note)


def _no_worse(f: Figures, case: Case, peer: str) -> tuple[bool, str]:
    """Return whether penchant's loss is at most the peer's after as many epochs."""
    after = max((p.number for p in f.curve(case, peer)), default=0)
    mine, theirs = f.loss(case, "penchant auto", after), f.loss(case, peer, after)
    if mine is None or theirs is None:
        return False, "losses can't be compared"
    return mine <= theirs, f"loss {mine / theirs - 1:+.2%} after {after}"


def _peers(f: Figures, case: Case) -> list[str]:
    """Return the peers that minimize the same objective."""
    ours = ("penchant",)
    return [
        e for e in f.engines(case) if ENGINES[e].library not in ours and ENGINES[e].kind != "other"
    ]


def _name(case: Case) -> str:
    return case[1] if case[2] is None else f"{case[1]}, {case[2]}"
