"""A person is deleted, and looked for in every file, table and endpoint."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.serving.conftest import small_data
from tests.smoke.servers import Server, penchant, serving

from penchant.data.features import Features
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.models import load
from penchant.models.als.hybrid import HybridALS
from penchant.models.als.model import ALS
from penchant.models.blend.model import Blend
from penchant.models.neighbors import ItemNeighbors
from penchant.models.popularity import Popularity
from penchant.serving.store.base import Event
from penchant.serving.store.opening import open_store

SECRET = "the-secret-person-4711"
V1 = "/api/v1"


def data_with_secret() -> Interactions:
    """60 people, of whom one has the secret id and features."""
    data = small_data()
    users = IdMap([SECRET, *list(data.users)[1:]], "user")
    named = Interactions(data.csr, users, data.items, catalog=data.catalog)
    features = Features.of({user: ["tall"] for user in (SECRET, "u0001")}, kind="user")
    return named.with_user_features(features)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fitted") / "likes.penchant"
    return ALS(factors=6, iterations=3).fit(data_with_secret()).save(path)


@pytest.fixture
def folder(fitted: Path, tmp_path: Path) -> Path:
    """A folder with nothing in it but a model."""
    made = tmp_path / "made"
    made.mkdir()
    shutil.copy(fitted, made)
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest, folder: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{folder / 'store.db'}"
    return str(request.getfixturevalue("postgres_server").url())


def files_with_secret(folder: Path) -> list[str]:
    return sorted(
        file.name
        for file in folder.rglob("*")
        if file.is_file() and SECRET.encode() in file.read_bytes()
    )


def rows_with_secret(db: str) -> list[str]:
    """Return the tables with the secret in any column."""
    with open_store(db) as store:
        engine = store._engine  # type: ignore[attr-defined]
        names = [name for name in sa.inspect(engine).get_table_names() if "penchant" in name]
        with engine.connect() as con:
            return [
                name
                for name in names
                if SECRET in str(con.execute(sa.text(f"SELECT * FROM {name}")).all())
            ]


def asked_everywhere(server: Server) -> Iterator[tuple[str, int, bool]]:
    """Ask every endpoint of the document and every page; yield whether it names the person."""
    document = server.ask(f"{V1}/openapi.json").json
    addresses = ["/", "/models", "/map", f"/search?q={SECRET[:10]}", "/shelf", "/metrics"]
    values = {"user": SECRET, "person": SECRET, "item": "i0001", "q": SECRET[:10], "id": SECRET}
    for path, methods in document["paths"].items():
        if "get" in methods:
            named = [p["name"] for p in methods["get"].get("parameters", []) if p["in"] == "query"]
            query = "&".join(f"{name}={values[name]}" for name in named if name in values)
            addresses.append(f"{path.replace('{item}', SECRET)}?{query}")
    for address in addresses:
        answer = server.ask(address)
        yield address, answer.status, SECRET in answer.body.decode()


def status_of(server: Server) -> list[int]:
    """Return the status of each request for the person's data."""
    return [
        server.ask(f"{V1}/recommend?user={SECRET}&k=3").status,
        server.ask(f"{V1}/recommend", "POST", {"user": SECRET}).status,
        server.ask(f"{V1}/explain?user={SECRET}&item=i0001").status,
        server.ask(f"/person?id={SECRET}").status,
    ]


@pytest.mark.parametrize("refit", [False, True])
def test_a_deleted_person_is_found_nowhere(folder: Path, db: str, refit: bool) -> None:
    model = folder / "likes.penchant"
    with serving(model, db, "--workers", 2) as server:
        for number in range(40):
            body = {"person": SECRET, "item": f"i{number % 20:04d}", "key": f"{SECRET}-{number}"}
            assert server.ask(f"{V1}/events", "POST", body).status == 200
        assert status_of(server) == [200] * 4
        answer = server.ask(f"{V1}/admin/people?person={SECRET}", "DELETE")
        assert answer.status == 200
        receipt = answer.json["receipt"]
        assert (receipt["events"], receipt["erased"]) == (40, True)
        assert SECRET not in answer.body.decode()
        for _ in range(10):  # by both processes, at once
            assert status_of(server) == [404] * 4
        assert files_with_secret(folder) == ["likes.penchant"]

        words = ("update", model, "--db", db, "-o", folder / "new.penchant")
        updated = penchant(*words, *(["--refit"] if refit else []))
        assert (updated["forgotten"], updated["deletion"]) == (1, 1)
        deadline = time.monotonic() + 20
        while server.ask(f"{V1}/models").json["models"][0]["users"] != 59:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert status_of(server) == [404] * 4
        for address, status, is_named in asked_everywhere(server):
            assert status < 500, address
            assert not is_named or status in (404, 422), address
        model.unlink()
        assert files_with_secret(folder) == []
        code, err = server.stop()
        assert (code, "Traceback" in err, SECRET in err) == (0, False, False)
    assert files_with_secret(folder) == []
    assert rows_with_secret(db) == []
    new = load(folder / "new.penchant")
    assert SECRET not in new.users
    assert SECRET not in new.interactions.user_features.ids


