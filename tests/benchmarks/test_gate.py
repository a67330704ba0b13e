from __future__ import annotations

import json

import pytest
from benchmarks.gate import CASES, Ratio, read_baseline, verdict, write_baseline

from benchmarks import gate


def test_the_ratio_of_rounds_is_their_median_and_noise_the_largest_deviation() -> None:
    ratio = Ratio.of_rounds([10.0, 11.0, 8.0])
    assert ratio.ratio == 10.0
    assert ratio.noise == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (Ratio(9.5, 0.05), "ok"),
        (Ratio(20.0, 0.05), "ok"),
        (Ratio(8.6, 0.05), "ok"),  # within the noise of both runs
        (Ratio(8.4, 0.05), "FALLEN"),
        (Ratio(8.4, 0.2), "ok"),
        (Ratio(8.9, 0.6), "too noisy, measure again"),
    ],
)
def test_a_ratio_has_fallen_if_it_is_lower_by_more_than_the_noise(now, text) -> None:
    assert verdict(now, Ratio(10.0, 0.1)) == text


def test_a_case_without_a_committed_figure_does_not_pass() -> None:
    assert verdict(Ratio(9.0, 0.1), None) != "ok"


def test_the_committed_file_has_every_case() -> None:
    assert set(read_baseline()) == {case.name for case in CASES}


def test_a_baseline_is_read_as_it_was_written(tmp_path) -> None:
    path = tmp_path / "gate.json"
    assert read_baseline(path) == {}
    write_baseline({"fit": Ratio(3.0, 0.125)}, path)
    assert read_baseline(path) == {"fit": Ratio(3.0, 0.125)}
    assert json.loads(path.read_text(encoding="utf-8"))["machine"]["isa"]


def test_the_exit_code_says_whether_all_cases_passed(monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", ["gate", "--rounds", "1"])
    monkeypatch.setattr(gate.datasets, "prepare", lambda _: None)
    before = {case.name: Ratio(10.0, 0.1) for case in CASES}
    monkeypatch.setattr(gate, "read_baseline", lambda: before)
    monkeypatch.setattr(gate, "measure", lambda *_: Ratio(10.0, 0.0))
    assert gate.main() == 0
    monkeypatch.setattr(gate, "measure", lambda *_: Ratio(5.0, 0.0))
    assert gate.main() == 1
    assert "FALLEN" in capsys.readouterr().out
