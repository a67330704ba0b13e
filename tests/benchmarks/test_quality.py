"""The quality benchmark: families, trials, what a stopped run keeps, and the tables."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from benchmarks.quality import __main__ as command
from benchmarks.quality import data, merging, results, worker
from benchmarks.quality.families import Family, draw, families, of_kind
from benchmarks.quality.worker import Job
from tests.conftest import random_interactions

import penchant
from penchant.models import kinds


def test_every_kind_of_the_registry_is_a_family() -> None:
    own = [family for family in families() if family.library == "penchant"]
    assert {family.name for family in own} == set(kinds())
    assert families()[-1].name == "blend"  # its parts are the best of the others


def test_every_family_draws_settings_that_it_takes() -> None:
    train = random_interactions(30, 20).with_item_features(None)
    features = penchant.Features.of({item: [str(item)[-1]] for item in train.items})
    for kind in kinds():
        family = of_kind(kind)
        given = train.with_item_features(features) if family.featured else train
        for number in range(5):
            settings = draw(family.space, 0, number)
            if kind == "blend":
                settings["parts"] = {"als": {}, "ease": {}, "popularity": {}}
            model = family.make(settings, given, 1)
            assert model.kind == kind


def test_settings_depend_on_seed_and_number_only() -> None:
    space = {"a": (1, 10), "b": (0.1, 10.0, "log"), "c": ["x", "y"]}
    assert draw(space, 0, 1) == draw(space, 0, 1) != draw(space, 0, 2)
    drawn = [draw(space, 0, number) for number in range(200)]
    assert {type(settings["a"]) for settings in drawn} == {int}
    assert {settings["a"] for settings in drawn} == set(range(1, 11))
    assert {settings["c"] for settings in drawn} == {"x", "y"}
    logs = np.log10([settings["b"] for settings in drawn])
    assert -1 <= logs.min() < -0.9
    assert abs(logs.mean()) < 0.15


@pytest.fixture
def job(monkeypatch, tmp_path) -> Job:
    monkeypatch.setitem(
        data.READERS, "made", lambda _: random_interactions(60, 40, density=0.3, seed=1)
    )
    return Job("made", str(tmp_path), "penchant", "item-neighbors", 4, 0, 600.0, 1)


def test_settings_are_chosen_on_the_validation_part(job) -> None:
    rows = list(worker.rows(job))
    trials = [row for row in rows if "trial" in row and "settings" not in row]
    assert [trial["trial"] for trial in trials] == [0, 1, 2, 3]
    defaults, tuned = (row for row in rows if "settings" in row)
    assert (defaults["settings"], tuned["settings"]) == ("defaults", "tuned")
    assert tuned["validation"] == max(trial["validation"] for trial in trials)
    assert tuned["trials"] == 4
    space = dict(of_kind("item-neighbors").space)
    assert tuned["chosen"] in [{}, *(draw(space, 0, number) for number in range(1, 4))]
    final, validation = data.splits(data.READERS["made"](Path()))
    assert validation.train.nnz + validation.test.nnz == final.train.nnz
    model = of_kind("item-neighbors").make(tuned["chosen"], final.train, 1).fit(final.train)
    again = penchant.evaluate(model, final, metrics=data.METRICS)
    assert {name: values[0] for name, values in tuned["metrics"].items()} == dict(again)


def test_a_job_goes_on_after_the_trials_that_are_finished(job) -> None:
    whole = [row for row in worker.rows(job) if "metrics" in row]
    trials = [{"trial": 0, "validation": 0.5}, {"trial": 1, "failure": "signal 11"}]
    job = Job(**{**asdict(job), "finished": trials, "measured": ["defaults"]})
    rows = list(worker.rows(job))
    assert [row["start"] for row in rows if "start" in row] == [2, 3, "tuned"]
    tuned = rows[-1]
    assert tuned["chosen"] == {}  # 0.5 is more than any setting reaches here
    assert tuned["failures"] == ["signal 11"]
    assert tuned["metrics"] == whole[0]["metrics"]


def test_a_short_limit_stops_the_trials(job) -> None:
    job = Job(**{**asdict(job), "limit": 0.0})
    rows = list(worker.rows(job))
    assert [row["settings"] for row in rows if "settings" in row] == ["defaults"]
    assert rows[-1] == {"error": "no time for a trial beyond the defaults"}


def test_models_without_a_space_have_defaults_only(job) -> None:
    job = Job(**{**asdict(job), "family": "popularity"})
    assert [row["settings"] for row in worker.rows(job) if "settings" in row] == ["defaults"]
    featured = Job(**{**asdict(job), "family": "content"})
    with pytest.raises(SystemExit, match="no features"):
        list(worker.rows(featured))


def test_settings_that_fail_are_counted(job, monkeypatch) -> None:
    def make(settings, train, threads):
        if settings:
            raise ValueError("no")
        return penchant.Popularity()

    broken = Family("other", "penchant", "broken", make, {"a": [1, 2]})
    monkeypatch.setattr(worker, "families", lambda: [broken])
    job = Job(**{**asdict(job), "library": "other", "family": "broken"})
    *_, tuned = worker.rows(job)
    assert tuned["failures"] == ["ValueError: no"] * 3
    assert tuned["chosen"] == {}


def test_a_library_that_ends_its_process_does_not_end_the_job(job, monkeypatch) -> None:
    calls = []

    def once(job):
        calls.append(job)
        row = {"settings": "tuned", "metrics": {}}
        if len(calls) == 1:
            return f"{command.SIGNAL} 11", [{"start": 0}]
        if len(calls) == 2:
            return f"{command.SIGNAL} 11", [
                {"start": 1},
                {"trial": 1, "validation": 0.1},
                {"start": 2},
            ]
        return "done", [{"start": 3}, {"trial": 3, "validation": 0.2}, {"start": "tuned"}, row]

    monkeypatch.setattr(command, "_call_once", once)
    status, rows = command.call(job)
    assert status == f"the defaults failed: {command.SIGNAL} 11"
    assert rows == [{"settings": "tuned", "metrics": {}}]
    assert [trial["trial"] for trial in calls[2].finished] == [0, 1, 2]
    assert [trial["trial"] for trial in calls[1].finished] == [0]


def test_lines_of_libraries_are_no_rows() -> None:
    assert command._parsed("Epoch 1: 0.5") is None
    assert command._parsed("3") is None
    assert command._parsed('{"start": 0}') == {"start": 0}


# --- the file and the tables ----------------------------------------------------------------


def row(family, settings, value, *, library="penchant", validation=None, **more):
    label = {"dataset": "made", "library": library, "family": family, "trials_asked": 3, "seed": 0}
    metrics = {name: [value, value - 0.01, value + 0.01] for name in data.METRICS}
    cost = {"fit_cpu_seconds": 1.25, "memory": 3_000_000, "trials": 3}
    chosen = {"validation": value if validation is None else validation, "chosen": {"n": value}}
    return {**label, "settings": settings, "metrics": metrics, **cost, **chosen, **more}


ROWS = [
    row("als", "defaults", 0.1),
    row("als", "tuned", 0.2),
    row("als", "tuned", 0.25),  # measured a second time
    row("ease", "defaults", 0.3, validation=0.15),
    {**row("ease", "tuned", 0.3), "trials": 1},  # of the defaults only, so not tuned
    row("iALS", "tuned", 0.22, library="irspack", failures=["no"]),
    {**row("SLIM", "tuned", 0.0, library="irspack"), "status": "over the time limit"},
]
ROWS[-1].pop("metrics")


def test_tables() -> None:
    text = results.tables(ROWS)
    lines = text.splitlines()
    assert "| made | 0.2500 (als, tuned) | 0.2200 (iALS, tuned) |" in lines
    rows = [line for line in lines if line.startswith(("| penchant", "| irspack"))]
    assert [line.split(" | ")[1] for line in rows] == ["ease", "als", "iALS", "als"]
    assert rows[2].endswith(
        "0.2200 (0.2100 to 0.2300) | 0.2200 | 0.2200 | 1.25 | 3 | 3 (1 failed) |"
    )
    assert rows[3].endswith("| – |")
    assert "- made, irspack, SLIM: over the time limit" in lines


def test_the_blend_is_of_the_best_on_the_validation_part() -> None:
    assert results.best_families(ROWS, "made", 2) == {"als": {"n": 0.25}, "ease": {"n": 0.3}}
    assert results.best_families(ROWS, "other", 2) == {}


def test_a_line_that_was_cut_short_is_left_out(tmp_path) -> None:
    file = tmp_path / "results.jsonl"
    results.append(file, ROWS[0])
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(ROWS[1])[:50])
    assert results.read(file) == [ROWS[0]]
    results.append(file, ROWS[2])
    assert results.read(file) == [ROWS[0], ROWS[2]]
    assert results.read(tmp_path / "none.jsonl") == []


def test_tables_take_the_place_of_the_old_ones(tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text("\n".join(["before", *results.MARKS, "after"]), encoding="utf-8")
    for text in ("first", r"second \1"):
        results.put(page, text)
    written = page.read_text(encoding="utf-8")
    assert "first" not in written
    assert r"second \1" in written
    assert written.startswith("before")
    assert written.endswith("after")
    page.write_text("nothing", encoding="utf-8")
    with pytest.raises(SystemExit, match="has no marks"):
        results.put(page, "third")


def test_a_run_does_not_repeat_what_is_done(tmp_path, monkeypatch, capsys) -> None:
    (tmp_path / "ml-100k").mkdir()
    monkeypatch.setattr(command.machine, "facts", lambda *_: {})
    monkeypatch.setattr(command, "families", lambda: [of_kind("popularity"), of_kind("blend")])
    calls = []

    def call(job):
        calls.append(job.family)
        return "done", [{**row("popularity", "defaults", 0.1)}]

    monkeypatch.setattr(command, "call", call)
    words = ["--data", str(tmp_path), "--datasets", "ml-100k", "ml-1m", "--out"]
    words.append(str(tmp_path / "out.jsonl"))
    options = command.parser().parse_args(words)
    for _ in range(2):
        command.run(options)
    assert calls == ["popularity"]
    told = capsys.readouterr().out
    assert "ml-1m is not in" in told
    assert "fewer than 3 families to blend" in told
    command.run(command.parser().parse_args([*words, "--again", "--only", "popularity"]))
    assert calls == ["popularity"] * 2


@pytest.mark.parametrize("name", data.READERS)
def test_real_data_sets_are_read_whole(real_data, name) -> None:
    sizes = {
        "lastfm-2k": (1859, 2823, 71_355),
        "ml-100k": (943, 1682, 100_000),
        "ml-1m": (6040, 3706, 1_000_209),
        "amazon-beauty": (22_363, 12_101, 198_502),
        "amazon-toys": (19_412, 11_924, 167_597),
    }
    read = data.READERS[name](real_data(name))
    assert (read.n_users, read.n_items, read.nnz) == sizes[name]
    assert read.item_features is not None
    assert (read.csr.values == 1).all() == (name != "lastfm-2k")


def test_tables_say_on_what_machine_and_within_what_time() -> None:
    machine = {"processor": "P", "cores": 2, "threads": 1, "load": 0.5, "date": "2026-01-01T00:00"}
    machine |= {"commit": "abc", "versions": {"penchant": "0.1.0", "implicit": None}}
    text = results.tables([{"machine": machine, "limit": 30.0}, *ROWS])
    asked = "Trials asked for: 3, within 30 CPU seconds for a family on a data set. P, 2 cores"
    assert asked in text
    assert text.endswith("commit abc. penchant 0.1.0.")


# --- merging into a page ----------------------------------------------------------------


def measured_row(family: str, value: float, library: str = "penchant", **others) -> dict:
    return {
        "dataset": "made",
        "library": library,
        "family": family,
        "settings": "tuned",
        "trials": 3,
        "trials_asked": 3,
        "seed": 0,
        "validation": value,
        "metrics": {name: [value, value - 0.01, value + 0.01] for name in data.METRICS},
        "fit_cpu_seconds": 1.0,
        "memory": 1e6,
        **others,
    }


def ended(row: dict, status: str) -> dict:
    return {**{name: row[name] for name in row if name not in ("metrics", "settings")},
            "status": status}  # fmt: skip


@pytest.fixture
def page(tmp_path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(f"before\n{results.MARKS[0]}\n{results.MARKS[1]}\nafter\n", encoding="utf-8")
    rows = [measured_row("als", 0.3), measured_row("ease", 0.2)]
    late = measured_row("slim", 0.1)
    results.put(path, results.tables([*rows, ended(late, "over the time limit")]))
    return path


def test_merged_tables_are_those_of_all_rows(page, tmp_path) -> None:
    """Rows are replaced, added and sorted as if all had been measured in one run."""
    later = [measured_row("ease", 0.4), measured_row("slim", 0.25), measured_row("knn", 0.35, "x")]
    later += [ended(row, "done") for row in later]
    merging.merge(page, later, "Merged.")
    whole = tmp_path / "whole.md"
    whole.write_text(f"before\n{results.MARKS[0]}\n{results.MARKS[1]}\nafter\n", encoding="utf-8")
    results.put(whole, results.tables([measured_row("als", 0.3), *later]))
    found, expected = page.read_text(), whole.read_text()
    assert "Merged." in found
    assert "over the time limit" not in found
    table = expected.split("### made")[1].split(results.MARKS[1])[0].strip()
    assert table in found
    assert found.endswith(f"{results.MARKS[1]}\nafter\n")
    assert found.startswith(f"before\n{results.MARKS[0]}\n")


def test_the_summary_of_a_page_gets_libraries_that_are_new_on_a_data_set(page) -> None:
    other = measured_row("als", 0.3, dataset="second")
    peer = measured_row("knn", 0.35, "x", dataset="second")
    results.put(
        page, results.tables([measured_row("als", 0.3), measured_row("knn", 0.1, "x"), other])
    )
    assert "| second | 0.3000 (als, tuned) | – |" in page.read_text()
    merging.merge(page, [peer, ended(peer, "done")], "Merged.")
    assert "| second | 0.3000 (als, tuned) | 0.3500 (knn, tuned) |" in page.read_text()
    assert "| made | 0.3000 (als, tuned) | 0.1000 (knn, tuned) |" in page.read_text()


def test_what_is_missing_later_is_listed(page) -> None:
    merging.merge(page, [ended(measured_row("ease", 0.4), "ended with 1")], "Merged.")
    text = page.read_text()
    assert "- made, penchant, ease: ended with 1" in text
    assert "- made, penchant, slim: over the time limit" in text


def test_rows_of_automatic_selection_are_merged(page) -> None:
    row = measured_row("", 0.5, budget=600.0, cpu_seconds=700.0, tried=99)
    for name in ("family", "settings", "memory", "trials", "trials_asked"):
        del row[name]
    merging.merge(page, [row], "Merged.")
    line = '| penchant | tune, models="auto" | 10 min | 0.5000 (0.4900 to 0.5100) |'
    assert line in page.read_text()
    assert "| 700.00 | – | 99 |" in page.read_text()
