"""``read_interactions`` and ``read_catalog``: from files, frames and matrices to typed data."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from penchant.data.catalog import Catalog
from penchant.data.ids import Id, IdMap
from penchant.data.interactions import Interactions
from penchant.data.io.cells import POLICIES, bad_lines, cells, id_kinds, stage, workspace
from penchant.data.io.columns import Column, guess, guess_catalog, locate
from penchant.data.io.delimited import TextOptions
from penchant.data.io.logs import read_plain
from penchant.data.io.sources import LISTED, Source, name_of, sources_of
from penchant.errors import ColumnError, EmptyDataError, SettingsError

log = logging.getLogger("penchant")

MEMORY_LIMIT = "512MB"
Duplicates = Literal["binary", "sum", "max", "last", "mean", "error"]


def read_interactions(
    source: Any,
    user: Column | None = None,
    item: Column | None = None,
    value: Column | None = None,
    timestamp: Column | None = None,
    *,
    sep: str | None = None,
    quote: str | None = "auto",
    encoding: str | None = None,
    header: bool | None = None,
    format: Literal["text", "parquet", "jsonl"] | None = None,  # noqa: A002 - reads best
    query: str | None = None,
    name: str | None = None,
    duplicates: Duplicates | None = None,
    on_bad_lines: Literal["error", "skip"] = "error",
    memory_limit: str = MEMORY_LIMIT,
    catalog: Catalog | None = None,
    user_ids: Sequence[Id] | None = None,
    item_ids: Sequence[Id] | None = None,
) -> Interactions:
    """Read who did what how often.

    Ids read from text stay the text they are ("007", "NA", "1e5", " x"); Parquet, JSON and
    frames keep integers as integers, and floats that are all whole become integers. Codes are
    given in the sorted order of ids, so the order of rows does not matter.

    Parameters
    ----------
    source
        The path of a delimited text file, of Parquet or of JSON lines, packed with gzip or zstd
        or not; a glob of them; a folder of Parquet; a pandas, polars or pyarrow frame; a SciPy
        sparse matrix or a 2-D NumPy array, users × items; a list of (user, item), (user,
        item, value) or (user, item, value, timestamp) tuples; or the address of a database,
        ``sqlite:///file.db`` or ``postgresql://user@host/name``, with ``query``.
    user, item, value, timestamp
        Columns by name, or by position from 0. Without ``value`` every row is a like worth 1;
        a negative value is a dislike. Timestamps are whole numbers, kept in their own unit, or
        dates, kept as seconds since 1970 (UTC where they name no zone). Where neither user nor
        item is given, a table of two columns (user, item) or three (user, item, value) is taken
        as it stands; in a wider one columns called ``userID``, ``item_id`` or the like are.
    sep
        What separates the columns of a text file, 1 to 4 bytes; None: by its suffix, or else
        looked for among tab, ``::``, pipe, semicolon and comma.
    quote
        The character around fields that hold the separator; None for none. ``"auto"``: the
        double quote in comma and semicolon files, none in others, where quotes are part of
        names.
    encoding
        A codec such as ``"latin-1"``; None: UTF-8, or UTF-16 with its mark.
    header
        Whether the first line of a text file names its columns. None: it does if columns are
        given by name, if one of its fields is a usual column name (``userId``, ``rating``), or
        if its value or timestamp is not a number.
    format
        ``"text"``, ``"parquet"`` or ``"jsonl"``; None: by the file's suffix and first bytes.
    query
        The SQL whose rows are read, where ``source`` is the address of a database. It can only
        read; its rows are streamed.
    name
        What to call the data set; None: the file's name.
    duplicates
        What to do with rows of the same user and item: ``"binary"`` takes them once (worth 1,
        or −1 if their sum is negative), ``"sum"``, ``"max"``, ``"mean"``, ``"last"`` takes the
        latest (by timestamp if read, then by place), ``"error"`` refuses them. None:
        ``"sum"`` with a value column, else ``"binary"``. Timestamps: the latest.
    on_bad_lines
        ``"error"``, or ``"skip"`` to leave out and count lines that don't fit their columns.
    memory_limit
        How much memory reading may take. Rows of plain delimited text (no quotes in it) are held
        in it, 12 bytes each (8 without a value, 20 with a timestamp), with each id once; what
        does not fit into it, and all other sources, DuckDB reads, a few times more slowly, which
        spills to the folder for temporary files (TMPDIR). The result itself comes on top: 8
        bytes an interaction (16 with timestamps), and the ids.
    catalog
        What is known of the items.
    user_ids, item_ids
        For matrices: what rows and columns are called; None: 0…n−1.

    Returns
    -------
    Interactions
        Its ``notes`` say in words, and its ``report`` in numbers, what became of every row.

    Raises
    ------
    BadLinesError
        If lines don't fit their columns or hold no number where one must be.
    ColumnError
        If a column is not there; the message lists those that are.
    EncodingError
        If bytes are not text in the encoding.
    EmptyDataError
        If no interactions are left.
    DataError
        If the source is not there, damaged, or of no kind that can be read.
    SettingsError
        If an argument is out of its range.
    """
    if duplicates is not None and duplicates not in POLICIES:
        raise SettingsError(f"duplicates must be one of {', '.join(POLICIES)}, got {duplicates!r}")
    _check_choice(on_bad_lines)
    given = {"user": user, "item": item, "value": value, "timestamp": timestamp}
    if _is_matrix(source):
        if any(column is not None for column in given.values()):
            raise SettingsError("a matrix has no columns to name: its rows are users")
        read = Interactions.from_matrix(
            source, user_ids, item_ids, name=name or "matrix", duplicates=duplicates or "sum"
        )
        return read.with_catalog(catalog)
    if user_ids is not None or item_ids is not None:
        raise SettingsError("user_ids= and item_ids= go with matrices: other sources hold ids")
    options = TextOptions(sep, quote, encoding, header)
    with workspace(memory_limit) as (con, scratch):
        opened = sources_of(
            con, source, scratch, given,
            options=options, format=format, numeric=("value", "timestamp"), query=query,
        )  # fmt: skip
        places = [_places(given, one) for one in opened]
        roles = _same_roles(places)
        kinds = id_kinds(opened, places)
        plain = read_plain(con, scratch, opened, places)
        staged = plain.odd if plain else opened
        begins = stage(con, staged, places, kinds)
        bad = bad_lines(
            con, staged, begins,
            skip=on_bad_lines == "skip", quote=_quoting(options), others=plain.well if plain else 0,
        )  # fmt: skip
        policy = duplicates or ("sum" if "value" in roles else "binary")
        make = plain.cells if plain else cells
        found = make(con, roles, policy, source=_described(opened, places), bad=bad)
    result = Interactions(
        found.csr,
        IdMap.trusted(found.users, "user"),
        IdMap.trusted(found.items, "item"),
        found.timestamps,
        name=name or name_of(source) or "interactions",
        notes=found.report.notes(),
        report=found.report,
    )
    for note in result.notes:
        log.info("%s", note)
    _warn_of_quotes(result.users)
    return result.with_catalog(catalog)


def read_catalog(
    source: Any,
    item: Column | None = None,
    name: Column | None = None,
    link: Column | None = None,
    picture: Column | None = None,
    tags: Column | None = None,
    *,
    tag_sep: str = "|",
    sep: str | None = None,
    quote: str | None = "auto",
    encoding: str | None = None,
    header: bool | None = None,
    format: Literal["text", "parquet", "jsonl"] | None = None,  # noqa: A002 - reads best
    on_bad_lines: Literal["error", "skip"] = "error",
    memory_limit: str = MEMORY_LIMIT,
) -> Catalog:
    """Read what is known of items: names, links, pictures, tags.

    Items stay in the order of the source. One that comes twice keeps its first entry, and a
    warning is logged that says how many did.

    Parameters
    ----------
    source
        A file or a frame; see :func:`read_interactions`.
    item
        The column of item ids, by name or by position from 0. None: the one column called ``id``,
        ``itemID``, ``movie_id`` or the like.
    name, link, picture, tags
        The columns of names, links, pictures and tags; None where there are none. Where none of
        them is given, columns called ``name`` or ``title``, ``url``, ``image``, ``genres`` or the
        like are.
    tag_sep
        What separates the tags of one item.
    sep, quote, encoding, header, format, on_bad_lines, memory_limit
        As in :func:`read_interactions`.

    Raises
    ------
    DataError
        As in :func:`read_interactions`.
    """
    _check_choice(on_bad_lines)
    given = {"item": item, "name": name, "link": link, "picture": picture, "tags": tags}
    options = TextOptions(sep, quote, encoding, header)
    with workspace(memory_limit) as (con, scratch):
        opened = sources_of(con, source, scratch, given, options=options, format=format)
        places = [
            locate(guess_catalog(given, s.columns, s.width, s.label), s.columns, s.width, s.label)
            for s in opened
        ]
        begins = stage(con, opened, places, id_kinds(opened, places))
        bad, told = bad_lines(
            con, opened, begins, skip=on_bad_lines == "skip", quote=_quoting(options)
        )
        label = opened[0].label
        if bad:
            log.warning("%s: %s bad lines skipped (%s)", label, f"{bad:,}", "; ".join(told))
        columns = _catalog_columns(con, list(places[0]), label)
    fields = {
        "names": columns.get("name"),
        "links": columns.get("link"),
        "pictures": columns.get("picture"),
        "tags": _split_tags(columns.get("tags"), tag_sep),
    }
    return Catalog(IdMap(columns["item"], "item"), **fields)  # type: ignore[arg-type]


# --- helpers ----------------------------------------------------------------------------


def _check_choice(on_bad_lines: str) -> None:
    if on_bad_lines not in ("error", "skip"):
        raise SettingsError(f'on_bad_lines must be "error" or "skip", got {on_bad_lines!r}')


def _is_matrix(source: Any) -> bool:
    if isinstance(source, str | os.PathLike | list | tuple):
        return False
    return type(source).__module__.startswith(("scipy.sparse", "numpy"))


def _places(given: Mapping[str, Column | None], source: Source) -> dict[str, int]:
    if source.meant and all(column is None for column in given.values()):
        return dict(source.meant)
    table = (source.columns, source.width, source.label)
    return locate(guess(given, *table), *table)


def _warn_of_quotes(users: IdMap) -> None:
    shown = users[:1000].tolist()
    if all(isinstance(u, str) and len(u) > 1 and u[0] == u[-1] == '"' for u in shown):
        log.warning("all users are in quotes, such as %s: give quote='\"'", shown[0])


def _same_roles(places: Sequence[Mapping[str, int]]) -> list[str]:
    roles = list(places[0])
    if any(list(other) != roles for other in places):
        raise ColumnError("the files have different columns: give user=, item= and value=")
    return roles


def _quoting(options: TextOptions) -> bool:
    return options.quote not in (None, "auto")


def _described(sources: Sequence[Source], places: Sequence[Mapping[str, int]]) -> str:
    first = sources[0]
    label = first.label if len(sources) == 1 else f"{len(sources)} files ({first.label}, …)"
    how = f" ({', '.join(first.how)})" if first.how else ""
    used = ", ".join(f"{role} from {first.column_name(at)}" for role, at in places[0].items())
    return f"{label}{how}: {used}"


def _catalog_columns(con: Any, roles: Sequence[str], label: str) -> dict[str, list[Any]]:
    chosen = ", ".join(["c_item", *(f"coalesce(c_{role}, '')" for role in roles[1:])])
    rows = con.execute(
        f"SELECT {chosen} FROM staged WHERE why IS NULL AND c_item IS NOT NULL "
        "QUALIFY row_number() OVER (PARTITION BY c_item ORDER BY rowid) = 1 ORDER BY rowid"
    ).fetchall()
    if not rows:
        raise EmptyDataError(f"{label} names no items")
    total, without = con.execute(
        "SELECT count(*), count(*) FILTER (c_item IS NULL) FROM staged WHERE why IS NULL"
    ).fetchone()
    if without:
        log.warning("%s: %s rows without an item left out", label, f"{without:,}")
    if total - without > len(rows):
        log.warning(
            "%s: %s rows are of items named before; the first row of each is kept",
            label, f"{total - without - len(rows):,}",
        )  # fmt: skip
    return dict(zip(roles, (list(column) for column in zip(*rows, strict=True)), strict=True))


def _split_tags(tags: list[str] | None, tag_sep: str) -> list[tuple[str, ...]] | None:
    if tags is None:
        return None
    split = [entry.replace(LISTED, tag_sep).split(tag_sep) for entry in tags]
    return [tuple(tag.strip() for tag in entry if tag.strip()) for entry in split]
