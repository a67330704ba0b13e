"""A model file from a stranger, with right checksums and arrays that lead out of bounds.

Each command that uses the arrays refuses it, in a process of its own, where a crash would be seen.
`penchant info` shows the header only.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.smoke.servers import PROGRAM, serving

import penchant
from penchant._files import container
from penchant.serving.store.base import Event
from penchant.serving.store.opening import open_store

MODEL = "strange.penchant"
COMMANDS = {
    "recommend": [MODEL, "u0001"],
    "similar": [MODEL, "i0001"],
    "explain": [MODEL, "u0001", "i0001"],
    "export": [MODEL, "--to", "out.csv"],
    "update": [MODEL, "-o", "new.penchant", "--db", "sqlite:///store.db"],
    "forget": ["u0001", "--model", MODEL, "--db", "sqlite:///store.db"],
    "serve": [MODEL, "--db", "sqlite:///store.db", "--port", "0"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good model of neighbors, and a copy in which one of them is item 2³⁰."""
    model = penchant.ItemNeighbors(neighbors=3).fit(random_interactions(9, 8, density=0.5))
    arrays, manifest = container.read(model.save(tmp_path / "good.penchant"), mmap=False)
    arrays = {name: array.copy() for name, array in arrays.items()}
    arrays["arrays/neighbors"][0] = np.int32(2**30)
    container.write(tmp_path / MODEL, arrays, manifest)
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        store.add([Event("u0002", "i0003")])
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_refuses_it_and_says_why(command: str, folder: Path) -> None:
    before = sorted(path.name for path in folder.iterdir())
    words = [*PROGRAM, command, *COMMANDS[command]]
    run = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120)
    assert run.returncode == 1, run.stderr
    message = " ".join(run.stderr.split())
    assert "'neighbors' holds 1073741824, expected less than 8" in message
    assert "Traceback" not in run.stderr
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_server_goes_on_with_its_own_model(folder: Path) -> None:
    model = folder / "good.penchant"
    with serving(model, f"sqlite:///{folder / 'store.db'}") as server:
        before = server.ask("/api/v1/recommend?user=u0001")
        assert before.status == 200
        (folder / MODEL).replace(model)
        refused = server.ask("/api/v1/admin/reload", "POST")
        assert refused.status == 409
        assert "neighbors" in json.dumps(refused.json)
        assert server.ask("/api/v1/recommend?user=u0001").body == before.body
