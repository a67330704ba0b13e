"""A small log, a catalog and a fitted model, made once; a runner of commands."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.testing
from tests.conftest import random_interactions

from penchant.cli.app import application
from penchant.data.catalog import Catalog
from penchant.data.interactions import Interactions
from penchant.models.als.model import ALS

APP = application()
# made once: making the options of all commands takes far longer than most commands do
typer.testing._get_command = functools.cache(typer.testing._get_command)
NAMES = {"i0000": "Radiohead", "i0001": "Sigur Rós", "i0002": "Twins", "i0003": "twins"}


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(*words: object, **environment: str) -> Ran:
    """Run ``penchant`` with some arguments, in this process."""
    env = {"COLUMNS": "80", **environment}
    result = typer.testing.CliRunner().invoke(APP, [str(word) for word in words], env=env)
    return Ran(result.exit_code, result.stdout, result.stderr)


def small_log() -> Interactions:
    data = random_interactions(60, 40, seed=5)
    names = [NAMES.get(str(item), f"Name of {item}") for item in data.items]
    return data.with_catalog(Catalog(data.items, names=names))


@pytest.fixture(scope="session")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log as text, with a header: user, item, count."""
    data = small_log()
    lines = ["user,item,count"]
    for user in data.users:
        lines += [f"{user},{item},{value:g}" for item, value in data.history(user).items()]
    path = tmp_path_factory.mktemp("log") / "plays.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def catalog_file(log_file: Path) -> Path:
    """The names of its items."""
    catalog = small_log().catalog
    assert catalog is not None
    lines = ["id,name", *(f"{item},{catalog.name(item)}" for item in catalog.items)]
    path = log_file.with_name("names.csv")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ALS on the log, with names."""
    path = tmp_path_factory.mktemp("model") / "plays.penchant"
    return ALS(factors=8, iterations=5).fit(small_log(), track_loss=True).save(path)
