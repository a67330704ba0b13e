"""Exports to files and tables, and how interrupted ones resume."""

from __future__ import annotations

import contextlib
import multiprocessing
import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import sqlalchemy as sa
from tests.conftest import random_interactions
from tests.models import exporting

import penchant
from penchant.data.catalog import Catalog
from penchant.errors import DataError, SettingsError
from penchant.models._io.export import Exported, export
from penchant.models.als.model import ALS
from penchant.models.popularity import Popularity

USERS, ITEMS = 60, 30


@pytest.fixture(scope="module")
def model_file(tmp_path_factory) -> Path:
    data = random_interactions(USERS, ITEMS, seed=4)
    named = data.with_catalog(Catalog(data.items, names=[f"N'{n}" for n in range(ITEMS)]))
    path = tmp_path_factory.mktemp("model") / "m.penchant"
    return ALS(factors=4, iterations=2, threads=1).fit(named).save(path)


@pytest.fixture(params=["parquet", "sqlite", "postgresql"])
def target(request, tmp_path) -> str:
    if request.param == "parquet":
        return str(tmp_path / "out.parquet")
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shop.db'}"
    return request.getfixturevalue("postgres_server").url()


def engine(target: str) -> sa.Engine:
    return sa.create_engine(target.replace("postgresql:", "postgresql+psycopg:"))


def run_sql(target: str, *statements: str) -> None:
    made = engine(target)
    with made.begin() as con:
        for statement in statements:
            con.execute(sa.text(statement))
    made.dispose()


def rows(target: str, table: str = "recommendations") -> list[tuple[Any, ...]]:
    """Return the written answers by query and rank."""
    if target.endswith(".parquet"):
        with duckdb.connect() as con:
            return con.execute(f"FROM '{target}'").fetchall()
    made = engine(target)
    with made.connect() as con:
        found = con.execute(sa.text(f"SELECT * FROM {table} ORDER BY 1, 2")).all()
    made.dispose()
    return [(*row[:-1], float(np.float32(row[-1]))) for row in found]


def same(found: list[tuple[Any, ...]], wanted: list[dict[str, Any]]) -> None:
    assert [row[:-1] for row in found] == [tuple(one.values())[:-1] for one in wanted]
    np.testing.assert_allclose([r[-1] for r in found], [w["score"] for w in wanted], rtol=1e-6)


def test_recommendations_for_everyone(model_file, target) -> None:
    told: list[tuple[int, int]] = []
    done = export(model_file, target, k=4, batch=25, on_progress=lambda *at: told.append(at))
    assert done == Exported(USERS, 0)
    assert told == [(25, USERS), (50, USERS), (USERS, USERS)]
    model = penchant.load(model_file)
    same(rows(target), model.recommend(list(model.users), 4).to_dicts())


def test_neighbors_of_every_item(model_file, target) -> None:
    export(model_file, target, what="similar", k=3, metric="dot", table="alike")
    model = penchant.load(model_file)
    wanted = model.similar_items(list(model.items), 3, metric="dot").to_dicts()
    assert list(wanted[0]) == ["item", "rank", "similar_item", "name", "score"]
    same(rows(target, "alike"), wanted)


def test_integers_stay_integers(tmp_path) -> None:
    data = penchant.read_interactions([(7, 1), (7, 2), (9, 2), (9, 30)])
    path = Popularity().fit(data).save(tmp_path / "m.penchant")
    target = f"sqlite:///{tmp_path / 'shop.db'}"
    export(path, target, k=1, exclude_seen=False)
    assert [row[:3] for row in rows(target)] == [(7, 1, 2), (9, 1, 2)]


@pytest.mark.parametrize("what", ["recommendations", "similar"])
def test_limits_are_kept_and_start_over_where_they_change(model_file, target, what) -> None:
    stock = ["i0003", "i0004", "i0005", "i0006"]
    how = {"what": what, "table": "answers", "exclude_seen": False, "batch": 5}
    with pytest.raises(Stopped):
        export(model_file, target, allow=iter(stock), on_progress=stop_at(10), **how)
    assert export(model_file, target, allow=stock, deny=["i0004"], **how).resumed == 0
    answers = {row[2] for row in rows(target, "answers")}
    assert answers == {"i0003", "i0005", "i0006"}


def test_an_export_with_the_same_limits_resumes(model_file, target) -> None:
    stock = ["i0003", "i0004"]
    with pytest.raises(Stopped):
        export(model_file, target, allow=stock, batch=5, on_progress=stop_at(10))
    assert export(model_file, target, allow=stock[::-1]).resumed == 10


def test_any_text_is_written_unchanged(target, tmp_path) -> None:
    names = ["tab\t", "line\nline", "back\\slash", "\\N", "quote'\"", "Sigur Rós 🎧"]
    data = random_interactions(10, len(names), seed=1)
    named = data.with_catalog(Catalog(data.items, names=names))
    path = Popularity().fit(named).save(tmp_path / "m.penchant")
    export(path, target, k=len(names), exclude_seen=False)
    assert {(row[2], row[3]) for row in rows(target)} == set(zip(data.items, names, strict=True))


