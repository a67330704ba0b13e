"""EASE: a linear item-item model in closed form."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant._files.arrays import ArraySpec
from penchant._settings.configurable import validate
from penchant._settings.declarations import HalfLife, Setting, Threads
from penchant.data.interactions import Csr, Interactions
from penchant.errors import SettingsError
from penchant.models._density import mean_degree
from penchant.models.base import OnEpoch
from penchant.models.capabilities import ReportsSteps
from penchant.models.linear.autoencoder import (
    bytes_to_solve,
    dropout_penalties,
    zero_diagonal_weights,
)
from penchant.models.linear.base import LinearModel
from penchant.models.linear.dense_weights import DenseWeights
from penchant.models.linear.inverse import OnStep
from penchant.models.linear.sparse_weights import SparseWeights
from penchant.models.search import Search

if TYPE_CHECKING:
    import scipy.sparse as sp

log = logging.getLogger("penchant")

_PER_INTERACTION = 4.0  # the default of the regularization, for each interaction of the mean
_TOLERANCE = 1e-6  # of the regressions on neighbors: the duality gap relative to ½‖x_j‖²

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


@dataclass(kw_only=True, eq=False)
class EASE(LinearModel, ReportsSteps):
    """Predict every item from all others by linear weights in closed form (EASEᴿ).

    The score of item j for user u is Σ_i x_ui b_ij. The weights B minimize
    ‖X − XB‖² + λ‖B‖² with a zero diagonal: with P = (XᵀX + λI)⁻¹ they are b_ij = −p_ij / p_jj
    (Steck 2019, "Embarrassingly shallow autoencoders for sparse data", equation 8). Unlike
    similarities the weights can be negative, and correlated items are not counted twice.

    With ``dropout`` it is EDLAE, the same regression on histories that lost a share p of their
    interactions, in closed form: λ_i = λ + p/(1−p) Σ_u x_ui² takes the place of λ (Steck 2020,
    "Autoencoders that don't overfit towards the identity").

    With ``neighbors`` k each item is predicted from its k most similar items only: k² operations in
    the place of n², and a sparse B. This is a local approximation of the inverse, as those of Steck
    2019b, "Markov random fields for collaborative filtering". The Gram matrix XᵀX is then sparse
    and takes 8 bytes for each pair of items with a user in common, and up to twice that while it
    is computed; the model and its file take 8·k·n bytes.

    Without, there is a weight for each pair of items: the model and its file take 4·n² bytes.
    Fitting takes 8·m² bytes more and m³ operations; m is the smaller of the numbers of users and
    items.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    regularization: Annotated[
        float | None,
        Setting(
            above=0,
            help="L2 penalty λ. Default: by the data.",
            details="By the data it is 4 d times the mean of x², where d is the mean number of "
            "interactions of users and items (their geometric mean; see the manual on defaults).",
            tune=(10.0, 5000.0, "log"),
        ),
    ] = None
    dropout: Annotated[
        float,
        Setting(
            min=0,
            below=1,
            help="Share p of the interactions that are dropped in training (EDLAE); 0: EASE.",
            details="In closed form: p/(1−p) Σ_u x_ui² is added to the penalty of item i, so that "
            "weights of popular items are smaller.",
            source="Steck 2020",
            tune=(0.0, 0.8),
        ),
    ] = 0.0
    neighbors: Annotated[
        int | None,
        Setting(
            min=1,
            help="Items that may have a weight for each item, the most similar by cosine; none: "
            "all.",
            details="For more items than fit into memory.",
            source="Steck 2019b",
        ),
    ] = None
    confidence: Annotated[
        Literal["binary", "linear", "log"],
        Setting(
            help="Value of an interaction in X.",
            details='``"binary"``: 1, and −1 for a dislike, as in the paper (without dislikes); '
            '``"linear"``: its value, to which λ must then be fitted; ``"log"``: log(1 + size) '
            "with the sign of the value.",
        ),
    ] = "binary"
    max_items: Annotated[
        int,
        Setting(
            min=1,
            help="Most items accepted without neighbors; memory grows with the square of their "
            "number.",
            details="More are refused before any work is done.",
        ),
    ] = 20_000
    max_memory: Annotated[
        float,
        Setting(
            above=0,
            unit="GB",
            help="Most memory for the Gram matrix with neighbors.",
            details="More is refused before weights are computed.",
            advanced=True,
        ),
    ] = 4.0
    half_life: HalfLife = None
    threads: Threads = None

    kind: ClassVar[str] = "ease"
    search: ClassVar[Search] = Search(start={"regularization": 300.0}, rules=("regularization",))
    arrays: ClassVar[Mapping[str, ArraySpec]] = {
        "weights": ArraySpec("float32", ("n_items", "n_items"), needs="all_pairs"),
        **SparseWeights.specs(needs="neighbors"),
    }

    def __post_init__(self) -> None:
        validate(self)

    # --- fitting -------------------------------------------------------------------

    def fit(
        self,
        interactions: Interactions,
        *,
        on_epoch: OnEpoch | None = None,
        on_step: OnStep | None = None,
    ) -> Self:
        """Solve for the weights; there are no epochs, so ``on_epoch`` is not called.

        Parameters
        ----------
        interactions
            Users × items.
        on_step
            Called with the completed and the total number of steps.

        Raises
        ------
        DataError
            If it is not interactions.
        EmptyDataError
            If there are none.
        SettingsError
            If there are more than ``max_items`` items without ``neighbors``, the Gram matrix takes
            more than ``max_memory`` with them, or the regularization is lost in the rounding
            because values are large.
        """
        interactions = self._to_learn(interactions)
        self._check_size(interactions)
        began = time.perf_counter()
        X = self._weighted(interactions.csr, interactions)
        solve = self._solve if self.neighbors is None else self._solve_near
        self._weights = solve(X, on_step)
        self._interactions = interactions
        self._check_learned()
        log.debug("EASE: %d items in %.2f s", X.n_columns, time.perf_counter() - began)
        return self

    def _check_size(self, data: Interactions) -> None:
        n = data.n_items
        if n <= self.max_items or self.neighbors is not None:
            return
        counts = np.sort(np.bincount(data.csr.indices, minlength=n))[::-1]
        least = int(counts[self.max_items]) + 1
        left = int((counts >= least).sum())
        advice = f" (.threshold(min_per_item={least}) leaves {left:,})" if left else ""
        raise SettingsError(
            f"EASE holds a weight for every pair of items: {n:,} items need "
            f"{_gigabytes(bytes_to_solve(data.n_users, n))} of memory to fit and "
            f"{_gigabytes(4 * n * n)} to keep, and max_items is {self.max_items:,}: set "
            f"neighbors, such as 200, leave out rare items{advice}, or raise max_items if there is "
            "so much memory"
        )

    def _solve(self, X: Csr, on_step: OnStep | None) -> DenseWeights:
        """Compute all weights in closed form."""
        threads, penalty = _kernels.thread_count(self.threads), self._penalty(X)
        try:
            B = zero_diagonal_weights(
                X, penalty, dropout=self.dropout, threads=threads, on_step=on_step
            )
        except np.linalg.LinAlgError as error:
            raise SettingsError(
                f"regularization={penalty:g} is lost in the rounding, since "
                f"values are large: raise it, or take confidence='binary' or 'log'"
            ) from error
        return DenseWeights(B, self.threads)

    def _solve_near(self, X: Csr, on_step: OnStep | None) -> SparseWeights:
        """Solve the regression of each item on its nearest neighbors."""
        problem = _kernels.ElasticNet(
            l1=0.0,
            l2=self._penalty(X) + dropout_penalties(X, self.dropout),
            max_candidates=self.neighbors,
            tolerance=_TOLERANCE,
        )
        return self._solve_items(X, problem, on_step)

    def _penalty(self, X: Csr) -> float:
        """Return λ: as given, or 4 d times the mean of x², see :func:`mean_degree`."""
        if self.regularization is not None:
            return self.regularization
        values = X.values.astype(np.float64)
        return _PER_INTERACTION * mean_degree(X) * float(values @ values / len(values)) or 1.0

    @property
    def weights(self) -> F32 | sp.csr_array:
        """B, float32, shape (n_items, n_items): b_ij is what item i adds to the score of item j.

        An array, or SciPy's CSR with ``neighbors``.
        """
        _ = self._trained_on
        matrix = self._weights.matrix
        return matrix.to_scipy() if isinstance(matrix, Csr) else matrix

    # --- files ---------------------------------------------------------------------

    def _sizes(self) -> dict[str, int | str]:
        """Return the dimensions; "all_pairs" stands for a weight of each pair of items."""
        return super()._sizes() | ({"all_pairs": 1} if self.neighbors is None else {})

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        if self.neighbors is None:
            self._weights = DenseWeights(arrays["weights"], self.threads)
        else:
            self._weights = SparseWeights.of_arrays(arrays, self.threads)


def _gigabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:,.1f} GB"
