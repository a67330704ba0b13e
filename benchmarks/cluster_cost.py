"""What an epoch costs on one machine and on a cluster, from constants measured on this machine.

    python -m benchmarks.cluster_cost [--factors 64 128] [--interactions 4000000] [--out FILE]

Measured are a core's operations per second in the solver with the fixed side in its cache, the
bytes per second at which it gathers rows of a fixed side that is larger, those of blocks of rows,
of files and of a loopback connection, and what Dask takes for an empty task and while it waits.
The model adds up what an epoch needs of each. It is compared with epochs of the local engine and
of the Dask engine on other data, in processor seconds, and applied to data of another size.
"""

from __future__ import annotations

import argparse
import json
import math
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import flops
from benchmarks.generate import Shape, make
from benchmarks.jobs.spark import cpu_seconds

CG_STEPS = 3
ENTRY, POINTER = 8, 8  # bytes of an interaction, and of a row, in a block
CACHE_ROWS, FAR_ROWS = 1_000, 400_000  # of a fixed side in the cache, and of one that is not
BLOCK = 1 << 22  # interactions
# not measured, but those of common servers
NETWORK = 1.25e9  # bytes/s of a machine's connection, 10 Gbit/s
MEMORY = 5e9  # bytes/s of memory for each core, when all cores of a machine are busy


@dataclass(frozen=True)
class Constants:
    """What a core does in a second: operations and bytes; and what Dask takes.

    ``task`` are the processor seconds of an empty task, and ``idle`` those that the processes of a
    cluster take in each second without one.
    """

    factors: int
    rows: float
    products: float
    gathered: float
    blocks: float
    files: float
    loopback: float
    task: float
    idle: float


@dataclass(frozen=True)
class Work:
    """What an epoch needs of a machine or a cluster.

    Attributes
    ----------
    rows, products
        Floating-point operations of the systems of rows, and of dense products.
    gathered
        Bytes of rows of the fixed side that are read in any order and not in a cache.
    read
        Bytes of blocks of rows that a cluster's tasks read, check and load.
    copied
        Bytes of factors that a cluster's tasks write to files and read, all together.
    received
        Bytes that each worker reads of the fixed sides, through its connection.
    tasks
        The tasks of an epoch.
    workers
        The workers of a cluster.
    """

    rows: float
    products: float
    gathered: float
    read: float = 0.0
    copied: float = 0.0
    received: float = 0.0
    tasks: int = 0
    workers: int = 0

    def core_seconds(self, c: Constants) -> float:
        """Return the seconds that one core needs for all of it."""
        computed = self.rows / c.rows + self.products / c.products
        seconds = (
            computed
            + self.gathered / c.gathered
            + self.read / c.blocks
            + self.copied / c.files
            + self.tasks * c.task
        )
        return seconds * (1 + c.idle / self.workers) if self.workers else seconds


def solving(counts: npt.NDArray[Any], f: int) -> float:
    """Count the operations of the rows of a side, each by the cheaper solver."""
    n = counts[counts > 0].astype(np.float64)
    small, large = np.minimum(n, f), np.maximum(n, f)
    exact = small**2 * large + small**3 / 3 + 2 * small**2 + 4 * small * large
    gradients = n * f * (4 * (CG_STEPS + 1) + 2)
    return float(np.minimum(exact, gradients).sum())


def missing(n_rows: float, f: int, cache: float) -> float:
    """Return the share of gathered rows that are not in the cache, for rows of equal frequency."""
    return max(0.0, 1.0 - cache / (n_rows * 4 * f))


def work_of(
    by_user: npt.NDArray[Any], by_item: npt.NDArray[Any], f: int, cache: float, workers: int = 0
) -> Work:
    """Return the work of an epoch on one machine, or with the files of a cluster's workers."""
    m, n, nnz = len(by_user), len(by_item), float(by_user.sum())
    products = flops.of_products(m, n, f) + flops.of_products(n, m, f)
    operations = solving(by_user, f) + solving(by_item, f)
    gathered = nnz * 4 * f * (missing(m, f, cache) + missing(n, f, cache))
    if not workers:
        return Work(operations, products, gathered)
    side = 4.0 * f * (m + n)
    # a half step reads the fixed side for its Gram matrix and to rotate it, and writes it; each
    # worker reads it once; blocks of rows and the start are read, solutions written
    read = 2 * ENTRY * nnz + POINTER * (m + n)
    copied = 5 * side + workers * side
    blocks = 2 * math.ceil(nnz / BLOCK)
    return Work(operations, products, gathered, read, copied, side, 3 * blocks, workers)


# --- constants --------------------------------------------------------------------------


def _least(function: Callable[[], None], times: int = 3) -> float:
    """Return the fewest processor seconds of a call."""
    seconds = []
    for _ in range(times):
        begun = time.process_time()
        function()
        seconds.append(time.process_time() - begun)
    return min(seconds)


