"""The contract of every model; test_contract.py runs it over all of them.

Models are tested through their public methods only, on data with likes of several sizes, dislikes,
a user and an item without entries, and string ids.
"""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.models.saved_with_less import check_saved_with_less

import penchant
from penchant.data.catalog import Catalog
from penchant.data.ids import IdMap
from penchant.data.interactions import Csr, Interactions
from penchant.errors import (
    DataError,
    EmptyDataError,
    NotFittedError,
    SettingsError,
    UnknownIdError,
    UnsupportedError,
)

N_USERS, N_ITEMS = 40, 30


def data(seed: int = 0) -> Interactions:
    """Random interactions with dislikes and times; user u0000 and item i0000 have none."""
    whole = random_interactions(N_USERS, N_ITEMS, density=0.25, seed=seed, dislikes=0.1)
    times = np.random.default_rng(seed).integers(0, 100, whole.nnz)
    whole = dataclasses.replace(whole, timestamps=times)
    left = whole.select((whole.csr.row_of_entry != 0) & (whole.csr.indices != 0))
    names = [f"name of {item}" for item in left.items]
    return left.with_catalog(Catalog(left.items, names=names))


def check_snapshots(make, interactions: Interactions) -> None:
    """Check that a snapshot equals a shorter training, and that the training is unaffected."""
    whole, measured = make(), make()
    kept = []
    measured.fit(interactions, on_epoch=lambda _: kept.append(measured.snapshot()))
    assert len(kept) == whole.iterations
    for number, one in enumerate(kept, 1):
        check_same(one, make().with_settings(iterations=number).fit(interactions))
        check_same(make().load_state_from(one), one)
    check_same(measured, whole.fit(interactions))
    check_same(measured.partial_fit(iterations=2), whole.partial_fit(iterations=2))
    with_more = make().load_state_from(kept[0]).partial_fit(interactions, iterations=1)
    check_same(kept[0], make().with_settings(iterations=1).fit(interactions))
    assert len(with_more.epochs) == 2


