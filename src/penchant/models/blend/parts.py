"""The settings of Blend: models, weights and chain; and the features of its parts."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from penchant._settings import checks
from penchant.data.features import Features
from penchant.data.interactions import Interactions
from penchant.errors import SettingsError
from penchant.models import class_of
from penchant.models._outline import Outline
from penchant.models.base import Model


def default_parts() -> dict[str, Model]:
    """Return the models of a blend that names none."""
    settings: dict[str, dict[str, Any]] = {
        "als": {},
        "item-neighbors": {"similarity": "bm25", "neighbors": 100},  # cosine finds far less
        "popularity": {},
    }
    return {kind: class_of(kind)(**values) for kind, values in settings.items()}


def as_models(models: object) -> dict[str, Model]:
    """Return models by name; descriptions (kind and settings) become models."""
    if not isinstance(models, Mapping) or not models:
        raise SettingsError(f"models must name models, such as {{'als': ALS()}}, got {models!r}")
    for name in models:
        if not isinstance(name, str) or not name or "/" in name:
            raise SettingsError(f"names of models are texts without a slash, got {name!r}")
    return {name: _as_model(name, value) for name, value in models.items()}


def _as_model(name: str, value: object) -> Model:
    if isinstance(value, Model):
        return value
    if not isinstance(value, Mapping) or set(value) != {"kind", "settings"}:
        raise SettingsError(f"models[{name!r}] must be a model, got {value!r}")
    settings = {setting: _without_lists(of) for setting, of in value["settings"].items()}
    cls = class_of(value["kind"])
    return cls(**{**cls.earlier_defaults, **settings})


def _without_lists(value: Any) -> Any:
    """Return a tuple for a list: JSON has no tuples."""
    return tuple(value) if isinstance(value, list) else value


def as_weights(weights: object, models: Mapping[str, Model]) -> dict[str, float]:
    """Return name → weight of the models whose weight is above 0."""
    if weights is None:
        personal = [name for name, model in models.items() if model.personal]
        return dict.fromkeys(personal or models, 1.0)
    if isinstance(weights, Sequence) and not isinstance(weights, str):
        if len(weights) != len(models):
            raise SettingsError(f"{len(weights)} weights for {len(models)} models: {weights!r}")
        weights = dict(zip(models, weights, strict=True))
    if not isinstance(weights, Mapping):
        raise SettingsError(f"weights must be a mapping name → weight, got {weights!r}")
    _check_names("weights", weights, models)
    numbers = {
        name: checks.check_float(f"weights[{name!r}]", value, 0) for name, value in weights.items()
    }
    if not any(numbers.values()):
        raise SettingsError(f"one of the weights must be above 0, got {weights!r}")
    return {name: numbers[name] for name in models if numbers.get(name)}


def as_chain(chain: object, models: Mapping[str, Model]) -> tuple[str, ...]:
    """Return the names of the chain; None: all models, personal ones first."""
    if chain is None:
        return tuple(sorted(models, key=lambda name: not models[name].personal))
    if not isinstance(chain, Sequence) or isinstance(chain, str) or not chain:
        raise SettingsError(f"chain must list names of models, got {chain!r}")
    _check_names("chain", chain, models)
    if len(set(chain)) < len(chain):
        raise SettingsError(f"chain names a model twice: {chain!r}")
    return tuple(chain)


def _check_names(setting: str, names: Iterable[object], models: Mapping[str, Model]) -> None:
    for name in names:
        if not isinstance(name, str) or name not in models:
            raise SettingsError(f"{setting} names {name!r}; the models are: {', '.join(models)}")


def written(blend: Model, parts: Mapping[str, Model]) -> str:
    """Return a blend as the expression that makes it, with the settings that differ."""
    models = ", ".join(f"{name!r}: {_written(part)}" for name, part in parts.items())
    others = {name: value for name, value in blend.changed_settings.items() if name != "models"}
    return f"Blend({{{models}}}" + "".join(f", {name}={others[name]!r}" for name in others) + ")"


def _written(part: Model) -> str:
    if part.falls_back:  # another blend
        return repr(part)
    changed = ", ".join(f"{name}={value!r}" for name, value in part.changed_settings.items())
    return f"{type(part).__name__}({changed})"


def weightings(n: int, steps: int) -> list[tuple[float, ...]]:
    """Return all weights of n models that are multiples of 1/steps and add up to 1."""
    cuts = itertools.combinations(range(steps + n - 1), n - 1)  # bars between steps stars
    ends = ((-1, *cut, steps + n - 1) for cut in cuts)
    return [
        tuple((after - before - 1) / steps for before, after in itertools.pairwise(bars))
        for bars in ends
    ]


def as_tuple(values: Sequence[Any] | None) -> tuple[Any, ...] | None:
    """Return a tuple, or None for None."""
    return None if values is None else tuple(values)


def of_part(data: Interactions, name: str) -> Interactions:
    """Return the training data of a part; an outline has the facts of all parts by name."""
    if isinstance(data, Outline):
        return dataclasses.replace(data, facts=data.facts[name])
    return data


def own_features(part: Interactions, blend: Interactions) -> dict[str, Features]:
    """Return the features that a part was fitted with and the blend's data do not have."""
    sides = {
        "item": (part.item_features, blend.item_features),
        "user": (part.user_features, blend.user_features),
    }
    return {
        side: own for side, (own, common) in sides.items() if own is not None and own is not common
    }


def with_own_features(data: Interactions, features: Mapping[str, Features]) -> Interactions:
    """Return interactions with what :func:`own_features` returned for a part."""
    if "item" in features:
        data = data.with_item_features(features["item"])
    if "user" in features:
        data = data.with_user_features(features["user"])
    return data
