"""Dates with dots and numbers with decimal commas, as shops of many countries write them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tests.cli.conftest import run
from tests.data.io.logfiles import triples, write

import penchant
from penchant.data.io.event_tables import read_events
from penchant.errors import BadLinesError, SettingsError

# with a byte order mark, quotes, blank lines, and an order that was taken back
ORDERS = (
    '\ufeff"Kunde";"Artikel";"Menge";"Preis";"Datum"\r\n'
    '"K1";"A1";"1";"70,71";"31.12.2025"\r\n'
    "\r\n"
    '"K1";"A2";"2";"1.234,50";"1.2.2025"\r\n'
    '"K2";"A1";"1";"8";"01.02.2025 10:30"\r\n'
    '"K2";"A1";"-1";"-8";"02.02.2025"\r\n'
)
NAMES = {"user": "Kunde", "item": "Artikel"}


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    return write(tmp_path, ORDERS, "orders.csv")


def test_dates_with_dots_have_the_day_first(orders: Path) -> None:
    read = penchant.read_interactions(orders, **NAMES, value="Menge", timestamp="Datum")
    assert triples(read) == {("K1", "A1"): 1, ("K1", "A2"): 2}
    assert read.timestamps is not None
    assert read.timestamps.tolist() == [1_767_139_200, 1_738_368_000]
    frame = pd.DataFrame({"user": ["u"], "item": ["a"], "when": ["31.12.2025 23:59:59"]})
    of_frame = penchant.read_interactions(frame)
    assert of_frame.timestamps is not None
    assert of_frame.timestamps.tolist() == [1_767_225_599]


@pytest.mark.parametrize("date", ["12.31.2025", "31.12.25", "31.12.2025 25:00", "31.12.2025x"])
def test_what_only_looks_like_such_a_date_is_refused(tmp_path: Path, date: str) -> None:
    path = write(tmp_path, f"user,item,date\nu,a,{date}\n", "log.csv")
    with pytest.raises(BadLinesError, match="neither a whole number nor a date"):
        penchant.read_interactions(path, "user", "item", timestamp="date")


def test_decimal_commas(orders: Path, tmp_path: Path) -> None:
    with pytest.raises(BadLinesError, match='With decimal="," a comma separates decimals'):
        penchant.read_interactions(orders, **NAMES, value="Preis")
    read = penchant.read_interactions(orders, **NAMES, value="Preis", decimal=",")
    assert triples(read) == {("K1", "A1"): pytest.approx(70.71), ("K1", "A2"): 1234.5}
    events = read_events(orders, event="Menge", **NAMES, value="Preis", decimal=",")
    assert len(events) == 4
    ingested = penchant.ingest(
        orders, tmp_path / "orders.dataset", **NAMES, value="Preis", decimal=","
    )
    assert triples(ingested) == triples(read)


@pytest.mark.parametrize("value", ["1.5", "1,2,3", "1.23,4", "1.2345", "x"])
def test_decimal_commas_are_strict(tmp_path: Path, value: str) -> None:
    path = write(tmp_path, f"user;item;n\nu;a;1\nu;b;{value}\n", "log.csv")
    with pytest.raises(BadLinesError, match=f"line 3: value {value} is not a number with a dec"):
        penchant.read_interactions(path, "user", "item", "n", decimal=",")


def test_groups_of_thousands_are_no_decimals(tmp_path: Path) -> None:
    path = write(tmp_path, "user;item;n\nu;a;1.234\nu;b;-2\nu;c;,5\n", "log.csv")
    read = penchant.read_interactions(path, "user", "item", "n", decimal=",")
    assert triples(read) == {("u", "a"): 1234, ("u", "b"): -2, ("u", "c"): 0.5}
    with pytest.raises(SettingsError, match=r'decimal must be "\." or ","'):
        penchant.read_interactions(path, decimal=";")  # type: ignore[arg-type]


def test_the_advice_that_fits_comes_first(tmp_path: Path) -> None:
    path = write(tmp_path, "user,item,date\nu,a,31/12/2025\n", "log.csv")
    with pytest.raises(BadLinesError) as error:
        penchant.read_interactions(path)
    advice = str(error.value).splitlines()[-1]
    assert advice.startswith('The format of times: time_format="%d/%m/%Y".')
    assert "sep=" not in advice
    frame = pd.DataFrame({"user": ["u"], "item": ["a"], "n": ["x"]})
    with pytest.raises(BadLinesError) as error:
        penchant.read_interactions(frame, "user", "item", "n")
    assert str(error.value).endswith("All of them are bad: are these the columns?")


def test_orders_on_the_command_line(orders: Path, tmp_path: Path) -> None:
    fit = "fit", orders, "--model", "popularity", "-o", tmp_path / "m.penchant"
    columns = "--user", "Kunde", "--item", "Artikel", "--value", "Preis", "--timestamp", "Datum"
    ran = run(*fit, *columns)
    assert ran.code == 1
    assert "With --decimal , a comma separates decimals." in ran.err
    assert run(*fit, *columns, "--decimal", ",").code == 0