def _half_step(n_columns: int, f: int, per_row: int, n_rows: int) -> dict[str, float]:
    """Return the processor seconds, by phase, of a half step over rows with random columns."""
    from penchant.data.csr import Csr
    from penchant.engines.base import Objective
    from penchant.engines.local import LocalEngine

    random = np.random.default_rng(0)
    indices = np.sort(random.integers(0, n_columns, (n_rows, per_row)), axis=1).astype(np.int32)
    indptr = np.arange(n_rows + 1, dtype=np.int64) * per_row
    values = np.full(indices.size, 40.0, dtype=np.float32)
    engine, best = LocalEngine(1), {}
    rows = engine.load_rows(Csr(indptr, indices.ravel(), values, n_columns), np.full(n_rows, 0.1))
    fixed, solved = (engine.create_factors((0, n), f, "float32") for n in (n_columns, n_rows))
    engine.initialize(fixed, seed=0, scale=0.1)
    engine.initialize(solved, seed=1, scale=0.1)
    objective = Objective(1.0, "auto", CG_STEPS)
    for _ in range(4):
        before = dict(engine.seconds)
        engine.half_step(rows=rows, fixed=fixed, solved=solved, objective=objective)
        spent = {phase: engine.seconds[phase] - before[phase] for phase in before}
        best = {phase: min(value, best.get(phase, value)) for phase, value in spent.items()}
    return best


def measure(f: int, folder: Path, task: float, idle: float) -> Constants:
    """Measure the constants of this machine."""
    per_row, n_rows = 150, 8_000
    near, far = (_half_step(n, f, per_row, n_rows) for n in (CACHE_ROWS, FAR_ROWS))
    rows = solving(np.full(n_rows, per_row), f) / near["rows"]
    products = flops.of_products(n_rows, FAR_ROWS, f) / (far["gram"] + far["products"])
    gathered = n_rows * per_row * 4 * f / max(far["rows"] - near["rows"], 1e-9)
    return Constants(
        f, rows, products, gathered, _blocks(folder), _files(folder), _loopback(), task, idle
    )


