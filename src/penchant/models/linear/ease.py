"""EASE: a linear item-item model in closed form."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant._files.arrays import ArraySpec
from penchant._settings.configurable import validate
from penchant._settings.declarations import HalfLife, Setting, Threads
from penchant.data.interactions import Csr, Interactions
from penchant.errors import SettingsError
from penchant.models._inputs import WeighsByAge
from penchant.models._scoring.scorers import BlockScorer, Scorer
from penchant.models.base import Metric, Model, OnEpoch
from penchant.models.capabilities import Explains, ReportsSteps
from penchant.models.linear.autoencoder import bytes_to_solve, zero_diagonal_weights
from penchant.models.linear.inverse import OnStep

log = logging.getLogger("penchant")

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


@dataclass(kw_only=True, eq=False)
class EASE(Model, WeighsByAge, Explains, ReportsSteps):
    """Predict every item from all others by linear weights in closed form (EASEᴿ).

    The score of item j for user u is Σ_i x_ui b_ij. The weights B minimize
    ‖X − XB‖² + λ‖B‖² with a zero diagonal: with P = (XᵀX + λI)⁻¹ they are b_ij = −p_ij / p_jj
    (Steck 2019, "Embarrassingly shallow autoencoders for sparse data", equation 8). Unlike
    similarities the weights can be negative, and correlated items are not counted twice.

    There is a weight for each pair of items: the model and its file take 4·n² bytes. Fitting
    takes 8·m² bytes more and m³ operations; m is the smaller of the numbers of users and items.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    regularization: Annotated[
        float,
        Setting(
            above=0,
            help="L2 penalty λ.",
            details="Useful values grow with the number of users: 50 to 1,000.",
            tune=(10.0, 5000.0, "log"),
        ),
    ] = 200.0
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
            help="Most items accepted; memory grows with the square of their number.",
            details="More are refused before any work is done.",
        ),
    ] = 20_000
    half_life: HalfLife = None
    threads: Threads = None

    kind: ClassVar[str] = "ease"
    arrays: ClassVar[Mapping[str, ArraySpec]] = {
        "weights": ArraySpec("float32", ("n_items", "n_items"))
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
            If there are more than ``max_items`` items, or the regularization is lost in the
            rounding because values are large.
        """
        interactions = self._to_learn(interactions)
        self._check_size(interactions)
        began = time.perf_counter()
        self._weights = self._solve(self._weighted(interactions.csr, interactions), on_step)
        self._interactions = interactions
        self._check_learned()
        log.debug("EASE: %d items in %.2f s", len(self._weights), time.perf_counter() - began)
        return self

    def _check_size(self, data: Interactions) -> None:
        n = data.n_items
        if n <= self.max_items:
            return
        counts = np.sort(np.bincount(data.csr.indices, minlength=n))[::-1]
        least = int(counts[self.max_items]) + 1
        left = int((counts >= least).sum())
        advice = f" (.threshold(min_per_item={least}) leaves {left:,})" if left else ""
        raise SettingsError(
            f"EASE holds a weight for every pair of items: {n:,} items need "
            f"{_gigabytes(bytes_to_solve(data.n_users, n))} of memory to fit and "
            f"{_gigabytes(4 * n * n)} to keep, and max_items is {self.max_items:,}: leave out "
            f"rare items{advice}, or raise max_items if there is so much memory"
        )

    def _solve(self, X: Csr, on_step: OnStep | None) -> F32:
        threads = _kernels.thread_count(self.threads)
        try:
            return zero_diagonal_weights(X, self.regularization, threads=threads, on_step=on_step)
        except np.linalg.LinAlgError as error:
            raise SettingsError(
                f"regularization={self.regularization:g} is lost in the rounding, since "
                f"values are large: raise it, or take confidence='binary' or 'log'"
            ) from error

    @property
    def weights(self) -> F32:
        """B, float32, shape (n_items, n_items): b_ij is what item i adds to the score of item j."""
        _ = self.interactions
        return self._weights

    # --- answers -------------------------------------------------------------------

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        X, B = self._weighted(rows).to_scipy(), self.weights
        return self._blocks(rows.n_rows, lambda span: X[span] @ B)

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        """Return the weights of an item ("dot"), or its partial correlations ("cosine").

        The partial correlation of items i and j given all others is −p_ij/√(p_ii p_jj), the
        geometric mean of b_ij and b_ji with their sign.
        """
        B = self.weights
        if metric == "dot":
            return self._blocks(len(items), lambda span: B[items[span]])
        return self._blocks(len(items), lambda span: _partial_correlations(B, items[span]))

    def _blocks(self, n: int, block: Callable[[slice], F32]) -> Scorer:
        return BlockScorer(
            n, len(self.items), lambda span: np.ascontiguousarray(block(span)), threads=self.threads
        )

    def _contributions(self, row: Csr, item: int) -> F64:
        added = self._weighted(row).values * self.weights[row.indices, item]
        return np.asarray(added, dtype=np.float64)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"weights": self._weights}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._weights = arrays["weights"]


def _partial_correlations(B: F32, items: npt.NDArray[Any]) -> F32:
    rows = B[items]
    correlations: F32 = np.copysign(np.sqrt(np.abs(rows)) * np.sqrt(np.abs(B[:, items].T)), rows)
    correlations[np.arange(len(items)), items] = 1
    return correlations


def _gigabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:,.1f} GB"
