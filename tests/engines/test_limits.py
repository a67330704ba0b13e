"""Limits of memory that the system tells."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from penchant.engines import limits
from penchant.engines.limits import memory_limit


def test_the_machine_has_memory() -> None:
    limit = memory_limit()
    assert limit is None or limit > 1 << 24


@pytest.mark.skipif(sys.platform == "win32", reason="there are no resource limits")
def test_the_address_space_is_limited() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 33, 1 << 33));"
        "from penchant.engines.limits import memory_limit; print(memory_limit() <= 1 << 33)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "True"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")


@pytest.mark.parametrize(
    ("proc", "files", "expected"),
    [
        ("0::/a/b\n", {"a/memory.max": "5000\n", "a/b/memory.max": "max\n"}, [5000]),
        ("0::/a/b\n", {"a/memory.max": "5000\n", "a/b/memory.max": "70\n"}, [70, 5000]),
        ("0::/\n", {"memory.max": "9\n"}, [9]),
        (
            "3:cpu:/x\n2:memory:/y\n0::/\n",
            {"memory/y/memory.limit_in_bytes": "8\n", "memory/memory.limit_in_bytes": "99\n"},
            [8, 99],
        ),
        ("0::/elsewhere/c\n", {"memory.max": "11\n"}, [11]),
        ("0::/none\n", {}, []),
    ],
)
def test_control_groups_of_both_versions_are_read(proc, files, expected, tmp_path) -> None:
    write(tmp_path / "cgroup", proc)
    for name, text in files.items():
        write(tmp_path / "fs" / name, text)
    assert limits._control_group(tmp_path / "cgroup", tmp_path / "fs") == expected


def test_a_system_without_control_groups_has_no_such_limit(tmp_path) -> None:
    assert limits._control_group(tmp_path / "none", tmp_path) == []
