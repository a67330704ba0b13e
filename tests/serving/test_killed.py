"""Processes killed while they write events: every acknowledged event is stored once."""

from __future__ import annotations

import multiprocessing
from collections import Counter

import numpy as np
import pytest
from tests.serving import writing

from penchant.serving.store.opening import open_store


@pytest.fixture(scope="module")
def processes():
    """Return a context whose processes start with everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["tests.serving.writing", "penchant.serving.store.database", "psycopg"]
    )
    return context


def run_till_killed(processes, url: str, turns: list[int], after: int) -> int:
    """Kill clients after a number of acknowledged turns; return how many were acknowledged."""
    ours, theirs = processes.Pipe(duplex=False)
    process = processes.Process(target=writing.write, args=(url, turns, theirs))
    process.start()
    theirs.close()
    acknowledged = 0
    try:
        while True:
            person, turn = ours.recv()
            turns[person] = turn + 1
            acknowledged += 1
            if acknowledged == after:
                process.kill()  # its last messages are in the pipe
    except (EOFError, OSError):  # it may be killed while it sends a message
        pass
    process.join()
    ours.close()
    return acknowledged


@pytest.mark.parametrize(("database", "kills"), [("sqlite", 50), ("postgresql", 10)])
def test_acknowledged_events_are_stored_exactly_once(
    processes, request, tmp_path, database, kills
) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    if database == "postgresql":
        url = request.getfixturevalue("postgres_server").url()
    rng = np.random.default_rng(0)
    turns = [0] * writing.PEOPLE  # each client's next turn: the first not acknowledged
    for _ in range(kills):
        after = int(rng.integers(1, 9))
        assert run_till_killed(processes, url, turns, after) >= after
    with open_store(url) as store:
        counts = Counter((entry.event.person, entry.event.item) for entry in store.events())
    wanted = {
        (event.person, event.item)
        for person, next_turn in enumerate(turns)
        for turn in range(next_turn)
        for event in writing.events_of(person, turn)
    }
    assert len(wanted) > 2 * kills
    assert wanted <= set(counts)  # none was lost
    assert set(counts.values()) == {1}  # none is stored twice
    # all others are whole batches whose acknowledgement came too late
    untold = set(counts) - wanted
    for person, turn in enumerate(turns):
        batch = {(event.person, event.item) for event in writing.events_of(person, turn)}
        assert untold & batch in (set(), batch)
        untold -= batch
    assert not untold


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_processes_that_start_together_share_a_new_store(
    processes, request, tmp_path, database
) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    if database == "postgresql":
        url = request.getfixturevalue("postgres_server").url()
    workers = [
        processes.Process(target=writing.open_and_add, args=(url, f"p{n}", 10)) for n in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    with open_store(url) as store:
        assert [len(store.history(f"p{n}")) for n in range(4)] == [10] * 4
