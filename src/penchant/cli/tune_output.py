"""Show a tuning run: its progress, its result, and the result as a JSON document."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from penchant.cli.durations import duration
from penchant.cli.output import Output, evaluations, number, table

if TYPE_CHECKING:
    from penchant.evaluation.evaluate import Evaluation
    from penchant.tuning.results import Trial, TuningResult
    from penchant.tuning.worker import Progress

_SHOWN = 10


def progress_of(progress: Progress, metric: str) -> Any:
    """Return the best trial so far, and lines about the progress."""
    from rich.console import Group
    from rich.text import Text

    of = "" if progress.total is None else f" of {progress.total:,}"
    left = "" if progress.left is None else f", about {duration(progress.left)} left"
    tried = ", ".join(f"{name}={value}" for name, value in progress.settings.items())
    epoch = "" if progress.row is None else f", epoch {progress.row.epoch}"
    lines = [
        f"{progress.finished:,}{of} trials finished in {duration(progress.elapsed)}{left}",
        f"now {tried}{epoch}",
    ]
    shown: list[Any] = [Text("\n".join(lines), style="dim")]
    if progress.best is not None:
        shown.insert(0, _table([progress.best], metric))
    return Group(*shown)


def show(result: TuningResult, out: Output) -> None:
    """Print the best trials, and the metrics on the final split."""
    from penchant.tuning.tables import summary

    out.text()
    out.show(_table(result.ranked[:_SHOWN], result.metric))
    out.text(summary(result), style="dim")
    failed = [trial for trial in result.trials if trial.state == "failed"]
    if failed:
        out.text(f"{len(failed)} failed, the first with: {failed[0].message}", style="dim")
    if result.final is not None:
        out.text()
        out.text("on the final test split, which tuning never saw:", style="bold")
        out.show(*evaluations(result.final))


def _table(trials: list[Trial], metric: str) -> Any:
    """Return a table with a row per trial."""
    from penchant.tuning.tables import shown

    names = list(dict.fromkeys(name for trial in trials for name in trial.settings))
    head = ["trial", *names, "epoch", f"{metric} on test", "on train", "time"]
    rows = []
    for trial in trials:
        best = next(row for row in trial.curve.rows if row.epoch == trial.best_epoch)
        full = next(name for name, value in best.test.items() if value == trial.value)
        figures = [number(trial.value), number(best.train[full]), f"{trial.seconds:.1f} s"]
        values = [shown(trial.settings[name]) for name in names]
        rows.append([str(trial.number), *values, str(trial.best_epoch), *figures])
    return table(head, rows, right=range(len(head)))


def document(result: TuningResult) -> dict[str, Any]:
    """Return a tuning run as JSON-compatible data."""
    return {
        "model": result.model.kind,
        "metric": result.metric,
        "better": result.better,
        "best": _trial(result.ranked[0]) if result.ranked else None,
        "settings": result.settings if result.ranked else None,
        "final": _metrics(result.final),
        "fixed": result.fixed,
        "about": dict(result.about),
        "trials": [_trial(trial) for trial in result.trials],
    }


def _metrics(final: Mapping[str, Evaluation] | None) -> dict[str, Any] | None:
    return None if final is None else {name: item.to_dict() for name, item in final.items()}


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "number": trial.number,
        "settings": trial.settings,
        "state": trial.state,
        "epoch": trial.best_epoch,
        "value": None if math.isnan(trial.value) else trial.value,
        "seconds": trial.seconds,
        "message": trial.message or None,
        "curve": [dataclasses.asdict(row) for row in trial.curve.rows],
    }
