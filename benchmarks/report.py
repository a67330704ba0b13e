"""Write the JSON of a run as a page of the manual, with tables and plots.

``python -m benchmarks.report RESULTS.json … [--docs docs]`` writes docs/benchmarks.md and
docs/benchmarks-*.svg; of several files the later ones count where they measured the same.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import epoch_profile, many_factors, plots, targets
from benchmarks.engines import ENGINES
from benchmarks.figures import Case, Figures
from benchmarks.joined import joined
from benchmarks.markdown import table

DOCS = Path(__file__).resolve().parents[1] / "docs"
PROFILE = Path(__file__).with_name("results") / "epoch-profile.json"
MANY = PROFILE.with_name("many-factors.json")
INTRODUCTION = """\
# Benchmarks

penchant and other libraries, measured in one run on one machine: engines take turns, every
measurement runs in a process of its own, and all minimize the same objective (Hu, Koren & Volinsky
2008, α = {alpha:g}, λ = {regularization:g}). `make bench` repeats the measurements and
`python -m benchmarks.report FILE` writes this page;
the figures below are those of {file} in `benchmarks/results`.

{machine}
"""
IN_SHORT = """\
The ratio is the other library's time, or memory, divided by penchant's: 3 means a third of the
time. `exact` solves every row exactly, `cg` takes a few steps of conjugate gradients, and `auto`,
penchant's default, chooses between them. A loss in the note is penchant's relative to the other's
after the same number of epochs; lower is better. Ratios carry over to other machines better than
seconds do; measure on your own with `make bench`.
"""
WORKS = {
    "recommend": "Recommend to all users (k = 10, seen items left out), seconds",
    "similar": "Similar items of all items (k = 10), seconds",
    "evaluate": "NDCG@10 of all test users, seconds",
    "split": "Hold out five likes of every user, seconds",
    "ingest": "A log of text to rows, seconds",
}


def page(
    result: dict[str, Any],
    file: str,
    pictures: Iterable[str] = (),
    profile: dict[str, Any] | None = None,
    many: dict[str, Any] | None = None,
) -> str:
    """Return the page, in Markdown.

    ``profile`` is what ``benchmarks.epoch_profile`` stored, ``many`` what
    ``benchmarks.many_factors`` did.
    """
    f = Figures(result)
    parts = [
        INTRODUCTION.format(alpha=40, regularization=0.1, file=file, machine=_machine(result)),
        _absent(result),
        _beside(result),
        _epochs(f),
        _share_of_peak(f),
        *(f"![{name}]({name})\n" for name in pictures),
        _converged(f),
        _ranking(f),
        _memory(f),
        *(_works(f, work, title) for work, title in WORKS.items()),
        _scaling(f),
        "" if profile is None else epoch_profile.section(profile),
        "" if many is None else many_factors.section(many),
    ]
    return "\n".join(part for part in parts if part)


def _machine(result: dict[str, Any]) -> str:
    m = result["machine"]
    versions = ", ".join(f"{name} {v}" for name, v in m["versions"].items() if v)
    peak = result["fma_peak_gflops"]
    return (
        f"{m['processor']}, {m['cores']} cores, {m['memory'] / 2**30:.0f} GiB; {m['threads']} "
        f"threads; instruction set {m['isa']}; FMA peak "
        f"{'not measured' if peak is None else f'{peak:.0f} GFLOP/s'}; {m['date'][:10]}, commit "
        f"{m['commit']}. {versions}."
    )


def _absent(result: dict[str, Any]) -> str:
    if not result["absent"]:
        return ""
    lines = [f"- {name}: {why.splitlines()[-1]}" for name, why in result["absent"].items()]
    return "Not measured, since it could not be had:\n\n" + "\n".join(lines) + "\n"


def _beside(result: dict[str, Any]) -> str:
    """Return the table of ratios, without the targets that the project sets itself."""
    rows = [
        [row.work, row.case, row.against, f"{row.ratio:.2f}", row.note]
        for row in targets.reached(result)
        if row.ratio is not None
    ]
    head = ["work", "data and factors", "beside", "ratio", "note"]
    return f"## In short\n\n{IN_SHORT}\n{table(head, rows)}"


def _epochs(f: Figures) -> str:
    cases = f.cases("fit")
    if not cases:
        return ""
    engines = _in_order(f, cases)
    seconds = [[_name(c), *(_cell(f, c, e, f.seconds(c, e)) for e in engines)] for c in cases]
    losses = [[_name(c), *(_last_loss(f, c, e) for e in engines)] for c in cases]
    return (
        "## Seconds per epoch\n\n" + table(["", *engines], seconds)
        + "\nTraining loss, with the number of epochs in parentheses:\n\n"
        + table(["", *engines], losses)
    )  # fmt: skip


def _last_loss(f: Figures, case: Case, engine: str) -> str:
    curve = f.curve(case, engine)
    if not curve:
        return f.trouble(case, engine) or ""
    return "–" if curve[-1].loss is None else f"{curve[-1].loss:.5g} ({curve[-1].number})"


def _ranking(f: Figures) -> str:
    rows = []
    for case in f.cases("ranking"):
        for engine in f.engines(case):
            good = [
                f"{median(r[figure] for r in f.of(case, engine)):.4f}" if f.of(case, engine) else ""
                for figure in ("precision", "auc")
            ]
            rows.append(
                [_name(case), engine, _cell(f, case, engine, f.seconds(case, engine)), *good]
            )
    if not rows:
        return ""
    head = ["", "engine", "seconds per epoch", "precision@10", "AUC"]
    return "## Learning to rank (WARP)\n\nAll after the same number of epochs:\n\n" + table(
        head, rows
    )


def _share_of_peak(f: Figures) -> str:
    """Return FLOP/s of the exact solver, and of the machine."""
    peak = f.result["fma_peak_gflops"]
    rows = []
    for case in f.cases("fit"):
        seconds = f.seconds(case, "penchant exact")
        flops = f.result["flops"].get(f"{case[1]}, {case[2]}")
        if seconds and flops and peak:
            solving, all_of_it = flops["rows"], flops["rows"] + flops["products"]
            rate = all_of_it / seconds / 1e9
            rows.append(
                [
                    _name(case),
                    f"{all_of_it / 1e9:.1f}",
                    f"{solving / all_of_it:.0%}",
                    f"{rate:.1f}",
                    f"{rate / peak:.0%}",
                ]
            )
    if not rows:
        return ""
    head = ["", "GFLOP per epoch", "share of the rows", "GFLOP/s", "of the peak"]
    return "## The exact solver relative to the peak of the machine\n\n" + table(head, rows)


def _converged(f: Figures) -> str:
    cases = f.cases("converge")
    if not cases:
        return ""
    engines = _in_order(f, cases)
    rows = [
        [_name(c), *(_cell(f, c, e, f.seconds_to_converge(c, e), "not") for e in engines)]
        for c in cases
    ]
    return (
        "## Seconds to within 0.1 % of the converged loss\n\nThe converged loss is the lowest of "
        "any peer; penchant's is lower.\n\n" + table(["", *engines], rows)
    )


def _memory(f: Figures) -> str:
    cases = f.cases("fit")
    engines = _in_order(f, cases)
    rows = [[_name(c), *(_mebibytes(f.memory(c, e)) for e in engines)] for c in cases]
    title = "## Memory at the peak of a fit, above the data, MiB\n\n"
    return title + table(["", *engines], rows) if rows else ""


def _works(f: Figures, work: str, title: str) -> str:
    cases = f.cases(work)
    if not cases:
        return ""
    engines = _in_order(f, cases)
    rows = [[_name(c), *(_cell(f, c, e, f.seconds(c, e)) for e in engines)] for c in cases]
    return f"## {title}\n\n" + table(["", *engines], rows)


def _scaling(f: Figures) -> str:
    parts = []
    for work, what, unit in (("scale-nnz", "interactions", 1e6), ("scale-factors", "factors", 1)):
        rows = []
        for case in f.cases(work):
            x = f.result["datasets"][case[1]]["interactions"] if what == "interactions" else case[2]
            rows += [
                [f"{x:,}", e, f"{s:.4f}", f"{s / x * unit:.4f}"]
                for e in f.engines(case)
                if (s := f.seconds(case, e)) is not None
            ]
        if rows:
            head = [what, "", "seconds per epoch", "per million" if unit > 1 else "per factor"]
            parts.append(f"## Seconds per epoch against {what}\n\n" + table(head, rows))
    return "\n".join(parts)


# --- pieces -------------------------------------------------------------------------


def _cell(f: Figures, case: Case, engine: str, seconds: float | None, other: str = "") -> str:
    if seconds is None:
        return f.trouble(case, engine) or other
    return f"{seconds:.4f}" if seconds < 0.1 else f"{seconds:.3g}"


def _mebibytes(size: float | None) -> str:
    return "" if size is None else f"{size / 2**20:.0f}"


def _in_order(f: Figures, cases: list[Case]) -> list[str]:
    there = {e for case in cases for e in f.engines(case)}
    return [e for e in (*ENGINES, "penchant", "pandas") if e in there]


def _name(case: Case) -> str:
    return case[1] if case[2] is None else f"{case[1]}, {case[2]}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.report")
    parser.add_argument("results", type=Path, nargs="+")
    parser.add_argument("--docs", type=Path, default=DOCS)
    options = parser.parse_args()
    result = joined([json.loads(file.read_text(encoding="utf-8")) for file in options.results])
    pictures = plots.write(Figures(result), options.docs)
    profile = json.loads(PROFILE.read_text(encoding="utf-8")) if PROFILE.exists() else None
    files = ", ".join(f"`{file.name}`" for file in options.results)
    many = json.loads(MANY.read_text(encoding="utf-8")) if MANY.exists() else None
    text = page(result, files, pictures, profile, many)
    (options.docs / "benchmarks.md").write_text(text, encoding="utf-8")
    print(options.docs / "benchmarks.md")


if __name__ == "__main__":
    main()
