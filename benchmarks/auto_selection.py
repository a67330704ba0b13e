"""The quality of automatic selection: ``penchant.tune(train, models="auto")`` on real data sets.

    python -m benchmarks.auto_selection --data FOLDER --out FILE --budget 600

The selection gets the training part of the quality benchmark's split, and cuts its own validation
part from it. The model that it returns is then measured once on the test part. Each data set is a
process of its own, and a row of FILE, JSON lines; those with a row are not repeated. With ``--part
validation``, for changes of the selection itself, the validation part of the benchmark takes the
place of the test part, and what remains without it that of the training part.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import penchant
from benchmarks import machine
from benchmarks.quality import data, results

Row = dict[str, Any]


def key(row: Row) -> tuple[Any, ...]:
    """Return what a measurement is known by."""
    return tuple(row[name] for name in ("dataset", "features", "part", "budget", "seed"))


def measure(label: Row, folder: Path) -> Row:
    """Select a model for a data set, and measure it on the part that the selection didn't get."""
    read = data.READERS[label["dataset"]](folder / label["dataset"])
    if not label["features"]:
        read = read.with_item_features(None)
    final, validation = data.splits(read)
    split = final if label["part"] == "test" else validation
    began, began_cpu = time.perf_counter(), time.process_time()
    selection = penchant.tune(
        split.train, models="auto", budget=label["budget"], storage=None, seed=label["seed"]
    )
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - began_cpu
    measured = penchant.evaluate(selection.best, split, metrics=data.METRICS)
    return {
        **label,
        "metrics": {name: [measured[name], *measured.interval(name)] for name in data.METRICS},
        "chosen": selection.chosen,
        "model": selection.about["model"],
        "validation": selection.value,
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "tried": selection.tried,
        "table": str(selection),
        "attempts": [
            [item.kind, item.settings, item.size, item.value, round(item.seconds, 3), item.message]
            for item in selection.attempts
        ],
        "machine": machine.facts(0),
    }


def run(options: argparse.Namespace) -> None:
    """Measure each data set that has no row, in a process of its own."""
    for dataset in options.datasets:
        label = {
            "dataset": dataset,
            "features": not options.without_features,
            "part": options.part,
            "budget": options.budget,
            "seed": options.seed,
        }
        if key(label) in {key(row) for row in results.read(options.out) if "metrics" in row}:
            continue
        command = [sys.executable, "-m", "benchmarks.auto_selection", "--data", str(options.data)]
        completed = subprocess.run(
            [*command, "--out", str(options.out), "--job", json.dumps(label)], check=False
        )
        if completed.returncode:
            print(f"{dataset}: the process ended with {completed.returncode}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument("--datasets", nargs="*", default=[*data.READERS], metavar="NAME")
    parser.add_argument("--budget", type=float, default=600.0, help="seconds")
    parser.add_argument("--without-features", action="store_true", help="of items")
    parser.add_argument("--part", choices=["test", "validation"], default="test")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args()
    logging.getLogger("penchant").setLevel(logging.ERROR)
    if options.job is None:
        run(options)
        return
    row = measure(json.loads(options.job), options.data)
    results.append(options.out, row)
    name = data.METRICS[0]
    print(
        f"{row['dataset']:14} {name} {row['metrics'][name][0]:.4f} in {row['seconds']:.0f} s "
        f"({row['cpu_seconds']:.0f} CPU s): {row['model']}",
        flush=True,
    )


if __name__ == "__main__":
    main()
