"""What a search found, as lines of text."""

from __future__ import annotations

from typing import Any

from penchant.evaluation.evaluate import compare
from penchant.tuning.results import Trial, TuningResult

_SHOWN = 10


def search_table(result: TuningResult, shown: int = _SHOWN) -> str:
    """The best trials, how many there are, and the figures on the final split."""
    rows = [head(result), *(cells(result, trial) for trial in result.ranked[:shown])]
    lines = [summary(result), "", *_aligned(rows)]
    if result.final is not None:
        lines += ["", f"on the final test split, unseen by the search ({result.about['final']}):"]
        lines += [str(compare(result.final))]
    return "\n".join(lines)


def summary(result: TuningResult) -> str:
    """How many trials there are, and on what their figures are."""
    states = [trial.state for trial in result.trials]
    counts = [f"{len(states):,} trial{'' if len(states) == 1 else 's'}"]
    counts += [
        f"{states.count(state)} {state}" for state in ("pruned", "failed") if state in states
    ]
    if result.about.get("unfinished"):
        counts.append(f"{result.about['unfinished']:,} not done yet")
    splits = result.about.get("splits", ())
    where = f"the mean of {len(splits)} splits" if len(splits) > 1 else "the search's own split"
    return (
        f"{', '.join(counts)}; {result.metric} ({result.better} is better) on {where}, "
        "by which the best was chosen"
    )


def head(result: TuningResult) -> list[str]:
    """The heading of the table of trials."""
    return [
        "trial",
        *names(result),
        "epoch",
        result.metric,
        "on train",
        "seconds",
    ]


def names(result: TuningResult) -> list[str]:
    """The settings that vary."""
    return list(dict.fromkeys(name for trial in result.trials for name in trial.settings))


def cells(result: TuningResult, trial: Trial) -> list[str]:
    """A trial as a row of that table."""
    known = [row for row in trial.curve.rows if row.epoch == trial.best_epoch]
    train = f"{known[0].train[result.metric]:.4f}" if known else "–"
    return [
        str(trial.number),
        *(shown(trial.settings.get(name)) for name in names(result)),
        str(trial.best_epoch),
        f"{trial.value:.4f}",
        train,
        f"{trial.seconds:.2f}",
    ]


def shown(value: Any) -> str:
    """A setting as tables show it."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return [lines[0], "─" * len(lines[0]), *lines[1:]]
