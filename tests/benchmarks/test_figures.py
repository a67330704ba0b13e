"""From records to figures to verdicts and pages, on a run that was made up."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from benchmarks.datasets import Rows
from benchmarks.engines import ENGINES
from benchmarks.figures import Figures

from benchmarks import epoch_profile, flops, many_factors, plan, report, targets
from penchant.engines.local import PHASES

CASE = ("fit", "sketchfab", 64)


def fit(engine: str, each: float, losses: list[float], **more: Any) -> dict[str, Any]:
    epochs = [
        {"number": n, "seconds": 5.0 + each * n, "loss": loss, "memory": 2**20}
        for n, loss in enumerate(losses, 1)
    ]
    label = {"work": "fit", "dataset": "sketchfab", "factors": 64, "round": 0, "engine": engine}
    return {**label, "epochs": epochs, "memory": 2**20, **more}


def run(*records: dict[str, Any]) -> dict[str, Any]:
    sizes = {"interactions": 547_477, "users": 1, "items": 1, "made": True}
    return {
        "machine": {
            "processor": "P", "cores": 2, "memory": 2**34, "threads": 2, "isa": "avx2",
            "date": "2026-01-01T00:00:00+00:00", "commit": "abc", "versions": {"penchant": "0.1"},
        },
        "fma_peak_gflops": 100.0,
        "absent": {"cmfrec": "could not\nbe built"},
        "datasets": {"sketchfab": {"name": "sketchfab", **sizes}},
        "flops": {"sketchfab, 64": {"rows": 6e9, "products": 4e9}},
        "blas": {},
        "records": list(records),
    }  # fmt: skip


def verdicts(result: dict[str, Any]) -> dict[tuple[str, str], targets.Reached]:
    return {(row.work, row.against): row for row in targets.reached(result)}


def test_an_epoch_is_the_median_over_rounds_without_the_first() -> None:
    figures = Figures(
        run(fit("penchant exact", 1.0, [3, 2, 1]), fit("penchant exact", 3.0, [3, 2, 1]))
    )
    assert figures.seconds(CASE, "penchant exact") == pytest.approx(2.0)


def test_epochs_that_were_skipped_are_shared_out() -> None:
    record = fit("cmfrec cg", 1.0, [3, 2])
    record["epochs"][1] |= {"number": 5, "seconds": 14.0}
    assert Figures(run(record)).seconds(CASE, "cmfrec cg") == pytest.approx(2.0)


def test_ratios_are_the_peers_time_over_ours() -> None:
    found = verdicts(run(fit("penchant exact", 0.1, [1, 1]), fit("implicit exact", 1.2, [1, 1])))
    row = found["exact epoch", "implicit exact"]
    assert row.ratio == pytest.approx(12.0)
    assert row.ok


def test_a_miss_is_told() -> None:
    result = run(fit("penchant exact", 0.2, [1, 1]), fit("implicit exact", 1.2, [1, 1]))
    text = targets.as_text(targets.reached(result))
    assert "NO" in text
    assert "0 of 1 reached" in text
    page = report.page(result, "f.json")
    assert "| implicit exact | 6.00 |" in page  # the page has the ratio, and no targets
    assert "target" not in page.lower()


def test_faster_at_a_higher_loss_does_not_count() -> None:
    peer = fit("irspack cg", 0.5, [9, 5.0])
    better = verdicts(run(fit("penchant auto", 0.1, [9, 5.0]), peer))["auto epoch", "irspack cg"]
    worse = verdicts(run(fit("penchant auto", 0.1, [9, 5.1]), peer))["auto epoch", "irspack cg"]
    assert better.ok
    assert not worse.ok
    assert worse.ratio == pytest.approx(5.0)


def test_what_ran_out_of_time_is_told_and_not_reached() -> None:
    label = {"work": "fit", "dataset": "sketchfab", "factors": 64, "round": 0}
    over = {**label, "engine": "implicit exact", "over": 540.0}
    result = run(fit("penchant exact", 0.1, [1, 1]), over)
    row = verdicts(result)["exact epoch", "implicit exact"]
    assert (row.ratio, row.ok, row.note) == (None, False, "over 540 s")
    assert "over 540 s" in report.page(result, "f.json")


def test_a_peer_that_is_not_installed_is_told() -> None:
    assert "cmfrec: be built" in report.page(run(fit("penchant exact", 1, [1])), "f.json")


def test_the_page_tells_the_share_of_the_peak() -> None:
    text = report.page(run(fit("penchant exact", 0.2, [1, 1])), "f.json")
    assert "| sketchfab, 64 | 10.0 | 60% | 50.0 | 50% |" in text


def test_learning_to_rank_faster_counts_only_at_lists_no_worse() -> None:
    as_ranking = {"work": "ranking", "loss": None}
    peer = fit("lightfm warp", 1.0, [0, 0], **as_ranking, precision=0.2, auc=0.9)
    fine, worse = (
        run(fit("penchant ranking", 0.2, [0, 0], **as_ranking, precision=p, auc=0.9), peer)
        for p in (0.2, 0.19)
    )
    wanted = "ranking epoch", "lightfm warp"
    assert verdicts(fine)[wanted].ratio == pytest.approx(5.0)
    assert verdicts(fine)[wanted].ok
    assert not verdicts(worse)[wanted].ok
    assert "Learning to rank" in report.page(fine, "x.json")


def test_flops_of_a_row_are_those_of_the_smaller_system() -> None:
    few, many = flops.of_rows(np.array([4]), 16), flops.of_rows(np.array([16]), 4)
    assert few == many == 4**2 * 16 + 4**3 / 3 + 2 * 4**2 + 4 * 4 * 16
    assert flops.of_rows(np.array([0]), 16) == 0


def test_flops_of_an_epoch_count_both_sides() -> None:
    rows = Rows(np.array([0, 1, 2]), np.array([0, 0], np.int32), np.ones(2, np.float32), 3)
    found = flops.of_epoch(rows, 8)
    assert found["rows"] == flops.of_rows(np.array([1, 1]), 8) + flops.of_rows(np.array([2]), 8)
    assert found["products"] == 8 * 8 * (3 * 3 + 2 * 2 + 3 * 2 + 2 * 3)


def test_a_whole_run_has_every_work_and_a_quick_one_is_small() -> None:
    whole = plan.cases(plan.Wanted())
    assert {case.work.partition("-")[0] for case in whole} == set(plan.WORKS)
    assert len(plan.cases(plan.QUICK)) < 10
    assert all(e in ENGINES for case in whole for e in case.engines if case.work != "ingest")


def test_flops_of_products_of_an_epoch() -> None:
    """Twice the rows times the square for a product, half of it for a triangle, and momentum."""
    assert flops.of_rotated_epoch(10, 30, 4) == (5 * 40 + 2 * 10) * 16
    assert flops.of_whitened_epoch(10, 30, 4) == 4 * 40 * 16


def test_the_section_of_the_profile_has_a_line_for_each_fit() -> None:
    seconds = dict.fromkeys(PHASES, 0.1) | {"rows": 0.6}
    profiles = [asdict(epoch_profile.Profile("ml-1m", f, seconds, 2e10)) for f in (256, 512)]
    stored = {"processor": "a processor", "isa": "avx2", "peak": 80.0, "profiles": profiles}
    text = epoch_profile.section(stored)
    assert text.startswith("## ")
    line = "| ml-1m, 512 | 1.000 | 0.100 | 0.100 | 0.100 | 0.600 | 0.100 | 20.0 | 25% |"
    assert text.splitlines()[-1] == line
    assert "| ml-1m, 256 |" in text


def test_the_section_on_many_factors_compares_with_the_fastest_peer() -> None:
    def record(work: str, engine: str, seconds: float, losses: list[float]) -> dict[str, object]:
        epochs = [
            {"number": n, "seconds": n * seconds, "loss": loss, "memory": 0}
            for n, loss in enumerate(losses, 1)
        ]
        case = {"work": work, "dataset": "ml-1m", "factors": 512, "engine": engine}
        processor = {"epoch": "a processor", "converge": "another"}[work]
        return {**case, "processor": processor, "epochs": epochs, "memory": seconds * 2**20}

    records = [
        record("epoch", "penchant auto", 2.0, [9.0, 4.5]),
        record("epoch", "implicit cg", 8.0, [9.0, 5.0]),
        record("epoch", "irspack cg", 6.0, [9.0, 5.0]),
        record("converge", "penchant auto", 2.0, [9.0, 5.0]),
        record("converge", "irspack cg", 6.0, [9.0, 6.0, 5.0]),
    ]
    text = many_factors.section({"isa": "avx2", "records": records})
    both = "a processor (ml-1m, 512, an epoch) and another (ml-1m, 512, to the loss), instruction"
    assert both in text
    one = many_factors.section({"isa": "avx2", "records": records[:3]})
    assert "on one thread, a processor, instruction set avx2." in one
    assert text.splitlines()[-2:] == [
        "| ml-1m, 512, an epoch | 2.00 | 8.00 | 6.00 | – | 3.0 | -10.0% | 2 | 6 |",
        "| ml-1m, 512, to the loss | 4.00 | – | 18.00 | – | 4.5 | -16.7% | 2 | 6 |",
    ]
