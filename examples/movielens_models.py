"""Every model, and its peers where they are installed, on MovieLens 1M: quality, time and memory.

    python examples/movielens_models.py [FOLDER [--defaults] [MODEL …]]

Every pair is an interaction, five of each user are held out, the seed is fixed. Each model is
measured as it comes, and (unless --defaults) with settings that a short search found on an inner
split of the training part: what is held out is looked at once a row. What the searches found is
kept in movielens_models.db and .json here: run again, it only measures. Every fit has a process
of its own, so that its memory is its own; peers are scored and measured by tacit. FOLDER holds
movies.dat and ratings.dat or ratings.parquet; without it the data set (6 MB) is fetched once.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import multiprocessing
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import tacit
from tacit.engines.scorers import FactorScorer, Scorer

Settings = dict[str, Any]
KEPT, FOUND = Path("movielens_models.db"), Path("movielens_models.json")


# --- the models ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """A row of the table: a model, what is set from the start, and what is searched."""

    model: Any
    fixed: Settings = field(default_factory=dict)
    space: Settings = field(default_factory=dict)
    epochs: tuple[int, ...] = (1,)
    genres: bool = False


def ranking(loss: str, *, genres: bool = False) -> Entry:
    space = {"factors": [64], "learning_rate": [0.03, 0.1]}
    return Entry(tacit.Ranking, {"loss": loss}, space, (10, 20, 30), genres)


def entries() -> dict[str, Entry]:
    near = {"neighbours": [20, 50, 100, 200]}
    if "shrinkage" in tacit.ItemNeighbours.settings_names():
        near["shrinkage"] = [0.0, 20.0, 100.0]
    solved = {"factors": [64, 128], "regularization": [10.0, 30.0, 100.0]}
    found = {
        "Popularity": Entry(tacit.Popularity),
        "ItemNeighbours": Entry(tacit.ItemNeighbours, {}, near),
        "ItemNeighbours, TF-IDF": Entry(tacit.ItemNeighbours, {"similarity": "tfidf"}, near),
        "ALS": Entry(tacit.ALS, {}, solved, (5, 10, 15)),
        "HybridALS, genres": Entry(
            tacit.HybridALS, {}, {**solved, "factors": [64]}, (5, 10, 15), genres=True
        ),
        "Ranking, WARP": ranking("warp"),
        "Ranking, WARP, genres": ranking("warp", genres=True),
        "Ranking, BPR": ranking("bpr"),
    }
    if hasattr(tacit, "EASE"):
        space = {"regularization": [100.0, 250.0, 500.0, 1000.0]}
        found["EASE"] = Entry(tacit.EASE, {}, space)
    return found


BLENDED = ("ALS", "ItemNeighbours, TF-IDF", "Ranking, WARP", "EASE")


def blended(chosen: dict[str, Settings]) -> Entry:
    """Models with the settings that were found for them; weights and fusion are searched."""
    known = entries()
    models = {name: known[name].model(**chosen[name]) for name in BLENDED if name in chosen}
    weights = tacit.Blend.weightings(len(models), 4)
    space = {"weights": weights, "fusion": ["z-score", "rank"]}
    return Entry(tacit.Blend, {"models": models}, space)


# --- peers --------------------------------------------------------------------------------


class Peer:
    """A library's model of vectors; tacit scores and measures them as it does its own."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def fit(self, train: tacit.Interactions) -> Peer:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            people, items = self.vectors(train.to_matrix())
        self.people, self.items = (np.asarray(one, np.float32) for one in (people, items))
        return self

    def scorer(self, interactions: tacit.Interactions) -> Scorer:
        return FactorScorer(self.people, self.items)

    def vectors(self, matrix: Any) -> tuple[Any, Any]:
        raise NotImplementedError


class ImplicitALS(Peer):
    library = "implicit"

    def vectors(self, matrix: Any) -> tuple[Any, Any]:
        from implicit.cpu.als import AlternatingLeastSquares
        from scipy.sparse import csr_matrix

        model = AlternatingLeastSquares(random_state=0, **self.settings)
        model.fit(csr_matrix(matrix), show_progress=False)
        return model.user_factors, model.item_factors


