"""Families of models: those of penchant's registry, and those of the peers."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import penchant
from penchant.models import class_of, kinds

Settings = dict[str, Any]
BLENDED = 3
"""The number of families in the blend: the best ones on the validation part."""


@dataclass(frozen=True)
class Family:
    """A kind of model with one way to make it and its space of settings.

    Attributes
    ----------
    library, package
        The library, and the package that is installed.
    name
        The name of the family in tables.
    make
        Returns an unfitted model: ``make(settings, train, threads)``.
    space
        Setting → a list of values, a range, (low, high), (low, high, "log"), or one value.
    default
        The settings of the row of defaults, where the library's own are not used.
    featured
        Whether it is given features of items.
    """

    library: str
    package: str
    name: str
    make: Callable[[Settings, penchant.Interactions, int], Any]
    space: Mapping[str, Any] = field(default_factory=dict)
    default: Settings = field(default_factory=dict)
    featured: bool = False

    @property
    def version(self) -> str | None:
        """The version that is installed, or None."""
        try:
            return importlib.metadata.version(self.package)
        except importlib.metadata.PackageNotFoundError:
            return None


def families() -> list[Family]:
    """Return all families whose libraries are installed; the blend comes last."""
    from benchmarks.quality import peers

    names = sorted(kinds(), key=lambda kind: (kind == "blend", kind))
    own = [of_kind(kind) for kind in names]
    others = [
        family
        for package, make in peers.LIBRARIES.items()
        if importlib.util.find_spec(package) is not None
        for family in make()
    ]
    return [*own[:-1], *others, own[-1]]


def of_kind(kind: str) -> Family:
    """Return the family of a kind of penchant's model, with the space that it declares."""
    cls = class_of(kind)

    def make(settings: Settings, train: penchant.Interactions, threads: int) -> Any:
        if kind == "content":
            return cls(train.item_features, **settings)
        if kind == "blend":
            settings = dict(settings)
            parts = {
                name: of_kind(name).make(own, train, threads)
                for name, own in settings.pop("parts").items()
            }
            return cls(parts, **settings)
        return cls(**settings)

    declared = {
        name: item.setting.tune
        for name, item in cls.declarations.items()
        if item.setting.tune is not None and not item.setting.advanced
    }
    space = dict(declared if cls.search.space is None else cls.search.space)
    if "iterations" in cls.declarations:
        space.setdefault("iterations", list(cls.search.epochs))
    if kind == "blend":
        space["weights"] = penchant.Blend.weightings(BLENDED, 5)
    return Family("penchant", "penchant", kind, make, space, featured=cls.search.needs_features)


def draw(space: Mapping[str, Any], seed: int, number: int) -> Settings:
    """Return random settings of a space; the same at every call with the same arguments."""
    rng = np.random.default_rng([seed, number])
    return {
        name: _at(values, share)
        for (name, values), share in zip(space.items(), rng.random(len(space)), strict=True)
    }


def _at(values: Any, share: float) -> Any:
    if isinstance(values, tuple):
        return penchant.Range(values[0], values[1], log=len(values) == 3).at(float(share))
    if isinstance(values, penchant.Range):
        return values.at(float(share))
    return values[int(share * len(values))] if isinstance(values, list) else values
