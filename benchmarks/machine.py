"""The machine of a run: processor, memory, versions, commit, and peak FLOP/s."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.engines import PACKAGES

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = ("penchant", *PACKAGES, "numpy", "scipy", "pandas", "duckdb")


def facts(threads: int, libraries: Sequence[str] = LIBRARIES) -> dict[str, Any]:
    """Return what a reader needs to judge the figures."""
    from penchant import _kernels

    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": _git("describe", "--always", "--dirty", "--abbrev=10"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "isa": _kernels.current_isa(),
        "load": os.getloadavg()[0],
        "versions": {name: _version(name) for name in libraries},
    }


def fma_peak(threads: int) -> float | None:
    """Return GFLOP/s of float32 multiply-adds, measured now; None without a compiler."""
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        program = str(Path(scratch) / "fma_peak")
        flags = ["-O3", "-march=native", "-ffp-contract=fast", "-std=c++17", "-pthread"]
        source = str(ROOT / "benchmarks" / "fma_peak.cpp")
        made = subprocess.run([compiler, *flags, source, "-o", program], check=False)
        if made.returncode:
            return None
        runs = [
            subprocess.run([program, str(threads), "0.5"], capture_output=True, check=True).stdout
            for _ in range(3)
        ]
    return max(float(run) for run in runs)


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def _git(*arguments: str) -> str | None:
    git = shutil.which("git")
    if git is None:
        return None
    completed = subprocess.run(
        [git, "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False
    )
    return completed.stdout.strip() or None


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
