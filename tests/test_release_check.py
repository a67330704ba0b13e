"""The examination of wheels in ``make release-check`` finds what it is for."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).resolve().parents[1] / "tools"
MODULE = "penchant/_native.abi3.so"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    monkeypatch.delitem(sys.modules, "release_check", raising=False)
    import release_check

    monkeypatch.setattr(release_check, "tracked", lambda *_: ["src/penchant/a.py"])
    return release_check


def wheel(folder: Path, names: Iterable[str], size: int = 10) -> Path:
    """Write a wheel of these files."""
    path = folder / "penchant-1-cp312-abi3-linux_x86_64.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in (*names, "penchant-1.dist-info/METADATA"):
            archive.writestr(name, b"x" * size)
    return path


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (["penchant/a.py", MODULE], ""),
        (["penchant/", "penchant/a.py", MODULE], ""),  # as auditwheel writes it
        ([MODULE], "lacks penchant/a.py"),
        (["penchant/a.py", MODULE, "tests/b.py"], "has tests/b.py"),
        (["penchant/a.py"], "lacks the native module"),
    ],
)
def test_contents(tool: ModuleType, tmp_path: Path, names: list[str], fault: str) -> None:
    assert tool.faults_of(wheel(tmp_path, names)) == fault


def test_size(tool: ModuleType, tmp_path: Path) -> None:
    path = wheel(tmp_path, ["penchant/a.py", MODULE], tool.MAX_WHEEL)
    assert tool.faults_of(path) == "is larger than 1.5 MB"


@pytest.mark.parametrize(
    ("tags", "fault"),
    [
        ("manylinux_2_27_aarch64", ""),
        ("manylinux_2_27_x86_64.manylinux_2_28_x86_64", ""),
        ("manylinux_2_34_x86_64", "needs more than manylinux_2_28"),
        ("linux_x86_64", "needs more than manylinux_2_28"),
    ],
)
def test_tags(tool: ModuleType, tags: str, fault: str) -> None:
    path = Path(f"penchant-1-cp312-abi3-{tags}.whl")
    assert tool.faults_of_tag(path, tool.NEWEST["gnu"]) == fault


def test_a_failed_command_is_reported(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    report = tool.Report()
    assert not report.check("it", [sys.executable, "-c", "raise SystemExit('because')"])
    assert report.lines["failed"] == ["it"]
    assert "because" in capsys.readouterr().out
