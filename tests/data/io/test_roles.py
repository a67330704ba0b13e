"""Details of the rule that chooses columns; usual layouts are in tests/smoke."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import penchant
from penchant.data.interactions import Interactions
from penchant.data.io.header import cell_class, is_time_name
from penchant.errors import ColumnError


def read(**columns: list[Any]) -> Interactions:
    return penchant.read_interactions(pd.DataFrame(columns))


def roles(data: Interactions) -> str:
    """The first note, from the first role on."""
    return data.notes[0].partition(": ")[2]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["874965758", "874965759"], "time"), (["874965758.5"], "time"), (["1e9"], "time"),
        (["1700000000000"], "time"), (["1700000000000000"], "time"), (["20251103"], "time"),
        (["2025-11-03T10:00:00Z", "2025-11-04"], "time"), (["3.11.25", "04.11.25"], "time"),
        (["5", "4", "x"], "number"), (["0.5", "", None], "number"), (["nan", "1"], "number"),
        (["1234567"], "number"), (["ann", "bo", "3"], "text"), ([], "empty"), (["", None], "empty"),
    ],
)  # fmt: skip
def test_what_cells_hold(cells: list[str], kind: str) -> None:
    assert cell_class(cells) == kind


@pytest.mark.parametrize("name", ["ts", "created_at", "playedAt", "event_date", "Timestamp", "at"])
def test_names_of_times(name: str) -> None:
    assert is_time_name(name)


@pytest.mark.parametrize("name", ["candidate", "watch_time", "format", "plays", "what", "states"])
def test_other_names(name: str) -> None:
    assert not is_time_name(name)


def test_a_frames_index_is_no_value(tmp_path: Path) -> None:
    frame = pd.DataFrame({"user_id": ["u", "v"], "item_id": ["a", "b"]}, index=[7, 8])
    frame.to_csv(tmp_path / "log.csv")
    for source in (tmp_path / "log.csv", frame.reset_index()):
        data = penchant.read_interactions(source)
        assert data.csr.values.tolist() == [1, 1]


def test_times_with_gaps_are_not_read_unless_named() -> None:
    frame = pd.DataFrame(
        {"user": ["u", "v"], "item": ["a", "b"], "rating": [1, 2], "time": [1.7e9, None]}
    )
    data = penchant.read_interactions(frame)
    assert data.nnz == 2
    assert data.timestamps is None
    assert "not used: 'time'" in data.notes
    assert penchant.read_interactions(frame, "user", "item", "rating", "time").nnz == 1


def test_fractions_of_seconds_are_cut_off(tmp_path: Path) -> None:
    columns = {"user": ["u", "v"], "item": ["a", "b"], "ts": [1_700_000_000.25, 1_700_000_001.75]}
    frame = pd.DataFrame(columns)
    frame.to_csv(tmp_path / "log.csv", index=False)
    for source in (frame, tmp_path / "log.csv"):
        data = penchant.read_interactions(source)
        assert data.timestamps is not None
        assert data.timestamps.tolist() == [1_700_000_000, 1_700_000_001]


def test_steps_are_times_where_their_column_is_called_so() -> None:
    data = read(user=["u", "u"], item=["a", "b"], time=[1, 2])
    assert roles(data) == "user from 'user', item from 'item', timestamp from 'time'"


def test_one_of_several_times_is_read_by_its_name() -> None:
    times = [1_700_000_000, 1_700_000_001]
    data = read(user=["u", "v"], item=["a", "b"], registered=times, timestamp=times)
    assert roles(data).endswith("timestamp from 'timestamp'")
    assert data.csr.values.tolist() == [1, 1]
    data = read(user=["u", "v"], item=["a", "b"], registered=times, released=times)
    assert "not used: 'registered', 'released'" in data.notes


def test_numbers_that_are_something_else_are_no_values() -> None:
    for name in ("year", "price", "session_id", "zip"):
        data = read(**{"user": ["u", "v"], "item": ["a", "b"], name: [3, 4]})
        assert data.csr.values.tolist() == [1, 1], name
        assert f"not used: '{name}'" in data.notes
    data = read(user=["u", "v"], item=["a", "b"], foo=[3, 4])
    assert data.csr.values.tolist() == [3, 4]
    assert "assumed, since no column name says so: value from 'foo'" in data.notes


def test_an_id_that_looks_like_a_time_is_an_id() -> None:
    data = read(user_id=[1_700_000_000, 1_700_000_001], item_id=["a", "b"], plays=[1, 2])
    assert list(data.users) == [1_700_000_000, 1_700_000_001]
    with pytest.raises(ColumnError, match="can't tell"):
        read(a=[1_700_000_000, 1_700_000_001], b=["x", "y"], c=[1, 2])


def test_two_names_of_one_role_are_ambiguous() -> None:
    with pytest.raises(ColumnError, match=r"'track_id' or 'artist_id'.*item='track_id'"):
        read(user_id=["u"], track_id=["a"], artist_id=["b"])
    data = read(user_id=["u"], artist=["A"], artist_id=["b"])
    assert list(data.items) == ["b"]
    data = read(user=["u"], thing=["a"], plays=[2])
    assert list(data.items) == ["a"]


def test_json_has_no_order_of_columns(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"b": "u", "a": "x"}\n')
    with pytest.raises(ColumnError, match="can't tell"):
        penchant.read_interactions(path)


def test_a_bad_line_does_not_change_the_roles(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("u,a,3\nv,b,x\nw,c,5\n")
    with pytest.raises(penchant.errors.BadLinesError, match="line 2: value x is not a number"):
        penchant.read_interactions(path)
    path.write_text("u,a,2024-01-02\nv,b,2024-01-03\n")  # no header, though no number
    assert penchant.read_interactions(path).n_users == 2
