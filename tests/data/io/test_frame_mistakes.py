"""What is read of frames by mistake, and the errors that say what to give instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.data.io.logfiles import triples, write

import penchant
from penchant.errors import ColumnError, DataError

PAIRS = pd.DataFrame({"client": ["a", "a", "b"], "sku": [1, 2, 1], "paid": [2.0, 3.0, 4.0]})
WANTED = {("a", 1): 2.0, ("a", 2): 3.0, ("b", 1): 4.0}


def test_a_series_of_a_grouped_frame() -> None:
    series = PAIRS.groupby(["client", "sku"])["paid"].sum()
    with pytest.raises(DataError, match=r"Series, which is one column: give series.reset_index"):
        penchant.read_interactions(series)
    assert triples(penchant.read_interactions(series.reset_index(), value="paid")) == WANTED


def test_columns_that_are_in_the_index() -> None:
    grouped = PAIRS.groupby(["client", "sku"]).sum()
    advice = r"its index, which is not read, holds 'client' and 'sku': give frame.reset_index\(\)"
    with pytest.raises(ColumnError, match=advice) as one_column:
        penchant.read_interactions(grouped)
    assert "such as" not in str(one_column.value)
    with pytest.raises(ColumnError, match=f"no column 'client'.*{advice}"):
        penchant.read_interactions(grouped, user="client", item="sku", value="paid")
    with pytest.raises(ColumnError, match=advice):
        penchant.Popularity().fit(grouped)
    with pytest.raises(ColumnError, match="index"):  # not by position
        penchant.read_interactions(grouped.assign(other=1))
    with pytest.raises(ColumnError) as error:
        penchant.read_interactions(PAIRS, user="customer", item="sku")
    assert "index" not in str(error.value)


def test_a_table_of_users_by_items() -> None:
    wide = PAIRS.pivot_table(index="client", columns="sku", values="paid")
    with pytest.raises(ColumnError, match=r"a column for each 'sku': give frame.stack\(\).reset"):
        penchant.read_interactions(wide)
    assert triples(penchant.read_interactions(wide.stack().reset_index())) == WANTED


@pytest.mark.parametrize(
    "values",
    [
        pd.period_range("2025-01", periods=3, freq="M"),
        pd.interval_range(0, 3),
        pd.cut([1, 2, 3], 2),
        pd.arrays.SparseArray([1, 0, 0]),
        np.array([1j, 2, 3]),
    ],
    ids=["periods", "intervals", "categories of intervals", "sparse", "complex"],
)
def test_types_that_only_pandas_has(values: Any) -> None:
    frame = PAIRS.assign(other=values)
    before = frame.copy(deep=True)
    assert triples(penchant.read_interactions(frame, "client", "sku", "paid")) == WANTED
    pd.testing.assert_frame_equal(frame, before)


def test_sparse_values_and_periods_as_ids() -> None:
    frame = PAIRS.assign(
        paid=pd.arrays.SparseArray([2.0, 3.0, 4.0]),
        client=pd.period_range("2025-01", periods=3, freq="M"),
    )
    read = penchant.read_interactions(frame, "client", "sku", "paid")
    assert triples(read) == {("2025-01", 1): 2, ("2025-02", 2): 3, ("2025-03", 1): 4}


def test_dictionaries_and_arrays_of_ids() -> None:
    with pytest.raises(DataError, match=r"got dictionaries: give pandas.DataFrame\(records\)"):
        penchant.read_interactions(PAIRS.to_dict("records"))
    with pytest.raises(DataError, match=r"Interactions.from_arrays\(users, items\)"):
        penchant.read_interactions(PAIRS[["client", "sku"]].to_numpy())


def test_pairs_that_are_read_as_a_matrix(caplog: pytest.LogCaptureFixture) -> None:
    pairs = np.column_stack([np.arange(30) + 1000, np.arange(30) % 7 + 50])
    assert penchant.read_interactions(pairs).shape == (30, 2)
    assert "a matrix of 30 users × 2 items: if its rows are pairs" in caplog.text
    caplog.clear()
    penchant.read_interactions(np.eye(30, 3, dtype=np.int64))
    assert caplog.text == ""


def test_the_columns_that_are_suggested(tmp_path: Path) -> None:
    data = "Nummer;Datum;Mail;Kundennummer;Artikelnummer;Menge\n" + "1;1.2.2025;m;K1;A1;2\n" * 3
    path = write(tmp_path, data, "orders.csv")
    with pytest.raises(ColumnError, match="such as user='Kundennummer', item='Artikelnummer'"):
        penchant.read_interactions(path)
    with pytest.raises(ColumnError, match=r"no column 'kunde'.*; close matches: 'Kundennummer'"):
        penchant.read_interactions(path, user="kunde", item="Artikelnummer")
    other = write(tmp_path, "n;d;a;b;c;m\n" + "1;1.2.2025;x;y;z;2\n" * 3, "other.csv")
    with pytest.raises(ColumnError, match="such as user='a', item='b'"):
        penchant.read_interactions(other)
