from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient
from tests.conftest import random_interactions

from penchant.data.catalog import Catalog
from penchant.models.als.model import ALS
from penchant.models.popularity import Popularity
from penchant.rendering.cards import placeholder
from penchant.serving.app import create_app
from penchant.serving.pages.assets import static_files
from penchant.serving.pages.charts import figures, format_date, training_charts
from penchant.serving.process.reload import ModelReloader
from penchant.serving.process.settings import ServeSettings
from penchant.serving.service import Service
from penchant.serving.store.opening import open_store

HOSTILE = "<script>alert('x')</script>\u202e"
HTML = {"accept": "text/html"}
PATHS = ["/", "/search?q=a", "/shelf", "/map", "/models", "/item?id=i0002", "/person?id=u0001",
         "/card?id=i0002", "/shelf/rows", "/item?id=none", "/nowhere"]  # fmt: skip


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.new("RGB", (40, 40), "red").save(path)
    return path


@pytest.fixture
def browser(picture: Path) -> Iterator[TestClient]:
    data = random_interactions(60, 40, seed=5)
    names = [f"Band {n}" for n in range(40)]
    links, pictures = [""] * 40, [""] * 40
    names[2], links[2], pictures[2] = HOSTILE, "javascript:alert(1)", "javascript:alert(2)"
    links[3], pictures[3] = "https://example.org/3", "https://example.org/3.jpg"
    pictures[4] = str(picture)
    pictures[5] = str(Path(__file__))
    pictures[6] = "data:image/svg+xml,%3Csvg%20onload=%22alert(1)%22/%3E"
    catalog = Catalog(
        data.items, names=names, links=links, pictures=pictures, tags=[(HOSTILE,)] * 40
    )
    model = ALS(factors=8, iterations=5).fit(data.with_catalog(catalog))
    yield from serve(Service({"likes": model}))


def serve(service: Service) -> Iterator[TestClient]:
    with open_store("sqlite://") as store:
        app = create_app(
            ModelReloader(service), store, ServeSettings(likes="model.penchant", watch=0)
        )
        with TestClient(app, base_url="http://localhost", headers=HTML) as client:
            yield client


@pytest.fixture
def small(service: Service) -> Iterator[Callable[..., TestClient]]:
    """Return a function that makes clients of a server with some settings."""
    with contextlib.ExitStack() as stack:

        def make(**options) -> TestClient:
            store = stack.enter_context(open_store("sqlite://"))
            settings = ServeSettings(likes="model.penchant", watch=0, max_body=2000, **options)
            app = create_app(ModelReloader(service), store, settings)
            return TestClient(app, base_url="http://localhost", headers=HTML)

        yield make


def suggested(page: str) -> list[str]:
    part = page.partition('<ol class="recommendations">')[2]
    return re.findall(r'class="item-link" href="/item\?id=(i\d+)"', part)


@pytest.mark.parametrize("path", PATHS)
def test_pages_obey_the_policy_and_contain_no_hostile_text(browser, path) -> None:
    browser.post("/shelf?id=i0002", data={"kind": "like"})
    page = browser.get(path).text
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "javascript:" not in page
    assert not re.search(r"\son[a-z]+=|\sstyle=|<style", page)
    assert all(" src=" in entry for entry in re.findall(r"<script[^>]*>", page))
    assert page.count("<html") == (0 if path in ("/card?id=i0002", "/shelf/rows") else 1)


def test_only_web_links_are_links(browser) -> None:
    assert 'href="https://example.org/3"' in browser.get("/item?id=i0003").text
    assert "Visit its page" not in browser.get("/item?id=i0002").text


def test_a_like_changes_the_recommendations_and_can_be_undone(browser) -> None:
    first = browser.post("/shelf?id=i0001", data={"kind": "like"})
    assert first.history[0].status_code == 303
    cookie = first.history[0].headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "liked" in first.text.lower()
    second = browser.post("/shelf?id=i0009", data={"kind": "like"})
    assert suggested(first.text) != suggested(second.text)
    assert "i0009" not in suggested(second.text)
    undone = browser.post("/shelf?id=i0009", data={"kind": "unlike"})
    assert suggested(undone.text) == suggested(first.text)
    assert "because you liked" in undone.text


