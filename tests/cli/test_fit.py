"""``penchant fit``: from a log to a model file, or to a clear word about why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import run

import penchant


def test_a_log_becomes_a_model(log_file: Path, catalog_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "plays.penchant"
    ran = run(
        *("fit", log_file, "--user", "user", "--item", "item", "--value", "count", "-o", path),
        *("--catalog", catalog_file, "--factors", 4, "--iterations", 3, "--alpha", 2.5),
        *("--regularization", "0.1/0.2", "--confidence", "log", "--threads", 1),
    )
    assert ran.code == 0, ran.err
    assert "rows of plays.csv" in ran.out
    assert "3 epochs, loss" in ran.out
    assert "penchant similar" in ran.out
    model = penchant.load(path)
    assert model.settings["factors"] == 4
    assert tuple(model.settings["regularization"]) == (0.1, 0.2)
    assert model.settings["confidence"] == "log"
    assert model.catalog is not None
    assert model.catalog.name("i0000") == "Radiohead"


def test_json_tells_all(log_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.penchant"
    told = run("fit", log_file, "-o", path, "--iterations", 2, "--evaluate", "--json").json
    assert told["model"] == str(path)
    assert told["data"]["users"] == 60
    assert len(told["losses"]) == 2
    assert told["losses"][1] < told["losses"][0]
    assert 0 <= told["evaluation"]["metrics"]["ndcg@10"]["mean"] <= 1
    saved = penchant.load(path)
    assert saved.metrics["metrics"] == told["evaluation"]["metrics"]
    assert saved.interactions.nnz == told["data"]["interactions"]


def test_quiet_leaves_advice_out(log_file: Path, tmp_path: Path) -> None:
    ran = run("fit", log_file, "-o", tmp_path / "x.penchant", "-q")
    assert ran.code == 0
    assert "next:" not in ran.out
    assert "wrote" in ran.out


@pytest.mark.parametrize(
    "kind",
    [
        "popularity",
        "random",
        "item-neighbors",
        "user-neighbors",
        "ease",
        "graph-filter",
        "pure-svd",
    ],
)
def test_other_models(log_file: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.penchant"
    assert run("fit", log_file, "--model", kind, "-o", path).code == 0
    assert penchant.load(path).kind == kind


def test_settings_of_the_linear_models(log_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.penchant"
    words = ("--regularization", 30, "--confidence", "log", "--max-items", 40)
    assert run("fit", log_file, "--model", "ease", *words, "-o", path).code == 0
    found = penchant.load(path).settings
    assert (found["regularization"], found["confidence"], found["max_items"]) == (30, "log", 40)
    words = ("--similarity", "tfidf", "--shrinkage", 2.5)
    assert run("fit", log_file, "--model", "item-neighbors", *words, "-o", path).code == 0
    assert penchant.load(path).settings["shrinkage"] == 2.5


@pytest.mark.parametrize("kind", ["item-neighbors", "user-neighbors"])
def test_neighbors_are_limited_or_not(log_file: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.penchant"
    for word, neighbors in (("7", 7), ("none", None)):
        words = ("--similarity", "rp3beta", "--target-exponent", 0.5, "--neighbors", word)
        assert run("fit", log_file, "--model", kind, *words, "-o", path).code == 0
        settings = penchant.load(path).settings
        assert (settings["neighbors"], settings["target_exponent"]) == (neighbors, 0.5)


def test_minima_are_told(log_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.penchant"
    ran = run("fit", log_file, "--min-per-user", 5, "--min-per-item", 11, "-o", path)
    assert ran.code == 0
    assert "threshold: 5 or more per user, 11 or more per item" in ran.out
    assert penchant.load(path).interactions.n_items < 40


def test_columns_by_place_and_odd_separators(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_text("3\tx\ta\n2\ty\ta\n1\tx\tb\n", encoding="utf-8")
    path = tmp_path / "x.penchant"
    words = ("--user", -1, "--item", 1, "--value", 0, "--sep", "tab", "--header", "no")
    ran = run("fit", log, *words, "-o", path)
    assert ran.code == 0, ran.err
    assert penchant.load(path).interactions.history("a") == {"x": 3.0, "y": 2.0}


def test_the_file_is_named_after_the_source(
    log_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("fit", log_file, "--model", "popularity").code == 0
    assert (tmp_path / "plays.penchant").exists()
    assert run("fit", log_file, "--model", "popularity").code == 0  # it may be replaced


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--user", "usr", "--item", "item"], 1, "close matches: 'user'"),
        (["--model", "alz"], 2, "unknown model 'alz'"),
        (["--model", "popularity", "--factors", "8"], 2, "popularity has no setting 'factors'"),
        (["--model", "als:factor=8"], 2, "did you mean 'factors'"),
        (["--model", "als:factors"], 2, "write name=value"),
        (["--alpha", "-1"], 2, "alpha must be"),
        (["--model", "ease", "--max-items", "30"], 2, "leave out rare items"),
        (["--model", "ease", "--regularization", "0"], 2, "regularization must be"),
        (["--model", "item-neighbors", "--shrinkage", "-1"], 2, "shrinkage must be"),
        (["--model", "item-neighbors", "--neighbors", "few"], 2, "neighbors must be"),
        (["--regularization", "much"], 2, "regularization must be"),
        (["--min-per-user", "1000"], 1, "no interactions are left"),
        (["--encoding", "latin-99"], 2, "latin-99"),
        (["--min-rating", "4"], 2, "--min-rating"),
        (["--catalog", "nowhere.csv"], 1, "nowhere.csv"),
    ],
)
def test_what_can_not_be_done_writes_nothing(
    log_file: Path, tmp_path: Path, words: list[str], code: int, told: str
) -> None:
    path = tmp_path / "x.penchant"
    ran = run("fit", log_file, "-o", path, *words)
    assert ran.code == code, ran.err
    assert told in ran.err
    assert "Traceback" not in ran.err
    assert list(tmp_path.iterdir()) == []


def test_sources_that_are_not_there(tmp_path: Path) -> None:
    ran = run("fit", tmp_path / "none.csv", "-o", tmp_path / "x.penchant")
    assert (ran.code, "there is no file" in ran.err) == (1, True)
    ran = run("fit", "lastfm-2x", "-o", tmp_path / "x.penchant")
    assert (ran.code, "lastfm-2k" in ran.err) == (1, True)
    ran = run("fit", "shapes", "--user", "u", "-o", tmp_path / "x.penchant")
    assert (ran.code, "leave out --user" in ran.err) == (2, True)


def test_a_place_that_can_not_be_written_is_refused_before_the_work(
    log_file: Path, tmp_path: Path
) -> None:
    ran = run("fit", log_file, "-o", tmp_path)
    assert (ran.code, "is a folder" in ran.err) == (2, True)
    ran = run("fit", log_file, "-o", tmp_path / "no" / "x.penchant")
    assert (ran.code, "there is no" in ran.err) == (2, True)


def test_a_catalog_of_other_items_is_refused(log_file: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.csv"
    names.write_text("id,name\n7,Seven\n", encoding="utf-8")
    ran = run("fit", log_file, "--catalog", names, "-o", tmp_path / "x.penchant")
    assert ran.code == 1
    assert "has none of the items" in ran.err
    assert not (tmp_path / "x.penchant").exists()


def test_last_fm_as_it_is_published(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    path = tmp_path / "artists.penchant"
    ran = run(
        *("fit", real_data("lastfm-2k/user_artists.dat"), "-o", path),
        *("--user", "userID", "--item", "artistID", "--value", "weight", "--confidence", "log"),
        *("--catalog", real_data("lastfm-2k/artists.dat"), "--factors", 32, "--iterations", 5),
    )
    assert ran.code == 0, ran.err
    assert "read 92,834 rows" in ran.out
    assert penchant.load(path).catalog is not None
    told = run("similar", path, "radiohead", "-k", 20, "--json").json
    close = {"Muse", "Beck", "Sigur Rós", "The Beatles", "Pink Floyd", "Thom Yorke", "Björk"}
    assert len(close & {row["name"] for row in told}) >= 3
    assert run("recommend", path, 2).code == 0


@pytest.fixture
def tag_file(tmp_path: Path) -> Path:
    """A long table of tags of the log's items, separated by bars."""
    rows = [f"i{n:04d}|{tag}|{n}" for n in range(40) for tag in ("all", f"of{n % 3}")]
    path = tmp_path / "tags.psv"
    path.write_text("\n".join(["which|tag|weight", *rows, "i0001|rare|1"]), encoding="utf-8")
    return path


