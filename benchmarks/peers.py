"""Install the peers from the lock file, one by one: ``python benchmarks/peers.py PYTHON LOCK``.

Everything they need comes first; a peer that can't be installed is written down in peers.json
beside the environment, for the results to tell, and stops nothing.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PEERS = ("implicit", "irspack", "cmfrec", "rectools-lightfm")
TOOLS = ("setuptools", "wheel", "packaging", "cython", "numpy", "scipy")
"""Requirements of source builds (cmfrec and LightFM have few wheels)."""


def blocks(lock: str) -> dict[str, str]:
    """Return name → lines of a lock file; a name may have an entry per version of Python."""
    by_name: dict[str, str] = {}
    for block in re.split(r"(?m)^(?=[a-z0-9])", lock):
        name = re.match(r"[a-z0-9._-]+(?===)", block)
        if name:
            by_name[name.group()] = by_name.get(name.group(), "") + block
    return by_name


def install(python: str, requirements: str, *flags: str) -> str:
    """Install locked requirements; return the error, or an empty text."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(requirements)
        file.flush()
        command = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        completed = subprocess.run(
            [*command, *flags, "-r", file.name], capture_output=True, text=True, check=False
        )
    lines = [line for line in completed.stderr.splitlines() if not line.startswith("WARNING")]
    return "" if completed.returncode == 0 else "\n".join(lines[-8:]) or "pip failed"


def main(python: str, lock: str) -> None:
    locked = blocks(Path(lock).read_text(encoding="utf-8"))
    own = (*PEERS, "findblas")
    first = "".join(block for name, block in locked.items() if name in TOOLS)
    rest = "".join(b for name, b in locked.items() if name not in (*TOOLS, *own))
    wrong = install(python, first) or install(python, rest)
    if wrong:
        sys.exit(f"what the peers need could not be installed:\n{wrong}")
    troubles = {}
    for name in ("findblas", *PEERS):
        print(f"  {name}", flush=True)
        # source builds use the tools of the lock file, not those that pip would download
        if wrong := install(python, locked[name], "--no-build-isolation"):
            troubles[name] = wrong
            print(f"  {name} could not be installed: {wrong.splitlines()[-1]}", flush=True)
    report = Path(python).parents[1] / "peers.json"
    report.write_text(json.dumps(troubles, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
