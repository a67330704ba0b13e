"""Spark's implicit ALS beside the local engine and the Dask engine, on the same data and cores.

    make .venv-spark/built      (pyspark; Java 17 or later must be there)
    python -m benchmarks.spark [--interactions 20000000] [--factors 64] [--iterations 3]
        [--spark .venv-spark/bin/python] [--rounds 2] [--out FILE]

Each engine runs in a process of its own, one after the other, in ``rounds`` rounds of alternating
order, and all have the same number of threads in total: Spark ``local[2]``, the local engine two
threads, Dask two workers of one thread. Seconds are those of an iteration, without what precedes
the first: by the clock, and of processor time over all processes of the engine, which other
programs on the machine disturb less. The loss is that of :mod:`benchmarks.objective` for all.
Spark scales λ by the number of interactions of a row, and is given λ divided by their mean number
over users and items.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import objective
from benchmarks.datasets import Rows
from benchmarks.generate import Shape, make

ENGINES = ("local", "dask-1", "dask-2", "spark")

TRAIN = """
import json, sys, time
import numpy as np
import penchant
from benchmarks.jobs.spark import cpu_seconds

def main(path, target, engine, factors, alpha, penalty, epochs, threads, scratch):
    likes = penchant.open_dataset(path)
    begun, ends = time.perf_counter(), []
    model = penchant.ALS(
        factors=int(factors), iterations=int(epochs), alpha=float(alpha), confidence="linear",
        regularization=float(penalty), momentum=0.0, threads=int(threads))
    watch = lambda epoch: ends.append([epoch.seconds, cpu_seconds()])
    if engine == "local":
        likes = penchant.Interactions(likes.csr, likes.users, likes.items)
        model.fit(likes, engine=penchant.engines.LocalEngine(int(threads)), on_epoch=watch)
    else:
        from penchant.cli.cluster import client_of
        workers = engine.partition("-")[2]
        with client_of(f"local:{workers}") as client:
            training = penchant.engines.Dask(client, folder=scratch)
            model.fit(likes, engine=training, on_epoch=watch)
            training.close()
    np.savez(target, users=model.user_factors, items=model.item_factors)
    print(json.dumps({"ends": ends, "all": time.perf_counter() - begun}))

if __name__ == "__main__":
    main(*sys.argv[1:])
"""


def write(folder: Path, shape: Shape) -> tuple[Rows, Path, Path]:
    """Generate interactions; write them as a data set on disk, and as Parquet for Spark."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    import penchant

    path, ratings = folder / "ratings.dataset", folder / "ratings.parquet"
    if ratings.exists() and path.exists():
        csr = penchant.open_dataset(path).csr
        return Rows(csr.indptr, csr.indices, csr.values, shape.n_items), ratings, path
    made = make(shape)
    rows = Rows(made["indptr"], made["indices"], made["values"], shape.n_items)
    users = np.repeat(np.arange(rows.n_rows, dtype=np.int32), np.diff(rows.indptr))
    table = pa.table({"user": users, "item": rows.indices, "value": rows.values})
    pq.write_table(table, ratings)
    penchant.ingest(ratings, path, user="user", item="item", value="value")
    return rows, ratings, path


