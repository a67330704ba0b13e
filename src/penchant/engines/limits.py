"""The memory that this process may use, by the limits that the operating system has set."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_PROC, _CGROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


def memory_limit() -> int | None:
    """Return the least of the limits in bytes: machine, control group, resource limits.

    Returns
    -------
    int or None
        None where the system does not tell any.
    """
    limits = [*_machine(), *_resource_limits(), *_control_group(_PROC, _CGROUPS)]
    return min(limits, default=None)


def _machine() -> list[int]:
    if sys.platform == "win32":
        return _windows()
    with contextlib.suppress(ValueError, OSError):
        return [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    return []


def _windows() -> list[int]:
    """Return the physical memory (GetPhysicallyInstalledSystemMemory, in kilobytes)."""
    import ctypes

    kilobytes = ctypes.c_ulonglong()
    kernel: object = getattr(ctypes, "windll").kernel32  # noqa: B009  # only there on Windows
    ask = getattr(kernel, "GetPhysicallyInstalledSystemMemory")  # noqa: B009
    return [kilobytes.value << 10] if ask(ctypes.byref(kilobytes)) else []


def _resource_limits() -> list[int]:
    """Return the limits of address space and data (``ulimit -v``, ``-d``)."""
    try:
        import resource
    except ImportError:  # Windows
        return []
    soft = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    return [limit for limit in soft if limit != resource.RLIM_INFINITY]


def _control_group(proc: Path, root: Path) -> list[int]:
    """Return the limits of the process's control group and of those above it, version 1 or 2."""
    try:
        lines = proc.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return []
    limits = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            top, name = root, "memory.max"
        elif "memory" in controllers.split(","):
            top, name = root / "memory", "memory.limit_in_bytes"
        else:
            continue
        group = top / path.lstrip("/")
        # in a container the path may be that of the host, and the root the container's own group
        for folder in (group, *group.parents):
            with contextlib.suppress(OSError, ValueError):
                limits.append(int((folder / name).read_text(encoding="ascii")))
            if folder == top:
                break
    return limits