class ImplicitBPR(Peer):
    library = "implicit"

    def vectors(self, matrix: Any) -> tuple[Any, Any]:
        from implicit.cpu.bpr import BayesianPersonalizedRanking
        from scipy.sparse import csr_matrix

        model = BayesianPersonalizedRanking(random_state=0, **self.settings)
        model.fit(csr_matrix(matrix), show_progress=False)
        return model.user_factors, model.item_factors


class IrspackALS(Peer):
    library = "irspack"

    def vectors(self, matrix: Any) -> tuple[Any, Any]:
        from irspack import IALSRecommender
        from scipy.sparse import csr_matrix

        model = IALSRecommender(csr_matrix(matrix), **self.settings).learn()
        core = model.trainer_as_ials.core_trainer
        return core.user, core.item


class LightFMWarp(Peer):
    library = "lightfm"

    def vectors(self, matrix: Any) -> tuple[Any, Any]:
        from lightfm import LightFM
        from scipy.sparse import coo_matrix

        settings = {"epochs": 1, **self.settings}
        epochs = settings.pop("epochs")
        model = LightFM(loss="warp", random_state=0, **settings)
        model.fit(coo_matrix(matrix), epochs=epochs, num_threads=tacit_threads())
        ones = np.ones((matrix.shape[0], 1), dtype=np.float32)
        items = np.hstack([model.item_embeddings, model.item_biases[:, np.newaxis]])
        return np.hstack([model.user_embeddings, ones]), items


def tacit_threads() -> int:
    from tacit import kernels

    return kernels.thread_count(None)


RATES = [{"no_components": 64, "epochs": 30, "learning_rate": rate} for rate in (0.03, 0.1)]
PEERS: dict[str, tuple[type[Peer], list[Settings]]] = {
    "implicit, ALS": (
        ImplicitALS,
        [{"factors": f, "regularization": r} for f in (64, 128) for r in (10.0, 30.0, 100.0)],
    ),
    "implicit, BPR": (
        ImplicitBPR,
        [
            {"factors": 64, "learning_rate": rate, "iterations": n}
            for rate in (0.02, 0.05)
            for n in (100,)
        ],
    ),
    "irspack, iALS": (
        IrspackALS,
        [
            {"n_components": f, "alpha0": a, "reg": r}
            for f in (64,)
            for a in (0.1, 1.0)
            for r in (0.001, 0.01)
        ],
    ),
    "LightFM, WARP": (LightFMWarp, RATES),
}


# --- measuring, each in a process of its own ------------------------------------------------


@cache
def data(folder: str | None) -> tuple[tacit.Split, tacit.Split]:
    """What is measured on in the end, and the split of its training part to search on."""
    read = tacit.datasets.load("movielens-1m", path=folder, min_rating=0)
    genres = tacit.Features.of_tags(read.catalogue).normalised("l2")
    final = tacit.split.leave_k_out(read.with_item_features(genres), 5, seed=0)
    return final, tacit.split.leave_k_out(final.train, 5, seed=1)


def told(split: tacit.Split, genres: bool) -> tacit.Split:
    """The split with or without features."""
    features = split.train.item_features if genres else None
    return dataclasses.replace(split, train=split.train.with_item_features(features))


def search(folder: str | None, name: str, entry: Entry) -> Settings:
    """The best of some settings on the inner split."""
    found = tacit.search(
        entry.model,
        {**entry.fixed, **entry.space},
        told(data(folder)[1], entry.genres),
        epochs=entry.epochs,
        storage=KEPT,
        name=name,
    )
    return {**found.settings, **entry.fixed}


def search_peer(folder: str | None, name: str) -> Settings:
    model, grid = PEERS[name]
    kept = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    if name in kept:
        return kept[name]
    split = data(folder)[1]
    values = [
        tacit.evaluate(model(**one).fit(split.train), split, metrics=["ndcg"], bootstrap=0)["ndcg"]
        for one in grid
    ]
    FOUND.write_text(json.dumps({**kept, name: grid[int(np.argmax(values))]}))
    return grid[int(np.argmax(values))]


