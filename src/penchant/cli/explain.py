"""``penchant explain``: explain the score of an item for a user."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from penchant.cli import hints
from penchant.cli.options import ByName, HowMany, ModelFile, OutputOptions
from penchant.cli.output import reasons
from penchant.cli.recommend import NO_HISTORY, item
from penchant.errors import UnsupportedError, reworded

EXAMPLES = r"""[bold]Examples[/bold]

penchant explain artists.penchant 2 Radiohead
penchant explain artists.penchant 2 154 --json"""


def explain(
    model: ModelFile,
    user: Annotated[str, typer.Argument(metavar="USER", help="The id of a user.")],
    item_text: Annotated[
        str, typer.Argument(metavar="ITEM", help="An item, by id or by exact name.")
    ],
    *,
    k: HowMany = 10,
    by_name: ByName = False,
    printing: OutputOptions,
) -> None:
    """Explain why an item is recommended: what each item of the user's history adds to its score.

    The contributions add up to the score. With --json all of them are printed.
    """
    from penchant.models import load

    out = printing.open()
    loaded = load(model)
    explained = item(loaded, item_text, by_name)
    with reworded(UnsupportedError, NO_HISTORY):
        explanation = loaded.explain(loaded.users.parse(user), explained)
    name = explained if loaded.catalog is None else loaded.catalog.name(explained)
    out.text(f"why {name} for user {user}", style="bold")
    out.show(reasons(explanation, k))
    hints.show(out, f"recommend {hints.quoted(model, user)}")
    out.document(json.loads(explanation.to_json()))