def test_scripts_get_fragments_and_events(browser) -> None:
    answer = browser.post("/shelf?id=i0001", data={"kind": "like"}, headers={"hx-request": "true"})
    assert answer.status_code == 200
    assert "Undo" in answer.text
    assert '"count": 1' in answer.headers["hx-trigger"]
    assert "<html" not in browser.get("/search?q=band", headers={"hx-request": "true"}).text


def test_visitors_do_not_see_each_other(browser) -> None:
    browser.post("/shelf?id=i0001", data={"kind": "like"})
    browser.cookies.clear()
    assert "Begin with a few hearts" in browser.get("/shelf").text
    browser.cookies.set("penchant_shelf", "u0001")
    assert "Begin with a few hearts" in browser.get("/shelf").text


@pytest.mark.parametrize("body", ["", "kind=love", "kind=" + "x" * 5000, "a=1&" * 50, "\xff"])
def test_invalid_forms_are_rejected(browser, body) -> None:
    answer = browser.post("/shelf?id=i0001", content=body.encode("latin-1"))
    assert answer.status_code == 422
    assert "That can" in answer.text


def test_forms_of_other_sites_are_rejected(browser) -> None:
    answer = browser.post(
        "/shelf?id=i0001", data={"kind": "like"}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403


def test_browsers_get_pages_and_programs_json(browser) -> None:
    for path, status in (("/item?id=none", 404), ("/nowhere", 404), ("/item", 422)):
        page = browser.get(path)
        assert (page.status_code, page.headers["content-type"]) == (
            status,
            "text/html; charset=utf-8",
        )
        answer = browser.get(path, headers={"accept": "application/json"})
        assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert browser.get("/api/v1/items/none").json()["error"]["kind"] == "UnknownIdError"


class Failing:
    """A service whose every attribute raises an error."""

    def __getattr__(self, name: str):
        raise RuntimeError(f"no {name}: a secret")


FAILURES = [
    ("GET", "/item?id=none", {}, 404),
    ("DELETE", "/shelf", {}, 405),
    ("POST", "/shelf?id=i0001", {"content": b"x" * 5000}, 413),
    ("GET", "/", {"headers": {"host": "evil.example"}}, 421),
    ("GET", "/item", {}, 422),
    ("POST", "/shelf?id=i0001", {"headers": {"sec-fetch-site": "cross-site"}}, 403),
]


@pytest.mark.parametrize(("method", "path", "options", "status"), FAILURES)
def test_browsers_get_errors_as_pages(small, method, path, options, status) -> None:
    browser = small()
    page = browser.request(method, path, **options)
    assert page.status_code == status
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f'aria-hidden="true">{status}<' in page.text
    assert "<h1>That did not work" not in page.text
    options = {**options, "headers": {**options.get("headers", {}), "accept": "application/json"}}
    answer = browser.request(method, path, **options)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert page.headers.get("allow") == answer.headers.get("allow")
    api = browser.request(method, "/api/v1/nowhere", **{**options, "headers": HTML})
    assert list(api.json()) == ["error"]


def test_scripts_get_errors_as_fragments(small) -> None:
    """Scripts insert any response into the page."""
    answer = small().post("/shelf?id=none", content="kind=like", headers={"hx-request": "true"})
    assert answer.status_code == 404
    assert answer.text.startswith('<div class="toast">')
    assert "unknown item" in answer.text


def test_an_id_of_a_user_finds_their_page(small) -> None:
    link = '<a href="/person?id=u0001">Person <bdi>u0001</bdi></a>'
    found = small().get("/search?q=u0001").text
    assert link in found
    assert "No item has this name" not in found
    assert "No item has this name" in small().get("/search?q=stranger").text
    token = "a-long-token-of-this-test"
    assert link not in small(host="0.0.0.0", token=token).get("/search?q=u0001").text
    assert (
        link in small(host="0.0.0.0", token=token, public_people=True).get("/search?q=u0001").text
    )


def test_a_model_without_metrics_says_how_to_get_them(small) -> None:
    assert "<code>penchant fit … --evaluate</code>" in small().get("/models").text


def test_rate_limited_clients_get_a_retry_time(small) -> None:
    browser = small(rate=0.1, burst=1)
    assert browser.get("/models").status_code == 200
    page = browser.get("/models")
    assert (page.status_code, "<h1>A little slower" in page.text) == (429, True)
    assert int(page.headers["retry-after"]) >= 1
    assert page.headers["x-frame-options"] == "DENY"
    assert browser.get("/api/v1/health").json()["error"]["kind"] == "TooManyRequests"


def test_internal_error_pages_reveal_nothing(small, monkeypatch) -> None:
    browser = small()
    monkeypatch.setattr(Service, "popular", lambda *_: Failing().popular)
    page = browser.get("/")
    assert (page.status_code, "<h1>That did not work" in page.text) == (500, True)
    assert "secret" not in page.text
    assert browser.get("/", headers={"accept": "*/*"}).json()["error"]["kind"] == "Fault"
    browser.app.state.penchant.reloader.service = Failing()  # the error page fails as well
    answer = browser.get("/").json()["error"]
    assert (answer["kind"], "secret" in answer["message"]) == ("Fault", False)


@pytest.mark.parametrize(
    ("item", "kind"),
    [("i0004", "image/webp"), ("i0005", "image/svg+xml"), ("i0006", "image/svg+xml")],
)
def test_only_pictures_of_the_catalog_are_served(browser, item, kind) -> None:
    answer = browser.get(f"/picture?id={item}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert "sandbox" in answer.headers["content-security-policy"]
    assert b"import" not in answer.content
    assert browser.get("/picture?id=../../etc/passwd").status_code == 404


def test_only_static_files_are_served(browser) -> None:
    for name in static_files():
        answer = browser.get(f"/static/{name}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    for name in ("..%2Ffiles.py", "%2e%2e/files.py", "nothing.css", ""):
        assert browser.get(f"/static/{name}").status_code == 404


def test_the_map_contains_coordinates_and_names(browser) -> None:
    answer = browser.get("/map/items").json()
    assert {len(column) for column in answer.values()} == {40}
    assert answer["likes"] == sorted(answer["likes"], reverse=True)


def test_without_item_vectors_there_is_no_map() -> None:
    for browser in serve(Service({"likes": Popularity().fit(random_interactions(30, 20))})):
        assert browser.get("/map").status_code == 404
        assert 'href="/map"' not in browser.get("/").text
        answer = browser.post("/shelf?id=i0001", data={"kind": "like"})
        assert len(suggested(answer.text)) == 12
        assert "because" not in answer.text


def test_ids_of_every_kind_have_pages() -> None:
    data = random_interactions(30, 20)
    odd = ["..", "a/b", "a b", "ü?&=#", "\n", *(f"x{n}" for n in range(15))]
    renamed = ALS(factors=4, iterations=2).fit(
        type(data)(data.csr, data.users, type(data.items)(odd, "item"))
    )
    for browser in serve(Service({"likes": renamed})):
        links = {
            entry
            for path in ("/", "/shelf")
            for entry in re.findall(r'href="(/item\?id=[^"]*)"', browser.get(path).text)
        }
        assert len(links) == 20
        assert {browser.get(entry).status_code for entry in links} == {200}


def test_placeholders_are_deterministic_and_escaped() -> None:
    assert placeholder("a", "<b>") == placeholder("a", "<b>") != placeholder("b", "<b>")
    assert "<b>" not in placeholder("a", "<b>")
    assert ">B</text>" in placeholder("a", "<b>")


def test_metrics_and_curves_of_a_model_file() -> None:
    assert figures({"metrics": {"auc": {"mean": 0.5, "interval": [0.4, 0.6]}}}) == [
        ("auc", "0.5", "0.4 – 0.6")
    ]
    assert figures({"ndcg": 0.25, "settings": {"k": 10}, "note": "text"}) == [("ndcg", "0.25", "")]
    drawn = training_charts([{"number": 1, "loss": 3.0, "seconds": 1}, {"number": 2, "loss": 2.0}])
    assert [(entry.title, entry.series[0].points) for entry in drawn] == [
        ("loss by epoch", [(1.0, 3.0), (2.0, 2.0)])
    ]


def test_dates_are_formatted() -> None:
    assert format_date("2026-01-02T13:04:05+02:00") == "2 January 2026, 11:04 UTC"
    assert (format_date(""), format_date("lately")) == ("", "lately")
