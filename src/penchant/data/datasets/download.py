"""Download a file: resume after a break, verify the checksum, rename at the end.

The bytes received are in ``NAME.part``, with the server's version of the file in
``NAME.part.json``; only a complete and verified file gets its own name. pooch is not used because
it can't resume: a 50 MB file whose transfer broke at 90 % took 95 MB with pooch 1.9, 50 MB here.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import logging
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path
from typing import BinaryIO

from penchant.errors import DownloadError

log = logging.getLogger("penchant")

Progress = Callable[[int, int | None], None]
"""Called with the bytes received and the total (None if unknown)."""

_CHUNK = 1 << 18
_ATTEMPTS = 4
_PAUSE = 1.0  # seconds before the second attempt; doubled each time
_TRY_AGAIN = {408, 429, 500, 502, 503, 504}


class _BrokenOff(Exception):  # noqa: N818 - a state of the transfer, caught below
    """The transfer was interrupted: another attempt may succeed."""


@dataclass(frozen=True)
class _Version:
    """The server's version of the file: parts of two versions are never joined."""

    url: str
    etag: str | None
    modified: str | None
    size: int | None

    @property
    def condition(self) -> str | None:
        """The value of If-Range: a strong ETag, else the time of the last change."""
        strong = self.etag is not None and not self.etag.startswith("W/")
        return self.etag if strong else self.modified


def fetch(
    url: str,
    to: Path,
    *,
    checksum: str | None = None,
    progress: Progress | None = None,
    timeout: float = 60.0,
) -> Path:
    """Download a file over http(s) unless it is present already.

    Parameters
    ----------
    url
        Its address.
    to
        The file to write; its folder is created. ``NAME.sha256`` beside it holds the checksum of
        the download; an existing file is compared with it (and with ``checksum``).
    checksum
        The publisher's checksum, ``"md5:…"`` or ``"sha256:…"``; None if there is none, and then
        only the length is checked the first time.
    progress
        Called with the bytes received and the total.
    timeout
        Seconds without data after which an attempt is given up. A broken attempt is resumed a
        few times.

    Returns
    -------
    Path
        ``to``.

    Raises
    ------
    DownloadError
        If the download fails or its checksum is wrong; ``to`` is then not created.
    """
    if to.exists():
        _check_existing(to, checksum)
        return to
    if not url.startswith(("http://", "https://")):
        raise DownloadError(f"{url} is not an http(s) address")
    part = to.with_name(to.name + ".part")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with _locked(part) as file:
            if to.exists():  # another process has fetched it since the check above
                part.unlink()
                return to
            _fetch_into(file, url, part, progress, timeout)
            _accept(part, to, url, checksum)
    except DownloadError:
        raise
    except OSError as error:
        raise DownloadError(f"can't write {part}: {error}; choose another cache folder") from error
    return to


