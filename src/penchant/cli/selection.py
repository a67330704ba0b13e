"""Select a family of models on the command line: progress, table and document."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from penchant.cli.options import option
from penchant.cli.output import Output, evaluations, table
from penchant.rendering.plain import size

if TYPE_CHECKING:
    from penchant.data.interactions import Interactions
    from penchant.split import Split
    from penchant.tuning.selection.results import ModelSelection, SelectionProgress

DEFAULT_BUDGET = "10 min"


@dataclass(frozen=True)
class SelectionOptions:
    """Whether the model is selected, and how long that may take."""

    auto: Annotated[
        bool,
        option("Select the best model of all families, as penchant tune does.", "--auto"),
    ] = False
    budget: Annotated[
        str,
        option(
            "With --auto: the time that it may take, '10 min' or 90s.",
            metavar="TIME",
            advanced=True,
        ),
    ] = DEFAULT_BUDGET


def kinds(models: str | None) -> str | list[str]:
    """Return the families that a word such as ``als,ease`` names; without a word all."""
    if models in (None, "auto"):
        return "auto"
    return [kind.strip() for kind in str(models).split(",") if kind.strip()]


def select(
    data: Interactions | Split,
    out: Output,
    *,
    models: str | list[str] = "auto",
    budget: str = DEFAULT_BUDGET,
    **options: Any,
) -> ModelSelection:
    """Select a model, and show the progress and the result."""
    from penchant.tuning.tune import tune

    with out.live() as draw:
        selection = tune(
            data,
            models=models,
            budget=budget,
            on_progress=(lambda progress: draw(_progress(progress))) if out.is_watched else None,
            **options,
        )
    _show(selection, out)
    return selection


def save(selection: ModelSelection, interactions: Interactions, path: Path, out: Output) -> None:
    """Write the chosen model, fitted on all interactions, with its metrics on the test part."""
    model = selection.best
    if model.interactions is not interactions:
        with out.progress("fitting the chosen model to all likes"):
            model = model.with_settings().fit(interactions)
    final = selection.final or {}
    metrics = {label: figures.to_dict() for label, figures in final.items()}
    model.save(path, metrics=metrics.get("chosen model"))
    out.text(f"fitted the chosen model to all likes and wrote {path} ({size(path.stat().st_size)})")


def document(selection: ModelSelection) -> dict[str, Any]:
    """Return a selection as JSON-compatible data."""
    final = selection.final
    return {
        "metric": selection.metric,
        "chosen": selection.chosen,
        "model": selection.about["model"],
        "kind": selection.best.kind,
        "settings": selection.best.settings,
        "value": selection.value,
        "tried": selection.tried,
        "seconds": selection.seconds,
        "families": [
            {**vars(row), "value": _number(row.value), "defaults": _number(row.defaults)}
            for row in selection.families
        ],
        "final": final and {label: item.to_dict() for label, item in final.items()},
        "about": dict(selection.about),
    }


def _number(value: float) -> float | None:
    return None if value != value else value


def _progress(progress: SelectionProgress) -> Any:
    from rich.text import Text

    best = "" if progress.best is None else f"; best: {progress.best[0]} {progress.best[1]:.4f}"
    return Text(
        f"{progress.tried:,} tried in {progress.seconds:.0f} of {progress.budget:.0f} s, "
        f"the last {progress.kind}{best}",
        style="dim",
    )


def _show(selection: ModelSelection, out: Output) -> None:
    head, *rows = (row[:-1] for row in selection.rows())
    out.text()
    out.show(table(head, rows, right=range(1, 6)))
    for row in selection.families:
        if row.note:
            out.text(f"{row.kind}: {row.note}", style="dim")
    out.text(selection.summary(), style="dim")
    if selection.final is not None:
        out.text()
        out.text("on the test part, which took no part in the selection:", style="bold")
        out.show(*evaluations(selection.final))
