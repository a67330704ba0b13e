"""Conversion of a model's state to the bundle of a file, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._files.arrays import ArraySpec, check_arrays, first_not_finite
from penchant._files.artifact import Bundle
from penchant._files.manifest import check_form
from penchant.data.code_sets import CodeSets
from penchant.data.features import Features
from penchant.data.ids import IdMap
from penchant.data.interactions import Csr, Interactions, Step
from penchant.models._outline import Outline, empty_matrix

MISFITS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What parts of a file that don't fit together raise while a model is made of them."""

_ROWS_AT_ONCE = 4096  # of the sets of seen items
_COUNTS = ArraySpec("int32", ("n_items",), min=0, needs="outline")
_OF_DATA = {
    "timestamps": ArraySpec("int64", ("n_interactions",), optional=True),
    "item_counts": _COUNTS,
    "item_likes": _COUNTS,
    "seen_counts": ArraySpec("int32", ("n_users",), min=0, below="n_items + 1", needs="seen"),
    "seen_low": ArraySpec("uint8", ("?low",), needs="seen"),
    "seen_high": ArraySpec("uint8", ("?high",), needs="seen"),
}
_KEPT = {"interactions": str, "newest": (int, None), "fingerprint": str, "facts": dict}
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
    "kept?": _KEPT,
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
    outline = data if isinstance(data, Outline) else None
    sides = {"item": data.item_features, "user": data.user_features, **own_features}
    features = {side: value for side, value in sides.items() if value is not None}
    return Bundle(
        model=kind,
        settings=settings,
        arrays={**arrays, **_arrays_of(data)},
        matrices={
            **({} if outline else {"interactions": data.csr}),
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
                "interactions": data.nnz if outline is None else outline.n_trained,
                "notes": list(data.notes),
                "steps": [dataclasses.asdict(step) for step in data.steps],
                "features": {
                    side: {"identity": value.identity, "norm": value.norm}
                    for side, value in features.items()
                },
            },
            "metrics": dict(metrics),
            "training": training,
            **({} if outline is None else {"kept": _kept(outline)}),
        },
    )


def _arrays_of(data: Interactions) -> Mapping[str, npt.NDArray[Any]]:
    """Return the arrays of the training data that are not those of its matrix."""
    if not isinstance(data, Outline):
        return {} if data.timestamps is None else {"timestamps": data.timestamps}
    arrays: dict[str, npt.NDArray[Any]] = {}
    arrays |= {"item_counts": data.item_counts, "item_likes": data.item_likes}
    if data.seen is None:
        return arrays
    counts, low, high = data.seen.counts, data.seen.low, data.seen.high
    return {**arrays, "seen_counts": counts, "seen_low": low, "seen_high": high}


def _kept(outline: Outline) -> dict[str, Any]:
    return {
        "interactions": outline.kept,
        "newest": outline.newest,
        "fingerprint": outline.fingerprint,
        "facts": dict(outline.facts),
    }


def settings_of(bundle: Bundle) -> dict[str, Any]:
    """Return the settings, with tuples for the lists of JSON."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in bundle.settings.items()}


def interactions_of(bundle: Bundle) -> Interactions:
    """Return the interactions that the model was fitted on, or their outline.

    Raises
    ------
    KeyError
        If the bundle does not hold them.
    """
    data, kept = bundle.info["data"], bundle.info.get("kept")
    if bundle.users is None or bundle.items is None:
        raise KeyError("ids")
    if kept is None:
        matrix, cls, more = _matrix_of(bundle), Interactions, {}
    else:
        matrix = empty_matrix(len(bundle.users), len(bundle.items))
        cls, more = Outline, _outline_parts(bundle, kept)
    return cls(
        matrix,
        bundle.users,
        bundle.items,
        timestamps=None if kept else bundle.arrays.get("timestamps"),
        catalog=bundle.catalog,
        name=data["name"],
        notes=tuple(data["notes"]),
        steps=tuple(
            Step(step["what"], *(tuple(step[n]) for n in ("users", "items", "interactions")))
            for step in data["steps"]
        ),
        item_features=_features_of(bundle, "item"),
        user_features=_features_of(bundle, "user"),
        **more,
    )


def _matrix_of(bundle: Bundle) -> Csr:
    matrix = bundle.matrices["interactions"]
    if not matrix.nnz:
        raise ValueError("there are no interactions")
    if (place := first_not_finite(matrix.values)) is not None or not matrix.values.all():
        raise ValueError(f"the interactions hold {0 if place is None else matrix.values[place]}")
    return matrix


def _outline_parts(bundle: Bundle, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts that an outline has beside those of interactions, checked."""
    assert bundle.users is not None
    assert bundle.items is not None
    if kept["interactions"] not in ("seen", "none"):
        raise ValueError(f"info.kept.interactions is {kept['interactions']!r}")
    n_users, n_items = len(bundle.users), len(bundle.items)
    sizes = {"n_users": n_users, "n_items": n_items, "n_items + 1": n_items + 1, "outline": 1}
    if kept["interactions"] == "seen":
        sizes["seen"] = 1
    arrays = {name: array for name, array in bundle.arrays.items() if name in _OF_DATA}
    check_arrays(arrays, _OF_DATA, sizes)
    return {
        "seen": _sets_of(arrays, n_items, verify=bundle.verified) if "seen" in sizes else None,
        "n_trained": bundle.info["data"]["interactions"],
        "newest_time": kept["newest"],
        "fingerprint": kept["fingerprint"],
        "item_counts": arrays["item_counts"],
        "item_likes": arrays["item_likes"],
        "facts": kept["facts"],
    }


def _sets_of(arrays: Mapping[str, npt.NDArray[Any]], n_items: int, *, verify: bool) -> CodeSets:
    """Return the seen items of each user; with ``verify`` all are compared with their form."""
    sets = CodeSets(n_items, arrays["seen_counts"], arrays["seen_low"], arrays["seen_high"])
    if (len(sets.low), len(sets.high)) != sets.n_bytes:
        raise ValueError(
            f"the sets of seen items have {len(sets.low):,} and {len(sets.high):,} bytes, expected "
            f"{sets.n_bytes[0]:,} and {sets.n_bytes[1]:,}"
        )
    for begin in range(0, len(sets.counts) if verify else 0, _ROWS_AT_ONCE):
        sets.take_rows(np.arange(begin, min(begin + _ROWS_AT_ONCE, len(sets.counts))))
    return sets


def learned_arrays_of(bundle: Bundle, data: Interactions) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of what was learned, without those of the interactions, which are checked.

    Raises
    ------
    ArrayMismatchError
        If those of the interactions are not as declared.
    """
    if not isinstance(data, Outline):  # those of an outline were checked when it was made
        others = {name: array for name, array in bundle.arrays.items() if name in _OF_DATA}
        check_arrays(others, _OF_DATA, {"n_interactions": data.nnz})
    return {name: array for name, array in bundle.arrays.items() if name not in _OF_DATA}


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
