"""Plots of a run: seconds per epoch, and loss against time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.engines import ENGINES
from benchmarks.figures import Case, Figures

COLORS = {
    "penchant": "#c2410c",
    "implicit": "#2563eb",
    "irspack": "#15803d",
    "cmfrec": "#7c3aed",
    "lightfm": "#71717a",
}
DASHES = {"exact": "-", "cg": "--", "auto": "-", "blocks": ":", "other": "-."}


def write(figures: Figures, folder: Path) -> list[str]:
    """Write small SVG files; return their names."""
    import matplotlib

    matplotlib.use("agg")
    matplotlib.rcParams["svg.hashsalt"] = "penchant"  # the same figures make the same file
    written = []
    for name, cases, draw in (
        ("benchmarks-epochs.svg", figures.cases("fit"), _epochs),
        ("benchmarks-loss.svg", figures.cases("converge") or figures.cases("fit"), _losses),
    ):
        if cases:
            figure = draw(figures, cases)
            figure.savefig(folder / name, metadata={"Date": None})
            written.append(name)
    return written


def _panels(n: int) -> tuple[Any, list[Any]]:
    from matplotlib.figure import Figure

    columns = min(n, 2)  # so that a phone shows them large enough to read
    rows = -(-n // columns)
    figure = Figure(figsize=(3.4 * columns, 3 * rows + 0.6), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for unused in panels[n:]:
        unused.axis("off")
    return figure, panels


def _style(engine: str) -> dict[str, Any]:
    info = ENGINES[engine]
    return {
        "color": COLORS[info.library],
        "linestyle": DASHES[info.kind],
        "linewidth": 2.2 if info.kind == "auto" else 1.2,
        "label": engine,
    }


def _epochs(f: Figures, cases: list[Case]) -> Any:
    """Plot seconds per epoch against factors, a panel per data set."""
    names = list(dict.fromkeys(case[1] for case in cases))
    figure, panels = _panels(len(names))
    for panel, name in zip(panels, names, strict=False):
        its = [case for case in cases if case[1] == name]
        for engine in dict.fromkeys(e for case in its for e in f.engines(case)):
            timed = sorted((c[2], s) for c in its if (s := f.seconds(c, engine)) is not None)
            if timed:
                panel.plot(*zip(*timed, strict=True), marker="o", markersize=3, **_style(engine))
        panel.set(title=name, xlabel="factors", xscale="log", yscale="log")
        ticks = sorted({case[2] for case in its if case[2]})
        panel.set_xticks(ticks, [str(tick) for tick in ticks], minor=False)
        panel.set_xticks([], minor=True)
    panels[0].set_ylabel("seconds per epoch")
    _legend(figure, panels)
    return figure


def _losses(f: Figures, cases: list[Case]) -> Any:
    """Plot the loss above the lowest, against seconds of fitting."""
    figure, panels = _panels(len(cases))
    for panel, case in zip(panels, cases, strict=False):
        lowest = f.lowest_loss(case)
        for engine in f.engines(case):
            curve = [p for p in f.curve(case, engine) if p.loss is not None]
            if curve and lowest:
                above = [max(p.loss / lowest - 1, 1e-6) for p in curve if p.loss is not None]
                panel.plot([p.seconds for p in curve], above, **_style(engine))
        panel.axhline(1e-3, color="#a1a1aa", linewidth=0.8)
        panel.set(title=f"{case[1]}, {case[2]}", xlabel="seconds", xscale="log", yscale="log")
    panels[0].set_ylabel("loss above the lowest")
    _legend(figure, panels)
    return figure


def _legend(figure: Any, panels: list[Any]) -> None:
    """Name the engines of all panels once, below them."""
    lines = {
        text: line
        for panel in panels
        for line, text in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=3, frameon=False)
