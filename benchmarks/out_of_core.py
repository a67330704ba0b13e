"""Training block by block beside training in memory: seconds an epoch and peak memory.

    python -m benchmarks.out_of_core [--interactions 20000000 | --source FILE] [--factors 64]
        [--epochs 3] [--threads 2]

The interactions are written to a data set on disk. Each engine then trains on it in a process
of its own. The memory is the highest that the process held (resident, mapped files included).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.generate import Shape, make

ENGINES = ("LocalEngine", "Blocks")

TRAIN = """
import re, sys, penchant
path, engine, factors, epochs, threads = sys.argv[1:]
likes = penchant.open_dataset(path)
if engine == "LocalEngine":
    likes = penchant.Interactions(likes.csr, likes.users, likes.items)
engine = getattr(penchant.engines, engine)(threads=int(threads))
model = penchant.ALS(factors=int(factors), iterations=int(epochs), threads=int(threads))
ends = []
model.fit(likes, engine=engine, on_epoch=lambda epoch: ends.append(epoch.seconds))
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) / 1024
print((ends[-1] - ends[0]) / (len(ends) - 1), model.epochs[-1].seconds, peak, model.loss())
"""


def write(folder: Path, source: str | None, interactions: int) -> Path:
    """Write a file, or as many generated interactions, to a data set on disk."""
    import pyarrow as pa

    import penchant

    path = folder / "interactions.dataset"
    if source is not None:
        penchant.ingest(source, path)
        return path
    rows = make(Shape(interactions // 100, interactions // 400, interactions))
    users = np.repeat(np.arange(len(rows["indptr"]) - 1), np.diff(rows["indptr"]))
    table = pa.table({"user": users, "item": rows["indices"], "value": rows["values"]})
    penchant.ingest(table, path, user="user", item="item", value="value")
    return path


def main() -> None:
    """Print a row for each engine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--interactions", type=int, default=20_000_000)
    parser.add_argument("--source", help="a file of interactions, in place of generated ones")
    for option, default in (("--factors", "64"), ("--epochs", "3"), ("--threads", "2")):
        parser.add_argument(option, default=default)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = str(write(Path(folder), options.source, options.interactions))
        print("engine        s/epoch   s in all   peak MB   loss")
        for engine in ENGINES:
            numbers = [options.factors, options.epochs, options.threads]
            command = [sys.executable, "-c", TRAIN, path, engine, *numbers]
            ran = subprocess.run(command, capture_output=True, text=True, check=True)
            epoch, total, peak, loss = map(float, ran.stdout.split())
            print(f"{engine:12} {epoch:8.2f} {total:10.2f} {peak:9.0f}   {loss:.6g}", flush=True)


if __name__ == "__main__":
    main()
