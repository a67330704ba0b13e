"""Clients that write events in a process that is killed."""

from __future__ import annotations

import threading
from multiprocessing.connection import Connection

from penchant.serving.store.base import Event
from penchant.serving.store.opening import open_store

PEOPLE = 4


def events_of(person: int, turn: int) -> list[Event]:
    """Return a client's batch of one to three events in a turn."""
    who = f"p{person}"
    return [Event(who, f"{turn}.{n}", key=f"{turn}.{n}") for n in range(turn % 3 + 1)]


def write(url: str, turns: list[int], acknowledged: Connection) -> None:
    """Write batches of all clients forever, and report each acknowledged turn."""
    alone = threading.Lock()
    store = open_store(url)

    def client(person: int) -> None:
        turn = turns[person]
        while True:
            store.add(events_of(person, turn))
            with alone:
                acknowledged.send((person, turn))
            turn += 1

    for person in range(PEOPLE):
        threading.Thread(target=client, args=(person,), daemon=True).start()
    threading.Event().wait()


def open_and_add(url: str, person: str, n: int) -> None:
    """Open a store, which may not exist yet, and add some events."""
    with open_store(url) as store:
        for number in range(n):
            store.add([Event(person, number)])
