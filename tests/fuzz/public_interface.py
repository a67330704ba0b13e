"""Wrong arguments for the whole public interface: only errors of penchant's tree may come.

Usage: python -m tests.fuzz.public_interface [--cases N] [--seed S] [--first CASE]

Each case takes a call that works, puts values of wrong types, shapes and sizes in the place of one
or two of its arguments, and runs it. A wrong number of arguments is a TypeError in Python, so
those are left alone.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import decimal
import fractions
import io
import os
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from matplotlib import pyplot
from tests.conftest import random_interactions
from tests.fuzz_command import run_command

import penchant
from penchant import report
from penchant.errors import PenchantError, UnsupportedError
from penchant.evaluation.comparison import Comparison
from penchant.serving.store.base import Event, Override
from penchant.serving.store.opening import open_store


def damaged_matrix() -> Any:
    """A matrix whose columns lie outside of its shape."""
    matrix = sp.csr_array(np.eye(3))
    matrix.indices = matrix.indices + 7
    return matrix


def odd_values() -> list[Any]:
    """Values that hardly any argument takes."""
    swapped = np.dtype(np.float64).newbyteorder()
    structured = np.zeros(2, dtype=[("a", "i4")])
    matrix = sp.csr_array(np.eye(3))
    big_endian = sp.csr_array(np.eye(3))
    big_endian.data = big_endian.data.astype(swapped)
    return [
        None, True, False, 0, 1, -1, 7, 2**31, 2**63, 2**70, -(2**70), 10**400, 0.0, 0.5, -1.5,
        1e308, float("nan"), float("inf"), 1j, decimal.Decimal("1.5"), decimal.Decimal("NaN"),
        fractions.Fraction(1, 3), "", "a", "u0001", "i0001", "é", "\0", "\ud800", "a" * 5000,
        "a/b", "{", "%s", "*", b"", b"abc", bytearray(b"x"), [], [[]], [[1], [1, 2]], [1, "a"],
        [None], [[None]], ["i0001", ["i0002"]], [["i0001"], "i0002"], [{"i0001": 1}, ["i0002"]],
        [{}], [1.5], [True], [2**70], ["\ud800"], (), (1, 2, 3), {}, {"a": 1}, {1: 2},
        {"i0001": "x"}, {"i0001": None}, {"i0001": [1]}, {"i0001": 2**2000}, {"u0001": ["i0001"]},
        {None: None}, {(1, 2): 3}, set(), {1}, frozenset({"a"}), range(3), object(), print,
        lambda *_: None, iter([1]), iter(["i0001"]), (number for number in (1, 2)),
        dt.date(2020, 1, 1), Path("nowhere"), Path("/"), Path("a" * 300), Path("\0"), slice(1),
        ..., NotImplemented, np.int64(1), np.uint64(2**63), np.float32("nan"), np.str_("i0001"),
        np.datetime64("2020"), np.bool_(True), np.array(1), np.array([]), np.array([1, 2]),
        np.array([1.5]), np.array([1, 2], dtype=">i4"), np.ones((2, 2), dtype=swapped),
        np.array(["i0001"]), np.array([None, 1], dtype=object), np.array([1j]),
        np.array([[1, 2], [3, 4]]), np.array(["2020"], dtype="M8[D]"), structured,
        np.zeros((2, 2, 2)), np.zeros((0, 3)), np.array([True, False]), np.full((3, 3), np.nan),
        np.full((3, 3), np.inf), matrix, matrix.tocoo(), big_endian, matrix * 1j,
        sp.csr_array((0, 0)), np.ma.masked_array([1], [True]), io.StringIO("a"), sys,
        Exception("x"),
    ]  # fmt: skip


def drawn(plot: Callable[..., Any]) -> Callable[..., Any]:
    """A plot whose figure is closed again."""

    def call(**arguments: Any) -> Any:
        try:
            return plot(**arguments)
        finally:
            pyplot.close("all")

    return call


class Calls:
    """Calls that work: a name, the function, and its arguments by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        data = random_interactions(30, 20, density=0.3, dislikes=0.1)
        data = dataclasses.replace(data, timestamps=np.arange(data.nnz))
        names, tags = [f"name {item}" for item in data.items], [("red",), ()] * 10
        catalog = penchant.Catalog(data.items, names=names, tags=tags)
        self.tags = penchant.Features.of({i: [i[-1], f"form={i[-1]}"] for i in data.items})
        people = penchant.Features.of({user: [user[-1]] for user in data.users}, kind="user")
        data = data.with_catalog(catalog).with_item_features(self.tags)
        self.data, self.catalog = data.with_user_features(people), catalog
        rows = "".join(f"u{n % 7},i{n % 5},{n % 3 + 1},{n}\n" for n in range(40))
        self.log = folder / "log.csv"
        self.log.write_text(f"user,item,value,time\n{rows}")
        columns = {"user": "user", "item": "item", "timestamp": "time"}
        self.timed = penchant.read_interactions(self.log, **columns)
        self.models = self._models()
        self.split = penchant.split.leave_k_out(self.data, k=1)
        self.all: list[tuple[str, Callable[..., Any], dict[str, Any]]] = []
        for name, model in self.models.items():
            self._of_model(name, model)
        self._of_features()
        self._of_data()
        self._of_reading()
        self._of_measuring()
        self._of_results()
        self._of_stores()

    def _models(self) -> dict[str, Any]:
        options: dict[str, Any] = {"factors": 3, "iterations": 2, "threads": 1}
        parts = {"als": penchant.ALS(**options), "p": penchant.Popularity()}
        models = (
            penchant.ALS(unobserved_share=5.0, half_life=50, **options),
            penchant.HybridALS(half_life="50s", **options),
            penchant.Ranking(loss="logistic", negatives=2, half_life=50, **options),
            penchant.EASE(dropout=0.2, neighbors=7, half_life=50, threads=1),
            penchant.PureSVD(factors=3, half_life=50, threads=1),
            penchant.SLIM(l1=0.1, l2=2.0, neighbors=7, half_life=50, threads=1),
            penchant.GraphFilter(factors=3, half_life=50, threads=1),
            penchant.ItemNeighbors(half_life=50, threads=1),
            penchant.UserNeighbors(threads=1),
            penchant.Popularity(since=20, half_life=50, category="tags", threads=1),
            penchant.Random(threads=1),
            penchant.Content(self.tags, threads=1),
            penchant.Blend(parts),
        )
        named = {type(model).__name__: model for model in models}
        named["Popularity(column)"] = penchant.Popularity(category="form", threads=1)
        return {name: model.fit(self.data) for name, model in named.items()}

    def add(self, label: str, function: Callable[..., Any], /, **arguments: Any) -> None:
        """Add a call."""
        self.all.append((label, function, arguments))

    def add_by_place(self, label: str, function: Callable[..., Any], argument: Any) -> None:
        """Add a call with one argument, which is given by place."""
        self.add(label, lambda value: function(value), value=argument)

    def _of_model(self, name: str, model: Any) -> None:
        data, lists = self.data, {"allow": None, "deny": ["i0001"]}
        self.add(f"{name}.recommend", model.recommend, users=["u0001"], k=3, scale=False, **lists)
        self.add(f"{name}.recommend(new)", model.recommend, history={"i0002": (1, 9)}, **lists)
        similar = {"items": "i0001", "k": 3, "metric": "cosine", "include_self": False, **lists}
        self.add(f"{name}.similar_items", model.similar_items, **similar)
        self.add(f"{name}.similar_users", model.similar_users, users="u0001", k=3, metric="dot")
        self.add(f"{name}.scores", model.scores, user="u0001", items=["i0001"])
        self.add(f"{name}.explain", model.explain, user="u0001", item="i0001")
        self.add(f"{name}.explain(history)", model.explain, history=["i0003"], item="i0001")
        self.add(f"{name}.scorer", model.scorer, interactions=data)
        self.add(f"{name}.fit", model.with_settings().fit, interactions=data, on_epoch=None)
        self.add(f"{name}.save", model.save, path=self.folder / "x.penchant", metrics={"a": 1})
        everybody = {"k": 2, "batch": 10, "exclude_seen": True, "on_progress": None, **lists}
        self.add(f"{name}.recommend_all", lambda **o: list(model.recommend_all(**o)), **everybody)
        file = self.folder / "x.csv"
        self.add(f"{name}.recommend_all(to)", model.recommend_all, to=file, **everybody)
        if name != "Content":
            self.add(f"{name}()", type(model), **model.settings)
        self.add(f"{name}.load_state_from", model.with_settings().load_state_from, other=model)
        self.add(f"{name}.set_params", model.with_settings().set_params, threads=1)
        more = {"interactions": data, "iterations": 1, "on_epoch": None, "track_loss": False}
        for method, arguments in (
            ("partial_fit", more),
            ("fold_in_users", {"histories": [["i0001"]]}),
            ("fold_in_items", {"audiences": [["u0001"]]}),
        ):
            if hasattr(model, method):
                self.add(f"{name}.{method}", getattr(model, method), **arguments)

    def _of_features(self) -> None:
        models, new = self.models, {"new": ["1"]}
        for name in ("HybridALS", "Ranking", "Blend"):
            recommend = models[name].recommend
            if name != "Blend":
                self.add(f"{name}.recommend(features)", recommend, user_features=["1"], k=2)
                self.add(f"{name}.recommend(new)", recommend, users="u0001", item_features=new)
        recommend = models["Content"].recommend
        self.add("Content.recommend(new)", recommend, users="u0001", item_features=new)
        self.add("Content.similar_to", models["Content"].similar_to, new=new, k=2)
        self.add("Content()", penchant.Content, vectors=self.tags, confidence="binary", threads=1)
        self.add("Blend.weightings", penchant.Blend.weightings, models=2, steps=3)
        items, dense = list(self.data.items), np.eye(20, 3)
        self.add("Features.of", penchant.Features.of, rows={"a": ["b"]}, kind="item")
        self.add("Features.dense", penchant.Features.dense, ids=items, vectors=dense, names=None)
        self.add("Features.from_scipy", penchant.Features.from_scipy, ids=items, matrix=dense)
        self.add_by_place("Features.aligned", self.tags.aligned, self.data.items)
        self.add("Features.rows_of", self.tags.rows_of, rows=[["1"]])
        self.add_by_place("Features.row", self.tags.row, "i0001")
        self.add("Features.normalized", self.tags.normalized, norm="l1")
        self.add("Features.at_least", self.tags.at_least, n=1)

    def _of_data(self) -> None:
        data, users, items = self.data, list(self.data.users), list(self.data.items)
        kind = penchant.Interactions
        self.add("Interactions.from_scipy", kind.from_scipy, matrix=data.to_scipy(),
                 user_ids=users, item_ids=items, name="x", duplicates="sum")  # fmt: skip
        self.add("Interactions.from_arrays", kind.from_arrays, users=["a", "b"], items=[1, 2],
                 values=[1.0, 2.0], timestamps=None, duplicates=None, name="x")  # fmt: skip
        self.add("Interactions.from_pandas", kind.from_pandas, frame=data.to_pandas(), user=None)
        self.add("Interactions()", kind, csr=data.csr, users=data.users, items=data.items,
                 timestamps=None, catalog=None, name="x")  # fmt: skip
        for method, argument in {
            "history": "u0001",
            "with_catalog": self.catalog,
            "with_item_features": self.tags,
            "with_user_features": None,
            "rows_of": [["i0001"]],
            "select": np.ones(data.nnz, bool),
            "take_users": np.array([0]),
            "with_items": ["new"],
        }.items():
            self.add_by_place(f"Interactions.{method}", getattr(data, method), argument)
        self.add("Interactions.threshold", data.threshold, min_per_user=1, min_per_item=1)
        self.add("Interactions.decayed", self.timed.decayed, half_life=5.0, now=50)
        self.add("IdMap", penchant.IdMap, ids=["a"], kind="item")
        for method, argument in {
            "get": "i0001", "code": "i0001", "codes": ["i0001"], "subset": np.array([0]),
            "parse": "3", "written_like": data.users,
        }.items():  # fmt: skip
            self.add_by_place(f"IdMap.{method}", getattr(data.items, method), argument)
        self.add("Catalog", penchant.Catalog, items=["a"], names=["b"], links=None, tags=[["c"]])
        for method in ("name", "link", "find", "tags_of"):
            self.add_by_place(f"Catalog.{method}", getattr(self.catalog, method), "i0001")

    def _of_reading(self) -> None:
        text = {"sep": ",", "quote": "auto", "encoding": None, "header": True, "format": None}
        columns = {"source": self.log, "user": "user", "item": "item", "timestamp": "time"}
        rest = {"name": "x", "on_bad_lines": "skip", "memory_limit": "512MB", "max_expansion": 200}
        self.add("read_interactions", penchant.read_interactions, value="value", query=None,
                 duplicates="sum", catalog=self.catalog, user_ids=None, item_ids=None,
                 **columns, **text, **rest)  # fmt: skip
        self.add("read_events", penchant.read_events, event="value", **columns, **text, **rest)
        self.add("read_catalog", penchant.read_catalog, source=self.log)
        self.add("read_features", penchant.read_features, source=self.log, item="user",
                 feature="item", value="value", list_sep="|", ids=None)  # fmt: skip
        saved = self.models["ALS"].save(self.folder / "model.penchant")
        self.add("load", penchant.load, path=saved, verify=True)
        self.add("export", penchant.export, model_file=saved, to=self.folder / "export.csv",
                 what="recommendations", k=2, exclude_seen=True, allow=None, batch=10)  # fmt: skip

    def _of_measuring(self) -> None:
        als, split = self.models["ALS"], self.split
        listed = {user: list(self.data.items) for user in list(self.data.users)[:5]}
        self.add("evaluate", penchant.evaluate, model=als, split=split, k=3, candidates=None)
        self.add("sample_negatives", penchant.split.sample_negatives, split=split, n=2, seed=0)
        self.add("evaluate(lists)", penchant.evaluate, model=als, split=split, candidates=listed)
        compared = {"models": [als, penchant.Popularity()], "metrics": ["ndcg"], "bootstrap": 5}
        self.add("compare", penchant.compare, split=split, k=3, seed=0, **compared)
        space = {"threads": [1]}
        self.add("tune", penchant.tune, model=penchant.Popularity, space=space, split=split)
        self.add("learning_curve", penchant.learning_curve, model=als.with_settings(), split=split)
        self.add("items_for_tag", penchant.items_for_tag, model=als, tags="red", k=2)
        self.add("suggest_tags", penchant.suggest_tags, model=als, items="i0001", k=2)
        self.add("Range", penchant.Range, low=1, high=2)
        for name, source, arguments in (
            ("leave_k_out", self.data, {"k": 1}),
            ("leave_last_out", self.timed, {"k": 1, "seed": 0}),
            ("random_fraction", self.data, {"per_user": True, "seed": 0}),
            ("held_out_users", self.data, {"seed": 0}),
            ("temporal", self.timed, {"at": 30}),
            ("cold_items", self.data, {"seed": 0}),
            ("cold_users", self.data, {"seed": 0}),
        ):
            function = getattr(penchant.split, name)
            self.add(f"split.{name}", function, interactions=source, **arguments)
        for name, source, arguments in (
            ("ncf", self.data, {"last": False, "negatives": 3, "seed": 0}),
            ("lightgcn", self.data, {"test": 0.2, "seed": 0}),
            ("strong_generalization", self.data, {"n": 5, "min_interactions": 2}),
            ("global_temporal", self.timed, {"at": 30, "keep_cold": True}),
            ("leave_last_out", self.timed, {"seed": 0}),
            ("apply", self.data, {"name": "lightgcn", "seed": 0}),
        ):
            function = getattr(penchant.protocols, name)
            self.add(f"protocols.{name}", function, interactions=source, **arguments)
        self.add_by_place("Recommendations.for_", als.recommend(["u0001", "u0002"]).for_, "u0001")
        scorer = als.scorer(self.data)
        self.add("Scorer.top_k", scorer.top_k, k=2, exclude=None, allow=None)

    def _of_results(self) -> None:
        als, split = self.models["ALS"], self.split
        space = {"factors": [2, 3], "alpha": [1.0, 5.0]}
        found = penchant.tune(penchant.ALS, space, split, epochs=(1, 2), storage=None)
        plots = penchant.plots
        part = {"metric": None, "part": "test"}
        self.add("plots.heat_map", drawn(plots.heat_map), result=found, x="alpha", y="factors")
        self.add("plots.traces", drawn(plots.traces), result=found, **part)
        for name in ("pareto", "front", "importances", "importance"):
            self.add(f"plots.{name}", drawn(getattr(plots, name)), result=found)
        both = {"a": found, "b": found, "names": ("a", "b")}
        self.add("plots.compare_tuning", drawn(plots.compare_tuning), **both)
        curve = penchant.learning_curve(als.with_settings(), split, epochs=(1, 2), verbose=False)
        self.add("plots.learning_curve", drawn(plots.learning_curve), curve=curve)
        self.add("tuning_page", report.tuning_page, result=found, title="x")
        page = {"result": found, "path": self.folder / "page.html"}
        self.add("write_tuning_report", report.write_tuning_report, **page)
        self.add("Comparison", Comparison, evaluations={"a": penchant.evaluate(als, split)})
        self.add("class_of", penchant.models.class_of, kind="als")

    def _of_stores(self) -> None:
        store = open_store(f"sqlite:///{self.folder / 'store.db'}")
        event = Event("u0001", "i0001")
        self.add("Event", Event, person="a", item=1, kind="like", value=1.0, at=None, key="x")
        self.add("Override", Override, name="x", link="", picture=None, tags=("a",), hidden=False)
        self.add("Store.add", store.add, events=[event, event])
        self.add("Store.changes", store.changes, person="u0001", after=0, limit=5)
        self.add("Store.history", store.history, person="u0001")
        self.add("Store.people", store.people, after=0)
        self.add("Store.events", lambda **o: list(store.events(**o)), after=0, limit=5)
        self.add("Store.forget", store.forget, person="u0002")
        self.add("Store.activate", store.activate, path="x.penchant", learned=1)
        self.add("Store.activations", store.activations, limit=3)
        self.add("Store.set_override", store.set_override, item="i0001", override=Override("x"))
        self.add("open_store", open_store, url="sqlite://")


