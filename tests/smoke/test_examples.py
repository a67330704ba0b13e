"""Every command that the help, the README and the manual show runs, on small data.

Known data sets become a small file, PostgreSQL becomes SQLite, object stores become the folder, and
long runs are cut short; a server is set up but not run.
"""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.text import Text
from tests.cli.conftest import run

import penchant
from penchant.cli.commands import MODULES
from penchant.data.catalog import Catalog
from penchant.models import class_of
from penchant.serving.store.base import Event
from penchant.serving.store.opening import open_store

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
NAMES = ["Radiohead", "Sigur Rós", "Coldplay", "Blue Note"]
TYPES = ("view", "purchase", "play", "like", "buy")


def help_commands() -> Iterator[tuple[str, str]]:
    for module in dict.fromkeys(MODULES.values()):
        text = Text.from_markup(importlib.import_module(f"penchant.cli.{module}").EXAMPLES).plain
        for line in re.sub(r"\\\n\s*", " ", text).splitlines():
            if line.startswith("penchant "):
                yield f"{module} --help", line


def page_commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        blocks = re.findall(r"^```(?:sh|bash)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        blocks += re.findall(r"((?:^    .*\n)+)", text, re.MULTILINE)
        for block in blocks:
            for line in re.sub(r"\\\n\s*", " ", block).splitlines():
                if line.strip().startswith("penchant "):
                    yield page, line.strip()


COMMANDS = list(dict.fromkeys([*help_commands(), *page_commands()]))


def test_there_are_examples_to_run() -> None:
    assert len(COMMANDS) > 80
    assert {verb for _, line in COMMANDS for verb in line.split()[1:2]} >= set(MODULES)


def plays(users: list[str], items: list[str]) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    taken = np.argwhere(rng.random((len(users), len(items))) < 0.5)
    return pd.DataFrame(
        {
            "user": [users[u] for u, _ in taken],
            "item": [items[i] for _, i in taken],
            "plays": rng.integers(1, 90, len(taken)),
            "time": 1_700_000_000 + 86_400 * np.arange(len(taken)),
        }
    )


def write_logs(folder: Path, log: pd.DataFrame) -> None:
    """The logs that examples read, each as it is called there."""
    names = {"user": "userID", "item": "artistID", "plays": "weight"}
    listened = log.rename(columns=names)[list(names.values())]
    listened.to_csv(folder / "user_artists.dat", sep="\t", index=False)
    log[["time", "item", "user"]].to_csv(folder / "likes.psv", sep="|", index=False, header=False)
    log.rename(columns={"user": "uid", "item": "mid"})[["uid", "mid"]].to_csv(
        folder / "likes.csv", index=False
    )
    log.rename(columns={"item": "artist"})[["user", "artist", "plays"]].to_csv(
        folder / "plays.csv", index=False
    )
    orders = log.rename(columns={"user": "customer", "item": "sku"})[["customer", "sku"]]
    orders.assign(product="a " + orders["sku"].astype(str)).to_csv(
        folder / "orders.csv", index=False
    )
    rated = log.assign(rating=1 + log["plays"] % 5).drop(columns="plays")
    rated.to_csv(folder / "ratings.csv", index=False)
    rated.to_parquet(folder / "ratings.parquet")
    log.rename(columns={"time": "at"}).to_parquet(folder / "likes.parquet")
    (folder / "log").mkdir()
    log[["user", "item"]].to_parquet(folder / "log" / "january.parquet")
    what = [TYPES[n % len(TYPES)] for n in range(len(log))]
    events = log[["user", "item"]].assign(what=what, time=log["time"], at=log["time"])
    for name in ("events.csv", "log.csv"):
        events.to_csv(folder / name, index=False)
    log[["user", "item", "plays"]].to_csv(folder / "small.csv", index=False)
    penchant.ingest(log[["user", "item", "plays"]], folder / "likes.dataset")
    penchant.ingest(folder / "likes.csv", folder / "plays.dataset")
    log[["user", "item", "plays"]].to_csv(folder / "plays-1.csv.gz", index=False)
    shop = log.rename(columns={"time": "at"}).assign(customer=log["user"], product=log["item"])
    with closing(sqlite3.connect(folder / "shop.db")) as con:
        for table in ("orders", "likes", "log"):
            shop.to_sql(table, con, index=False)
        for table, rows in of_a_shop(log).items():
            rows.to_sql(table, con, index=False)


def of_a_shop(log: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables of the manual's page on PostgreSQL."""
    names = {"user": "user_id", "item": "product_id", "time": "created_at"}
    events = log.rename(columns=names)[list(names.values())]
    items = log["item"].unique()
    products = {"id": items, "title": [f"Product {item}" for item in items], "image_url": None}
    kinds = [("view", "buy")[n % 2] for n in range(len(events))]
    return {
        "events": events.assign(kind=kinds),
        "products": pd.DataFrame({**products, "categories": "mugs|red"}),
    }


def write_items(folder: Path, items: list[str]) -> None:
    """What examples know of the items: names, tags, vectors, lists."""
    names = [*NAMES, *(f"Band {n}" for n in range(len(items) - len(NAMES)))]
    table = pd.DataFrame({"id": items, "name": names, "url": "", "pictureURL": ""})
    table.to_csv(folder / "artists.dat", sep="\t", index=False)
    tags = [(item, tag) for n, item in enumerate(items) for tag in ("rock", f"t{n % 4}")]
    pd.DataFrame(tags, columns=["artist", "tag"]).to_csv(folder / "tags.csv", index=False)
    vectors = np.random.default_rng(1).normal(size=(len(items), 6)).astype(np.float32)
    for name in ("vectors.npy", "looks.npy"):
        np.save(folder / name, vectors)
    for name in ("ids.txt", "stock.txt", "in-stock.txt"):
        (folder / name).write_text("\n".join(items) + "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all files that examples name."""
    made = tmp_path_factory.mktemp("examples")
    users = ["2", "4", "5", "ann", "bo", *(str(n) for n in range(10, 40))]
    items = ["154", "7", "8", "42", "item-42", *(str(n) for n in range(200, 225))]
    log = plays(users, items)
    write_logs(made, log)
    write_items(made, items)
    data = penchant.read_interactions(log, "user", "item", "plays")
    names = [*NAMES, *(f"Band {n}" for n in range(len(items) - len(NAMES)))]
    data = data.with_catalog(Catalog(items, names=names))  # type: ignore[arg-type]
    model = penchant.ALS(factors=4, iterations=2).fit(data)
    for name in ("artists", "artists-hybrid", "likes", "shop"):
        model.save(made / f"{name}.penchant")
    countries = [(user, f"country={['Iceland', 'Chile'][n % 2]}") for n, user in enumerate(users)]
    featured = data.with_user_features(penchant.read_features(countries, user=0))
    hybrid = penchant.HybridALS(factors=4, iterations=2).fit(featured)
    hybrid.save(made / "featured.penchant")
    for name in ("penchant.db", "feedback.db"):
        with open_store(f"sqlite:///{made / name}") as store:
            store.add([Event("new person", "154"), Event("ann", "7")])
    return made


def small(line: str) -> list[str]:
    """The words of a command, so that it runs on the small files and soon ends."""
    line = line.partition(" | ")[0]
    line = re.sub(r"s3://\w+/", "", line)
    line = re.sub(r"(?<=--cluster )\S+", "local:1", line).replace("/shared/", "")
    line = re.sub(r"postgresql://[^ ]*/", "sqlite:///", line)
    line = re.sub(r"sqlite:///(shop|feedback)(?=\s|$)", r"sqlite:///\1.db", line)
    words = shlex.split(line, comments=True)[1:]
    if words[0] != "datasets":
        words = ["small.csv" if word in ("lastfm-2k", "movielens-1m") else word for word in words]
    for option, value in (
        ("--trials", "2"),
        ("--timeout", "1"),
        ("--epochs", "4"),
        ("--budget", "5 s"),
    ):
        if option in words:
            words[words.index(option) + 1] = value
    if "--min-rating" in words:  # an option of the data set
        at = words.index("--min-rating")
        del words[at : at + 2]
    if words[0] == "demo":
        words = ["demo", "--output", "demo", "--items", "60", "--users", "200"]
    if "--user-feature" in words:
        words[1] = "featured.penchant"
    if words[0] == "learning-curve" and "--epochs" not in words:
        words += ["--epochs", "4"]
    selects = "--auto" in words or (words[0] == "tune" and not {"--grid", "--range"} & set(words))
    if selects and "--budget" not in words:
        words += ["--budget", "5 s"]
    if words[0] == "tune":
        words += ["--storage", "fresh.db", "--fresh"]
        if "--range" in words and "--trials" not in words:
            words += ["--trials", "2"]
        kind = words[words.index("--model") + 1] if "--model" in words else "als"
        if not selects and "--epochs" not in words and "iterations" in class_of(kind).declarations:
            words += ["--epochs", "2"]
    return words


def is_download(line: str) -> bool:
    return "datasets fetch" in line


DIFFERENT = list({tuple(small(line)): (place, line) for place, line in COMMANDS[::-1]}.values())
"""The commands, each of those that are the same on the small files once."""


@pytest.mark.parametrize(("place", "line"), DIFFERENT[::-1], ids=lambda text: text)
def test_an_example_runs(
    place: str, line: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_download(line):
        pytest.skip("it fetches a data set")
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PENCHANT_TOKEN", "a token of the examples")
    monkeypatch.setattr("penchant.serving.process.run.serve", lambda *_, **__: None)
    ran = run(*small(line))
    assert ran.code == 0, f"{place}: {ran.err}"
