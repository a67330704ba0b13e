"""The catalog of the items: a file of its own, or columns of the log."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import run

import penchant

ORDERS = "".join(
    f"{n};K{n % 7};A{n % 5};Wein {n % 5}, rot;https://shop/{n % 5}\n" for n in range(40)
)
HEADER = "Nummer;Kunde;Artikel;Bezeichnung;Seite\n"
COLUMNS = ("--user", "Kunde", "--item", "Artikel")


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(HEADER + ORDERS, encoding="utf-8")
    return path


def names_of(path: Path) -> list[str | None]:
    catalog = penchant.load(path).catalog
    return [] if catalog is None else [catalog.name(f"A{n}") for n in range(5)]


WINES = [f"Wein {n}, rot" for n in range(5)]


def test_names_from_a_column_of_the_log(orders: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.penchant"
    fit = "fit", orders, "--model", "popularity", "-o", model
    ran = run(*fit, *COLUMNS, "--name", "Bezeichnung", "--link", "Seite")
    assert ran.code == 0, ran.err
    assert ran.err == ""  # no warning of items that occur several times
    assert names_of(model) == WINES
    ran = run(*fit, *COLUMNS, "--name", "Titel")
    assert ran.code == 1
    assert "--name: orders.csv has no column 'Titel'" in ran.err


def test_the_log_named_as_the_catalog(orders: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.penchant"
    fit = "fit", orders, "--model", "popularity", "-o", model, "--catalog", orders
    ran = run(*fit, *COLUMNS, "--name", "Bezeichnung")
    assert (ran.code, ran.err) == (0, "")
    assert names_of(model) == WINES


def test_the_columns_of_ids_are_recognized_in_the_log(tmp_path: Path) -> None:
    log, model = tmp_path / "log.csv", tmp_path / "m.penchant"
    log.write_text("customer_id;product_id;product_name\n" + "".join(
        f"K{n % 7};A{n % 5};Wein {n % 5}, rot\n" for n in range(40)
    ), encoding="utf-8")  # fmt: skip
    ran = run("fit", log, "--model", "popularity", "-o", model, "--name", "product_name")
    assert (ran.code, ran.err) == (0, "")
    assert names_of(model) == WINES


def test_a_column_of_names_is_hinted_at(tmp_path: Path) -> None:
    log, model = tmp_path / "log.csv", tmp_path / "m.penchant"
    log.write_text("customer_id,product_id,product_name\n" + "k,a,Wine\n" * 9, encoding="utf-8")
    fit = "fit", log, "--model", "popularity", "-o", model
    hint = "for results with the names of items, fit with --name product_name"
    assert hint in run(*fit).out
    for words in (["--name", "product_name"], ["--quiet"], ["--catalog", log]):
        assert "names of items" not in run(*fit, *words).out
    by_name = run(*fit, "--user", "customer_id", "--item", "product_name")
    assert "names of items" not in by_name.out


def test_a_catalog_without_a_column_of_names(orders: Path, tmp_path: Path) -> None:
    ran = run("fit", orders, *COLUMNS, "--catalog", orders, "-o", tmp_path / "m.penchant")
    assert ran.code == 0
    assert "orders.csv: no column of names is recognized: give --name; it has the" in ran.err


def test_a_catalog_whose_columns_are_not_recognized(orders: Path, tmp_path: Path) -> None:
    other = tmp_path / "wines.csv"
    other.write_text("Artikel;Bezeichnung\n" + "".join(f"A{n};Wein\n" for n in range(5)))
    ran = run("fit", orders, *COLUMNS, "--catalog", other, "-o", tmp_path / "m.penchant")
    assert ran.code == 1
    assert "give --catalog-item, its name or its position from 0" in ran.err
    assert "as none of the usual ones is in its first line" in ran.err
