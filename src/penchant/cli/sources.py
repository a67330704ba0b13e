"""Read interactions as the options of a command describe them."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penchant.cli import explicit
from penchant.cli.catalogs import check_pair, label, with_catalog
from penchant.cli.columns import confirmed
from penchant.cli.data_options import DataOptions, FilteredLogOptions, LogOptions
from penchant.cli.output import Output
from penchant.cli.wording import renamed
from penchant.cli.written import column, text_format
from penchant.data.disk.names import is_dataset
from penchant.data.io import database
from penchant.errors import DataError, EmptyDataError, SettingsError
from penchant.rendering.plain import size

if TYPE_CHECKING:
    from penchant.data.features import Features
    from penchant.data.ids import Id, IdMap
    from penchant.data.interactions import Interactions


_LOG = (
    *("user", "item", "value", "timestamp", "time_format", "decimal", "query", "sep", "quote"),
    *("encoding", "header", "format", "duplicates", "event", "weight"),
)
"""Parameters that describe a log whose columns and format are not known."""
_FEATURE_TEXT = ("features_sep", "features_quote", "features_encoding", "features_header")


def read(source: str, options: DataOptions, out: Output) -> Interactions:
    """Return the interactions of a file, folder, glob, query or known data set.

    Raises
    ------
    PenchantError
        If it can't be read as the options say.
    """
    from penchant.data import datasets

    log: str | None = None
    if is_dataset(source):
        interactions = _data_set(source, "min_rating", *_of_text(options))
    elif database.is_address(source):
        interactions = _database(source, options, out)
        options = _with_database(source, options)
    elif not Path(source).expanduser().exists() and source in datasets.names():
        interactions = _known_data_set(source, options, out)
    elif re.fullmatch(r"[\w-]+", source) and not Path(source).exists():
        raise DataError(
            f"there is no file and no known data set {source!r}; the known data sets are: "
            f"{', '.join(datasets.names())}"
        )
    else:
        interactions, options = _file(source, options, out)
        log = source
    interactions = with_catalog(interactions, options, log)
    interactions = with_features(interactions, options)
    if options.min_per_user > 1 or options.min_per_item > 1:
        interactions = interactions.threshold(options.min_per_user, options.min_per_item)
    return interactions


def read_log(source: str, options: LogOptions, out: Output) -> Interactions:
    """Return the interactions of a log that no model is fitted to, or of a data set on disk.

    Raises
    ------
    PenchantError
        If it can't be read as the options say.
    """
    if is_dataset(source):
        return _data_set(source, "half_life", "on_bad_lines", "max_expansion")
    _refuse_age(options)
    if database.is_address(source):
        return _database(source, options, out)
    return _log_file(source, options, out)


def fetch(name: str, out: Output, **options: Any) -> Interactions:
    """Return a known data set, downloaded at the first use."""
    from penchant.data import datasets

    with out.progress(f"fetching {name}") as update:

        def progress(n_bytes: int, total: int | None) -> None:
            update(n_bytes, total, size(n_bytes))

        return datasets.load(name, progress=progress, **options)


def _data_set(source: str, *without_effect: str) -> Interactions:
    from penchant.data.disk.opening import open_dataset

    why = f"{source} is a data set on disk, whose log is read already"
    explicit.refuse(why, *_LOG, *without_effect)
    return open_dataset(source)


def _of_text(options: DataOptions) -> tuple[str, ...]:
    """Return the options of all files of text, if no such file is read beside the log."""
    files = (options.catalog, options.item_features, options.user_features)
    return () if any(file is not None for file in files) else ("on_bad_lines", "max_expansion")


def log_arguments(options: FilteredLogOptions) -> dict[str, Any]:
    """Return the arguments of ``penchant.ingest`` that say how a log is read.

    Raises
    ------
    SettingsError
        If options of events have no effect.
    """
    _check_events(options)
    _refuse_age(options)
    return {
        **_columns(options),
        **text_format(options),
        "format": options.format,
        "query": options.query,
        "time_format": options.time_format,
        "decimal": options.decimal,
        "event": column(options.event),
        "weights": weights(options.weight),
        "half_life": None if options.event is None else options.age,
        "duplicates": options.duplicates,
        "min_per_user": options.min_per_user,
        "min_per_item": options.min_per_item,
    }


def _known_data_set(name: str, options: DataOptions, out: Output) -> Interactions:
    explicit.refuse(f"{name} is a known data set, whose columns and format are known", *_LOG)
    explicit.refuse(f"{name} is a known data set, and no other file is read", *_of_text(options))
    return fetch(name, out, min_rating=options.min_rating)


def _file(source: str, options: DataOptions, out: Output) -> tuple[Interactions, DataOptions]:
    """Return the interactions of a file, and the options with the columns that were confirmed."""
    if options.query is not None and not Path(source).expanduser().exists():
        _check_address(source)
    explicit.refuse(f"{source} is a file, not a known data set", "min_rating")
    options = confirmed(source, options, _columns(options), text_format(options), out)
    return _log_file(source, options, out), options


def _log_file(source: str, options: LogOptions, out: Output) -> Interactions:
    explicit.refuse(f"{source} is a file, not the address of a database", "query")
    _check_events(options)
    columns = {
        **_columns(options),
        "format": options.format,
        "time_format": options.time_format,
        "decimal": options.decimal,
        **text_format(options),
    }
    with out.progress(_reading(source)):
        return _interactions(source, options, columns)


def _check_address(source: str) -> None:
    """Raise SettingsError with what is wrong with an address, if something is."""
    try:
        database.parsed(source)
    except SettingsError as error:
        raise SettingsError(f"with --query the source is a database: {error}") from None


def _reading(source: str) -> str:
    """Return what is read, with the size of a file."""
    path = Path(source).expanduser()
    n_bytes = f" ({size(path.stat().st_size)})" if path.is_file() else ""
    return f"reading {path.name}{n_bytes}"


def _check_events(options: LogOptions) -> None:
    """Check that options of events go with the others."""
    if options.event is not None:
        explicit.refuse("the weights of all events of a pair are summed", "duplicates")
    elif options.weight is not None:
        raise SettingsError(
            "--weight is the weight of an event type: name the column of types with --event"
        )


def _refuse_age(options: LogOptions) -> None:
    """Refuse a half-life without events, for commands that fit no model, which could have it."""
    if options.event is None:
        explicit.refuse("ages count where --event names the column of event types", "half_life")


def _database(source: str, options: LogOptions, out: Output) -> Interactions:
    names = ("sep", "quote", "encoding", "header", "format", "min_rating")
    explicit.refuse("the source is a database, not a file", *names)
    _check_events(options)
    arguments = {
        **_columns(options),
        "query": query_of(options, "log"),
        "time_format": options.time_format,
        "decimal": options.decimal,
        "on_bad_lines": options.on_bad_lines,
    }
    with out.progress("reading the database"):
        return _interactions(source, options, arguments)


def _with_database(source: str, options: DataOptions) -> DataOptions:
    """Return options whose queries without an address are of the log's database."""
    sources: dict[str, Any] = {
        name: source
        for name in ("catalog", "item_features", "user_features")
        if getattr(options, f"{name}_query") is not None and getattr(options, name) is None
    }
    return replace(options, **sources)


