"""Actions of a visitor in a real browser."""

from __future__ import annotations

import pytest

MIXED = "/item?id=shape-0007"
PAGES = {
    "home": "/",
    "search": "/search?q=ball",
    "item": MIXED,
    "person": "/person?id=visitor-0003",
    "shelf": "/shelf",
    "map": "/map?id=shape-0007",
    "models": "/models",
    "failure": "/item?id=nothing",
}
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": {"width": 360, "height": 760}, "color_scheme": "light"},
}


def suggested(page) -> list[str]:
    return page.locator(".recommendations > li .item-link .name").all_inner_texts()


def like(page, at: int) -> str:
    """Like a card of an empty shelf, and wait until the shelf shows it."""
    card = page.locator(".cards .card").nth(at)
    name = card.locator(".name").inner_text()
    with page.expect_response("**/shelf/rows"):
        card.locator(".like-button button").click()
    return name


def begun(visit):
    """Return the shelf of a visitor who liked three items on their pages."""
    page = visit("/shelf")
    for number in ("0007", "0011", "0023"):
        page.goto(f"/item?id=shape-{number}")
        with page.expect_response("**/shelf?id=*"):
            page.locator(".actions .like-button button").click()
        page.locator(".actions .like-button [aria-pressed=true]").wait_for()
    page.goto("/shelf")
    return page


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_in_every_color_scheme_and_width(visit, keep, judge, name, look) -> None:
    visit.expected += ["404"] if name == "failure" else []
    page = visit("about:blank", **LOOKS[look])
    page.goto(PAGES[name])
    page.wait_for_load_state("networkidle")
    if name == "map":
        page.locator("#map-card .card").wait_for()
    keep(page, f"{name}-{look}")
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "the page is wider than the screen"
    assert judge(page) == []


def test_search_as_you_type_corrects_an_error_and_opens_an_item(visit, keep) -> None:
    page = visit("/")
    page.keyboard.press("Tab")
    box = page.get_by_role("searchbox")
    name = page.locator(".cards .name").first.inner_text()
    word = max(name.split(), key=len)
    box.press_sequentially(word[0] + word[2] + word[1] + word[3:], delay=20)
    page.locator("#search-results .result-list a").first.wait_for()
    assert word.lower() in page.locator("#search-results").inner_text().lower()
    keep(page, "search-as-you-type", whole=False)
    box.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/item?id=*")
    assert word.lower() in page.locator("h1").inner_text().lower()
    assert page.locator("h2").all_inner_texts() == [
        "Liked by the same people",
        "Likes and tags",
        "Similar pictures",
    ]


def test_three_likes_change_the_recommendations_and_undo_removes_one(visit, keep) -> None:
    page = begun(visit)
    first = suggested(page)
    assert len(first) == 12
    assert page.locator("#shelf-count").inner_text() == "3"
    page.locator(".recommendations .like-button button").first.focus()
    with page.expect_response("**/shelf/rows"):
        page.keyboard.press("Enter")
    page.locator("#shelf-count", has_text="4").wait_for()
    page.locator(".columns .cards .card").nth(3).wait_for()
    second = suggested(page)
    assert second != first
    assert first[0] not in second
    keep(page, "hearts")
    assert page.evaluate("document.activeElement !== document.body"), "the keyboard lost its place"
    with page.expect_response("**/shelf/rows"):
        page.get_by_role("button", name="Undo").click()
    page.locator("#shelf-count", has_text="3").wait_for()
    page.locator(".columns .cards .card").nth(3).wait_for(state="detached")
    assert suggested(page) == first


def test_an_empty_shelf_offers_items_to_like(visit) -> None:
    page = visit("/shelf")
    name = like(page, 2)
    page.locator(".columns").wait_for()
    assert page.locator(".columns .cards .name").all_inner_texts() == [name]
    assert len(suggested(page)) == 12


def test_explanations_of_recommendations(visit, keep, judge) -> None:
    page = begun(visit)
    page.locator(".explanation summary").first.click()
    reasons = page.locator(".explanation[open] li")
    assert 1 <= reasons.count() <= 3
    assert "%" in reasons.first.inner_text()
    liked = page.locator(".columns .cards .name").all_inner_texts()
    assert reasons.first.locator("bdi").inner_text() in liked
    keep(page, "why")
    assert judge(page) == []


def test_the_map_reacts_to_pointer_and_keyboard(visit, keep) -> None:
    visit.expected.append("willReadFrequently")  # this test reads the canvas
    page = visit("/map")
    page.locator(".map:not([aria-busy]) canvas").wait_for()

    def drawn() -> int:
        page.wait_for_timeout(150)
        return page.evaluate("""() => { const c = document.querySelector('canvas');
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            let sum = 0; for (let i = 3; i < d.length; i += 4) sum += d[i]; return sum }""")

    whole = drawn()
    assert whole > 0
    page.locator("[data-action=in]").click()
    assert drawn() != whole
    canvas = page.locator("canvas")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.locator("#map-card .card").wait_for()
    assert page.locator("#map-name").inner_text()
    page.keyboard.press("0")
    assert drawn() > 0
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -400)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 3)
    page.mouse.up()
    canvas.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/item?id=*")


def test_the_chosen_colors_are_remembered(visit) -> None:
    page = visit("/", color_scheme="light")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.locator(".theme-toggle").click()
    page.locator(".theme-toggle").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    dark = page.evaluate(paper)
    assert dark != light
    page.goto("/models")
    assert page.evaluate(paper) == dark


def test_pages_work_without_scripts(visit) -> None:
    page = visit("/", java_script_enabled=False)
    page.get_by_role("searchbox").fill("ball")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=ball")
    page.locator(".card a").first.click()
    page.locator(".actions .like-button button").click()
    page.wait_for_url("**/shelf?did=like*")
    assert len(suggested(page)) == 12
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url("**/shelf?did=unlike*")
    assert page.locator(".recommendations").count() == 0
