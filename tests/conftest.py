"""What all tests share: real data where it is present, a small data set, hypothesis profiles."""

from __future__ import annotations

import os
import signal
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from tests import postgres

from penchant.data.ids import IdMap
from penchant.data.interactions import Csr, Interactions

# A shell that starts the tests in the background has them ignore Ctrl-C; some are about it.
signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.register_profile("penchant", deadline=None, max_examples=40)
hypothesis.settings.load_profile("penchant")

SLOW = ("tests/smoke/", "tests/fuzz/", "tests/engines/", "tests/test_blas.py")
"""What takes long with few tests comes first, so that no process is left with it at the end."""

REAL_DATA = Path(
    os.environ.get("PENCHANT_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(SLOW))


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """The path of a real file such as ``"lastfm-2k/artists.dat"``; skips where it is absent."""

    def find(name: str) -> Path:
        path = REAL_DATA / name
        if not path.exists():
            pytest.skip(f"real data {name} is not here; set PENCHANT_TEST_DATA to its folder")
        return path

    return find


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server; skips where there is none to start."""
    try:
        server = postgres.Server()
    except postgres.AbsentError as error:
        pytest.skip(str(error))
    yield server
    server.stop()


def peak_memory(call: Callable[[], object]) -> int:
    """Bytes that Python and NumPy hold at most while something is called."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def random_interactions(
    n_users: int, n_items: int, *, density: float = 0.2, seed: int = 0, dislikes: float = 0.0
) -> Interactions:
    """Small random counts (1…5), some of them negated as dislikes; string ids."""
    rng = np.random.default_rng(seed)
    dense = rng.integers(1, 6, size=(n_users, n_items)) * (rng.random((n_users, n_items)) < density)
    dense = np.where(rng.random(dense.shape) < dislikes, -dense, dense).astype(np.float32)
    rows, columns = np.nonzero(dense)
    indptr = np.concatenate([[0], np.cumsum((dense != 0).sum(axis=1))]).astype(np.int64)
    csr = Csr(indptr, columns.astype(np.int32), dense[rows, columns], n_items)
    users = IdMap([f"u{code:04d}" for code in range(n_users)], "user")
    items = IdMap([f"i{code:04d}" for code in range(n_items)], "item")
    return Interactions(csr, users, items, name="random")
