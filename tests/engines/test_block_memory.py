"""Memory of a training block by block: the factors and a few blocks, whatever the data."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.drawn import draw

from penchant.data.blocks import block_bounds
from penchant.data.disk import writing

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


LIMITED = """
import re, resource, sys
import numpy as np
import penchant

def fitted(data):
    model = penchant.ALS(factors=8, iterations=2, threads=2)
    return model.fit(data, engine=penchant.engines.Blocks(threads=2, entries_per_block=1 << 18))

path, room = sys.argv[1], int(sys.argv[2])
data = penchant.open_dataset(path)
fitted(penchant.datasets.shapes(n_items=50, n_users=60))  # imports
if room:
    size = int(re.search(r"VmSize:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size + room, size + room))
    with np.testing.assert_raises(MemoryError):
        np.ones(room // 8 + 1)
else:
    data = penchant.Interactions(data.csr, data.users, data.items)
model = fitted(data)
print(model.user_factors.tobytes().hex()[:64], hash(model.item_factors.tobytes()), model.loss())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_data_three_times_the_room_are_trained_as_data_in_memory(
    tmp_path: Path, monkeypatch
) -> None:
    few = functools.partial(block_bounds, entries=1 << 18)  # the room is for some small blocks
    monkeypatch.setattr(writing, "block_bounds", few)
    path = draw(tmp_path / "likes.dataset", 9_000_000)
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    results = []
    for room in (size // 3, 0):
        command = [sys.executable, "-c", LIMITED, str(path), str(room)]
        steady = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
        ran = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | steady
        )
        assert not ran.returncode, ran.stderr
        results.append(ran.stdout)
    assert results[0] == results[1]
