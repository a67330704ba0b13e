"""``penchant info``: what a model file holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penchant.cli.options import Json, ModelFile, Quiet
from penchant.cli.output import Output, number, seconds, size, table

EXAMPLES = r"""[bold]Examples[/bold]

penchant info artists.penchant
penchant info artists.penchant --json | jq .settings"""


def info(model: ModelFile, json: Json = False, quiet: Quiet = False) -> None:
    """Show what a model file holds: settings, data, figures, training.

    Only the head of the file is read, so that it answers at once however large the file is.
    """
    from penchant._files import artifact

    out = Output(as_json=json, quiet=quiet)
    found = artifact.describe(model)
    told = found["info"]
    out.text(f"{model}: {found['model']}, {size(found['bytes'])}", style="bold")
    out.text(f"written {found['created']} by penchant {found['penchant_version']}")
    out.text()
    out.show(table(["setting", "value"], found["settings"].items()))
    _tell_data(told.get("data", {}), out)
    _tell_training(told.get("training", []), out)
    _tell_metrics(told.get("metrics", {}), out)
    shapes = [
        [name, one["dtype"], " × ".join(f"{n:,}" for n in one["shape"])]
        for name, one in found["arrays"].items()
    ]
    out.text()
    out.show(table(["array", "type", "shape"], shapes))
    out.document(found)


def _tell_data(data: Mapping[str, Any], out: Output) -> None:
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


def _tell_training(training: list[Mapping[str, Any]], out: Output, name: str = "") -> None:
    if not training:
        return
    last = training[-1]
    if "part" in last:
        for one in training:
            _tell_training(one["epochs"], out, f"{name}{one['part']}: ")
        return
    losses = [epoch["loss"] for epoch in training if epoch["loss"] is not None]
    fell = f", loss {losses[0]:,.0f} → {losses[-1]:,.0f}" if losses else ""
    out.text(f"  {name}{last['number']} epochs in {seconds(last['seconds'])}{fell}")


def _tell_metrics(metrics: Mapping[str, Any], out: Output) -> None:
    """Figures as ``Evaluation.to_dict`` keeps them, or whatever else was saved."""
    if not metrics:
        return
    out.text()
    measured = metrics.get("metrics")
    if not isinstance(measured, Mapping):
        out.show(table(["metric", "value"], metrics.items()))
        return
    rows = [
        [name, number(one["mean"]), " … ".join(map(number, one["interval"] or ()))]
        for name, one in measured.items()
    ]
    out.show(table(["metric", "mean", "interval"], rows, right=(1, 2)))
