"""``penchant recommend``: recommend items to users."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

import typer

from penchant.cli import explicit, hints
from penchant.cli.everyone import EveryoneOptions
from penchant.cli.history_options import HistoryOptions
from penchant.cli.options import ExcludeSeen, HowMany, LimitOptions, ModelFile, OutputOptions
from penchant.cli.output import Output, answers
from penchant.cli.sources import listed, read_log
from penchant.cli.wording import renamed
from penchant.data.paths import names_folder
from penchant.errors import SettingsError, UnknownIdError, UnsupportedError, reworded

if TYPE_CHECKING:
    from penchant.data.ids import Id
    from penchant.models.base import Model
    from penchant.results import Recommendations

EXAMPLES = r"""[bold]Examples[/bold]

penchant recommend artists.penchant 2
penchant recommend artists.penchant 2 4 5 -k 3 --json

[dim]# a new user, by the items that they like[/dim]
penchant recommend artists.penchant --like Radiohead --like "Sigur Rós"

[dim]# by their features too, if the model was fitted with features of users[/dim]
penchant recommend artists.penchant --like Radiohead \
      --user-feature country=Iceland

[dim]# all users, into a file; memory use does not grow with their number[/dim]
penchant recommend artists.penchant --all --to top10.parquet

[dim]# the same in blocks, by four processes, into a folder[/dim]
penchant recommend artists.penchant --all --to top10/ --cluster local:4

[dim]# for the users of another log, who may be new[/dim]
penchant recommend likes.penchant --all --histories likes.csv --user uid \
      --item mid --to new/

