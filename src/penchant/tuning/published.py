"""Reader of the published log of the article's grid, as a tuning result."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from penchant._boundary import checked
from penchant._settings.checks import check_int
from penchant.errors import BadLinesError, DataError, EmptyDataError
from penchant.models.als.model import ALS
from penchant.tuning.results import CurveRow, LearningCurve, Trial, TuningResult

__all__ = ["read_grid_log"]

_NAMES = {"alpha": "alpha", "num_factors": "factors", "regularization": "regularization"}
_SETTING = re.compile(r"\s*(\w+):\s*([-+.\w]+)\s*")
_HEADING = ["epochs", "p@k train", "p@k test", "mse train", "mse test"]


@checked
def read_grid_log(path: str | os.PathLike[str], *, k: int = 5) -> TuningResult:
    """Read a log of a grid in the format of the Sketchfab article, ``wrmf_gridsearch.log``.

    Each trial is a line of settings (``alpha: 1 | num_factors: 10 | regularization: 0.0``) and a
    table of epochs with precision at k and MSE, train and test. The log has no times: seconds are
    NaN. Training likes were not masked, so the precision is that of ``exclude_seen=False``, and
    the settings are those of the article's objective.

    Parameters
    ----------
    path
        The log file.
    k
        The k of its precision, which the log does not contain.

    Raises
    ------
    DataError
        If the file can't be read.
    BadLinesError
        If a line is malformed; the message has its number.
    EmptyDataError
        If the file has no trial.
    """
    k = check_int("k", k, 1)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"can't read the grid log {path}: {error}") from error
    metrics = (f"precision@{k}", "mse")
    trials = tuple(_trials(_Lines(path, text.splitlines()), metrics))
    if not trials:
        raise EmptyDataError(f"{path} holds no trial: no line such as 'alpha: 1 | num_factors: 10'")
    about = {
        "data": f"from the log {Path(path).name}",
        "splits": "one; training likes not masked",
        "sampler": "grid",
        "prune": False,
        "total": len(trials),
    }
    return TuningResult(ALS, metrics[0], "higher", trials, {}, about)


class _Lines:
    """Numbered lines, and the error for a malformed line."""

    def __init__(self, path: str | os.PathLike[str], lines: Iterable[str]) -> None:
        self.path = path
        self.numbered = list(enumerate(lines, 1))

    def content(self) -> Iterator[tuple[int, str]]:
        """Yield the lines that are neither empty nor rules of a table."""
        return ((at, line) for at, line in self.numbered if line.strip().strip("+-="))

    def refuse(self, at: int, line: str, expected: str) -> NoReturn:
        raise BadLinesError(f"{self.path}, line {at}: expected {expected}, found {line[:80]!r}")


def _trials(lines: _Lines, metrics: tuple[str, str]) -> Iterator[Trial]:
    settings: dict[str, Any] | None = None
    rows: list[CurveRow] = []
    number = at = 0
    for at, line in lines.content():
        if not line.startswith("|"):
            if settings is not None:
                yield _trial(number, settings, rows, metrics)
                number += 1
            settings, rows = _settings(lines, at, line), []
        elif settings is None:
            lines.refuse(at, line, "the settings of a trial before its table")
        elif (cells := [cell.strip() for cell in line.strip().strip("|").split("|")]) != _HEADING:
            rows.append(_row(lines, at, line, cells, metrics))
            if len(rows) > 1 and rows[-1].epoch <= rows[-2].epoch:
                lines.refuse(at, line, f"an epoch after {rows[-2].epoch}")
    if settings is not None:
        yield _trial(number, settings, rows, metrics)


def _settings(lines: _Lines, at: int, line: str) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for part in line.split("|"):
        matched = _SETTING.fullmatch(part)
        name, value = (_NAMES.get(matched[1]), _number(matched[2])) if matched else (None, None)
        if name is None or value is None or not math.isfinite(value):
            lines.refuse(at, line, f"settings 'name: number | …' of {', '.join(_NAMES)}")
        settings[name] = value
    return settings


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def _row(lines: _Lines, at: int, line: str, cells: list[str], metrics: tuple[str, str]) -> CurveRow:
    figures = [_number(cell) for cell in cells]
    if len(figures) != len(_HEADING) or not isinstance(figures[0], int) or None in figures:
        lines.refuse(at, line, "an epoch and four numbers")
    p_train, p_test, mse_train, mse_test = (float(figure or 0) for figure in figures[1:])
    return CurveRow(
        figures[0],
        dict(zip(metrics, (p_train, mse_train), strict=True)),
        dict(zip(metrics, (p_test, mse_test), strict=True)),
        float("nan"),
    )


def _trial(
    number: int, settings: dict[str, Any], rows: list[CurveRow], metrics: tuple[str, str]
) -> Trial:
    curve = LearningCurve(settings, metrics, tuple(rows))
    try:
        best = curve.best()
    except DataError:  # no epoch in the log, or none with a number
        missing = "the log has no epoch of this trial"
        return Trial(number, settings, "failed", curve, 0, float("nan"), float("nan"), missing)
    value = best.test[metrics[0]]
    return Trial(number, settings, "complete", curve, best.epoch, value, float("nan"))