def _interactions(source: str, options: LogOptions, arguments: dict[str, Any]) -> Interactions:
    """Return interactions, or weighted events, that are read with some arguments."""
    from penchant.data.io.event_tables import read_events
    from penchant.data.io.read import read_interactions

    if options.event is None:
        return read_interactions(source, duplicates=options.duplicates, **arguments)
    events = read_events(source, event=column(options.event), **arguments)
    return events.weighted(weights(options.weight), half_life=options.age)


def _columns(options: LogOptions) -> dict[str, Any]:
    """Return the name or position of each column of the log."""
    return {name: column(getattr(options, name)) for name in ("user", "item", "value", "timestamp")}


def with_features(interactions: Interactions, options: DataOptions) -> Interactions:
    """Return the interactions with the features of the files that the options name."""
    if options.item_features is not None:
        features = _features("item", options, interactions.items)
        interactions = interactions.with_item_features(features)
    if options.user_features is not None:
        features = _features("user", options, interactions.users)
        interactions = interactions.with_user_features(features)
    for side in ("item", "user"):
        if getattr(options, f"{side}_features") is None:
            parts = [f"{side}_features_{part}" for part in ("query", "of", "id", "name", "value")]
            explicit.refuse(f"they need --{side}-features", *parts)
    files = [file for file in (options.item_features, options.user_features) if file is not None]
    if not files:
        names = ("features_at_least", "features_norm", *_FEATURE_TEXT)
        explicit.refuse("they need --item-features or --user-features", *names)
    if all(file.lower().endswith(".npy") or database.is_address(file) for file in files):
        explicit.refuse("vectors and rows of a database are not text", *_FEATURE_TEXT)
    return interactions


