"""How a model becomes a bundle for a file, and a model again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from penchant._files.artifact import Bundle
from penchant.data.features import Features
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions, Step

_WITH_FEATURES = ("item", "user")


def to_bundle(
    kind: str,
    settings: Mapping[str, Any],
    data: Interactions,
    arrays: Mapping[str, npt.NDArray[Any]],
    training: list[dict[str, Any]],
    metrics: Mapping[str, object],
) -> Bundle:
    """All that a fitted model is: settings, what it was fitted on, what it learned and how."""
    times = {} if data.timestamps is None else {"timestamps": data.timestamps}
    features = {
        side: found
        for side in _WITH_FEATURES
        if (found := getattr(data, f"{side}_features")) is not None
    }
    return Bundle(
        model=kind,
        settings=settings,
        arrays={**arrays, **times},
        matrices={
            "interactions": data.csr,
            **{f"{side}_features": found.weights for side, found in features.items()},
        },
        users=data.users,
        items=data.items,
        ids={
            f"{what} of {side} features": ids
            for side, found in features.items()
            for what, ids in (("names", found.names), ("ids", found.ids))
        },
        catalog=data.catalog,
        info={
            "data": {
                "name": data.name,
                "users": data.n_users,
                "items": data.n_items,
                "interactions": data.nnz,
                "notes": list(data.notes),
                "steps": [dataclasses.asdict(step) for step in data.steps],
                "features": {
                    side: {"identity": found.identity, "norm": found.norm}
                    for side, found in features.items()
                },
            },
            "metrics": dict(metrics),
            "training": training,
        },
    )


def settings_of(bundle: Bundle) -> dict[str, Any]:
    """The settings, with the tuples that JSON does not have."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in bundle.settings.items()}


def interactions_of(bundle: Bundle) -> Interactions:
    """What the model was fitted on.

    Raises
    ------
    KeyError
        If the bundle lacks it.
    """
    data = bundle.info["data"]
    if bundle.users is None or bundle.items is None:
        raise KeyError("ids")
    return Interactions(
        bundle.matrices["interactions"],
        bundle.users,
        bundle.items,
        timestamps=bundle.arrays.get("timestamps"),
        catalog=bundle.catalog,
        name=data["name"],
        notes=tuple(data["notes"]),
        steps=tuple(
            Step(one["what"], *(tuple(one[n]) for n in ("users", "items", "interactions")))
            for one in data["steps"]
        ),
        item_features=_features_of(bundle, "item"),
        user_features=_features_of(bundle, "user"),
    )


def _features_of(bundle: Bundle, side: str) -> Features | None:
    """The features of items or users, if there are any (files before these hold none)."""
    how = bundle.info["data"].get("features", {}).get(side)
    if how is None:
        return None
    return Features(
        IdMap.trusted(bundle.ids[f"ids of {side} features"].array, side),
        IdMap.trusted(bundle.ids[f"names of {side} features"].array, "feature"),
        bundle.matrices[f"{side}_features"],
        identity=bool(how["identity"]),
        norm=how["norm"],
    )
