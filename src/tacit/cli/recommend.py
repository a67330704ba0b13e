"""``tacit recommend``: what to offer to whom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tacit.cli.options import (
    Allow,
    AllowFile,
    ByName,
    Deny,
    DenyFile,
    HowMany,
    Json,
    ModelFile,
    Quiet,
)
from tacit.cli.output import Output, answers
from tacit.cli.sources import listed
from tacit.errors import SettingsError, UnknownIdError

if TYPE_CHECKING:
    from tacit.data.ids import Id
    from tacit.models.base import Model

EXAMPLES = r"""[bold]Examples[/bold]

tacit recommend artists.tacit 2
tacit recommend artists.tacit 2 4 5 -k 3 --json

[dim]# someone who was never seen, by what they like[/dim]
tacit recommend artists.tacit --like Radiohead --like "Sigur Rós"

[dim]# everyone, into a file; memory stays small however many they are[/dim]
tacit recommend artists.tacit --all --to top10.parquet

[dim]# only what is in stock, and not this one[/dim]
tacit recommend artists.tacit 2 --allow-file stock.txt --deny Coldplay"""


def recommend(
    model: ModelFile,
    users: Annotated[list[str] | None, typer.Argument(metavar="USER", help="Ids of users.")] = None,
    k: HowMany = 10,
    like: Annotated[
        list[str] | None,
        typer.Option(
            help="In place of users: an item, by id or name, that someone likes; may be repeated.",
            metavar="ITEM",
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
    allow: Allow = None,
    allow_file: AllowFile = None,
    deny: Deny = None,
    deny_file: DenyFile = None,
    include_seen: Annotated[
        bool, typer.Option("--include-seen", help="Offer also what a user already has.")
    ] = False,
    scale: Annotated[
        bool, typer.Option("--scale", help="Scale each list's scores to 0…1.")
    ] = False,
    by_name: ByName = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Recommend items to users, to someone new, or to everyone.

    Items may be given by id or by their exact name; what is both is taken as an id.
    """
    from tacit.models import load

    if [bool(users), bool(like), everyone].count(True) != 1:
        raise SettingsError("name users, or what someone likes (--like), or --all of them")
    if everyone != (to is not None):
        raise SettingsError("--all and --to FILE go together")
    if everyone and scale:
        raise SettingsError("--scale does not go with --all: scores in a file stay as they are")
    out = Output(as_json=json, quiet=quiet)
    loaded = load(model)
    limits: dict[str, Any] = {
        "exclude_seen": not include_seen,
        "allow": item_list(loaded, allow, allow_file, by_name),
        "deny": item_list(loaded, deny, deny_file, by_name),
    }
    if to is not None:
        _for_everyone(loaded, k, to, limits, out)
        return
    if like:
        history = [item(loaded, one, by_name) for one in like]
        found = loaded.recommend(history=history, k=k, scale=scale, **limits)
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


def item(model: Model, text: str, by_name: bool = False) -> Id:
    """The item that a text on the command line names."""
    from tacit.data.lookup import find_item

    return find_item(text, model.items, model.catalogue, by_name=by_name)


def item_list(
    model: Model, given: list[str] | None, file: Path | None, by_name: bool
) -> list[Id] | None:
    """Items that were given one by one and in a file, or None if there are neither."""
    if given is None and file is None:
        return None
    chosen = [item(model, one, by_name) for one in given or ()]
    if file is not None:
        # a list of what is in stock may well hold items that the model does not know
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
