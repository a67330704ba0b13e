"""Training on a Dask cluster of this machine: the same factors, and the memory of its workers.

    python -m benchmarks.cluster correctness [--data lastfm-2k ml-1m | --interactions 20000000]
        [--factors 64] [--epochs 2] [--workers 2]
    python -m benchmarks.cluster memory [--interactions 20000000] [--factors 64]
        [--workers 4] [--memory-limit "600 MB"]
    python -m benchmarks.cluster address-space [--interactions 60000000] [--factors 16]

``correctness`` trains by all solvers on the workers, with the fixed side replicated and streamed,
and block by block in this process, and compares the factors bit by bit. ``memory`` reports the
highest memory of each worker, beside the sizes of the factors and the data. ``address-space``
trains in a process whose address space (``ulimit -v``) is a third of the data set, and compares
the factors with those of the data in memory.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import penchant
from benchmarks.drawn import draw
from benchmarks.meter import highest
from benchmarks.out_of_core import write
from benchmarks.quality.data import READERS

SOLVERS = ("exact", "cg", "auto")
MODES = ("replicated", "streamed")

LIMITED = """
import re, resource, sys, numpy as np, penchant
path, out, factors, epochs, solver, limit = sys.argv[1:]
if int(limit):
    resource.setrlimit(resource.RLIMIT_AS, (int(limit), int(limit)))
model = penchant.ALS(factors=int(factors), iterations=int(epochs), solver=solver, threads=2)
data = penchant.open_dataset(path)
if not int(limit):
    data = penchant.Interactions(data.csr, data.users, data.items)
    engine = penchant.engines.Blocks()
model.fit(data, engine=None if int(limit) else engine)
peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]
print(type(model._engine).__name__, int(peak) << 10)
np.savez(out, users=model.user_factors, items=model.item_factors)
"""


@contextmanager
def client_of(workers: int, memory_limit: str | int = 0) -> Iterator[Any]:
    """Start workers of one thread each on this machine."""
    import distributed

    options: dict[str, Any] = {"n_workers": workers, "threads_per_worker": 1}
    options |= {"dashboard_address": "127.0.0.1:0", "memory_limit": memory_limit}
    with distributed.LocalCluster(**options) as local, distributed.Client(local) as client:
        yield client


def is_equal(model: penchant.ALS, other: penchant.ALS) -> bool:
    """Return whether two models have the same factors, bit for bit."""
    return all(
        np.array_equal(*pair)
        for pair in (
            (model.user_factors, other.user_factors),
            (model.item_factors, other.item_factors),
        )
    )


def correctness(options: argparse.Namespace, folder: Path) -> int:
    """Compare the factors of all solvers; return how many differ."""
    import distributed  # noqa: F401  # before anything takes long

    if options.interactions:
        sets = {"generated": penchant.open_dataset(write(folder, None, options.interactions))}
        cut = {}
    else:
        sets = {name: READERS[name](options.folder / name) for name in options.data}
        cut = {"entries_per_block": options.entries_per_block}
    different = 0
    print("data          solver  fixed side   seconds  Blocks   the same bits")
    with client_of(options.workers) as client:
        for name, data in sets.items():
            for solver in SOLVERS:
                settings = {"factors": options.factors, "iterations": options.epochs}
                begun = time.perf_counter()
                local = penchant.ALS(solver=solver, **settings)
                local.fit(data, engine=penchant.engines.Blocks(threads=options.workers, **cut))
                seconds = time.perf_counter() - begun
                for mode in MODES:
                    engine = penchant.engines.Dask(client, folder=folder, fixed_side=mode, **cut)
                    begun = time.perf_counter()
                    model = penchant.ALS(solver=solver, **settings).fit(data, engine=engine)
                    own = time.perf_counter() - begun
                    engine.close()
                    same = is_equal(model, local)
                    different += not same
                    row = f"{name:13} {solver:7} {mode:11} {own:8.1f} {seconds:7.1f}   "
                    print(row + ("yes" if same else "NO"), flush=True)
    return different


def memory(options: argparse.Namespace, folder: Path) -> int:
    """Report the highest memory of workers, in megabytes."""
    path = draw(folder / "drawn.dataset", options.interactions or 20_000_000)
    data, mb = penchant.open_dataset(path), 2**20
    on_disk = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    factors = 4 * options.factors * (data.n_users + data.n_items)
    with client_of(options.workers, options.memory_limit) as client:
        limits = client.scheduler_info()["workers"].values()
        limit = min(worker["memory_limit"] for worker in limits)
        before = sorted(client.run(highest).values())
        print(f"data set {on_disk / mb:.0f} MB, factors {factors / mb:.0f} MB, limit of a worker "
              f"{limit / mb:.0f} MB, before {before[-1] / mb:.0f} MB")  # fmt: skip
        engine = penchant.engines.Dask(client, folder=folder, fixed_side=options.fixed_side)
        begun = time.perf_counter()
        model = penchant.ALS(factors=options.factors, iterations=options.epochs)
        model.fit(data, engine=engine)
        seconds, peaks = time.perf_counter() - begun, sorted(client.run(highest).values())
        engine.close()
        shown = ", ".join(f"{peak / mb:.0f}" for peak in peaks)
        print(f"{options.fixed_side}: peak of the workers {shown} MB, {seconds:.1f} s", flush=True)
    return 0


def address_space(options: argparse.Namespace, folder: Path) -> int:
    """Train under a limit of the address space, and without; return whether they differ."""
    path = draw(folder / "drawn.dataset", options.interactions or 60_000_000)
    on_disk = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    limit, results = on_disk // 3, []
    for name, limited in (("limited", limit), ("whole", 0)):
        out = folder / f"{name}.npz"
        arguments = [path, out, options.factors, options.epochs, "auto", limited]
        command = [sys.executable, "-c", LIMITED, *map(str, arguments)]
        one_arena = os.environ | {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
        ran = subprocess.run(command, capture_output=True, text=True, check=False, env=one_arena)
        if ran.returncode:
            print(ran.stderr[-2000:])
            return 1
        engine, peak = ran.stdout.split()
        shown = f"{limited / 2**20:.0f} MB" if limited else "none"
        print(f"limit {shown}: {engine}, peak {int(peak) / 2**20:.0f} MB", flush=True)
        results.append(np.load(out))
    same = all(np.array_equal(results[0][side], results[1][side]) for side in ("users", "items"))
    print(f"data set {on_disk / 2**20:.0f} MB; the same bits: {'yes' if same else 'NO'}")
    return not same


def main() -> int:
    """Run one of the comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    runs = {"correctness": correctness, "memory": memory, "address-space": address_space}
    parser.add_argument("what", choices=runs)
    parser.add_argument("--data", nargs="+", default=["lastfm-2k", "ml-1m"], choices=list(READERS))
    parser.add_argument("--folder", type=Path, default=Path("../shared/data"))
    parser.add_argument("--interactions", type=int, default=0)
    parser.add_argument("--entries-per-block", type=int, default=100_000)
    parser.add_argument("--factors", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--workers", type=int, help="4 for memory, otherwise 2 (default)")
    parser.add_argument("--memory-limit", default="600 MB")
    parser.add_argument("--fixed-side", default="auto", choices=["auto", *MODES])
    options = parser.parse_args()
    options.workers = options.workers or (4 if options.what == "memory" else 2)
    with tempfile.TemporaryDirectory() as folder:
        return runs[options.what](options, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
