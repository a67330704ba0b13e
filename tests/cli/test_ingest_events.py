"""``penchant ingest --event``: logs of events of several types."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import run

import penchant

LOG = """who,what,kind,at
ann,x,view,0
ann,x,buy,86400
ann,y,view,86400
bob,x,skip,172800
bob,z,view,172800
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "events.csv"
    path.write_text(LOG)
    return path


COLUMNS = ("--user", "who", "--item", "what", "--event", "kind")
WEIGHTS = ("--weight", "view=1", "--weight", "buy=5")


@pytest.mark.parametrize("words", [(), (*WEIGHTS, "--timestamp", "at", "--half-life", "1d")])
def test_commands_take_what_they_fit_themselves(
    log: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    target = tmp_path / "events.dataset"
    ran = run("ingest", log, *COLUMNS, *words, "-o", target)
    assert ran.code == 0, ran.err
    for source, more, name in ((target, (), "a"), (log, (*COLUMNS, *words), "b")):
        out = tmp_path / f"{name}.penchant"
        ran = run("fit", source, *more, "--model", "popularity", "-o", out)
        assert ran.code == 0, ran.err
    ours, theirs = (penchant.load(tmp_path / f"{name}.penchant").interactions for name in "ab")
    assert ours.csr.values.tolist() == theirs.csr.values.tolist()
    assert (list(ours.users), list(ours.items)) == (list(theirs.users), list(theirs.items))
    assert ours.notes == theirs.notes
    told = run("info", target, "--json").json
    assert told["notes"] == list(theirs.notes)
    ran = run("fit", target, "--event", "kind", "-o", tmp_path / "c.penchant")
    assert ran.code == 2
    assert "whose log is read already: leave out --event" in " ".join(ran.err.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--weight", "view=1"), "name the column of types with --event"),
        (("--half-life", "1d"), "names the column of event types: leave out --half-life"),
        ((*COLUMNS, "--weight", "view"), "--weight 'view': write TYPE=NUMBER"),
        ((*COLUMNS, "--weight", "vew=1"), "unknown event type 'vew'; close matches: 'view'"),
        ((*COLUMNS, "--weight", "view=0"), "no event of 'events' is left"),
        ((*COLUMNS, "--half-life", "1d"), "--half-life needs timestamps"),
        ((*COLUMNS, "--half-life", "soon"), "--half-life must be a number or a duration"),
        ((*COLUMNS, "--duplicates", "max"), "pair are summed: leave out --duplicates"),
        ((*COLUMNS[:-1], "knd"), "no column 'knd'"),
    ],
)
def test_what_is_refused(log: Path, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    ran = run("ingest", log, *words, "-o", tmp_path / "events.dataset")
    assert ran.code in (1, 2)
    assert message in " ".join(ran.err.split())
    assert list(tmp_path.iterdir()) == [log]


def test_the_workers_of_a_cluster_weight_events(log: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    words = (*COLUMNS, *WEIGHTS, "--timestamp", "at", "--half-life", "1d")
    for name, more in (("a", ()), ("b", ("--cluster", "local:1"))):
        ran = run("ingest", log, *words, *more, "-o", tmp_path / f"{name}.dataset")
        assert ran.code == 0, ran.err
    alone, shared = (penchant.open_dataset(tmp_path / f"{name}.dataset") for name in "ab")
    assert alone.csr.values.tobytes() == shared.csr.values.tobytes()
    assert alone.history("ann") == {"x": 2.75, "y": 0.5}
