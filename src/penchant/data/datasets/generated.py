"""Data sets that are generated on this machine."""

from __future__ import annotations

from penchant.data.datasets.registry import Dataset, register

SHAPES = Dataset(
    name="shapes",
    description="Made here, nothing is fetched: 6,000 visitors like 2,000 drawn solids for their "
    "color, form and finish.",
    license="None needed: penchant draws it.",
    homepage="",
    download_bytes=0,
    maker="penchant.demo.shapes:load",
)

register(SHAPES)
