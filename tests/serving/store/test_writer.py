"""Tasks that share a transaction."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator

import pytest

from penchant.errors import StoreError
from penchant.serving.store.writer import Writer


class Log:
    """Transactions on a list, which keeps what was committed."""

    def __init__(self) -> None:
        self.commits: list[list[int]] = []
        self.fails = False
        self.gate = threading.Event()
        self.gate.set()

    @property
    def kept(self) -> list[int]:
        return list(itertools.chain(*self.commits))

    @contextlib.contextmanager
    def begin(self) -> Iterator[list[int]]:
        self.gate.wait(10)
        if self.fails:
            raise StoreError("locked")
        notes: list[int] = []
        yield notes
        self.commits.append(notes)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def writer(log) -> Iterator[Writer[list[int]]]:
    made = Writer(log.begin)
    yield made
    made.close()


def waiting(log, writer, works) -> list:
    """Return futures of tasks that wait while the first transaction is blocked."""
    log.gate.clear()
    first = writer.submit(lambda notes: notes.append(-1))
    futures = [writer.submit(work) for work in works]
    log.gate.set()
    first.result(10)
    return futures


def noting(number: int):
    def work(notes: list[int]) -> int:
        notes.append(number)
        return number * 10

    return work


def failing(notes: list[int]) -> None:
    notes.append(99)
    raise ValueError("of its own making")


def test_waiting_tasks_share_a_transaction(log, writer) -> None:
    futures = waiting(log, writer, [noting(n) for n in range(5)])
    assert [future.result(10) for future in futures] == [0, 10, 20, 30, 40]
    assert len(log.commits) <= 2
    assert log.kept == [-1, 0, 1, 2, 3, 4]


def test_a_failing_task_does_not_affect_others(log, writer) -> None:
    futures = waiting(log, writer, [noting(1), failing, noting(2)])
    assert (futures[0].result(10), futures[2].result(10)) == (10, 20)
    with pytest.raises(ValueError, match="of its own making"):
        futures[1].result(10)
    assert sorted(log.kept) == [-1, 1, 2]  # the failed one left nothing


def test_all_tasks_fail_if_no_transaction_can_begin(log, writer) -> None:
    log.fails = True
    for future in [writer.submit(noting(n)) for n in range(3)]:
        with pytest.raises(StoreError, match="locked"):
            future.result(10)
    log.fails = False
    assert writer.submit(noting(1)).result(10) == 10


def test_canceled_tasks_do_not_run(log, writer) -> None:
    log.gate.clear()
    writer.submit(noting(1))
    while writer._waiting.qsize():  # until the writer has taken it
        pass
    given_up = writer.submit(noting(2))
    assert given_up.cancel()
    log.gate.set()
    assert writer.submit(noting(3)).result(10) == 30
    assert log.kept == [1, 3]


def test_waiting_tasks_run_before_closing(log, writer) -> None:
    log.gate.clear()
    futures = [writer.submit(noting(n)) for n in range(3)]
    log.gate.set()
    writer.close()
    assert [future.done() for future in futures] == [True] * 3
    with pytest.raises(StoreError, match="closed"):
        writer.submit(noting(4))
