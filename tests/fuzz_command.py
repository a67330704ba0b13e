"""The command line of a fuzz suite: ``python -m tests.fuzz.SUITE --cases N --seed S``."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable


def run_command(description: str | None, run: Callable[[range, int], Counter[str]]) -> int:
    """Run the cases that the command line names; the status is 1 after a failure.

    ``run`` takes the cases and the seed, and counts outcomes; those that begin with FAILED are
    failures.
    """
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    begun = time.perf_counter()
    outcomes = run(range(options.first, options.first + options.cases), options.seed)
    print(f"{options.cases:,} cases in {time.perf_counter() - begun:.1f} s: {dict(outcomes)}")
    return 1 if any(name.startswith("FAILED") for name in outcomes) else 0
