"""Read interactions as the options of a command describe them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penchant.cli.data_options import DataOptions
from penchant.cli.output import Output, size
from penchant.data.io import database
from penchant.errors import DataError, EmptyDataError, SettingsError

if TYPE_CHECKING:
    from penchant.data.features import Features
    from penchant.data.ids import Id, IdMap
    from penchant.data.interactions import Interactions

_SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " ", "\\t": "\t"}

_SECONDS = {"": 1, "s": 1, "h": 3600, "d": 86_400, "w": 604_800}
_WHETHER = {"auto": None, "yes": True, "no": False}


def read(source: str, options: DataOptions, out: Output) -> Interactions:
    """Return the interactions of a file, folder, glob, query or known data set.

    Raises
    ------
    PenchantError
        If it can't be read as the options say.
    """
    from penchant.data import datasets

    if database.is_address(source):
        interactions = _database(source, options, out)
    elif not Path(source).expanduser().exists() and source in datasets.names():
        interactions = _known(source, options, out)
    elif re.fullmatch(r"[\w-]+", source) and not Path(source).exists():
        raise DataError(
            f"there is no file {source!r}, and no data set is called so; there are: "
            f"{', '.join(datasets.names())}"
        )
    else:
        interactions = _file(source, options, out)
    if options.catalog is not None:
        interactions = _named(interactions, options)
    interactions = with_features(interactions, options)
    if options.min_per_user > 1 or options.min_per_item > 1:
        interactions = interactions.threshold(options.min_per_user, options.min_per_item)
    return interactions


def fetch(name: str, out: Output, **how: Any) -> Interactions:
    """A known data set, fetched if need be."""
    from penchant.data import datasets

    with out.progress(f"fetching {name}") as update:

        def progress(here: int, whole: int | None) -> None:
            update(here, whole, size(here))

        return datasets.load(name, progress=progress, **how)


def _known(name: str, options: DataOptions, out: Output) -> Interactions:
    _refuse(
        options,
        (
            "user",
            "item",
            "value",
            "timestamp",
            "query",
            "sep",
            "encoding",
            "format",
            "duplicates",
            "event",
        ),
        f"{name} is a known data set, read as its publisher wrote it",
    )
    _refuse_weights(options)
    return _aged(fetch(name, out, min_rating=options.min_rating), options)


def _file(source: str, options: DataOptions, out: Output) -> Interactions:
    from penchant.data.io.event_tables import read_events
    from penchant.data.io.read import read_interactions

    _refuse(options, ("min_rating",), f"{source} is a file, not a known data set")
    _refuse(options, ("query",), f"{source} is a file, not the address of a database")
    how = {**_places(options), "format": options.format, **_written(options)}
    if options.event is not None:
        _refuse(options, ("duplicates",), "all events are kept, and those of a pair summed")
        with out.progress(f"reading {Path(source).name}"):
            events = read_events(source, event=column(options.event), **how)
        return events.weighted(weights(options.weight), half_life=duration(options.half_life))
    _refuse_weights(options)
    with out.progress(f"reading {Path(source).name}"):
        read = read_interactions(source, duplicates=options.duplicates, **how)
    return _aged(read, options)


def _refuse_weights(options: DataOptions) -> None:
    if options.weight is not None:
        raise SettingsError("--weight is of types of events: name their column with --event")


def _aged(interactions: Interactions, options: DataOptions) -> Interactions:
    half_life = duration(options.half_life)
    return interactions if half_life is None else interactions.decayed(half_life)


def _written(options: DataOptions, of: str = "") -> dict[str, Any]:
    """How a text file is written: the log, or what ``of`` begins the options of."""
    sep, quote, encoding, header = (
        getattr(options, of + name) for name in ("sep", "quote", "encoding", "header")
    )
    return {
        "sep": separator(sep),
        "quote": None if quote in ("none", "") else quote,
        "encoding": encoding,
        "header": _WHETHER[header],
        "on_bad_lines": options.on_bad_lines,
    }


def _database(source: str, options: DataOptions, out: Output) -> Interactions:
    from penchant.data.io.read import read_interactions

    told = "a database is read, not a file"
    _refuse(options, ("sep", "encoding", "format", "min_rating", "event"), told)
    _refuse_weights(options)
    if options.query is None:
        raise SettingsError("a database needs --query, the SELECT whose rows are the log")
    with out.progress("reading the database"):
        read = read_interactions(
            source,
            **_places(options),
            query=options.query,
            duplicates=options.duplicates,
            on_bad_lines=options.on_bad_lines,
        )
    return _aged(read, options)


def _places(options: DataOptions) -> dict[str, Any]:
    """In which columns what is to be found."""
    return {name: column(getattr(options, name)) for name in ("user", "item", "value", "timestamp")}


def _named(interactions: Interactions, options: DataOptions) -> Interactions:
    from penchant.data.io.catalog_tables import read_catalog

    found = read_catalog(
        options.catalog,
        item=column(options.catalog_item),
        name=column(options.name),
        link=column(options.link),
        picture=column(options.picture),
        tags=column(options.tags),
        **_written(options, "catalog_"),
    )
    if not any(item in interactions.items for item in found.items):
        raise DataError(
            f"{options.catalog} knows none of the items: its ids are such as "
            f"{found.items[0]!r}, and those of the log such as {interactions.items[0]!r}"
        )
    return interactions.with_catalog(found.subset(interactions.items))


def with_features(interactions: Interactions, options: DataOptions) -> Interactions:
    """Interactions with the features that the options name."""
    if options.item_features is not None:
        found = _features("item", options, interactions.items)
        interactions = interactions.with_item_features(found)
    if options.user_features is not None:
        found = _features("user", options, interactions.users)
        interactions = interactions.with_user_features(found)
    for side in ("item", "user"):
        if getattr(options, f"{side}_features") is None:
            parts = [f"{side}_features_{part}" for part in ("of", "id", "name", "value")]
            _refuse(options, tuple(parts), f"no --{side}-features are given")
    return interactions


def _features(side: str, options: DataOptions, ids: IdMap) -> Features:
    from penchant.data.io.feature_tables import read_features

    def part(name: str) -> str | int | None:
        return column(getattr(options, f"{side}_features_{name}"))

    file, of = (getattr(options, f"{side}_features{end}") for end in ("", "_of"))
    if part("value") is not None and part("name") is None:
        raise SettingsError(f"--{side}-features-value goes with --{side}-features-name")
    columns = {side: part("id"), "feature": part("name"), "value": part("value")}
    how: dict[str, Any] = {**columns, **_written(options, "features_")}
    if file.lower().endswith(".npy") != (of is not None):
        raise SettingsError(
            f"vectors, a .npy file, and --{side}-features-of, the file of their ids, go together"
        )
    if of is not None:
        parts = tuple(f"{side}_features_{one}" for one in ("id", "name", "value"))
        _refuse(options, parts, "vectors have no columns")
        how = {side: 0, "ids": listed(of, ids)}
    found = read_features(file, **how).at_least(options.features_at_least)
    if not any(one in ids for one in found.ids.written_like(ids)):
        raise DataError(
            f"{file} knows none of the {side}s: its ids are such as {found.ids[0]!r}, and those "
            f"of the log such as {ids[0]!r}"
        )
    if not found.n_features:
        raise EmptyDataError(
            f"no feature in {file} is had by {options.features_at_least:,} {side}s or more: lower "
            "--features-at-least"
        )
    return found if options.features_norm == "none" else found.normalized(options.features_norm)


def _refuse(options: DataOptions, names: tuple[str, ...], why: str) -> None:
    """Raise SettingsError if an option was given that would be without effect."""
    given = [name for name in names if getattr(options, name) is not None]
    if given:
        listed = ", ".join("--" + name.replace("_", "-") for name in given)
        raise SettingsError(f"{why}: leave out {listed}")


def listed(file: Path, known: IdMap) -> list[Id]:
    """The ids in a file, one a line, written as those known are.

    Raises
    ------
    DataError
        If it is no text.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is not UTF-8 text: {error}") from None
    return [known.parse(line.strip()) for line in lines if line.strip()]


