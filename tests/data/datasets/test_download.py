"""Downloads: whole and right, or nothing; against a server that misbehaves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from tests.data.server import Site, serving

from penchant.data.datasets import download
from penchant.data.datasets.download import fetch, sum_of
from penchant.errors import DownloadError

BODY = bytes(range(256)) * 4000


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(download, "_PAUSE", 0.0)
    with serving() as site:
        site.files["a.bin"] = BODY
        yield site


def get(site: Site, folder: Path, **more: object) -> Path:
    more = {"timeout": 5.0, **more}
    return fetch(f"{site.address}/a.bin", folder / "deep" / "a.bin", **more)  # type: ignore[arg-type]


def left(folder: Path) -> set[str]:
    return {path.name for path in (folder / "deep").iterdir()}


def test_a_file_is_fetched_once_and_its_sum_noted(site: Site, tmp_path: Path) -> None:
    calls: list[tuple[int, int | None]] = []
    path = get(site, tmp_path, progress=lambda *call: calls.append(call))
    assert path.read_bytes() == BODY
    assert calls == sorted(calls)
    assert calls[-1] == (len(BODY), len(BODY))
    assert left(tmp_path) == {"a.bin", "a.bin.sha256"}
    noted = (path.parent / "a.bin.sha256").read_text().split()
    assert noted == [hashlib.sha256(BODY).hexdigest(), "a.bin"]
    assert get(site, tmp_path) == path
    assert len(site.asked) == 1


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_the_publishers_checksum_is_held(site: Site, tmp_path: Path, algorithm: str) -> None:
    right = hashlib.new(algorithm, BODY).hexdigest()
    get(site, tmp_path, checksum=f"{algorithm}:{right.upper()}")
    with pytest.raises(DownloadError, match=f"{algorithm} is {right}, not 0bad"):
        fetch(f"{site.address}/a.bin", tmp_path / "b" / "a.bin", checksum=f"{algorithm}:0bad")
    assert list((tmp_path / "b").iterdir()) == []


def test_a_file_altered_since_is_refused(site: Site, tmp_path: Path) -> None:
    path = get(site, tmp_path)
    path.write_bytes(BODY[:-1] + b"x")
    with pytest.raises(DownloadError, match="delete it"):
        get(site, tmp_path)


def test_a_cut_connection_is_resumed(site: Site, tmp_path: Path) -> None:
    site.troubles = ["cut", "cut"]
    calls: list[int] = []
    assert get(site, tmp_path, progress=lambda n, _: calls.append(n)).read_bytes() == BODY
    half, three_quarters = len(BODY) // 2, len(BODY) * 3 // 4
    assert [wanted for _, wanted in site.asked] == [
        None,
        f"bytes={half}-",
        f"bytes={three_quarters}-",
    ]
    assert calls == sorted(calls)


def test_given_up_and_taken_up_again_later(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_ATTEMPTS", 1)
    site.troubles = ["cut"]
    with pytest.raises(DownloadError, match=r"broke off at 512,000 of 1,024,000.*asking again"):
        get(site, tmp_path)
    assert left(tmp_path) == {"a.bin.part", "a.bin.part.json"}
    assert get(site, tmp_path).read_bytes() == BODY
    assert site.asked[-1][1] == "bytes=512000-"
    assert left(tmp_path) == {"a.bin", "a.bin.sha256"}


def test_a_file_that_changed_midway_is_fetched_again(site: Site, tmp_path: Path) -> None:
    site.troubles = ["cut"]
    site.etags["a.bin"] = '"one"'

    def change(*_: object) -> None:
        site.files["a.bin"] = BODY[::-1]
        site.etags["a.bin"] = '"two"'

    assert get(site, tmp_path, progress=change).read_bytes() == BODY[::-1]


@pytest.mark.parametrize("server", ["no ranges", "no validator", "wrong range"])
def test_a_server_that_cannot_resume_starts_again(site: Site, tmp_path: Path, server: str) -> None:
    site.troubles = ["cut"]
    if server == "no ranges":
        site.ranges = False
    elif server == "no validator":
        site.etags["a.bin"] = ""
    else:
        site.troubles = ["cut", "elsewhere"]
    assert get(site, tmp_path).read_bytes() == BODY


def test_a_part_that_is_longer_than_the_file(site: Site, tmp_path: Path) -> None:
    site.troubles = ["cut"]
    with pytest.raises(KeyboardInterrupt):
        get(site, tmp_path, progress=interrupt)
    assert left(tmp_path) == {"a.bin.part", "a.bin.part.json"}
    with (tmp_path / "deep" / "a.bin.part").open("ab") as part:
        part.write(BODY * 2)
    assert get(site, tmp_path).read_bytes() == BODY


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_download_leaves_no_final_file_and_resumes(
    site: Site, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        get(site, tmp_path, progress=interrupt)
    assert "a.bin" not in left(tmp_path)
    assert get(site, tmp_path).read_bytes() == BODY
    assert site.asked[-1][1] is not None


def test_a_part_that_was_whole_is_accepted(site: Site, tmp_path: Path) -> None:
    def stop_at_the_end(have: int, size: int | None) -> None:
        if have == size:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(site, tmp_path, progress=stop_at_the_end)
    assert get(site, tmp_path).read_bytes() == BODY
    assert len(site.asked) == 1


def test_what_is_not_there_is_said_at_once(site: Site, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"b\.bin: the server answered 404"):
        fetch(f"{site.address}/b.bin", tmp_path / "b.bin")
    assert len(site.asked) == 1
    assert not (tmp_path / "b.bin").exists()


def test_a_busy_server_is_asked_again(site: Site, tmp_path: Path) -> None:
    site.troubles = ["busy", "busy"]
    assert get(site, tmp_path).read_bytes() == BODY
    site.troubles = ["busy"] * 9
    with pytest.raises(DownloadError, match="503"):
        fetch(f"{site.address}/a.bin", tmp_path / "other")


def test_a_slow_first_byte_is_waited_for_up_to_the_timeout(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.troubles = ["slow"]
    assert get(site, tmp_path, timeout=5.0).read_bytes() == BODY
    monkeypatch.setattr(download, "_ATTEMPTS", 2)
    site.troubles = ["slow"] * 2
    with pytest.raises(DownloadError, match="did not answer in time"):
        fetch(f"{site.address}/a.bin", tmp_path / "late", timeout=0.1)
    assert not (tmp_path / "late").exists()


def test_an_unreachable_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_PAUSE", 0.0)
    with pytest.raises(DownloadError, match="refused"):
        fetch("http://127.0.0.1:9/a.bin", tmp_path / "a.bin", timeout=2)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://x/y", "nonsense"])
def test_only_the_web_is_asked(url: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="http"):
        fetch(url, tmp_path / "x")


def test_simultaneous_downloads_do_not_share_a_file(site: Site, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    lock = FileLock(tmp_path / "deep" / "a.bin.part.lock")
    with lock, pytest.raises(DownloadError, match="another process"):
        get(site, tmp_path)
    assert get(site, tmp_path).read_bytes() == BODY


def test_a_folder_that_cannot_be_written(site: Site, tmp_path: Path) -> None:
    (tmp_path / "deep").write_text("a file is in the way")
    with pytest.raises(DownloadError, match="another cache folder"):
        get(site, tmp_path)


def test_sums(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert sum_of(tmp_path / "x", "md5") == "900150983cd24fb0d6963f7d28e17f72"