def runs_out(value: Any) -> bool:
    """Whether a value makes a call merely endless or huge, which is not what is tested."""
    return isinstance(value, int | np.integer) and abs(int(value)) >= 2**31 - 1


def altered(arguments: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Replace one or two arguments by odd values."""
    odd, changed = odd_values(), dict(arguments)
    n = min(len(changed), int(rng.choice([1, 1, 1, 2])))
    for place in rng.choice(sorted(changed), size=n, replace=False).tolist():
        # SciPy itself reads out of the bounds of a damaged matrix: only where one is taken
        damaged = [damaged_matrix()] * 5 if place in ("matrix", "source") else []
        value = [*odd, *damaged][rng.integers(len(odd) + len(damaged))]
        endless = place in ("iterations", "steps", "models") and runs_out(value)
        changed[place] = -1 if endless else value
    return changed


def run(cases: range, seed: int) -> Counter[str]:
    """Run cases; print the traceback of each failure; return what became of them."""
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        calls = Calls(Path(scratch)).all
        if cases.start == 0:
            for name, function, arguments in calls:
                try_valid(name, function, arguments)
        for case in cases:
            rng = np.random.default_rng([seed, case])
            name, function, arguments = calls[rng.integers(len(calls))]
            arguments = altered(arguments, rng)
            kinds = {place: type(value).__name__ for place, value in arguments.items()}
            print(f"case {case} {name} {kinds}", file=sys.stderr, flush=True)
            outcome = outcome_of(function, arguments)
            outcomes[outcome] += 1
            if outcome == "FAILED":
                print(f"--- case {case} {name} {kinds}")
    return outcomes


def outcome_of(function: Callable[..., Any], arguments: dict[str, Any]) -> str:
    """Run a call; print the traceback of a foreign error."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            function(**arguments)
    except PenchantError as error:
        return "refused" if str(error) else "FAILED"
    except Exception:
        traceback.print_exc(file=sys.stdout)
        return "FAILED"
    return "answers"


def try_valid(name: str, function: Callable[..., Any], arguments: dict[str, Any]) -> None:
    """Run a call as it is; a call that does not work would test nothing."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            function(**arguments)
    except UnsupportedError:
        pass
    except PenchantError as error:
        raise AssertionError(f"{name} should work: {error!r}") from error


def main() -> int:
    """Run from the command line; the status is 1 after a failure."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    os.environ["PENCHANT_THREADS"] = "1"
    return run_command(__doc__, run)


if __name__ == "__main__":
    sys.exit(main())
