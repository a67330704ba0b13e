"""Every model, and installed peers, on MovieLens 1M: quality, time and memory.

    python examples/movielens_models.py [FOLDER] [--only MODEL …] [--defaults] [--output PAGE]

Every pair is an interaction, five of each user are held out, the seed is fixed. Each model is
measured with its default settings and (unless --defaults) with settings that are tuned on an inner
split of the training part; the final held-out part is used once per row. Tuned settings are stored
in movielens_models.db and .json in the working folder, so that a second run only measures. Every
fit runs in a process of its own, whose memory is measured; penchant scores and measures the peers.
FOLDER holds movies.dat and ratings.dat or ratings.parquet; without it the data set (6 MB) is
downloaded once. --output replaces the table of a page.
"""

from __future__ import annotations

import argparse
import ctypes
import dataclasses
import itertools
import json
import multiprocessing
import os
import re
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import metadata, util
from pathlib import Path
from typing import Any

import movielens_peers as peers
import numpy as np

import penchant

Settings = dict[str, Any]
TRIALS, PEER_SETTINGS = Path("movielens_models.db"), Path("movielens_models.json")


# --- the models ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """Rows of the table: a model, its tuning space, and its fixed settings."""

    name: str
    model: Any
    space: Settings = field(default_factory=dict)
    fixed: Settings = field(default_factory=dict)
    epochs: tuple[int, ...] = (1,)
    genres: bool = False
    library: str = "penchant"


def ranking(loss: str, space: Settings | None = None, **more: Any) -> Entry:
    name = f"Ranking, {loss}" + (", genres" if more else "")
    rates = RATES if space is None else space
    return Entry(name, penchant.Ranking, rates, {"loss": loss}, (10, 20), **more)


def peer(name: str, learn: Any, space: Settings, **more: Any) -> Entry:
    return Entry(name, partial(peers.Peer, learn), space, library=name.split(",")[0], **more)


RATES = {"factors": [64], "learning_rate": [0.05, 0.1]}
NEAR = {"similarity": ["tfidf", "bm25"]}
WALKS = {"similarity": "rp3beta", "neighbors": None}
EXPONENTS = {"source_exponent": [0.5, 0.75, 1.0], "target_exponent": [0.3, 0.5, 0.7]}
RIDGE = [100.0, 250.0, 500.0, 1000.0]
SPARSE = {"l1": [2.0, 5.0], "l2": [100.0, 300.0]}
FILTERED = {
    "factors": [64, 128, 256],
    "low_pass": [0.25, 0.5, 0.75],
    "signal": ["raw", "normalized"],
}
SOLVED = {"factors": [128], "regularization": [10.0, 30.0, 100.0], "alpha": [1.0, 4.0]}
COMPONENTS = {"no_components": [64], "learning_rate": [0.05, 0.1]}
STEPS = {"factors": [64], "learning_rate": [0.02, 0.05], "iterations": [50]}
WARP = {"loss": "warp", "epochs": 20}

