"""Options that say how to read a log, its catalog and its features."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from penchant._settings.times import check_duration
from penchant.cli.options import option
from penchant.data.expansion import FACTOR

_READING = "Reading the log"
_EVENTS = "Event types and age"
_NAMING = "Catalog of the items"
_FEATURES = "Features of items and users"

Format = Literal["text", "parquet", "jsonl"]
Header = Literal["auto", "yes", "no"]
BadLines = Literal["error", "skip"]
Decimal = Literal[".", ","]
Duplicates = Literal["binary", "sum", "max", "last", "mean", "error"]
Norm = Literal["none", "l1", "l2"]


@dataclass(frozen=True)
class LogOptions:
    """How to read a log."""

    user: Annotated[
        str | None,
        option("Column of users: its name or its position from 0. Default: the columns are "
               "recognized by their names and contents.", panel=_READING, metavar="COLUMN"),
    ] = None  # fmt: skip
    item: Annotated[str | None, option("Column of items.", panel=_READING, metavar="COLUMN")] = None
    value: Annotated[
        str | None,
        option(
            "Column of counts or ratings. If users and items are named but this is not, every row "
            "is a like. Negative values are dislikes.",
            panel=_READING,
            metavar="COLUMN",
        ),
    ] = None
    timestamp: Annotated[
        str | None, option("Column of times.", panel=_READING, metavar="COLUMN")
    ] = None
    time_format: Annotated[
        str | None,
        option("Format of the times, such as %d/%m/%Y. Default: whole numbers, ISO dates and "
               "31.12.2025.", advanced=True, panel=_READING, metavar="FORMAT"),
    ] = None  # fmt: skip
    decimal: Annotated[
        Decimal,
        option("Mark before the decimals of values: . or , as in 1.234,50.",
               advanced=True, panel=_READING, metavar="MARK"),
    ] = "."  # fmt: skip
    query: Annotated[
        str | None,
        option(
            "For a database: the SELECT statement that returns the log.",
            panel=_READING,
            metavar="SQL",
        ),
    ] = None
    sep: Annotated[
        str | None,
        option(
            "Separator of columns: a text, or tab, comma, semicolon, pipe, space. "
            "Default: detected.",
            panel=_READING,
            metavar="SEP",
        ),
    ] = None
    quote: Annotated[
        str,
        option("Quote character of fields that contain the separator; none; or auto (detected).",
               advanced=True, panel=_READING, metavar="CHAR"),
    ] = "auto"  # fmt: skip
    encoding: Annotated[
        str | None,
        option("Text encoding, such as latin-1. Default: UTF-8.",
               advanced=True, panel=_READING, metavar="NAME"),
    ] = None  # fmt: skip
    header: Annotated[
        Header,
        option("Whether the first line holds the column names: yes, no or auto (detected).",
               advanced=True, panel=_READING, metavar="ANSWER"),
    ] = "auto"  # fmt: skip
    format: Annotated[
        Format | None,
        option(
            "File format: text, parquet or jsonl. Default: by the file's name.",
            advanced=True,
            panel=_READING,
            metavar="FORMAT",
        ),
    ] = None
    on_bad_lines: Annotated[
        BadLines,
        option("Lines that do not fit the columns: error, or skip (they are counted).",
               advanced=True, panel=_READING, metavar="POLICY"),
    ] = "error"  # fmt: skip
    max_expansion: Annotated[
        float,
        typer.Option(
            hidden=True,
            min=1.0,
            help="How many times its own size a compressed file may expand to: of the log, the "
            "catalog or features.",
            rich_help_panel=_READING,
            metavar="FACTOR",
        ),
    ] = FACTOR
    duplicates: Annotated[
        Duplicates | None,
        option(
            "How rows of the same user and item are combined: binary, sum, max, last, mean or "
            "error. Default: sum with a value column, else binary.",
            advanced=True,
            panel=_READING,
            metavar="POLICY",
        ),
    ] = None
    event: Annotated[
        str | None,
        option(
            "Column of event types. An event then counts its type's --weight, times its value if "
            "there is a column of values.",
            panel=_EVENTS,
            metavar="COLUMN",
        ),
    ] = None
    weight: Annotated[
        list[str] | None,
        option(
            "Weight of an event type: like=5; may be repeated; below 0: a dislike. Other types "
            "are left out. Without this option all types count 1.",
            panel=_EVENTS,
            metavar="TYPE=NUMBER",
        ),
    ] = None
    half_life: Annotated[
        str | None,
        option(
            "Age at which an event counts half, in the unit of --timestamp; or 12h, 30d, 8w if "
            "that holds seconds or dates.",
            panel=_EVENTS,
            metavar="TIME",
        ),
    ] = None

    @property
    def age(self) -> float | None:
        """The half-life in the unit of the timestamps.

        Raises
        ------
        SettingsError
            If it is not a duration.
        """
        if self.half_life is None:
            return None
        try:
            number: float | str = float(self.half_life)
        except ValueError:
            number = self.half_life
        return check_duration("half_life", number)


@dataclass(frozen=True)
class FilteredLogOptions(LogOptions):
    """How to read a log, and which users and items are left out."""

    min_per_user: Annotated[
        int,
        typer.Option(
            min=0,
            help="Leave out users with fewer items than this.",
            rich_help_panel=_READING,
            metavar="N",
        ),
    ] = 1
    min_per_item: Annotated[
        int,
        typer.Option(
            min=0,
            help="Leave out items with fewer users than this.",
            rich_help_panel=_READING,
            metavar="N",
        ),
    ] = 1


@dataclass(frozen=True)
class DataOptions(FilteredLogOptions):
    """How to read a log, a catalog and features."""

    half_life: Annotated[
        str | None,
        option(
            "Age at which an interaction counts half, in the unit of --timestamp; or 12h, 30d, 8w "
            "if that holds seconds or dates. With --event each event has its own age; without it, "
            "this is a setting of the model.",
            panel=_EVENTS,
            metavar="TIME",
        ),
    ] = None
    min_rating: Annotated[
        float | None,
        option("For the MovieLens data sets: the lowest rating that counts as a like.",
               advanced=True, panel=_READING, metavar="RATING"),
    ] = None  # fmt: skip
    catalog: Annotated[
        str | None,
        option(
            "Table of the items' names, links and pictures: a file, or a database's address with "
            "--catalog-query. Default: the log, if it holds the column --name, --link, --picture "
            "or --tags.",
            panel=_NAMING,
            metavar="FILE",
        ),
    ] = None
    catalog_query: Annotated[
        str | None,
        option("For a catalog in a database, that of the log unless --catalog names another: the "
               "SELECT statement that returns it.",
               advanced=True, panel=_NAMING, metavar="SQL"),
    ] = None  # fmt: skip
    catalog_item: Annotated[
        str | None,
        option("Column of item ids in the catalog. This and the columns below are detected by "
               "their names by default.",
               advanced=True, panel=_NAMING, metavar="COLUMN"),
    ] = None  # fmt: skip
    name: Annotated[
        str | None,
        option("Column of names in the catalog, or in the log.", panel=_NAMING, metavar="COLUMN"),
    ] = None
    link: Annotated[
        str | None,
        option("Column of links in the catalog.", advanced=True, panel=_NAMING, metavar="COLUMN"),
    ] = None
    picture: Annotated[
        str | None,
        option("Column of pictures (addresses or paths) in the catalog.",
               advanced=True, panel=_NAMING, metavar="COLUMN"),
    ] = None  # fmt: skip
    tags: Annotated[
        str | None,
        option("Column of tags, separated by |, in the catalog.",
               advanced=True, panel=_NAMING, metavar="COLUMN"),
    ] = None  # fmt: skip
    catalog_sep: Annotated[
        str | None,
        option("As --sep, for the catalog.", advanced=True, panel=_NAMING, metavar="SEP"),
    ] = None
    catalog_quote: Annotated[
        str, option("As --quote, for this file.", advanced=True, panel=_NAMING, metavar="CHAR")
    ] = "auto"
    catalog_encoding: Annotated[
        str | None,
        option("As --encoding, for this file.", advanced=True, panel=_NAMING, metavar="NAME"),
    ] = None
    catalog_header: Annotated[
        Header,
        option("As --header, for this file.", advanced=True, panel=_NAMING, metavar="ANSWER"),
    ] = "auto"
    item_features: Annotated[
        str | None,
        option(
            "Table of the items' features, for hybrid-als, ranking and content: a row per item and "
            "a column per property; with --item-features-name a row per feature of an item. "
            "Or vectors: a .npy file, with --item-features-of.",
            panel=_FEATURES,
            metavar="FILE",
        ),
    ] = None
    item_features_query: Annotated[
        str | None,
        option("For features in a database, that of the log unless --item-features names another: "
               "the SELECT statement that returns them.",
               advanced=True, panel=_FEATURES, metavar="SQL"),
    ] = None  # fmt: skip
    item_features_of: Annotated[
        Path | None,
        option("For vectors: the file of their ids, one per line.",
               advanced=True, panel=_FEATURES, metavar="FILE"),
    ] = None  # fmt: skip
    item_features_id: Annotated[
        str | None,
        option("Column of ids in the features' table. Default: detected by its name.",
               advanced=True, panel=_FEATURES, metavar="COLUMN"),
    ] = None  # fmt: skip
    item_features_name: Annotated[
        str | None,
        option("Column of feature names.", advanced=True, panel=_FEATURES, metavar="COLUMN"),
    ] = None
    item_features_value: Annotated[
        str | None,
        option("Column of feature weights. Default: all 1.",
               advanced=True, panel=_FEATURES, metavar="COLUMN"),
    ] = None  # fmt: skip
    user_features: Annotated[
        str | None,
        option("The same for users.", advanced=True, panel=_FEATURES, metavar="FILE"),
    ] = None
    user_features_query: Annotated[
        str | None,
        option("As for items.",
               advanced=True, panel=_FEATURES, metavar="SQL"),
    ] = None  # fmt: skip
    user_features_of: Annotated[
        Path | None, option("As for items.", advanced=True, panel=_FEATURES, metavar="FILE")
    ] = None
    user_features_id: Annotated[
        str | None, option("As for items.", advanced=True, panel=_FEATURES, metavar="COLUMN")
    ] = None
    user_features_name: Annotated[
        str | None, option("As for items.", advanced=True, panel=_FEATURES, metavar="COLUMN")
    ] = None
    user_features_value: Annotated[
        str | None, option("As for items.", advanced=True, panel=_FEATURES, metavar="COLUMN")
    ] = None
    features_at_least: Annotated[
        int,
        typer.Option(
            hidden=True,
            min=1,
            help="Leave out features of fewer items (or users) than this.",
            rich_help_panel=_FEATURES,
            metavar="N",
        ),
    ] = 1
    features_norm: Annotated[
        Norm,
        option("Divide each row by its norm: l1, l2 or none.",
               advanced=True, panel=_FEATURES, metavar="NORM"),
    ] = "l2"  # fmt: skip
    features_sep: Annotated[
        str | None,
        option(
            "As --sep, for both files of features.", advanced=True, panel=_FEATURES, metavar="SEP"
        ),
    ] = None
    features_quote: Annotated[
        str, option("As --quote, for this file.", advanced=True, panel=_FEATURES, metavar="CHAR")
    ] = "auto"
    features_encoding: Annotated[
        str | None,
        option("As --encoding, for this file.", advanced=True, panel=_FEATURES, metavar="NAME"),
    ] = None
    features_header: Annotated[
        Header,
        option("As --header, for this file.", advanced=True, panel=_FEATURES, metavar="ANSWER"),
    ] = "auto"

    yes: Annotated[
        bool,
        option("Read the columns that are recognized, without asking in a terminal whether they "
               "are right.", "--yes", "-y", panel=_READING),
    ] = False  # fmt: skip
