"""Wrong arguments for the whole public interface: only errors of penchant's tree may come.

Usage: python -m tests.fuzz.public_interface [--cases N] [--seed S] [--first CASE]

Each case takes a call that works, puts values of wrong types, shapes and sizes in the place of one
or two of its arguments, and runs it. A wrong number of arguments is a TypeError in Python, so
those are left alone.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import decimal
import fractions
import io
import os
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from tests.conftest import random_interactions

import penchant
from penchant.errors import PenchantError


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
        None, True, False, 0, 1, -1, 7, 2**31, 2**63, 2**70, -(2**70), 10**400, 0.0, 0.5, -1.5, 1e308,
        float("nan"), float("inf"), 1j, decimal.Decimal("1.5"), decimal.Decimal("NaN"),
        fractions.Fraction(1, 3), "", "a", "u0001", "i0001", "é", "\0", "\ud800", "a" * 5000, "a/b",
        "{", "%s", "*", b"", b"abc", bytearray(b"x"), [], [[]], [[1], [1, 2]], [1, "a"], [None],
        [[None]], ["i0001", ["i0002"]], [["i0001"], "i0002"], [{"i0001": 1}, ["i0002"]], [{}], [1.5],
        [True], [2**70], ["\ud800"], (), (1, 2, 3), {}, {"a": 1}, {1: 2}, {"i0001": "x"},
        {"i0001": None}, {"i0001": [1]}, {"i0001": 2**2000}, {"u0001": ["i0001"]}, {None: None},
        {(1, 2): 3}, set(), {1}, frozenset({"a"}), range(3), object(), print,
        lambda *_: None, iter([1]), iter(["i0001"]), (number for number in (1, 2)), dt.date(2020, 1, 1),
        Path("nowhere"), Path("/"), Path("a" * 300), Path("\0"), slice(1), ..., NotImplemented,
        np.int64(1), np.uint64(2**63), np.float32("nan"), np.str_("i0001"), np.datetime64("2020"),
        np.bool_(True), np.array(1), np.array([]), np.array([1, 2]), np.array([1.5]),
        np.array([1, 2], dtype=">i4"), np.ones((2, 2), dtype=swapped), np.array(["i0001"]),
        np.array([None, 1], dtype=object), np.array([1j]), np.array([[1, 2], [3, 4]]),
        np.array(["2020"], dtype="M8[D]"), structured, np.zeros((2, 2, 2)), np.zeros((0, 3)),
        np.array([True, False]), np.full((3, 3), np.nan), np.full((3, 3), np.inf), matrix,
        matrix.tocoo(), big_endian, matrix * 1j, sp.csr_array((0, 0)),
        np.ma.masked_array([1], [True]), io.StringIO("a"), sys, Exception("x"),
    ]  # fmt: skip


def calls(folder: Path) -> list[tuple[str, Callable[..., Any], dict[str, Any]]]:
    """Calls that work: a name, the function, and its arguments by name."""
    data = random_interactions(30, 20, density=0.3, dislikes=0.1)
    catalog = penchant.Catalog(data.items, names=[f"name {item}" for item in data.items])
    tags = penchant.Features.of({item: [str(item)[-1]] for item in data.items})
    people = penchant.Features.of({user: [str(user)[-1]] for user in data.users}, kind="user")
    data = data.with_catalog(catalog).with_item_features(tags).with_user_features(people)
    log = folder / "log.csv"
    log.write_text(
        "user,item,value,time\n"
        + "".join(f"u{n % 7},i{n % 5},{n % 3 + 1},{n}\n" for n in range(40))
    )
    options: dict[str, Any] = {"factors": 3, "iterations": 2, "threads": 1}
    models = {
        "ALS": penchant.ALS(**options).fit(data),
        "HybridALS": penchant.HybridALS(**options).fit(data),
        "Ranking": penchant.Ranking(**options).fit(data),
        "EASE": penchant.EASE(threads=1).fit(data),
        "ItemNeighbors": penchant.ItemNeighbors(threads=1).fit(data),
        "Popularity": penchant.Popularity(threads=1).fit(data),
        "Content": penchant.Content(tags, threads=1).fit(data),
        "Blend": penchant.Blend({"als": penchant.ALS(**options), "p": penchant.Popularity()}).fit(
            data
        ),
    }
    split = penchant.split.leave_k_out(data, k=1)
    saved = models["ALS"].save(folder / "model.penchant")
    answer = models["ALS"].recommend(["u0001", "u0002"])
    matrix, dense = data.to_scipy(), np.eye(20, 3)
    found: list[tuple[str, Callable[..., Any], dict[str, Any]]] = []

    def add(label: str, function: Callable[..., Any], /, **arguments: Any) -> None:
        found.append((label, function, arguments))

    for name, model in models.items():
        add(
            f"{name}.recommend",
            model.recommend,
            users=["u0001"],
            k=3,
            exclude_seen=True,
            allow=None,
            deny=["i0001"],
            scale=False,
        )
        add(f"{name}.recommend(history)", model.recommend, history=["i0001"], k=3, allow=["i0002"])
        add(
            f"{name}.similar_items",
            model.similar_items,
            items="i0001",
            k=3,
            metric="cosine",
            include_self=False,
            allow=None,
            deny=None,
        )
        add(f"{name}.similar_users", model.similar_users, users="u0001", k=3, metric="cosine")
        add(f"{name}.scores", model.scores, user="u0001", items=["i0001"])
        add(f"{name}.explain", model.explain, user="u0001", item="i0001")
        add(f"{name}.explain(history)", model.explain, history=["i0003"], item="i0001")
        add(f"{name}.scorer", model.scorer, interactions=data)
        add(f"{name}.fit", model.with_settings().fit, interactions=data, on_epoch=None)
        add(f"{name}.save", model.save, path=folder / "x.penchant", metrics={"a": 1})
        add(
            f"{name}.recommend_all",
            lambda m=model, **o: (
                list(m.recommend_all(**o)) if o.get("to") is None else m.recommend_all(**o)
            ),
            k=2,
            to=None,
            batch=10,
            exclude_seen=True,
        )
        add(f"{name}.recommend_all(to)", model.recommend_all, k=2, to=folder / "x.csv", batch=10)
        add(f"{name}()", type(model), **({} if name == "Content" else dict(model.settings)))
        add(f"{name}.load_state_from", model.with_settings().load_state_from, other=model)
        add(f"{name}.set_params", model.with_settings().set_params, threads=1)
        if hasattr(model, "partial_fit"):
            add(
                f"{name}.partial_fit",
                model.partial_fit,
                interactions=data,
                iterations=1,
                on_epoch=None,
                track_loss=False,
            )
        if hasattr(model, "fold_in_users"):
            add(f"{name}.fold_in_users", model.fold_in_users, histories=[["i0001"]])
        if hasattr(model, "fold_in_items"):
            add(f"{name}.fold_in_items", model.fold_in_items, audiences=[["u0001"]])
    for name in ("HybridALS", "Ranking", "Blend"):
        add(f"{name}.recommend(features)", models[name].recommend, user_features=["1"], k=2)
    for name in ("HybridALS", "Ranking", "Content"):
        add(
            f"{name}.recommend(new)",
            models[name].recommend,
            users="u0001",
            item_features={"new": ["1"]},
        )
    add("Content.similar_to", models["Content"].similar_to, new={"new": ["1"]}, k=2)
    add("Content(vectors)", penchant.Content, vectors=tags, confidence="binary", threads=1)
    add("Blend.weightings", penchant.Blend.weightings, models=2, steps=3)
    add("load", penchant.load, path=saved, verify=True)
    add(
        "export",
        penchant.export,
        model_file=saved,
        to=folder / "export.csv",
        what="recommendations",
        k=2,
        exclude_seen=True,
        allow=None,
        deny=None,
        batch=10,
    )
    add("evaluate", penchant.evaluate, model=models["ALS"], split=split, k=3)
    add("tune", penchant.tune, model=penchant.Popularity, space={"threads": [1]}, split=split)
    add("learning_curve", penchant.learning_curve, model=penchant.ALS(**options), split=split)
    add("items_for_tag", penchant.items_for_tag, model=models["ALS"], tags="1", k=2)
    add("suggest_tags", penchant.suggest_tags, model=models["ALS"], items="i0001", k=2)
    add("Range", penchant.Range, low=1, high=2)
    add(
        "read_interactions",
        penchant.read_interactions,
        source=log,
        user="user",
        item="item",
        value="value",
        timestamp="time",
        sep=",",
        quote="auto",
        encoding=None,
        header=True,
        format=None,
        query=None,
        name="x",
        duplicates="sum",
        on_bad_lines="skip",
        memory_limit="512MB",
        catalog=catalog,
        user_ids=None,
        item_ids=None,
    )
    add("read_catalog", penchant.read_catalog, source=log)
    add(
        "read_features",
        penchant.read_features,
        source=log,
        item="user",
        feature="item",
        value="value",
        list_sep="|",
        ids=None,
        duplicates="sum",
        sep=",",
    )
    add(
        "read_events",
        penchant.read_events,
        source=log,
        user="user",
        item="item",
        event="value",
        timestamp="time",
    )
    add(
        "Interactions.from_scipy",
        penchant.Interactions.from_scipy,
        matrix=matrix,
        users=list(data.users),
        items=list(data.items),
        name="x",
        catalog=None,
        duplicates="sum",
    )
    add(
        "Interactions()",
        penchant.Interactions,
        csr=data.csr,
        users=data.users,
        items=data.items,
        timestamps=None,
        catalog=None,
        name="x",
    )
    for method, arguments in {
        "history": {"user": "u0001"},
        "with_catalog": {"catalog": catalog},
        "with_item_features": {"features": tags},
        "with_user_features": {"features": people},
        "rows_of": {"histories": [["i0001"]]},
        "select": {"keep": np.ones(data.nnz, bool)},
        "take_users": {"rows": np.array([0])},
        "with_items": {"ids": ["new"]},
        "threshold": {"min_per_user": 1, "min_per_item": 1},
    }.items():
        if hasattr(data, method):
            add(f"Interactions.{method}", getattr(data, method), **arguments)
    timed = penchant.read_interactions(log, user="user", item="item", timestamp="time")
    add("Interactions.decayed", timed.decayed, half_life=5.0, now=50)
    add("IdMap", penchant.IdMap, ids=["a"], kind="item")
    for method in ("get", "code", "codes", "subset", "parse", "written_like"):
        argument = {
            "get": "i0001",
            "code": "i0001",
            "codes": ["i0001"],
            "subset": np.array([0]),
            "parse": "3",
            "written_like": data.users,
        }[method]
        bound = getattr(data.items, method)
        add(f"IdMap.{method}", lambda value, bound=bound: bound(value), value=argument)
    add(
        "Catalog",
        penchant.Catalog,
        items=["a"],
        names=["b"],
        links=None,
        pictures=None,
        tags=[["c"]],
    )
    for method in ("name", "link", "find", "tags_of"):
        bound = getattr(catalog, method)
        add(f"Catalog.{method}", lambda value, bound=bound: bound(value), value="i0001")
    add("Features.of", penchant.Features.of, rows={"a": ["b"]}, kind="item")
    add("Features.dense", penchant.Features.dense, ids=list(data.items), vectors=dense, names=None)
    add("Features.from_scipy", penchant.Features.from_scipy, ids=list(data.items), matrix=dense)
    add("Features.aligned", lambda ids: tags.aligned(ids), ids=data.items)
    add("Features.rows_of", tags.rows_of, rows=[["1"]])
    add("Features.row", lambda one: tags.row(one), one="i0001")
    add("Features.normalized", tags.normalized, norm="l1")
    add("Features.at_least", tags.at_least, n=1)
    for name in (
        "leave_k_out",
        "random_fraction",
        "held_out_users",
        "temporal",
        "cold_items",
        "cold_users",
    ):
        function = getattr(penchant.split, name, None)
        if function is not None:
            source = timed if name == "temporal" else data
            extra = {"leave_k_out": {"k": 1}, "temporal": {"at": 30}}.get(name, {"seed": 0})
            add(f"split.{name}", function, interactions=source, **extra)
    add("Recommendations.for_", lambda value: answer.for_(value), value="u0001")
    scorer = models["ALS"].scorer(data)
    add("Scorer.top_k", scorer.top_k, k=2, exclude=None, allow=None)
    return found


def runs_out(value: Any) -> bool:
    """Whether a value makes a call merely endless or huge, which is not what is tested."""
    return isinstance(value, int | np.integer) and abs(int(value)) >= 2**31 - 1


def run(cases: range, seed: int) -> Counter[str]:
    """Run cases; print the traceback of each failure; return what became of them."""
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        works = calls(Path(scratch))
        for name, function, arguments in works:
            if cases.start == 0:
                try_valid(name, function, arguments)
        for case in cases:
            rng = np.random.default_rng([seed, case])
            name, function, arguments = works[rng.integers(len(works))]
            odd, arguments = odd_values(), dict(arguments)
            places = sorted(arguments) or [""]
            for place in rng.choice(
                places, size=min(len(places), int(rng.choice([1, 1, 1, 2]))), replace=False
            ):
                if place:
                    # SciPy itself walks out of a damaged matrix: it goes where a matrix is taken
                    damaged = [damaged_matrix()] * 5 if place in ("matrix", "source") else []
                    odd += damaged
                    value = odd[rng.integers(len(odd))]
                    endless = place in ("iterations", "steps", "models") and runs_out(value)
                    arguments[place] = -1 if endless else value
            print(
                f"case {case} {name} { {k: type(v).__name__ for k, v in arguments.items()} }",
                file=sys.stderr,
                flush=True,
            )
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    function(**arguments)
                outcomes["answers"] += 1
            except PenchantError as error:
                outcomes["refused"] += 1
                if not str(error):
                    outcomes["FAILED"] += 1
                    print(f"--- case {case} {name}: an error without a message")
            except Exception as error:
                outcomes["FAILED"] += 1
                kinds = {key: type(value).__name__ for key, value in arguments.items()}
                print(f"--- case {case} {name} {type(error).__name__} {kinds}")
                traceback.print_exc(file=sys.stdout)
    return outcomes


def try_valid(name: str, function: Callable[..., Any], arguments: dict[str, Any]) -> None:
    """Run a call as it is; a call that does not work would test nothing."""
    try:
        function(**arguments)
    except PenchantError as error:
        if type(error).__name__ not in ("UnsupportedError",):
            raise AssertionError(f"{name} should work: {error!r}") from error


def main() -> int:
    """Run from the command line; the status is 1 after a failure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    os.environ["PENCHANT_THREADS"] = "1"
    begun = time.perf_counter()
    outcomes = run(range(options.first, options.first + options.cases), options.seed)
    print(f"{options.cases:,} cases in {time.perf_counter() - begun:.1f} s: {dict(outcomes)}")
    return 1 if outcomes["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main())
