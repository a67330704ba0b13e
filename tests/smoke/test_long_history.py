"""A visitor with 60,000 events, whose requests must not delay those of others."""

from __future__ import annotations

import statistics
import threading
import time
from pathlib import Path

import pytest
from tests.conftest import random_interactions
from tests.smoke.servers import Server, serving

from penchant.models.als.model import ALS
from penchant.serving.store.base import Event
from penchant.serving.store.opening import open_store

V1 = "/api/v1"


def median_seconds(server: Server, address: str, n: int = 21) -> float:
    """Return the median time of an answer, after a first one."""
    seconds = []
    for _ in range(n + 1):
        began = time.perf_counter()
        assert server.ask(address).status == 200
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[1:])


@pytest.mark.parametrize("n_items", [2_000, 60_000])
def test_60_000_events_cost_little_at_each_request(n_items: int, tmp_path: Path) -> None:
    model = ALS(factors=16, iterations=1).fit(random_interactions(300, 2_000, density=0.02))
    path, db = model.save(tmp_path / "likes.penchant"), f"sqlite:///{tmp_path / 'store.db'}"
    with open_store(db) as store:
        for begin in range(0, 60_000, 5_000):
            numbers = range(begin, begin + 5_000)
            store.add([Event("visitor", f"i{number % n_items:04d}") for number in numbers])
    with serving(path, db) as server:
        assert median_seconds(server, f"{V1}/recommend?user=visitor&exclude_seen=false") < 0.1
        stop = threading.Event()

        def keep_asking() -> None:
            while not stop.is_set():
                server.ask(f"{V1}/events", "POST", {"person": "visitor", "item": "i0001"})
                server.ask(f"{V1}/recommend?user=visitor&exclude_seen=false")

        thread = threading.Thread(target=keep_asking)
        thread.start()
        try:
            assert median_seconds(server, f"{V1}/health") < 0.05
        finally:
            stop.set()
            thread.join()
