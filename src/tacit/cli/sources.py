"""From the options of a verb to interactions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tacit.cli.options import DataOptions
from tacit.cli.output import Output, size
from tacit.data import database
from tacit.errors import DataError, SettingsError

if TYPE_CHECKING:
    from tacit.data.interactions import Interactions

_SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " ", "\\t": "\t"}

_WHETHER = {"auto": None, "yes": True, "no": False}


def read(source: str, options: DataOptions, out: Output) -> Interactions:
    """A file, a folder, a glob, a query or a known data set, with its catalogue and minima.

    Raises
    ------
    TacitError
        If it can't be read as the options say.
    """
    from tacit.data import datasets

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
    if options.catalogue is not None:
        interactions = _named(interactions, options)
    if options.min_per_user > 1 or options.min_per_item > 1:
        interactions = interactions.threshold(options.min_per_user, options.min_per_item)
    return interactions


def fetch(name: str, out: Output, **how: Any) -> Interactions:
    """A known data set, fetched if need be."""
    from tacit.data import datasets

    with out.progress(f"fetching {name}") as update:

        def progress(here: int, whole: int | None) -> None:
            update(here, whole, size(here))

        return datasets.load(name, progress=progress, **how)


def _known(name: str, options: DataOptions, out: Output) -> Interactions:
    _refuse(
        options,
        ("user", "item", "value", "timestamp", "query", "sep", "encoding", "format", "duplicates"),
        f"{name} is a known data set, read as its publisher wrote it",
    )
    return fetch(name, out, min_rating=options.min_rating)


def _file(source: str, options: DataOptions, out: Output) -> Interactions:
    from tacit.data.read import read_interactions

    _refuse(options, ("min_rating",), f"{source} is a file, not a known data set")
    _refuse(options, ("query",), f"{source} is a file, not the address of a database")
    with out.progress(f"reading {Path(source).name}"):
        return read_interactions(
            source,
            user=column(options.user),
            item=column(options.item),
            value=column(options.value),
            timestamp=column(options.timestamp),
            sep=separator(options.sep),
            quote=_quote(options.quote),
            encoding=options.encoding,
            header=_WHETHER[options.header],
            format=options.format,
            duplicates=options.duplicates,
            on_bad_lines=options.on_bad_lines,
        )


def _database(source: str, options: DataOptions, out: Output) -> Interactions:
    from tacit.data.read import read_interactions

    _refuse(options, ("sep", "encoding", "format", "min_rating"), "a database is read, not a file")
    if options.query is None:
        raise SettingsError("a database needs --query, the SELECT whose rows are the log")
    with out.progress("reading the database"):
        return read_interactions(
            source,
            user=column(options.user),
            item=column(options.item),
            value=column(options.value),
            timestamp=column(options.timestamp),
            query=options.query,
            duplicates=options.duplicates,
            on_bad_lines=options.on_bad_lines,
        )


def _named(interactions: Interactions, options: DataOptions) -> Interactions:
    from tacit.data.read import read_catalogue

    found = read_catalogue(
        options.catalogue,
        item=column(options.catalogue_item),
        name=column(options.name),
        link=column(options.link),
        picture=column(options.picture),
        tags=column(options.tags),
        sep=separator(options.catalogue_sep),
        quote=_quote(options.catalogue_quote),
        encoding=options.catalogue_encoding,
        header=_WHETHER[options.catalogue_header],
        on_bad_lines=options.on_bad_lines,
    )
    if not any(item in interactions.items for item in found.items):
        raise DataError(
            f"{options.catalogue} knows none of the items: its ids are such as "
            f"{found.items[0]!r}, and those of the log such as {interactions.items[0]!r}"
        )
    return interactions.with_catalogue(found.subset(interactions.items))


def _refuse(options: DataOptions, names: tuple[str, ...], why: str) -> None:
    """Raise SettingsError if an option was given that would be without effect."""
    given = [name for name in names if getattr(options, name) is not None]
    if given:
        listed = ", ".join("--" + name.replace("_", "-") for name in given)
        raise SettingsError(f"{why}: leave out {listed}")


def column(text: str | None) -> str | int | None:
    """A column's name, or its place where the text is a whole number."""
    return int(text) if text is not None and re.fullmatch(r"-?\d+", text) else text


def separator(text: str | None) -> str | None:
    r"""A separator as shells can say it: ``tab`` and ``\t`` are a tab."""
    return text if text is None else _SEPARATORS.get(text, text)


def _quote(text: str) -> str | None:
    return None if text in ("none", "") else text