def test_an_older_model_stays_without_the_person(folder: Path) -> None:
    """A file from a backup, or fitted on the old log, still holds the person."""
    db, model = f"sqlite:///{folder / 'store.db'}", folder / "likes.penchant"
    open_store(db).close()
    assert penchant("forget", SECRET, "--db", db)["receipt"]["events"] == 0
    with serving(model, db) as server:
        assert status_of(server) == [404] * 4
        # the person may come back, as a new person
        body = {"person": SECRET, "item": "i0003"}
        assert server.ask(f"{V1}/events", "POST", body).status == 200
        answer = server.ask(f"{V1}/recommend?user={SECRET}&k=40&exclude_seen=true")
        assert answer.status == 200
        assert len(answer.json["items"]) == 39  # all but one: the old likes are not excluded


def test_a_command_of_another_process_is_honored_within_seconds(folder: Path) -> None:
    db, model = f"sqlite:///{folder / 'store.db'}", folder / "likes.penchant"
    with serving(model, db) as server:
        assert status_of(server) == [200] * 4
        receipt = penchant("forget", SECRET, "--db", db, "--model", model)
        assert receipt["models"] == [{"file": str(model), "users": 1}]
        time.sleep(1.5)
        assert status_of(server) == [404] * 4
    assert files_with_secret(folder) == []


def test_a_mistyped_database_is_an_error(folder: Path) -> None:
    with pytest.raises(AssertionError, match="there is no database"):
        penchant("forget", SECRET, "--db", f"sqlite:///{folder / 'stroe.db'}")
    assert [file.name for file in folder.iterdir()] == ["likes.penchant"]


def test_nothing_is_deleted_if_a_model_file_cannot_be_used(folder: Path) -> None:
    db, damaged = f"sqlite:///{folder / 'store.db'}", folder / "damaged.penchant"
    damaged.write_bytes((folder / "likes.penchant").read_bytes()[:-100])
    with open_store(db) as store:
        store.add([Event(SECRET, "i0001")])
        models = ("--model", folder / "likes.penchant", "--model", damaged)
        with pytest.raises(AssertionError, match=r"damaged\.penchant"):
            penchant("forget", SECRET, "--db", db, *models)
        assert store.history(SECRET) == {"i0001": 1.0}


def test_exports_leave_deleted_people_out(folder: Path) -> None:
    db, model = f"sqlite:///{folder / 'store.db'}", folder / "likes.penchant"
    open_store(db).close()
    penchant("forget", SECRET, "--db", db)
    penchant("export", model, "--to", folder / "all.csv", "-k", 2)
    assert SECRET in (folder / "all.csv").read_text(encoding="utf-8")
    penchant("export", model, "--to", folder / "left.csv", "-k", 2, "--db", db)
    lines = (folder / "left.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 2 * 59
    assert SECRET not in "".join(lines)


@pytest.mark.parametrize(
    "kind",
    [
        HybridALS(factors=4, iterations=2),
        ItemNeighbors(),
        Popularity(),
        Blend({"als": ALS(factors=4, iterations=2), "near": ItemNeighbors()}),
    ],
    ids=lambda model: model.kind,
)
@pytest.mark.parametrize("refit", [False, True])
def test_every_kind_of_model_drops_the_person(tmp_path: Path, kind, refit: bool) -> None:
    path = kind.fit(data_with_secret()).save(tmp_path / "model.penchant")
    assert files_with_secret(tmp_path) == ["model.penchant"]
    db = f"sqlite:///{tmp_path / 'store.db'}"
    open_store(db).close()
    words = ["forget", SECRET, "--db", db, "--model", path]
    penchant(*words, *(["--refit"] if refit else []))
    assert files_with_secret(tmp_path) == []
    assert len(load(path).users) == 59
