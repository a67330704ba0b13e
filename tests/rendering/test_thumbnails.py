from __future__ import annotations

import base64
import io
import os
from pathlib import Path

import pytest
from PIL import Image

from penchant.rendering import thumbnails
from penchant.rendering.cards import thumbnail
from penchant.rendering.thumbnails import source_of


def picture(path: Path, size: tuple[int, int] = (400, 200), mode: str = "RGB") -> str:
    Image.new(mode, size, "red" if mode != "L" else 100).save(path)
    return str(path)


def decoded(source: str | None) -> Image.Image:
    assert source is not None
    head, _, body = source.partition(",")
    assert head == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(body)))


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif", "a.webp", "a.bmp"])
def test_local_pictures_are_shrunk_and_inlined(tmp_path: Path, name: str) -> None:
    image = decoded(source_of(picture(tmp_path / name)))
    assert image.size == (160, 80)
    red, green, blue = image.convert("RGB").getpixel((80, 40))  # type: ignore[misc]
    assert red > 230
    assert max(green, blue) < 30


def test_small_pictures_stay_small_and_transparent(tmp_path: Path) -> None:
    Image.new("RGBA", (20, 20), (255, 0, 0, 100)).save(tmp_path / "a.png")
    image = decoded(source_of(str(tmp_path / "a.png")))
    assert (image.size, image.mode) == ((20, 20), "RGBA")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
def test_pictures_of_any_mode(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    Image.new(mode, (300, 300)).save(path)
    assert decoded(source_of(str(path))).size == (160, 160)


def test_pictures_are_rotated_by_their_orientation(tmp_path: Path) -> None:
    image, tags = Image.new("RGB", (400, 200)), Image.Exif()
    tags[0x0112] = 6
    image.save(tmp_path / "a.jpg", exif=tags)
    assert decoded(source_of(str(tmp_path / "a.jpg"))).size == (80, 160)


def test_a_changed_picture_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture(path, (10, 10))
    first = source_of(str(path))
    picture(path, (30, 30))
    assert decoded(first).size == (10, 10)
    assert decoded(source_of(str(path))).size == (30, 30)


def test_remote_pictures_are_linked() -> None:
    assert thumbnail("https://x.org/a.png?b=1&c=2", "x") == (
        '<img src="https://x.org/a.png?b=1&amp;c=2" alt="" loading="lazy" '
        'referrerpolicy="no-referrer">'
    )


def test_data_addresses_of_pictures_are_kept() -> None:
    source = "data:image/png;base64,iVBORw0KGgo="
    assert source_of(source) == source


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "missing.png",
        "data:text/html;base64,PHNjcmlwdD4=",
        "data:image/png,' onerror='alert(1)",
        "data:image/png;base64," + "A" * 2**20,
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://x.org/a.png",
        "//x.org/a.png",
        "a\0b.png",
        "x" * 5000,
        "/dev/zero",
        ".",
        "half\ud800.png",
    ],
)
def test_other_sources_get_a_placeholder(bad: str) -> None:
    assert source_of(bad) is None
    assert thumbnail(bad, "<b>").startswith("<svg")


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"not a picture", b"%!PS-Adobe-3.0 EPSF-3.0\n"]
)
def test_files_that_are_not_pictures(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert source_of(str(path)) is None


def test_damaged_pictures(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert source_of(str(path)) is None or length > len(whole) - 20


def test_pictures_of_too_many_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "MAX_PIXELS", 1000)
    assert source_of(picture(tmp_path / "a.png")) is None


def test_files_that_are_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "_MAX_FILE", 10)
    assert source_of(picture(tmp_path / "a.png")) is None


def test_pipes_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    assert source_of(str(tmp_path / "a.png")) is None


@pytest.mark.parametrize(
    ("name", "initial"), [("radiohead", "R"), ("<3", "3"), ("東京", "東"), ("", "·"), ("ß", "S")]
)
def test_placeholders_show_the_initial(name: str, initial: str) -> None:
    assert f">{initial}</text>" in thumbnail("", name)


def test_placeholders_are_deterministic() -> None:
    assert thumbnail("", "half\ud800") == thumbnail("", "half\ud800")
    assert thumbnail("", "one") != thumbnail("", "other")