ENTRIES = [
    Entry("Random", penchant.Random),
    Entry("Popularity", penchant.Popularity),
    Entry("Content, genres", penchant.Content, genres=True),
    Entry("ItemNeighbors", penchant.ItemNeighbors, {**NEAR, "neighbors": [50, 100, 200]}),
    Entry("ItemNeighbors, rp3beta", penchant.ItemNeighbors, EXPONENTS, WALKS),
    Entry("UserNeighbors", penchant.UserNeighbors, {**NEAR, "neighbors": [50, 100, 200, 400]}),
    Entry("EASE", penchant.EASE, {"regularization": RIDGE}),
    Entry("EASE, dropout", penchant.EASE, {"regularization": RIDGE}, {"dropout": 0.1}),
    Entry("SLIM", penchant.SLIM, SPARSE),
    Entry("GraphFilter", penchant.GraphFilter, FILTERED),
    Entry("PureSVD", penchant.PureSVD, {"factors": [16, 32, 64, 128]}),
    Entry("ALS", penchant.ALS, SOLVED, epochs=(5, 10, 15)),
    Entry("HybridALS, genres", penchant.HybridALS, SOLVED, epochs=(5, 10, 15), genres=True),
    ranking("warp"),
    ranking("warp", genres=True),
    ranking("k-os-warp", {}),
    ranking("bpr"),
    ranking("logistic", {}),
]
BESIDE = [
    peer("implicit, neighbors", peers.implicit_neighbors, {**NEAR, "K": [50, 100, 200]}),
    peer("irspack, EASE", peers.irspack_ease, {"reg": RIDGE}),
    peer("implicit, ALS", peers.implicit_als, {**SOLVED, "alpha": [2.0, 5.0]}),
    peer(
        "irspack, iALS",
        peers.irspack_ials,
        {"n_components": [128], "alpha0": [1.0, 0.25], "reg": [0.001, 0.003, 0.01]},
    ),
    peer(
        "cmfrec, implicit",
        peers.cmfrec_implicit,
        {"k": [128], "lambda_": [10.0, 30.0, 100.0], "alpha": [1.0, 4.0]},
    ),
    peer("cmfrec, implicit, genres", peers.cmfrec_implicit, {}, genres=True),
    peer("lightfm, warp", peers.lightfm, COMPONENTS, fixed=WARP),
    peer("lightfm, warp, genres", peers.lightfm, {}, fixed=WARP, genres=True),
    peer("implicit, BPR", peers.implicit_bpr, STEPS),
]
BLENDED = ("ALS", "EASE", "ItemNeighbors", "Ranking, warp")


def blend(chosen: dict[str, Settings]) -> Entry:
    """Return a blend of models with their tuned settings; its weights are tuned."""
    entries = {entry.name: entry for entry in ENTRIES}
    models = {name: entries[name].model(**chosen[name]) for name in BLENDED if name in chosen}
    space = {"weights": penchant.Blend.weightings(max(len(models), 1), 4)} if models else {}
    return Entry("Blend", penchant.Blend, space, {"models": models} if models else {})


# --- measuring, each in its own process -----------------------------------------------------


@cache
def data(folder: str | None) -> tuple[penchant.Split, penchant.Split]:
    """Return the final split, and the split of its training part to tune on."""
    read = penchant.datasets.load("movielens-1m", path=folder, min_rating=0)
    genres = penchant.Features.of_tags(read.catalog).normalized("l2")
    final = penchant.split.leave_k_out(read.with_item_features(genres), 5, seed=0)
    return final, penchant.split.leave_k_out(final.train, 5, seed=1)


def with_features(split: penchant.Split, entry: Entry) -> penchant.Split:
    """Return the split with or without features."""
    features = split.train.item_features if entry.genres else None
    return dataclasses.replace(split, train=split.train.with_item_features(features))


def tune(folder: str | None, entry: Entry) -> Settings:
    """Return the best settings on the inner split."""
    split = with_features(data(folder)[1], entry)
    if entry.library != "penchant":
        return tune_peer(split, entry)
    space = {**entry.fixed, **entry.space}
    result = penchant.tune(
        entry.model, space, split, epochs=entry.epochs, storage=TRIALS, name=entry.name
    )
    return {**result.settings, **entry.fixed}


def tune_peer(split: penchant.Split, entry: Entry) -> Settings:
    kept = json.loads(PEER_SETTINGS.read_text()) if PEER_SETTINGS.exists() else {}
    if entry.name not in kept:
        grid = [
            dict(zip(entry.space, values, strict=True)) | entry.fixed
            for values in itertools.product(*entry.space.values())
        ]
        figures = [
            penchant.evaluate(
                entry.model(**weights).fit(split.train), split, metrics=["ndcg"], bootstrap=0
            )["ndcg"]
            for weights in grid
        ]
        kept[entry.name] = grid[int(np.argmax(figures))]
        PEER_SETTINGS.write_text(json.dumps(kept))
    return kept[entry.name]


def measure(folder: str | None, entry: Entry, settings: Settings) -> Settings:
    """Fit on the training part of the final split, and measure on its test part."""
    split = with_features(data(folder)[0], entry)
    # imports and caches of the first use are not counted
    penchant.Popularity().fit(split.train)
    model, before = entry.model(**settings), peak(reset=True)
    began, spent = time.perf_counter(), time.process_time()
    model.fit(split.train)
    seconds, processor = time.perf_counter() - began, time.process_time() - spent
    memory = peak() - before
    evaluation = penchant.evaluate(model, split, metrics=["ndcg", "precision"])
    return {
        "ndcg": (evaluation["ndcg"], *evaluation.interval("ndcg")),
        "precision": (evaluation["precision"], *evaluation.interval("precision")),
        "seconds": seconds,
        "processor": processor,
        "memory": memory,
    }


