"""read_features: long tables, tables of columns, vectors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp

from penchant import Features, read_features
from penchant.errors import BadLinesError, ColumnError, DataError, EmptyDataError, SettingsError

COLUMNS = "id,genre,year,length\na,Rock|Pop,1999,2.5\nb,Jazz,2001,\nc,,1999,0\n"


def written(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def rows(features: Features) -> dict[object, dict[object, float]]:
    return {one: features.row(one) for one in features.ids}


def test_a_long_table(tmp_path: Path) -> None:
    path = written(tmp_path, "movieId,tag,relevance\n7,funny,0.5\n7,dark,1\n3,funny,2\n")
    found = read_features(path, item="movieId", feature="tag", value="relevance")
    assert rows(found) == {"3": {"funny": 2.0}, "7": {"dark": 1.0, "funny": 0.5}}
    assert found.ids.kind == "item"


def test_the_rows_of_a_long_table_without_values_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path, "item,tag\na,x\na,x\nb,y\n")
    assert rows(read_features(path, feature="tag")) == {"a": {"x": 2.0}, "b": {"y": 1.0}}
    once = read_features(path, feature="tag", duplicates="binary")
    assert rows(once)["a"] == {"x": 1.0}


def test_a_table_of_columns(tmp_path: Path) -> None:
    found = read_features(written(tmp_path, COLUMNS))
    assert rows(found) == {
        "a": {"genre=Pop": 1.0, "genre=Rock": 1.0, "length": 2.5, "year": 1999.0},
        "b": {"genre=Jazz": 1.0, "year": 2001.0},
        "c": {"year": 1999.0},
    }


def test_chosen_columns_and_numbers_that_are_labels(tmp_path: Path) -> None:
    found = read_features(
        written(tmp_path, COLUMNS), "id", columns=["year", "genre"], labels=["year"]
    )
    assert rows(found)["a"] == {"genre=Pop": 1.0, "genre=Rock": 1.0, "year=1999": 1.0}


def test_columns_by_position_in_a_file_without_a_header(tmp_path: Path) -> None:
    path = written(tmp_path, "1::Heat (1995)::Crime|Action\n2::Alien (1979)::Horror\n", "m.dat")
    found = read_features(path, item=0, columns=[2])
    assert rows(found) == {
        "1": {"column 2=Action": 1.0, "column 2=Crime": 1.0},
        "2": {"column 2=Horror": 1.0},
    }


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_frames_with_lists(make: Callable[[object], object]) -> None:
    table = {"user": [5, 6], "age": [30, 41], "likes": [["x", "y"], []], "vip": [True, False]}
    found = read_features(make(table), user="user")
    assert rows(found) == {
        5: {"age": 30.0, "likes=x": 1.0, "likes=y": 1.0, "vip=true": 1.0},
        6: {"age": 41.0, "vip=false": 1.0},
    }
    assert found.ids.kind == "user"


def test_a_list_of_tuples() -> None:
    found = read_features([("a", "x", 0.5), ("b", "x", 1)])
    assert rows(found) == {"a": {"x": 0.5}, "b": {"x": 1.0}}


def test_vectors_from_an_array_and_a_file(tmp_path: Path) -> None:
    vectors = np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32)
    np.save(tmp_path / "v.npy", vectors)
    for source in (vectors, tmp_path / "v.npy"):
        assert rows(read_features(source, ids=["a", "b"])) == {
            "a": {0: 1.0, 1: 2.0},
            "b": {0: 3.0, 1: 4.0},
        }


def test_a_sparse_matrix() -> None:
    found = Features.from_scipy(["a", "b"], sp.csr_array([[0, 2], [1, 0]]), ["x", "y"])
    assert rows(found) == {"a": {"y": 2.0}, "b": {"x": 1.0}}


def test_tags_of_real_artists(real_data: Callable[[str], Path]) -> None:
    path = real_data("lastfm-2k/user_taggedartists.dat")
    found = read_features(path, item="artistID", feature="tagID")
    lines = [line for line in path.read_bytes().splitlines() if line]
    assert found.weights.values.sum() == len(lines) - 1  # the header
    assert found.row("52")["13"] >= 1


def test_genres_of_real_movies(real_data: Callable[[str], Path]) -> None:
    found = read_features(real_data("ml-1m/movies.dat"), 0, columns=[2], encoding="latin-1")
    assert (len(found), found.n_features) == (3883, 18)


# --- what is wrong is said --------------------------------------------------------------


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    path = written(tmp_path, COLUMNS)
    with pytest.raises(ColumnError, match=r"no column 'gnre'.*close matches: 'genre'"):
        read_features(path, "id", columns=["gnre"])
    with pytest.raises(ColumnError, match="no column 'tag'"):
        read_features(path, "id", feature="tag")


def test_values_that_are_not_numbers_are_reported(tmp_path: Path) -> None:
    path = written(tmp_path, "item,tag,w\na,x,1\nb,y,much\n")
    with pytest.raises(BadLinesError, match="value much is not a number"):
        read_features(path, feature="tag", value="w")
    found = read_features(path, feature="tag", value="w", on_bad_lines="skip")
    assert rows(found) == {"a": {"x": 1.0}}


def test_bad_lines_of_a_table_of_columns(tmp_path: Path) -> None:
    path = written(tmp_path, COLUMNS + "d,Folk\n")
    with pytest.raises(BadLinesError, match="line 5"):
        read_features(path)
    assert set(read_features(path, on_bad_lines="skip").ids) == {"a", "b", "c"}


@pytest.mark.parametrize("kind", ["FLOAT[]", "DOUBLE[2]"])
def test_vectors_in_a_column_are_not_taken_for_labels(tmp_path: Path, kind: str) -> None:
    import duckdb

    path = tmp_path / "v.parquet"
    duckdb.sql(f"COPY (SELECT 'a' AS id, 1 AS year, [0.5, 1]::{kind} AS v) TO '{path}'")
    with pytest.raises(DataError, match=r"'v' of .* holds vectors"):
        read_features(path)
    assert rows(read_features(path, columns=["year"])) == {"a": {"year": 1.0}}


def test_no_features_at_all(tmp_path: Path) -> None:
    with pytest.raises(EmptyDataError, match="holds no features"):
        read_features(written(tmp_path, "id,genre\na,\nb,\n"))


def test_arguments_that_contradict_each_other(tmp_path: Path) -> None:
    path = written(tmp_path, COLUMNS)
    with pytest.raises(SettingsError, match="either item= or user="):
        read_features(path, item="id", user="id")
    with pytest.raises(SettingsError, match="value= goes with feature="):
        read_features(path, item="id", value="length")
    with pytest.raises(SettingsError, match="whose they are"):
        read_features(np.zeros((2, 2)))
    with pytest.raises(SettingsError, match="ids= are those of vectors"):
        read_features(path, ids=["a", "b", "c"])
    (tmp_path / "v.npy").write_bytes(b"no array")
    with pytest.raises(DataError, match="can't read vectors"):
        read_features(tmp_path / "v.npy", ids=["a"])
