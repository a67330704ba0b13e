"""The limit of BLAS to one thread: the same bits always, and nothing of it stays behind."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading

import pytest
import threadpoolctl
from tests.conftest import random_interactions

import penchant
from penchant import _blas
from penchant._blas import one_blas_thread

KINDS = {
    "als": lambda: penchant.ALS(factors=16, iterations=2),
    "hybrid-als": lambda: penchant.HybridALS(factors=16, iterations=2),
    "ranking": lambda: penchant.Ranking(factors=8, iterations=2),
    "ease": lambda: penchant.EASE(regularization=1.0, confidence="linear"),
    "pure-svd": lambda: penchant.PureSVD(factors=32),
    "slim": lambda: penchant.SLIM(l1=0.5, l2=5.0),
    "graph-filter": lambda: penchant.GraphFilter(factors=32),
    "item-neighbors": lambda: penchant.ItemNeighbors(),
    "user-neighbors": lambda: penchant.UserNeighbors(),
    "popularity": lambda: penchant.Popularity(),
    "random": lambda: penchant.Random(),
    "content": lambda: penchant.Content(),
    "blend": lambda: penchant.Blend({"ease": penchant.EASE(), "als": penchant.ALS(factors=8)}),
}


def digest_of_a_fit(kind: str) -> str:
    data = random_interactions(900, 1000, density=0.05)
    tags = {item: [str(item)[-1], str(item)[-2:]] for item in data.items}
    model = KINDS[kind]().fit(data.with_item_features(penchant.Features.of(tags)))
    digest = hashlib.sha256()
    for name, array in sorted(model._arrays().items()):
        digest.update(name.encode() + array.tobytes())
    answer = model.recommend(list(data.users)[:50], k=5)
    digest.update(answer.scores.tobytes())
    return digest.hexdigest()


def blas_threads() -> dict[str, int]:
    return {
        one["filepath"]: one["num_threads"]
        for one in threadpoolctl.threadpool_info()
        if one["user_api"] == "blas"
    }


def set_blas_threads(numbers: dict[str, int]) -> None:
    for one in threadpoolctl.ThreadpoolController().lib_controllers:
        if one.filepath in numbers:
            one.set_num_threads(numbers[one.filepath])
        if hasattr(one, "clear_controlling_thread"):
            one.clear_controlling_thread(force=True)
    assert blas_threads() == numbers


@pytest.fixture
def two_threads():
    """BLAS on two threads, as in a process that uses it elsewhere, SciPy's too."""
    import scipy.linalg  # noqa: F401

    before = blas_threads()
    set_blas_threads(dict.fromkeys(before, 2))
    yield
    set_blas_threads(before)


@pytest.mark.parametrize("kind", KINDS)
def test_two_fits_in_a_fresh_process_give_the_same_bits(kind: str) -> None:
    code = (
        "from tests.test_blas import digest_of_a_fit, blas_threads\n"
        "before = set(blas_threads().values())\n"
        f"print(digest_of_a_fit({kind!r}), digest_of_a_fit({kind!r}))\n"
        "print(set(blas_threads().values()) == before)"
    )
    command = [sys.executable, "-c", code]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(2)]
    digests = {digest for run in runs for digest in run.stdout.split()[:2]}
    assert len(digests) == 1, [run.stdout for run in runs]
    assert all("True" in run.stdout for run in runs)


@pytest.mark.parametrize("kind", KINDS)
def test_six_threads_fit_at_once_and_leave_blas_as_it_was(kind: str, two_threads: None) -> None:
    digests: list[str] = []
    threads = [
        threading.Thread(target=lambda: digests.append(digest_of_a_fit(kind))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(digests) == 6
    assert len(set(digests)) == 1
    assert set(blas_threads().values()) == {2}


def test_blocks_that_overlap_are_counted(two_threads: None) -> None:
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with one_blas_thread():
            entered.set()
            leave.wait()

    holder = threading.Thread(target=hold)
    with one_blas_thread():
        holder.start()
        entered.wait()
    assert set(blas_threads().values()) == {1}  # the other block is not left yet
    leave.set()
    holder.join()
    assert set(blas_threads().values()) == {2}


def test_an_error_within_a_block_lifts_the_limit(two_threads: None) -> None:
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        _ = 1 / 0
    assert set(blas_threads().values()) == {2}


def test_scipys_blas_is_loaded_before_the_limit_is_set() -> None:
    code = (
        "import sys, penchant\n"
        "from penchant._blas import one_blas_thread\n"
        "from tests.test_blas import blas_threads\n"
        "before = len(blas_threads())\n"
        "with one_blas_thread(scipy=True):\n"
        "    assert len(blas_threads()) >= before and set(blas_threads().values()) == {1}\n"
        "with one_blas_thread(), one_blas_thread(scipy=True):\n"
        "    assert set(blas_threads().values()) == {1}\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_library_loaded_between_blocks_is_limited_by_the_inner_one() -> None:
    code = (
        "from penchant._blas import one_blas_thread\n"
        "from tests.test_blas import blas_threads\n"
        "with one_blas_thread():\n"
        "    import scipy.linalg\n"
        "    with one_blas_thread():\n"
        "        assert set(blas_threads().values()) == {1}, blas_threads()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_forked_process_begins_without_the_limit(two_threads: None) -> None:
    with one_blas_thread():
        _blas._after_fork()
        assert set(blas_threads().values()) == {2}
    assert _blas._LIMIT.n_blocks == 0
