"""SLIM: sparse linear weights of items, by an elastic net for each item."""

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
from penchant.data.csr import Csr
from penchant.data.interactions import Interactions
from penchant.models.base import OnEpoch
from penchant.models.capabilities import ReportsSteps
from penchant.models.linear.base import LinearModel
from penchant.models.linear.inverse import OnStep
from penchant.models.linear.sparse_weights import SparseWeights

if TYPE_CHECKING:
    import scipy.sparse as sp

log = logging.getLogger("penchant")


@dataclass(kw_only=True, eq=False)
class SLIM(LinearModel, ReportsSteps):
    """Predict every item from a few others by sparse linear weights (SLIM).

    The score of item j for user u is Σ_i x_ui w_ij. The weights W have a zero diagonal and
    minimize ½‖X − XW‖² + ½ l2 ‖W‖² + l1 Σ|w_ij|, by default with w_ij ≥ 0 (Ning & Karypis 2011,
    "SLIM: sparse linear methods for top-N recommender systems"). Each item is an elastic net of its
    own, solved by coordinate descent on the Gram matrix XᵀX (Friedman, Hastie & Tibshirani 2010,
    "Regularization paths for generalized linear models via coordinate descent") until the duality
    gap is small. The minimum is unique.

    The Gram matrix takes 8 bytes for each pair of items with a user in common, and up to twice that
    while it is computed; ``max_memory`` limits it. The model and its file take 8 bytes for each
    weight that is not 0.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    l1: Annotated[
        float,
        Setting(
            min=0,
            help="L1 penalty.",
            details="A larger one leaves fewer weights. With likes, items with no more than l1 "
            "users in common have no weight if weights are nonnegative.",
            tune=(0.1, 20.0, "log"),
        ),
    ] = 1.0
    l2: Annotated[
        float,
        Setting(
            above=0,
            help="L2 penalty.",
            details="Useful values grow with the number of users, as EASE's regularization.",
            tune=(1.0, 1000.0, "log"),
        ),
    ] = 50.0
    nonnegative: Annotated[
        bool,
        Setting(
            help="Whether weights are 0 or more.",
            details="It is faster with them, and they explain recommendations more plainly.",
            tune=[True, False],
        ),
    ] = True
    neighbors: Annotated[
        int | None,
        Setting(
            min=1,
            help="Items that may have a weight for each item, the most similar by cosine; none: "
            "all.",
            details="Fits take less time, and the result is an approximation (fsSLIM).",
            source="Ning & Karypis 2011",
        ),
    ] = None
    confidence: Annotated[
        Literal["binary", "linear", "log"],
        Setting(
            help="Value of an interaction in X.",
            details='``"binary"``: 1, and −1 for a dislike; ``"linear"``: its value, to which the '
            'penalties must then be fitted; ``"log"``: log(1 + size) with the sign of the value.',
        ),
    ] = "binary"
    tolerance: Annotated[
        float,
        Setting(
            above=0,
            below=1,
            help="Duality gap at which the weights of an item are accepted, relative to ½‖x_j‖².",
            advanced=True,
        ),
    ] = 1e-4
    max_memory: Annotated[
        float,
        Setting(
            above=0,
            unit="GB",
            help="Most memory for the Gram matrix.",
            details="More is refused before weights are computed.",
            advanced=True,
        ),
    ] = 4.0
    half_life: HalfLife = None
    threads: Threads = None

    kind: ClassVar[str] = "slim"
    arrays: ClassVar[Mapping[str, ArraySpec]] = SparseWeights.specs()

    def __post_init__(self) -> None:
        validate(self)

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
            Called with the completed and the total number of blocks of items.

        Raises
        ------
        DataError
            If it is not interactions.
        EmptyDataError
            If there are none.
        SettingsError
            If the Gram matrix takes more than ``max_memory``, or the L2 penalty is lost in the
            rounding because values are large.
        """
        data = self._to_learn(interactions)
        began = time.perf_counter()
        X = self._weighted(data.csr, data)
        problem = _kernels.ElasticNet(
            l1=self.l1,
            l2=np.full(X.n_columns, float(self.l2)),
            nonnegative=self.nonnegative,
            max_candidates=self.neighbors,
            tolerance=self.tolerance,
        )
        weights = self._weights = self._solve_items(X, problem, on_step)
        self._interactions = data
        self._check_learned()
        n_weights, seconds = weights.matrix.nnz, time.perf_counter() - began
        log.debug("SLIM: %d weights of %d items in %.2f s", n_weights, X.n_columns, seconds)
        return self

    @property
    def weights(self) -> sp.csr_array:
        """W, SciPy CSR, float32, shape (n_items, n_items): w_ij is what item i adds to item j."""
        _ = self._trained_on
        matrix = self._weights.matrix
        assert isinstance(matrix, Csr)
        return matrix.to_scipy()

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._weights = SparseWeights.of_arrays(arrays, self.threads)
