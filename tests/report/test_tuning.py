from __future__ import annotations

import base64
import math
import re
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
from tests.plots.results import grid, trial, tuning_result

from penchant.errors import ArtifactError
from penchant.evaluation.evaluate import Evaluation
from penchant.report import tuning_page, write_tuning_report

HOSTILE = "</style><script>alert(1)</script>\n\"'\u202e$\\frac{"


class Page(HTMLParser):
    """Check nesting, and collect elements and texts."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(markup)
        self.close()
        assert not self.open

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((name, dict(attributes)))
        if name not in ("img", "meta"):
            self.open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def pictures(self) -> dict[str, str]:
        """Return the plots: alternative text → SVG."""
        result = {}
        for name, attributes in self.elements:
            if name == "img":
                kind, _, data = str(attributes["src"]).partition(",")
                assert kind == "data:image/svg+xml;base64"
                result[str(attributes["alt"])] = base64.b64decode(data).decode()
        return result


def figures(**means: float) -> Evaluation:
    values = {name.replace("_at_", "@"): mean for name, mean in means.items()}
    intervals = {"ndcg@10": (0.19, 0.21)} if "ndcg@10" in values else {}
    return Evaluation(values, intervals, 10, 100, 0, 1.0, {"confidence": 0.95})


def full(**changes: Any):
    about = {
        "data": "lastfm-2k: 92,834 plays, fingerprint 1a2b",
        "splits": "leave-k-out, k 5",
        "final": "leave-k-out of other users",
        "sampler": "grid",
        "prune": False,
        "total": 12,
        "unfinished": 0,
        "space": {"alpha": [1, 10, 100], "factors": {"low": 8, "high": 16, "log": True}},
    }
    final = {
        "best settings": figures(ndcg_at_10=0.2004, auc=0.9),
        "defaults": figures(ndcg_at_10=0.15),
    }
    return grid(**({"fixed": {"solver": "cg"}, "about": about, "final": final} | changes))


@cache
def full_page() -> str:
    return tuning_page(full())


@pytest.fixture
def without_pictures(monkeypatch) -> None:
    """Leave out plots, whose drawing takes most of the time."""
    monkeypatch.setattr("penchant.report.tuning.pictures", lambda result: iter(()))


def rows(html: str, caption: str) -> list[list[str]]:
    table = html[html.index(f"<caption>{caption}</caption>") :]
    table = table[: table.index("</table>")]
    result = re.findall("<tr>(.*?)</tr>", table)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in result]
    return [[re.sub("<[^>]*>", " ", cell).strip() for cell in row] for row in cells]


def test_it_is_one_page_with_all_sections_and_pictures() -> None:
    html = full_page()
    page = Page(html)
    assert re.findall("<h2>(.*?)</h2>", html) == [
        "The best settings",
        "Metrics by split",
        "Plots",
        "Trials",
        "Settings",
        "Data and versions",
    ]
    texts = list(page.pictures())
    assert len(texts) == 5
    assert texts[0].startswith("ndcg@10 on test by epoch, 12 lines")  # the wide one
    assert texts[1].startswith("Train and test metrics by epoch of trial 7")
    assert "fingerprint 1a2b" in html
    assert re.search(r"penchant \d.*numpy \d.*matplotlib \d.*Python 3", html)


def test_it_loads_nothing_from_the_network() -> None:
    page = Page(full_page())
    names = {name for name, _ in page.elements}
    assert not names & {"script", "link", "iframe", "object", "embed", "base", "form", "a"}
    for _, attributes in page.elements:
        assert not any(key.startswith("on") for key in attributes)
        assert "://" not in "".join(value or "" for value in attributes.values())
    policy = next(a["content"] for _, a in page.elements if a.get("http-equiv"))
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    for svg in page.pictures().values():
        assert "<script" not in svg
        # namespaces and the document type are names; they are not fetched
        assert not re.findall(r"(?:href|src)=\"(?!#|data:)[^\"]*\"", svg)
        assert not re.findall(r"url\((?!#)", svg)


def test_each_metric_names_its_split(monkeypatch) -> None:
    html = full_page()
    table = rows(html, "Metrics of the best settings by split")
    assert table[0] == [
        "Metric",
        "Tuning split: train",
        "Tuning split: test",
        "Final split: best settings",
        "Final split: defaults",
    ]
    assert table[1] == ["ndcg@10", "0.450", "0.225", "0.200  0.190–0.210", "0.150  0.190–0.210"]
    assert table[2] == ["auc", "–", "–", "0.900", "–"]
    assert "took no part in tuning" in html
    monkeypatch.setattr("penchant.report.tuning.pictures", lambda result: iter(()))
    without = tuning_page(full(final=None))
    assert "There is no final split" in without
    assert rows(without, "Metrics of the best settings by split")[0][1:] == table[0][1:3]


def test_the_best_settings_reproduce_the_model() -> None:
    html = full_page()
    tiles = re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", html)
    assert tiles[:5] == [
        ("solver", "cg"),
        ("alpha", "10"),
        ("factors", "16"),
        ("regularization", "1"),
        ("iterations", "2"),
    ]
    assert (
        "<pre>penchant.ALS(solver=&#39;cg&#39;, alpha=10, factors=16, regularization=1.0, "
        "iterations=2)</pre>"
    ) in html


def test_trials_are_sorted_with_the_failed_ones_last(without_pictures) -> None:
    broken = trial(99, {"alpha": 5}, math.nan, state="failed")
    pruned = trial(98, {"alpha": 6, "factors": 8, "regularization": 1}, 0.0001, state="pruned")
    html = tuning_page(tuning_result(broken, pruned, *grid().trials))
    table = rows(html, "The best trials")
    assert table[0] == [
        "Rank",
        "Trial",
        "alpha",
        "factors",
        "regularization",
        "Epoch",
        "ndcg@10",
        "Seconds",
        "State",
    ]
    assert table[1] == ["1", "7", "10", "16", "1", "2", "0.225", "24", "complete"]
    assert [row[0] for row in table[1:]] == [*map(str, range(1, 14)), "–"]
    assert table[-1] == ["–", "99", "5", "–", "–", "–", "–", "3", "failed"]
    assert table[-2][-1] == "pruned"
    assert "12 complete, 1 pruned, 1 failed" in html
    assert "<b>trial 99</b> it broke" in html


def test_many_trials_are_folded(without_pictures) -> None:
    html = tuning_page(tuning_result(*(trial(at, {"a": at}, 0.1 + at / 1000) for at in range(180))))
    assert len(rows(html, "The best trials")) == 21
    assert len(rows(html, "The other trials")) == 161
    assert "… and 160 more trials" in html
    assert "0 … 179 (180 values)" in html


def test_the_space_is_shown_beside_the_tried_values(without_pictures) -> None:
    assert rows(tuning_page(full()), "Settings") == [
        ["Setting", "Space", "Tried"],
        ["alpha", "1, 10, 100", "1, 10, 100"],
        ["factors", "8 … 16, logarithmic", "8, 16"],
        ["regularization", "as tried", "0.1, 1"],
        ["solver", "fixed", "cg"],
    ]
    assert rows(tuning_page(grid()), "Settings")[1] == ["alpha", "1, 10, 100"]


def test_hostile_texts_stay_text() -> None:
    hostile = [trial(at, {HOSTILE: HOSTILE * (at % 2 + 1), "b": at}, 0.1 + at) for at in range(4)]
    broken = trial(9, {}, math.nan, state="failed")
    broken = broken.__class__(**(vars(broken) | {"message": HOSTILE}))
    html = tuning_page(
        tuning_result(
            *hostile,
            broken,
            fixed={HOSTILE: HOSTILE},
            about={"data": HOSTILE, HOSTILE: {HOSTILE: [HOSTILE]}, "space": {HOSTILE: [HOSTILE]}},
            final={HOSTILE: figures(ndcg_at_10=0.1)},
        ),
        title=HOSTILE,
    )
    page = Page(html)
    assert "script" not in {name for name, _ in page.elements}
    assert sum(name == "style" for name, _ in page.elements) == 1
    assert "\u202e" not in html
    assert any("<script>alert(1)</script>" in text for text in page.texts)
    assert not any("<script" in svg or "\u202e" in svg for svg in page.pictures().values())


def test_one_trial() -> None:
    html = tuning_page(tuning_result(trial(0, {"alpha": 1}, 0.1)))
    texts = list(Page(html).pictures())
    assert len(texts) == 3  # the curve, its trace, its time; nothing varied
    assert "The best of 1 trial reached ndcg@10 0.100" in html


@pytest.mark.parametrize("n", [0, 3])
def test_no_trial_with_a_value(n: int) -> None:
    failed = [trial(at, {"alpha": at}, math.nan, state="failed") for at in range(n)]
    html = tuning_page(tuning_result(*failed))
    page = Page(html)
    assert not page.pictures()
    assert "The best settings" not in html
    assert f"None of {n} trials has a value" in html
    assert ("it broke" in html) == (n > 0)


def test_it_is_written_atomically(tmp_path, without_pictures) -> None:
    path = tmp_path / "report.html"
    assert write_tuning_report(grid(), path) == path
    assert path.read_text(encoding="utf-8") == tuning_page(grid())
    assert grid().report(path) == path
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(ArtifactError, match="can't write"):
        write_tuning_report(grid(), tmp_path / "missing" / "report.html")


def test_a_failure_leaves_the_old_page(tmp_path, monkeypatch) -> None:
    path = tmp_path / "report.html"
    path.write_text("old", encoding="utf-8")
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match="penchant"):
        write_tuning_report(grid(), path)
    assert path.read_text(encoding="utf-8") == "old"
