"""``penchant info``: show the contents of a model file, or of a data set on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from penchant.cli import hints
from penchant.cli.dataset_info import show_dataset
from penchant.cli.options import OutputOptions, option
from penchant.cli.output import Output, number, seconds, table
from penchant.data.disk.names import is_dataset
from penchant.rendering.plain import size

EXAMPLES = r"""[bold]Examples[/bold]

penchant info artists.penchant
penchant info artists.penchant --json | jq .settings
penchant info likes.dataset --check"""

_KEPT = {
    "all": "the file keeps all interactions",
    "seen": "the file keeps which items each user has, to leave them out; no values and no times",
    "none": "the file keeps no interactions of users, only how many each item has",
}


def info(
    model: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A model file, or a data set on disk written by [cyan]penchant ingest[/cyan].",
        ),
    ],
    *,
    check: Annotated[bool, option("Read everything and compare the checksums.", "--check")] = False,
    printing: OutputOptions,
) -> None:
    """Show the contents of a model file (settings, data, metrics, training) or of a data set.

    Only the header of the file is read, so that this is fast for large files too.
    """
    from penchant._files import artifact

    out = printing.open()
    if is_dataset(model):
        show_dataset(model, checked=check, out=out)
        return
    contents = artifact.describe(model)
    if check:
        artifact.read(model, verify=True)
    facts = contents["info"]
    out.text(f"{model}: {contents['model']}, {size(contents['bytes'])}", style="bold")
    out.text(f"written {contents['created']} by penchant {contents['penchant_version']}")
    if check:
        out.text("all checksums match")
    out.text()
    out.show(table(["setting", "value"], contents["settings"].items()))
    _show_data(facts.get("data", {}), out)
    out.text(f"  {_KEPT[facts.get('kept', {}).get('interactions', 'all')]}")
    _show_training(facts.get("training", []), out)
    _show_metrics(facts.get("metrics", {}), out)
    shapes = [
        [name, array["dtype"], " × ".join(f"{n:,}" for n in array["shape"])]
        for name, array in contents["arrays"].items()
    ]
    out.text()
    out.show(table(["array", "type", "shape"], shapes))
    lists = f"{Path(model).name.split('.')[0]}.parquet"
    hints.show(out, f"export {hints.quoted(model)} --to {hints.quoted(lists)}")
    out.document(contents)


def _show_data(data: Mapping[str, Any], out: Output) -> None:
    if not data:
        return
    out.text()
    out.text(f"fitted on {data['name']}", style="bold")
    for note in data["notes"]:
        out.text(f"  {note}")
    for step in data["steps"]:
        out.text(f"  {step['what']}")
    out.text(
        f"  {data['users']:,} users × {data['items']:,} items, "
        f"{data['interactions']:,} interactions"
    )


def _show_training(training: list[Mapping[str, Any]], out: Output, name: str = "") -> None:
    if not training:
        return
    last = training[-1]
    if "part" in last:
        for part in training:
            _show_training(part["epochs"], out, f"{name}{part['part']}: ")
        return
    losses = [epoch["loss"] for epoch in training if epoch["loss"] is not None]
    fell = f", loss {losses[0]:,.0f} → {losses[-1]:,.0f}" if losses else ""
    out.text(f"  {name}{last['number']} epochs in {seconds(last['seconds'])}{fell}")


def _show_metrics(metrics: Mapping[str, Any], out: Output) -> None:
    """Show metrics as ``Evaluation.to_dict`` returns them, or any others that were saved."""
    if not metrics:
        return
    out.text()
    measured = metrics.get("metrics")
    if not isinstance(measured, Mapping):
        out.show(table(["metric", "value"], metrics.items()))
        return
    rows = [
        [name, number(figure["mean"]), " … ".join(map(number, figure["interval"] or ()))]
        for name, figure in measured.items()
    ]
    out.show(table(["metric", "mean", "interval"], rows, right=(1, 2)))
