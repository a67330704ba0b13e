"""The example notebooks run in a bare kernel, print no noise, and show the published figures.

The kernel has no ipywidgets. Files of real data are used where they are present.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from penchant.tuning.published import read_grid_log

nbformat = pytest.importorskip("nbformat")
notebooks = pytest.importorskip("tools.notebooks")
for module in ("ipykernel", "matplotlib", "nbclient", "optuna", "pandas"):
    pytest.importorskip(module)

ROOT, NOTEBOOKS = notebooks.ROOT, notebooks.NOTEBOOKS
NAMES = {"choosing-a-model", "cold-start", "first-hour", "lastfm", "sketchfab"}
MOST_LINES = 60  # of an output: a page of it is no result
OBJECT = re.compile(r"<\S+ (object|at 0x)|^\[?<|\[\[")  # reprs of objects and lists of them


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def outputs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """All outputs of a notebook, without real data."""
    return list(outputs_of(executed(request.param, tmp_path_factory.mktemp("executed"))))


def executed(path: Path, folder: Path, data: str = "") -> Any:
    """Return a notebook with its outputs; ``data`` is the folder of real data."""
    script, target = ROOT / "tools" / "notebooks.py", folder / path.name
    ran = subprocess.run(
        [sys.executable, str(script), "--run", str(path), "--to", str(target)],
        env={**os.environ, "PENCHANT_DATA": data}, capture_output=True, text=True, timeout=3600,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    return nbformat.read(target, as_version=4)


def outputs_of(notebook: Any) -> Iterator[Any]:
    for cell in notebook.cells:
        yield from cell.get("outputs", [])


def stdout_of(outputs: list[Any]) -> str:
    return "".join(output.text for output in outputs if output.get("name") == "stdout")


def texts(outputs: list[Any]) -> list[str]:
    """The outputs that a reader sees as text, since they have no richer form."""
    plain = [o.data["text/plain"] for o in outputs if "data" in o and set(o.data) == {"text/plain"}]
    return [stdout_of(outputs), *plain]


def noise(outputs: list[Any]) -> list[str]:
    """What a reader of the outputs should not see."""
    found = [output.text for output in outputs if output.get("name") == "stderr"]
    found += [output.evalue for output in outputs if output.output_type == "error"]
    for text in texts(outputs):
        long = text.count("\n") > MOST_LINES or len(text) > 80 * MOST_LINES
        found += [text] if long or OBJECT.search(text) else []
    return found


def test_there_are_five() -> None:
    assert {path.stem for path in NOTEBOOKS} == NAMES
    page = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^notebooks/(\S+)$", page, re.MULTILINE)) == NAMES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_are_committed_without_outputs(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == notebooks.text_without_outputs(path), (
        "run python tools/notebooks.py"
    )
    assert not any(cell.get("outputs") for cell in json.loads(path.read_text("utf-8"))["cells"])


def test_they_run_without_noise(outputs: list[Any]) -> None:
    assert noise(outputs) == []
    rich = [output.data for output in outputs if "data" in output]
    assert sum("text/html" in data for data in rich) >= 5
    assert sum("image/png" in data for data in rich) >= 1


def test_noise_is_noticed() -> None:
    from nbformat.v4 import new_output

    def shown(text: str) -> Any:
        return new_output("execute_result", {"text/plain": text})

    for noisy in (
        new_output("stream", name="stderr", text="a warning"),
        new_output("error", evalue="no"),
        shown("<Axes: xlabel='epoch'>"),
        shown("<matplotlib.lines.Line2D at 0x7f>"),
        shown("[<Trial 1>]"),
        shown("a line\n" * 100),
    ):
        assert noise([noisy]), noisy
    figure = {"text/plain": "<Axes: >", "image/png": "…"}
    assert noise([new_output("display_data", figure), shown("0.5")]) == []


@pytest.mark.parametrize("name", ["lastfm", "sketchfab"])
def test_stand_ins_are_named_as_such(name: str) -> None:
    text = (ROOT / "examples" / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
    assert "stand-in" in text
    assert "A STAND-IN" in text


def test_the_figures_of_real_plays(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    folder = real_data("lastfm-2k/user_artists.dat").parent.parent
    path = ROOT / "examples" / "notebooks" / "lastfm.ipynb"
    notebook = executed(path, tmp_path, data=str(folder))
    outputs = list(outputs_of(notebook))
    assert noise(outputs) == []
    assert "the real plays" in stdout_of(outputs)
    written = dict(
        re.findall(r"^\| (.*?) \| (0\.\d+) \|$", notebook.cells[-1].source, re.MULTILINE)
    )
    measured = outputs[-1].data["text/plain"]
    assert len(written) == 6
    for model, ndcg in written.items():
        row = re.search(rf"^{re.escape(model)} +(0\.\d+)", measured, re.MULTILINE)
        assert row is not None, model
        assert float(row[1]) == pytest.approx(float(ndcg), abs=0.0011), model


def test_the_figures_of_the_article_are_those_of_its_log(real_data: Callable[[str], Path]) -> None:
    import pandas

    search = read_grid_log(real_data("sketchfab/wrmf_gridsearch.log"))
    cells = json.loads((ROOT / "examples" / "notebooks" / "sketchfab.ipynb").read_text("utf-8"))
    sources = ["".join(cell["source"]) for cell in cells["cells"]]
    (curve,) = (text for text in sources if "published = pd.DataFrame" in text)
    (grid,) = (text for text in sources if "published_grid = pd.DataFrame" in text)
    names: dict[str, Any] = {"pd": pandas}
    exec(curve[: curve.index("columns = ")] + grid, names)
    log = {row.epoch: row for row in search.best.curve.rows}
    for epoch, row in names["published"].iterrows():
        parts = log[epoch].train, log[epoch].test
        ours = [part[metric] for metric in ("precision@5", "mse") for part in parts]
        assert list(row) == pytest.approx(ours), epoch
    for alpha, column in names["published_grid"].items():
        for factors, value in column.items():
            cell = [
                trial.value
                for trial in search.trials
                if (trial.settings["alpha"], trial.settings["factors"]) == (alpha, factors)
            ]
            assert value == pytest.approx(max(cell), abs=5.1e-5), (alpha, factors)