def peak(*, reset: bool = False) -> int:
    """Return the peak of resident memory in bytes, since the last reset if the system has resets.

    A reset returns free memory to the system first, so that its reuse is counted.
    """
    status, clear = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if reset and clear.exists():
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
        clear.write_text("5")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def alone(work: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a new process and return its result."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


# --- the table ------------------------------------------------------------------------------


def rows(
    folder: str | None, only: list[str], tuning: bool
) -> Iterator[tuple[str, str, Settings, Settings]]:
    """Yield name, "defaults" or "tuned", settings and metrics for each model."""
    chosen: dict[str, Settings] = {}

    def measured(entry: Entry) -> Iterator[tuple[str, str, Settings, Settings]]:
        usual = {} if entry.name == "Blend" else entry.fixed
        yield entry.name, "defaults", usual, alone(measure, folder, entry, usual)
        if tuning and entry.space:
            best = chosen[entry.name] = alone(tune, folder, entry)
            yield entry.name, "tuned", best, alone(measure, folder, entry, best)

    def wanted(entries: list[Entry]) -> list[Entry]:
        return [entry for entry in entries if not only or entry.name in only]

    for entry in wanted(ENTRIES):
        yield from measured(entry)
    for entry in wanted([blend(chosen)]):
        yield from measured(entry)
    for entry in wanted(BESIDE):
        if util.find_spec(entry.library) is None:
            print(f"{entry.name}: {entry.library} is not installed", flush=True)
        else:
            yield from measured(entry)


def line(name: str, tuning: str, settings: Settings, figures: Settings) -> str:
    ndcg, precision = (
        f"{value:.3f} ({low:.3f} to {high:.3f})"
        for value, low, high in (figures["ndcg"], figures["precision"])
    )
    shown = {
        setting: [*value] if setting == "models" else value for setting, value in settings.items()
    }
    words = ", ".join(f"{setting}={value!r}" for setting, value in shown.items())
    memory = figures["memory"] / 1e6
    return (
        f"| {name} | {tuning} | {ndcg} | {precision} | {figures['seconds']:.1f} | "
        f"{figures['processor']:.1f} | {memory:.0f} | {words} |"
    )


def versions() -> str:
    """Return the versions of the libraries, and the number of cores."""
    names = {"penchant": "penchant", "lightfm": "rectools-lightfm"}
    libraries = dict.fromkeys(entry.library for entry in ENTRIES + BESIDE)
    installed = [library for library in libraries if util.find_spec(library) is not None]
    versioned = [
        f"{library} {metadata.version(names.get(library, library))}" for library in installed
    ]
    return f"{', '.join(versioned)}; {len(os.sched_getaffinity(0))} cores."


def put(page: Path, table: str) -> None:
    """Write the table into a page: in place of the table there, or at its end."""
    marks = "<!-- the table -->", "<!-- the end of it -->"
    block = f"{marks[0]}\n\n{table}\n\n{marks[1]}\n"
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    replaced = re.sub(f"{marks[0]}.*{marks[1]}\n", lambda _: block, text, flags=re.DOTALL)
    page.write_text(replaced if marks[0] in text else text + block, encoding="utf-8")


def main() -> None:
    """Print the table row by row, and write it into a page on request."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--only", nargs="*", default=[], metavar="MODEL")
    parser.add_argument("--defaults", action="store_true")
    parser.add_argument("--output", type=Path, metavar="PAGE")
    options = parser.parse_args()
    head = ("model", "settings", "NDCG@10", "precision@10", "training, s", "CPU s", "memory, MB")
    lines = ["| " + " | ".join([*head, ""]) + " |", "|" + "---|" * (len(head) + 1)]
    print(*lines, sep="\n", flush=True)
    for row in rows(options.folder, options.only, not options.defaults):
        lines.append(line(*row))
        print(lines[-1], flush=True)
    print("\n" + versions())
    if options.output is not None:
        put(options.output, "\n".join([*lines, "", versions()]))


if __name__ == "__main__":
    main()
