"""What the load of a server is measured with: questions, what wrk prints, tables."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest
from benchmarks.serving_models import Subject, as_typed, made_up_names
from benchmarks.serving_tables import tables

from benchmarks import wrk

PRINTED = """Running 10s test @ http://127.0.0.1:8000
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     4.97ms    3.10ms  44.10ms   72.50%
    Req/Sec     2.03k     1.05k    4.44k    72.50%
  Latency Distribution
     50%  670.00us
     75%    1.90ms
     90%    3.80ms
     99%    1.25s
  20286 requests in 10.00s, 65.90MB read
  Socket errors: connect 1, read 2, write 3, timeout 4
  Non-2xx or 3xx responses: 5
Requests/sec:   2028.10
Transfer/sec:      6.59MB
"""

WRK = """#!{python}
import pathlib, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
pathlib.Path("begun").touch()
signal.sigwait([signal.SIGINT])
print('''{printed}''')
"""


def test_what_wrk_prints_is_read():
    found = {"requests_per_second": 2028.1, "p50_ms": 0.67, "p99_ms": 1250.0, "max_ms": 44.1}
    kinds = {"connect": 1, "read": 2, "write": 3, "timeout": 4, "status": 5}
    assert wrk.parse_output(PRINTED) == found | {"errors": 15, "kinds_of_errors": kinds}
    assert wrk.parse_output(PRINTED.replace("timeout 4", "timeout 0"))[
        "kinds_of_errors"
    ].keys() == (kinds.keys() - {"timeout"})
    lines = [line for line in PRINTED.splitlines() if "errors" not in line and "2xx" not in line]
    assert wrk.parse_output("\n".join(lines)) == found | {"errors": 0, "kinds_of_errors": {}}


def test_a_load_goes_on_until_what_is_done_during_it_is_done(tmp_path: Path, monkeypatch):
    (tmp_path / "wrk").write_text(WRK.format(python=sys.executable, printed=PRINTED))
    (tmp_path / "wrk").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.chdir(tmp_path)

    def during() -> None:
        while not Path("begun").exists():
            time.sleep(0.01)

    found = wrk.load("http://x", ["/"], tmp_path, seconds=0, connections=1, during=during)
    assert found["errors"] == 15


def test_pauses_give_the_rate():
    assert wrk._pause(1600, 32).strip() == "delay = function() return math.random(10, 30) end"


def test_slips_are_few_and_names_are_many():
    names = made_up_names(2_000)
    assert len(set(names)) > 1_500
    typed = list(as_typed(names, 400))
    begun = [any(name.startswith(text) for name in names) for text in typed]
    assert all(begun[::2])
    assert np.mean(begun[1::2]) < 0.5


def test_questions_name_different_people_and_items(tmp_path: Path):
    subject = Subject(tmp_path / "x", "9 × 8 × 2", list(range(9)), list("abcdefgh"), ["Ab Cd"] * 8)
    asked = subject.questions()
    assert set(asked) == {"recommend", "similar", "search"}
    assert len(set(asked["recommend"])) == 9
    assert len(set(asked["similar"])) == 8
    assert not any(" " in path for path in asked["search"])


@pytest.mark.parametrize("name_of", [int, str])
def test_tables_of_a_document_and_of_its_file(name_of):
    found = {"requests_per_second": 1541.2, "p50_ms": 2.1, "p99_ms": 7.8, "errors": 0}
    told = {
        "machine": {"processor": "P", "cores": 2, "python": "3", "date": "2026-01-02T03",
                    "commit": "c", "load": 0.5},
        "models": {
            "demo": {
                "shape": "9 × 8 × 2",
                "start_seconds": {name_of(1): 1.25, name_of(2): 2.5},
                "load": {name_of(1): {"recommend": found}},
                "pages": {"map": {"p50_ms": 1.0, "p99_ms": 2.0}},
            }
        },
    }  # fmt: skip
    printed = tables(told)
    assert "| demo, 9 × 8 × 2 | 1.25 s | 2.50 s |" in printed
    assert "| demo | recommend | 1 | 1,541 | 2.1 ms | 7.8 ms | 0 |" in printed
    assert "| demo | map | 1.0 ms | 2.0 ms |" in printed
