"""The page of a search: what was found, on which split, all trials, and their pictures."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from penchant._files.container import replacing
from penchant.evaluation.evaluate import Evaluation
from penchant.models.base import Model
from penchant.models.capabilities import TrainsInEpochs
from penchant.plots.shapes import Search, Trial, ranked
from penchant.plots.style import setting
from penchant.rendering.markup import Markup, tag
from penchant.rendering.plain import decimals, more, shorten
from penchant.report.parts import facts, heading, measures, page, section
from penchant.report.pictures import pictures, values_tried

_SHOWN = 20  # trials at once; the others lie folded below
_LONGEST = 60  # letters of a setting
_LIBRARIES = ("penchant", "numpy", "scipy", "optuna", "matplotlib")
_FLATTERS = (
    "The search chose its settings by what was held out of the split searched on, so those figures "
    "flatter them."
)
_ABOUT = {
    "data": "data",
    "fingerprints": "fingerprint of the split",
    "splits": "split searched on",
    "final": "final split",
    "sampler": "sampler",
    "prune": "pruning",
    "seed": "seed",
    "total": "trials asked for",
    "unfinished": "trials not finished",
}


class Searched(Search, Protocol):
    """A search with what is known about it: a ``TuningResult``."""

    @property
    def model(self) -> type[Model]:
        """The class of the models."""

    @property
    def fixed(self) -> Mapping[str, Any]:
        """The settings that all trials share."""

    @property
    def about(self) -> Mapping[str, Any]:
        """What was searched on."""

    @property
    def final(self) -> Mapping[str, Evaluation] | None:
        """Figures on a split that the search never saw."""


def search_page(search: Searched, *, title: str | None = None) -> str:
    """A search as one HTML page that needs nothing else: no script, no file, no server.

    Parameters
    ----------
    search
        What was found.
    title
        The headline; None: one that names the model.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    trials = ranked(search)
    title = f"Settings for {search.model.__name__}" if title is None else title
    drawn = [one.to_html() for one in pictures(search)]
    return page(
        title,
        [
            heading(title, _lead(search, trials)),
            _best(search, trials),
            _which(search, trials),
            section("Pictures", tag("div", *drawn, class_="pictures") if drawn else Markup()),
            _table(search, trials),
            _space(search),
            _made(search),
        ],
    )


def write_search(
    search: Searched, path: str | os.PathLike[str], *, title: str | None = None
) -> Path:
    """Write :func:`search_page` to a file, whole or not at all.

    Returns
    -------
    Path
        Where it is.

    Raises
    ------
    ArtifactError
        If the file can't be written there.
    MissingExtraError
        If matplotlib is not installed.
    """
    text = search_page(search, title=title)  # before the file is opened
    with replacing(path) as file:
        file.write(text.encode("utf-8"))
    return Path(path)


# --- what was found ----------------------------------------------------------------------


def _lead(search: Searched, trials: Sequence[Trial]) -> str:
    tried = f"{len(search.trials):,} trial{'' if len(search.trials) == 1 else 's'}"
    if not trials:
        return f"Of {tried} none has a figure: see below what went wrong."
    best = trials[0]
    return (
        f"The best of {tried} reached {search.metric} {_figure(best.value)} on the split searched "
        f"on, at epoch {best.best_epoch}."
    )


def _best(search: Searched, trials: Sequence[Trial]) -> Markup:
    if not trials:
        return Markup()
    best = trials[0]
    chosen = {**search.fixed, **best.settings}
    if issubclass(search.model, TrainsInEpochs):
        chosen["iterations"] = best.best_epoch
    tiles = facts((name, _setting(value)) for name, value in chosen.items())
    # the tiles are rounded; this is what makes the same model
    exact = ", ".join(f"{name}={value!r}" for name, value in chosen.items())
    return section(
        "The best settings", tiles, tag("pre", f"penchant.{search.model.__name__}({exact})")
    )


def _which(search: Searched, trials: Sequence[Trial]) -> Markup:
    """The figures of the best settings, each with the split it is of."""
    if not trials:
        return Markup()
    best, final = trials[0], search.final or {}
    at = [row for row in best.curve.rows if row.epoch == best.best_epoch][:1]
    names = list(dict.fromkeys([*best.curve.metrics, *(n for one in final.values() for n in one)]))
    columns: dict[str, list[object]] = {}
    for row in at:
        columns["Split searched on: learned from"] = [_known(row.train, name) for name in names]
        columns["Split searched on: held out"] = [_known(row.test, name) for name in names]
    for label, one in final.items():
        columns[f"Final split: {label}"] = [_with_interval(one, name) for name in names]
    says = (
        "The final split took no part in the search: its figures are the honest ones."
        if final
        else "No final split was kept apart: measure the settings on data that the search has not "
        "seen before trusting the figures."
    )
    rows = [list(row) for row in zip(names, *columns.values(), strict=True)]
    table = measures("Figures of the best settings by split", ["Metric", *columns], rows)
    return section("Which figure is which", table, tag("p", f"{_FLATTERS} {says}", class_="more"))


