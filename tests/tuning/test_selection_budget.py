"""The budget of a selection, on a clock that only scripted fits and measurements move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import penchant
from penchant import Interactions, ItemNeighbors, ModelSelection, Popularity, PureSVD
from penchant.tuning.selection import finishing, parts, select
from penchant.tuning.selection.budget import Clock
from penchant.tuning.selection.families import families_of
from penchant.tuning.selection.part_scores import PartScores
from penchant.tuning.selection.parts import Part
from penchant.tuning.selection.results import Attempt

KINDS: dict[str, type[Any]] = {
    "popularity": Popularity,
    "item-neighbors": ItemNeighbors,
    "pure-svd": PureSVD,
}


class Script:
    """Seconds of fits and measurements; those of one kind may be longer.

    Attributes
    ----------
    fit
        Seconds of a fit per thousand interactions.
    measure, score
        Seconds of the measurement of a hundred users: of a model, and of all its scores.
    longer
        Kind → how many times as long its fits take.
    fitted
        The interactions of each fit.
    """

    def __init__(
        self, fit: float, measure: float, score: float, longer: dict[str, float] | None = None
    ) -> None:
        self.fit, self.measure, self.score = fit, measure, score
        self.longer = longer or {}
        self.now = 0.0
        self.fitted: list[Interactions] = []

    def install(self, patch: pytest.MonkeyPatch) -> None:
        script = self

        class Scripted(Clock):
            @property
            def spent(self) -> float:
                return script.now + self._stored

        def before(owner: Any, name: str, seconds: Callable[..., float]) -> None:
            method = getattr(owner, name)

            def timed(*arguments: Any, **options: Any) -> Any:
                script.now += seconds(*arguments)
                return method(*arguments, **options)

            patch.setattr(owner, name, timed)

        patch.setattr(select, "Clock", Scripted)
        for model in KINDS.values():
            before(model, "fit", self._of_fit)
        before(Part, "measure", lambda part, model: self._of_users(part.split, model))
        before(finishing, "evaluate", lambda model, split: self._of_users(split, model))
        before(PartScores, "add", lambda own, *_: own.n_users * script.score / 100)

    def _of_fit(self, model: Any, data: Interactions) -> float:
        self.fitted.append(data)
        return self.fit * data.nnz / 1000 * self.longer.get(model.kind, 1.0)

    def _of_users(self, split: penchant.Split, model: Any) -> float:
        if isinstance(model, penchant.Blend):
            per_user = len(model.parts) * self.score
        else:
            per_user = self.measure if isinstance(model, tuple(KINDS.values())) else 0.01
        return finishing.n_measured(split) * per_user / 100


@pytest.fixture(scope="module")
def likes() -> Interactions:
    return penchant.datasets.shapes(n_items=60, n_users=150)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[ModelSelection, Script]]:
    def run(
        data: Any, budget: float, models: Any = tuple(KINDS), **seconds: Any
    ) -> tuple[ModelSelection, Script]:
        script = Script(**seconds)
        script.install(monkeypatch)
        found = penchant.tune(data, models=list(models), budget=budget, storage=None)
        assert found.seconds == script.now
        assert found.best.interactions is (data if isinstance(data, Interactions) else data.train)
        return found, script

    return run


@pytest.mark.parametrize("fit", [0.1, 2.0])
@pytest.mark.parametrize("measure", [0.01, 1.0])
@pytest.mark.parametrize("score", [0.1, 30.0])
def test_the_budget_holds(run, likes: Interactions, fit, measure, score) -> None:
    found, _ = run(likes, 100.0, fit=fit, measure=measure, score=score)
    assert found.seconds <= 105
    assert "chosen model" in found.final


def test_blends_for_which_no_time_is_left_are_told(run, likes: Interactions) -> None:
    found, _ = run(likes, 100.0, fit=0.5, measure=0.1, score=60.0)
    assert found.seconds <= 100
    assert found.chosen != "blend"
    assert found.about["left_out"] == ["blends"]
    assert "no time was left for blends" in str(found)
    found, _ = run(likes, 100.0, fit=0.1, measure=0.1, score=0.1)
    assert found.about["left_out"] == []
    assert "no time was left" not in str(found)


def test_without_time_the_test_part_is_left_out(run, likes: Interactions) -> None:
    """Three first fits and the last one are all that fits into the time."""
    n = likes.nnz / 1000
    found, _ = run(likes, 10.0, fit=2.4 / n, measure=0.1, score=1.0)
    assert found.final is None
    assert "the test part" in found.about["left_out"]
    assert found.seconds <= 10.5


def test_the_training_part_of_a_split_is_fitted_once_in_the_end(run, likes: Interactions) -> None:
    """The choice is its family's defaults, and what is measured is what is returned."""
    split = penchant.split.random_fraction(likes, 0.1, seed=5)
    found, script = run(split, 600.0, fit=0.01, measure=0.0, score=0.0, models=["popularity"])
    assert sum(data is split.train for data in script.fitted) == 1
    label, other = found.final.values()
    assert label.figures == other.figures


def test_the_test_part_is_measured_on_some_users_if_all_take_too_long(
    run, likes: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "MEASURED_USERS", 30)
    found, _ = run(likes, 100.0, fit=0.1, measure=25.0, score=1000.0)
    assert found.final["chosen model"].n_users == 30
    assert any("users of the test part" in what for what in found.about["left_out"])
    assert found.seconds <= 105


def test_a_family_that_is_hopeless_on_the_smallest_part_takes_no_more_time(
    likes: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = Part.measure
    monkeypatch.setattr(
        Part,
        "measure",
        lambda part, model: measure(part, model) * (0.01 if isinstance(model, Popularity) else 1),
    )
    found = penchant.tune(likes, models=["popularity", "pure-svd"], budget=600, storage=None)
    (row,) = (row for row in found.families if row.kind == "popularity")
    assert row.tried == 1
    assert row.note.startswith("behind: ndcg@10 0.0")


@pytest.mark.parametrize(("lead", "is_dropped"), [(1.02, True), (3.0, False)])
def test_a_family_whose_last_fits_take_the_time_of_the_search_needs_a_lead(
    run, likes: Interactions, monkeypatch: pytest.MonkeyPatch, lead: float, is_dropped: bool
) -> None:
    """A fit of the leader takes 20 s of 100: with it, no time is left for other settings."""
    measure = Part.measure

    def measured(part: Part, model: Any) -> float:
        return (lead if isinstance(model, PureSVD) else 1.0) * (0.2 + measure(part, model) / 100)

    monkeypatch.setattr(Part, "measure", measured)
    per_thousand = 1000 / likes.nnz
    found, _ = run(
        likes,
        100.0,
        models=["pure-svd", "item-neighbors"],
        fit=0.2 * per_thousand,
        measure=0.01,
        score=0.01,
        longer={"pure-svd": 100.0},
    )
    rows = {row.kind: row for row in found.families}
    assert rows["pure-svd"].note.endswith("s for its last fits") == is_dropped
    assert (rows["item-neighbors"].tried > 20) == is_dropped
    assert (found.chosen == "pure-svd") == (not is_dropped)
    assert found.seconds <= 105


def test_fits_that_cannot_be_stopped_are_expected_to_grow_with_the_data(
    likes: Interactions,
) -> None:
    stoppable, other = families_of(["slim", "pure-svd"], likes)
    for family in (stoppable, other):
        family.attempts.append(Attempt(family.kind, {}, 100, 0.1, 0.1, 2.0, 8))
        assert family.seconds(50) == family.seconds(100) == 2
    assert stoppable.seconds(900) == 6
    assert other.seconds(900) == 18
