"""The example notebooks: run them, and clear their outputs.

python tools/notebooks.py                      # clears the outputs of all, before a commit
python tools/notebooks.py --run FROM --to TO   # runs one, and writes it with its outputs
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))
_CELL_SECONDS = 1800  # after which a cell is taken to hang, on a busy machine too
_WITHOUT_WIDGETS = "import sys\n\nsys.modules['ipywidgets'] = None\n"


def run(path: Path, target: Path) -> None:
    """Run a notebook in a kernel without ipywidgets, and write it with its outputs.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises an error.
    """
    from nbclient import NotebookClient

    if importlib.util.find_spec("matplotlib"):
        import matplotlib.font_manager  # noqa: F401 - builds its cache here, not in a cell
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        startup = Path(folder, "profile_default", "startup")
        startup.mkdir(parents=True)
        startup.joinpath("no_widgets.py").write_text(_WITHOUT_WIDGETS, encoding="utf-8")
        variables = {**os.environ, "IPYTHONDIR": folder, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        client = NotebookClient(notebook, timeout=_CELL_SECONDS, kernel_name="python3")
        client.execute(cwd=folder, env=variables)
    target.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def cleared(notebook: Any) -> Any:
    """Remove all outputs of a notebook, and what an editor notes in it; return it."""
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def text_without_outputs(path: Path) -> str:
    """Return the text of a notebook's file as it is committed."""
    return nbformat.writes(cleared(nbformat.read(path, as_version=4))) + "\n"


def main() -> None:
    """Clear the outputs of all notebooks, or run one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, metavar="FROM", help="run this notebook")
    parser.add_argument("--to", type=Path, help="where it is written with its outputs")
    options = parser.parse_args()
    if options.run and options.to:
        run(options.run, options.to)
        return
    for path in NOTEBOOKS:
        text = text_without_outputs(path)
        if path.read_text(encoding="utf-8") != text:
            print(f"{path.relative_to(ROOT)}: outputs removed")
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
