"""Selection of a family of models: parts, proposals, rounds, resuming and the result."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.conftest import random_interactions

import penchant
from penchant import ALS, EASE, Blend, Interactions, ModelSelection, Split
from penchant.errors import DataError, SettingsError
from penchant.models import class_of, kinds
from penchant.models.search import Search
from penchant.tuning.selection.budget import Clock, seconds_of
from penchant.tuning.selection.families import families_of
from penchant.tuning.selection.journal import Journal
from penchant.tuning.selection.parts import Part, measured_part, smaller, validation_of
from penchant.tuning.selection.results import Attempt
from penchant.tuning.selection.rounds import Halving, Round
from penchant.tuning.selection.trials import Runner

FEW = ["popularity", "item-neighbors", "pure-svd"]


@pytest.fixture(scope="module")
def likes() -> Interactions:
    return penchant.datasets.shapes(n_items=60, n_users=150)


def attempt(kind: str, value: float, size: int = 100, seconds: float = 1.0, **settings) -> Attempt:
    return Attempt(kind, settings, size, value, value, seconds, 8)


# --- arguments --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10 min", 600),
        ("10min", 600),
        ("90s", 90),
        ("90", 90),
        ("1.5 h", 5400),
        ("2 hours", 7200),
        ("5 Minutes", 300),
        (300, 300),
        (0.5, 0.5),
    ],
)
def test_budgets(text: object, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "-3 s", "0 s", 0, -1, math.inf, math.nan, True, None, "10 years", [10]]
)
def test_budgets_that_are_none(text: object) -> None:
    with pytest.raises(SettingsError, match="budget must be a time such as '10 min'"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"models": []}, "models names no kind of model"),
        ({"models": ["alz"]}, "unknown model 'alz'"),
        ({"models": ["blend"]}, "blend takes no part"),
        ({"models": 3}, "models must be 'auto' or a list of kinds"),
        ({"budget": "soon"}, "budget must be a time"),
        ({"metric": "ndgc"}, "metric"),
        ({"metric": "coverage"}, "neither a higher nor a lower"),
        ({"seed": -1}, "seed"),
        ({"space": ["alpha"]}, "takes no space and no second split"),
    ],
)
def test_wrong_arguments(likes: Interactions, arguments: dict, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        penchant.tune(likes, storage=None, **arguments)


def test_a_class_needs_a_space_and_a_split() -> None:
    with pytest.raises(SettingsError, match="needs a space and a split"):
        penchant.tune(ALS)


def test_data_of_another_type() -> None:
    with pytest.raises(SettingsError, match="a model class is needed"):
        penchant.tune([1, 2])  # type: ignore[call-overload]


# --- families ---------------------------------------------------------------------------


def test_all_families_of_the_registry_take_part(likes: Interactions) -> None:
    families = families_of("auto", likes)
    expected = [kind for kind in kinds() if class_of(kind).search.included]
    assert [family.kind for family in families] == expected
    assert "blend" not in expected


def test_families_without_the_features_that_they_need_are_left_out() -> None:
    plain = random_interactions(20, 10)
    dropped = {family.kind for family in families_of("auto", plain) if family.dropped}
    assert dropped == {kind for kind in kinds() if class_of(kind).search.needs_features}


def test_classes_name_families_too(likes: Interactions) -> None:
    families = families_of([EASE, "als", ALS], likes)
    assert [family.kind for family in families] == ["ease", "als"]


@pytest.mark.parametrize("kind", [kind for kind in kinds() if class_of(kind).search.included])
def test_proposed_settings_are_valid(kind: str, likes: Interactions) -> None:
    """Models with the settings of the first proposals can be made, quick ones too."""
    (family,) = families_of([kind], likes)
    for number in range(12):
        settings = family.propose(number, 100, seed=0)
        if settings is None:
            assert number > 0
            break
        assert family.model(**settings).settings
        assert family.model(**{**settings, **family.search.quick}).settings
        family.attempts.append(attempt(kind, 0.1 * number, **settings))


def test_the_first_proposal_is_the_defaults_and_others_depend_on_seed_and_attempts() -> None:
    data = random_interactions(20, 10)

    def proposals(seed: int) -> list[dict]:
        (family,) = families_of(["als"], data)
        settings = []
        for number in range(8):
            settings.append(family.propose(number, 100, seed))
            family.attempts.append(attempt("als", math.sin(number), **settings[-1]))
        return settings

    assert proposals(0)[0] == {}
    assert proposals(0) == proposals(0) != proposals(1)


def test_proposals_near_the_best_stay_near() -> None:
    (family,) = families_of(["als"], random_interactions(20, 10))
    family.attempts.append(attempt("als", 1.0))
    near = [family.propose(number, 100, 0) for number in range(4, 60) if number % 3]
    penalties = np.log([settings["regularization"] for settings in near])
    assert np.abs(penalties - np.log(0.085)).mean() < 0.35
    assert any(settings["regularization"] == 0.085 for settings in near)


def test_equal_values_need_no_confidence(likes: Interactions) -> None:
    rated = random_interactions(20, 10)
    assert "confidence" not in families_of(["ease"], likes)[0].space.names
    assert "confidence" in families_of(["ease"], rated)[0].space.names


# --- parts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda data: penchant.split.random_fraction(data, 0.3, seed=0),
        lambda data: penchant.split.leave_k_out(data, 2, seed=0),
        lambda data: penchant.split.held_out_users(data, 0.2, seed=0),
    ],
)
def test_the_validation_part_is_made_like_the_test_part_and_of_training_likes(
    make, likes: Interactions
) -> None:
    final = make(likes)
    validation = validation_of(final, 1)
    assert validation.kind == final.kind
    assert {**validation.settings, "seed": 0} == dict(final.settings)
    train = final.train.to_scipy()
    inner = validation.test if validation.fold_in is None else None
    if inner is not None:
        assert (inner.to_scipy() > train).nnz == 0


def test_a_split_of_unknown_origin_gets_a_random_validation_part(likes: Interactions) -> None:
    first = penchant.split.random_fraction(likes, 0.2)
    assert validation_of(Split(first.train, first.test), 1).kind == "random_fraction"


def test_too_few_likes_for_the_same_split_twice() -> None:
    data = random_interactions(40, 12, density=0.3)
    final = penchant.split.leave_k_out(data, 1, min_interactions=int(data.csr.row_counts.max()))
    assert validation_of(final, 1).kind == "random_fraction"


def test_a_smaller_part_has_all_items_and_whole_users(likes: Interactions) -> None:
    split = penchant.split.random_fraction(likes, 0.2)
    part = smaller(split, 300, seed=0)
    assert 300 <= part.train.nnz < 300 + split.train.csr.row_counts.max()
    assert part.train.items == part.test.items == split.train.items
    assert part.train.users == part.test.users
    user = part.train.users[0]
    assert part.train.history(user) == split.train.history(user)
    assert smaller(split, 10**9, seed=0) is split


def test_at_most_so_many_users_are_measured(
    likes: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penchant.tuning.selection.parts.MEASURED_USERS", 20)
    split = penchant.split.random_fraction(likes, 0.2)
    part = measured_part(split, 0)
    assert np.count_nonzero(part.test.csr.row_counts) == 20
    assert part.train is split.train


# --- rounds -----------------------------------------------------------------------------


class Scripted(Runner):
    """Attempts of scripted values and seconds, on a clock that only they move."""

    def __init__(self, values: dict[str, float], seconds: dict[str, float]) -> None:
        super().__init__(Journal(None, "x", resume=True), StillClock(100), 1)
        self.values, self.costs = values, seconds

    def attempt(self, family, settings, part):
        seconds = self.costs.get(family.kind, 1.0)
        result = attempt(family.kind, self.values[family.kind], part.size, seconds, **settings)
        self.clock.add(seconds)
        family.attempts.append(result)
        self.attempts.append(result)
        return result


class StillClock(Clock):
    """A clock of the stored seconds only."""

    @property
    def spent(self) -> float:
        return self._stored


def run_rounds(runner: Scripted, likes: Interactions, seconds: float = 100.0) -> Halving:
    split = penchant.split.random_fraction(likes, 0.2)
    part, small = Part(split, "ndcg@10", True), Part(smaller(split, 300, 0), "ndcg@10", True)
    halving = Halving(runner, families_of(list(runner.values), likes), seconds, 0, lambda _: None)
    halving.probe(small)
    halving.run([Round(part, 0.3, True, 0.7, 6), Round(part, 0.6, False, 0.85, 2)])
    halving.finish(part)
    return halving


def test_families_that_fall_behind_are_dropped(likes: Interactions) -> None:
    runner = Scripted({"als": 0.3, "ease": 0.28, "pure-svd": 0.27, "popularity": 0.1}, {})
    halving = run_rounds(runner, likes)
    assert [family.kind for family in halving.remaining] == ["als", "ease"]
    dropped = [family for family in halving._families if family.dropped]
    assert {family.kind for family in dropped} == {"pure-svd", "popularity"}
    assert all(family.dropped.startswith("behind: ndcg@10 0.") for family in dropped)
    n = {kind: sum(item.kind == kind for item in runner.attempts) for kind in runner.values}
    assert n["als"] > n["ease"] > n["popularity"]


def test_the_cheapest_family_goes_first_and_time_is_kept(likes: Interactions) -> None:
    runner = Scripted({"als": 0.3, "ease": 0.3}, {"als": 5.0, "ease": 0.5})
    halving = run_rounds(runner, likes, seconds=60)
    assert halving._families[0].kind == "ease"
    assert runner.clock.spent <= 60 + 5


def test_a_family_that_takes_longer_than_the_time_left_is_dropped(likes: Interactions) -> None:
    runner = Scripted({"als": 0.3, "ease": 0.3}, {"als": 0.5, "ease": 80.0})
    halving = run_rounds(runner, likes, seconds=100)
    assert [family.kind for family in halving.remaining] == ["als"]


# --- the journal ------------------------------------------------------------------------


def test_records_stay_and_names_are_apart(tmp_path) -> None:
    path = tmp_path / "t.db"
    with Journal(path, "one", resume=True) as journal:
        journal.put(["a", {"b": 1}], {"value": 0.25})
        assert journal.get(["a", {"b": 1}]) == {"value": 0.25}
        assert journal.get(["a", {"b": 2}]) is None
    with Journal(f"sqlite:///{path}", "two", resume=True) as journal:
        assert journal.get(["a", {"b": 1}]) is None
    with Journal(path, "one", resume=True) as journal:
        assert journal.get(["a", {"b": 1}]) == {"value": 0.25}
    with Journal(path, "one", resume=False) as journal:
        assert journal.get(["a", {"b": 1}]) is None


def test_a_file_that_is_no_database(tmp_path) -> None:
    path = tmp_path / "t.db"
    path.write_text("not a database, but long enough to be taken for one" * 20)
    with pytest.raises(DataError, match="can't store trials in"):
        Journal(path, "x", resume=True)
    with pytest.raises(SettingsError, match="there is no folder"):
        Journal(tmp_path / "none" / "t.db", "x", resume=True)


# --- the whole --------------------------------------------------------------------------


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
        "bytes",
        "note",
    ]


def test_validation_values_are_those_of_evaluate(
    selection: ModelSelection, likes: Interactions
) -> None:
    final = penchant.split.random_fraction(likes, 0.2, seed=0)
    validation = validation_of(final, 1)
    item = max(
        (item for item in selection.attempts if item.kind == "pure-svd"), key=lambda a: a.score
    )
    model = penchant.PureSVD(**item.settings).fit(validation.train)
    own = penchant.evaluate(model, validation, bootstrap=0)["ndcg@10"]
    assert own == pytest.approx(item.value, rel=1e-12)


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
    with pytest.raises(DataError, match="no model could be fitted.*pure-svd: no such luck"):
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


def test_hints_of_a_class_are_of_its_settings() -> None:
    for kind in kinds():
        cls = class_of(kind)
        assert isinstance(cls.search, Search)
        names = {*cls.search.start, *cls.search.quick, *(cls.search.space or {})}
        assert names <= set(cls.settings_names())
