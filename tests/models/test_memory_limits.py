"""With nearly no memory left a fit ends in an error, and the process goes on."""

from __future__ import annotations

import subprocess
import sys

import pytest

resource = pytest.importorskip("resource")

CODE = """
import resource, sys
import numpy as np
import scipy.linalg
import penchant
from penchant.data.ids import IdMap
from penchant.data.interactions import Csr, Interactions

make = {
    "als": lambda: penchant.ALS(factors=256, iterations=1),
    "ease": lambda: penchant.EASE(),
    "ranking": lambda: penchant.Ranking(factors=256, iterations=1),
    "item-neighbors": lambda: penchant.ItemNeighbors(neighbors=2000),
    "popularity": lambda: penchant.Popularity(),
}[sys.argv[1]]
rng = np.random.default_rng(0)
n_users, n_items, each = 40_000, 8_000, 10
width = n_items // each
indices = rng.integers(0, width, (n_users, each)) + width * np.arange(each)
indptr = np.arange(n_users + 1, dtype=np.int64) * each
values = np.ones(indices.size, np.float32)
csr = Csr(indptr, indices.reshape(-1).astype(np.int32), values, n_items)
data = Interactions(csr, IdMap.range(n_users, "user"), IdMap.range(n_items))
small = penchant.Interactions.from_scipy(np.eye(3))
make().fit(small)  # what is imported and started at first use is there
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
limits = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[2]) * 2**20, limits[1]))
try:
    make().fit(data)
    outcome = "fitted"
except penchant.PenchantError as error:
    outcome = type(error).__name__ + ": " + str(error)
resource.setrlimit(resource.RLIMIT_AS, limits)
print(outcome)
make().fit(small)  # the process is of use
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("kind", ["als", "ease", "ranking", "item-neighbors", "popularity"])
@pytest.mark.parametrize("megabytes", [1, 12, 30])
def test_a_fit_without_memory_is_an_error(kind: str, megabytes: int) -> None:
    command = [sys.executable, "-c", CODE, kind, str(megabytes)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, (result.returncode, result.stderr[-2000:])
    assert result.stdout.startswith(("fitted", "OutOfMemoryError: "))
    if kind in ("als", "ease") and megabytes < 30:
        assert "fit ran out of memory" in result.stdout
