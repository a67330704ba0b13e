"""Pictures of learning curves and searches: matplotlib figures, drawn from results.

Each function takes a result, and axes if there are some already; it returns what it drew on. None
shows anything, and none touches pyplot or the settings of matplotlib: show, save or change the
figure as you like. :mod:`tacit.plots.interactive` draws some for a browser. Needs the extra
``plot``.
"""

from tacit.plots import interactive as interactive
from tacit.plots.compare import compare_searches as compare_searches
from tacit.plots.curves import learning_curve as learning_curve
from tacit.plots.curves import traces as traces
from tacit.plots.grids import heat_map as heat_map
from tacit.plots.importances import importance as importance
from tacit.plots.importances import importances as importances
from tacit.plots.pareto import front as front
from tacit.plots.pareto import pareto as pareto
