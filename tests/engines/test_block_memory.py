"""Memory of a training block by block: the factors and a few blocks, whatever the data."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CODE = """
import re, sys
import numpy as np
from tests.engines.generated import generated
import penchant

def held(name):
    status = open("/proc/self/status").read()
    return int(re.search(name + r":\\s+(\\d+) kB", status)[1]) * 1024

entries, n_blocks = map(int, sys.argv[1:])
small = generated(entries=1000, n_blocks=2)
penchant.ALS(factors=8, iterations=1).fit(small, engine=penchant.engines.Blocks())  # imports
before, data = held("VmRSS"), generated(entries=entries, n_blocks=n_blocks)
penchant.ALS(factors=8, iterations=1).fit(data, engine=penchant.engines.Blocks())
print(held("VmHWM") - before, data.nnz)
"""


def peak(entries: int, n_blocks: int) -> tuple[int, int]:
    """Return the bytes that a fit adds at its highest, and the number of interactions."""
    command = [sys.executable, "-c", CODE, str(entries), str(n_blocks)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    added, nnz = ran.stdout.split()
    return int(added), int(nnz)


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_memory_is_that_of_a_few_blocks() -> None:
    entries, n_blocks = 400_000, 24
    added, nnz = peak(entries, n_blocks)
    block, whole = 8 * entries, 2 * 8 * nnz
    assert added < 12 * block  # read ahead, checked, weighted, and the buffers of the allocator
    assert added < whole / 3
