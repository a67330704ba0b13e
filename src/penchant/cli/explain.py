"""``penchant explain``: why someone is given an item."""

from __future__ import annotations

import json as jsons
from typing import Annotated

import typer

from penchant.cli.options import ByName, HowMany, Json, ModelFile, Quiet
from penchant.cli.output import Output, reasons
from penchant.cli.recommend import item

EXAMPLES = r"""[bold]Examples[/bold]

penchant explain artists.penchant 2 Radiohead
penchant explain artists.penchant 2 154 --json"""


def explain(
    model: ModelFile,
    user: Annotated[str, typer.Argument(metavar="USER", help="The id of a user.")],
    item_text: Annotated[
        str, typer.Argument(metavar="ITEM", help="An item, by id or by exact name.")
    ],
    k: HowMany = 10,
    by_name: ByName = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Tell why a user is given an item: what each item of their past adds to its score.

    The contributions add up to the score. With --json all of them are told.
    """
    from penchant.models import load

    out = Output(as_json=json, quiet=quiet)
    loaded = load(model)
    thing = item(loaded, item_text, by_name)
    found = loaded.explain(loaded.users.parse(user), thing)
    name = thing if loaded.catalog is None else loaded.catalog.name(thing)
    out.text(f"why {name} for user {user}", style="bold")
    out.show(reasons(found, k))
    out.document(jsons.loads(found.to_json()))
