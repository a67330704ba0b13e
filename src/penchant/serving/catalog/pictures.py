"""Pictures of the web, made small and kept in a folder, so that visitors fetch them from here.

Only what the catalog names is ever fetched. What it is tells its content; formats that can hold
scripts are none.
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
"""The longer side of a kept picture, in pixels."""

KEPT = 30 * 24 * 3600
"""Seconds after which a picture is fetched anew; until that succeeds the old one is shown."""

_AGAIN = 600  # seconds until what failed is tried again
_FAILED = 10_000  # failures that are remembered
_AT_ONCE, _WAITING = 4, 64  # fetches under way, and those that wait as well


class Pictures:
    """Pictures of the web, from a folder or fetched into it.

    Parameters
    ----------
    folder
        Where they are kept: a file of some 10 KiB each. It is made where it is not there, may be
        shared by several processes, and may be emptied at any time.
    fetcher
        What fetches them.

    Raises
    ------
    SettingsError
        If the folder can't be made.
    """

    def __init__(self, folder: Path, fetcher: Fetcher | None = None) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"pictures can't be kept in {folder}: {error.strerror}") from error
        self._folder, self._fetcher = folder, fetcher or Fetcher()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="penchant-pictures")
        self._under_way: dict[str, asyncio.Future[bytes | None]] = {}
        self._failed: OrderedDict[str, float] = OrderedDict()

    async def get(self, url: str) -> bytes | None:
        """A picture as WebP; None where it can't be had, or too many others are waited for."""
        kept, is_fresh = self._kept(url)
        if is_fresh or self._failed.get(url, 0) > time.monotonic():
            return kept
        task = self._under_way.get(url)
        if task is None:
            if len(self._under_way) >= _AT_ONCE + _WAITING:
                return kept
            task = asyncio.get_running_loop().run_in_executor(self._threads, self._fetch, url)
            self._under_way[url] = task
            task.add_done_callback(lambda _: self._under_way.pop(url))
        return await asyncio.shield(task) or kept  # who leaves does not end it for others

    def close(self) -> None:
        """Fetch no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _path(self, url: str) -> Path:
        return self._folder / f"{hashlib.sha256(url.encode()).hexdigest()}.webp"

    def _kept(self, url: str) -> tuple[bytes | None, bool]:
        """What is kept, and whether it is good for now."""
        path = self._path(url)
        try:
            return path.read_bytes(), time.time() - path.stat().st_mtime < KEPT
        except OSError:
            return None, False

    def _fetch(self, url: str) -> bytes | None:
        try:
            found = shrunk(io.BytesIO(self._fetcher.get(url)), SIZE)
            if found is None:
                raise DataError(f"{url} is no picture that can be shown")
        except DataError as error:
            log.info("no picture: %s", error)
            self._failed[url] = time.monotonic() + _AGAIN
            if len(self._failed) > _FAILED:
                self._failed.popitem(last=False)
            return None
        self._keep(url, found)
        return found

    def _keep(self, url: str, content: bytes) -> None:
        """Write a file whole or not at all."""
        try:
            with tempfile.NamedTemporaryFile(
                dir=self._folder, suffix=".part", delete=False
            ) as file:
                file.write(content)
            Path(file.name).replace(self._path(url))
        except OSError as error:
            log.warning("a picture can't be kept in %s: %s", self._folder, error.strerror)
