"""How a model becomes a bundle for a file, and a model again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from tacit.artifact import Bundle
from tacit.data.interactions import Interactions, Step


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
    return Bundle(
        model=kind,
        settings=settings,
        arrays={**arrays, **times},
        matrices={"interactions": data.csr},
        users=data.users,
        items=data.items,
        catalogue=data.catalogue,
        info={
            "data": {
                "name": data.name,
                "users": data.n_users,
                "items": data.n_items,
                "interactions": data.nnz,
                "notes": list(data.notes),
                "steps": [dataclasses.asdict(step) for step in data.steps],
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
        catalogue=bundle.catalogue,
        name=data["name"],
        notes=tuple(data["notes"]),
        steps=tuple(
            Step(one["what"], *(tuple(one[n]) for n in ("users", "items", "interactions")))
            for one in data["steps"]
        ),
    )
