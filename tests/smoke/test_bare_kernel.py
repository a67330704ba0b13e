"""A Jupyter kernel without ipywidgets reads files and frames, and fits a model.

The kernel is simulated as DuckDB detects it: ``__main__`` has no file, and IPython's shell has
the settings of a kernel.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

KERNEL = """
import sys, types

class Shell:
    config = {"IPKernelApp": {}}

ipython = types.ModuleType("IPython")
ipython.get_ipython = Shell
sys.modules["IPython"] = ipython
sys.modules["ipywidgets"] = None  # not installed
import duckdb
try:
    duckdb.connect().execute("SET enable_progress_bar = false")
except duckdb.Error as error:
    assert "ipywidgets" in str(error), error
else:
    sys.exit("DuckDB does not take this process for a kernel without ipywidgets")
"""
CELLS = """
import pandas as pd
import penchant
from penchant.data.io.catalog_tables import read_catalog

quoted = penchant.read_interactions("log.csv")
frame = penchant.read_interactions(pd.read_csv("log.csv"))
assert quoted.nnz == frame.nnz == 3
assert len(read_catalog("names.csv")) == 2
model = penchant.ALS(factors=2, iterations=2).fit(pd.read_csv("log.csv"))
print(model.recommend("ann").ids)
"""


def test_a_bare_kernel_reads_and_fits(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text('user,item\nann,"a"\nbo,a\nbo,b\n')
    (tmp_path / "names.csv").write_text("id,name\na,A\nb,B\n")
    kernel = subprocess.run(
        [sys.executable, "-c", KERNEL + CELLS],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert kernel.returncode == 0, kernel.stderr
    assert kernel.stdout == "['b']\n"
    assert kernel.stderr == ""
