"""How a server bears load: top 20 of known users by ``wrk``, and reloads meanwhile.

python -m benchmarks.serve_load [--seconds 10] [--large]

Needs wrk, and tacit[serve]. Prints a JSON document. ``--large`` takes a model of random vectors,
300,000 × 300,000 × 64, in place of the demo's.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import numpy as np

from tacit.data import datasets
from tacit.data.csr import Csr
from tacit.data.ids import IdMap
from tacit.data.interactions import Interactions
from tacit.models.als import ALS

USERS = """
local ids, n = {}, 0
for id in io.lines("%s") do n = n + 1; ids[n] = id end
math.randomseed(os.time())
request = function()
  return wrk.format("GET", "/api/v1/recommend?k=20&user=" .. ids[math.random(n)])
end
"""


def main() -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--reloads", type=int, default=20)
    parser.add_argument("--large", action="store_true")
    asked = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), asked), indent=2))


def measure(folder: Path, asked: argparse.Namespace) -> dict[str, object]:
    """Start a server, load it, stop it."""
    path = folder / "model.tacit"
    users = (large_model if asked.large else demo_model)(path)
    (folder / "users").write_text("\n".join(map(str, users)))
    script = folder / "users.lua"
    script.write_text(USERS % (folder / "users"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    began = time.perf_counter()
    words = ["serve", path, "--db", f"sqlite:///{folder}/store.db", "--port", port]
    words += ["--workers", asked.workers]
    server = subprocess.Popen([sys.executable, "-m", "tacit", *map(str, words)])
    try:
        wait_until_ready(port, server)
        started = time.perf_counter() - began
        load(port, script, asked, 2)  # memory is mapped in, records are made
        plain = load(port, script, asked, asked.seconds)
        with reloading(port, asked.reloads) as statuses:
            during = load(port, script, asked, asked.seconds)
    finally:
        server.terminate()
        server.wait()
    return {
        "seconds_to_start": round(started, 2),
        "top_20": plain,
        "during_reloads": {**during, "reloads": len(statuses), "statuses": sorted(set(statuses))},
    }


def demo_model(path: Path) -> list[object]:
    """The model of ``tacit demo``, near enough."""
    data = datasets.shapes(2000, 6000, 0).threshold(5, 5)
    ALS(factors=64, alpha=30.0, regularization=0.045, iterations=5).fit(data).save(path)
    return list(data.users)


def large_model(path: Path, n: int = 300_000, factors: int = 64) -> list[object]:
    """Random vectors and ten random likes each: as slow as what is learned."""
    rng = np.random.default_rng(0)
    columns = np.sort(rng.integers(n, size=(n, 10), dtype=np.int32), axis=1)
    fresh = np.ones((n, 10), dtype=bool)
    fresh[:, 1:] = columns[:, 1:] != columns[:, :-1]
    pointers = np.concatenate([[0], np.cumsum(fresh.sum(axis=1))]).astype(np.int64)
    likes = Csr(pointers, columns[fresh], np.ones(int(pointers[-1]), dtype=np.float32), n)
    data = Interactions(likes, IdMap.range(n, "user"), IdMap.range(n, "item"))
    model = ALS(factors=factors)
    drawn = [rng.normal(0, 0.1, (n, factors)).astype(np.float32) for _ in range(2)]
    model._keep(data, *drawn)
    model.save(path)
    return list(range(0, n, 100))


def wait_until_ready(port: int, server: subprocess.Popen[bytes]) -> None:
    """Until the server answers."""
    while server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/ready", timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    sys.exit("the server did not start")


def load(port: int, script: Path, asked: argparse.Namespace, seconds: int) -> dict[str, float]:
    """What wrk finds: requests a second, milliseconds of half and of 99 %, errors."""
    words = ["wrk", "-t1", f"-c{asked.connections}", f"-d{seconds}s", "--latency", "-s", script]
    done = subprocess.run(
        [*map(str, words), f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True
    )

    def after(pattern: str) -> str:
        found = re.search(pattern, done.stdout)
        return found.group(1) if found else "0"

    errors = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", done.stdout)))
    return {
        "requests_per_second": float(after(r"Requests/sec:\s+([\d.]+)")),
        "p50_ms": milliseconds(after(r"50%\s+(\S+)")),
        "p99_ms": milliseconds(after(r"99%\s+(\S+)")),
        "errors": errors + int(after(r"Non-2xx or 3xx responses: (\d+)")),
    }


def milliseconds(text: str) -> float:
    """1.5ms, 300us or 2s as milliseconds."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0, "": 1.0}[unit]


class reloading:  # noqa: N801 - reads as what it does
    """Reloads one after the other while the block runs; gives the list of statuses."""

    def __init__(self, port: int, times: int) -> None:
        self._port, self._times, self._statuses = port, times, list[int]()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> list[int]:
        self._thread.start()
        return self._statuses

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _run(self) -> None:
        address = f"http://127.0.0.1:{self._port}/api/v1/admin/reload"
        for _ in range(self._times):
            with urllib.request.urlopen(urllib.request.Request(address, method="POST")) as answer:
                self._statuses.append(answer.status)


if __name__ == "__main__":
    main()