def column(text: str | None) -> str | int | None:
    """A column's name, or its place where the text is a whole number."""
    return int(text) if text is not None and re.fullmatch(r"-?\d+", text) else text


def separator(text: str | None) -> str | None:
    r"""A separator as shells can say it: ``tab`` and ``\t`` are a tab."""
    return text if text is None else _SEPARATORS.get(text, text)


def weights(given: list[str] | None) -> dict[str, float] | None:
    """Type → weight, from ``like=5`` and the like.

    Raises
    ------
    SettingsError
        If one is written in another way, or a type is named twice.
    """
    if given is None:
        return None
    found: dict[str, float] = {}
    for one in given:
        kind, equals, number = one.rpartition("=")
        try:
            weight = float(number)
        except ValueError:
            equals = ""
        if not equals or kind in found:
            raise SettingsError(f"--weight {one!r}: write TYPE=NUMBER, once for each type")
        found[kind] = weight
    return found


def duration(text: str | None) -> float | None:
    """A length of time: a number, or seconds where it ends in s, h, d or w.

    Raises
    ------
    SettingsError
        If it is none.
    """
    if text is None:
        return None
    number, unit = re.fullmatch(r"(.*?)\s*([shdw]?)", text.strip(), re.DOTALL).groups()  # type: ignore[union-attr]
    try:
        return float(number) * _SECONDS[unit]
    except ValueError:
        raise SettingsError(f"--half-life {text!r}: write a number, or such as 30d") from None
