"""Train and test figures of a model, on the same users."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from penchant._settings.checks import choice
from penchant.errors import DataError, SettingsError
from penchant.evaluation.candidates import Scorable
from penchant.evaluation.measure import Measure
from penchant.evaluation.metrics import METRICS
from penchant.split import Split

Figures = dict[str, float]
MeasureBoth = Callable[[Scorable], tuple[Figures, Figures]]
"""A fitted model → its figures on the training likes and on the test likes."""


def measurer(split: Split, metrics: Sequence[str], *, exclude_seen: bool) -> MeasureBoth:
    """How to measure models that were fitted on ``split.train``.

    Both parts are of the users who have something held out, as in the articles: the train
    figures say how well what the model knows of them is found, and nothing is masked then.

    Raises
    ------
    DataError
        If it is no split.
    """
    prepared = Measure(
        need_split(split), users="held-out", metrics=metrics, exclude_seen=exclude_seen, bootstrap=0
    )

    def measure(model: Scorable) -> tuple[Figures, Figures]:
        found = prepared(model)
        return dict(found["train"].figures), dict(found["test"].figures)

    return measure


def full_names(metrics: Sequence[str] | str) -> tuple[str, ...]:
    """Metrics with the length of their lists, 10 where none is given: ``"ndcg@10"``.

    Raises
    ------
    SettingsError
        If one is unknown, or none is given.
    """
    asked = [metrics] if isinstance(metrics, str) else list(metrics)
    if not asked:
        raise SettingsError(f"no metric was asked for; there are: {', '.join(METRICS)}")
    return tuple(dict.fromkeys(map(_full_name, asked)))


def _full_name(asked: str) -> str:
    name, at, length = str(asked).partition("@")
    choice("metric", name, list(METRICS))
    if not METRICS[name].of_lists and at:
        raise SettingsError(f"{name} is of whole rankings, so {asked!r} has no k: say {name!r}")
    if at and not (length.isascii() and length.isdigit() and int(length)):
        raise SettingsError(f"in {asked!r} the part after @ must be a whole number, 1 or more")
    return f"{name}@{length or 10}" if METRICS[name].of_lists else name


def need_split(given: object) -> Split:
    """What was given, if it is a split.

    Raises
    ------
    DataError
        If it is anything else.
    """
    if not isinstance(given, Split):
        raise DataError(
            f"a penchant.Split is needed, got {type(given).__name__}: penchant.split makes one"
        )
    return given
