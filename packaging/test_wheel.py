"""Test an installed wheel, away from the checkout: every instruction set, a file, the demo."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import penchant
from penchant._kernels import isa


def fitted() -> penchant.Model:
    """Fit a model to made-up likes."""
    rows = np.random.default_rng(0).integers(0, [200, 80], size=(4000, 2))
    frame = {"user": rows[:, 0], "item": rows[:, 1]}
    path = Path("likes.csv")
    pairs = zip(*frame.values(), strict=True)
    path.write_text("user,item\n" + "".join(f"{user},{item}\n" for user, item in pairs))
    return penchant.ALS(factors=16, iterations=3, seed=1).fit(penchant.read_interactions(path))


def main() -> None:
    """Run the checks in an empty folder."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        lists = {}
        for name in isa.available_isas():
            isa.set_isa(name)
            model = fitted()
            lists[name] = tuple(model.recommend("3", k=5).ids)
        model.save("model.penchant")
        assert tuple(penchant.load("model.penchant").recommend("3", k=5).ids) == lists[name]
        program = "from penchant.cli import main; main()"
        subprocess.run([sys.executable, "-c", program, "demo"], check=True)
        assert Path("demo/report.html").stat().st_size > 10_000
        print(platform.platform(), platform.machine(), sys.version.split()[0], lists)
        os.chdir(Path(folder).parent)  # Windows can't remove a folder that a process is in


if __name__ == "__main__":
    main()