def _features(side: str, options: DataOptions, ids: IdMap) -> Features:
    from penchant.data.io.feature_tables import read_features

    def part(name: str) -> str | int | None:
        return column(getattr(options, f"{side}_features_{name}"))

    file, of = (getattr(options, f"{side}_features{end}") for end in ("", "_of"))
    if part("value") is not None and part("name") is None:
        raise SettingsError(f"--{side}-features-value goes with --{side}-features-name")
    columns = {side: part("id"), "feature": part("name"), "value": part("value")}
    query = getattr(options, f"{side}_features_query")
    check_pair(file, query, f"{side}-features", "features in a database need")
    written = text_format(options, "features_") if query is None else {"query": query}
    arguments: dict[str, Any] = {**columns, **written}
    if file.lower().endswith(".npy") != (of is not None):
        raise SettingsError(
            f"a .npy file of vectors and --{side}-features-of, the file of their ids, go together"
        )
    if of is not None:
        parts = [f"{side}_features_{name}" for name in ("id", "name", "value")]
        explicit.refuse("vectors have no columns", *parts)
        arguments = {side: 0, "ids": listed(of, ids)}
    names = {"item": f"{side}_features_id", "user": f"{side}_features_id"}
    names |= {"query": f"{side}_features_query"}
    names |= {"feature": f"{side}_features_name", "value": f"{side}_features_value"}
    with renamed("features_", **names):
        features = read_features(file, **arguments).at_least(options.features_at_least)
    source = label(file, f"{side}-features")
    if not any(key in ids for key in features.ids.written_like(ids)):
        raise DataError(
            f"{source} has none of the {side}s of the log: its ids look like {features.ids[0]!r}, "
            f"those of the log like {ids[0]!r}; name the column of ids with "
            f"--{side}-features-id"
        )
    if not features.n_features:
        raise EmptyDataError(
            f"no feature in {source} belongs to {options.features_at_least:,} {side}s or more: "
            "lower --features-at-least"
        )
    norm = options.features_norm
    return features if norm == "none" else features.normalized(norm)


def query_of(options: LogOptions, contents: str) -> str:
    """Return the query of a database; see :func:`need_query`."""
    return need_query(options.query, contents)


def need_query(query: str | None, contents: str) -> str:
    """Return the query of a database.

    Raises
    ------
    SettingsError
        If the command line has none; ``contents`` says what it would return.
    """
    if query is None:
        raise SettingsError(
            f"a database needs --query, the SELECT statement that returns the {contents}"
        )
    return query


def refuse_all_but(options: LogOptions, kept: str, why: str) -> None:
    """Refuse every option of the log but one.

    Raises
    ------
    SettingsError
        If others are on the command line; ``why`` is the reason, for the message.
    """
    explicit.refuse(why, *(f.name for f in fields(options) if f.name != kept))


def listed(file: Path, ids: IdMap) -> list[Id]:
    """Return the ids in a file, one per line, as the type of the ids of a map.

    Raises
    ------
    DataError
        If the file is not text.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is not UTF-8 text: {error}") from None
    return [ids.parse(line.strip()) for line in lines if line.strip()]


def weights(words: list[str] | None) -> dict[str, float] | None:
    """Return event type → weight, from words such as ``like=5``.

    Raises
    ------
    SettingsError
        If a word has another form, or a type is named twice.
    """
    if words is None:
        return None
    by_type: dict[str, float] = {}
    for word in words:
        kind, equals, number = word.rpartition("=")
        try:
            weight = float(number)
        except ValueError:
            equals = ""
        if not equals or kind in by_type:
            raise SettingsError(f"--weight {word!r}: write TYPE=NUMBER, once for each type")
        by_type[kind] = weight
    return by_type
