"""Runs of a selection of models: the choice, its figures, resuming and failures."""

from __future__ import annotations

import math

import pytest

import penchant
from penchant import Blend, Interactions, ModelSelection
from penchant.errors import DataError
from penchant.tuning.selection.families import families_of
from penchant.tuning.selection.journal import Journal
from penchant.tuning.selection.parts import HELD_OUT, Part, validation_of
from penchant.tuning.selection.results import Attempt
from penchant.tuning.selection.select import _Selection, arguments_of
from penchant.tuning.selection.trials import Runner

FEW = ["popularity", "item-neighbors", "pure-svd"]


@pytest.fixture(scope="module")
def likes() -> Interactions:
    return penchant.datasets.shapes(n_items=60, n_users=150)


@pytest.fixture(scope="module")
def selection(likes: Interactions, tmp_path_factory: pytest.TempPathFactory) -> ModelSelection:
    storage = tmp_path_factory.mktemp("selection") / "t.db"
    return penchant.tune(likes, models=FEW, budget="10 min", storage=storage)


def test_the_best_model_is_fitted_on_everything(
    selection: ModelSelection, likes: Interactions
) -> None:
    assert selection.best.interactions is likes
    assert len(selection.best.recommend(likes.users[0], k=5)) == 5
    assert selection.chosen in {*FEW, "blend"}
    best = max(row.value for row in selection.families if not math.isnan(row.value))
    assert selection.value == best


def test_the_result_tells_what_was_tried(selection: ModelSelection) -> None:
    text = str(selection)
    rows = {row.kind: row for row in selection.families}
    assert set(FEW) <= set(rows)
    for row in rows.values():
        assert row.kind in text
    assert f"the best of {selection.tried} settings tried" in text
    assert rows["popularity"].value == rows["popularity"].defaults
    labels = list(selection.final)
    assert labels[0] == "chosen model"
    assert labels[1].endswith(", defaults")
    assert selection.final["chosen model"].intervals
    assert list(selection.columns()) == [
        "family",
        "ndcg@10",
        "defaults",
        "tried",
        "seconds",
        "n_bytes",
        "note",
    ]


def test_validation_values_are_those_of_evaluate(
    selection: ModelSelection, likes: Interactions
) -> None:
    final = penchant.split.random_fraction(likes, HELD_OUT, seed=0)
    cuts = [validation_of(final, 1 + n) for n in range(selection.about["validation_cuts"])]
    assert len(cuts) == 4  # these fits take no time
    (row,) = (row for row in selection.families if row.kind == "pure-svd")
    values = []
    for cut in cuts:
        model = penchant.PureSVD(**row.settings).fit(cut.train)
        values.append(penchant.evaluate(model, cut, bootstrap=0)["ndcg@10"])
    assert len(set(values)) > 1
    assert row.value == pytest.approx(sum(values) / len(values), rel=1e-12)


def test_a_split_keeps_its_test_part(likes: Interactions) -> None:
    split = penchant.split.leave_k_out(likes, 2, seed=3)
    found = penchant.tune(split, models=["popularity"], budget=600, storage=None)
    assert found.best.interactions is split.train
    own = penchant.evaluate(found.best, split, metrics=["ndcg@10"])
    assert found.final["chosen model"]["ndcg@10"] == pytest.approx(own["ndcg@10"], rel=1e-12)


def test_a_stopped_selection_resumes(
    likes: Interactions, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = tmp_path / "t.db"
    arguments = {"models": FEW, "budget": 600, "storage": storage}
    runs: list[str] = []
    run = Runner._run
    monkeypatch.setattr(
        Runner, "_run", lambda self, family, *rest: runs.append("") or run(self, family, *rest)
    )

    def stop(progress) -> None:
        if progress.tried == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        penchant.tune(likes, on_progress=stop, **arguments)
    assert len(runs) == 9  # the stopped run stored each of them
    first = penchant.tune(likes, **arguments)
    n = len(runs)
    again = penchant.tune(likes, **arguments)
    assert len(runs) == n  # nothing was fitted again
    assert [item.value for item in first.attempts] == [item.value for item in again.attempts]
    assert first.about["model"] == again.about["model"]
    assert first.final["chosen model"].figures == again.final["chosen model"].figures


def test_a_family_that_fails_is_told_and_left_out(
    likes: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_, **__):
        raise DataError("no such luck")

    monkeypatch.setattr(penchant.PureSVD, "fit", fail)
    found = penchant.tune(likes, models=["pure-svd", "popularity"], budget=600, storage=None)
    notes = {row.kind: row.note for row in found.families}
    assert notes["pure-svd"] == "no such luck"
    with pytest.raises(DataError, match=r"no model could be fitted.*pure-svd: no such luck"):
        penchant.tune(likes, models=["pure-svd"], budget=600, storage=None)


def test_lower_values_can_be_better(likes: Interactions) -> None:
    found = penchant.tune(
        likes, models=["popularity", "pure-svd"], metric="percentile_rank", budget=600, storage=None
    )
    values = [row.value for row in found.families if row.kind != "blend"]
    assert values == sorted(values)


def test_a_blend_that_is_better_is_chosen(
    likes: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = Part.measure
    monkeypatch.setattr(
        Part, "measure", lambda self, model: measure(self, model) + isinstance(model, Blend)
    )
    found = penchant.tune(likes, models=["pure-svd", "item-neighbors"], budget=600, storage=None)
    assert found.chosen == found.families[-1].kind == "blend"
    assert isinstance(found.best, Blend)
    assert found.best.fusion == "top-mean"
    assert found.about["model"].startswith("Blend({")


def test_families_whose_final_fits_take_too_long_are_in_no_blend(likes: Interactions) -> None:
    """Both are fitted on the training part and on everything, and the defaults once more."""
    final = penchant.split.random_fraction(likes, HELD_OUT, seed=0)
    families = {family.kind: family for family in families_of(FEW, final.train)}
    selection = _Selection(
        final,
        likes,
        [*families.values()],
        arguments_of(budget=600),
        Journal(None, "x", resume=True),
    )
    part = selection._whole
    tried = {"pure-svd": (0.30, 100.0), "item-neighbors": (0.29, 110.0), "popularity": (0.28, 20.0)}
    for kind, (value, seconds) in tried.items():
        attempt = Attempt(kind, {}, part.size, value, value, seconds, 8, fit_seconds=seconds)
        families[kind].attempts.append(attempt)
    ranked = [families[kind] for kind in tried]
    best = ranked[0].best(part.size)
    assert best is not None
    kinds = [family.kind for family in selection._near(ranked, best, part)]
    assert kinds == ["pure-svd", "popularity"]
    assert selection._finisher.left_out == ["blends with item-neighbors"]
