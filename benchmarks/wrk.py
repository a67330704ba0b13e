"""Load by ``wrk``: different questions by several connections, as fast as can be or steadily."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

_SCRIPT = """
local asked, n = {}, 0
for line in io.lines("%s") do n = n + 1; asked[n] = line end
math.randomseed(os.time())
request = function() return wrk.format("GET", asked[math.random(n)]) end
"""
_PAUSE = "delay = function() return math.random({least}, {most}) end\n"


def load(
    address: str,
    asked: Sequence[str],
    folder: Path,
    *,
    seconds: int,
    connections: int,
    rate: int | None = None,
) -> dict[str, float]:
    """Ask a server at random.

    Parameters
    ----------
    address
        The server's, ``http://127.0.0.1:8000``.
    asked
        Paths with queries.
    folder
        Where files can be put.
    seconds, connections
        How long, and how many questions are under way at a time.
    rate
        Questions a second, about: each connection pauses before it asks again. None: as many as
        are answered.

    Returns
    -------
    See :func:`told`.
    """
    lines, script = folder / "asked", folder / "asked.lua"
    lines.write_text("\n".join(asked))
    script.write_text(_SCRIPT % lines + (_pause(rate, connections) if rate else ""))
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script)]
    done = subprocess.run([*words, address], capture_output=True, text=True, check=True)
    return told(done.stdout)


def _pause(rate: int, connections: int) -> str:
    """Pauses whose mean gives the rate, were answers there at once."""
    mean = 1000 * connections / rate
    return _PAUSE.format(least=round(mean / 2), most=round(mean * 3 / 2))


def told(output: str) -> dict[str, float]:
    """What wrk prints: requests a second, milliseconds of half and of 99 %, errors."""
    errors = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", output)))
    return {
        "requests_per_second": float(_after(r"Requests/sec:\s+([\d.]+)", output)),
        "p50_ms": _milliseconds(_after(r"(?m)^ +50%\s+(\S+)", output)),
        "p99_ms": _milliseconds(_after(r"(?m)^ +99%\s+(\S+)", output)),
        "errors": errors + int(_after(r"Non-2xx or 3xx responses: (\d+)", output)),
    }


def _after(pattern: str, output: str) -> str:
    found = re.search(pattern, output)
    return found.group(1) if found else "0"


def _milliseconds(text: str) -> float:
    """1.5ms, 300us or 2s as milliseconds."""
    found = re.fullmatch(r"([\d.]+)(us|ms|s|m|)", text)
    if found is None:
        raise ValueError(f"wrk told a time as {text!r}")
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0, "": 1.0}[found.group(2)]
    return round(float(found.group(1)) * scale, 3)