[dim]# only what is in stock, and not this one[/dim]
penchant recommend artists.penchant 2 --allow-file stock.txt --deny Coldplay"""

NO_HISTORY = {
    "; or pass history= in place of the user": "",
    "; pass history= in place of the user": "",
}
"""Phrases of messages about an argument that commands do not have."""


@dataclass(frozen=True)
class NewUserOptions:
    """What is known of a new user."""

    like: Annotated[
        list[str] | None,
        typer.Option(
            help="Instead of users: an item, by id or name, that a new user likes; may be "
            "repeated.",
            metavar="ITEM",
        ),
    ] = None
    user_feature: Annotated[
        list[str] | None,
        typer.Option(
            help="A feature of a new user, such as country=Iceland: the name of a feature of users "
            "that the model was fitted with; may be repeated and combined with --like.",
            metavar="NAME",
        ),
    ] = None


@dataclass(frozen=True)
class ListOptions:
    """The lists, and where they are written."""

    k: HowMany = 10
    exclude_seen: ExcludeSeen = True
    scale: Annotated[
        bool, typer.Option("--scale", help="Scale each list's scores to the range 0 to 1.")
    ] = False


def recommend(
    model: ModelFile,
    *,
    users: Annotated[list[str] | None, typer.Argument(metavar="USER", help="Ids of users.")] = None,
    new_user: NewUserOptions,
    lists: ListOptions,
    everyone: EveryoneOptions,
    among: LimitOptions,
    log: HistoryOptions,
    printing: OutputOptions,
) -> None:
    """Recommend items to users, to a new user, to all users, or to those of another log.

    Items are given by id or by exact name; a text that is both is read as an id.
    """
    from penchant.models import load

    is_new = bool(new_user.like or new_user.user_feature)
    _check_queries(bool(users), is_new, lists, everyone)
    _check_histories(log, everyone)
    if not new_user.like:
        check_names(among)
    out = printing.open()
    loaded = load(model)
    limits: dict[str, Any] = {"exclude_seen": lists.exclude_seen, **limited(loaded, among)}
    if everyone.everyone:
        if log.histories is not None:
            limits["histories"] = read_log(log.histories, log, out)
        with reworded(UnsupportedError, NO_HISTORY):
            everyone.write(loaded.recommend_all, model, out, "users", k=lists.k, **limits)
        return
    if is_new:
        limits["history"] = [item(loaded, text, among.by_name) for text in new_user.like or ()]
        limits |= _features(loaded, new_user.user_feature)
        recommendations = loaded.recommend(k=lists.k, scale=lists.scale, **limits)
    else:
        ids = _user_ids(loaded, users or [])
        with renamed("", history="like"):
            recommendations = loaded.recommend(ids, lists.k, scale=lists.scale, **limits)
    out.show(*answers(recommendations))
    _advise(model, recommendations, is_new, out)
    out.document(recommendations.to_dicts())


def _advise(path: Path, recommendations: Recommendations, is_new: bool, out: Output) -> None:
    first = next(iter(recommendations), None)
    if first is None:
        return
    if is_new:
        hints.show(out, f"similar {hints.quoted(path, first.id)}")
    else:
        user = recommendations.queries[0]
        hints.show(out, f"explain {hints.quoted(path, user, first.id)}")


def _check_queries(
    has_users: bool, is_new: bool, lists: ListOptions, everyone: EveryoneOptions
) -> None:
    """Check that a command line says in exactly one way for whom the lists are."""
    if [has_users, is_new, everyone.everyone].count(True) != 1:
        raise SettingsError(
            "name users, or describe a new user by --like or --user-feature, or choose --all"
        )
    everyone.check()
    if everyone.everyone and lists.scale:
        raise SettingsError("--scale does not go with --all: scores in a file are not scaled")


def _check_histories(log: HistoryOptions, everyone: EveryoneOptions) -> None:
    """Check that a log is named with what it needs, before anything is read."""
    log.check()
    if log.histories is not None and not everyone.everyone:
        raise SettingsError("--histories goes with --all: its users get lists")
    if log.histories is not None and not names_folder(everyone.to):
        raise SettingsError("--histories writes a folder: end its name in a slash, --to top10/")


def check_names(among: LimitOptions) -> None:
    """Refuse ``--by-name`` where the command line names no item."""
    if not among.allow and not among.deny:
        explicit.refuse("no item is named", "by_name")


def _user_ids(model: Model, users: list[str]) -> list[Id]:
    ids = [model.users.parse(user) for user in users]
    if model.falls_back and model.scores_anyone:
        return ids
    try:
        model.users.codes(ids)
    except UnknownIdError as error:
        raise UnknownIdError(f"{error}; for a new user, name items that they --like") from None
    return ids


def _features(model: Model, names: list[str] | None) -> dict[str, Any]:
    if not names:
        return {}
    from penchant.models.cold_start import ColdStartModel

    features = model._trained_on.user_features
    if features is None or not isinstance(model, ColdStartModel):
        raise UnsupportedError(
            "--user-feature: the model was fitted without features of users; fit it with "
            "--user-features FILE"
        )
    return {"user_features": [features.names.parse(name) for name in names]}


def item(model: Model, text: str, by_name: bool = False) -> Id:
    """Return the item that a text on the command line names."""
    from penchant.data.lookup import find_item

    return find_item(text, model.items, model.catalog, by_name=by_name)


class Limits(TypedDict):
    """Which items may be recommended, as the models' methods take it."""

    allow: list[Id] | None
    deny: list[Id] | None


def limited(model: Model, among: LimitOptions) -> Limits:
    """Return the items to choose from and those to leave out."""
    return {
        "allow": _item_list(model, among.allow, among.allow_file, among.by_name),
        "deny": _item_list(model, among.deny, among.deny_file, among.by_name),
    }


def _item_list(
    model: Model, texts: list[str] | None, file: Path | None, by_name: bool
) -> list[Id] | None:
    """Return the items named on the command line and in a file, or None without either."""
    if texts is None and file is None:
        return None
    chosen = [item(model, text, by_name) for text in texts or ()]
    if file is not None:
        # a list of items in stock may contain items that the model does not know
        chosen += listed(file, model.items)
    return chosen