def _known(figures: Mapping[str, float], name: str) -> str:
    return _figure(figures[name]) if name in figures else "–"


def _with_interval(one: Evaluation, name: str) -> Markup | str:
    if name not in one:
        return "–"
    ends = one.interval(name)
    bounds = tag("small", "–".join(map(_figure, ends))) if ends else Markup()
    return Markup(tag("span", _figure(one[name])) + bounds)


# --- all trials --------------------------------------------------------------------------


def _table(search: Searched, trials: Sequence[Trial]) -> Markup:
    known = {one.number for one in trials}
    rest = [one for one in search.trials if one.number not in known]
    ordered = [*trials, *rest]
    names = list(dict.fromkeys(name for one in ordered for name in one.settings))
    head = ["Rank", "Trial", *names, "Epoch", search.metric, "Seconds", "State"]
    digits = decimals(one.value for one in trials)
    rows = [
        _row(one, names, str(at) if one.number in known else "–", digits)
        for at, one in enumerate(ordered, 1)
    ]
    counts = [
        f"{n:,} {state}"
        for state in ("complete", "pruned", "failed")
        if (n := sum(one.state == state for one in search.trials))
    ]
    parts = [tag("p", f"{', '.join(counts)}; the best first.", class_="more")]
    if rows:
        parts.append(measures("The best trials", head, rows[:_SHOWN]))
    if len(rows) > _SHOWN:
        folded = measures("The other trials", head, rows[_SHOWN:])
        parts.append(tag("details", tag("summary", more(len(rows) - _SHOWN, "trial")), folded))
    return section("Trials", *parts, _failures(rest)) if ordered else Markup()


def _row(one: Trial, names: Iterable[str], rank: str, digits: int) -> list[object]:
    return [
        rank,
        one.number,
        *(_setting(one.settings[name]) if name in one.settings else "–" for name in names),
        one.best_epoch or "–",
        _figure(one.value, digits),
        f"{one.seconds:.3g}" if one.seconds == one.seconds else "–",
        one.state,
    ]


def _failures(trials: Sequence[Trial]) -> Markup:
    """What went wrong, once for each kind."""
    kinds: dict[str, list[int]] = {}
    for one in trials:
        if message := getattr(one, "message", ""):
            kinds.setdefault(message, []).append(one.number)
    told = [
        tag(
            "li",
            tag("b", "trial " + ", ".join(map(str, numbers[:6])) + (" …" * (len(numbers) > 6))),
            f" {shorten(message, 300)}",
        )
        for message, numbers in kinds.items()
    ]
    if not told:
        return Markup()
    return tag("div", tag("h3", "What went wrong"), tag("ul", *told, class_="failures"))


# --- how it was made ---------------------------------------------------------------------


def _space(search: Searched) -> Markup:
    space = search.about.get("space")
    described = space if isinstance(space, Mapping) else {}
    names = dict.fromkeys([*described, *(n for one in search.trials for n in one.settings)])
    rows: list[list[object]] = [
        [name, _range(described.get(name)) or "as tried", values_tried(search, name)]
        for name in names
    ]
    rows += [[name, "the same in all trials", _setting(one)] for name, one in search.fixed.items()]
    head = ["Setting", "ScoringQuery for", "Tried"]
    if not described:  # nothing is known of what was asked for
        head, rows = [head[0], head[2]], [[name, tried] for name, _, tried in rows]
    table = measures("Settings searched", head, rows, texts=True) if rows else Markup()
    return section("Settings searched", table)


def _range(asked: Any) -> str:
    if isinstance(asked, Mapping) and {"low", "high"} <= set(asked):
        scale = ", logarithmic" if asked.get("log") else ""
        return f"{setting(asked['low'])} … {setting(asked['high'])}{scale}"
    if isinstance(asked, list | tuple):
        return shorten(", ".join(map(setting, asked)), _LONGEST)
    return "" if asked is None else _setting(asked)


def _made(search: Searched) -> Markup:
    rows: list[list[object]] = [
        [_ABOUT.get(name, name), _told(value)]
        for name, value in search.about.items()
        if name != "space" and value is not None and value != ""
    ]
    rows.append(["compared by", f"{search.metric}, {search.better} is better"])
    rows.append(["versions", ", ".join(_versions())])
    return section("Data and versions", _list(rows))


def _list(rows: Iterable[Sequence[object]]) -> Markup:
    pairs = [tag("div", tag("dt", label), tag("dd", value)) for label, value in rows]
    return tag("dl", *pairs, class_="about")


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_told(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_told, value))
    return f"{value:,}" if isinstance(value, int) and value >= 10_000 else str(value)


def _versions() -> Iterable[str]:
    for name in _LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    yield f"Python {platform.python_version()}"


# --- figures -----------------------------------------------------------------------------


def _setting(value: object) -> str:
    return shorten(setting(value), _LONGEST)


def _figure(value: float, digits: int | None = None) -> str:
    if value != value:
        return "–"
    return f"{value:.{decimals([value]) if digits is None else digits}f}"
