"""The peers that are not installed, with the reason."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.engines import ENGINES


def absent() -> dict[str, str]:
    """Return package → the reason why it is not installed."""
    report = Path(sys.prefix) / "peers.json"
    why: dict[str, str] = json.loads(report.read_text()) if report.exists() else {}
    missing = {i.package for i in ENGINES.values() if i.version() is None}
    return {name: why.get(name, "it is not in this environment") for name in sorted(missing)}
