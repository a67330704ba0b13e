"""The arithmetic of one block, on arrays; without state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.csr import Csr, row_pointers
from penchant.engines.base import F64, Factors, Objective, Penalties, Spectrum
from penchant.engines.feature_prior import mean_entries
from penchant.engines.native import native_objective, trained_rows
from penchant.engines.wide_rows import solve_wide_rows, wide_rows_of


@dataclass(frozen=True, eq=False)
class FixedSide:
    """The factors that a half step does not change, rotated, with room for prior means.

    Attributes
    ----------
    buffer
        Shape (n + room, f), from :func:`penchant._kernels.align_rows`: the factors, and below them
        room for a vector of each row of a block that has prior means.
    n
        The number of factors.
    eigenvalues
        Those of their Gram matrix, shape (f,).
    """

    buffer: Factors
    n: int
    eigenvalues: F64

    def with_room(self, rows: int) -> FixedSide:
        """Return a copy with room for the prior means of as many rows."""
        n, f = self.n, self.buffer.shape[1]
        buffer = _kernels.align_rows(np.zeros((n + rows, f), self.buffer.dtype))
        buffer[:n] = self.buffer[:n]
        return FixedSide(buffer, n, self.eigenvalues)


def solve_block(
    rows: Csr,
    fixed: FixedSide,
    solved: Factors,
    regularization: Penalties,
    objective: Objective,
    *,
    means: F64 | None = None,
    whole: Csr | None = None,
    threads: int,
) -> None:
    """Solve the rows of a block in place, in the coordinates of the fixed side.

    Parameters
    ----------
    rows
        m weighted rows over the n columns of the fixed side, validated.
    fixed
        The fixed side; with prior means, it has room for m rows.
    solved
        Shape (m, f), a block of factors from :func:`penchant._kernels.align_rows`: the start of
        iterative solvers, in the same coordinates.
    regularization
        λ of each row, shape (m,).
    objective
        The weights of the objective and the solver.
    means
        The prior means of the rows, shape (m, f), in the same coordinates; None: zero.
    whole
        The block, where the rows are a part of it: the solutions are those of the whole block, bit
        for bit. None: the rows are all of the block.
    threads
        The number of threads; the result does not depend on it.

    Raises
    ------
    KeyboardInterrupt
        At Ctrl-C. Each row is then either solved or as it was.
    """
    weight, size = objective.unobserved_weight, fixed.n
    pointers = None if whole is None else _planned(whole, has_means=means is not None)
    if means is not None:
        rows, below = mean_entries(rows, means, regularization, weight)
        size = fixed.n + len(below)
        fixed.buffer[fixed.n : size] = below
    columns = fixed.buffer[:size]
    spectrum = Spectrum(fixed.eigenvalues, np.eye(solved.shape[1]))  # all is rotated
    _kernels.solve_rotated(
        trained_rows(rows, size, pointers),
        columns,
        spectrum,
        solved,
        native_objective(objective, regularization),
        threads=threads,
    )
    wide = wide_rows_of(solved, rows, regularization, weight)
    solve_wide_rows(
        solved,
        rows,
        wide,
        columns,
        spectrum,
        regularization,
        unobserved_weight=weight,
        threads=threads,
    )


def _planned(whole: Csr, *, has_means: bool) -> npt.NDArray[np.int64]:
    """Return the row pointers of a block as its rows are solved."""
    counts = whole.row_counts
    return row_pointers(counts + (counts > 0)) if has_means else whole.indptr
