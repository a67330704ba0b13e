"""Checks the C++ of native/: clang-format over all files, clang-tidy over sources and bindings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "lint"
BIN = Path(sys.executable).parent


def main() -> int:
    """Run both checks; return the exit code."""
    files = sorted(path for path in (ROOT / "native").rglob("*.[ch]pp"))
    check = [str(BIN / "clang-format"), "--dry-run", "-Werror", *map(str, files)]
    if subprocess.run(check, check=False).returncode:
        print("clang-format: run `make format-native`")
        return 1
    sources = tidy_database()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        reports = list(pool.map(tidy, sources))
    failed = [report for report in reports if report]
    print("\n".join(failed), end="")
    return bool(failed)


def tidy(source: str) -> str:
    """Run clang-tidy over one file; return its report, empty if there is nothing to report."""
    command = [str(BIN / "clang-tidy"), "--quiet", "-p", str(BUILD / "tidy"), source]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.stdout + run.stderr if run.returncode else ""


def tidy_database() -> Sequence[str]:
    """Write a compilation database with one command per file; return the files.

    Kernels are compiled once per instruction set; the last one, the widest, is checked.
    """
    nanobind = subprocess.check_output(
        [sys.executable, "-m", "nanobind", "--cmake_dir"], text=True
    ).strip()
    configure = [
        str(BIN / "cmake"), "-S", str(ROOT), "-B", str(BUILD), "-G", "Ninja",
        f"-DCMAKE_MAKE_PROGRAM={BIN / 'ninja'}", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
        "-DCMAKE_BUILD_TYPE=Release", "-DSKBUILD=2", f"-Dnanobind_DIR={nanobind}",
        f"-DPython_EXECUTABLE={sys.executable}",
    ]  # fmt: skip
    subprocess.run(configure, check=True, stdout=subprocess.DEVNULL)
    commands = json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))
    ours = {entry["file"]: entry for entry in commands if is_checked(entry["file"])}
    (BUILD / "tidy").mkdir(exist_ok=True)
    database = json.dumps(list(ours.values()))
    (BUILD / "tidy" / "compile_commands.json").write_text(database, encoding="utf-8")
    return sorted(ours)


def is_checked(path: str) -> bool:
    """Whether clang-tidy checks a file: a source or a binding of this repository."""
    return Path(path).parent in (ROOT / "native" / "src", ROOT / "native" / "bindings")


if __name__ == "__main__":
    sys.exit(main())
