"""The solver that ``solver="auto"`` amounts to on some data."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.interactions import Interactions
from penchant.models._outline import Outline
from penchant.models.als.settings import AlsSettings

_PART = 1 << 16

Counts = npt.NDArray[np.int64]


def solver_on(settings: AlsSettings, data: Interactions) -> str:
    """Return the solver that trains on some data: ``"auto"`` where it depends on the row.

    With ``"auto"`` each row is solved by the solver with the lower predicted cost, which depends
    on its entries, the number of factors, and ``cg_steps``.

    Parameters
    ----------
    settings
        The settings of the model.
    data
        The training data; their outline has the answer where the interactions are not kept.
    """
    if settings.solver != "auto":
        return settings.solver
    if isinstance(data, Outline):
        return str(data.facts.get("solver", settings.solver))
    counts = np.concatenate(_entries_per_row(data))
    exact = _kernels.count_exact_rows(counts, settings.factors, settings.dtype, settings.cg_steps)
    if not exact:
        return "cg"
    return "exact" if exact == np.count_nonzero(counts) else "auto"


def _entries_per_row(data: Interactions) -> tuple[Counts, Counts]:
    """Return the numbers of interactions of users and of items."""
    if data.blocks is not None:
        return data.blocks.users.row_counts, data.blocks.items.row_counts
    items, columns = np.zeros(data.n_items, np.int64), data.csr.indices
    size = max(_PART, data.n_items)
    for begin in range(0, len(columns), size):  # bincount copies to 8 bytes a number
        items += np.bincount(columns[begin : begin + size], minlength=data.n_items)
    return data.csr.row_counts, items
