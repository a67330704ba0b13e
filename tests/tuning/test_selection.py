"""Selection of a family of models: parts, proposals, rounds, resuming and the result."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.conftest import random_interactions

import penchant
from penchant import ALS, EASE, Interactions, Split
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
        ("1e2s", 100),
        ("2 d", 172_800),
        (300, 300),
        (0.5, 0.5),
    ],
)
def test_budgets(text: object, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "-3 s",
        "0 s",
        0,
        -1,
        math.inf,
        math.nan,
        True,
        None,
        "10 years",
        "5ms",
        "nan",
        [10],
    ],
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
    with pytest.raises(SettingsError, match=r"interactions or a split first.*; got a list"):
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
    near = [family.propose(number, 100, 0) for number in range(4, 60) if number % 4]
    penalties = np.log([settings["regularization"] for settings in near])
    assert np.abs(penalties - np.log(0.085)).mean() < 0.35
    assert any(settings["regularization"] == 0.085 for settings in near)


def test_rules_by_the_data_stay_beside_other_settings() -> None:
    """Where the best has the rule for the number of factors, most proposals near it have it too."""
    (family,) = families_of(["graph-filter"], random_interactions(20, 10))
    family.attempts.append(attempt("graph-filter", 1.0))
    near = [family.propose(number, 100, 0) for number in range(4, 60) if number % 4]
    ruled = [settings for settings in near if "factors" not in settings]
    assert len(ruled) > len(near) / 2
    assert len(ruled) < len(near)
    assert all(settings["item_exponent"] is not None for settings in near)


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


def test_the_value_on_several_cuts_is_the_mean_and_there_is_a_model_for_each(
    likes: Interactions,
) -> None:
    first, second = (penchant.split.random_fraction(likes, 0.2, seed=seed) for seed in (0, 1))
    part = Part(first, "ndcg@10", True, (second,))
    assert part.size == first.train.nnz + second.train.nnz
    assert [cut.split for cut in part.cuts] == [first, second]
    assert part.digest != Part(first, "ndcg@10", True).digest
    runner = Runner(Journal(None, "x", resume=True), Clock(1e6), 1)
    (family,) = families_of(["als"], likes)
    found = runner.attempt(family, {"factors": 8}, part)
    epochs = found.settings["iterations"]
    model = ALS(factors=8, iterations=epochs)
    values = [cut.measure(model.with_settings().fit(cut.split.train)) for cut in part.cuts]
    assert found.value == pytest.approx(sum(values) / 2, rel=1e-6)
    for fitted, cut, value in zip(runner.fit_best(family, part), part.cuts, values, strict=True):
        assert cut.measure(fitted) == pytest.approx(value, rel=1e-6)


def test_settings_far_behind_are_fitted_on_the_first_cut_only(likes: Interactions) -> None:
    first, second = (penchant.split.random_fraction(likes, 0.2, seed=seed) for seed in (0, 1))
    part = Part(first, "ndcg@10", True, (second,))
    runner = Runner(Journal(None, "x", resume=True), Clock(1e6), 1)
    (family,) = families_of(["pure-svd"], likes)
    good = runner.attempt(family, {"factors": 4}, part)
    family.attempts.append(attempt("pure-svd", 2 * good.value, part.size))
    behind = runner.attempt(family, {"factors": 5}, part)
    alone = part.measure(penchant.PureSVD(factors=5).fit(first.train))
    assert behind.value == pytest.approx(alone, rel=1e-12)


# --- rounds -----------------------------------------------------------------------------


class Scripted(Runner):
    """Attempts of scripted values and seconds, on a clock that only they move."""

    def __init__(self, values: dict[str, float], seconds: dict[str, float]) -> None:
        super().__init__(Journal(None, "x", resume=True), StillClock(100), 1)
        self.values, self.costs = values, seconds

    def attempt(self, family, settings, part, *, limit=math.inf):
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


def test_hints_of_a_class_are_of_its_settings() -> None:
    for kind in kinds():
        cls = class_of(kind)
        assert isinstance(cls.search, Search)
        names = {*cls.search.start, *cls.search.quick, *(cls.search.space or {})}
        assert names <= set(cls.settings_names())


def test_a_fit_that_would_take_too_long_is_stopped(likes: Interactions) -> None:
    part = Part(penchant.split.random_fraction(likes, 0.2), "ndcg@10", exclude_seen=True)
    runner = Runner(Journal(None, "t", resume=True), Clock(1e6), 1)
    (family,) = families_of(["slim"], likes)
    stopped = runner.attempt(family, {"l2": 7.0}, part, limit=0.0)
    assert not stopped.has_value
    assert "too slow" in stopped.message
    assert runner.attempt(family, {}, part, limit=1e6).has_value
    assert family.seconds(part.size) > 0


def test_attempts_of_earlier_rounds_cost_nothing(likes: Interactions) -> None:
    part = Part(penchant.split.random_fraction(likes, 0.2), "ndcg@10", exclude_seen=True)
    runner = Runner(Journal(None, "t", resume=True), Clock(1e6), 1)
    (family,) = families_of(["popularity"], likes)
    halving = Halving(runner, [family], 1e6, 0, lambda family: None)
    assert halving._attempt(family, {}, part) > 0
    assert halving._attempt(family, {}, part) == 0
    assert len(family.attempts) == 1


def test_the_best_settings_of_a_smaller_part_are_tried_first(likes: Interactions) -> None:
    (family,) = families_of(["item-neighbors"], likes)
    assert family.carried(100) == {}
    family.attempts += [
        attempt("item-neighbors", 0.2, 50, similarity="rp3beta", neighbors=50),
        attempt("item-neighbors", 0.1, 50, similarity="cosine"),
        attempt("item-neighbors", 0.9, 100, similarity="bm25"),
    ]
    assert family.carried(100) == {"similarity": "rp3beta"}
    assert family.carried(50) == {}
