"""Pictures of learning curves and searches: matplotlib figures, drawn from results.

Each function takes a result, and axes if there are some already; it returns what it drew on. None
shows anything, and none touches pyplot or the settings of matplotlib: show, save or change the
figure as you like. :mod:`penchant.plots.interactive` draws some for a browser. Needs the extra
``plot``.
"""

from penchant.plots import interactive as interactive
from penchant.plots.compare import compare_searches as compare_searches
from penchant.plots.curves import learning_curve as learning_curve
from penchant.plots.curves import traces as traces
from penchant.plots.grids import heat_map as heat_map
from penchant.plots.importances import importance as importance
from penchant.plots.importances import importances as importances
from penchant.plots.pareto import front as front
from penchant.plots.pareto import pareto as pareto
