"""The report of a tuning result: best settings, metrics by split, plots, and all trials."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from penchant._boundary import checked
from penchant._files.container import replacing
from penchant.evaluation.evaluate import Evaluation
from penchant.models.base import Model
from penchant.models.capabilities import TrainsInEpochs
from penchant.plots.shapes import TrialLike, TuningResultLike, ranked_trials
from penchant.plots.style import setting
from penchant.rendering.plain import decimals, more, shorten
from penchant.report.pictures import pictures, values_tried
from penchant.report.templating import page

_SHOWN = 20  # trials shown at once; the others are folded
_LONGEST = 60  # characters of a setting
_LIBRARIES = ("penchant", "numpy", "scipy", "optuna", "matplotlib")
_BIASED = (
    "The settings were chosen by the test metrics on the tuning split, so those metrics are "
    "biased in their favor."
)
_ABOUT = {
    "data": "data",
    "fingerprints": "fingerprint of the split",
    "splits": "tuning split",
    "final": "final split",
    "sampler": "sampler",
    "prune": "pruning",
    "seed": "seed",
    "total": "trials requested",
    "unfinished": "trials not finished",
}


@runtime_checkable
class ReportedTuning(TuningResultLike, Protocol):
    """A tuning result with its metadata: a ``TuningResult``."""

    @property
    def model(self) -> type[Model]:
        """The class of the models."""

    @property
    def fixed(self) -> Mapping[str, Any]:
        """The settings that all trials share."""

    @property
    def about(self) -> Mapping[str, Any]:
        """The data and arguments of the tuning run."""

    @property
    def final(self) -> Mapping[str, Evaluation] | None:
        """Metrics on a split that took no part in tuning."""


@checked
def tuning_page(result: ReportedTuning, *, title: str | None = None) -> str:
    """Render a tuning result as one self-contained HTML page without scripts.

    Parameters
    ----------
    result
        The tuning result.
    title
        The headline; None: the default, which names the model.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    trials = ranked_trials(result)
    best = trials[0] if trials else None
    return page(
        "tuning.html",
        title=f"Settings for {result.model.__name__}" if title is None else title,
        lead=_lead(result, trials),
        pictures=list(pictures(result)),
        about=_about(result),
        **_best(result, best),
        **_trials(result, trials),
        **_space(result),
    )


@checked
def write_tuning_report(
    result: ReportedTuning, path: str | os.PathLike[str], *, title: str | None = None
) -> Path:
    """Write :func:`tuning_page` to a file, atomically.

    Returns
    -------
    Path
        The path of the file.

    Raises
    ------
    ArtifactError
        If the file can't be written there.
    MissingExtraError
        If matplotlib is not installed.
    """
    text = tuning_page(result, title=title)  # rendered before the file is opened
    with replacing(path) as file:
        file.write(text.encode("utf-8"))
    return Path(path)


# --- best settings -----------------------------------------------------------------------


def _lead(result: ReportedTuning, trials: Sequence[TrialLike]) -> str:
    tried = f"{len(result.trials):,} trial{'' if len(result.trials) == 1 else 's'}"
    if not trials:
        return f"None of {tried} has a value; the errors are listed below."
    best = trials[0]
    return (
        f"The best of {tried} reached {result.metric} {_figure(best.value)} on the tuning split, "
        f"at epoch {best.best_epoch}."
    )


def _best(result: ReportedTuning, best: TrialLike | None) -> dict[str, Any]:
    """Return the best settings and their metrics; no settings if no trial has a value."""
    if best is None:
        return {"best_settings": []}
    chosen = {**result.fixed, **best.settings}
    if issubclass(result.model, TrainsInEpochs):
        chosen["iterations"] = best.best_epoch
    arguments = ", ".join(f"{name}={value!r}" for name, value in chosen.items())
    advice = (
        "The final split took no part in tuning: its metrics are unbiased."
        if result.final
        else "There is no final split: evaluate the settings on data that took no part in tuning."
    )
    return {
        "best_settings": [(name, _setting(value)) for name, value in chosen.items()],
        "code": f"penchant.{result.model.__name__}({arguments})",
        "metrics": _metrics_by_split(result, best),
        "metrics_note": f"{_BIASED} {advice}",
    }


def _metrics_by_split(
    result: ReportedTuning, best: TrialLike
) -> tuple[list[str], list[list[object]]]:
    """Return head and rows of the table of the best settings' metrics on each split."""
    final = result.final or {}
    at = [row for row in best.curve.rows if row.epoch == best.best_epoch][:1]
    final_names = [name for evaluation in final.values() for name in evaluation]
    names = list(dict.fromkeys([*best.curve.metrics, *final_names]))
    columns: dict[str, list[object]] = {}
    for row in at:
        columns["Tuning split: train"] = [_metric(row.train, name) for name in names]
        columns["Tuning split: test"] = [_metric(row.test, name) for name in names]
    for label, evaluation in final.items():
        columns[f"Final split: {label}"] = [_with_interval(evaluation, name) for name in names]
    rows: list[list[object]] = [list(row) for row in zip(names, *columns.values(), strict=True)]
    return ["Metric", *columns], rows