def test_features_from_a_long_table_and_from_columns(
    log_file: Path, tag_file: Path, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("user,country\nu0001,Iceland\nu0002,Chile\n", encoding="utf-8")
    path = tmp_path / "x.penchant"
    words = (
        *("fit", log_file, "-o", path, "--model", "hybrid-als", "--factors", 3, "--iterations", 2),
        *("--item-features", tag_file, "--item-features-id", "which"),
        *("--item-features-name", "tag", "--item-features-value", "weight"),
        *("--features-norm", "l1", "--user-features", people, "--user-features-id", "user"),
    )
    ran = run(*words, "--features-at-least", 2)
    assert (ran.code, "belongs to 2 users or more" in ran.err) == (1, True)
    ran = run(*words)
    assert ran.code == 0, ran.err
    model = penchant.load(path)
    items, users = model.interactions.item_features, model.interactions.user_features
    assert items is not None
    assert (items.norm, items.row("i0005")) == ("l1", {"all": 5.0, "of2": 5.0})
    assert users is not None
    assert users.row("u0001") == {"country=Iceland": 1.0}
    assert model.scores_cold_items


def test_vectors_and_whose_they_are(log_file: Path, tmp_path: Path) -> None:
    looks, ids, path = tmp_path / "looks.npy", tmp_path / "ids.txt", tmp_path / "x.penchant"
    np.save(looks, np.array([[3, 4, 0], [0, 0, 2]], dtype=np.float32))
    ids.write_text("i0002\ni0001\n", encoding="utf-8")
    words = ("fit", log_file, "-o", path, "--model", "content", "--item-features", looks)
    ran = run(*words, "--item-features-of", ids)
    assert ran.code == 0, ran.err
    model = penchant.load(path)
    assert model.kind == "content"
    assert model.interactions.item_features.row("i0002") == {0: 3, 1: 4}
    ids.write_text("i0002\n", encoding="utf-8")
    ran = run(*words, "--item-features-of", ids)
    assert ran.code == 1
    assert "Traceback" not in ran.err


def test_events_are_weighed_and_age(tmp_path: Path) -> None:
    log = tmp_path / "events.csv"
    rows = ["ann,x,play,0", "ann,x,play,86400", "ann,y,like,86400", "bo,x,skip,0", "bo,y,like,0"]
    log.write_text("\n".join(["user,item,what,at", *rows]), encoding="utf-8")
    path = tmp_path / "x.penchant"
    words = ("fit", log, "-o", path, "--model", "popularity", "--event", "what")
    ran = run(*words, "--weight", "play=1", "--weight", "like=5", "--weight", "skip=-2")
    assert ran.code == 0, ran.err
    data = penchant.load(path).interactions
    assert data.history("ann") == {"x": 2.0, "y": 5.0}
    assert data.history("bo") == {"x": -2.0, "y": 5.0}
    ran = run(*words, "--weight", "play=4", "--timestamp", "at", "--half-life", "1d")
    assert ran.code == 0, ran.err
    assert penchant.load(path).interactions.history("ann") == {"x": 6.0}
    ran = run(
        *("fit", log, "-o", path, "--model", "popularity", "--user", "user", "--item", "item"),
        *("--timestamp", "at", "--half-life", 86400),
    )
    assert ran.code == 0, ran.err
    model = penchant.load(path)
    assert model.half_life == 86400
    assert model.interactions.history("bo") == {"x": 1, "y": 1}
    answer = model.recommend("ann", exclude_seen=False)
    assert dict(zip(answer.ids, answer.scores.tolist(), strict=True)) == {"x": 0.75, "y": 0.75}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--item-features-id", "which"], 2, "they need --item-features: leave out"),
        (["--user-features", "nowhere.csv"], 1, "nowhere.csv"),
        (["--item-features-of", "ids.txt"], 2, "they need --item-features: leave out"),
        (["--item-features", "x.npy"], 2, "--item-features-of, the file of their ids"),
        (["--item-features", "x.csv", "--item-features-of", "ids"], 2, "go together"),
        (["--item-features", "x.npy", "--item-features-of", "no ids"], 1, "no ids"),
        (["--weight", "play=1"], 2, "--event"),
        (["--event", "count", "--weight", "play"], 2, "write TYPE=NUMBER"),
        (["--event", "count", "--weight", "a=1", "--weight", "a=2"], 2, "once for each type"),
        (["--event", "count", "--duplicates", "sum"], 2, "leave out --duplicates"),
        (["--half-life", "soon"], 2, "a duration such as '12h', '30d'"),
        (["--half-life", "30d"], 1, "--half-life needs timestamps: name their column"),
        (["--half-life", "-1", "--timestamp", "count"], 2, "--half-life must be"),
    ],
)
def test_features_and_events_that_make_no_sense(
    log_file: Path, tmp_path: Path, words: list[str], code: int, told: str
) -> None:
    path = tmp_path / "x.penchant"
    columns = ("--user", "user", "--item", "item")
    ran = run("fit", log_file, "-o", path, "--model", "hybrid-als", *columns, *words)
    assert ran.code == code, ran.err
    assert told in ran.err
    assert "Traceback" not in ran.err
    assert not path.exists()


