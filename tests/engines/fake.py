"""An engine whose handles are opaque: only the engine itself can look inside."""

from __future__ import annotations

from penchant.engines.base import Engine
from penchant.engines.local import LocalEngine


class Handle:
    """An object without attributes, length, items or an array interface."""

    __slots__ = ()


class FakeEngine(Engine[Handle, Handle]):
    """The local engine behind opaque handles, which are keys of a private table."""

    def __init__(self) -> None:
        self._local = LocalEngine(2)
        self._contents: dict[Handle, object] = {}

    def _store(self, content) -> Handle:
        handle = Handle()
        self._contents[handle] = content
        return handle

    def _get(self, handle: Handle):
        assert type(handle) is Handle, f"not a handle of this engine: {type(handle)}"
        return self._contents[handle]

    # --- handles -------------------------------------------------------------------

    def load_rows(self, rows, regularization):
        return self._store(self._local.load_rows(rows, regularization))

    def create_factors(self, bounds, f, dtype):
        return self._store(self._local.create_factors(bounds, f, dtype))

    def from_numpy(self, factors, bounds):
        return self._store(factors.copy())

    def to_numpy(self, factors):
        return self._get(factors).copy()

    def copy_factors(self, factors):
        return self._store(self._local.copy_factors(self._get(factors)))

    def initialize(self, factors, *, seed, scale):
        self._local.initialize(self._get(factors), seed=seed, scale=scale)

    def assign_rows(self, factors, values, positions=None):
        self._local.assign_rows(self._get(factors), values, positions)

    def clear_empty_rows(self, rows, factors):
        self._local.clear_empty_rows(self._get(rows), self._get(factors))

    # --- training ------------------------------------------------------------------

    def half_step(self, *, rows, fixed, solved, objective, prior=None):
        return self._local.half_step(
            rows=self._get(rows),
            fixed=self._get(fixed),
            solved=self._get(solved),
            objective=objective,
            prior=prior,
        )

    def quantize_previous(self, factors):
        return self._store(self._local.quantize_previous(self._get(factors)))

    def extrapolate(self, factors, previous, rotation, momentum):
        content = self._contents.pop(previous)
        return self._store(self._local.extrapolate(self._get(factors), content, rotation, momentum))

    def previous_to_arrays(self, previous):
        return self._local.previous_to_arrays(self._get(previous))

    def previous_from_arrays(self, arrays, factors):
        return self._store(self._local.previous_from_arrays(arrays, self._get(factors)))

    def weighted_sum(self, weights, factors):
        return self._local.weighted_sum(weights, self._get(factors))

    # --- the loss ------------------------------------------------------------------

    def observed_loss(self, rows, X, Y, unobserved_weight):
        handles = (self._get(handle) for handle in (rows, X, Y))
        return self._local.observed_loss(*handles, unobserved_weight)

    def squared_sum(self, X, Y):
        return self._local.squared_sum(self._get(X), self._get(Y))

    def penalty(self, rows, factors):
        return self._local.penalty(self._get(rows), self._get(factors))

    def prior_penalty(self, rows, factors, prior):
        return self._local.prior_penalty(self._get(rows), self._get(factors), prior)

    # --- fitted models -------------------------------------------------------------

    def fold_in(self, **arguments):
        return self._local.fold_in(**arguments)

    def spectrum(self, factors):
        return self._local.spectrum(factors)