def _blocks(folder: Path, per_row: int = 150) -> float:
    """Return the bytes per second at which a block of rows is read, checked and loaded."""
    from penchant.data.csr import Csr
    from penchant.engines.local import LocalEngine

    n_rows = BLOCK // per_row
    arrays: dict[str, npt.NDArray[Any]] = {
        "indptr": np.arange(n_rows + 1, dtype=np.int64) * per_row,
        "indices": np.zeros(n_rows * per_row, dtype=np.int32),
        "values": np.full(n_rows * per_row, 40.0, dtype=np.float32),
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    penalties = np.full(n_rows, 0.1)

    def load() -> None:
        indptr, indices, values = (np.load(folder / f"{name}.npy") for name in arrays)
        rows = Csr(indptr, indices, values, 1)
        assert rows.is_validated
        LocalEngine(1).load_rows(rows, penalties)

    return sum(array.nbytes for array in arrays.values()) / _least(load)


def _files(folder: Path) -> float:
    block = np.ones(1 << 24, dtype=np.float32)

    def copy() -> None:
        np.save(folder / "block.npy", block)
        np.load(folder / "block.npy")

    return 2 * block.nbytes / _least(copy)


def _loopback(size: int = 1 << 28) -> float:
    """Return the bytes per second of one connection within this machine, by the clock."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def send() -> None:
            with socket.create_connection(("127.0.0.1", port)) as out:
                out.sendall(bytes(size))

        thread = threading.Thread(target=send)
        begun = time.perf_counter()
        thread.start()
        connection, _ = server.accept()
        buffer = bytearray(1 << 20)
        with connection:
            while connection.recv_into(buffer):
                pass
        thread.join()
        return size / (time.perf_counter() - begun)


def _cache_bytes() -> float:
    """Return the size of a core's own second cache; rows beyond it count as gathered."""
    size = Path("/sys/devices/system/cpu/cpu0/cache/index2/size")
    if not size.exists():
        return 1e6
    text = size.read_text().strip()
    return float(text.rstrip("KM")) * {"K": 1 << 10, "M": 1 << 20}[text[-1]]


# --- epochs -----------------------------------------------------------------------------


def _epoch(likes: Any, f: int, engine: Any) -> float:
    """Return the processor seconds of an epoch, of all processes, after the first."""
    import penchant

    ends: list[float] = []
    model = penchant.ALS(
        factors=f, iterations=4, alpha=40.0, confidence="linear", regularization=0.1, momentum=0.0,
        threads=1,
    )  # fmt: skip
    model.fit(likes, engine=engine, on_epoch=lambda _: ends.append(cpu_seconds()))
    return min(np.diff(ends))


def check(factors: list[int], interactions: int, folder: Path) -> list[dict[str, Any]]:
    """Return measured and computed seconds of epochs, here and on two workers."""
    import penchant
    from penchant.cli.cluster import client_of

    rows = make(Shape(interactions // 145, interactions // 740, interactions))
    by_user = np.diff(rows["indptr"])
    by_item = np.bincount(rows["indices"])
    users = penchant.Interactions.from_scipy(_sparse(rows, len(by_user), len(by_item)))
    cache, results = _cache_bytes(), []
    with client_of("local:2") as client:
        task, idle = _task(client), _idle()
        for f in factors:
            constants = measure(f, folder, task, idle)
            local = _epoch(users, f, penchant.engines.LocalEngine(1))
            engine = penchant.engines.Dask(client, folder=folder)
            there = _epoch(users, f, engine)
            engine.close()
            for name, seconds, workers in (("local", local, 0), ("dask", there, 2)):
                computed = work_of(by_user, by_item, f, cache, workers).core_seconds(constants)
                results.append({"engine": name, "factors": f, "measured": seconds,
                                "computed": computed, "constants": asdict(constants)})  # fmt: skip
    return results


def _task(client: Any, n: int = 100) -> float:
    """Return the processor seconds of an empty task, of all processes."""
    client.gather(client.map(abs, range(n), pure=False))
    begun = cpu_seconds()
    client.gather(client.map(abs, range(n), pure=False))
    return (cpu_seconds() - begun) / n


def _idle(seconds: float = 5.0) -> float:
    """Return the processor seconds of all processes in a second without tasks."""
    begun = cpu_seconds()
    time.sleep(seconds)
    return (cpu_seconds() - begun) / seconds


def _sparse(rows: dict[str, Any], m: int, n: int) -> Any:
    import scipy.sparse as sp

    return sp.csr_matrix((rows["values"], rows["indices"], rows["indptr"]), shape=(m, n))


# --- another size -----------------------------------------------------------------------


def at_size(
    c: Constants, m: int, n: int, nnz: float, machines: int, cores: int
) -> dict[str, float]:
    """Return the seconds of an epoch by what takes them: one machine, or a cluster of several."""
    f, cache = c.factors, _cache_bytes()
    by_user, by_item = (np.full(10_000, nnz / side) for side in (m, n))
    rows = solving(by_user, f) * m / 1e4 + solving(by_item, f) * n / 1e4
    products = flops.of_products(m, n, f) + flops.of_products(n, m, f)
    gathered = nnz * 4 * f * (missing(m, f, cache) + missing(n, f, cache))
    seconds = {
        "operations": (rows / c.rows + products / c.products) / (machines * cores),
        "memory": gathered / min(c.gathered, MEMORY) / (machines * cores),
    }
    if machines > 1:
        side = 4.0 * f * (m + n)
        seconds["fixed sides to each worker"] = side / NETWORK
        seconds["blocks and solutions"] = (5 * side + 2 * ENTRY * nnz) / (machines * NETWORK)
        seconds["tasks"] = 6 * math.ceil(nnz / BLOCK) * c.task
    return seconds


def main() -> None:
    """Print the constants, the comparison, and the seconds at another size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--factors", type=int, nargs="+", default=[64, 128])
    parser.add_argument("--interactions", type=int, default=4_000_000)
    parser.add_argument("--out", help="a JSON file of all figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = check(options.factors, options.interactions, Path(folder))
    for row in results:
        c = Constants(**row["constants"])
        if row["engine"] == "local":
            rates = (c.rows, c.products, c.gathered, c.blocks, c.files, c.loopback)
            names = "rows {:.0f} and products {:.0f} GFLOP/s; GB/s: gathers {:.1f}, blocks {:.1f}, "
            names += "files {:.1f}, loopback {:.1f}"
            text = names.format(*(rate / 1e9 for rate in rates))
            print(f"{c.factors} factors: {text}; a task {c.task * 1e3:.1f} ms, idle {c.idle:.3f}")
        print(
            f"  {row['engine']:6} measured {row['measured']:.3f} s, computed "
            f"{row['computed']:.3f} s ({row['computed'] / row['measured'] - 1:+.0%})"
        )
    largest = Constants(**results[-1]["constants"])
    for machines, cores in ((1, 64), (16, 16)):
        seconds = at_size(largest, 50_000_000, 2_000_000, 5e9, machines, cores)
        print(f"50 M x 2 M x 5 G, {largest.factors} factors, {machines} x {cores} cores:")
        for name, value in seconds.items():
            print(f"  {name:28} {value:8.1f} s")
        print(f"  {'an epoch':28} {sum(seconds.values()):8.1f} s")
    if options.out:
        Path(options.out).write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