class Stopped(Exception):  # noqa: N818
    pass


def stop_at(done: int):
    def progress(here: int, whole: int) -> None:
        if here >= done:
            raise Stopped

    return progress


def test_an_interrupted_export_resumes(model_file, target, tmp_path) -> None:
    with pytest.raises(Stopped):
        export(model_file, target, k=4, batch=10, on_progress=stop_at(30))
    assert export(model_file, target, k=4, batch=7) == Exported(USERS, 30)
    whole = f"sqlite:///{tmp_path / 'whole.db'}"
    assert export(model_file, whole, k=4) == Exported(USERS, 0)
    assert rows(target) == rows(whole)
    assert not (tmp_path / ".out.parquet.partial").exists()


def test_other_settings_or_another_model_start_over(model_file, target, tmp_path) -> None:
    with pytest.raises(Stopped):
        export(model_file, target, k=4, batch=10, on_progress=stop_at(30))
    with pytest.raises(Stopped):
        export(model_file, target, k=3, batch=10, on_progress=stop_at(20))
    model = ALS(factors=4, iterations=1, threads=1).fit(penchant.load(model_file).interactions)
    other = model.save(tmp_path / "other.penchant")
    assert export(other, target, k=3).resumed == 0
    same(rows(target), model.recommend(list(model.users), 3).to_dicts())


def test_the_old_table_stays_until_the_new_one_is_complete(model_file, target) -> None:
    export(model_file, target, k=2)
    before = rows(target)
    with pytest.raises(Stopped):
        export(model_file, target, k=3, batch=10, on_progress=stop_at(50))
    assert rows(target) == before
    export(model_file, target, k=3)
    assert len(rows(target)) == 3 * USERS
    if not target.endswith(".parquet"):  # nothing of the way there is left
        made = engine(target)
        assert set(sa.inspect(made).get_table_names()) == {"recommendations", "penchant_exports"}
        made.dispose()


@pytest.mark.parametrize("kind", ["parquet", "sqlite", "postgresql"])
def test_killed_again_and_again_the_table_is_the_same(model_file, request, tmp_path, kind) -> None:
    target = str(tmp_path / "out.parquet")
    if kind == "sqlite":
        target = f"sqlite:///{tmp_path / 'shop.db'}"
    elif kind == "postgresql":
        target = request.getfixturevalue("postgres_server").url()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["tests.models.exporting", "penchant.models.als.model", "duckdb"]
    )
    rng = np.random.default_rng(0)
    begun: list[int] = []
    how = {"k": 5, "batch": 2}
    while True:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(
            target=exporting.slowly, args=(model_file, target, how, theirs), daemon=True
        )
        process.start()
        theirs.close()
        heard: list[Any] = []
        after = int(rng.integers(3, 8))
        with contextlib.suppress(EOFError, OSError):
            while True:
                heard.append(ours.recv())
                if len(heard) == after:
                    process.kill()
        process.join()
        begun += [at for at in heard[:1] if at != "done"]  # all was there already, but not whole
        if heard[-1] == "done":
            break
    assert len(begun) > 3
    assert begun == sorted(set(begun))  # each went on from behind the one before
    whole = f"sqlite:///{tmp_path / 'whole.db'}"
    export(model_file, whole, k=5)
    assert rows(target) == rows(whole)


def test_a_table_with_other_columns_is_not_replaced(model_file, tmp_path) -> None:
    path = tmp_path / "shop.db"
    with contextlib.closing(sqlite3.connect(path)) as con:
        con.execute("CREATE TABLE recommendations (n INTEGER)")
    with pytest.raises(DataError, match=r"table 'recommendations' with the columns n, not user"):
        export(model_file, f"sqlite:///{path}")


def test_rights_and_indexes_of_a_table_stay(model_file, tmp_path) -> None:
    target = f"sqlite:///{tmp_path / 'shop.db'}"
    export(model_file, target, k=2)
    run_sql(target, "CREATE INDEX by_item ON recommendations (item)")
    export(model_file, target, k=3)
    made = engine(target)
    assert [one["name"] for one in sa.inspect(made).get_indexes("recommendations")] == ["by_item"]
    made.dispose()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"table": 'x"; DROP TABLE y; --'}, "plain letters"),
        ({"what": "all"}, "what must be one of"),
        ({"k": 0}, "k must be 1"),
        ({"batch": 0}, "batch must be 1"),
        ({"metric": "l2", "what": "similar"}, "metric"),
    ],
)
def test_settings_out_of_their_range(model_file, tmp_path, how, message) -> None:
    with pytest.raises(SettingsError, match=message):
        export(model_file, f"sqlite:///{tmp_path / 'shop.db'}", **how)


def test_two_exports_at_once_are_refused(model_file, tmp_path) -> None:
    target = tmp_path / "out.parquet"
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe(duplex=False)
    how = {"batch": 1}
    process = context.Process(target=exporting.slowly, args=(model_file, target, how, theirs))
    process.start()
    assert ours.recv() == 1
    with pytest.raises(DataError, match="another process is writing it"):
        export(model_file, target)
    process.kill()
    process.join()
