"""The measurements of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benchmarks.datasets import GENERATED, NAMES, REAL
from benchmarks.engines import ENGINES, RANKING, SERVING

LARGE = ("ml-20m", "lastfm-360k")
WORKS = (
    "fit", "converge", "ranking", "recommend", "similar", "evaluate", "split", "ingest", "grid",
    "scale",
)  # fmt: skip
EPOCHS_TO_CONVERGE = 40
EPOCHS_TO_RANK = 15
SAMPLE = 20_000  # users or items to answer for, where all would take peers too long
SCALE_NNZ = (10**5, 10**6, 10**7, 10**8)
SCALE_FACTORS = (16, 32, 64, 128, 256, 512)


@dataclass(frozen=True)
class Case:
    """Equal work for several engines, which take turns."""

    work: str
    dataset: str
    engines: tuple[str, ...]
    factors: int | None = None
    rounds: int = 1
    job: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """The options of the command line."""

    works: tuple[str, ...] = WORKS
    datasets: tuple[str, ...] = NAMES
    factors: tuple[int, ...] = (40, 64, 128, 256)
    engines: tuple[str, ...] = tuple(ENGINES)
    epochs: int = 6
    repeat: int = 3
    limit: float = 300.0
    grid_sample: int | None = None


QUICK = Wanted(
    works=("fit", "recommend", "evaluate", "split", "ingest"),
    datasets=("lastfm-2k", "sketchfab"),
    factors=(64,),
    engines=tuple(e for e in ENGINES if ENGINES[e].library in ("penchant", "implicit", "irspack")),
    epochs=4,
    repeat=1,
    limit=10.0,
)


def cases(wanted: Wanted) -> list[Case]:
    """Return the cases in the order of the run, the most important first."""
    chosen = []
    for work in wanted.works:
        chosen += _MAKERS[work](wanted)
    return chosen


def _fits(w: Wanted) -> list[Case]:
    chosen = []
    engines = tuple(e for e in w.engines if e not in RANKING)
    for dataset in w.datasets:
        large = dataset in LARGE
        epochs, rounds = (min(w.epochs, 3), 1) if large else (w.epochs, w.repeat)
        for f in w.factors:
            arguments = {"epochs": epochs, "limit": w.limit}
            chosen.append(Case("fit", dataset, engines, f, rounds, "fit", arguments))
    return chosen


def _converging(w: Wanted) -> list[Case]:
    engines = tuple(e for e in w.engines if ENGINES[e].kind != "other")
    return [
        Case(
            "converge", dataset, engines, 64, 1, "fit",
            {"epochs": EPOCHS_TO_CONVERGE, "limit": w.limit},
        )
        for dataset in w.datasets
    ]  # fmt: skip


def _ranking(w: Wanted) -> list[Case]:
    engines = tuple(e for e in RANKING if e in w.engines)
    arguments = {"epochs": EPOCHS_TO_RANK, "limit": w.limit}
    return [
        Case("ranking", dataset, engines, 64, w.repeat, "ranking", arguments)
        for dataset in w.datasets
        if dataset in REAL
    ]


def _serving(work: str, w: Wanted) -> list[Case]:
    engines = tuple(e for e in SERVING if e in w.engines)
    chosen = []
    for dataset in w.datasets:
        if dataset == "lastfm-360k" and work == "evaluate":
            continue  # peers score every user for every item: hours
        sample = SAMPLE if dataset == "lastfm-360k" else None
        arguments = {"work": work, "sample": sample, "repeat": w.repeat, "limit": w.limit}
        chosen += [
            Case(work, dataset, engines, f, w.repeat, "serve", arguments)
            for f in w.factors
            if f in (64, 128)
        ]
    return chosen


def _splits(w: Wanted) -> list[Case]:
    return [Case("split", dataset, SERVING, None, w.repeat, "split") for dataset in w.datasets]


def _ingest(w: Wanted) -> list[Case]:
    chosen = [d for d in ("lastfm-360k", "sketchfab") if d in w.datasets][:1]
    return [Case("ingest", d, ("penchant", "pandas"), None, w.repeat, "ingest") for d in chosen]


def _grid(w: Wanted) -> list[Case]:
    if "sketchfab" not in w.datasets:
        return []
    arguments = {"sample": w.grid_sample}
    return [Case("grid", "sketchfab", ("penchant auto",), None, 1, "grid", arguments)]


def _scale(w: Wanted) -> list[Case]:
    engines = tuple(e for e in ("penchant exact", "penchant auto") if e in w.engines)
    arguments = {"epochs": 3, "limit": w.limit, "with_loss": False}
    by_size = [
        Case("scale-nnz", f"scale-{nnz:.0e}", engines, 64, 1, "fit", arguments) for nnz in SCALE_NNZ
    ]
    by_factors = [
        Case("scale-factors", "sketchfab", engines, f, 1, "fit", arguments) for f in SCALE_FACTORS
    ]
    return by_size + by_factors


_MAKERS = {
    "fit": _fits,
    "converge": _converging,
    "ranking": _ranking,
    "recommend": lambda w: _serving("recommend", w),
    "similar": lambda w: _serving("similar", w),
    "evaluate": lambda w: _serving("evaluate", w),
    "split": _splits,
    "ingest": _ingest,
    "grid": _grid,
    "scale": _scale,
}
assert set(_MAKERS) == set(WORKS)
assert set(LARGE) <= set(GENERATED)
