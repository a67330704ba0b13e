"""Folders of lists: the same rows as recommend, complete or absent, continued after a stop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.engines.serial import SerialExecutor

import penchant
from penchant import ALS
from penchant.data.catalog import Catalog
from penchant.engines.cluster.engine import Cluster
from penchant.errors import DataError, SettingsError, UnsupportedError
from penchant.models._lists import tasks
from penchant.models.popularity import Popularity

N_USERS, N_ITEMS = 60, 40


@pytest.fixture(scope="module")
def model() -> ALS:
    data = random_interactions(N_USERS, N_ITEMS, seed=3, dislikes=0.1)
    named = data.with_catalog(Catalog(data.items, names=[f"name {i}" for i in data.items]))
    return ALS(factors=4, iterations=2).fit(named)


def rows_of(folder: Any) -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        return con.execute("FROM read_parquet(?)", [f"{folder}/part-*.parquet"]).fetchall()


def expected(answers: penchant.Recommendations) -> list[tuple[Any, ...]]:
    columns = answers.columns().values()
    return list(zip(*(column.tolist() for column in columns), strict=True))


def cluster(**options: Any) -> Cluster:
    return Cluster(SerialExecutor(**options))


@pytest.mark.parametrize("engine", [None, cluster, lambda: cluster(times=2)])
def test_folders_hold_what_recommend_answers(model: ALS, tmp_path: Path, engine) -> None:
    made = engine and engine()
    to = f"{tmp_path}/top/"
    written = model.recommend_all(3, to=to, per_file=17, engine=made)
    assert written == tmp_path / "top"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["top"]
    names = sorted(path.name for path in (tmp_path / "top").iterdir())
    assert names == ["_manifest.json", *(f"part-0000{n}.parquet" for n in range(4))]
    assert rows_of(written) == expected(model.recommend(list(model.users), 3))
    manifest = json.loads((tmp_path / "top" / "_manifest.json").read_text())
    assert [file["queries"] for file in manifest["files"]] == [17, 17, 17, 9]
    assert sum(file["rows"] for file in manifest["files"]) == len(rows_of(written))


@pytest.mark.parametrize("engine", [None, cluster])
def test_similar_items_of_all_items(model: ALS, tmp_path: Path, engine) -> None:
    made = engine and engine()
    model.similar_all(4, to=f"{tmp_path}/near/", metric="dot", engine=made, deny=[model.items[1]])
    answers = model.similar_items(list(model.items), 4, metric="dot", deny=[model.items[1]])
    assert rows_of(tmp_path / "near") == expected(answers)
    model.similar_all(4, to=tmp_path / "near.parquet", metric="dot", deny=[model.items[1]])
    with duckdb.connect() as con:
        assert con.execute("FROM read_parquet(?)", [str(tmp_path / "near.parquet")]).fetchall() == (
            expected(answers)
        )
    assert next(iter(model.similar_all(4))).queries[0] == model.items[0]


def test_limits_reach_the_tasks(model: ALS, tmp_path: Path) -> None:
    allow = {user: list(model.items)[:9] for user in list(model.users)[:5]}
    limits: dict[str, Any] = {"allow": allow, "deny": [model.items[2]], "exclude_seen": False}
    model.recommend_all(3, to=f"{tmp_path}/top/", engine=cluster(), per_file=7, **limits)
    assert rows_of(tmp_path / "top") == expected(model.recommend(list(model.users), 3, **limits))


@pytest.mark.parametrize("kept", ["seen", "none"])
def test_models_without_their_interactions(model: ALS, tmp_path: Path, kept) -> None:
    loaded = penchant.load(model.save(tmp_path / "m.penchant", interactions=kept))
    options = {"exclude_seen": kept == "seen"}
    loaded.recommend_all(3, to=f"{tmp_path}/top/", engine=cluster(), **options)
    assert rows_of(tmp_path / "top") == expected(model.recommend(list(model.users), 3, **options))


@pytest.mark.parametrize("fail_after", range(4))
@pytest.mark.parametrize("on_cluster", [False, True])
def test_an_interrupted_run_is_continued(
    model: ALS, tmp_path: Path, monkeypatch, fail_after, on_cluster
) -> None:
    executor, computed = SerialExecutor(), []
    engine = Cluster(executor) if on_cluster else None
    write_part = tasks.write_part

    def failing(storage, number, *more):
        if len(computed) == fail_after:
            computed.append(None)
            raise DataError("no space left")
        computed.append(number)
        return write_part(storage, number, *more)

    monkeypatch.setattr(tasks, "write_part", failing)
    to = f"{tmp_path}/top/"
    with pytest.raises(DataError, match="no space left"):
        model.recommend_all(3, to=to, per_file=17, engine=engine)
    assert not (tmp_path / "top").exists()  # nothing reads as complete
    shares: list[tuple[int, int]] = []
    model.recommend_all(
        3, to=to, per_file=17, engine=engine, on_progress=lambda *n: shares.append(n)
    )
    assert [number for number in computed if number is not None] == [0, 1, 2, 3]  # each once
    assert shares == [(17, 60), (34, 60), (51, 60), (60, 60)]
    assert rows_of(to) == expected(model.recommend(list(model.users), 3))
    computed.clear()
    model.recommend_all(3, to=to, per_file=17, engine=engine)  # it is complete
    assert not computed


def test_files_of_another_run_or_damaged_ones_are_written_again(
    model: ALS, tmp_path: Path, monkeypatch
) -> None:
    to, partial = f"{tmp_path}/top/", tmp_path / ".top.partial"

    def stop(n: int, total: int) -> None:
        if n >= 34:
            raise KeyboardInterrupt

    def interrupt(k: int) -> None:
        with pytest.raises(KeyboardInterrupt):
            model.recommend_all(k, to=to, per_file=17, on_progress=stop)

    interrupt(2)
    model.recommend_all(3, to=to, per_file=17)  # another k
    assert rows_of(to) == expected(model.recommend(list(model.users), 3))
    interrupt(4)
    assert rows_of(to) == expected(model.recommend(list(model.users), 3))  # still the old ones
    part = partial / "part-00000.parquet"
    part.write_bytes(part.read_bytes()[:-9])
    model.recommend_all(4, to=to, per_file=17)
    assert rows_of(to) == expected(model.recommend(list(model.users), 4))
    other = ALS(factors=4, iterations=3).fit(model.interactions)
    other.recommend_all(4, to=to, per_file=17)
    assert rows_of(to) == expected(other.recommend(list(other.users), 4))


def test_histories_of_new_users_in_other_codes(model: ALS, tmp_path: Path) -> None:
    new = random_interactions(11, N_ITEMS, seed=9)
    frame = new.to_pandas()
    frame["user"] = "new-" + frame["user"]
    frame.loc[len(frame)] = ["new-alone", "unheard of", 1.0]
    histories = penchant.read_interactions(frame, "user", "item", "value")
    model.recommend_all(3, to=f"{tmp_path}/top/", histories=histories, engine=cluster(), per_file=4)
    by_user = {user: {} for user in histories.users}
    for user, item, value in frame.itertuples(index=False):
        if item in model.items:
            by_user[user][item] = value
    answers = model.recommend(history=list(by_user.values()), k=3)
    names = list(by_user)
    assert rows_of(tmp_path / "top") == [
        (names[query], *rest) for query, *rest in expected(answers)
    ]
    model.fold_in_all(histories, to=f"{tmp_path}/factors/", engine=cluster(), per_file=4)
    found = rows_of(tmp_path / "factors")
    assert [user for user, _ in found] == names
    factors = model.fold_in_users(list(by_user.values()))
    np.testing.assert_array_equal(np.array([row for _, row in found], np.float32), factors)


def test_wrong_arguments_are_refused(model: ALS, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="name one, such as"):
        model.recommend_all(3, to=tmp_path / "x.parquet", engine=cluster())
    with pytest.raises(SettingsError, match="engine="):
        model.recommend_all(3, to=f"{tmp_path}/x/", engine=penchant.engines.LocalEngine())
    with pytest.raises(SettingsError, match="per_file"):
        model.recommend_all(3, to=f"{tmp_path}/x/", per_file=0.5)
    with pytest.raises(SettingsError, match="nonsense"):
        model.recommend_all(3, to=f"{tmp_path}/x/", nonsense=1)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "thesis.txt").write_text("mine")
    with pytest.raises(DataError, match=r"thesis\.txt"):
        model.recommend_all(3, to=f"{tmp_path}/own/")
    frame = random_interactions(5, 5).to_pandas()
    frame["item"] = "x" + frame["item"]
    with pytest.raises(DataError, match="none of the"):
        model.recommend_all(3, to=f"{tmp_path}/x/", histories=frame)
    popularity = Popularity().fit(model.interactions)
    with pytest.raises(UnsupportedError, match="factors of new users"):
        popularity.fold_in_all(model.interactions, to=f"{tmp_path}/x/")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own"]
