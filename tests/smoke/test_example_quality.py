"""The models that examples of help, README and manual lead to are better than popularity.

The files that examples name hold generated likes here, with tastes that a model can learn; a fifth
of them is held out. Plays are as uneven as those of listeners: half are below 260, some above
10,000.
"""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.cli.conftest import run
from tests.smoke.test_examples import COMMANDS, small, write_items, write_logs

import penchant
from penchant.data.ids import Id
from penchant.models.base import Model

K = 10
DAY = 86_400


def lines(*verbs: str) -> list[str]:
    """The examples of some verbs, each of those that are the same here once."""
    found = [line for _, line in COMMANDS if line.split()[1] in verbs]
    return list({tuple(words_of(line)): line for line in reversed(found)}.values())[::-1]


@dataclass(frozen=True)
class Example:
    """A folder of the files that examples name, and the likes that they lack."""

    folder: Path
    train: penchant.Interactions
    held_out: dict[Id, set[Id]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """Files with four fifths of the likes; what is known of the items tells of their looks."""
    folder = tmp_path_factory.mktemp("quality")
    data = penchant.datasets.shapes(300, 700)
    assert data.catalog is not None
    assert data.catalog.tags is not None
    split = penchant.split.random_fraction(data, 0.2, seed=0)
    write_logs(folder, log_of(split.train))
    items = [str(item) for item in data.items]
    write_items(folder, items)
    pairs = [
        (item, tag) for item, tags in zip(items, data.catalog.tags, strict=True) for tag in tags
    ]
    tags = pd.DataFrame(pairs, columns=["artist", "tag"])
    tags.to_csv(folder / "tags.csv", index=False)
    vectors = pd.crosstab(tags["artist"], tags["tag"]).loc[items].to_numpy(np.float32)
    np.save(folder / "vectors.npy", vectors)
    held_out = log_of(split.test).groupby("user")["item"].agg(set).to_dict()
    return Example(folder, split.train, held_out)


def log_of(data: penchant.Interactions) -> pd.DataFrame:
    columns = data.columns()
    rng = np.random.default_rng(4)
    n = data.nnz
    return pd.DataFrame(
        {
            "user": columns["user"],
            "item": columns["item"],
            "plays": np.exp(rng.normal(5.56, 1.3, n)).astype(int) + 1,
            "time": 1_700_000_000 + rng.integers(0, 90 * DAY, n),
        }
    )


def ndcg(model: Model, held_out: dict[Id, set[Id]]) -> float:
    """NDCG of the model's lists over the users that it has."""
    users = [user for user in held_out if user in model.users]
    assert len(users) > 100
    discounts = 1 / np.log2(np.arange(2, K + 2))
    gains = dict.fromkeys(users, 0.0)
    answers = model.recommend(users, K).columns()
    for user, item, rank in zip(answers["user"], answers["item"], answers["rank"], strict=True):
        if item in held_out[user]:
            gains[user] += discounts[rank - 1]
    return float(np.mean([gains[u] / discounts[: len(held_out[u])].sum() for u in users]))


def without(words: list[str], *options: str) -> list[str]:
    """The words without some options and their values."""
    kept = list(words)
    for option in options:
        while option in kept:
            at = kept.index(option)
            del kept[at : at + 2]
    return kept


def words_of(line: str) -> list[str]:
    """The words of an example on the small files, with its own epochs, but three trials at most.

    Folds change what a trial is measured on, and a cluster where it is trained, not the models.
    """
    original = shlex.split(line, comments=True)
    options = ("-o", "--report", "--epochs", "--folds", "--cluster", "--cluster-folder")
    words = without(small(line), *options)
    if "--epochs" in original:
        words += ["--epochs", original[original.index("--epochs") + 1]]
    if "--range" in words:
        words = [*without(words, "--trials", "--timeout"), "--trials", "3"]
    return words


def measured_ndcg(words: list[str]) -> dict[str, float]:
    """NDCG of each model that ``penchant evaluate`` measures."""
    ran = run(*words, "--json")
    assert ran.code == 0, ran.err
    values = {}
    for spec, measured in ran.json["models"].items():
        metrics = measured["evaluation"]["metrics"]
        values[spec] = metrics[next(name for name in metrics if name.startswith("ndcg"))]["mean"]
    return values


@pytest.fixture
def copied(files: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    """A copy of the files in the present folder."""
    shutil.copytree(files.folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return files


@pytest.mark.parametrize("line", lines("fit", "tune"), ids=lambda text: text)
def test_a_fitted_model_is_better_than_popularity(line: str, copied: Example) -> None:
    ran = run(*words_of(line), "-o", "model.penchant")
    assert ran.code == 0, ran.err
    model = penchant.load("model.penchant")
    whole = model.kept_interactions == "all"
    popularity = penchant.Popularity().fit(model.interactions if whole else copied.train)
    assert ndcg(model, copied.held_out) > ndcg(popularity, copied.held_out)


@pytest.mark.usefixtures("copied")
@pytest.mark.parametrize("line", lines("evaluate"), ids=lambda text: text)
def test_measured_models_are_better_than_popularity(line: str) -> None:
    words = words_of(line)
    if "--model" not in words:
        words += ["--model", "als"]
    values = measured_ndcg([*words, "--model", "popularity"])
    popularity = values.pop("popularity")
    values.pop("item-neighbors", None)  # the other baseline
    assert values
    assert min(values.values()) > popularity


@pytest.mark.usefixtures("copied")
@pytest.mark.parametrize("line", lines("learning-curve"), ids=lambda text: text)
def test_learning_curves_rise_above_popularity(line: str) -> None:
    words = without(words_of(line), "--metric")
    ran = run(*words, "--metric", "ndcg", "--json")
    assert ran.code == 0, ran.err
    others = ("--confidence", "--alpha", "--regularization", "--epochs", "--every", "--patience")
    values = measured_ndcg(["evaluate", *without(words, *others)[1:], "--model", "popularity"])
    assert ran.json["best"]["test"]["ndcg@10"] > values["popularity"]
