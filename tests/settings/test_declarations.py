"""A setting that a model declares appears in validation, command line, tuning and manual."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pytest
from sklearn.base import clone
from tools import model_settings
from typer.testing import CliRunner

import penchant
from penchant import models
from penchant._settings.configurable import validate
from penchant._settings.declarations import Setting
from penchant._settings.tables import markdown_table
from penchant.cli import setting_table
from penchant.cli.app import application
from penchant.data.interactions import Csr
from penchant.errors import SettingsError
from penchant.models._scoring.scorers import FactorScorer, Scorer
from penchant.models.base import Metric, Model, OnEpoch
from penchant.tuning.space import Space

KINDS = models.kinds()


@dataclass(kw_only=True, eq=False)
class Toy(Model):
    """Score all items alike.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    shade: Annotated[
        float,
        Setting(
            min=0,
            below=2,
            unit="lumens",
            help="Brightness of the toy.",
            details="See the box.",
            source="Toymaker 1999",
            tune=(0.1, 1.5, "log"),
        ),
    ] = 0.5
    flavor: Annotated[Literal["plain", "sweet"], Setting(help="Taste of the toy.")] = "plain"

    kind: ClassVar[str] = "toy"

    def __post_init__(self) -> None:
        validate(self)

    def fit(self, interactions: Any, *, on_epoch: OnEpoch | None = None) -> Toy:
        self._interactions = self._to_learn(interactions)
        return self

    def _scorer(self, rows: Csr, users: Any) -> Scorer:
        ones = np.ones((len(self.items), 1), dtype=np.float32)
        return FactorScorer(np.ones((rows.n_rows, 1), dtype=np.float32), ones)

    def _item_scorer(self, items: Any, metric: Metric) -> Scorer:
        raise NotImplementedError

    def _arrays(self) -> dict[str, Any]:
        return {}

    def _restore(self, arrays: Mapping[str, Any]) -> None:
        pass


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[Toy]]:
    """Register the model, and write the table of settings again, as ``make stubs`` does."""
    monkeypatch.setitem(models._CLASSES, "toy", (__name__, "Toy"))
    table = tmp_path / "model_settings.json"
    table.write_text(model_settings.generated(), encoding="utf-8")
    monkeypatch.setattr(setting_table, "FILE", table)
    setting_table._table.cache_clear()
    yield Toy
    setting_table._table.cache_clear()


def test_validation() -> None:
    with pytest.raises(SettingsError, match="shade must be a finite number of 0 or more and below"):
        Toy(shade=2)
    with pytest.raises(SettingsError, match="flavor must be one of 'plain', 'sweet'; got 'sour'"):
        Toy(flavor="sour")  # type: ignore[arg-type]


def test_docstring_signature_and_repr() -> None:
    doc = Toy.__doc__ or ""
    assert "Parameters\n    ----------\n    shade\n        Brightness of the toy. See the" in doc
    assert doc.index("Parameters") < doc.index("flavor\n") < doc.index("Raises")
    assert Toy.__init__.__annotations__["shade"] is float
    assert repr(Toy(shade=1.0)).endswith("Toy(shade=1.0, flavor='plain')")


def test_table_of_the_manual() -> None:
    shade, flavor = markdown_table(Toy).splitlines()[2:]
    assert shade == (
        "| `shade` | `0.5` | float, 0 or more, below 2 | Brightness of the toy. See the box. "
        "Unit: lumens. Worth trying: 0.1 … 1.5 (logarithmic). Source: Toymaker 1999. |"
    )
    assert flavor == '| `flavor` | `"plain"` | `"plain"`, `"sweet"` | Taste of the toy. |'


def test_the_manual_has_a_table_for_every_model(toy, tmp_path) -> None:
    pytest.importorskip("sphinx")
    from sphinx.application import Sphinx

    docs = Path(__file__).resolve().parents[2] / "docs"
    assert "```{settings}\n```" in (docs / "models.md").read_text(encoding="utf-8")
    sys.path.insert(0, str(docs / "_ext"))  # Sphinx imports the extension by its name
    (tmp_path / "index.md").write_text("# Models\n\n```{settings}\n```\n", encoding="utf-8")
    config = {"extensions": ["myst_parser", "settings"]}
    app = Sphinx(
        tmp_path, None, tmp_path / "html", tmp_path / "trees", "html", config,
        status=None, warning=None, warningiserror=True,
    )  # fmt: skip
    app.build()
    page = (tmp_path / "html" / "index.html").read_text(encoding="utf-8")
    for kind in models.kinds():
        assert f'id="settings-{kind}"' in page
    section = page.partition('id="settings-toy"')[2]
    assert "Brightness of the toy. See the box. Unit: lumens." in section
    assert "Taste of the toy." in section


