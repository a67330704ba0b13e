from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.content.drawn import address, noise, png, saved

from penchant.content import pictures
from penchant.errors import DataError


def bomb(side: int) -> bytes:
    """A small PNG that says it is huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_paths_addresses_and_bytes_give_the_same(tmp_path: Path) -> None:
    raw = png()
    (tmp_path / "one.png").write_bytes(raw)
    percent = "data:image/png," + "".join(f"%{byte:02x}" for byte in raw)
    for given in (raw, tmp_path / "one.png", str(tmp_path / "one.png"), address(raw), percent):
        assert pictures.read(given) == raw


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", "no picture"),
        ("https://example.org/a.png", "on the web"),
        ("data:image/png", "no picture"),
        ("data:image/png;base64,!!", "damaged"),
        ("no-such-file.png", "no-such-file.png can't be read: No such file"),
        ("a\0b", "can't be read"),
        (".", "not a file"),
    ],
)
def test_unreadable_pictures(given: str, why: str) -> None:
    with pytest.raises(DataError, match=why):
        pictures.read(given)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(DataError, match="not a file"):
        pictures.read(tmp_path / "pipe.png")


def test_large_files_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_BYTES", 10)
    (tmp_path / "one.png").write_bytes(png())
    with pytest.raises(DataError, match="larger than"):
        pictures.read(tmp_path / "one.png")
    with pytest.raises(DataError, match="too large"):
        pictures.read(address(png()))


@pytest.mark.parametrize("side", [8_000, 12_000, 60_000])
def test_decompression_bombs_are_refused(side: int) -> None:
    with pytest.raises(DataError, match=r"pixels|bomb"):
        pictures.decode(bomb(side))


@pytest.mark.parametrize(
    "raw", [b"", b"text", noise(0)[:300], b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"]
)
def test_damaged_pictures_are_refused(raw: bytes) -> None:
    with pytest.raises(DataError, match="not a picture that can be read"):
        pictures.decode(raw)


def test_transparent_parts_become_white() -> None:
    assert pictures.decode(png((0, 0, 0, 0))).getpixel((0, 0)) == (255, 255, 255)


def test_sixteen_bits_keep_their_shades() -> None:
    deep = Image.fromarray(np.full((4, 4), 32768, dtype=np.uint16))
    assert pictures.decode(saved(deep)).getpixel((0, 0)) == (128, 128, 128)


def test_pictures_stand_upright() -> None:
    turned = Image.new("RGB", (40, 20))
    exif = turned.getexif()
    exif[0x0112] = 6
    out = io.BytesIO()
    turned.save(out, "JPEG", exif=exif)
    assert pictures.decode(out.getvalue()).size == (20, 40)


def test_large_jpegs_are_decoded_smaller() -> None:
    raw = saved(Image.new("RGB", (1600, 1200), "teal"), "JPEG")
    small = pictures.decode(raw, min_side=100)
    assert 100 <= min(small.size) < 400
