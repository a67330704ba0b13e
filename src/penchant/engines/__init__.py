"""Engines: where models of ALS are trained.

``model.fit(data, engine=…)`` takes one. Without it a model trains on this machine, in memory, or
block by block where data on disk are large for the memory.
"""

from penchant.engines.base import Engine
from penchant.engines.blocks.engine import Blocks
from penchant.engines.cluster.dask import Dask
from penchant.engines.local import LocalEngine

__all__ = ["Blocks", "Dask", "Engine", "LocalEngine"]
