"""Blends in a selection: scores that are computed once, and the search of weights."""

from __future__ import annotations

import pytest

import penchant
from penchant import Blend
from penchant.models.base import Model
from penchant.tuning.selection import part_scores
from penchant.tuning.selection.blends import FUSION, Mixer, _with_share
from penchant.tuning.selection.budget import Clock
from penchant.tuning.selection.families import families_of
from penchant.tuning.selection.journal import Journal
from penchant.tuning.selection.part_scores import PartScores
from penchant.tuning.selection.parts import Part
from penchant.tuning.selection.trials import Runner

KINDS = ["item-neighbors", "pure-svd", "popularity"]


@pytest.fixture(scope="module")
def part() -> Part:
    likes = penchant.datasets.shapes(n_items=60, n_users=150)
    return Part(penchant.split.random_fraction(likes, 0.2), "ndcg@10", exclude_seen=True)


@pytest.fixture(scope="module")
def models(part: Part) -> dict[str, Model]:
    made = (penchant.ItemNeighbors(), penchant.PureSVD(factors=4), penchant.Popularity())
    return {model.kind: model.fit(part.split.train) for model in made}


@pytest.mark.parametrize("weights", [(1, 1, 0), (0.2, 0.7, 0.1), (3, 0, 1)])
def test_stored_scores_are_measured_as_the_blend_is(
    part: Part, models: dict[str, Model], weights: tuple[float, ...]
) -> None:
    scores = PartScores(part, len(models), FUSION, seed=0)
    for kind, model in models.items():
        scores.add(kind, model)
    named = dict(zip(models, weights, strict=True))
    blend = Blend(models, weights=named, fusion=FUSION)
    assert scores.measure(named) == pytest.approx(part.measure(blend), rel=1e-6)


def test_a_sample_of_the_users_is_kept_where_there_are_many(
    part: Part, models: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_scores, "SCORE_BYTES", 4 * 60 * 25)
    scores = PartScores(part, 1, FUSION, seed=0)
    scores.add("pure-svd", models["pure-svd"])
    assert len(scores._scores["pure-svd"]) == 25
    assert 0 < scores.measure({"pure-svd": 1}) < 1


def fitted_runner(part: Part, budget: float = 1e6) -> tuple[Runner, list]:
    runner = Runner(Journal(None, "t", resume=True), Clock(budget), 1)
    families = families_of(KINDS, part.split.train)
    for family in families:
        runner.attempt(family, {}, part)
    return runner, sorted(families, key=lambda family: -family.best(part.size).score)


def test_the_chosen_weights_are_at_least_as_good_as_an_even_pair(part: Part) -> None:
    runner, families = fitted_runner(part)
    mixture = Mixer(runner, families, part, after=lambda _: 0.0, seed=0).best()
    assert mixture is not None
    assert sum(mixture.weights.values()) == pytest.approx(1, abs=1e-3)
    even = {family.kind: runner.fit_best(family, part)[0] for family in families[:2]}
    assert mixture.attempt.value >= part.measure(Blend(even, weights=(1, 1), fusion=FUSION)) - 1e-6
    assert runner.attempts[-1] == mixture.attempt
    again = Mixer(runner, families, part, after=lambda _: 0.0, seed=0).best()
    assert again == mixture  # it is stored


def test_without_time_there_is_no_blend(part: Part) -> None:
    runner, families = fitted_runner(part)
    assert Mixer(runner, families, part, after=lambda _: 2e6, seed=0).best() is None


def test_without_time_for_the_scores_of_the_best_the_others_are_blended(
    part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, families = fitted_runner(part)
    best = families[0].kind
    monkeypatch.setattr(
        Mixer, "_seconds_to_add", lambda _, family, scores: 2e6 * (family.kind == best)
    )
    mixture = Mixer(runner, families, part, after=lambda _: 0.0, seed=0).best()
    assert mixture is not None
    assert set(mixture.weights) == set(KINDS) - {best}


def test_scores_are_computed_once_for_all_weights(
    part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, families = fitted_runner(part)
    measured: list[object] = []
    measure = Part.measure

    def counted(self: Part, model: Model) -> float:
        measured.append(model)
        return measure(self, model)

    monkeypatch.setattr(Part, "measure", counted)
    Mixer(runner, families, part, after=lambda _: 0.0, seed=0).best()
    assert len(measured) > 15
    assert sum(isinstance(model, Blend) for model in measured) == 1


def test_shares_of_the_others_keep_their_proportions() -> None:
    weights = _with_share({"a": 0.6, "b": 0.2, "c": 0.2}, "c", 0.5)
    assert weights == {"a": 0.375, "b": 0.125, "c": 0.5}
    assert _with_share({"a": 0.5, "b": 0.5}, "c", 0.2) == {"a": 0.4, "b": 0.4, "c": 0.2}


def test_every_family_is_tried_beside_the_best_before_other_pairs(
    part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[set[str]] = []
    measure = PartScores.measure

    def recorded(self, weights):
        tried.append(set(weights))
        return measure(self, weights)

    monkeypatch.setattr(PartScores, "measure", recorded)
    runner, families = fitted_runner(part)
    Mixer(runner, families, part, after=lambda _: 0.0, seed=0).best()
    leader, *others = (family.kind for family in families)
    first = [tried.index({leader, kind}) for kind in others]
    assert max(first) < tried.index(set(others))