def _metric(figures: Mapping[str, float], name: str) -> str:
    return _figure(figures[name]) if name in figures else "–"


class _Estimate(NamedTuple):
    value: str
    interval: str


def _with_interval(evaluation: Evaluation, name: str) -> _Estimate | str:
    if name not in evaluation:
        return "–"
    interval = evaluation.interval(name)
    bounds = "–".join(map(_figure, interval)) if interval else ""
    return _Estimate(_figure(evaluation[name]), bounds)


# --- all trials --------------------------------------------------------------------------


def _trials(result: ReportedTuning, trials: Sequence[TrialLike]) -> dict[str, Any]:
    """Return the table of all trials, those without a value last, and the errors."""
    ranked = {trial.number for trial in trials}
    rest = [trial for trial in result.trials if trial.number not in ranked]
    ordered = [*trials, *rest]
    names = list(dict.fromkeys(name for trial in ordered for name in trial.settings))
    digits = decimals(trial.value for trial in trials)
    counts = [
        f"{n:,} {state}"
        for state in ("complete", "pruned", "failed")
        if (n := sum(trial.state == state for trial in result.trials))
    ]
    return {
        "trials_head": ["Rank", "Trial", *names, "Epoch", result.metric, "Seconds", "State"],
        "trials": [
            _row(trial, names, str(rank) if trial.number in ranked else "–", digits)
            for rank, trial in enumerate(ordered, 1)
        ],
        "trials_note": f"{', '.join(counts)}; the best first.",
        "more_trials": more(len(ordered) - _SHOWN, "trial"),
        "n_shown": _SHOWN,
        "errors": _errors(rest),
    }


def _row(trial: TrialLike, names: Iterable[str], rank: str, digits: int) -> list[object]:
    return [
        rank,
        trial.number,
        *(_setting(trial.settings[name]) if name in trial.settings else "–" for name in names),
        trial.best_epoch or "–",
        _figure(trial.value, digits),
        f"{trial.seconds:.3g}" if trial.seconds == trial.seconds else "–",
        trial.state,
    ]


def _errors(trials: Sequence[TrialLike]) -> list[tuple[str, str]]:
    """Return the error messages, each with the trials that it belongs to."""
    numbers_of: dict[str, list[int]] = {}
    for trial in trials:
        if message := getattr(trial, "message", ""):
            numbers_of.setdefault(message, []).append(trial.number)
    return [
        (
            "trial " + ", ".join(map(str, numbers[:6])) + (" …" * (len(numbers) > 6)),
            shorten(message, 300),
        )
        for message, numbers in numbers_of.items()
    ]


# --- space and metadata ------------------------------------------------------------------


def _space(result: ReportedTuning) -> dict[str, Any]:
    """Return the table of settings: their space, and the values that were tried."""
    space = result.about.get("space")
    described = space if isinstance(space, Mapping) else {}
    names = dict.fromkeys([*described, *(n for trial in result.trials for n in trial.settings)])
    rows: list[list[object]] = [
        [name, _range(described.get(name)) or "as tried", values_tried(result, name)]
        for name in names
    ]
    rows += [[name, "fixed", _setting(value)] for name, value in result.fixed.items()]
    head = ["Setting", "Space", "Tried"]
    if not described:  # the space is unknown
        head, rows = [head[0], head[2]], [[name, tried] for name, _, tried in rows]
    return {"settings_head": head, "settings_rows": rows}


def _range(values: Any) -> str:
    if isinstance(values, Mapping) and {"low", "high"} <= set(values):
        scale = ", logarithmic" if values.get("log") else ""
        return f"{setting(values['low'])} … {setting(values['high'])}{scale}"
    if isinstance(values, list | tuple):
        return shorten(", ".join(map(setting, values)), _LONGEST)
    return "" if values is None else _setting(values)


def _about(result: ReportedTuning) -> list[tuple[str, str]]:
    """Return labels and values of the data, the arguments of the run and the versions."""
    pairs = [
        (_ABOUT.get(name, name), _text(value))
        for name, value in result.about.items()
        if name != "space" and value is not None and value != ""
    ]
    pairs.append(("metric", f"{result.metric}, {result.better} is better"))
    pairs.append(("versions", ", ".join(_versions())))
    return pairs


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_text(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return f"{value:,}" if isinstance(value, int) and value >= 10_000 else str(value)


def _versions() -> Iterable[str]:
    for name in _LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    yield f"Python {platform.python_version()}"


# --- numbers -----------------------------------------------------------------------------


def _setting(value: object) -> str:
    return shorten(setting(value), _LONGEST)


def _figure(value: float, digits: int | None = None) -> str:
    if value != value:
        return "–"
    return f"{value:.{decimals([value]) if digits is None else digits}f}"
