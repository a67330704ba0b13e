"""Merge several runs of one machine; later measurements replace earlier ones."""

from __future__ import annotations

from typing import Any

MERGED = ("absent", "datasets", "flops", "blas")
ALIKE = ("processor", "cores", "threads", "memory", "isa")


def joined(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Merge results; later ones take precedence.

    An engine's records of a case are those of the last run that measured them, so figures are
    of engines that took turns wherever the last run had them all. Commits and dates are listed.

    Raises
    ------
    ValueError
        If the runs are of different machines: their figures are no ratios.
    """
    first, *others = results
    for other in others:
        apart = [k for k in ALIKE if other["machine"][k] != first["machine"][k]]
        if apart:
            raise ValueError(f"these runs are of different machines: {', '.join(apart)} differ")
    last = results[-1]
    machine = dict(last["machine"])
    machine["commit"] = ", ".join(dict.fromkeys(r["machine"]["commit"] for r in results))
    records: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for result in results:
        records |= _by_case(result["records"])
    return {
        **last,
        "machine": machine,
        "fma_peak_gflops": max((r["fma_peak_gflops"] or 0 for r in results), default=0) or None,
        **{part: {k: v for r in results for k, v in r[part].items()} for part in MERGED},
        "records": [record for case in records.values() for record in case],
    }


def _by_case(records: list[dict[str, Any]]) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for r in records:
        groups.setdefault((r["work"], r["dataset"], r["factors"], r["engine"]), []).append(r)
    return groups