def measure(folder: str | None, how: tuple[Any, bool], settings: Settings) -> Settings:
    """Fit on all that is not held out, with genres or without, and measure on what is."""
    model, genres = how
    split = told(data(folder)[0], genres)
    tacit.Popularity().fit(split.train)  # what is imported or made at first use is not the model's
    made, before = model(**settings), peak(reset=True)
    began, spent = time.perf_counter(), time.process_time()
    made.fit(split.train)
    seconds, processor = time.perf_counter() - began, time.process_time() - spent
    memory = peak() - before
    found = tacit.evaluate(made, split, metrics=["ndcg", "precision"])
    return {
        "ndcg": (found["ndcg"], *found.interval("ndcg")),
        "precision": (found["precision"], *found.interval("precision")),
        "seconds": seconds,
        "processor": processor,
        "memory": memory,
    }


def peak(*, reset: bool = False) -> int:
    """Bytes: the most that was resident, since the last reset where the system can do that."""
    status, clear = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if reset and clear.exists():
        clear.write_text("5")
    if status.exists():
        line = next(one for one in status.read_text().splitlines() if one.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def alone(work: Callable[..., Any], *arguments: Any) -> Any:
    """What a function gives, called in a new process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


# --- the table ------------------------------------------------------------------------------


def rows(folder: str | None, only: list[str]) -> Iterator[tuple[str, str, Settings, Settings]]:
    """Name, defaults or searched, settings and figures, model by model."""
    searching, only = "--defaults" not in only, [one for one in only if one != "--defaults"]
    chosen: dict[str, Settings] = {}

    def wanted(name: str) -> bool:
        return not only or name in only

    for name, entry in entries().items():
        how = entry.model, entry.genres
        if wanted(name):
            yield name, "defaults", entry.fixed, alone(measure, folder, how, entry.fixed)
        if entry.space and searching and (wanted(name) or (wanted("Blend") and name in BLENDED)):
            chosen[name] = alone(search, folder, name, entry)
        if wanted(name) and name in chosen:
            yield name, "searched", chosen[name], alone(measure, folder, how, chosen[name])
    if wanted("Blend"):
        yield "Blend", "defaults", {}, alone(measure, folder, (tacit.Blend, False), {})
    if wanted("Blend") and searching:
        entry = blended(chosen)
        best = alone(search, folder, "Blend", entry)
        shown = {one: best[one] for one in entry.space} | {"models": [*entry.fixed["models"]]}
        yield "Blend", "searched", shown, alone(measure, folder, (tacit.Blend, False), best)
    for name, (peer, _) in PEERS.items():
        if wanted(name) and importlib.util.find_spec(peer.library) is None:
            print(f"{name}: {peer.library} is not installed", flush=True)
        elif wanted(name):
            yield name, "defaults", {}, alone(measure, folder, (peer, False), {})
            if searching:
                best = alone(search_peer, folder, name)
                yield name, "searched", best, alone(measure, folder, (peer, False), best)


def line(name: str, how: str, settings: Settings, found: Settings) -> str:
    ndcg, precision = (
        f"{value:.3f} ({low:.3f} to {high:.3f})"
        for value, low, high in (found["ndcg"], found["precision"])
    )
    words = ", ".join(f"{one}={value!r}" for one, value in settings.items())
    return (
        f"| {name} | {how} | {ndcg} | {precision} | {found['seconds']:.1f} | "
        f"{found['processor']:.1f} | {found['memory'] / 1e6:.0f} | {words} |"
    )


def main(folder: str | None = None, *only: str) -> dict[tuple[str, str], Settings]:
    """Print the table as it grows, and return its figures."""
    head = ("model", "settings", "NDCG@10", "precision@10", "training, s", "CPU s", "peak, MB", "")
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
    figures = {}
    for name, how, settings, found in rows(folder, list(only)):
        print(line(name, how, settings, found), flush=True)
        figures[name, how] = found
    return figures


if __name__ == "__main__":
    main(*sys.argv[1:])
