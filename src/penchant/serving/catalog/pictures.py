"""Pictures from the web, shrunk and cached in a folder, and served from there.

Only addresses of the catalog are fetched. The content decides the format; formats that may contain
scripts are rejected.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import tempfile
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from penchant.errors import DataError, SettingsError
from penchant.rendering.thumbnails import shrunk
from penchant.serving.catalog.fetching import Fetcher

log = logging.getLogger("penchant")

SIZE = 320
"""The longer side of a cached picture, in pixels."""

MAX_AGE = 30 * 24 * 3600
"""Seconds after which a picture is fetched again; until that succeeds the old one is served."""

_RETRY_AFTER = 600  # seconds until a failed fetch is tried again
_MAX_FAILED = 10_000  # failed addresses that are remembered
_MAX_FETCHES, _MAX_WAITING = 4, 64  # simultaneous fetches, and waiting ones


class Pictures:
    """Cache of pictures from the web in a folder.

    Parameters
    ----------
    folder
        The folder, with a file of about 10 KiB for each picture. It is created if missing, may be
        shared by several processes, and may be emptied at any time.
    fetcher
        Fetches files.

    Raises
    ------
    SettingsError
        If the folder can't be created.
    """

    def __init__(self, folder: Path, fetcher: Fetcher | None = None) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"pictures can't be stored in {folder}: {error.strerror}"
            ) from error
        self._folder, self._fetcher = folder, fetcher or Fetcher()
        self._threads = ThreadPoolExecutor(_MAX_FETCHES, thread_name_prefix="penchant-pictures")
        self._under_way: dict[str, asyncio.Future[bytes | None]] = {}
        self._failed: OrderedDict[str, float] = OrderedDict()

    async def get(self, url: str) -> bytes | None:
        """Return a picture as WebP; None if it can't be fetched, or too many others are waiting."""
        cached, is_fresh = self._cached(url)
        if is_fresh or self._failed.get(url, 0) > time.monotonic():
            return cached
        task = self._under_way.get(url)
        if task is None:
            if len(self._under_way) >= _MAX_FETCHES + _MAX_WAITING:
                return cached
            task = asyncio.get_running_loop().run_in_executor(self._threads, self._fetch, url)
            self._under_way[url] = task
            task.add_done_callback(lambda _: self._under_way.pop(url))
        return (
            await asyncio.shield(task) or cached
        )  # a request that is cancelled does not cancel others

    def close(self) -> None:
        """Stop fetching."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _path(self, url: str) -> Path:
        return self._folder / f"{hashlib.sha256(url.encode()).hexdigest()}.webp"

    def _cached(self, url: str) -> tuple[bytes | None, bool]:
        """Return the cached picture, and whether it is fresh."""
        path = self._path(url)
        try:
            return path.read_bytes(), time.time() - path.stat().st_mtime < MAX_AGE
        except OSError:
            return None, False

    def _fetch(self, url: str) -> bytes | None:
        try:
            picture = shrunk(io.BytesIO(self._fetcher.get(url)), SIZE)
            if picture is None:
                raise DataError(f"{url} is not a supported picture")
        except DataError as error:
            log.info("no picture: %s", error)
            self._failed[url] = time.monotonic() + _RETRY_AFTER
            if len(self._failed) > _MAX_FAILED:
                self._failed.popitem(last=False)
            return None
        self._write(url, picture)
        return picture

    def _write(self, url: str, content: bytes) -> None:
        """Write a file atomically."""
        try:
            with tempfile.NamedTemporaryFile(
                dir=self._folder, suffix=".part", delete=False
            ) as file:
                file.write(content)
            Path(file.name).replace(self._path(url))
        except OSError as error:
            log.warning("a picture can't be stored in %s: %s", self._folder, error.strerror)