def test_params() -> None:
    model = Toy(shade=1.0)
    assert model.get_params() == {"shade": 1.0, "flavor": "plain"} == model.settings
    assert model.set_params(flavor="sweet") is model
    assert (model.shade, model.flavor) == (1.0, "sweet")
    with pytest.raises(SettingsError, match="did you mean 'shade'"):
        model.set_params(shape=3)
    with pytest.raises(SettingsError, match="shade"):
        model.set_params(flavor="plain", shade=-1)
    assert model.settings == {"shade": 1.0, "flavor": "sweet"}
    assert clone(model).settings == model.settings


def test_tuning_space() -> None:
    assert Space(Toy, ["shade"]).ranges["shade"] == penchant.Range(0.1, 1.5, log=True)
    with pytest.raises(SettingsError, match=r"flavor declares no values .* for shade"):
        Space(Toy, ["flavor"])
    assert Space(Toy, {"shade": (0, 1)}).ranges["shade"].at(0.5) == 0.5
    with pytest.raises(SettingsError, match="shade must be"):
        Space(Toy, {"shade": (0.5, 3.0)})
    with pytest.raises(SettingsError, match="flavor must be"):
        Space(Toy, {"flavor": (0, 1)})


@pytest.mark.parametrize("command", ["fit", "evaluate", "tune", "learning-curve"])
def test_options_of_the_command_line(toy, command) -> None:
    text = output(command, command, "--model", "toy", "--help")
    text = text.partition("Examples")[0]
    assert "--shade" in text
    assert "Brightness of the toy. Default: 0.5." in " ".join(text.replace("│", " ").split())
    assert "--flavor" in text
    assert "Length f of the factor vectors" not in text  # an example in the help may name --factors
    assert "Length f of the factor vectors" in output(command, command, "--model", "als", "--help")
    assert "--shade" not in output(command, command, "--help")
    assert "--shade" in output(command, command, "--help-all")


def test_a_fit_from_the_command_line(toy, tmp_path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("user,item\na,x\nb,y\n", encoding="utf-8")
    words = ("fit", str(log), "--model", "toy", "-o", str(tmp_path / "toy.penchant"), "--json")
    document = json.loads(output("fit", *words, "--shade", "1.5", "--flavor", "sweet"))
    assert document["settings"] == {"shade": 1.5, "flavor": "sweet"}


def test_a_tuning_run_from_the_command_line(toy, tmp_path) -> None:
    rows = [f"{user},{item}" for user in range(8) for item in range(user % 3, 8)]
    log = tmp_path / "log.csv"
    log.write_text("\n".join(["user,item", *rows]) + "\n", encoding="utf-8")
    words = ("tune", str(log), "--model", "toy", "--range", "shade", "--flavor", "sweet")
    more = ("--trials", "2", "--hold-out", "1", "--no-final", "--json")
    document = json.loads(output("tune", *words, *more, "--storage", str(tmp_path / "s.db")))
    assert document["fixed"] == {"flavor": "sweet"}
    assert all(0.1 <= trial["settings"]["shade"] <= 1.5 for trial in document["trials"])


def output(command: str, *words: str) -> str:
    """Return what a command prints, at 80 columns."""
    # two commands, since an application of one takes no command's name
    app = application(command, "info")
    return CliRunner().invoke(app, words, env={"COLUMNS": "80"}).stdout


@pytest.mark.parametrize("kind", KINDS)
def test_every_model_is_declared_and_cloned(kind: str) -> None:
    model = models.class_of(kind)()
    assert list(model.declarations) == list(model.get_params(deep=False))
    for declaration in model.declarations.values():
        assert declaration.setting.help.endswith(".")
    copy = clone(model)
    assert type(copy) is type(model)
    assert repr(copy) == repr(model)
    assert model.set_params(threads=2).threads == 2


@pytest.mark.parametrize("kind", KINDS)
def test_every_model_has_a_table(kind: str) -> None:
    cls = models.class_of(kind)
    rows = markdown_table(cls).splitlines()
    assert len(rows) == 2 + len(cls.declarations)
    assert all(row.replace("\\|", "").count("|") == 5 for row in rows)


def test_a_clone_of_a_fitted_model_is_not_fitted() -> None:
    data = penchant.Interactions.from_scipy(np.eye(4) + np.eye(4, k=1))
    model = penchant.ALS(factors=2, regularization=(0.1, 0.2), iterations=1).fit(data)
    copy = clone(model)
    assert copy.regularization == (0.1, 0.2)
    with pytest.raises(penchant.errors.NotFittedError):
        copy.recommend(0)
    with pytest.raises(penchant.errors.NotFittedError):
        model.set_params(factors=3).recommend(0)


def test_settings_of_parts() -> None:
    blend = penchant.Blend({"als": penchant.ALS(factors=8), "popular": penchant.Popularity()})
    assert blend.get_params()["als__factors"] == 8
    assert blend.set_params(als__factors=9).parts["als"].settings["factors"] == 9
    assert clone(blend).get_params()["als__factors"] == 9
    with pytest.raises(SettingsError, match="no setting 'ease__factors'"):
        blend.set_params(ease__factors=3)
