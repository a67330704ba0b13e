"""Plots of learning curves and tuning results, as matplotlib figures.

Each function takes a result and optionally the axes to draw on, and returns the axes or figure. A
notebook shows these where they are the value of a cell. No function touches pyplot or the settings
of matplotlib: save or change the figure afterwards. :mod:`penchant.plots.interactive` has plotly
versions. Needs the extra ``plot``.
"""

from penchant.plots import interactive as interactive
from penchant.plots.compare import compare_tuning as compare_tuning
from penchant.plots.curves import learning_curve as learning_curve
from penchant.plots.curves import traces as traces
from penchant.plots.grids import heat_map as heat_map
from penchant.plots.importances import importance as importance
from penchant.plots.importances import importances as importances
from penchant.plots.pareto import front as front
from penchant.plots.pareto import pareto as pareto

__all__ = [
    "compare_tuning",
    "front",
    "heat_map",
    "importance",
    "importances",
    "interactive",
    "learning_curve",
    "pareto",
    "traces",
]
