"""Fits of Spark's implicit ALS, in an environment of its own: it has pyspark and no penchant.

    .venv-spark/bin/python benchmarks/jobs/spark.py RATINGS.parquet FACTORS.npz OPTIONS_AS_JSON

The first fit has one iteration; it warms the machine of Java, and distributes the rows. The second
has more, and its seconds beyond those of a third with one iteration are the iterations' own.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np


def cpu_seconds() -> float:
    """Return the seconds of processor time of this process and all below it, as far as they live.

    Linux only.
    """
    total, ticks = 0.0, os.sysconf("SC_CLK_TCK")
    waiting = [os.getpid()]
    while waiting:
        process = Path("/proc") / str(waiting.pop())
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / ticks
        for thread in (process / "task").iterdir():
            waiting += map(int, (thread / "children").read_text().split())
    return total


def main(ratings: str, target: str, options: str) -> None:
    """Fit, print the seconds as JSON, and write the factors."""
    from pyspark.ml.recommendation import ALS
    from pyspark.sql import SparkSession

    chosen = json.loads(options)
    session = (
        SparkSession.builder.master(f"local[{chosen['threads']}]")
        .config("spark.driver.memory", chosen["memory"])
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", chosen["blocks"])
        .config("spark.local.dir", chosen["scratch"])
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    rows = session.read.parquet(ratings).cache()
    count = rows.count()

    def fit(iterations: int) -> tuple[list[float], Any]:
        begun, before = time.perf_counter(), cpu_seconds()
        model = ALS(
            rank=chosen["factors"],
            maxIter=iterations,
            regParam=chosen["regularization"],
            alpha=chosen["alpha"],
            implicitPrefs=True,
            userCol="user",
            itemCol="item",
            ratingCol="value",
            numUserBlocks=chosen["blocks"],
            numItemBlocks=chosen["blocks"],
            seed=0,
        ).fit(rows)
        model.userFactors.count(), model.itemFactors.count()
        return [time.perf_counter() - begun, cpu_seconds() - before], model

    first, _ = fit(1)
    more, model = fit(1 + chosen["iterations"])
    base, _ = fit(1)
    print(json.dumps({"rows": count, "first": first, "one": base, "more": more}))
    factors = {}
    for name, frame in (("users", model.userFactors), ("items", model.itemFactors)):
        table = frame.toArrow()
        ids = table["id"].to_numpy()
        values = table["features"].combine_chunks().values.to_numpy()
        factors[name] = np.zeros((ids.max() + 1, chosen["factors"]), dtype=np.float32)
        factors[name][ids] = values.reshape(len(ids), -1)
    np.savez(target, **factors)
    session.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
