"""Tuning results as text tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from penchant.evaluation.comparison import Comparison
from penchant.evaluation.report import Evaluation
from penchant.plots.shapes import TrialLike, TuningResultLike
from penchant.rendering import cards
from penchant.rendering.plain import more

_SHOWN = 10
_FINAL = "on the final test split, which took no part in tuning ({})"


class TabulatedResult(TuningResultLike, Protocol):
    """What the tables need of a :class:`penchant.tuning.results.TuningResult`."""

    @property
    def about(self) -> Mapping[str, Any]:
        """The data and arguments of the tuning run."""

    @property
    def final(self) -> Mapping[str, Evaluation] | None:
        """The metrics on the final split, if any."""

    @property
    def ranked(self) -> Sequence[TrialLike]:
        """The trials that have a value, the best first."""


def result_table(result: TabulatedResult, shown: int = _SHOWN) -> str:
    """Return a table of the best trials, with counts and the metrics on the final split."""
    rows = [head(result), *(cells(result, trial) for trial in result.ranked[:shown])]
    lines = [summary(result), "", *_aligned(rows)]
    if result.final is not None:
        title = _FINAL.format(result.about["final"])
        lines += ["", f"{title}:", str(Comparison(result.final))]
    return "\n".join(lines)


def result_html(result: TabulatedResult, shown: int = _SHOWN) -> str:
    """Return what :func:`result_table` shows as HTML for a notebook."""
    rows = [cells(result, trial) for trial in result.ranked[:shown]]
    titles = head(result)
    parts = [
        cards.remark(summary(result)),
        cards.table(titles, rows, numeric=set(range(len(titles)))),
        cards.remark(more(len(result.ranked) - shown, "trial")),
    ]
    if result.final is not None:
        parts += [
            cards.heading(_FINAL.format(result.about["final"])),
            Comparison(result.final).html(),
        ]
    return str(cards.fragment(*parts))


def summary(result: TabulatedResult) -> str:
    """Return a line with the number of trials, and the metric and splits of their values."""
    states = [trial.state for trial in result.trials]
    counts = [f"{len(states):,} trial{'' if len(states) == 1 else 's'}"]
    counts += [
        f"{states.count(state)} {state}" for state in ("pruned", "failed") if state in states
    ]
    if result.about.get("unfinished"):
        counts.append(f"{result.about['unfinished']:,} unfinished")
    splits = result.about.get("splits", ())
    where = f"mean over {len(splits)} tuning splits" if len(splits) > 1 else "on the tuning split"
    return f"{', '.join(counts)}; chosen by {result.metric} ({result.better} is better), {where}"


def head(result: TabulatedResult) -> list[str]:
    """Return the heading of the table of trials."""
    return [
        "trial",
        *names(result),
        "epoch",
        result.metric,
        "on train",
        "seconds",
    ]


def names(result: TabulatedResult) -> list[str]:
    """Return the names of the settings that vary."""
    return list(dict.fromkeys(name for trial in result.trials for name in trial.settings))


def cells(result: TabulatedResult, trial: TrialLike) -> list[str]:
    """Return a trial as a row of that table."""
    best = [row for row in trial.curve.rows if row.epoch == trial.best_epoch]
    train = f"{best[0].train[result.metric]:.4f}" if best else "–"
    return [
        str(trial.number),
        *(shown(trial.settings.get(name)) for name in names(result)),
        str(trial.best_epoch),
        f"{trial.value:.4f}",
        train,
        f"{trial.seconds:.2f}",
    ]


def shown(value: Any) -> str:
    """Return a setting as text."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return [lines[0], "─" * len(lines[0]), *lines[1:]]
