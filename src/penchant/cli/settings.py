"""Make models and splits from the options of a command line."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from penchant._settings.configurable import unknown_setting
from penchant.cli import explicit
from penchant.cli.model_options import ModelOptions
from penchant.cli.split_options import SplitOptions
from penchant.cli.wording import renamed
from penchant.errors import SettingsError, SplitError, reworded

if TYPE_CHECKING:
    from penchant.data.interactions import Interactions
    from penchant.models.base import Model
    from penchant.split import Split


_UNSEEDED = ("global-temporal",)
"""The protocols that draw nothing at random."""
_SPLIT_FLAGS = {
    "min_interactions": "--min-likes",
    "timestamp=…": "--timestamp COLUMN",
    "use another split": "use another --split",
    "pass last=False": "use another --protocol",
    "lower negatives": "use another --protocol",
    ": choose another test or at, or pass keep_cold=True": "",
}
"""Phrases in messages of splits → those for the command line."""
_SPLIT_ARGUMENTS = {
    "k": "hold_out",
    "test": "share",
    "fraction_of_users": "share",
    "fraction": "share",
    "min_interactions": "min_likes",
    "seed": "split_seed",
}
"""Arguments of splits → parameters of the command line."""


def model(spec: str, options: ModelOptions) -> Model:
    """Return a model that is not fitted: ``als``, or ``als:factors=32,alpha=10``.

    Settings in the spec take precedence over options of the same name.

    Raises
    ------
    SettingsError
        If a kind or a setting is unknown, or a value is out of its range.
    """
    from penchant.models import class_of

    kind, _, words = spec.partition(":")
    cls = class_of(kind)
    settings = {name: value(word) for name, word in options.values.items()}
    settings |= dict(_setting(word, spec) for word in words.split(",") if word)
    for name in settings:
        if name not in cls.settings_names():
            raise unknown_setting(kind, name, cls.settings_names())
    return cls(**settings)


def models(specs: list[str], options: ModelOptions) -> dict[str, Model]:
    """Return several models by their specs; an option applies to those that have the setting.

    Raises
    ------
    SettingsError
        Also if an option is a setting of none of them.
    """
    from penchant.models import class_of

    names = {spec: class_of(spec.partition(":")[0]).settings_names() for spec in specs}
    union = tuple(dict.fromkeys(name for own in names.values() for name in own))
    for name in options.values:
        if name not in union:
            raise unknown_setting(" or ".join(specs), name, union)
    return {spec: model(spec, options.only(names[spec])) for spec in specs}


def check_features(models: Iterable[Model]) -> None:
    """Check that a model uses the features that the command line names.

    Raises
    ------
    SettingsError
        If no model uses those of the items, or none uses those of the users.
    """
    models = list(models)
    kinds = " and ".join(dict.fromkeys(model.kind for model in models))
    for entity in ("item", "user"):
        if not any(_takes_features(model, entity) for model in models):
            others = "hybrid-als, ranking or content" if entity == "item" else "hybrid-als"
            explicit.refuse(
                f"features of {entity}s have no effect on {kinds}, choose --model {others}",
                f"{entity}_features",
            )


def _takes_features(model: Model, entity: str) -> bool:
    from penchant.models.blend.model import Blend
    from penchant.models.cold_start import ColdStartModel
    from penchant.models.content import Content

    if isinstance(model, Blend):
        return any(_takes_features(part, entity) for part in model.parts.values())
    if entity == "item" and model.settings.get("category") is not None:
        return True
    return isinstance(model, ColdStartModel) and not (
        isinstance(model, Content) and entity == "user"
    )


def split(interactions: Interactions, options: SplitOptions) -> Split:
    """Return the split that the options describe.

    Raises
    ------
    SettingsError
        If an option does not belong to it, or is out of its range.
    SplitError
        If there is too little data.
    """
    with renamed("", **_SPLIT_ARGUMENTS), reworded(SplitError, _SPLIT_FLAGS):
        return _split(interactions, options)


def protocol_split(name: str, interactions: Interactions, options: SplitOptions) -> Split:
    """Return the split of a protocol, with its candidates and metrics.

    Raises
    ------
    SettingsError
        If there is no such protocol, or options describe another split.
    SplitError
        If there is too little data, or there are no timestamps.
    """
    from penchant import protocols

    names = [field.name for field in dataclasses.fields(options) if field.name != "split_seed"]
    explicit.refuse("--protocol defines the split", *names)
    if name in _UNSEEDED:
        explicit.refuse(f"nothing is drawn at random with --protocol {name}", "split_seed")
    with reworded(SplitError, _SPLIT_FLAGS):
        return protocols.apply(name, interactions, seed=options.split_seed)


def _split(interactions: Interactions, options: SplitOptions) -> Split:
    from penchant import split as splits

    accepted = {
        "leave-k-out": ("hold_out", "share", "min_likes"),
        "leave-last-out": ("hold_out", "min_likes"),
        "fraction": ("share",),
        "temporal": ("share", "at"),
        "held-out-users": ("share", "fold_in", "min_likes"),
        "cold-items": ("share", "min_likes", "candidates"),
        "cold-users": ("share", "min_likes"),
    }[options.split]
    for name in ("hold_out", "share", "at", "fold_in", "min_likes", "candidates"):
        if getattr(options, name) is not None and name not in accepted:
            flag = "--" + name.replace("_", "-")
            raise SettingsError(f"{flag} does not go with --split {options.split}")
    if options.split == "temporal":
        explicit.refuse("nothing is drawn at random with --split temporal", "split_seed")
        if options.at is not None:
            explicit.refuse("--at is the time of the cut", "share")
    seed = options.split_seed
    if options.split == "leave-k-out":
        return splits.leave_k_out(
            interactions,
            **_present(k=options.hold_out),
            fraction_of_users=options.share,
            min_interactions=options.min_likes,
            seed=seed,
        )
    if options.split == "leave-last-out":
        return splits.leave_last_out(
            interactions,
            **_present(k=options.hold_out),
            min_interactions=options.min_likes,
            seed=seed,
        )
    if options.split == "fraction":
        return splits.random_fraction(interactions, **_present(test=options.share), seed=seed)
    if options.split == "temporal":
        return splits.temporal(interactions, options.share, at=options.at)
    kinds: dict[str, Callable[..., Split]] = {
        "held-out-users": splits.held_out_users,
        "cold-items": splits.cold_items,
        "cold-users": splits.cold_users,
    }
    more = _present(
        fold_in=options.fold_in,
        min_interactions=options.min_likes,
        candidates=options.candidates,
    )
    return kinds[options.split](interactions, options.share, **more, seed=seed)


def _present(**settings: Any) -> dict[str, Any]:
    return {name: item for name, item in settings.items() if item is not None}


def _setting(word: str, spec: str) -> tuple[str, Any]:
    name, equals, text = word.partition("=")
    if not equals:
        raise SettingsError(f"in {spec!r}, {word!r} is not a setting: write name=value")
    return name.strip().replace("-", "_"), value(text.strip())


def value(word: Any) -> Any:
    """Parse a word: a number, a pair such as ``1/2``, none, true, false, or else a text."""
    if not isinstance(word, str):
        return word
    first, slash, second = word.partition("/")
    if slash:
        return value(first), value(second)
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return {"none": None, "true": True, "false": False}.get(word, word)
