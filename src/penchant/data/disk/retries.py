"""Accesses to storage that are repeated where they fail for a moment."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable
from typing import TypeVar

log = logging.getLogger("penchant")

ResultT = TypeVar("ResultT")

DELAYS = (0.02, 0.1, 0.5, 2.0)
"""Seconds between the attempts of an access."""

_LASTING = {
    number
    for name in (
        *("ENOENT", "ENOTDIR", "EISDIR", "EEXIST", "ENAMETOOLONG", "EINVAL", "ENOMEM"),
        *("EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "EFBIG"),
    )
    if (number := getattr(errno, name, None)) is not None
}
"""Errors that do not go away: missing files and rights, full disks."""


def retried(access: Callable[[], ResultT], what: str) -> ResultT:
    """Return what an access returns; repeat it, a few seconds in all, while it fails.

    Parameters
    ----------
    access
        Reads or writes; a repetition must do no harm.
    what
        What it does, for the log.

    Raises
    ------
    Exception
        The last error, or the first that does not go away.
    """
    for delay in DELAYS:
        try:
            return access()
        except Exception as error:
            if not _may_pass(error):
                raise
            log.warning("%s failed, and is repeated: %s", what, error)
        time.sleep(delay)
    return access()


def _may_pass(error: Exception) -> bool:
    if isinstance(error, FileNotFoundError | PermissionError):
        return False
    if isinstance(error, OSError):
        return error.errno not in _LASTING
    return not isinstance(error, ValueError | TypeError | NotImplementedError | MemoryError)
