"""Generates src/penchant/_native.pyi from the built extension: --write, or compare (default)."""

from __future__ import annotations

import argparse
import difflib
import importlib
import subprocess
import sys
from pathlib import Path

from nanobind.stubgen import StubGen

STUB = Path(__file__).resolve().parents[1] / "src" / "penchant" / "_native.pyi"


def generated() -> str:
    """Return the stub of the extension that is installed, with its imports sorted, formatted."""
    module = importlib.import_module("penchant._native")
    generator = StubGen(module, quiet=True, recursive=False)
    generator.put(module)
    text = generator.get()
    for command in (["check", "--select", "I", "--fix"], ["format"]):
        text = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--quiet", "--stdin-filename", str(STUB), "-"],
            input=text, text=True, capture_output=True, check=True,
        ).stdout  # fmt: skip
    return text


def difference() -> str:
    """Return a diff from the stub in the repository to the generated one; empty if equal."""
    lines = STUB.read_text(encoding="utf-8").splitlines(), generated().splitlines()
    return "\n".join(difflib.unified_diff(*lines, STUB.name, "generated", lineterm=""))


def main() -> int:
    """Write or compare the stub; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="overwrite the stub")
    if parser.parse_args().write:
        STUB.write_text(generated(), encoding="utf-8")
        return 0
    if diff := difference():
        print(diff)
        print(f"{STUB.name} differs from the extension: run `make stubs`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
