"""Run the notebooks of ``examples/notebooks``, for pages of the manual with their outputs.

Each is run in a process of its own and written to ``docs/notebooks``. It is run again when its
source or the library is newer. ``-D run_notebooks=0`` leaves their outputs out.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

import penchant

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = Path(penchant.__file__).parent


def write(app: Sphinx, config: Any) -> None:
    """Write the notebooks where Sphinx finds them."""
    folder = Path(app.srcdir, "notebooks")
    folder.mkdir(exist_ok=True)
    sources = sorted(ROOT.glob("examples/notebooks/*.ipynb"))
    for source in sources:
        target = folder / source.name
        if _is_current(source, target, with_outputs=config.run_notebooks):
            continue
        if not config.run_notebooks:
            shutil.copyfile(source, target)
            continue
        script = ROOT / "tools" / "notebooks.py"
        command = [sys.executable, str(script), "--run", str(source), "--to", str(target)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if ran.returncode:
            raise ExtensionError(f"{source.name} failed:\n{ran.stderr}")
    for page in folder.glob("*.ipynb"):
        if page.name not in {source.name for source in sources}:
            page.unlink()


def _is_current(source: Path, target: Path, *, with_outputs: bool) -> bool:
    """Return whether a page has the cells of its notebook, and outputs of today's library."""
    if not target.exists() or _cells(target) != _cells(source):
        return False
    if not with_outputs:
        return True
    changed = max(path.stat().st_mtime for path in LIBRARY.rglob("*.py"))
    return '"output_type"' in target.read_text("utf-8") and target.stat().st_mtime > changed


def _cells(notebook: Path) -> list[str]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the step; called by Sphinx."""
    app.add_config_value("run_notebooks", True, "env", [bool])
    app.connect("config-inited", write)
    return {"parallel_read_safe": True}
