"""Measure the throughput and the latency of a server.

python -m benchmarks.serve_load [--seconds 10] [--models demo,large,named]

Needs wrk, and penchant[serve]. Writes benchmarks/results/serving-DATE.json and prints its tables,
which are those of docs/serving.md; ``--show FILE`` prints those of a file.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import machine, serving_models, visitor, wrk
from benchmarks.serving_models import Subject
from benchmarks.serving_tables import tables

RESULTS = Path(__file__).with_name("results")
MODELS = {name: getattr(serving_models, name) for name in ("demo", "large", "named")}
WORKERS = (1, 2)
LIBRARIES = ("penchant", "numpy", "fastapi", "pydantic", "uvicorn", "uvloop", "httptools")
STEADY = {"rate": 1_700, "connections": 32}
STARTS = 3  # the fastest counts, without the other load of the machine


def main() -> None:
    """Measure, write the results, and print them as tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--reloads", type=int, default=20)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--show", type=Path, help="print the tables of a file")
    options = parser.parse_args()
    if options.show is not None:
        print(tables(json.loads(options.show.read_text())))
        return
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: apt-get install wrk")
    results: dict[str, Any] = {
        "machine": machine.facts(2, LIBRARIES),
        "asked": vars(options),
        "models": {},
    }
    for name in options.models.split(","):
        with tempfile.TemporaryDirectory() as folder:
            subject = MODELS[name](Path(folder) / "model.penchant")
            results["models"][name] = measure(subject, Path(folder), options)
    file = RESULTS / f"serving-{results['machine']['date'][:10]}.json"
    file.write_text(json.dumps(results, indent=1, default=str) + "\n")
    print(tables(results))


def measure(subject: Subject, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Measure a server of one model, with one process and with two."""
    results: dict[str, Any] = {"shape": subject.shape, "start_seconds": {}, "load": {}, "pages": {}}
    for workers in WORKERS:
        begun = []
        for _ in range(STARTS):
            with server(subject.path, folder, workers) as (_, seconds):
                begun.append(seconds)
        results["start_seconds"][workers] = round(min(begun), 2)
        with server(subject.path, folder, workers) as (port, _):
            if workers == 1:
                results["pages"] = visitor.pages(port, subject, options.seconds / 4)
            results["load"][workers] = loads(port, subject, folder, options)
    return results


def loads(
    port: int, subject: Subject, folder: Path, options: argparse.Namespace
) -> dict[str, dict[str, Any]]:
    """Measure each kind of request; then lists of known users while the model is reloaded."""
    questions = {
        kind: [f"/api/v1/{path}" for path in paths] for kind, paths in subject.questions().items()
    }

    def load(kind: str, seconds: int, **arguments: Any) -> dict[str, Any]:
        arguments = {"connections": options.connections, "seconds": seconds, **arguments}
        return wrk.load(f"http://127.0.0.1:{port}", questions[kind], folder, **arguments)

    load(next(iter(questions)), 2)  # a warm-up
    results = {kind: load(kind, options.seconds) for kind in questions}
    if "recommend" in questions:
        results["recommend, steadily"] = load("recommend", options.seconds, **STEADY)
        statuses: list[int] = []
        figures = load(
            "recommend", options.seconds, during=reloads(port, options.reloads, statuses)
        )
        figures |= {"reloads": len(statuses), "failed": sum(status != 200 for status in statuses)}
        results[f"recommend, during {options.reloads} reloads"] = figures
    return results


@contextlib.contextmanager
def server(path: Path, folder: Path, workers: int) -> Iterator[tuple[int, float]]:
    """Run a server during the block; yield its port and the seconds until its first answer."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["serve", str(path), "--db", f"sqlite:///{folder}/store.db"]
    words += ["--port", str(port), "--workers", str(workers), "--quiet"]
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "penchant", *words], stdout=subprocess.DEVNULL
    )
    try:
        _wait_until_ready(port, process)
        yield port, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/ready", timeout=10):
                return
        except OSError:
            time.sleep(0.02)
    sys.exit("the server did not start")


def reloads(port: int, times: int, statuses: list[int]) -> Callable[[], None]:
    """Reload a model repeatedly, and append the statuses of the answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/admin/reload", method="POST")

    def run() -> None:
        for _ in range(times):
            try:
                with urllib.request.urlopen(request, timeout=120) as answer:
                    statuses.append(answer.status)
            except OSError as error:
                statuses.append(getattr(error, "code", 0))

    return run


if __name__ == "__main__":
    main()