def sum_of(path: Path, algorithm: str = "sha256") -> str:
    """Return the checksum of a file, as lower-case hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


# --- the transfer -----------------------------------------------------------------------


@contextlib.contextmanager
def _locked(part: Path) -> Iterator[BinaryIO]:
    """Open the partial file for appending, locked against other processes."""
    from filelock import FileLock, Timeout  # slow to import

    path = part.with_name(part.name + ".lock")
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise DownloadError(
            f"another process is fetching {part.name[:-5]} into {part.parent}; "
            "wait for it, or choose another cache folder"
        ) from error
    except (OSError, NotImplementedError):
        log.debug("%s can't be locked; continuing without a lock", part)
    try:
        with part.open("ab") as file:
            yield file
    finally:
        if lock.is_locked:
            path.unlink(missing_ok=True)
            lock.release()


def _fetch_into(
    file: BinaryIO, url: str, part: Path, progress: Progress | None, timeout: float
) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            _attempt(file, url, part, progress, timeout)
            return
        except urllib.error.HTTPError as error:
            with error:
                if error.code not in _TRY_AGAIN:
                    raise DownloadError(
                        f"{url}: the server answered {error.code} {error.reason}; it may have moved"
                    ) from error
            trouble: Exception = error
        except (OSError, http.client.HTTPException, _BrokenOff) as error:
            if _is_local(error):
                raise
            trouble = error
        if attempt + 1 < _ATTEMPTS:
            log.info("%s: %s; trying again", url, _reason(trouble))
            time.sleep(_PAUSE * 2**attempt)
    size = file.tell()
    raise DownloadError(
        f"{url}: {_reason(trouble)}, in {_ATTEMPTS} attempts"
        + (f"; {size:,} bytes are kept, and asking again resumes from there" if size else "")
    ) from trouble


def _attempt(
    file: BinaryIO, url: str, part: Path, progress: Progress | None, timeout: float
) -> None:
    notes = _notes_of(part)
    have = file.seek(0, os.SEEK_END)
    before = _read_version(notes, url) if have else None
    if before and before.size == have:  # whole, and only not yet accepted
        return
    headers = {"User-Agent": "penchant", "Accept-Encoding": "identity"}
    if before and before.condition:
        headers |= {"Range": f"bytes={have}-", "If-Range": before.condition}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - http(s) only, see fetch
    try:
        answer = urllib.request.urlopen(request, timeout=timeout)  # noqa: S310
    except urllib.error.HTTPError as error:
        if error.code != 416:
            raise
        error.close()  # the partial file is not the beginning of the server's file
        file.truncate(0)
        raise _BrokenOff("the file on the server has changed") from error
    with answer:
        if answer.status == 206:
            size = _resumed_size(answer.headers, have)
            if size is None or (before and before.size not in (None, size)):
                file.truncate(0)
                raise _BrokenOff("the server sent another part of the file than was requested")
        else:
            file.truncate(0)
            have, size = 0, _length(answer.headers)
            _write_version(notes, url, answer.headers, size)
        _copy(answer, file, have, size, progress)


def _copy(
    answer: http.client.HTTPResponse,
    file: BinaryIO,
    have: int,
    size: int | None,
    progress: Progress | None,
) -> None:
    file.seek(0, os.SEEK_END)
    try:
        while chunk := answer.read(_CHUNK):
            file.write(chunk)
            have += len(chunk)
            if progress:
                progress(have, size)
    finally:
        file.flush()
    if size is not None and have < size:
        raise _BrokenOff(f"the connection broke off at {have:,} of {size:,} bytes")
    if size is not None and have > size:
        file.truncate(0)
        raise _BrokenOff(f"the server sent {have:,} bytes and had announced {size:,}")


def _notes_of(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _length(headers: Message) -> int | None:
    text = headers.get("Content-Length", "")
    return int(text) if text.isdigit() else None


def _resumed_size(headers: Message, have: int) -> int | None:
    """Return the total size if the server resumes at our offset, else None."""
    span, _, total = headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
    goes_on = span.partition("-")[0] == str(have)
    return int(total) if goes_on and total.isdigit() else None


def _write_version(notes: Path, url: str, headers: Message, size: int | None) -> None:
    version = _Version(url, headers.get("ETag"), headers.get("Last-Modified"), size)
    notes.write_text(json.dumps(asdict(version)), encoding="utf-8")


def _read_version(notes: Path, url: str) -> _Version | None:
    try:
        version = _Version(**json.loads(notes.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return version if version.url == url else None


def _is_local(error: Exception) -> bool:
    """Return whether the error is of the local disk, not the network."""
    import errno

    local = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG}
    return isinstance(error, OSError) and error.errno in local


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} {error.reason}"
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(inner, TimeoutError):
        return "the server did not answer in time"
    return str(inner) or type(inner).__name__


# --- verification -----------------------------------------------------------------------


def _accept(part: Path, to: Path, url: str, checksum: str | None) -> None:
    """Verify the download, write its checksum, and rename it."""
    if checksum:
        wrong = _differs(part, checksum)
        if wrong:
            part.unlink()
            _notes_of(part).unlink(missing_ok=True)
            raise DownloadError(f"{url}: {wrong}; what was fetched has been removed")
    else:
        log.info("%s: its publisher gives no checksum; noting its SHA-256 for later use", url)
    sum_file(to).write_text(f"{sum_of(part)}  {to.name}\n", encoding="utf-8")
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(to)
    _notes_of(part).unlink(missing_ok=True)


def sum_file(of: Path) -> Path:
    """Return the path of a file's SHA-256, in the format of ``sha256sum -c``."""
    return of.with_name(of.name + ".sha256")


def _check_existing(path: Path, checksum: str | None) -> None:
    noted = sum_file(path)
    sums = [checksum] if checksum else []
    if noted.exists():
        sums.append("sha256:" + (noted.read_text(encoding="utf-8").split() or [""])[0])
    for expected in sums:
        wrong = _differs(path, expected)
        if wrong:
            raise DownloadError(f"{path}: {wrong}; delete it to have it fetched again")


def _differs(path: Path, checksum: str) -> str | None:
    algorithm, _, expected = checksum.partition(":")
    actual = sum_of(path, algorithm)
    if actual == expected.lower():
        return None
    return f"its {algorithm} is {actual}, not {expected} as expected"
