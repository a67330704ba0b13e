"""A file system of fsspec whose reads and writes fail now and then, or for good."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

PROTOCOL = "flaky"


class FlakyFileSystem(LocalFileSystem):
    """Files of this machine; each of so many reads fails once.

    Attributes
    ----------
    one_in
        The number of reads of which one fails.
    full
        Whether writes fail, as on a full disk.
    lost
        The end of the names of files whose reads all fail.
    """

    protocol = PROTOCOL
    cachable = False
    one_in, full, lost = 50, False, "\0"
    reads = failures = 0
    _lock = threading.Lock()

    @classmethod
    def _strip_protocol(cls, path):
        return LocalFileSystem._strip_protocol(str(path).removeprefix(f"{PROTOCOL}://"))

    def cat_file(self, path, start=None, end=None, **options):
        kind = type(self)
        with kind._lock:
            kind.reads += 1
            fails = kind.reads % kind.one_in == 0 or path.endswith(kind.lost)
            kind.failures += fails
        if fails:
            raise OSError(errno.EIO, "the storage does not answer", path)
        return super().cat_file(path, start=start, end=end, **options)

    def pipe_file(self, path, value, **options):
        if type(self).full:
            with Path(self._strip_protocol(path)).open("wb") as file:  # a part of it is written
                file.write(value[: len(value) // 2])
            raise OSError(errno.ENOSPC, "No space left on device", path)
        super().pipe_file(path, value, **options)


def register(**attributes) -> None:
    """Make ``flaky://`` addresses known to this process."""
    for name, value in attributes.items():
        setattr(FlakyFileSystem, name, value)
    FlakyFileSystem.reads = FlakyFileSystem.failures = 0
    fsspec.register_implementation(PROTOCOL, FlakyFileSystem, clobber=True)


def failures() -> int:
    """Return how many reads of this process failed."""
    return FlakyFileSystem.failures
