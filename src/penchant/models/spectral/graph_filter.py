"""GraphFilter: histories filtered on the graph of items, without training."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant._files.arrays import ArraySpec
from penchant._settings.configurable import validate
from penchant._settings.declarations import HalfLife, Setting, Threads
from penchant.data.csr import Csr
from penchant.data.interactions import Interactions
from penchant.models._inputs import WeighsByAge
from penchant.models._scoring.frozen import freeze
from penchant.models._scoring.scorers import BLOCK_BYTES, BlockScorer, FactorScorer, Scorer
from penchant.models.base import Metric, Model, OnEpoch
from penchant.models.capabilities import Explains
from penchant.models.search import Search
from penchant.models.spectral.filters import Filter, ItemGraph, degrees, powers, scaled
from penchant.models.spectral.size import factors_for
from penchant.models.spectral.svd import truncated_svd

log = logging.getLogger("penchant")

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_BATCH = 128  # histories that are filtered at a time
_SHARE = 27.5  # of the size of the data, by which the default of factors is chosen


@dataclass(kw_only=True, eq=False)
class GraphFilter(Model, WeighsByAge, Explains):
    """Smooth a user's history over the graph of items that have users in common; no training.

    With the normalized interactions R̃ = D_U^−b X D_I^−a (D: sums of the absolute values of users
    and of items), divided by their largest singular value, the graph of items is P = R̃ᵀR̃. The
    scores of a history x are (1 − c) P x plus c times a low-pass filter, which keeps the smoothest
    signals on the graph: the first singular vectors V of R̃, weighted by H = (σ/σ₁)ˢ.

    - GF-CF (Shen et al. 2021, "How powerful is graph convolution for recommendation?"): both
      exponents 0.5 and ``factors=256``, with x in the first term and D_I^a V Vᵀ D_I^−a x in the
      second; α is c / (1 − c). The default exponents of 0.4 rank better on sparse data.
    - SGFCF (Peng et al. 2024, "How powerful is graph filtering for recommendation?"): other
      exponents a and b, ``signal="normalized"`` and an exponent s; without the weights for single
      users of that paper.
    - BSPM (Choi et al. 2023, "Blurring-sharpening process models for collaborative filtering"):
      Euler steps of dy/dt = −P y on the sum y, which brings out differences between items again.

    Neither a matrix items × items nor users × items is computed: a product with P takes two passes
    over the interactions. The model holds V and the interactions.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    low_pass: Annotated[
        float,
        Setting(
            min=0,
            max=1,
            help="Share c of the low-pass filter in the scores; the rest is the item graph.",
            details="0: the graph only; 1: the filter only. GF-CF's α = 0.3 is 0.23.",
            tune=(0.0, 1.0),
        ),
    ] = 0.25
    factors: Annotated[
        int | None,
        Setting(
            min=1,
            help="Number of singular vectors that the low-pass filter keeps. Default: by the size "
            "of the data.",
            details="By the size it is twice the default of PureSVD, from 12 to 256. GF-CF has "
            "256.",
            tune=(16, 512, "log"),
        ),
    ] = None
    item_exponent: Annotated[
        float,
        Setting(
            min=0, help="Exponent a of the items' degrees in the normalization.", tune=(0.0, 1.0)
        ),
    ] = 0.4
    user_exponent: Annotated[
        float,
        Setting(
            min=0, help="Exponent b of the users' degrees in the normalization.", tune=(0.0, 1.0)
        ),
    ] = 0.4
    spectral_exponent: Annotated[
        float,
        Setting(
            min=0,
            help="Exponent s of the singular values in the low-pass filter.",
            details="0: all vectors that are kept count alike (ideal low-pass).",
            tune=(0.0, 4.0),
        ),
    ] = 0.0
    signal: Annotated[
        Literal["raw", "normalized"],
        Setting(
            help="What is filtered.",
            details='``"raw"``: the history; the low-pass filter divides it by the items\' degrees '
            'and multiplies the result by them, as in GF-CF. ``"normalized"``: the normalized '
            "history, which favors rarer items, as in SGFCF.",
            tune=["raw", "normalized"],
        ),
    ] = "raw"
    sharpening: Annotated[
        float,
        Setting(
            min=0,
            help="Time of the sharpening process; 0: none.",
            details="A single step of more than 1 turns the sign of the strongest component, the "
            "popularity of items; more ``sharpening_steps`` avoid it.",
            source="Choi et al. 2023, equation 11",
            tune=(0.0, 1.0),
        ),
    ] = 0.0
    sharpening_steps: Annotated[
        int,
        Setting(min=1, help="Euler steps of the sharpening process.", advanced=True),
    ] = 1
    confidence: Annotated[
        Literal["binary", "linear", "log"],
        Setting(
            help="Value of an interaction in X.",
            details='``"binary"``: 1, and −1 for a dislike; ``"linear"``: its value; ``"log"``: '
            "log(1 + size) with the sign of the value.",
        ),
    ] = "binary"
    seed: Annotated[int, Setting(min=0, help="Seed of the random start of the SVD.")] = 0
    half_life: HalfLife = None
    threads: Threads = None

    kind: ClassVar[str] = "graph-filter"
    search: ClassVar[Search] = Search(
        start={"factors": 64}, rules=("factors",), quick={"factors": 64}
    )
    arrays: ClassVar[Mapping[str, ArraySpec]] = {
        "item_vectors": ArraySpec("float32", ("n_items", "?vectors")),
        "singular_values": ArraySpec("float64", ("?values",), min=0),
    }

    def __post_init__(self) -> None:
        validate(self)

    # --- fitting -------------------------------------------------------------------

    def fit(self, interactions: Interactions, *, on_epoch: OnEpoch | None = None) -> Self:
        """Compute the singular vectors; there are no epochs, so ``on_epoch`` is not called.

        Raises
        ------
        DataError
            If it is not interactions.
        EmptyDataError
            If there are none.
        """
        data = self._to_learn(interactions)
        began = time.perf_counter()
        X = self._weighted(data.csr, data)
        factors = factors_for(X, _SHARE) if self.factors is None else self.factors
        wanted = factors if self.low_pass > 0 else 1  # σ₁ scales the graph
        svd = truncated_svd(
            self._normalized(X), wanted, seed=self.seed, threads=_kernels.thread_count(self.threads)
        )
        vectors = svd.right if self.low_pass > 0 else svd.right[:, :0]
        self._keep(data, freeze(vectors.astype(np.float32)), svd.values)
        self._check_learned()
        log.debug("GraphFilter: %s in %.2f s", vectors.shape, time.perf_counter() - began)
        return self

    def _normalized(self, X: Csr, largest: float = 1.0) -> Csr:
        """Return R̃, divided by its largest singular value."""
        users, items = degrees(X)
        by_user = powers(users, -self.user_exponent) / max(largest, np.finfo(np.float64).tiny)
        return scaled(X, by_user, powers(items, -self.item_exponent))

    def _keep(self, data: Interactions, vectors: F32, values: F64) -> None:
        """Store what was fitted, and prepare the filter."""
        X = self._weighted(data.csr, data)
        _, items = degrees(X)
        inverse, ones = powers(items, -self.item_exponent), np.ones(len(items))
        raw, graph = self.signal == "raw", None
        if self.low_pass < 1 or self.sharpening > 0:
            graph = ItemGraph(self._normalized(X, values[0]))
        ratios = values[: vectors.shape[1]] / max(values[0], np.finfo(np.float64).tiny)
        self._filter = Filter(
            graph=graph,
            vectors=vectors,
            weights=powers(ratios, self.spectral_exponent),
            scale_in=inverse,
            scale_out=powers(items, self.item_exponent) if raw else ones,
            graph_scale=ones if raw else inverse,
            low_pass=self.low_pass,
            step=self.sharpening / self.sharpening_steps,
            steps=self.sharpening_steps if self.sharpening > 0 else 0,
        )
        self._interactions, self._values = data, values
        self._item_vectors = freeze(self._filter.item_vectors)
        self._drop_indexes()

    @property
    def singular_values(self) -> F64:
        """Singular values of the normalized interactions, float64, falling."""
        _ = self.interactions
        return self._values

    # --- answers -------------------------------------------------------------------

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        return self._filtered(self._weighted(rows))

    def _filtered(self, rows: Csr) -> Scorer:
        """Return the scores of histories that are weighted already."""
        operator = self._filter
        if operator.graph is None:
            index = self._index("items", self._item_vectors)
            queries = operator.queries(rows, self.threads)
            return FactorScorer(queries, index, threads=self.threads)

        def block(span: slice) -> F32:
            return operator.scores(_part(rows, span), self._item_vectors, self.threads)

        return self._blocks(rows.n_rows, block)

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        """Return the scores of the item alone ("dot"), or cosines of the filter ("cosine").

        The filter without the scaling of items, K = (1 − c) P + c V H Vᵀ, is positive
        semidefinite: the cosine is k_ij/√(k_ii k_jj).
        """
        ones = np.ones(len(items), dtype=np.float32)
        pointers = np.arange(len(items) + 1, dtype=np.int64)
        rows = Csr(pointers, np.asarray(items, dtype=np.int32), ones, len(self.items))
        if metric == "dot":
            return self._filtered(rows)
        symmetric = self._filter.unscaled()
        scale = powers(symmetric.diagonal(), -0.5).astype(np.float32)

        def block(span: slice) -> F32:
            part = _part(rows, span)
            cosines = symmetric.scores(part, symmetric.vectors, self.threads)
            cosines *= scale[part.indices, None]
            cosines *= scale
            cosines[np.arange(len(cosines)), part.indices] = 1
            return cosines

        return self._blocks(rows.n_rows, block)

    def _blocks(self, n: int, block: Any) -> Scorer:
        width = max(self.interactions.n_users, len(self.items), 1)
        batch = min(_BATCH, max(1, BLOCK_BYTES // (4 * width)))
        return BlockScorer(n, len(self.items), block, batch=batch, threads=self.threads)

    def _contributions(self, row: Csr, item: int) -> F64:
        own = self._weighted(row).values.astype(np.float64)
        return np.asarray(own * self._filter.weights_of(item, self.threads)[row.indices])

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"item_vectors": self._filter.vectors, "singular_values": self._values}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        vectors, values = arrays["item_vectors"], arrays["singular_values"]
        if vectors.shape[1] > len(values) or not len(values):
            raise ValueError(f"{vectors.shape[1]} vectors for {len(values)} singular values")
        self._keep(self.interactions, freeze(vectors), values)


def _part(rows: Csr, span: slice) -> Csr:
    """Return a range of rows."""
    begin, end = int(rows.indptr[span.start]), int(rows.indptr[span.stop])
    pointers = rows.indptr[span.start : span.stop + 1] - begin
    return Csr(pointers, rows.indices[begin:end], rows.values[begin:end], rows.n_columns)
