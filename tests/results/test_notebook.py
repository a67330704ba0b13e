"""What results look like in a notebook and at a prompt: short, escaped, without scripts."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from tests.conftest import random_interactions

import penchant
from penchant.data.catalog import Catalog
from penchant.errors import DataError
from penchant.models.base import Model
from penchant.split import Split, held_out_users
from penchant.tuning.results import LearningCurve
from penchant.tuning.selection.results import ModelSelection

HOSTILE = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def split() -> Split:
    data = random_interactions(40, 30, density=0.3, seed=3, dislikes=0.1)
    names = [HOSTILE, *(f"name of {item}" for item in list(data.items)[1:])]
    catalog = Catalog(data.items, names=names, links=["https://e.org/x"] * 30)
    named = penchant.Interactions(
        data.csr, data.users, data.items, catalog=catalog, name=HOSTILE, notes=("read <b>all</b>",)
    )
    return penchant.split.leave_k_out(named, 2)


@pytest.fixture(scope="module")
def model(split: Split) -> Model:
    return penchant.ALS(factors=4, iterations=2).fit(split.train)


@pytest.fixture(scope="module")
def curve(split: Split) -> LearningCurve:
    model = penchant.ALS(factors=2)
    return penchant.learning_curve(model, split, epochs=25, metrics=["ndcg"], verbose=False)


@pytest.fixture(scope="module")
def shown(split: Split, model: Model, curve: LearningCurve) -> dict[str, Any]:
    user = split.train.users[1]
    inner = penchant.split.leave_k_out(split.train, 1)
    tuned = penchant.tune(
        penchant.ALS, {"factors": [2, 3]}, inner, epochs=[1, 2], final=split, storage=None
    )
    return {
        "evaluation": penchant.evaluate(model, split),
        "comparison": penchant.compare({HOSTILE: model}, split),
        "curve": curve,
        "tuned": tuned,
        "selection": selection(model, split),
        "catalog": split.train.catalog,
        "interactions": split.train,
        "recommendations": model.recommend(user),
        "explanation": model.explain(user, split.train.items[0]),
    }


def selection(model: Model, split: Split) -> ModelSelection:
    final = {"chosen model": penchant.evaluate(model, split)}
    about = {"final": "a fifth", "model": HOSTILE}
    return ModelSelection(model, "ndcg@10", (), "als", 0.25, final, (), 3.0, about)


KINDS = (
    "evaluation", "comparison", "curve", "tuned", "selection", "catalog", "interactions",
    "recommendations", "explanation",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_html_is_one_element_without_scripts(shown: dict[str, Any], kind: str) -> None:
    html = shown[kind]._repr_html_()
    assert html.startswith('<div class="penchant"><style>')
    assert html.endswith("</div>")
    assert html.count("<style>") == 1
    assert "<script" not in html
    assert not re.search(r"<[^>]*\son\w+=", html)
    assert "<b>" not in html


@pytest.mark.parametrize("kind", KINDS)
def test_a_prompt_shows_a_short_table(shown: dict[str, Any], kind: str) -> None:
    text = repr(shown[kind])
    assert len(text.splitlines()) <= 25
    assert max(map(len, text.splitlines())) <= 160
    assert "(" not in text[:12]  # not the form of a dataclass
    assert "array(" not in text


def test_tables_have_the_same_figures_as_the_text(shown: dict[str, Any]) -> None:
    evaluation, tuned = shown["evaluation"], shown["tuned"]
    for name in evaluation:
        assert f"<bdi>{name}</bdi>" in evaluation._repr_html_() or name in evaluation._repr_html_()
        assert f"{evaluation[name]:.4f}" in evaluation._repr_html_()
    html = tuned._repr_html_()
    for trial in tuned.trials:
        assert f"{trial.value:.4f}" in html
        assert repr(trial).startswith(f"<Trial {trial.number}, complete: factors=")
    assert "2 trials; chosen by ndcg@10" in html
    assert "final test split" in html


def test_a_long_curve_is_shortened(curve: LearningCurve) -> None:
    assert repr(curve).splitlines()[-1] == "… and 5 more epochs"
    assert len(str(curve).splitlines()) == 26
    assert "… and 5 more epochs" in curve._repr_html_()
    assert curve._repr_html_().count("<tr>") == 21


def test_interactions_show_their_size_and_what_was_read(split: Split) -> None:
    html = split.train._repr_html_()
    for text in (f"{split.train.nnz:,}", "dislikes", "names, links", "read &lt;b&gt;all", "values"):
        assert text in html
    empty = split.train.select(np.zeros(split.train.nnz, dtype=np.bool_))
    assert "values" not in empty._repr_html_()


def test_a_catalog_shows_cards_where_it_has_pictures_else_a_table() -> None:
    items = [f"i{n}" for n in range(12)]
    plain = Catalog(items)
    assert repr(plain).splitlines()[0] == "catalog of 12 items: ids only"
    assert repr(plain).splitlines()[-1] == "… and 2 more items"
    assert "<td>" in plain._repr_html_()
    named = Catalog(items, names=items, links=["javascript:alert(1)"] * 12, tags=[("a", "b")] * 12)
    assert "a, b" in named._repr_html_()
    assert "href" not in named._repr_html_()
    pictures = Catalog(items, names=items, pictures=["https://x.invalid/1.png", "", *[""] * 10])
    html = pictures._repr_html_()
    assert html.count('class="card"') == 10
    assert html.count('class="placeholder"') == 10  # also below the picture, which may not load
    assert html.count("<img") == 1


def test_recommendations_by_their_place(model: Model) -> None:
    answer = model.recommend([model.users[1], model.users[2], model.users[3]], k=4)
    rows = list(answer)
    assert answer[0] == rows[0]
    assert answer[-1] == rows[-1]
    assert [answer[at] for at in range(len(answer))] == rows
    assert answer[np.int64(5)] == rows[5]
    assert answer[2:11:3] == rows[2:11:3]
    with pytest.raises(IndexError):
        answer[len(answer)]


def test_places_skip_users_without_answers(model: Model) -> None:
    users = list(model.users[:3])
    answer = model.recommend(users, k=2, allow={users[1]: []})
    assert [answer[at] for at in range(len(answer))] == list(answer)


def test_a_split_is_unpacked(split: Split) -> None:
    train, test = split
    assert repr(split).startswith("<Split leave_k_out(k=2, ")
    assert f"{split.test.nnz} in the test part>" in repr(split)
    assert train is split.train
    assert test is split.test
    with pytest.raises(DataError, match="take split"):
        train, test = held_out_users(split.train, 0.3, seed=0)


def test_several_lengths_at_once(model: Model, split: Split) -> None:
    both = penchant.evaluate(model, split, k=[5, 10], metrics=["ndcg", "recall@3", "mse"])
    assert list(both) == ["ndcg@5", "ndcg@10", "recall@3", "mse"]
    assert both["ndcg"] == both["ndcg@5"]
    for k in (5, 10):
        alone = penchant.evaluate(model, split, k=k, metrics="ndcg")["ndcg"]
        assert both[f"ndcg@{k}"] == pytest.approx(alone, rel=1e-12)
    compared = penchant.compare([model], split, k=(10, 5), metrics="ndcg", bootstrap=0)
    assert compared.metrics == ["ndcg@10", "ndcg@5"]
    for k in ([], [0], ["a"], [5, 2.5]):
        with pytest.raises(penchant.PenchantError, match="k "):
            penchant.evaluate(model, split, k=k)