def test_features_of_others_are_refused(log_file: Path, tag_file: Path, tmp_path: Path) -> None:
    tag_file.write_text("which|tag\nz|red\n", encoding="utf-8")
    words = ("--model", "content", "--item-features", tag_file, "--item-features-id", "which")
    ran = run("fit", log_file, "-o", tmp_path / "x.penchant", *words)
    assert (ran.code, "has none of the items" in ran.err) == (1, True)


def test_a_blend_of_the_usual_models(log_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.penchant"
    assert run("fit", log_file, "-o", path, "--model", "blend:fusion=rank").code == 0
    told = run("recommend", path, "u0001", "new-user", "-k", 1, "--json").json
    assert [row["source"] for row in told] == ["als + item-neighbors", "popularity"]
    shown = run("recommend", path, "new-user", "-k", 1)
    assert "for user new-user, by popularity" in shown.out
    assert "als: 15 epochs" in run("info", path).out


def test_what_the_library_warns_of_is_told_on_stderr(tmp_path: Path) -> None:
    log = tmp_path / "plays.csv"
    log.write_text("user,item,count\nu,a,1\nu,b,90000\nv,a,1\n", encoding="utf-8")
    ran = run("fit", log, "-o", tmp_path / "x.penchant", "--confidence", "linear", "--json")
    assert ran.code == 0
    assert ran.err.startswith("penchant: warning: values of plays go up to 90,000")
    assert ran.json["kind"] == "als"


def test_popularity_since_a_time_and_by_category(tmp_path: Path) -> None:
    log, tags, path = (tmp_path / name for name in ("log.csv", "tags.csv", "x.penchant"))
    rows = ["ann,x,2024-01-01", "bo,x,2024-01-20", "bo,y,2024-01-31", "cy,z,2024-01-31"]
    log.write_text("\n".join(["user,item,time", *rows]), encoding="utf-8")
    tags.write_text("item,genre\nx,rock\ny,rock\nz,pop\n", encoding="utf-8")
    words = ("fit", log, "-o", path, "--model", "popularity", "--timestamp", "time")
    words = (*words, "--since", "15d", "--half-life", "11d")
    more = ("--category", "genre", "--item-features", tags)
    for added in ((), more):
        ran = run(*words, *added)
        assert ran.code == 0, ran.err
    model = penchant.load(path)
    assert (model.since, model.half_life, model.category) == ("15d", "11d", "genre")
    assert model.shares.tolist() == pytest.approx([0.5 / 3, 1 / 3, 1 / 3])
    assert list(model.recommend("ann").ids) == ["y", "z"]
    ran = run(*words, "--category", "color", "--item-features", tags)
    assert (ran.code, "there are 'genre'" in ran.err) == (1, True)
    ran = run(*words[:6], "--user", "user", "--item", "item", "--since", "15d")
    assert (ran.code, "--since needs timestamps" in ran.err) == (1, True), ran.err
    ran = run(*words[:6], "--since", "lately")
    assert (ran.code, "since must be" in ran.err) == (2, True)
    ran = run("fit", log, "-o", path, "--model", "random", "--half-life", "3d")
    assert (ran.code, "random has no setting 'half_life'" in ran.err) == (2, True)


@pytest.mark.parametrize("kind", ["als", "ease", "ranking", "item-neighbors"])
def test_the_half_life_is_a_setting_of_the_model(tmp_path: Path, kind: str) -> None:
    log, path = tmp_path / "log.csv", tmp_path / "x.penchant"
    rows = [f"u{n % 7},i{n % 5},2024-01-{1 + n % 28:02}" for n in range(60)]
    log.write_text("\n".join(["user,item,time", *rows]), encoding="utf-8")
    ran = run("fit", log, "-o", path, "--model", kind, "--timestamp", "time", "--half-life", "9d")
    assert ran.code == 0, ran.err
    model = penchant.load(path)
    assert model.half_life == "9d"
    assert set(model.interactions.csr.values.tolist()) <= {1.0, 2.0}  # counts, not decayed


def test_the_model_can_be_selected(
    log_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penchant.tuning.selection.families.kinds", lambda: ["popularity"])
    path = tmp_path / "m.penchant"
    ran = run("fit", log_file, "-o", path, "--auto", "--budget", "10 min", "--json")
    assert (ran.code, ran.json["chosen"], ran.json["model_file"]) == (0, "popularity", str(path))
    assert penchant.load(path).interactions.nnz > 0
    refused = run("fit", log_file, "-o", path, "--auto", "--factors", 3)
    assert (refused.code, "leave out --factors" in refused.err) == (2, True)


def test_weights_that_are_chosen_from_the_data_are_told(log_file: Path, tmp_path: Path) -> None:
    words = "fit", log_file, "-o", tmp_path / "m.penchant", "--factors", 2, "--iterations", 1
    ran = run(*words)
    assert "chosen from the data: confidence l" in ran.out
    assert "regularization 0.085" in ran.out
    assert run(*words, "--json").json["training"]["regularization_scaling"] == 0.75
    assert "chosen from the data" not in run(*words, "--model", "popularity").out


def test_a_measured_model_is_told_beside_baselines(
    log_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penchant.cli.fit.next_to_try", lambda models, results, _: [*results])
    words = "fit", log_file, "-o", tmp_path / "m.penchant", "--evaluate", "--factors", 1
    told = run(*words, "--json").json
    assert set(told["baselines"]) == {"popularity", "item-neighbors"}
    assert told["advice"] == ["als", "popularity", "item-neighbors"]
    assert "\npopularity\n" in run(*words).out
