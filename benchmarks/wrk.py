"""Load by ``wrk``: requests over several connections, at full speed or at a fixed rate."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_SCRIPT = """
local paths, n = {}, 0
for line in io.lines("%s") do n = n + 1; paths[n] = line end
math.randomseed(os.time())
request = function() return wrk.format("GET", paths[math.random(n)]) end
"""
_PAUSE = "delay = function() return math.random({least}, {most}) end\n"


def load(
    address: str,
    paths: Sequence[str],
    folder: Path,
    *,
    seconds: int,
    connections: int,
    rate: int | None = None,
    during: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Send requests in random order.

    Parameters
    ----------
    address
        The server's, ``http://127.0.0.1:8000``.
    paths
        Paths with queries.
    folder
        Where files can be put.
    seconds, connections
        Duration, and number of concurrent requests.
    rate
        Approximate requests per second: each connection pauses between them. None: as many as
        the server answers.
    during
        Called meanwhile; the load lasts until it returns, and at least `seconds`.

    Returns
    -------
    See :func:`parse_output`.
    """
    lines, script = folder / "paths", folder / "paths.lua"
    lines.write_text("\n".join(paths))
    script.write_text(_SCRIPT % lines + (_pause(rate, connections) if rate else ""))
    words = ["wrk", "-t1", f"-c{connections}", "--latency", "-s", str(script)]
    length = f"-d{seconds}s" if during is None else "-d1h"
    with subprocess.Popen([*words, length, address], stdout=subprocess.PIPE, text=True) as process:
        if during is not None:
            _stop_after(process, seconds, during)
        output = process.communicate()[0]
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args, output)
    return parse_output(output)


def _stop_after(process: subprocess.Popen[str], seconds: float, during: Callable[[], None]) -> None:
    """Interrupt wrk after `during` returned and the time is over, so that it prints figures."""
    until = time.monotonic() + seconds
    try:
        during()
        time.sleep(max(0.0, until - time.monotonic()))
    finally:
        process.send_signal(signal.SIGINT)


def _pause(rate: int, connections: int) -> str:
    """Return pauses whose mean gives the rate if answers take no time."""
    mean = 1000 * connections / rate
    return _PAUSE.format(least=round(mean / 2), most=round(mean * 3 / 2))


def parse_output(output: str) -> dict[str, Any]:
    """Parse the output of wrk: requests per second, median and 99th percentile, errors by kind.

    An answer after more than 2 s is an error, a timeout, and not among the times.
    """
    kinds = {
        "connect": r"connect (\d+)",
        "read": r"read (\d+)",
        "write": r"write (\d+)",
        "timeout": r"timeout (\d+)",
        "status": r"Non-2xx or 3xx responses: (\d+)",
    }
    errors = {kind: int(_after(pattern, output)) for kind, pattern in kinds.items()}
    return {
        "requests_per_second": float(_after(r"Requests/sec:\s+([\d.]+)", output)),
        "p50_ms": _milliseconds(_after(r"(?m)^ +50%\s+(\S+)", output)),
        "p99_ms": _milliseconds(_after(r"(?m)^ +99%\s+(\S+)", output)),
        "max_ms": _milliseconds(_after(r"Latency +\S+ +\S+ +(\S+)", output)),
        "errors": sum(errors.values()),
        "kinds_of_errors": {kind: n for kind, n in errors.items() if n},
    }


def _after(pattern: str, output: str) -> str:
    match = re.search(pattern, output)
    return match.group(1) if match else "0"


def _milliseconds(text: str) -> float:
    """Convert 1.5ms, 300us or 2s to milliseconds."""
    match = re.fullmatch(r"([\d.]+)(us|ms|s|m|)", text)
    if match is None:
        raise ValueError(f"wrk printed a time as {text!r}")
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0, "": 1.0}[match.group(2)]
    return round(float(match.group(1)) * scale, 3)
