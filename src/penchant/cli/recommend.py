"""``penchant recommend``: recommend items to users."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

import typer

from penchant.cli.options import (
    ByName,
    ExcludeSeen,
    HowMany,
    Json,
    LimitOptions,
    ModelFile,
    Quiet,
)
from penchant.cli.output import Output, answers
from penchant.cli.sources import listed
from penchant.errors import SettingsError, UnknownIdError, UnsupportedError

if TYPE_CHECKING:
    from penchant.data.ids import Id
    from penchant.models.base import Model

EXAMPLES = r"""[bold]Examples[/bold]

penchant recommend artists.penchant 2
penchant recommend artists.penchant 2 4 5 -k 3 --json

[dim]# a new user, by the items that they like[/dim]
penchant recommend artists.penchant --like Radiohead --like "Sigur Rós"

[dim]# by their features too, if the model was fitted with features of users[/dim]
penchant recommend artists.penchant --like Radiohead --user-feature country=Iceland

[dim]# all users, into a file; memory use does not grow with their number[/dim]
penchant recommend artists.penchant --all --to top10.parquet

[dim]# only what is in stock, and not this one[/dim]
penchant recommend artists.penchant 2 --allow-file stock.txt --deny Coldplay"""


def recommend(
    model: ModelFile,
    *,
    users: Annotated[list[str] | None, typer.Argument(metavar="USER", help="Ids of users.")] = None,
    k: HowMany = 10,
    like: Annotated[
        list[str] | None,
        typer.Option(
            help="Instead of users: an item, by id or name, that a new user likes; may be "
            "repeated.",
            metavar="ITEM",
        ),
    ] = None,
    user_feature: Annotated[
        list[str] | None,
        typer.Option(
            help="A feature of a new user, such as country=Iceland: the name of a feature of users "
            "that the model was fitted with; may be repeated and combined with --like.",
            metavar="NAME",
        ),
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="For all users; needs --to.")] = False,
    to: Annotated[
        Path | None,
        typer.Option(
            help="Write to this .parquet, .csv or .jsonl file (the latter two also .gz).",
            metavar="FILE",
        ),
    ] = None,
    among: LimitOptions,
    exclude_seen: ExcludeSeen = True,
    scale: Annotated[
        bool, typer.Option("--scale", help="Scale each list's scores to 0…1.")
    ] = False,
    by_name: ByName = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Recommend items to users, to a new user, or to all users.

    Items are given by id or by exact name; a text that is both is read as an id.
    """
    from penchant.models import load

    if [bool(users), bool(like or user_feature), everyone].count(True) != 1:
        raise SettingsError(
            "name users, or what someone likes (--like) or is (--user-feature), or --all of them"
        )
    if everyone != (to is not None):
        raise SettingsError("--all and --to FILE go together")
    if everyone and scale:
        raise SettingsError("--scale does not go with --all: scores in a file stay as they are")
    out = Output(as_json=json, quiet=quiet)
    loaded = load(model)
    limits: dict[str, Any] = {
        "exclude_seen": exclude_seen,
        **limited(loaded, among, by_name),
    }
    if to is not None:
        _for_everyone(loaded, k, to, limits, out)
        return
    if like or user_feature:
        history = [item(loaded, one, by_name) for one in like or ()]
        someone = {"history": history, **_features(loaded, user_feature)}
        found = loaded.recommend(k=k, scale=scale, **someone, **limits)
    else:
        found = loaded.recommend(_known(loaded, users or []), k, scale=scale, **limits)
    out.show(*answers(found))
    out.document(found.to_dicts())


def _known(model: Model, users: list[str]) -> list[Id]:
    ids = [model.users.parse(user) for user in users]
    if model.falls_back:
        return ids
    try:
        model.users.codes(ids)
    except UnknownIdError as error:
        raise UnknownIdError(f"{error}; for someone new say what they --like") from None
    return ids


def _features(model: Model, names: list[str] | None) -> dict[str, Any]:
    if not names:
        return {}
    from penchant.models.cold_start import ColdStartModel

    known = model.interactions.user_features
    if known is None or not isinstance(model, ColdStartModel):
        raise UnsupportedError(
            "--user-feature: the model was fitted without features of users (--user-features)"
        )
    return {"user_features": [known.names.parse(name) for name in names]}


def item(model: Model, text: str, by_name: bool = False) -> Id:
    """Return the item that a text on the command line names."""
    from penchant.data.lookup import find_item

    return find_item(text, model.items, model.catalog, by_name=by_name)


class Limits(TypedDict):
    """Which items may be recommended, as the models' methods take it."""

    allow: list[Id] | None
    deny: list[Id] | None


def limited(model: Model, among: LimitOptions, by_name: bool) -> Limits:
    """Return the items to choose from and those to leave out."""
    return {
        "allow": _item_list(model, among.allow, among.allow_file, by_name),
        "deny": _item_list(model, among.deny, among.deny_file, by_name),
    }


def _item_list(
    model: Model, given: list[str] | None, file: Path | None, by_name: bool
) -> list[Id] | None:
    """Return the items given one by one and in a file, or None without either."""
    if given is None and file is None:
        return None
    chosen = [item(model, one, by_name) for one in given or ()]
    if file is not None:
        # a list of items in stock may contain items that the model does not know
        chosen += listed(file, model.items)
    return chosen


def _for_everyone(model: Model, k: int, to: Path, limits: dict[str, Any], out: Output) -> None:
    with out.progress("recommending") as update:
        written = model.recommend_all(
            k,
            to=to,
            on_progress=lambda done, total: update(done, total, f"{done:,} of {total:,} users"),
            **limits,
        )
    out.text(f"wrote up to {k} items for each of {len(model.users):,} users to {written}")
    out.document({"file": str(written), "users": len(model.users), "k": k})
