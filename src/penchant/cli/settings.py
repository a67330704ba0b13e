"""From the words of a command line to models and splits that are not made yet."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from penchant.cli.options import ModelOptions, SplitOptions
from penchant.errors import SettingsError

if TYPE_CHECKING:
    from penchant.data.interactions import Interactions
    from penchant.models.base import Model
    from penchant.split import Split


def model(spec: str, options: ModelOptions) -> Model:
    """A model that is not fitted: ``als``, or ``als:factors=32,alpha=10``.

    Settings in the spec go before options of the same name.

    Raises
    ------
    SettingsError
        If a kind or a setting is unknown, or a value is out of its range.
    """
    from penchant.models import class_of

    kind, _, words = spec.partition(":")
    cls = class_of(kind)
    settings = {name: value(given) for name, given in options.given().items()}
    settings |= dict(_setting(word, spec) for word in words.split(",") if word)
    for name in settings:
        if name not in cls.settings_names():
            _unknown(name, kind, cls.settings_names())
    return cls(**settings)


def models(specs: list[str], options: ModelOptions) -> dict[str, Model]:
    """Several, by their specs; an option goes to those that have such a setting.

    Raises
    ------
    SettingsError
        Also if an option is a setting of none of them.
    """
    from penchant.models import class_of

    names = {spec: class_of(spec.partition(":")[0]).settings_names() for spec in specs}
    for name in options.given():
        if not any(name in known for known in names.values()):
            _unknown(name, " or ".join(specs), [one for known in names.values() for one in known])
    made = {}
    for spec in specs:
        theirs = {name: given for name, given in vars(options).items() if name in names[spec]}
        made[spec] = model(spec, ModelOptions(**theirs))
    return made


def split(interactions: Interactions, options: SplitOptions) -> Split:
    """The split that was asked for.

    Raises
    ------
    SettingsError
        If an option does not belong to it, or is out of its range.
    SplitError
        If there is too little data.
    """
    from penchant import split as splits

    taken = {
        "leave-k-out": ("hold_out", "share", "min_likes"),
        "fraction": ("share",),
        "temporal": ("share", "at"),
        "held-out-users": ("share", "fold_in", "min_likes"),
        "cold-items": ("share", "min_likes", "candidates"),
        "cold-users": ("share", "min_likes"),
    }[options.split]
    for name in ("hold_out", "share", "at", "fold_in", "min_likes", "candidates"):
        if getattr(options, name) is not None and name not in taken:
            flag = "--" + name.replace("_", "-")
            raise SettingsError(f"{flag} does not go with --split {options.split}")
    seed = options.split_seed
    if options.split == "leave-k-out":
        return splits.leave_k_out(
            interactions,
            **_given(k=options.hold_out),
            fraction_of_users=options.share,
            min_interactions=options.min_likes,
            seed=seed,
        )
    if options.split == "fraction":
        return splits.random_fraction(interactions, **_given(test=options.share), seed=seed)
    if options.split == "temporal":
        return splits.temporal(interactions, options.share, at=options.at)
    drawn: dict[str, Callable[..., Split]] = {
        "held-out-users": splits.held_out_users,
        "cold-items": splits.cold_items,
        "cold-users": splits.cold_users,
    }
    more = _given(
        fold_in=options.fold_in,
        min_interactions=options.min_likes,
        candidates=options.candidates,
    )
    return drawn[options.split](interactions, options.share, **more, seed=seed)


def _given(**settings: Any) -> dict[str, Any]:
    return {name: given for name, given in settings.items() if given is not None}


def _setting(word: str, spec: str) -> tuple[str, Any]:
    name, equals, text = word.partition("=")
    if not equals:
        raise SettingsError(f"in {spec!r}, {word!r} is no setting: write name=value")
    return name.strip().replace("-", "_"), value(text.strip())


def value(given: Any) -> Any:
    """What a word means: a number, a pair where it holds two, none, true, false; else the text."""
    if not isinstance(given, str):
        return given
    first, slash, second = given.partition("/")
    if slash:
        return value(first), value(second)
    for kind in (int, float):
        try:
            return kind(given)
        except ValueError:
            continue
    return {"none": None, "true": True, "false": False}.get(given, given)


def _unknown(name: str, kind: str, known: Any) -> None:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    raise SettingsError(
        f"{kind} has no setting {name!r}{hint}; there are: {', '.join(dict.fromkeys(known))}"
    )
