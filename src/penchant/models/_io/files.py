"""Conversion of a model's state to the bundle of a file, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from penchant._files.arrays import ArraySpec, check_arrays, first_not_finite
from penchant._files.artifact import Bundle
from penchant._files.manifest import check_form
from penchant.data.features import Features
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions, Step

MISFITS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What parts of a file that don't fit together raise while a model is made of them."""

_TIMESTAMPS = {"timestamps": ArraySpec("int64", ("n_interactions",), optional=True)}
_FEATURES = {"identity": bool, "norm": (str, None)}
_INFO = {
    "data": {
        "name": str,
        "users": int,
        "items": int,
        "interactions": int,
        "notes": [str],
        "steps": [{"what": str, "users": [int], "items": [int], "interactions": [int]}],
        "features?": dict,
    },
    "metrics": dict,
    "training": [dict],
    "origin?": (dict, None),
}


def check_info(info: Mapping[str, Any]) -> None:
    """Check the form of the description of data, metrics and training.

    Raises
    ------
    ManifestMismatchError
        If a part of it is not as :func:`to_bundle` writes it.
    """
    check_form(dict(info), _INFO, "info")
    for name, features in info["data"].get("features", {}).items():
        check_form(features, _FEATURES, f"info.data.features.{name}")
    for place, step in enumerate(info["data"]["steps"]):
        for name in ("users", "items", "interactions"):
            if len(step[name]) != 2:
                raise ValueError(
                    f"info.data.steps[{place}].{name} must be numbers before and after"
                )


def to_bundle(
    kind: str,
    settings: Mapping[str, Any],
    data: Interactions,
    arrays: Mapping[str, npt.NDArray[Any]],
    training: list[dict[str, Any]],
    metrics: Mapping[str, object],
    own_features: Mapping[str, Features],
) -> Bundle:
    """Return the bundle of a fitted model: settings, training data, arrays, training record.

    ``own_features`` are features that are not those of the training data, by names with a slash.
    """
    times = {} if data.timestamps is None else {"timestamps": data.timestamps}
    sides = {"item": data.item_features, "user": data.user_features, **own_features}
    features = {side: value for side, value in sides.items() if value is not None}
    return Bundle(
        model=kind,
        settings=settings,
        arrays={**arrays, **times},
        matrices={
            "interactions": data.csr,
            **{f"{side}_features": value.weights for side, value in features.items()},
        },
        users=data.users,
        items=data.items,
        ids={
            f"{what} of {side} features": ids
            for side, value in features.items()
            for what, ids in (("names", value.names), ("ids", value.ids))
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
                    side: {"identity": value.identity, "norm": value.norm}
                    for side, value in features.items()
                },
            },
            "metrics": dict(metrics),
            "training": training,
        },
    )


def settings_of(bundle: Bundle) -> dict[str, Any]:
    """Return the settings, with tuples for the lists of JSON."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in bundle.settings.items()}


def interactions_of(bundle: Bundle) -> Interactions:
    """Return the interactions that the model was fitted on.

    Raises
    ------
    KeyError
        If the bundle does not hold them.
    """
    data = bundle.info["data"]
    if bundle.users is None or bundle.items is None:
        raise KeyError("ids")
    matrix = bundle.matrices["interactions"]
    if not matrix.nnz:
        raise ValueError("there are no interactions")
    if (place := first_not_finite(matrix.values)) is not None or not matrix.values.all():
        raise ValueError(f"the interactions hold {0 if place is None else matrix.values[place]}")
    return Interactions(
        matrix,
        bundle.users,
        bundle.items,
        timestamps=bundle.arrays.get("timestamps"),
        catalog=bundle.catalog,
        name=data["name"],
        notes=tuple(data["notes"]),
        steps=tuple(
            Step(step["what"], *(tuple(step[n]) for n in ("users", "items", "interactions")))
            for step in data["steps"]
        ),
        item_features=_features_of(bundle, "item"),
        user_features=_features_of(bundle, "user"),
    )


def learned_arrays_of(bundle: Bundle, data: Interactions) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of what was learned, without those of the interactions, which are checked.

    Raises
    ------
    ArrayMismatchError
        If those of the interactions are not as declared.
    """
    others = {name: array for name, array in bundle.arrays.items() if name in _TIMESTAMPS}
    check_arrays(others, _TIMESTAMPS, {"n_interactions": data.nnz})
    return {name: array for name, array in bundle.arrays.items() if name not in _TIMESTAMPS}


def own_features_of(bundle: Bundle) -> dict[str, Features]:
    """Return the features that are not those of the training data, see :func:`to_bundle`."""
    names = [name for name in bundle.info["data"].get("features", {}) if "/" in name]
    features = {name: _features_of(bundle, name) for name in names}
    return {name: value for name, value in features.items() if value is not None}


def _features_of(bundle: Bundle, side: str) -> Features | None:
    """Return the features of items or users, None if the file holds none."""
    options = bundle.info["data"].get("features", {}).get(side)
    if options is None:
        return None
    return Features(
        IdMap.trusted(bundle.ids[f"ids of {side} features"].array, side.rpartition("/")[2]),
        IdMap.trusted(bundle.ids[f"names of {side} features"].array, "feature"),
        bundle.matrices[f"{side}_features"],
        identity=bool(options["identity"]),
        norm=options["norm"],
    )