def run_engine(engine: str, folder: Path, options: argparse.Namespace, rows: Rows) -> Any:
    """Fit with one engine; return its seconds and its loss."""
    target, weights = folder / f"{engine}.npz", objective.Weights(options.alpha)
    if engine == "spark":
        per_row = len(rows.indices) / np.sqrt(rows.n_rows * rows.n_columns)
        chosen = {
            "factors": options.factors,
            "iterations": options.iterations,
            "alpha": options.alpha,
            "regularization": weights.regularization / per_row,
            "threads": options.threads,
            "memory": options.memory,
            "blocks": options.blocks,
            "scratch": str(folder),
        }
        script = str(Path(__file__).parent / "jobs" / "spark.py")
        ratings = str(folder / "ratings.parquet")
        seconds = _run([options.spark, script, ratings, str(target), json.dumps(chosen)])
        spent = (np.array(seconds["more"]) - seconds["one"]) / options.iterations
        result = {"first fit": seconds["first"][0], "epochs": 1 + options.iterations}
    else:
        script = str(folder / "train.py")
        Path(script).write_text(TRAIN, encoding="utf-8")
        epochs, threads = 1 + options.iterations, options.threads if engine == "local" else 1
        numbers = [options.factors, options.alpha, weights.regularization, epochs, threads]
        data = str(folder / "ratings.dataset")
        command = [sys.executable, script, data, str(target), engine, *map(str, numbers)]
        seconds = _run([*command, str(folder)])
        ends = seconds["ends"]
        spent = (np.array(ends[-1]) - ends[0]) / options.iterations
        result = {"first fit": seconds["all"], "epochs": epochs}
    result["seconds"], result["cpu"] = map(float, spent)
    with np.load(target) as factors:
        X, Y = factors["users"], factors["items"]
    X, Y = _padded(X, rows.n_rows), _padded(Y, rows.n_columns)
    result["loss"] = objective.loss(rows, X, Y, weights, options.threads)
    return result


def _run(command: list[str]) -> Any:
    root = str(Path(__file__).parents[1])
    paths = {**os.environ, "PYTHONPATH": root} if command[0] == sys.executable else None
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=paths)
    if ran.returncode:
        sys.exit(f"{command[1]} failed:\n{ran.stderr[-3000:]}")
    return json.loads(ran.stdout.strip().splitlines()[-1])


def _padded(factors: Any, n: int) -> Any:
    """Add rows of zeros for the last rows that have no interactions."""
    return np.pad(factors, ((0, n - len(factors)), (0, 0)))


def main() -> None:
    """Print a row for each fit, and the ratios of the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=138_000)
    parser.add_argument("--items", type=int, default=27_000)
    parser.add_argument("--interactions", type=int, default=20_000_000)
    parser.add_argument("--factors", type=int, default=64)
    parser.add_argument("--alpha", type=float, default=40.0)
    parser.add_argument("--iterations", type=int, default=3, help="measured, after a first one")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--blocks", type=int, default=10, help="of Spark; 10 is its default")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--memory", default="8g", help="of Spark")
    parser.add_argument("--spark", default=".venv-spark/bin/python")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="default: all")
    parser.add_argument("--data", help="a folder that keeps the data for the next run")
    parser.add_argument("--out", help="a JSON file of all figures")
    options = parser.parse_args()
    engines = options.engine or list(ENGINES)
    shape = Shape(options.users, options.items, options.interactions, least_per_user=20)
    fits: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        name = options.data or scratch
        rows, *_ = write(Path(name), shape)
        print(
            f"{rows.n_rows:,} x {rows.n_columns:,}, {len(rows.indices):,} interactions", flush=True
        )
        print("engine     s/iteration   CPU s   s in all   epochs   loss")
        for number in range(options.rounds):
            for engine in engines if number % 2 == 0 else engines[::-1]:
                fit = {"engine": engine, **run_engine(engine, Path(name), options, rows)}
                fits.append(fit)
                print(
                    f"{engine:10} {fit['seconds']:11.2f} {fit['cpu']:7.2f} "
                    f"{fit['first fit']:10.1f} {fit['epochs']:8}   {fit['loss']:.6g}",
                    flush=True,
                )
                if options.out:
                    Path(options.out).write_text(json.dumps(fits, indent=1), encoding="utf-8")
    for first, second in (("spark", "dask-2"), ("dask-2", "local"), ("dask-1", "dask-2")):
        if first in engines and second in engines:
            ratios = [
                _median(fits, first, unit) / _median(fits, second, unit)
                for unit in ("seconds", "cpu")
            ]
            print(f"{first} / {second}: {ratios[0]:.2f} by the clock, {ratios[1]:.2f} CPU seconds")


def _median(fits: list[dict[str, Any]], engine: str, unit: str) -> float:
    return float(np.median([fit[unit] for fit in fits if fit["engine"] == engine]))


if __name__ == "__main__":
    main()
