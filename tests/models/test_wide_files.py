"""Files with one row per customer, as for a mailing."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tests.cli.conftest import run
from tests.conftest import random_interactions

from penchant import Popularity
from penchant.data.catalog import Catalog
from penchant.errors import SettingsError


@pytest.fixture(scope="module")
def model() -> Popularity:
    """A model of 23 users and 6 items, most of which a user has."""
    data = random_interactions(23, 6, density=0.6, seed=3)
    names = ['Mug, "red"', "Größe", "Cup", "NA", "Pot", "Jug"]
    return Popularity().fit(data.with_catalog(Catalog(data.items, names=names)))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("batch", [None, 4])
def test_each_user_has_one_row(model, tmp_path, batch) -> None:
    path = model.recommend_all(3, to=tmp_path / "mailing.csv", wide=True, batch=batch)
    table = rows(path)
    fields = [f"{field}_{rank}" for rank in (1, 2, 3) for field in ("item", "name")]
    assert list(table[0]) == ["user", *fields]
    expected = {user: model.recommend(user, k=3).ids for user in model.users}
    written = {row["user"]: [row[f"item_{n}"] for n in (1, 2, 3)] for row in table}
    assert {user: [item for item in ids if item] for user, ids in written.items()} == {
        user: ids for user, ids in expected.items() if ids
    }
    assert any(len(ids) < 3 for ids in expected.values())  # cells without an item are empty
    assert list(written) == [user for user in model.users if expected[user]]
    for row in table:
        for n in (1, 2, 3):
            name = model.catalog.name(row[f"item_{n}"]) if row[f"item_{n}"] else ""
            assert row[f"name_{n}"] == name


def test_similar_items_beside_each_other(model, tmp_path) -> None:
    path = model.similar_all(2, to=tmp_path / "similar.csv", wide=True)
    fields = ["item", "similar_item_1", "name_1", "similar_item_2", "name_2"]
    table = rows(path)
    assert (list(table[0]), len(table)) == (fields, 6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "wide=True writes one file"),
        ({"to": "top10/"}, "wide=True writes one file"),
        ({"to": "m.csv", "k": 101}, "100 items at most, got k=101"),
        ({"to": "m.csv", "wide": "yes"}, "wide must be True or False"),
    ],
)
def test_what_does_not_go_with_it(model, tmp_path, monkeypatch, options, message) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=message):
        model.recommend_all(**{"wide": True, **options})
    assert list(tmp_path.iterdir()) == []


def test_the_option_of_the_command(model, tmp_path) -> None:
    file, to = model.save(tmp_path / "m.penchant"), tmp_path / "mailing.csv"
    ran = run("recommend", file, "--all", "--to", to, "--wide", "-k", 2)
    assert ran.code == 0, ran.err
    assert list(rows(to)[0]) == ["user", "item_1", "name_1", "item_2", "name_2"]
    for wrong in (("u0001", "--wide"), ("--all", "--to", f"{tmp_path}/folder/", "--wide")):
        ran = run("recommend", file, *wrong)
        assert (ran.code, "--wide writes one file: add --all" in ran.err) == (2, True)
    ran = run("similar", file, "--all", "--to", to, "--wide", "-k", 101)
    assert (ran.code, "100 items at most" in ran.err) == (2, True)