def check_same(one, other) -> None:
    """Check that two models are equal bit for bit, and compute the same vectors of new users."""
    assert len(one.epochs) == len(other.epochs)
    for name in ("user_factors", "item_factors"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for ask in (
        lambda m: m.recommend(list(m.users)[:3], k=5),
        lambda m: m.recommend(history=list(m.items)[:4], k=5),
    ):
        np.testing.assert_array_equal(ask(one).scores, ask(other).scores)


class ModelContract:
    """Subclass with a `make` fixture that gives a new model that is not fitted."""

    has_user_vectors = False
    explains = True
    folds_in_exactly = True  # a known user's history gives the user's own vector

    @pytest.fixture
    def model(self, make):
        return make().fit(data())

    # --- lists -------------------------------------------------------------------

    def test_recommendations_are_sorted_and_unseen(self, model) -> None:
        for user in ("u0001", "u0007"):
            answer = model.recommend(user, k=5)
            seen = data().history(user)
            assert 1 <= len(answer) <= 5
            assert not set(answer.ids) & set(seen)
            assert list(answer.scores) == sorted(answer.scores, reverse=True)
            assert len(set(answer.ids)) == len(answer.ids)

    def test_seen_items_are_included_on_request(self, model) -> None:
        answer = model.recommend("u0001", k=N_ITEMS, exclude_seen=False)
        assert set(data().history("u0001")) <= set(answer.ids)

    def test_lists_are_never_padded(self, model) -> None:
        answer = model.recommend("u0001", k=1000)
        assert len(answer) == N_ITEMS - len(data().history("u0001"))
        assert np.isfinite(answer.scores).all()
        alone = model.recommend("u0001", k=1000, allow=["i0005", "i0006"], exclude_seen=False)
        assert set(alone.ids) == {"i0005", "i0006"}

    def test_several_users_get_the_same_as_each_alone(self, model) -> None:
        users = ["u0003", "u0001", "u0009"]
        together = model.recommend(users, k=4)
        assert list(together.queries) == users
        for user in users:
            alone = model.recommend(user, k=4)
            assert list(together.for_(user).ids) == list(alone.ids)
            np.testing.assert_allclose(together.for_(user).scores, alone.scores, rtol=1e-5)

    def test_allow_and_deny_limit_the_answers(self, model) -> None:
        allow = {"u0001": ["i0002", "i0003", "never seen"]}
        answer = model.recommend(
            ["u0001", "u0002"], k=50, allow=allow, deny=["i0003"], exclude_seen=False
        )
        assert list(answer.for_("u0001").ids) == ["i0002"]
        assert set(answer.for_("u0002").ids) == set(data().items) - {"i0003"}
        nothing = model.recommend("u0001", allow=[])
        assert len(nothing) == 0
        per_user = model.recommend(["u0001", "u0002"], k=50, deny={"u0002": list(data().items)})
        assert len(per_user.for_("u0002")) == 0
        assert len(per_user.for_("u0001")) > 0

    def test_recommendations_for_a_history(self, model) -> None:
        answer = model.recommend(history=["i0003", "i0004"], k=5)
        assert not set(answer.ids) & {"i0003", "i0004"}
        weighted = model.recommend(history={"i0003": 5.0, "i0004": -1.0}, k=5)
        assert "i0004" not in weighted.ids
        two = model.recommend(history=[["i0003"], ["i0004", "i0005"]], k=3)
        assert list(two.queries) == [0, 1]

    def test_a_known_users_history_gives_the_users_recommendations(self, model) -> None:
        if not self.folds_in_exactly:
            pytest.skip("people are folded in another way than users are learned")
        known = model.recommend("u0004", k=6)
        folded = model.recommend(history=data().history("u0004"), k=6)
        assert list(known.ids) == list(folded.ids)
        np.testing.assert_allclose(known.scores, folded.scores, rtol=1e-4)

    def test_a_user_without_a_history_gets_an_answer(self, model) -> None:
        assert len(model.recommend("u0000", k=3)) == 3
        assert len(model.recommend(history=[], k=3)) == 3

    def test_scaled_scores_run_from_one_to_zero(self, model) -> None:
        scores = model.recommend("u0001", k=8, scale=True).scores
        assert scores[0] == 1
        assert scores[-1] in (0, 1)
        assert ((scores >= 0) & (scores <= 1)).all()

    def test_names_come_with_the_ids(self, model) -> None:
        answer = model.recommend("u0001", k=3)
        assert list(answer.names) == [f"name of {item}" for item in answer.ids]

    # --- similarity ----------------------------------------------------------------

    @pytest.mark.parametrize("metric", ["cosine", "dot"])
    def test_similar_items_leave_out_the_item_itself(self, model, metric) -> None:
        answer = model.similar_items("i0005", k=4, metric=metric)
        assert 1 <= len(answer) <= 4
        assert "i0005" not in answer.ids
        everything = model.similar_items("i0005", k=1000, metric=metric)
        assert len(everything) == N_ITEMS - 1
        assert "i0005" in model.similar_items("i0005", k=1000, include_self=True).ids

    def test_similar_users_or_an_error_that_says_why_not(self, model) -> None:
        if not self.has_user_vectors:
            with pytest.raises(UnsupportedError, match="user vectors"):
                model.similar_users("u0001")
            return
        answer = model.similar_users(["u0001", "u0002"], k=3)
        assert "u0001" not in answer.for_("u0001").ids
        assert answer.answer_kind == "user"

    # --- scores --------------------------------------------------------------------

    def test_scores_are_those_of_the_lists(self, model) -> None:
        answer = model.recommend("u0001", k=5)
        found = model.scores("u0001", answer.ids)
        np.testing.assert_array_equal(found, answer.scores)
        assert model.scores("u0001", []).shape == (0,)
        twice = model.scores("u0001", ["i0004", "i0002", "i0004"])
        assert twice[0] == twice[2]

    def test_a_scorer_of_the_training_data_gives_the_same_lists(self, model) -> None:
        own = model.scorer(model.interactions).top_k(3)
        other = model.scorer(dataclasses.replace(model.interactions, name="copy")).top_k(3)
        np.testing.assert_array_equal(own.indices, other.indices)

    def test_prepare_changes_no_answer(self, model) -> None:
        before = model.recommend("u0001", k=5), model.similar_items("i0004", k=5)
        model.prepare()
        after = model.recommend("u0001", k=5), model.similar_items("i0004", k=5)
        for one, other in zip(before, after, strict=True):
            np.testing.assert_array_equal(one.scores, other.scores)

    def test_a_scorer_over_other_items_is_refused(self, model) -> None:
        with pytest.raises(DataError, match="not the same"):
            model.scorer(random_interactions(4, 5))

    def test_explanations_add_up_to_the_score_or_say_why_not(self, model) -> None:
        if not self.explains:
            with pytest.raises(UnsupportedError, match="explain"):
                model.explain("u0004", "i0007")
            return
        why = model.explain("u0004", "i0007")
        assert set(why.ids) == set(data().history("u0004"))
        score = float(model.scores("u0004", ["i0007"])[0])
        assert why.score == pytest.approx(score, rel=1e-4, abs=1e-6)  # a score may be near 0
        assert why.contributions.sum() == pytest.approx(why.score)
        assert list(why.contributions) == sorted(why.contributions, reverse=True)

    # --- seeds and files -------------------------------------------------------------

    def test_the_same_seed_gives_the_same_answers(self, make) -> None:
        one, other = make().fit(data()), make().fit(data())
        np.testing.assert_array_equal(
            one.recommend(list(data().users), k=5).scores,
            other.recommend(list(data().users), k=5).scores,
        )

    def test_a_second_fit_discards_the_first(self, make) -> None:
        wider = random_interactions(N_USERS + 20, N_ITEMS + 15, seed=3)
        wider = dataclasses.replace(wider, timestamps=np.arange(wider.nnz))
        model = make().fit(data()).fit(wider)
        fresh = make().fit(wider)
        assert len(model.items) == N_ITEMS + 15
        np.testing.assert_array_equal(
            model.recommend("u0050", k=5).scores, fresh.recommend("u0050", k=5).scores
        )

    def test_fitted_state_can_be_copied_and_loaded(self, make) -> None:
        model = make().fit(data())
        kept = model.snapshot()
        model.fit(data(seed=9))
        fresh = make().load_state_from(kept)
        expected = make().fit(data()).recommend(["u0003", "u0030"], k=6)
        for one in (kept, fresh):
            found = one.recommend(["u0003", "u0030"], k=6)
            assert found.ids == expected.ids
            np.testing.assert_array_equal(found.scores, expected.scores)
        with pytest.raises(NotFittedError):
            make().snapshot()

    def test_a_snapshot_while_it_trains_is_of_a_training_that_ends_there(self, make) -> None:
        if "iterations" not in make().settings:
            pytest.skip("it does not learn in epochs")
        check_snapshots(make, data())

    def test_a_copy_in_another_process_gives_the_same_answers(self, model) -> None:
        back = pickle.loads(pickle.dumps(model))
        found, expected = (each.recommend(["u0003", "u0030"], k=6) for each in (back, model))
        assert found.ids == expected.ids
        np.testing.assert_array_equal(found.scores, expected.scores)

    def test_a_saved_model_gives_the_same_answers(self, model, tmp_path) -> None:
        path = model.save(tmp_path / "model.penchant", metrics={"ndcg@10": 0.5})
        back = penchant.load(path)
        assert type(back) is type(model)
        assert back.settings == model.settings
        assert back.metrics == {"ndcg@10": 0.5}
        assert back.catalog is not None
        for ask in (
            lambda m: m.recommend(["u0001", "u0002"], k=5),
            lambda m: m.recommend(history=["i0003"], k=5),
            lambda m: m.similar_items("i0004", k=5),
        ):
            assert list(ask(back).ids) == list(ask(model).ids)
            assert list(ask(back).names) == list(ask(model).names)
            np.testing.assert_array_equal(ask(back).scores, ask(model).scores)
        assert back.interactions.summary() == model.interactions.summary()

    @pytest.mark.parametrize("kept", ["seen", "none"])
    def test_saved_with_less_it_answers_the_same_or_says_why_not(
        self, model, kept, tmp_path
    ) -> None:
        check_saved_with_less(model, kept, tmp_path, data(), data(seed=1))

    def test_the_callers_data_is_not_changed(self, make) -> None:
        interactions = data()
        before = interactions.to_scipy()
        make().fit(interactions).recommend("u0001")
        assert (interactions.to_scipy() != before).nnz == 0

    # --- what is refused ---------------------------------------------------------------

    def test_methods_of_a_model_that_is_not_fitted(self, make, tmp_path) -> None:
        for ask in (
            lambda: make().recommend("u0001"),
            lambda: make().similar_items("i0001"),
            lambda: make().save(tmp_path / "x.penchant"),
        ):
            with pytest.raises(NotFittedError, match="fit"):
                ask()
        assert not list(tmp_path.iterdir())

    def test_unknown_ids_name_close_matches(self, model) -> None:
        with pytest.raises(UnknownIdError, match=r"'u00011'.*'u0011'"):
            model.recommend("u00011")
        with pytest.raises(UnknownIdError, match=r"'i00021'.*'i0021'"):
            model.recommend(history=["i0001", "i00021"])
        with pytest.raises(UnknownIdError, match="unknown item"):
            model.similar_items("nothing")
        with pytest.raises(UnknownIdError, match="unknown user -1"):
            model.recommend(-1)
        with pytest.raises(UnknownIdError, match="unknown item"):
            model.explain("u0001", "nothing")

    @pytest.mark.parametrize("k", [0, -1, 2.5, True, "3"])
    def test_k_must_be_a_whole_number(self, model, k) -> None:
        with pytest.raises(SettingsError, match="k must be"):
            model.recommend("u0001", k=k)

    def test_invalid_requests_are_refused(self, model) -> None:
        with pytest.raises(SettingsError, match="not both"):
            model.recommend()
        with pytest.raises(SettingsError, match="not both"):
            model.recommend("u0001", history=["i0001"])
        with pytest.raises(SettingsError, match="metric"):
            model.similar_items("i0001", metric="euclidean")
        with pytest.raises(SettingsError, match="single text"):
            model.recommend("u0001", deny="i0001")
        with pytest.raises(DataError, match="single"):
            model.recommend(history="i0001")
        with pytest.raises(DataError, match="value of item"):
            model.recommend(history={"i0001": float("nan")})

    def test_allow_and_deny_must_be_lists(self, model) -> None:
        for wrong in (3, {"u0001": 3}, {"u0001": None}, b"i0001", {"u0001": "i0001"}):
            for name in ("allow", "deny"):
                with pytest.raises(SettingsError, match="allow and deny take lists"):
                    model.recommend("u0001", **{name: wrong})
        with pytest.raises(DataError, match="a history is a list of items, got the single 3"):
            model.recommend(history=3)
        with pytest.raises(SettingsError, match="history="):
            model.recommend({"i0001": 2.0})

    def test_lists_of_ids_of_another_type_are_refused(self, model) -> None:
        with pytest.raises(UnknownIdError, match="unknown item 1"):
            model.recommend("u0001", deny=[1, 2])
        with pytest.raises(SettingsError, match="mapping user → list: it has 1"):
            model.recommend("u0001", deny={1: ["i0001"]})

    def test_ids_may_be_numpy_numbers(self, model) -> None:
        users = np.array(["u0001", "u0002"])
        answer = model.recommend(users, k=3)
        assert [type(query) for query in answer.queries] == [str, str]
        assert list(answer.ids) == list(model.recommend(["u0001", "u0002"], k=3).ids)
        assert list(model.recommend(np.array("u0001"), k=3).queries) == ["u0001"]
        with pytest.raises(UnknownIdError, match="unknown user b'u0001'"):
            model.recommend(b"u0001")

    def test_the_score_of_a_single_item(self, model) -> None:
        both = model.scores("u0001", ["i0002", "i0003"])
        assert model.scores("u0001", "i0003").tolist() == [both[1]]

    def test_an_explanation_is_for_a_single_user(self, model) -> None:
        for several in (
            {"user": ["u0001", "u0002"]},
            {"user": []},
            {"history": [["i0001"], ["i0002"]]},
        ):
            with pytest.raises(SettingsError, match="one user or one history"):
                model.explain(item="i0003", **several)

    def test_threads_out_of_range(self, make) -> None:
        for threads in (0, -1, 2.5):
            with pytest.raises(SettingsError, match="threads must be"):
                make().with_settings(threads=threads)

    def test_empty_interactions_are_refused(self, make) -> None:
        nothing = Interactions(
            Csr(np.zeros(3, np.int64), np.empty(0, np.int32), np.empty(0, np.float32), 4),
            IdMap.range(2, "user"),
            IdMap.range(4, "item"),
            timestamps=np.empty(0, np.int64),
        )
        with pytest.raises(EmptyDataError):
            make().fit(nothing)

    def test_settings_can_not_be_assigned(self, make) -> None:
        model = make()
        name = next(iter(model.settings))
        with pytest.raises(AttributeError, match="make a new one"):
            setattr(model, name, 1)
        assert model.with_settings(threads=1).settings == {**model.settings, "threads": 1}
